#include "run/reactor_priv.h"
#include "base/clock.h"
#include "run/log.h"

#include <string.h>
#include <utlist.h>

enum {
    SECOND_MS = 1000,
    DRAIN_SECONDS = 2,   /* calls under way may still answer, so that they need not be sent again */
    GIVE_UP_SECONDS = 3, /* a database that does not answer is not waited for any longer */
    BATCH_BYTES_MAX = 8 << 20,
    BATCH_BYTES_EVERY = 32, /* executions between two looks at the batch's bytes */
};

/* ======== the tick: gather, decide, commit, release ======== */

static void commit(struct reactor *r);
static void refuse_starts(struct reactor *r);
static void count_commit(struct reactor *r);
static void release(struct reactor *r, struct batch *b);
static void drain_step(struct reactor *r);
static void set_alarm(struct reactor *r);
static void note_oldest(struct reactor *r);

/*
 * Stimuli from calls, callers, other threads and the inbox are decided as they come, while the loop polls;
 * time is a stimulus too.  Then, before the loop sleeps, everything decided goes into one transaction, unless
 * one is under way: then its acknowledgement (on_committed) sends the next.
 */
static void tick(uv_prepare_t *prepare)
{
    struct reactor *r = prepare->data;
    struct timer_node *due;

    while (r->phase == REACTOR_RUNNING && (due = timer_pop(&r->timers, timer_now())))
        run_step(r, (struct run *)((char *)due - offsetof(struct run, timer)),
                 &(struct stimulus){.type = STIM_TIMER}, NULL);
    commit(r);
    drain_step(r);
    set_alarm(r);
    note_oldest(r);
}

/* The acknowledgement: PostgreSQL gets the next batch first, so that it works while we release the last one.
 */
static void on_committed(void *arg, enum store_outcome outcome, const struct store_guilty *guilty,
                         size_t nguilty)
{
    struct reactor *r = arg;

    metric_add(&r->metrics.commit_failures, outcome != STORE_COMMITTED);
    if (outcome == STORE_FENCED) {
        reactor_abandon(r, "another pawld has taken the lease over");
        return lease_fenced(r->lease);
    }
    if (outcome == STORE_UNKNOWN)
        return reactor_abandon(r, "the database connection broke");
    if (outcome == STORE_RETRYING)
        return refuse_starts(r);

    count_commit(r);
    for (size_t i = 0; i < nguilty; i++)
        condemn(r, &guilty[i]);
    struct batch done = r->flying;
    r->flying = r->landed;
    r->landed = done;
    commit(r);
    release(r, &r->landed);
}

/* ---- commit ---- */

/* One journal row for each moment: nearly always one. */
static void add_rows(struct reactor *r, struct run *run, const struct work *w)
{
    const struct event *list = w->out.events;
    const struct asl_state *at = run->ex.root.state;
    size_t n = w->out.nevents;

    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && list[to].at_us == list[from].at_us;)
            to++;
        store_add_events(r->store, run->ex.id, ++run->seq, list[from].at_us, at ? at->name : NULL,
                         list + from, to - from);
    }
}

static void add(struct reactor *r, struct run *run, const struct work *w)
{
    if (!run->recorded) {
        store_add_start(r->store, &(struct store_start){.execution_id = run->ex.id,
                                                        .definition_id = run->def->definition_id,
                                                        .state_machine_id = run->def->state_machine_id,
                                                        .name = run->ex.name,
                                                        .started_us = run->ex.started_us,
                                                        .slot = r->slot,
                                                        .trace = run->trace});
        run->recorded = true;
    }
    add_rows(r, run, w);
    if (w->finishes)
        store_add_finish(r->store, &run->ex);
    for (size_t i = 0; i < w->nconsumed; i++)
        store_add_consumed(r->store, run->ex.id, w->consumed[i]);
}

static void add_orphans(struct reactor *r)
{
    for (size_t i = 0; i < r->norphans; i += 2)
        store_add_consumed(r->store, r->orphans[i], r->orphans[i + 1]);
    r->norphans = 0;
}

static bool batch_is_full(struct reactor *r)
{
    return r->flying.n >= r->config.batch_max || (r->flying.n % BATCH_BYTES_EVERY == BATCH_BYTES_EVERY - 1 &&
                                                  store_batch_bytes(r->store) > BATCH_BYTES_MAX);
}

static void commit(struct reactor *r)
{
    struct run *run;

    if ((!r->dirty && !r->norphans && !park_any(r)) || store_committing(r->store) || !r->slot ||
        !store_is_up(r->store))
        return;
    while ((run = r->dirty) && !batch_is_full(r)) {
        run_move(r, run, RUN_AT_WORK);
        add(r, run, run->open);
        batch_add(&r->flying, run, run->open);
        run->open = NULL;
    }
    add_orphans(r);
    park_some(r);
    metric_set(&r->metrics.batch_last, r->flying.n);
    r->sent_us = timer_now();
    store_commit(r->store, r->slot, r->epoch, on_committed, r);
}

/* ---- release ---- */

static bool enters(enum event_type t)
{
    return t == EV_PASS_ENTERED || t == EV_CHOICE_ENTERED || t == EV_WAIT_ENTERED ||
           t == EV_SUCCEED_ENTERED || t == EV_FAIL_ENTERED || t == EV_TASK_ENTERED ||
           t == EV_PARALLEL_ENTERED || t == EV_MAP_ENTERED;
}

static void count_events(struct reactor *r, const struct outcome *out)
{
    uint64_t steps = 0;

    for (size_t i = 0; i < out->nevents; i++)
        steps += enters(out->events[i].type);
    metric_add(&r->metrics.events, out->nevents);
    metric_add(&r->metrics.steps, steps);
}

static void release_one(struct reactor *r, struct run *run, struct work *w)
{
    bool finishes = w->finishes;

    if (!run->durable) {
        run->durable = true;
        run_count(r, run, EXEC_RUNNING);
    }
    count_events(r, &w->out);
    work_answer(w, run->ex.id, NULL);
    for (size_t i = 0; i < w->out.neffects; i++)
        perform(r, run, &w->out.effects[i]);
    run_go_on(r, run, w);
    if (w->nconsumed)
        inbox_consumed(r->inbox);
    work_put(r, w);
    watched_tell(r, run->ex.id, finishes);
    if (!finishes) {
        run_rest(r, run);
        return;
    }
    run_count(r, run, run->ex.status);
    run_forget(r, run, NULL);
}

static void release(struct reactor *r, struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct flight f = b->list[i];
        if (!f.run)
            continue;
        f.run->flights--;
        if (f.work)
            release_one(r, f.run, f.work);
        else if (f.run->place == RUN_PARKING)
            park_done(r, f.run);
    }
    b->n = 0;
}

/* The database takes no new rows: what is acknowledged is kept and written when it does, what is new is
 * refused. */
static void refuse_starts(struct reactor *r)
{
    struct run *run, *next;
    struct err err;
    char quoted[512];

    err_set(&err, ERR_UNAVAILABLE, "%s; nothing was started, try again", store_retrying(r->store));
    log_error("the database takes no new rows; nothing new is accepted until it does", "why=%s",
              log_quote(quoted, sizeof quoted, store_retrying(r->store)));
    HASH_ITER (hh, r->runs, run, next) {
        bool in_flight = run->recorded && !run->durable;
        if (!run->recorded || (in_flight && store_withdraw(r->store, run->ex.id)))
            run_forget(r, run, &err);
    }
}

static void count_commit(struct reactor *r)
{
    int64_t us = timer_now() - r->sent_us;

    metric_add(&r->metrics.commits, 1);
    metric_add(&r->metrics.commit_rows, r->flying.n);
    metric_add(&r->metrics.commit_us, (uint64_t)us);
    histogram_add(&r->metrics.commit_duration, us);
}

static int64_t decided_us(const struct work *w)
{
    return w->out.nevents ? w->out.events[0].at_us : w->at_us;
}

static void note_oldest(struct reactor *r)
{
    int64_t oldest_us = r->dirty ? decided_us(r->dirty->open) : 0;

    for (size_t i = 0; i < r->flying.n; i++)
        if (r->flying.list[i].work) {
            oldest_us = decided_us(r->flying.list[i].work);
            break;
        }
    metric_set(&r->metrics.uncommitted_us, (uint64_t)oldest_us);
}

/* ---- time ---- */

static void on_alarm(uv_timer_t *alarm)
{
    struct reactor *r = alarm->data;
    r->alarm_us = CLOCK_NEVER; /* the tick that follows does the rest */
}

static void set_alarm(struct reactor *r)
{
    int64_t due_us = timer_next(&r->timers), left_us = due_us - timer_now();

    if (r->phase != REACTOR_RUNNING || due_us >= r->alarm_us)
        return; /* it rings early, finds nothing due and is set again */
    r->alarm_us = due_us;
    uv_timer_start(&r->alarm, on_alarm, left_us > 0 ? (uint64_t)(left_us + 999) / 1000 : 0, 0);
}

static void on_second(uv_timer_t *second)
{
    struct reactor *r = second->data;

    watched_remind(r);
    calls_ask_again(r);
    condemned_retry(r);
    park_look(r);
    r->seconds_draining += r->phase != REACTOR_RUNNING;
}

/* ======== what may happen to it ======== */

void reactor_abandon(struct reactor *r, const char *why)
{
    char quoted[512];
    struct err err;

    if (r->runs && r->phase == REACTOR_RUNNING)
        log_warn("executions are left to the next owner", "slot=%d executions=%u why=%s", r->slot,
                 HASH_COUNT(r->runs), log_quote(quoted, sizeof quoted, why));
    peers_clear(r->config.peers, r->slot, r);
    r->slot = 0;
    metric_set(&r->metrics.lease_slot, 0);
    metric_set(&r->metrics.lease_epoch, 0);
    inbox_owner(r->inbox, 0, 0);
    loader_owner(r->loader, 0, 0);
    err_set(&err, ERR_UNAVAILABLE, "%s; it is not known whether this was recorded, ask again", why);
    run_forget_all(r, &err);
    r->norphans = 0;
    condemned_free(r);
    visitors_leave(r);
    strays_drop(r, false);
}

static void on_up(void *arg)
{
    struct reactor *r = arg;
    lease_store_up(r->lease);
}

static void on_down(void *arg, const char *why)
{
    struct reactor *r = arg;

    lease_store_down(r->lease);
    catalog_forget_all(r->catalog);
    reactor_abandon(r, why);
}

static void on_notified(void *arg, const char *channel, const char *payload)
{
    struct reactor *r = arg;

    if (!strcmp(channel, "pawl_catalog"))
        catalog_notified(r->catalog, payload);
    else
        inbox_poll(r->inbox);
}

/* ======== life ======== */

static void init_loop(struct reactor *r)
{
    int rc = uv_loop_init(&r->loop);

    PAWL_ASSERT(rc == 0);
    uv_prepare_init(&r->loop, &r->prepare);
    uv_timer_init(&r->loop, &r->alarm);
    uv_timer_init(&r->loop, &r->second);
    r->prepare.data = r->alarm.data = r->second.data = r;
    uv_prepare_start(&r->prepare, tick); /* before invoke's: the one that started last runs first */
    uv_timer_start(&r->second, on_second, SECOND_MS, SECOND_MS);
    mailbox_init(&r->mailbox, &r->loop, r);
    r->alarm_us = CLOCK_NEVER;
}

struct reactor *reactor_new(const struct reactor_config *config)
{
    struct reactor *r = mem_calloc(1, sizeof *r);
    struct store_events store_events = {on_up, on_down, on_notified, r};
    struct lease_events lease_events = LEASE_EVENTS;
    struct loader_events loader_events = LOADER_EVENTS;
    struct lease_config lease_config = {config->node_name, config->index, config->lease_ttl_us};

    lease_events.arg = loader_events.arg = r;
    r->config = *config;
    init_loop(r);
    r->invoke = invoke_new(&r->loop, on_call_done, r);
    r->store = store_open(&r->loop, config->conninfo, &store_events);
    r->catalog = catalog_new(r->store);
    r->loader = loader_new(r->store, park_ahead_us(config), &loader_events);
    r->inbox = inbox_open(&r->loop, r->store, on_inbox, r);
    r->lease = lease_open(&r->loop, r->store, &lease_config, &lease_events);
    return r;
}

static void connect_store(struct reactor *r, void *conninfo)
{
    if (r && r->phase == REACTOR_RUNNING)
        store_connect(r->store, conninfo);
}

void reactor_connect(struct reactor *r, const char *conninfo)
{
    reactor_post(r, connect_store, (void *)(uintptr_t)conninfo);
}

void reactor_run(struct reactor *r)
{
    char name[32];

    snprintf(name, sizeof name, "reactor=%d", r->config.index);
    log_thread(name);
    if (r->on_loop.start)
        r->on_loop.start(r, r->on_loop.arg);
    uv_run(&r->loop, UV_RUN_DEFAULT);
}

/* Everything of the loop is closed but the mailbox: others may still post. */
static void stop(struct reactor *r)
{
    struct err err;

    r->phase = REACTOR_STOPPED;
    err_set(&err, ERR_UNAVAILABLE, "pawld is stopping; try again");
    errands_fail(r, &err);
    if (r->on_loop.stop)
        r->on_loop.stop(r, r->on_loop.arg);
    watched_free(r);
    calls_forget(r);
    arrivals_free(r);
    invoke_free(r->invoke);
    catalog_free(r->catalog);
    inbox_free(r->inbox);
    loader_free(r->loader);
    lease_free(r->lease);
    store_close(r->store);
    strays_drop(r, true);
    mailbox_leave(&r->mailbox);
    uv_close((uv_handle_t *)&r->prepare, NULL);
    uv_close((uv_handle_t *)&r->alarm, NULL);
    uv_close((uv_handle_t *)&r->second, NULL);
    uv_unref((uv_handle_t *)&r->mailbox.async); /* the loop ends when the rest is closed */
}

void reactor_free(struct reactor *r)
{
    if (r->phase != REACTOR_STOPPED) /* it never ran */
        stop(r);
    errands_free(r);
    mailbox_close(&r->mailbox);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&r->loop);
    PAWL_ASSERT(rc == 0);
    timer_heap_fini(&r->timers);
    metric_series_free(&r->metrics.executions);
    metric_series_free(&r->metrics.calls);
    free(r->flying.list);
    free(r->landed.list);
    free(r->orphans);
    free(r);
}

/* ---- the end: finish the tick, give the lease back ---- */

static void on_released(void *arg)
{
    struct reactor *r = arg;

    if (r->phase == REACTOR_RELEASING)
        stop(r);
}

/* What is decided is committed and told. Calls have a moment to answer: those that don't are sent again. */
static bool drained(struct reactor *r)
{
    if (!r->slot || r->seconds_draining >= GIVE_UP_SECONDS)
        return true;
    if (r->dirty || store_committing(r->store))
        return false;
    return invoke_running(r->invoke) == 0 || r->seconds_draining >= DRAIN_SECONDS;
}

static void drain_step(struct reactor *r)
{
    if (r->phase == REACTOR_DRAINING && drained(r)) {
        r->phase = REACTOR_RELEASING;
        reactor_abandon(r, "pawld is stopping");
        lease_release(r->lease, on_released, r);
    }
    if (r->phase == REACTOR_RELEASING && r->seconds_draining >= GIVE_UP_SECONDS)
        stop(r); /* no database to give it back to: the lease runs out */
}

static void begin_to_drain(struct reactor *r, void *arg)
{
    struct run *run, *next;

    if (!r || r->phase != REACTOR_RUNNING)
        return;
    r->phase = REACTOR_DRAINING;
    HASH_ITER (hh, r->runs, run, next)
        calls_withhold(r, run);
}

void reactor_drain(struct reactor *r)
{
    reactor_post(r, begin_to_drain, NULL);
}

/* ---- for the doors ---- */

uv_loop_t *reactor_loop(struct reactor *r)
{
    return &r->loop;
}

struct store *reactor_store(struct reactor *r)
{
    return r->store;
}

struct catalog *reactor_catalog(struct reactor *r)
{
    return r->catalog;
}

struct metrics *reactor_metrics(struct reactor *r)
{
    return &r->metrics;
}

const struct reactor_config *reactor_config(const struct reactor *r)
{
    return &r->config;
}

const char *reactor_not_ready(const struct reactor *r)
{
    if (r->phase != REACTOR_RUNNING)
        return "pawld is stopping";
    if (!store_is_up(r->store))
        return "the database is not there";
    if (!r->slot)
        return "there is no lease on the database yet";
    return store_retrying(r->store);
}

bool reactor_ready(const struct reactor *r)
{
    return !reactor_not_ready(r);
}

bool reactor_draining(const struct reactor *r)
{
    return r->phase != REACTOR_RUNNING;
}

void reactor_on_loop(struct reactor *r, void (*begin)(struct reactor *r, void *arg),
                     void (*end)(struct reactor *r, void *arg), void *arg)
{
    r->on_loop = (struct on_loop){begin, end, arg};
}

void reactor_post(struct reactor *r, void (*fn)(struct reactor *r, void *arg), void *arg)
{
    mailbox_post(&r->mailbox, (void (*)(void *, void *))fn, arg);
}

bool reactor_clear(struct reactor *r)
{
    return mailbox_clear(&r->mailbox);
}
