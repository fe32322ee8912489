/*
 * store_priv.h -- the parts of the store, for its own files.
 *
 * store.c           life of the two connections: up, down, up again
 * store_conn.c      one pipelined libpq connection on the loop
 * store_query.c     questions and small writes
 * store_batch.c     a tick's rows as binary arrays, any part of which can be sent
 * store_commit.c    the transaction: send, judge, try again, split
 * store_migrate.c   the schema, at start
 */
#pragma once

#include "run/store.h"

#include <libpq-fe.h>

/* ---- the schema's files, generated from schema/ ---- */

struct schema_file {
    const char *name; /* "migrations/0001_catalog.sql"; sorted: functions, migrations, views */
    const char *text;
};
extern const struct schema_file SCHEMA_FILES[]; /* ends with a NULL name */

/* ---- store_conn.c ---- */

struct conn_statement {
    const char *name, *sql;
};

struct conn_config {
    const char *role; /* for logs, and the application_name unless the conninfo gives one: "write", "ask" */
    const char *const *setup;                /* statements run first; NULL-terminated */
    const struct conn_statement *statements; /* prepared next; ends with a NULL name */
};

struct conn_events {
    void (*ready)(void *arg);
    void (*lost)(void *arg,
                 const char *why); /* the connection is closed already; never from within a call of ours */
    void (*result)(void *arg, PGresult *r); /* taken; PGRES_PIPELINE_SYNC ends what one conn_sync began */
    void (*notified)(void *arg, const char *channel, const char *payload);
    void *arg;
};

struct conn; /* one connection; made once, connected again and again */
struct conn *conn_new(uv_loop_t *loop, const struct conn_config *config, const struct conn_events *events);
void conn_aim(struct conn *c, const char *conninfo); /* once, before conn_connect */
void conn_free(struct conn *c);    /* closes; memory goes when the loop has closed the handles */
void conn_connect(struct conn *c); /* ready() or lost() follows */
void conn_close(struct conn *c);   /* without lost() */
void conn_break(struct conn *c, const char *why); /* lost() follows from the loop */
bool conn_is_ready(const struct conn *c);
int conn_backend(const struct conn *c); /* process id at the server; 0: not connected */

/* Queue into the pipeline. A failure makes the connection lost, from the loop. Only when ready. */
void conn_prepare(struct conn *c, const char *name, const char *sql);
void conn_execute(struct conn *c, const char *name, int n, const char *const *values, const int *lengths,
                  bool binary);
void conn_sync(struct conn *c); /* ends a transaction and sends */

/* The SQLSTATE of a result that is an error, "" else. */
const char *conn_sqlstate(const PGresult *r);
bool conn_failed(const PGresult *r);

/* ---- store_batch.c ---- */

enum batch_table { BATCH_EXECUTION, BATCH_JOURNAL, BATCH_FINISH, BATCH_PARKED, BATCH_CONSUMED, BATCH_TABLES };
enum { BATCH_COLUMNS_MAX = 12 };

struct column { /* a one-dimensional array as PostgreSQL's binary format has it: 20 bytes of header, then
                   elements */
    struct js_buf data;
};

struct batch_rows { /* what goes into one table */
    struct column columns[BATCH_COLUMNS_MAX];
    size_t *spans;   /* where each row's bytes begin: rows * columns */
    uint32_t *units; /* whose each row is */
    size_t n, cap;
};

struct batch_unit { /* one execution: what a split never divides */
    int64_t execution_id;
    size_t bytes;
    bool withdrawn; /* not to be written any more */
    size_t start;   /* 1 + index of its start that is not encoded yet; 0: none */
};

struct batch_start {
    struct store_start row; /* texts are offsets into batch.texts */
    size_t name, trace;     /* trace: 0 means none */
};

struct batch {
    struct batch_rows rows[BATCH_TABLES];
    struct batch_unit *units;
    size_t nunits, cap_units;
    uint32_t *index; /* hash of execution_id to 1 + unit; cap_index is a power of two */
    size_t cap_index;
    struct batch_start
        *starts; /* in the order of their coming: encoded with their end, or when the batch is sealed */
    size_t nstarts, cap_starts;
    struct js_buf texts; /* of the starts */
    bool withdrawn;      /* some unit is: only parts of the batch can be sent */
};

void batch_fini(struct batch *b);
void batch_clear(struct batch *b);                             /* keeps modest buffers for the next tick */
void batch_seal(struct batch *b);                              /* after the last addition */
int64_t batch_withdraw(struct batch *b, int64_t execution_id); /* its unit, or -1: it has none */
size_t batch_bytes(const struct batch *b, size_t from, size_t to);

/* The rows of units from..to-1 that go into table t, copied into part (cleared first). */
void batch_part(const struct batch *b, enum batch_table t, uint32_t from, uint32_t to,
                struct batch_rows *part);
void batch_rows_fini(struct batch_rows *r);
int batch_columns(enum batch_table t);
/* Rows for a trial: each JSON text becomes an empty array of the same length. No rows: of none. */
void batch_rows_blank(struct batch_rows *r, enum batch_table t);
/* Writes the element counts into the headers: the arrays are ready to be sent. */
void batch_rows_finish(struct batch_rows *r, enum batch_table t);

/* ---- store_commit.c ---- */

struct range { /* units that are sent as one transaction */
    uint32_t from, to;
    unsigned tries; /* of a single unit: refused so often while its trials went well */
};

struct verdict {      /* what became of the transaction in flight */
    unsigned results; /* statements answered */
    int failed;       /* the statement that failed first, or -1 */
    char sqlstate[6];
    char message[512];
    char constraint[64];
};

struct commit {
    struct batch batches[2];
    struct batch *open, *sent; /* sent NULL: nothing under way */
    int slot;
    int64_t epoch;
    store_commit_cb cb;
    void *arg;
    struct range *ranges; /* what is still to be committed, the next one last */
    size_t nranges, cap_ranges;
    struct range current;
    bool in_flight;    /* current is at the server; else it waits for the timer */
    bool sends_starts; /* current has rows for pawl.execution: its second statement */
    bool told_retrying;
    char why[256];     /* what was told */
    bool sifting;      /* split in doubt already */
    unsigned refusals; /* in a row: since the last try that worked */
    uint64_t sent_ns;
    int statements; /* of the transaction in flight */
    struct verdict verdict;
    bool on_trial;         /* the transaction in flight is a trial */
    struct verdict charge; /* and this is what for */
    struct batch_rows part[BATCH_TABLES];
    struct store_guilty *guilty;
    size_t nguilty, cap_guilty;
};

extern const struct conn_statement COMMIT_STATEMENTS[];

void commit_init(struct store *s);
void commit_fini(struct store *s);
void commit_result(struct store *s, PGresult *r);
void commit_abandon(
    struct store *s); /* the connection is gone: STORE_UNKNOWN, and the open batch is forgotten */

/* ---- store_query.c ---- */

struct question;
struct asking {
    struct question *waiting; /* not sent yet (utlist) */
    struct question *sent;    /* at the server, in order */
    struct question *refused; /* to be answered from the loop */
    size_t nsent, nwaiting;
    struct prepared *prepared; /* uthash by text */
    unsigned next_name;
};

void asking_fini(struct store *s);
void asking_pump(struct store *s); /* sends what may be sent */
void asking_result(struct store *s, PGresult *r);
void asking_abandon(struct store *s, const char *why); /* ERR_UNAVAILABLE to all that wait */
void asking_refuse(struct store *s);                   /* answers the refused */

/* ---- store.c ---- */

struct store {
    uv_loop_t *loop;
    struct store_events events;
    struct conn *write, *ask;
    struct commit commit;
    struct asking asking;
    uv_timer_t reconnect, retry;
    uv_idle_t deferred; /* runs while something has to be answered from the loop */
    bool up, closing;
    bool commit_refused; /* store_commit came while down */
    unsigned delay_ms;   /* before the next attempt to connect */
    char why[256];       /* the last reason for being down, to log each once */
    int closing_handles;
};

void store_defer(struct store *s); /* the loop calls back: refused questions and commits */
