/* Recovery, loading, the lease; executions that PostgreSQL refused. */
#include "run/reactor_priv.h"
#include "base/clock.h"
#include "run/log.h"

#include <string.h>
#include <utlist.h>

#define AGAIN_US (10 * CLOCK_SECOND) /* between two tries of an execution that PostgreSQL keeps refusing */

/* ---- recovery: a fold over the journal, then what is still owed ---- */

static int fold_row(struct run *run, const struct store_result *rows, int i, struct err *err)
{
    struct event *list;
    size_t n, events_len, payloads_len;
    const char *events = store_text(rows, i, 2, &events_len),
               *payloads = store_text(rows, i, 3, &payloads_len);
    int rc = event_read_row(run->def->asl, events, events_len, payloads, payloads_len, store_int(rows, i, 1),
                            &list, &n, err);

    if (rc < 0)
        return -1;
    for (size_t k = 0; k < n; k++) {
        rc = rc < 0 ? -1 : exec_fold(&run->ex, &list[k], err);
        event_fini(&list[k]);
    }
    free(list);
    return rc;
}

static int fold(struct run *run, const struct store_result *rows)
{
    struct err err;

    for (int i = 0; i < store_rows(rows); i++) {
        run->seq = (int32_t)store_int(rows, i, 0);
        if (fold_row(run, rows, i, &err) == 0)
            continue;
        char quoted[512];
        log_error("journal cannot be read", "exec=%lld seq=%d why=%s", (long long)run->ex.id, run->seq,
                  log_quote(quoted, sizeof quoted, err.cause));
        return -1;
    }
    return 0;
}

enum { LAST_EVENT = 6 }; /* a column of the loader's */

/* What cannot be folded has happened all the same: the history goes on behind it. */
static void skip(struct run *run, const struct store_result *rows)
{
    int n = store_rows(rows);
    int64_t last = run->ex.last_event_id;

    for (int i = 0; i < n; i++)
        if (store_int(rows, i, LAST_EVENT) > last)
            last = store_int(rows, i, LAST_EVENT);
    run->seq = (int32_t)store_int(rows, n - 1, 0);
    exec_skip_to(&run->ex, (int32_t)last);
}

/* Nothing else can be done for it: it fails, and says why. One that has not begun does so first. */
void run_fail(struct reactor *r, struct run *run, const char *cause)
{
    bool begins = run->ex.last_event_id == 0;
    struct value *nothing = value_empty_object();
    struct stimulus in = {.type = begins ? STIM_START : STIM_FAIL,
                          .data = begins ? nothing : NULL,
                          .seed = begins ? reactor_chance(r) : 0,
                          .error = ERR_RUNTIME,
                          .cause = cause};
    struct err err;

    run->rescued = true;
    int rc = run_step(r, run, &in, &err);
    value_unref(nothing);
    if (rc == 0)
        return;
    log_error("execution cannot be failed, and is left alone", "exec=%lld", (long long)run->ex.id);
    run_forget(r, run, NULL);
}

static void resume(struct reactor *r, struct run *run, const struct store_result *rows)
{
    char *why = condemned_take(r, run->ex.id);
    int64_t id = run->ex.id;

    if (run->def->flaw || fold(run, rows) < 0) {
        skip(run, rows);
        run_fail(r, run, run->def->flaw ? run->def->flaw : "The journal of the execution cannot be read");
    } else if (run->ex.status != EXEC_RUNNING)
        run_forget(r, run, NULL); /* it ended while it was being loaded */
    else if (why)
        run_fail(r, run, why);
    else
        perform_owed(r, run, timer_now());
    free(why);
    if (run_find(r, id)) {
        run_rest(r, run);
        awaited_is_here(r, id);
    } else {
        awaited_is_gone(r, id);
    }
}

/* ---- loading ---- */

struct arrival { /* an execution whose definition is being fetched */
    struct reactor *reactor;
    int64_t execution_id;
    char *name;
    const struct store_result *rows;
    void *ticket;
    int64_t epoch;
    int slot;
    struct arrival *prev, *next; /* in reactor.arrivals */
};

static void arrival_free(struct arrival *a)
{
    DL_DELETE(a->reactor->arrivals, a);
    store_result_unref(a->rows);
    free(a->name);
    free(a);
}

void arrivals_free(struct reactor *r)
{
    while (r->arrivals)
        arrival_free(r->arrivals);
}

static void on_definition(void *arg, struct definition *def, const struct err *err)
{
    struct arrival *a = arg;
    struct reactor *r = a->reactor;
    bool ours = a->slot == r->slot && a->epoch == r->epoch && r->phase == REACTOR_RUNNING;

    if (!def) {
        char quoted[512];
        if (err->name != ERR_UNAVAILABLE)
            log_error("definition cannot be read, will be tried again", "exec=%lld why=%s",
                      (long long)a->execution_id, log_quote(quoted, sizeof quoted, err->cause));
        loader_later(r->loader, a->ticket);
        arrival_free(a);
        return;
    }
    if (!ours || run_find(r, a->execution_id)) {
        catalog_unpin_definition(r->catalog, def);
        awaited_is_here(r, a->execution_id);
    } else {
        struct run *run = run_new(r, a->execution_id, def, a->name);
        run->recorded = run->durable = true;
        resume(r, run, a->rows);
    }
    loader_done(r->loader, a->ticket);
    arrival_free(a);
}

static void on_loaded(void *arg, const struct loader_execution *e, const struct store_result *rows,
                      void *ticket)
{
    struct reactor *r = arg;
    struct arrival *a;

    if (store_rows(rows) == 0) { /* it has ended; or it was started by SQL, and its inbox row starts it */
        loader_done(r->loader, ticket);
        awaited_is_gone(r, e->execution_id);
        return;
    }
    a = mem_alloc(sizeof *a);
    *a = (struct arrival){.reactor = r,
                          .execution_id = e->execution_id,
                          .name = mem_strndup(e->name, strlen(e->name)),
                          .rows = store_result_ref(rows),
                          .ticket = ticket,
                          .epoch = r->epoch,
                          .slot = r->slot};
    DL_APPEND(r->arrivals, a);
    catalog_definition(r->catalog, e->definition_id, on_definition, a);
}

static void on_adopted(void *arg, size_t n)
{
    struct reactor *r = arg;
    metric_add(&r->metrics.adopted, n);
}

const struct loader_events LOADER_EVENTS = {.loaded = on_loaded, .adopted = on_adopted};

/* ---- the lease ---- */

static void on_acquired(void *arg, int slot, int64_t epoch)
{
    struct reactor *r = arg;

    r->slot = slot;
    r->epoch = epoch;
    peers_set(r->config.peers, slot, r);
    metric_set(&r->metrics.lease_slot, (uint64_t)slot);
    metric_set(&r->metrics.lease_epoch, (uint64_t)epoch);
    inbox_owner(r->inbox, slot, epoch);
    loader_owner(r->loader, slot, epoch);
    log_info("lease acquired", "slot=%d epoch=%lld", slot, (long long)epoch);
}

static void on_lost(void *arg, const char *why)
{
    reactor_abandon(arg, why);
}

static void on_inherited(void *arg)
{
    struct reactor *r = arg;
    metric_add(&r->metrics.lease_lost, 1);
}

static void on_orphans(void *arg)
{
    struct reactor *r = arg;
    loader_adopt(r->loader);
}

const struct lease_events LEASE_EVENTS = {
    .acquired = on_acquired, .lost = on_lost, .inherited = on_inherited, .orphans = on_orphans};

/* ---- executions that PostgreSQL refused ---- */

static void refuse_start(struct reactor *r, struct run *run, const struct store_guilty *g)
{
    struct js_buf arn = {0};
    struct err err;

    interp_execution_arn(&run->ex, &arn);
    if (!strcmp(g->constraint, "execution_by_name"))
        err_set(&err, ERR_EXECUTION_EXISTS, "Execution Already Exists: '%s'", arn.p);
    else if (!strcmp(g->constraint, "execution_pkey"))
        err_set(&err, ERR_UNAVAILABLE, "the clock was set back and an execution id is taken; try again");
    else if (!strcmp(g->sqlstate, "55P03")) /* lock_not_available */
        err_set(&err, ERR_UNAVAILABLE, "a transaction that is still open has taken the name; try again");
    else
        err_set(&err, ERR_INTERNAL, "PostgreSQL refuses the execution: %s", g->message);
    js_buf_fini(&arn);
    run_forget(r, run, &err);
}

static struct condemned *condemned_find(struct reactor *r, int64_t execution_id)
{
    struct condemned *c;

    HASH_FIND(hh, r->condemned, &execution_id, sizeof execution_id, c);
    return c;
}

static void condemned_drop(struct reactor *r, struct condemned *c)
{
    HASH_DEL(r->condemned, c);
    free(c->why);
    free(c);
}

char *condemned_take(struct reactor *r, int64_t execution_id)
{
    struct condemned *c = condemned_find(r, execution_id);
    char *why = c ? c->why : NULL;

    if (c) {
        c->why = NULL;
        condemned_drop(r, c);
    }
    return why;
}

bool condemned_waits(struct reactor *r, int64_t execution_id)
{
    const struct condemned *c = condemned_find(r, execution_id);
    return c && c->again_us;
}

/* Is it to blame?  Not if somebody has written the row already, which the truth itself settles; not for a
 * lock; nor if PostgreSQL refuses its failure as well: then it refuses everything, perhaps. */
static bool is_to_blame(const struct run *run, const struct store_guilty *g)
{
    return !run->rescued && strcmp(g->constraint, "journal_pkey") != 0 && strcmp(g->sqlstate, "55P03") != 0;
}

static void load_again(struct reactor *r, const struct run *run, const struct store_guilty *g)
{
    struct condemned *c = condemned_find(r, run->ex.id);

    if (c)
        condemned_drop(r, c);
    c = mem_calloc(1, sizeof *c);
    c->execution_id = run->ex.id;
    HASH_ADD(hh, r->condemned, execution_id, sizeof c->execution_id, c);
    if (is_to_blame(run, g)) {
        c->why = mem_alloc(1024);
        snprintf(c->why, 1024, "PostgreSQL refused to record the step (SQLSTATE %s): %s", g->sqlstate,
                 g->message);
    } else if (strcmp(g->constraint, "journal_pkey") != 0) {
        c->again_us = timer_now() + AGAIN_US;
        log_error(run->rescued ? "PostgreSQL refuses even the failure of an execution, which waits"
                               : "a row of an execution is locked by another session, and it waits",
                  "exec=%lld sqlstate=%s", (long long)run->ex.id, g->sqlstate);
        return;
    }
    loader_load(r->loader, run->ex.id);
}

/*
 * Its rows are not in the database: what is in memory is ahead of the truth.  It is loaded again, and fails
 * with PostgreSQL's words if it is to blame.
 */
void condemn(struct reactor *r, const struct store_guilty *g)
{
    struct run *run = run_find(r, g->execution_id), *leaving = run_leaving(r, g->execution_id);
    struct err err;

    if (leaving)
        park_refused(r, leaving, g);
    if (!run)
        return;
    if (!run->durable) {
        refuse_start(r, run, g);
        return;
    }
    load_again(r, run, g);
    if (!strcmp(g->sqlstate, "55P03"))
        err_set(&err, ERR_UNAVAILABLE,
                "another session has locked the execution's row; nothing was done, try again");
    else
        err_set(&err, ERR_INTERNAL, "PostgreSQL refuses to record it: %s", g->message);
    run_forget(r, run, &err);
}

void condemned_retry(struct reactor *r)
{
    struct condemned *c, *next;
    int64_t now_us = timer_now();

    HASH_ITER (hh, r->condemned, c, next) {
        if (!c->again_us || c->again_us > now_us)
            continue;
        c->again_us = 0;
        loader_load(r->loader, c->execution_id);
    }
}

void condemned_free(struct reactor *r)
{
    struct condemned *c, *next;

    HASH_ITER (hh, r->condemned, c, next)
        condemned_drop(r, c);
}
