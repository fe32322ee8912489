#include "run/loader.h"

#include "run/log.h"
#include "run/timer.h"

#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum {
    ADOPT_BATCH = 50, /* executions that one statement takes: others want some, too */
    WAKE_BATCH = 500, /* the same, of parked ones */
    LOADING_MAX = 8,  /* journals under way or in the reactor's hands */
};

struct load { /* an execution on its way to the reactor: waiting, loading or later */
    struct loader *loader;
    int64_t execution_id;
    const struct store_result *rows; /* while the reactor has it */
    bool asked;                      /* a question is under way */
    bool current;                    /* of this tenure: in loader.loads */
    struct load *prev, *next;
    UT_hash_handle hh;
};

struct loader {
    struct store *store;
    struct loader_events events;
    int slot; /* 0: none */
    int64_t epoch;
    struct load *loads; /* of this tenure, by execution_id */
    struct load *waiting, *loading, *later;
    size_t nloading;
    int64_t ahead_us;
    bool full;
    bool adopting, waking; /* a question is under way */
    bool orphans, due;     /* perhaps there are more: asked for when all of a batch are in the reactor */
    size_t adopted;        /* since this adoption began */
};

static void adopt(struct loader *l);
static void wake(struct loader *l);

/* ---- loads ---- */

static struct load *load_new(struct loader *l, int64_t execution_id)
{
    struct load *d = mem_calloc(1, sizeof *d);

    *d = (struct load){.loader = l, .execution_id = execution_id, .current = true};
    HASH_ADD(hh, l->loads, execution_id, sizeof d->execution_id, d);
    return d;
}

static struct load *load_find(struct loader *l, int64_t execution_id)
{
    struct load *d;

    HASH_FIND(hh, l->loads, &execution_id, sizeof execution_id, d);
    return d;
}

static void load_free(struct load *d)
{
    if (d->current)
        HASH_DEL(d->loader->loads, d);
    store_result_unref(d->rows);
    free(d);
}

static void free_list(struct load **list)
{
    struct load *d, *next;

    DL_FOREACH_SAFE (*list, d, next)
        load_free(d);
    *list = NULL;
}

static void leave_loading(struct load *d)
{
    DL_DELETE(d->loader->loading, d);
    d->loader->nloading--;
}

/* Those in the reactor's hands come back with their tickets. */
static void drop_all(struct loader *l)
{
    struct load *d, *next;

    free_list(&l->waiting);
    free_list(&l->later);
    DL_FOREACH_SAFE (l->loading, d, next) {
        if (d->asked) {
            store_cancel(l->store, d);
            leave_loading(d);
            load_free(d);
        } else if (d->current) {
            d->current = false;
            HASH_DEL(l->loads, d);
        }
    }
}

/* ---- journals ---- */

enum { DEFINITION_ID = 4, NAME }; /* columns that each journal row repeats */

static void on_journal(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct load *d = arg;
    struct loader *l = d->loader;

    d->asked = false;
    if (err) {
        char quoted[512];
        if (err->name != ERR_UNAVAILABLE)
            log_error("execution cannot be loaded, will be tried again", "exec=%lld sqlstate=%s why=%s",
                      (long long)d->execution_id, sqlstate, log_quote(quoted, sizeof quoted, err->cause));
        loader_later(l, d);
        return;
    }
    d->rows = store_result_ref(r);
    bool any = store_rows(r) > 0;
    l->events.loaded(l->events.arg,
                     &(struct loader_execution){.execution_id = d->execution_id,
                                                .definition_id = any ? store_int(r, 0, DEFINITION_ID) : 0,
                                                .name = any ? store_text(r, 0, NAME, NULL) : NULL},
                     r, d);
}

static void ask_journal(struct loader *l, struct load *d)
{
    char id[24], slot[24];

    d->asked = true;
    store_query(
        l->store,
        "SELECT j.seq, (extract(epoch FROM j.at) * 1000000)::bigint, j.events, j.payloads, x.definition_id, "
        "x.name, j.first_event + j.event_count - 1"
        " FROM pawl.journal j JOIN pawl.execution x USING (execution_id)"
        " WHERE j.execution_id = $1::bigint AND x.slot = $2::int AND x.status = 'RUNNING' ORDER BY j.seq",
        2, (struct store_param[]){{store_int_text(id, d->execution_id)}, {store_int_text(slot, l->slot)}},
        on_journal, d);
}

static void pump(struct loader *l)
{
    while (l->waiting && l->nloading < LOADING_MAX) {
        struct load *d = l->waiting;
        DL_DELETE(l->waiting, d);
        DL_APPEND(l->loading, d);
        l->nloading++;
        ask_journal(l, d);
    }
}

/* Something has left the loading ones: the next may come, and after the last of a batch the next batch. */
static void go_on(struct loader *l)
{
    if (!l->slot)
        return;
    pump(l);
    if (l->waiting || l->loading)
        return;
    if (l->orphans)
        adopt(l);
    if (l->due)
        wake(l);
}

void loader_done(struct loader *l, void *ticket)
{
    leave_loading(ticket);
    load_free(ticket);
    go_on(l);
}

void loader_later(struct loader *l, void *ticket)
{
    struct load *d = ticket;

    leave_loading(d);
    store_result_unref(d->rows);
    d->rows = NULL;
    if (d->current)
        DL_APPEND(l->later, d);
    else
        load_free(d);
    go_on(l);
}

/* Answers come in the order of asking, so the journal shows whether it is ours now. */
static void on_taken(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
}

void loader_load(struct loader *l, int64_t execution_id)
{
    char id[24], slot[24], epoch[24];

    if (!l->slot || load_find(l, execution_id))
        return;
    store_query(l->store, "SELECT pawl.wake_execution($1::int, $2::bigint, $3::bigint)", 3,
                (struct store_param[]){{store_int_text(slot, l->slot)},
                                       {store_int_text(epoch, l->epoch)},
                                       {store_int_text(id, execution_id)}},
                on_taken, l);
    struct load *d = load_new(l, execution_id);
    DL_PREPEND(l->waiting, d);
    pump(l);
}

static void enqueue(struct loader *l, int64_t execution_id)
{
    if (load_find(l, execution_id))
        return;
    struct load *d = load_new(l, execution_id);
    DL_APPEND(l->waiting, d);
}

/* ---- adoption ---- */

static void no_more(struct loader *l)
{
    if (l->adopted)
        log_info("executions adopted", "slot=%d executions=%zu", l->slot, l->adopted);
    l->adopted = 0;
}

static void on_adopted(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct loader *l = arg;
    int n = err ? 0 : store_rows(r);

    l->adopting = false;
    l->orphans = n > 0;
    if (n == 0) { /* or the next beat tries again */
        no_more(l);
        return;
    }
    l->adopted += (size_t)n;
    l->events.adopted(l->events.arg, (size_t)n);
    for (int i = 0; i < n; i++)
        enqueue(l, store_int(r, i, 0));
    go_on(l);
}

static void adopt(struct loader *l)
{
    char slot[24], epoch[24], limit[24];

    if (l->adopting)
        return;
    l->adopting = true;
    l->orphans = false;
    store_query(l->store, "SELECT execution_id FROM pawl.lease_adopt($1::int, $2::bigint, $3::int)", 3,
                (struct store_param[]){{store_int_text(slot, l->slot)},
                                       {store_int_text(epoch, l->epoch)},
                                       {store_int_text(limit, ADOPT_BATCH)}},
                on_adopted, l);
}

void loader_adopt(struct loader *l)
{
    if (l->slot && !l->orphans)
        adopt(l);
}

/* ---- parked ones whose moment is near ---- */

static void on_woken(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct loader *l = arg;
    int n = err ? 0 : store_rows(r);

    l->waking = false;
    l->due = n == WAKE_BATCH;
    if (err && err->name == ERR_INTERNAL)
        log_warn("parked executions cannot be woken, will be tried again", "sqlstate=%s", sqlstate);
    for (int i = 0; i < n; i++)
        enqueue(l, store_int(r, i, 0));
    go_on(l);
}

static void wake(struct loader *l)
{
    char slot[24], epoch[24], before[40], limit[24];

    if (l->waking)
        return;
    l->waking = true;
    l->due = false;
    store_query(l->store,
                "SELECT execution_id"
                " FROM pawl.wake_due($1::int, $2::bigint, $3::timestamptz, $4::int) execution_id",
                4,
                (struct store_param[]){{store_int_text(slot, l->slot)},
                                       {store_int_text(epoch, l->epoch)},
                                       {store_time_text(before, timer_now() + (l->full ? 0 : l->ahead_us))},
                                       {store_int_text(limit, WAKE_BATCH)}},
                on_woken, l);
}

void loader_look(struct loader *l, bool full)
{
    l->full = full;
    if (!l->slot)
        return;
    DL_CONCAT(l->waiting, l->later);
    l->later = NULL;
    if (!l->due)
        wake(l);
    go_on(l);
}

/* ---- life ---- */

void loader_owner(struct loader *l, int slot, int64_t epoch)
{
    store_cancel(l->store, l);
    drop_all(l);
    l->adopting = l->waking = l->orphans = l->due = false;
    l->adopted = 0;
    l->slot = slot;
    l->epoch = epoch;
}

struct loader *loader_new(struct store *s, int64_t ahead_us, const struct loader_events *events)
{
    struct loader *l = mem_calloc(1, sizeof *l);

    *l = (struct loader){.store = s, .ahead_us = ahead_us, .events = *events};
    return l;
}

void loader_free(struct loader *l)
{
    loader_owner(l, 0, 0);
    free_list(&l->loading);
    free(l);
}
