/*
 * reactor_priv.h -- the parts of a reactor, for its own files.
 *
 * reactor.c           life, and the tick: gather, decide, commit, release
 * reactor_run.c       an execution in memory: made, decided upon, forgotten
 * reactor_start.c     ids, names, starts
 * reactor_perform.c   effects become calls, answers become stimuli
 * reactor_park.c      executions that only wait leave memory
 * reactor_recover.c   recovery, loading, the lease; executions that PostgreSQL refused
 * reactor_command.c   stop and callbacks, wherever the execution lives; the inbox
 * reactor_watch.c     hints for those who wait for an execution
 */
#pragma once

#include "run/inbox.h"
#include "run/lease.h"
#include "run/loader.h"
#include "run/mailbox.h"
#include "run/peers.h"
#include "run/reactor.h"
#include "run/timer.h"

struct caller { /* somebody who is told when it is durable */
    reactor_cb cb;
    void *arg;
    int64_t at_us;
    struct err *refusal; /* NULL: what it asked for is done */
    struct caller *next;
};

/* What an execution has decided since its last commit was sent: kept until that commit is acknowledged. */
struct work {
    struct arena *arena;
    struct outcome out;
    int64_t at_us; /* the moment of its last step */
    bool finishes; /* the execution has ended in it */
    struct caller *callers;
    int64_t *consumed; /* inbox rows that go with it */
    size_t nconsumed;
    struct work *next; /* among the idle ones */
};

struct call { /* of a function, from its effect to its answer */
    struct reactor *reactor;
    struct run *run;          /* whose it is; NULL: a trial's, or nobody's any more */
    const struct exec *ex;    /* the run's or the trial's */
    reactor_call_cb told;     /* a trial's; NULL: not one */
    void *arg;                /* for told */
    struct invoke_call *wire; /* NULL: the registry is being asked */
    struct function *fn;      /* pinned; NULL: a URL, or not known yet */
    struct effect effect;     /* but its function, which was the outcome's */
    char *name;               /* of the function, while the registry is being asked */
    struct call **list;       /* run.calls, or reactor.loose_calls */
    struct call *prev, *next; /* there */
    bool unanswered;          /* the registry could not be asked: in reactor.unanswered */
    struct call *unanswered_prev, *unanswered_next;
};

/* Changed by run_move alone. */
enum run_place {
    RUN_AT_WORK, /* something is under way for it, or its moment is near */
    RUN_DIRTY,   /* has something to commit: in reactor.dirty */
    RUN_RESTING, /* only waits: in reactor.resting */
    RUN_PARKING, /* its row is being told, then it is forgotten: nothing acts on it any more */
};

struct run { /* an execution in memory */
    struct exec ex;
    struct definition *def; /* pinned */
    struct timer_node timer;
    int32_t seq;      /* of the last journal row that was sent */
    bool recorded;    /* its row of pawl.execution has been sent */
    bool durable;     /* and is in the database */
    bool rescued;     /* it is being failed, because PostgreSQL had refused its rows or they cannot be read */
    bool wanted;      /* RUN_PARKING: a command has come, so it is loaded again at once */
    unsigned flights; /* batches that it is in: sent, or being released */
    enum run_place place;
    int64_t rested_us; /* RUN_RESTING: since then */
    char *trace;       /* until its row is sent; NULL: none */
    struct work *open; /* decided, not sent; NULL: nothing. Then it is among the dirty ones */
    struct call *calls;
    struct run *prev, *next; /* in the list of its place */
    UT_hash_handle hh;       /* by ex.id */
};

struct flight {
    struct run *run;   /* NULL: it was forgotten meanwhile */
    struct work *work; /* NULL: it is being parked */
};

struct batch { /* what one commit carries */
    struct flight *list;
    size_t n, cap;
};

struct condemned { /* PostgreSQL refused its rows: it is loaded, or started by its inbox row, again */
    int64_t execution_id;
    char *why;        /* it fails, and this is why; NULL: it goes on */
    int64_t again_us; /* not before; 0: it is under way */
    UT_hash_handle hh;
};

struct arrival; /* a loaded execution whose definition is being fetched */
struct errand;  /* a command for an execution that is not here */
struct stray;   /* an inbox message for one that is not here yet */
struct watched; /* an execution that somebody waits for */

struct on_loop {
    void (*start)(struct reactor *r, void *arg);
    void (*stop)(struct reactor *r, void *arg);
    void *arg;
};

enum reactor_phase { REACTOR_RUNNING, REACTOR_DRAINING, REACTOR_RELEASING, REACTOR_STOPPED };

struct reactor {
    struct reactor_config config;
    uv_loop_t loop;
    uv_prepare_t prepare; /* before the loop sleeps: the tick */
    uv_timer_t alarm;     /* the earliest of timers */
    uv_timer_t second;    /* once a second: hints to watchers, the end of draining */
    int64_t sent_us;      /* when the transaction under way was sent */
    int64_t alarm_us;     /* what alarm is set to; CLOCK_NEVER: not at all */
    struct mailbox mailbox;
    struct store *store;
    struct lease *lease;
    struct loader *loader;
    struct inbox *inbox;
    struct catalog *catalog;
    struct invoke *invoke;
    struct metrics metrics;
    struct on_loop on_loop;
    enum reactor_phase phase;
    int seconds_draining;

    int slot; /* 0: no lease, nothing can be acknowledged */
    int64_t epoch;

    struct run *runs;    /* by id */
    struct run *dirty;   /* those with something to commit, oldest first */
    struct run *resting; /* those that only wait, longest first */
    size_t gone;         /* parked since memory was given back to the system */
    struct timer_heap timers;
    struct batch flying; /* in the transaction under way */
    struct batch landed; /* durable; being released */
    struct work *idle_work;
    size_t nidle_work;
    int64_t *orphans; /* (execution_id, inbox_id) pairs to be deleted with the next commit */
    size_t norphans, cap_orphans;

    struct condemned *condemned;
    struct arrival *arrivals;
    struct call *loose_calls; /* of trials; and of runs that are gone, while the registry is being asked */
    struct call *unanswered;  /* the registry is asked again for them, once a second */
    struct errand *errands;
    struct errand *visitors; /* of any origin: they wait for their execution to be loaded here */
    struct stray *strays;
    struct watched *watched;
    bool reminding;
    struct metric_series *url_calls[CALL_OUTCOMES];

    int64_t last_id;
    uint64_t chance[64]; /* random bytes, drawn in advance */
    size_t nchance;
};

/* ---- reactor_run.c ---- */

struct run *run_new(struct reactor *r, int64_t id, struct definition *def,
                    const char *name);                  /* takes the pin */
struct run *run_find(struct reactor *r, int64_t id);    /* NULL: it is not here, or is being parked */
struct run *run_leaving(struct reactor *r, int64_t id); /* one that is being parked; or NULL */
void run_move(struct reactor *r, struct run *run, enum run_place to);
/* Decides. -1: the stimulus has nothing to act on. */
int run_step(struct reactor *r, struct run *run, const struct stimulus *in, struct err *err);
/* done is durable: if more is to be decided at once, the next tick does. */
void run_go_on(struct reactor *r, struct run *run, const struct work *done);
/*
 * cb is told when everything decided so far is durable: at once if it is. refusal (NULL: none): what it is
 * told then, because of something that may not be durable yet.
 */
void run_tell(struct reactor *r, struct run *run, const struct err *refusal, reactor_cb cb, void *arg);
void run_consume(struct reactor *r, struct run *run, int64_t inbox_id);
/* What it still has under way is cancelled; those who wait are told err (NULL: there is nobody). */
void run_forget(struct reactor *r, struct run *run, const struct err *err);
void run_forget_all(struct reactor *r, const struct err *err);
struct work *work_take(struct reactor *r);
void work_put(struct reactor *r, struct work *w);
void work_answer(struct work *w, int64_t execution_id, const struct err *err);
void batch_add(struct batch *b, struct run *run, struct work *w);
void run_count(struct reactor *r, struct run *run, enum exec_status status); /* metrics */

/* ---- reactor_start.c ---- */

uint64_t reactor_chance(struct reactor *r);
int id_slot(int64_t execution_id); /* of the reactor that made it */

/* ---- reactor_perform.c ---- */

void perform(struct reactor *r, struct run *run, const struct effect *e);
void perform_owed(struct reactor *r, struct run *run, int64_t now_us); /* recovery */
void calls_withhold(struct reactor *r, struct run *run); /* those that have not left: who stops makes none */
void calls_ask_again(struct reactor *r); /* once a second: functions that could not be looked up */
void calls_forget(struct reactor *r);    /* at the end: answers that never come */
void on_call_done(void *reactor, const struct invoke_request *req, const struct invoke_answer *answer);

/* ---- reactor_park.c ---- */

int64_t park_ahead_us(const struct reactor_config *config); /* how long before its moment one is loaded */
void run_rest(struct reactor *r, struct run *run);          /* unless something is under way for it */
bool park_any(const struct reactor *r);                     /* is there somebody to be parked? */
void park_some(struct reactor *r);                          /* adds them to the open batch */
void park_done(struct reactor *r, struct run *run);         /* its row is written: it goes */
void park_refused(struct reactor *r, struct run *run, const struct store_guilty *g); /* it stays */
void park_look(struct reactor *r); /* once a second: wakes those whose moment is near */
/* One that is not in memory is loaded, or will be when it has left: awaited_is_here or _gone follows. */
void unpark(struct reactor *r, int64_t execution_id);

/* ---- reactor_recover.c ---- */

extern const struct lease_events LEASE_EVENTS; /* without arg */
extern const struct loader_events LOADER_EVENTS;
void run_fail(struct reactor *r, struct run *run, const char *cause); /* it ends FAILED, States.Runtime */
void condemn(struct reactor *r, const struct store_guilty *g);
/* Why it must fail (the caller frees it): then it is condemned no more. NULL: it goes on. */
char *condemned_take(struct reactor *r, int64_t execution_id);
bool condemned_waits(struct reactor *r, int64_t execution_id); /* it is not yet to be tried again */
void condemned_retry(struct reactor *r);                       /* once a second */
void condemned_free(struct reactor *r);
void arrivals_free(struct reactor *r); /* at the end: definitions that never come */

/* ---- reactor_command.c ---- */

void on_inbox(void *reactor, const struct inbox_message *m);
void awaited_is_here(struct reactor *r, int64_t execution_id); /* delivers what waits for it, if it is */
void awaited_is_gone(struct reactor *r, int64_t execution_id); /* it was not there to be loaded */
void visitors_leave(struct reactor *r);                        /* the executions here are another's now */
void strays_drop(struct reactor *r, bool all); /* those that wait for their execution; all: at the end */
void errands_fail(struct reactor *r, const struct err *err); /* those that this reactor asked for */
void errands_free(struct reactor *r);                        /* at the end: answers that never come */

/* ---- reactor_watch.c ---- */

void watched_tell(struct reactor *r, int64_t execution_id, bool finished);
void watched_remind(struct reactor *r); /* once a second */
void watched_free(struct reactor *r);

/* ---- reactor.c ---- */

void reactor_abandon(struct reactor *r, const char *why); /* forget everything: the next owner goes on */
