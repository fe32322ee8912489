/*
 * store.h -- PostgreSQL: one transaction a tick, and questions.
 *
 * The only file group that knows libpq.  A reactor has one store: a connection that writes (pipelined,
 * one transaction in flight, fenced by the lease's epoch) and one that asks.  Everything is asynchronous on
 * the reactor's loop; callbacks run on its thread, never from inside the call that asked. A batch is encoded
 * as it is filled: the journal of every execution of the tick, rows of executions that start or end, inbox
 * rows that were consumed.
 */
#pragma once

#include "asl/exec.h"
#include "run/patience.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct store;

/* ---- life ---- */

/*
 * Blocking, once per process before any reactor: connects, migrates under a lock, re-applies views and
 * functions. -1 with ERR_UNAVAILABLE when the database cannot be reached, or patience has ended (which NULL
 * never does): try again later; else a one-line
 * cause for good: it belongs to a newer pawld, it is not UTF-8, the server is too old, rights are missing.
 */
int store_migrate(const char *conninfo, const struct patience *patience, struct err *err);

struct store_settings {          /* of the database: the same for every pawld on it */
    unsigned char token_key[16]; /* made by the first migration */
};
int store_settings(const char *conninfo, const struct patience *patience, struct store_settings *out,
                   struct err *err); /* blocking, after store_migrate */
/* "arn:aws:states:REGION:ACCOUNT:", for the views. Blocking, after store_migrate. */
int store_set_arn_prefix(const char *conninfo, const struct patience *patience, const char *prefix,
                         struct err *err);

struct store_events {      /* what the store tells its reactor */
    void (*up)(void *arg); /* both connections stand (again), statements are prepared */
    void (*down)(
        void *arg,
        const char *why); /* a connection is lost; what was in flight is unknown: forget, wait for up */
    void (*notified)(void *arg, const char *channel,
                     const char *payload); /* a NOTIFY that this store listens to */
    void *arg;
};

/*
 * Starts connecting, and keeps connecting (100 ms growing to 1 s) until store_close. conninfo NULL: not
 * before store_connect. The host's name is looked up by libpq, which waits for the resolver: the one thing
 * here that blocks.
 */
struct store *store_open(uv_loop_t *loop, const char *conninfo, const struct store_events *events);
void store_connect(struct store *s, const char *conninfo); /* once, where store_open did not */
void store_close(struct store *s); /* after a last commit is acknowledged or given up */
bool store_is_up(const struct store *s);
void store_backends(const struct store *s,
                    int pids[2]); /* the server's processes behind the two connections; 0: none */

/* ---- the tick's transaction ---- */

struct store_start { /* a row of pawl.execution */
    int64_t execution_id;
    int64_t definition_id;
    int64_t state_machine_id;
    const char *name; /* unique per state machine */
    int64_t started_us;
    int slot;          /* the owner */
    const char *trace; /* trace header, or NULL */
};

/* Each adds to the open batch. The events' texts are encoded at once: nothing is borrowed after the call. */
void store_add_start(struct store *s, const struct store_start *start);
void store_add_events(struct store *s, int64_t execution_id, int32_t seq, int64_t at_us, const char *state,
                      const struct event *list, size_t n);
void store_add_finish(struct store *s, const struct exec *ex); /* status, output, error, cause, stopped_at */
/* It is parked until wake_us, which may be CLOCK_NEVER, and nobody's. */
void store_add_parked(struct store *s, int64_t execution_id, int64_t wake_us);
void store_add_consumed(struct store *s, int64_t execution_id, int64_t inbox_id); /* deletes the inbox row */

size_t store_batch_size(const struct store *s); /* executions in the open batch */
size_t store_batch_bytes(
    const struct store *s); /* and their bytes: beyond 16 MB it takes several transactions */
bool store_committing(const struct store *s); /* a transaction is in flight */

enum store_outcome {
    STORE_COMMITTED, /* all but the guilty are durable */
    STORE_FENCED,    /* the lease is gone: nothing was written; forget everything */
    STORE_RETRYING,  /* refused for a while (disk full, a table locked, ...: store_retrying says why): nothing
                        was written; the store keeps the batch and tries again by itself; reported once, then
                        COMMITTED when it has worked */
    STORE_UNKNOWN,   /* the connection broke: perhaps written, perhaps not; down() follows */
};

struct store_guilty { /* an execution whose rows PostgreSQL refused for their data */
    int64_t execution_id;
    /* "23505" on constraint "execution_by_name": a start whose name is taken. "55P03": not guilty, but
     * another session has locked one of its rows for seconds */
    char sqlstate[6];
    char constraint[64]; /* "" when the error names none */
    const char *message;
};

typedef void (*store_commit_cb)(void *arg, enum store_outcome outcome, const struct store_guilty *guilty,
                                size_t nguilty);

/*
 * Sends the open batch as one implicit pipelined transaction (one Sync) that fails when lease (slot, epoch)
 * is gone. Only when !store_committing. A data error splits the batch until the guilty stand alone; the
 * others commit. An error that may be the server's own (out of memory, ...) does so only when it comes again
 * and again, and while the server takes other rows of the same size in the guilty one's stead.
 */
void store_commit(struct store *s, int slot, int64_t epoch, store_commit_cb cb, void *arg);

/* Since STORE_RETRYING and until the batch has ended otherwise: why, for people. Else NULL. */
const char *store_retrying(const struct store *s);

/*
 * Within the callback of STORE_RETRYING: an execution that is new in the batch is not to be written. False:
 * it has been, as part of a large batch.
 */
bool store_withdraw(struct store *s, int64_t execution_id);

/* Microseconds since the batch in flight was sent, for metrics; 0: none. */
int64_t store_commit_age(const struct store *s);

/* ---- questions and small writes on the second connection; each its own transaction ---- */

struct store_param { /* text format; value NULL is SQL NULL */
    const char *value;
};

struct store_result; /* rows of text */
int store_rows(const struct store_result *r);
const char *store_text(const struct store_result *r, int row, int col,
                       size_t *len);                               /* NULL: SQL NULL; len may be NULL */
int64_t store_int(const struct store_result *r, int row, int col); /* 0 for NULL */
int store_affected(const struct store_result *r);
/* A result lives while its callback runs; whoever needs it longer holds a reference. */
const struct store_result *store_result_ref(const struct store_result *r);
void store_result_unref(const struct store_result *r); /* NULL is allowed */

/* err NULL: worked. err->name is ERR_UNAVAILABLE (no connection; nothing happened or unknown), or
 * ERR_INTERNAL with sqlstate. */
typedef void (*store_cb)(void *arg, const struct store_result *r, const struct err *err,
                         const char *sqlstate);

/* sql is a constant string with $1...: prepared once per connection. Parameters are copied. */
void store_query(struct store *s, const char *sql, int nparams, const struct store_param *params, store_cb cb,
                 void *arg);

/* Forgets the callbacks of this arg: its owner goes away. */
void store_cancel(struct store *s, void *arg);

const char *store_int_text(char buf[24], int64_t n);
const char *store_time_text(char buf[40], int64_t us); /* for timestamptz parameters */
