/*
 * Parking: executions that only wait leave memory, and say on their rows when they want it back.
 *
 * A run rests when nothing of it is under way: no call, nothing to commit.  One that has rested long, and has
 * long to wait still, is parked: its row is told its next moment and that it is nobody's, under the lease's
 * epoch like all else, and then it is forgotten.  Whoever comes first takes it before that moment, or when a
 * command has come for it.  So a short wait costs nothing, a long one two updates of its row.
 */
#include "run/reactor_priv.h"
#include "base/clock.h"
#include "run/log.h"

#include <malloc.h>

enum {
    PARK_MAX = 100,    /* with one transaction: what comes meanwhile does not wait for long */
    TRIM_AFTER = 4096, /* so many gone: memory worth giving back */
};

#define AHEAD_MIN_US (2 * CLOCK_SECOND) /* the loader looks once a second */
#define AHEAD_MAX_US (15 * CLOCK_SECOND)
#define EVENT_US     (CLOCK_SECOND / 20) /* of waiting, for each event that must be read again: some 2 us */

int64_t park_ahead_us(const struct reactor_config *config)
{
    int64_t quarter = config->park_after_us / 4;

    if (config->park_after_us == 0 || quarter > AHEAD_MAX_US)
        return AHEAD_MAX_US;
    return quarter < AHEAD_MIN_US ? AHEAD_MIN_US : quarter;
}

void run_rest(struct reactor *r, struct run *run)
{
    if (run->open || run->calls || run->flights || r->config.park_after_us == 0)
        return;
    run->rested_us = timer_now();
    run_move(r, run, RUN_RESTING);
}

/* So many that it must not last: who waits at all leaves at once. */
static bool is_crowded(const struct reactor *r)
{
    return HASH_COUNT(r->runs) > r->config.in_flight_max / 2;
}

static int64_t patience_us(const struct reactor *r)
{
    return is_crowded(r) ? 0 : r->config.park_after_us;
}

static bool has_rested(const struct reactor *r, const struct run *run, int64_t now_us)
{
    return run->rested_us + patience_us(r) <= now_us;
}

bool park_any(const struct reactor *r)
{
    return r->resting && r->phase == REACTOR_RUNNING && has_rested(r, r->resting, timer_now());
}

/*
 * Is it worth it?  Its moment must be further away than the loader looks ahead, by as long as it has rested;
 * and the longer its history, the further.  And heartbeats are recorded nowhere: after each return they would
 * begin anew, and never run out.
 */
static bool waits_long(const struct reactor *r, struct run *run, int64_t now_us)
{
    int64_t left_us = exec_wake(&run->ex) - now_us;

    return left_us > patience_us(r) + park_ahead_us(&r->config) + run->ex.last_event_id * EVENT_US &&
           !exec_has_heartbeats(&run->ex);
}

/* How many go with this transaction: few beside work, as many as there is work when memory is short. */
static size_t room(const struct reactor *r)
{
    if (r->flying.n == 0)
        return PARK_MAX;
    return is_crowded(r) ? r->flying.n : r->flying.n / 4 + 1;
}

void park_some(struct reactor *r)
{
    for (size_t left = room(r); left > 0 && park_any(r);) {
        struct run *run = r->resting;
        run_move(r, run, RUN_AT_WORK); /* one that does not wait long rests again when it has moved */
        if (!waits_long(r, run, timer_now()))
            continue;
        store_add_parked(r->store, run->ex.id, exec_wake(&run->ex));
        batch_add(&r->flying, run, NULL);
        timer_clear(&r->timers, &run->timer);
        run_move(r, run, RUN_PARKING);
        left--;
    }
}

void park_done(struct reactor *r, struct run *run)
{
    int64_t id = run->ex.id;
    bool wanted = run->wanted;

    metric_add(&r->metrics.parked, 1);
    r->gone++;
    run_forget(r, run, NULL);
    if (wanted)
        loader_load(r->loader, id);
}

/* It stays: nothing is lost but memory. */
void park_refused(struct reactor *r, struct run *run, const struct store_guilty *g)
{
    char quoted[512];

    log_warn("PostgreSQL refuses to park an execution, which stays in memory", "exec=%lld sqlstate=%s why=%s",
             (long long)run->ex.id, g->sqlstate, log_quote(quoted, sizeof quoted, g->message));
    run->wanted = false;
    run_move(r, run, RUN_AT_WORK);
    timer_set(&r->timers, &run->timer, exec_wake(&run->ex));
    awaited_is_here(r, run->ex.id);
}

void unpark(struct reactor *r, int64_t execution_id)
{
    struct run *leaving = run_leaving(r, execution_id);

    if (leaving)
        leaving->wanted = true;
    else if (!condemned_waits(r, execution_id)) /* else condemned_retry */
        loader_load(r->loader, execution_id);
}

void park_look(struct reactor *r)
{
    loader_look(r->loader, HASH_COUNT(r->runs) >= r->config.in_flight_max);
    if (r->gone < TRIM_AFTER || park_any(r))
        return;
    malloc_trim(0); /* else what they leave between others stays ours for good */
    r->gone = 0;
}
