/*
 * reactor.h -- one thread's loop: gather stimuli, decide, commit, release.
 *
 * A reactor owns executions outright: its own libuv loop, store, lease, catalog, calls and timers; nothing is
 * shared. What leaves the process (a call, an answer to a caller) waits for the commit that records why.
 * Other threads reach it through its mailbox alone (reactor_post).
 */
#pragma once

#include "asl/interp.h"
#include "run/catalog.h"
#include "run/invoke.h"
#include "run/metrics.h"
#include "run/store.h"

#include <uv.h>

struct node;
struct peers;
struct reactor;

struct reactor_config {
    struct node *node;    /* this process, for the doors */
    struct peers *peers;  /* the reactors of this process */
    int index;            /* 0.. */
    const char *conninfo; /* NULL: the database cannot be used yet, reactor_connect follows */
    const char *node_name;
    const char *arn_prefix; /* "arn:aws:states:REGION:ACCOUNT:" */
    const unsigned char *token_key;
    int64_t lease_ttl_us;
    size_t batch_max;      /* executions in one transaction */
    size_t in_flight_max;  /* executions in memory that this reactor accepts before it answers 503 */
    int64_t park_after_us; /* who has waited so long, and will for longer, leaves memory; 0: never */
};

struct reactor *reactor_new(const struct reactor_config *config);
/* From any thread, once: the database is migrated. token_key is read from now on. */
void reactor_connect(struct reactor *r, const char *conninfo); /* borrowed for good */
/* Runs on the calling thread until reactor_drain has finished. */
void reactor_run(struct reactor *r);
/* From any thread: stop accepting, finish the tick, release the lease, leave the loop. */
void reactor_drain(struct reactor *r);
void reactor_free(struct reactor *r);

/* ---- for the doors, on the reactor's own thread ---- */

uv_loop_t *reactor_loop(struct reactor *r);
struct store *reactor_store(struct reactor *r); /* for questions */
struct catalog *reactor_catalog(struct reactor *r);
struct metrics *reactor_metrics(struct reactor *r);
const struct reactor_config *reactor_config(const struct reactor *r);
bool reactor_ready(const struct reactor *r); /* has a lease and a database with room: may acknowledge */
const char *reactor_not_ready(const struct reactor *r); /* why not, in words; NULL: it is */
bool reactor_draining(const struct reactor *r);
/* fn runs once on this thread when the loop has started, and fini before it ends: the listener's life. */
void reactor_on_loop(struct reactor *r, void (*start)(struct reactor *r, void *arg),
                     void (*stop)(struct reactor *r, void *arg), void *arg);

/* err NULL: done and durable. Called on the thread that asked. at_us: the moment recorded (start, stop). */
typedef void (*reactor_cb)(void *arg, const struct err *err, int64_t execution_id, int64_t at_us);

struct reactor_start {
    struct definition *def; /* its pin passes to the execution */
    const char *name;       /* NULL: a UUID is made */
    struct value *input;    /* checked; referenced */
    const char *trace;
    char made_name[40]; /* out: the name, when it was made */
};
/* Starts here. ERR_EXECUTION_EXISTS when the name is taken, ERR_UNAVAILABLE without database or lease
 * (nothing happened). */
void reactor_start_execution(struct reactor *r, struct reactor_start *start, reactor_cb cb, void *arg);

/*
 * A command to an execution wherever it lives: this reactor, another of this process (mailbox), another
 * process (inbox; acknowledged when the wish is durable). type: STIM_STOP, STIM_TOKEN_*. texts are copied.
 */
struct reactor_command {
    enum stimulus_type type;
    int64_t execution_id;
    int32_t event_id;
    const char *data; /* checked JSON text or NULL */
    size_t data_len;
    const char *error, *cause;
};
void reactor_send(struct reactor *r, const struct reactor_command *command, reactor_cb cb, void *arg);

/*
 * A call that belongs to no execution of this store: a trial's (asl/trial.h).  ex names it to the function
 * and must live until the answer; e need not.  cb comes once, later, on this thread; all borrowed, the result
 * too; a plain URL's call is traced.  error is the very constant ERR_UNAVAILABLE: its function could not be
 * looked up.  Dropped, it never comes.
 */
struct call;
typedef void (*reactor_call_cb)(void *arg, const struct invoke_answer *answer);
struct call *reactor_call(struct reactor *r, const struct exec *ex, const struct effect *e,
                          reactor_call_cb cb, void *arg);
void reactor_call_drop(struct reactor *r, struct call *call);

/*
 * Tells when an execution has committed something new or ended. Only hints (the journal has the truth), at
 * least every second; watch from any reactor. finished: it has ended. Returns a handle for reactor_unwatch.
 */
struct reactor_watch;
typedef void (*reactor_watch_cb)(void *arg, bool finished);
struct reactor_watch *reactor_watch(struct reactor *r, int64_t execution_id, reactor_watch_cb cb, void *arg);
void reactor_unwatch(struct reactor *r, struct reactor_watch *w);

/* ---- from any thread ---- */

/*
 * fn(r, arg) runs on r's thread, in order of posting; fn(NULL, arg) when r has stopped: then it can still
 * answer other reactors, and must free what nobody else does.
 */
void reactor_post(struct reactor *r, void (*fn)(struct reactor *r, void *arg), void *arg);
/* When the threads of all reactors have ended: what was posted since gets its NULL. Was there anything? */
bool reactor_clear(struct reactor *r);
