#include "run/lease.h"

#include "run/log.h"

#include <string.h>
#include <utlist.h>

enum { BEAT_MS = 1000 }; /* look for orphans; every third of the ttl the heartbeat is renewed as well */

struct lease {
    struct store *store;
    struct lease_config config;
    struct lease_events events;
    char *node;
    uv_timer_t *beat; /* on the heap: it outlives its closing */
    int slot;         /* 0: none */
    int64_t epoch;
    int last_slot; /* of the tenure that was lost: made an orphan by the next acquisition */
    int64_t last_epoch;
    bool acquiring, beating, releasing;
    uint64_t renewed_ms; /* by the loop's clock */
    void (*released)(void *arg);
    void *released_arg;
};

static void acquire(struct lease *l);

/* ---- tenure ---- */

static void end_tenure(struct lease *l)
{
    if (l->slot) {
        l->last_slot = l->slot;
        l->last_epoch = l->epoch;
    }
    l->slot = 0;
    uv_timer_stop(l->beat);
    store_cancel(l->store, l);
    l->acquiring = l->beating = false;
}

static void lose(struct lease *l, const char *why)
{
    end_tenure(l);
    acquire(l);
    l->events.lost(l->events.arg, why);
}

void lease_fenced(struct lease *l)
{
    if (!l->slot || l->releasing)
        return;
    end_tenure(l);
    acquire(l);
}

static struct store_param text_param(const char *text)
{
    return (struct store_param){text};
}

static void ttl_text(char buf[32], const struct lease *l)
{
    snprintf(buf, 32, "%lld microseconds", (long long)l->config.ttl_us);
}

/* ---- beating ---- */

static void on_beat(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct lease *l = arg;

    l->beating = false;
    if (err) {
        if (err->name == ERR_INTERNAL)
            log_warn("heartbeat failed", "sqlstate=%s", sqlstate);
        return; /* the next one comes in a second; the fence decides meanwhile */
    }
    if (strcmp(store_text(r, 0, 0, NULL), "t") != 0)
        lose(l, "another pawld has taken the lease over");
    else if (!strcmp(store_text(r, 0, 1, NULL), "t"))
        l->events.orphans(l->events.arg);
}

static void beat(struct lease *l)
{
    char slot[24], epoch[24], ttl[32];
    uint64_t now_ms = uv_now(l->beat->loop);
    bool renew = now_ms - l->renewed_ms >= (uint64_t)l->config.ttl_us / 3000;

    if (l->beating || !l->slot)
        return;
    l->beating = true;
    if (renew)
        l->renewed_ms = now_ms;
    ttl_text(ttl, l);
    store_query(l->store,
                "SELECT alive, orphans FROM pawl.lease_beat($1::int, $2::bigint, $3::interval, $4::boolean)",
                4,
                (struct store_param[]){text_param(store_int_text(slot, l->slot)),
                                       text_param(store_int_text(epoch, l->epoch)), text_param(ttl),
                                       text_param(renew ? "t" : "f")},
                on_beat, l);
}

static uint64_t beat_ms(const struct lease *l)
{
    uint64_t third = (uint64_t)l->config.ttl_us / 3000;
    return third < BEAT_MS ? third : BEAT_MS;
}

static void on_timer(uv_timer_t *timer)
{
    struct lease *l = timer->data;

    if (l->slot)
        beat(l);
    else
        acquire(l);
}

/* ---- acquiring ---- */

static void on_acquired(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct lease *l = arg;

    l->acquiring = false;
    if (err) {
        char quoted[512];
        if (err->name != ERR_UNAVAILABLE)
            log_error("no lease", "why=%s", log_quote(quoted, sizeof quoted, err->cause));
        uv_timer_start(l->beat, on_timer, BEAT_MS, 0);
        return;
    }
    if (l->last_slot && !strcmp(store_text(r, 0, 2, NULL), "t")) {
        log_warn("lease lost", "slot=%d epoch=%lld", l->last_slot, (long long)l->last_epoch);
        l->events.inherited(l->events.arg);
    }
    l->slot = (int)store_int(r, 0, 0);
    l->epoch = store_int(r, 0, 1);
    l->last_slot = 0;
    l->renewed_ms = uv_now(l->beat->loop);
    uv_timer_start(l->beat, on_timer, beat_ms(l), beat_ms(l));
    l->events.acquired(l->events.arg, l->slot, l->epoch);
    beat(l); /* orphans, at once */
}

static void acquire(struct lease *l)
{
    char ttl[32], backends[64], slot[24], epoch[24];
    int pids[2];

    if (l->acquiring || l->slot || l->releasing || !store_is_up(l->store))
        return;
    l->acquiring = true;
    store_backends(l->store, pids);
    snprintf(backends, sizeof backends, "{%d,%d}", pids[0], pids[1]);
    ttl_text(ttl, l);
    /* The third column sees the leases as they were before the call: had others ended the last tenure? */
    store_query(l->store,
                "SELECT slot, epoch,"
                " NOT EXISTS (SELECT FROM pawl.lease l WHERE l.slot = $4::int AND l.epoch = $5::bigint AND "
                "NOT l.orphan)"
                " FROM pawl.lease_acquire($1::text, $2::interval, $3::int[], $4::int, $5::bigint)",
                5,
                (struct store_param[]){text_param(l->node), text_param(ttl), text_param(backends),
                                       text_param(store_int_text(slot, l->last_slot)),
                                       text_param(store_int_text(epoch, l->last_epoch))},
                on_acquired, l);
}

void lease_store_up(struct lease *l)
{
    acquire(l);
}

void lease_store_down(struct lease *l)
{
    end_tenure(l);
}

/* ---- life ---- */

struct lease *lease_open(uv_loop_t *loop, struct store *s, const struct lease_config *config,
                         const struct lease_events *events)
{
    struct lease *l = mem_calloc(1, sizeof *l);
    char node[256];

    snprintf(node, sizeof node, "%s/%d", config->node, config->index);
    *l = (struct lease){.store = s,
                        .config = *config,
                        .events = *events,
                        .node = mem_strndup(node, strlen(node)),
                        .beat = mem_calloc(1, sizeof *l->beat)};
    uv_timer_init(loop, l->beat);
    l->beat->data = l;
    if (l->config.ttl_us <= 0)
        l->config.ttl_us = LEASE_TTL_US;
    acquire(l);
    return l;
}

static void on_released(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct lease *l = arg;
    l->released(l->released_arg);
}

void lease_release(struct lease *l, void (*done)(void *arg), void *arg)
{
    char slot[24], epoch[24];
    int held = l->slot;

    end_tenure(l);
    l->releasing = true;
    l->released = done;
    l->released_arg = arg;
    store_query(l->store, "SELECT pawl.lease_release($1::int, $2::bigint)", 2,
                (struct store_param[]){text_param(store_int_text(slot, held)),
                                       text_param(store_int_text(epoch, l->epoch))},
                on_released, l);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void lease_free(struct lease *l)
{
    store_cancel(l->store, l);
    uv_timer_stop(l->beat);
    uv_close((uv_handle_t *)l->beat, free_handle);
    free(l->node);
    free(l);
}

int lease_slot(const struct lease *l)
{
    return l->slot;
}

int64_t lease_epoch(const struct lease *l)
{
    return l->slot ? l->epoch : 0;
}
