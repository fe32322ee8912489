/*
 * Questions: many in flight on one pipelined connection, each with a Sync of its own so that the error of one
 * leaves the others alone.  Answers come in the order of asking.
 */
#include "run/store_priv.h"

#include <string.h>
#include <time.h>
#include <uthash.h>
#include <utlist.h>

enum {
    IN_FLIGHT_MAX = 32,  /* at the server; the rest waits here */
    WAITING_MAX = 20000, /* more are refused */
    PARAMS_MAX = 16,
};

struct question {
    const char *sql;
    int nparams;
    char *params[PARAMS_MAX]; /* into texts; NULL: SQL NULL */
    char *texts;
    store_cb cb; /* NULL: cancelled */
    void *arg;
    bool preparing; /* its first result is the preparation's */
    PGresult *result;
    char sqlstate[6];
    struct err err;
    struct question *prev, *next;
};

struct prepared {
    const char *sql; /* the caller's constant */
    char name[16];
    UT_hash_handle hh;
};

struct store_result {
    PGresult *rows;
    unsigned refs;
};

/* ---- asking ---- */

static struct question *question_new(const char *sql, int nparams, const struct store_param *params,
                                     store_cb cb, void *arg)
{
    struct question *q = mem_calloc(1, sizeof *q);
    size_t bytes = 0;

    PAWL_ASSERT(nparams <= PARAMS_MAX);
    for (int i = 0; i < nparams; i++)
        bytes += params[i].value ? strlen(params[i].value) + 1 : 0;
    q->sql = sql;
    q->nparams = nparams;
    q->cb = cb;
    q->arg = arg;
    q->texts = mem_alloc(bytes + 1);
    for (char *p = q->texts, **to = q->params; to < q->params + nparams; to++) {
        const char *value = params[to - q->params].value;
        size_t len = value ? strlen(value) + 1 : 0;
        *to = value ? memcpy(p, value, len) : NULL;
        p += len;
    }
    return q;
}

static void question_free(struct question *q)
{
    PQclear(q->result);
    free(q->texts);
    free(q);
}

void store_query(struct store *s, const char *sql, int nparams, const struct store_param *params, store_cb cb,
                 void *arg)
{
    struct asking *a = &s->asking;
    struct question *q = question_new(sql, nparams, params, cb, arg);

    if (s->up && a->nwaiting < WAITING_MAX) {
        DL_APPEND(a->waiting, q);
        a->nwaiting++;
        asking_pump(s);
        return;
    }
    err_set(&q->err, ERR_UNAVAILABLE,
            s->up ? "too many questions wait for the database" : "the database is not reachable: %s",
            *s->why ? s->why : "not connected yet");
    DL_APPEND(a->refused, q);
    store_defer(s);
}

static struct prepared *prepare(struct store *s, struct question *q)
{
    struct asking *a = &s->asking;
    struct prepared *p;

    HASH_FIND_STR(a->prepared, q->sql, p);
    if (p)
        return p;
    p = mem_calloc(1, sizeof *p);
    p->sql = q->sql;
    snprintf(p->name, sizeof p->name, "q%u", a->next_name++);
    HASH_ADD_KEYPTR(hh, a->prepared, p->sql, strlen(p->sql), p);
    conn_prepare(s->ask, p->name, p->sql);
    q->preparing = true;
    return p;
}

static void forget_prepared(struct asking *a, const char *sql)
{
    struct prepared *p;

    HASH_FIND_STR(a->prepared, sql, p);
    if (p) {
        HASH_DEL(a->prepared, p);
        free(p);
    }
}

void asking_pump(struct store *s)
{
    struct asking *a = &s->asking;

    while (a->waiting && a->nsent < IN_FLIGHT_MAX && conn_is_ready(s->ask)) {
        struct question *q = a->waiting;
        DL_DELETE(a->waiting, q);
        a->nwaiting--;
        DL_APPEND(a->sent, q);
        a->nsent++;
        conn_execute(s->ask, prepare(s, q)->name, q->nparams, (const char *const *)q->params, NULL, false);
        conn_sync(s->ask);
    }
}

/* ---- answers ---- */

static void answer(struct question *q)
{
    if (!q->cb) {
        question_free(q);
        return;
    }
    if (q->err.name) {
        q->cb(q->arg, NULL, &q->err, q->sqlstate);
    } else {
        struct store_result *r = mem_alloc(sizeof *r);
        *r = (struct store_result){.rows = q->result, .refs = 1};
        q->result = NULL;
        q->cb(q->arg, r, NULL, "");
        store_result_unref(r);
    }
    question_free(q);
}

/*
 * Out of room, of connections, of locks, cancelled, shutting down: none of it the question's fault.  An error
 * without a code is libpq's own: the connection broke before the answer.
 */
static bool is_weather(const char *sqlstate)
{
    static const char *const CLASSES[] = {"53", "57", "58", "08", "40", "55"};

    if (!sqlstate[0])
        return true;
    for (size_t i = 0; i < sizeof CLASSES / sizeof *CLASSES; i++)
        if (!strncmp(sqlstate, CLASSES[i], 2))
            return true;
    return false;
}

/* The prepared statement is gone, or a migration has changed what it returns: the next time it is prepared
 * anew. */
static bool is_stale(const char *sqlstate)
{
    return !strcmp(sqlstate, "26000") || !strcmp(sqlstate, "0A000");
}

static void note_error(struct asking *a, struct question *q, const PGresult *r)
{
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    if (q->err.name)
        return;
    snprintf(q->sqlstate, sizeof q->sqlstate, "%s", conn_sqlstate(r));
    if ((q->preparing && !q->result) || is_stale(q->sqlstate))
        forget_prepared(a, q->sql);
    err_set(&q->err, is_weather(q->sqlstate) || is_stale(q->sqlstate) ? ERR_UNAVAILABLE : ERR_INTERNAL, "%s",
            message ? message : PQresultErrorMessage(r));
}

void asking_result(struct store *s, PGresult *r)
{
    struct asking *a = &s->asking;
    struct question *q = a->sent;

    PAWL_ASSERT(q);
    if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
        PQclear(r);
        DL_DELETE(a->sent, q);
        a->nsent--;
        asking_pump(s);
        answer(q);
        return;
    }
    if (conn_failed(r)) {
        note_error(a, q, r);
        PQclear(r);
        return;
    }
    PQclear(q->result);
    q->result = r;
}

/* Those who are refused now; a callback may ask anew, cancel others or close the store. */
void asking_refuse(struct store *s)
{
    struct asking *a = &s->asking;
    struct question *last = a->refused ? a->refused->prev : NULL;

    for (bool more = last; more && a->refused;) {
        struct question *q = a->refused;
        more = q != last;
        DL_DELETE(a->refused, q);
        answer(q);
    }
    if (a->refused)
        store_defer(s);
}

static void forget_all_prepared(struct asking *a)
{
    struct prepared *p, *next;

    HASH_ITER (hh, a->prepared, p, next) {
        HASH_DEL(a->prepared, p);
        free(p);
    }
}

void asking_abandon(struct store *s, const char *why)
{
    struct asking *a = &s->asking;
    struct question *all = a->sent, *q;

    DL_CONCAT(all, a->waiting);
    a->sent = a->waiting = NULL;
    a->nsent = a->nwaiting = 0;
    forget_all_prepared(a);
    DL_FOREACH (all, q)
        if (!q->err.name)
            err_set(&q->err, ERR_UNAVAILABLE, "the database is not reachable: %s", why);
    DL_CONCAT(a->refused, all);
    asking_refuse(s);
}

static void cancel_list(struct question *list, void *arg)
{
    struct question *q;

    DL_FOREACH (list, q)
        if (q->arg == arg)
            q->cb = NULL;
}

void store_cancel(struct store *s, void *arg)
{
    cancel_list(s->asking.waiting, arg);
    cancel_list(s->asking.sent, arg);
    cancel_list(s->asking.refused, arg);
}

static void free_list(struct question **list)
{
    struct question *q, *next;

    DL_FOREACH_SAFE (*list, q, next)
        question_free(q);
    *list = NULL;
}

void asking_fini(struct store *s)
{
    free_list(&s->asking.waiting);
    free_list(&s->asking.sent);
    free_list(&s->asking.refused);
    forget_all_prepared(&s->asking);
}

/* ---- results ---- */

const struct store_result *store_result_ref(const struct store_result *r)
{
    ((struct store_result *)r)->refs++;
    return r;
}

void store_result_unref(const struct store_result *r)
{
    struct store_result *own = (struct store_result *)r;

    if (!own || --own->refs)
        return;
    PQclear(own->rows);
    free(own);
}

int store_rows(const struct store_result *r)
{
    return PQntuples(r->rows);
}

const char *store_text(const struct store_result *r, int row, int col, size_t *len)
{
    bool null = PQgetisnull(r->rows, row, col);

    if (len)
        *len = null ? 0 : (size_t)PQgetlength(r->rows, row, col);
    return null ? NULL : PQgetvalue(r->rows, row, col);
}

int64_t store_int(const struct store_result *r, int row, int col)
{
    return strtoll(PQgetvalue(r->rows, row, col), NULL, 10);
}

int store_affected(const struct store_result *r)
{
    return atoi(PQcmdTuples(r->rows));
}

const char *store_int_text(char buf[24], int64_t n)
{
    snprintf(buf, 24, "%lld", (long long)n);
    return buf;
}

const char *store_time_text(char buf[40], int64_t us)
{
    time_t seconds = (time_t)(us / 1000000 - (us % 1000000 < 0));
    struct tm tm;

    gmtime_r(&seconds, &tm);
    size_t n = strftime(buf, 40, "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(buf + n, 40 - n, ".%06d+00", (int)(us - (int64_t)seconds * 1000000));
    return buf;
}
