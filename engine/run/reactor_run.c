/* An execution in memory: made, decided upon, forgotten. */
#include "run/reactor_priv.h"
#include "base/clock.h"

#include <string.h>
#include <utlist.h>

enum {
    IDLE_WORK_MAX = 512,
    SAME_MOMENT_US =
        20000, /* steps this close that wait for one commit share a moment, and so a journal row */
};

/* ---- work ---- */

struct work *work_take(struct reactor *r)
{
    struct work *w = r->idle_work;

    if (w) {
        r->idle_work = w->next;
        r->nidle_work--;
        return w;
    }
    w = mem_calloc(1, sizeof *w);
    w->arena = arena_new();
    outcome_init(&w->out, w->arena);
    return w;
}

static void work_free(struct work *w)
{
    outcome_fini(&w->out);
    arena_free(w->arena);
    free(w->consumed);
    free(w);
}

void work_put(struct reactor *r, struct work *w)
{
    PAWL_ASSERT(!w->callers);
    if (r->nidle_work == IDLE_WORK_MAX || w->out.cap_events > 256 || w->nconsumed) {
        work_free(w);
        return;
    }
    outcome_clear(&w->out);
    arena_reset(w->arena);
    w->at_us = 0;
    w->finishes = false;
    w->next = r->idle_work;
    r->idle_work = w;
    r->nidle_work++;
}

void work_answer(struct work *w, int64_t execution_id, const struct err *err)
{
    struct caller *c, *next;

    LL_FOREACH_SAFE(w->callers, c, next)
    {
        w->callers = next;
        c->cb(c->arg, err ? err : c->refusal, execution_id, c->at_us);
        free(c->refusal);
        free(c);
    }
}

void batch_add(struct batch *b, struct run *run, struct work *w)
{
    run->flights++;
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 64;
        b->list = mem_realloc(b->list, b->cap * sizeof *b->list);
    }
    b->list[b->n++] = (struct flight){run, w};
}

/* ---- runs ---- */

struct run *run_new(struct reactor *r, int64_t id, struct definition *def, const char *name)
{
    struct run *run = mem_calloc(1, sizeof *run);

    exec_init(&run->ex, id, def->asl, name);
    run->ex.machine = def->machine;
    run->ex.role_arn = def->role_arn;
    run->ex.arn_prefix = r->config.arn_prefix;
    run->ex.token_key = r->config.token_key;
    run->def = def;
    HASH_ADD(hh, r->runs, ex.id, sizeof run->ex.id, run);
    metric_set(&r->metrics.executions_open, HASH_COUNT(r->runs));
    return run;
}

static struct run *find(struct reactor *r, int64_t id)
{
    struct run *run;

    HASH_FIND(hh, r->runs, &id, sizeof id, run);
    return run;
}

struct run *run_find(struct reactor *r, int64_t id)
{
    struct run *run = find(r, id);
    return run && run->place != RUN_PARKING ? run : NULL;
}

struct run *run_leaving(struct reactor *r, int64_t id)
{
    struct run *run = find(r, id);
    return run && run->place == RUN_PARKING ? run : NULL;
}

void run_move(struct reactor *r, struct run *run, enum run_place to)
{
    if (run->place == RUN_DIRTY)
        DL_DELETE(r->dirty, run);
    else if (run->place == RUN_RESTING)
        DL_DELETE(r->resting, run);
    run->place = to;
    if (to == RUN_DIRTY)
        DL_APPEND(r->dirty, run);
    else if (to == RUN_RESTING)
        DL_APPEND(r->resting, run);
}

static struct work *open_work(struct reactor *r, struct run *run)
{
    if (!run->open)
        run->open = work_take(r);
    return run->open;
}

/* run->open holds something for the next commit, or nothing at all. */
static void settle_open(struct reactor *r, struct run *run, bool was_dirty)
{
    struct work *w = run->open;

    if (was_dirty)
        return;
    if (w->out.nevents || w->nconsumed) {
        run_move(r, run, RUN_DIRTY);
        return;
    }
    run->open = NULL;
    work_put(r, w);
}

/* Time is taken at the first step of a row; what is due later than that opens a new one. */
static int64_t moment(const struct work *w, const struct stimulus *in)
{
    int64_t now_us = timer_now();
    bool shared = in->type != STIM_TIMER && now_us - w->at_us < SAME_MOMENT_US;

    return shared ? w->at_us : now_us;
}

/* A step that yielded, above all: what it has decided so far is committed first, and the others have their
 * turn. */
static bool goes_on_at_once(const struct work *w)
{
    return w->out.nevents && w->out.wake_us <= w->at_us;
}

int run_step(struct reactor *r, struct run *run, const struct stimulus *in, struct err *err)
{
    bool was_dirty = run->open != NULL;
    struct work *w = open_work(r, run);
    int64_t now_us = moment(w, in);
    bool ran = run->ex.status == EXEC_RUNNING;
    w->out.events_max =
        r->phase == REACTOR_RUNNING ? 0 : 1; /* else it yields where it could go on: the next owner does */
    int rc = interp_step(&run->ex, in, now_us, &w->out, err);

    if (rc == 0) {
        w->at_us = now_us;
        w->finishes |= ran && run->ex.status != EXEC_RUNNING;
        timer_set(&r->timers, &run->timer, goes_on_at_once(w) ? CLOCK_NEVER : w->out.wake_us);
    }
    settle_open(r, run, was_dirty);
    return rc;
}

static struct flight *flight_of(struct reactor *r, const struct run *run)
{
    for (size_t i = r->flying.n; i-- > 0;)
        if (r->flying.list[i].run == run)
            return &r->flying.list[i];
    return NULL;
}

void run_go_on(struct reactor *r, struct run *run, const struct work *done)
{
    if (goes_on_at_once(done) && !run->open && !run->flights)
        timer_set(&r->timers, &run->timer, done->out.wake_us);
}

void run_tell(struct reactor *r, struct run *run, const struct err *refusal, reactor_cb cb, void *arg)
{
    struct flight *f = run->open ? NULL : flight_of(r, run);
    struct work *w = run->open ? run->open : f ? f->work : NULL;

    if (!w) {
        cb(arg, refusal, run->ex.id, timer_now());
        return;
    }
    struct caller *c = mem_alloc(sizeof *c);
    *c = (struct caller){.cb = cb, .arg = arg, .at_us = w->at_us};
    if (refusal) {
        c->refusal = mem_alloc(sizeof *refusal);
        *c->refusal = *refusal;
    }
    LL_APPEND(w->callers, c);
}

void run_consume(struct reactor *r, struct run *run, int64_t inbox_id)
{
    bool was_dirty = run->open != NULL;
    struct work *w = open_work(r, run);

    w->consumed = mem_realloc(w->consumed, (w->nconsumed + 1) * sizeof *w->consumed);
    w->consumed[w->nconsumed++] = inbox_id;
    settle_open(r, run, was_dirty);
}

/* ---- forgetting ---- */

static void drop_work(struct reactor *r, struct run *run, struct work *w, const struct err *err)
{
    work_answer(w, run->ex.id, err);
    for (size_t i = 0; i < w->nconsumed; i++)
        inbox_again(r->inbox, w->consumed[i]);
    work_put(r, w);
}

void run_forget(struct reactor *r, struct run *run, const struct err *err)
{
    struct call *c, *next;
    struct work *open = run->open;

    HASH_DEL(r->runs, run);
    metric_set(&r->metrics.executions_open, HASH_COUNT(r->runs));
    timer_clear(&r->timers, &run->timer);
    DL_FOREACH_SAFE (run->calls, c, next)
        reactor_call_drop(r, c);
    run_move(r, run, RUN_AT_WORK);
    if (open) {
        run->open = NULL;
        drop_work(r, run, open, err);
    }
    if (err)
        for (struct flight *f; (f = flight_of(r, run));) {
            f->run = NULL;
            if (f->work)
                drop_work(r, run, f->work, err);
            f->work = NULL;
        }
    exec_fini(&run->ex);
    catalog_unpin_definition(r->catalog, run->def);
    free(run->trace);
    free(run);
}

void run_forget_all(struct reactor *r, const struct err *err)
{
    /* Those in flight first, so that no run has to be looked for there. */
    for (size_t i = 0; i < r->flying.n; i++) {
        struct flight f = r->flying.list[i];
        r->flying.list[i] = (struct flight){0};
        if (f.work)
            drop_work(r, f.run, f.work, err);
    }
    r->flying.n = 0;
    for (struct run *run; (run = r->runs);)
        run_forget(r, run, err);
    while (r->idle_work) {
        struct work *w = r->idle_work;
        r->idle_work = w->next;
        r->nidle_work--;
        work_free(w);
    }
}

/* ---- counting ---- */

void run_count(struct reactor *r, struct run *run, enum exec_status status)
{
    struct metric_series **s = &run->def->counts[status];
    struct js_buf labels = {0};

    if (!*s) {
        metric_label(&labels, "machine", run->def->machine);
        metric_label(&labels, "status", exec_status_name(status));
        *s = metric_series(&r->metrics.executions, labels.p, "machine=\"\",status=\"\"", false);
        js_buf_fini(&labels);
    }
    metric_add(&(*s)->value, 1);
}
