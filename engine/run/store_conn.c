/* One pipelined libpq connection on the loop: connects without blocking, queues, flushes, hands out results.
 */
#include "run/store_priv.h"

#include <string.h>

enum { CONNECT_TIMEOUT_MS = 15000 };

enum conn_state { CONN_CLOSED, CONN_CONNECTING, CONN_SETTING_UP, CONN_READY };

struct conn {
    uv_loop_t *loop;
    char *conninfo;
    const struct conn_config *config;
    struct conn_events events;
    enum conn_state state;
    PGconn *pg;
    uv_poll_t *poll;   /* of the current socket; on the heap, because it outlives its closing */
    uv_timer_t *timer; /* bounds connecting; and wakes the loop for a failure found in a call */
    unsigned life;     /* counts closings: tells a callback's caller that the ground has moved */
    unsigned awaited;  /* Syncs that have not come back */
    bool broken;       /* a call failed: lost() follows from the loop */
    bool want_write;
    char why[256];
    char last_words[200]; /* of the server */
};

static void on_poll(uv_poll_t *handle, int status, int events);
static void on_timer(uv_timer_t *timer);

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

/* The timer's closing is the connection's end: until then those who called us may look at it. */
static void free_conn(uv_handle_t *timer)
{
    free(timer->data);
    free(timer);
}

/* ---- the socket ---- */

static void unwatch(struct conn *c)
{
    if (!c->poll)
        return;
    c->poll->data = NULL;
    uv_poll_stop(c->poll);
    uv_close((uv_handle_t *)c->poll, free_handle);
    c->poll = NULL;
}

static int watch(struct conn *c, int events)
{
    if (!c->poll) {
        c->poll = mem_calloc(1, sizeof *c->poll);
        if (uv_poll_init(c->loop, c->poll, PQsocket(c->pg)) < 0) {
            free(c->poll);
            c->poll = NULL;
            return -1;
        }
        c->poll->data = c;
    }
    return uv_poll_start(c->poll, events, on_poll);
}

/* ---- life ---- */

struct conn *conn_new(uv_loop_t *loop, const struct conn_config *config, const struct conn_events *events)
{
    struct conn *c = mem_calloc(1, sizeof *c);

    *c = (struct conn){
        .loop = loop, .config = config, .events = *events, .timer = mem_calloc(1, sizeof *c->timer)};
    uv_timer_init(loop, c->timer);
    c->timer->data = c;
    return c;
}

void conn_aim(struct conn *c, const char *conninfo)
{
    PAWL_ASSERT(!c->conninfo);
    c->conninfo = mem_strndup(conninfo, strlen(conninfo));
}

void conn_close(struct conn *c)
{
    unwatch(c);
    uv_timer_stop(c->timer);
    PQfinish(c->pg);
    c->pg = NULL;
    c->state = CONN_CLOSED;
    c->awaited = 0;
    c->broken = c->want_write = false;
    c->life++;
}

void conn_free(struct conn *c)
{
    conn_close(c);
    uv_close((uv_handle_t *)c->timer, free_conn);
    free(c->conninfo);
    c->conninfo = NULL;
}

bool conn_is_ready(const struct conn *c)
{
    return c->state == CONN_READY && !c->broken;
}

int conn_backend(const struct conn *c)
{
    return c->pg ? PQbackendPID(c->pg) : 0;
}

static void lose(struct conn *c, const char *why)
{
    if (*c->last_words)
        why = c->last_words;
    snprintf(c->why, sizeof c->why, "%s", why && *why ? why : "connection lost");
    *c->last_words = '\0';
    c->why[strcspn(c->why, "\n")] = '\0';
    conn_close(c);
    c->events.lost(c->events.arg, c->why);
}

/* For failures found while somebody calls us: lost() comes from the loop. */
static void break_later(struct conn *c)
{
    if (c->broken)
        return;
    c->broken = true;
    uv_timer_start(c->timer, on_timer, 0, 0);
}

void conn_break(struct conn *c, const char *why)
{
    snprintf(c->last_words, sizeof c->last_words, "%s", why);
    break_later(c);
}

static void on_timer(uv_timer_t *timer)
{
    struct conn *c = timer->data;

    if (c->broken)
        lose(c, PQerrorMessage(c->pg));
    else
        lose(c, "no answer from the server within 15 seconds");
}

/* ---- connecting ---- */

/* Why the server ended an idle session comes as a notice; other notices are of no interest. */
static void on_notice(void *arg, const PGresult *r)
{
    struct conn *c = arg;
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    if (severity && message && !strcmp(severity, "FATAL"))
        snprintf(c->last_words, sizeof c->last_words, "%s", message);
}

static void flush(struct conn *c);

static void set_up(struct conn *c)
{
    bool ok = PQsetnonblocking(c->pg, 1) == 0 && PQenterPipelineMode(c->pg);

    c->state = CONN_SETTING_UP;
    for (const char *const *sql = c->config->setup; ok && *sql; sql++)
        ok = PQsendQueryParams(c->pg, *sql, 0, NULL, NULL, NULL, NULL, 0);
    for (const struct conn_statement *s = c->config->statements; ok && s->name; s++)
        ok = PQsendPrepare(c->pg, s->name, s->sql, 0, NULL);
    if (!ok) {
        lose(c, PQerrorMessage(c->pg));
        return;
    }
    conn_sync(c);
}

/* The socket may become another one at each step: it is watched anew. */
static void step_connecting(struct conn *c)
{
    unwatch(c);
    switch (PQconnectPoll(c->pg)) {
    case PGRES_POLLING_READING:
        if (watch(c, UV_READABLE) < 0)
            lose(c, "cannot watch the socket");
        break;
    case PGRES_POLLING_WRITING:
        if (watch(c, UV_WRITABLE) < 0)
            lose(c, "cannot watch the socket");
        break;
    case PGRES_POLLING_OK:
        set_up(c);
        break;
    default:
        lose(c, PQerrorMessage(c->pg));
    }
}

void conn_connect(struct conn *c)
{
    const char *keys[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
    char name[64];
    const char *values[] = {c->conninfo, name, "UTF8", NULL};

    PAWL_ASSERT(c->state == CONN_CLOSED);
    snprintf(name, sizeof name, "pawld %s", c->config->role);
    c->state = CONN_CONNECTING;
    c->pg = PQconnectStartParams(keys, values, 1);
    PAWL_ASSERT(c->pg);
    PQsetNoticeReceiver(c->pg, on_notice, c);
    if (PQstatus(c->pg) == CONNECTION_BAD) {
        break_later(c);
        return;
    }
    uv_timer_start(c->timer, on_timer, CONNECT_TIMEOUT_MS, 0);
    if (watch(c, UV_WRITABLE) < 0)
        break_later(c);
}

/* ---- results ---- */

const char *conn_sqlstate(const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    return state ? state : "";
}

bool conn_failed(const PGresult *r)
{
    ExecStatusType s = PQresultStatus(r);
    return s == PGRES_FATAL_ERROR || s == PGRES_BAD_RESPONSE;
}

static void setting_up(struct conn *c, PGresult *r)
{
    bool done = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
    char why[256] = "";

    if (conn_failed(r))
        snprintf(why, sizeof why, "%s", PQresultErrorMessage(r));
    PQclear(r);
    if (*why) {
        lose(c, why);
    } else if (done) {
        uv_timer_stop(c->timer);
        c->state = CONN_READY;
        c->events.ready(c->events.arg);
    }
}

/* Hands out what has arrived. False: the connection was closed by one of those who got something. */
static bool drain(struct conn *c)
{
    unsigned life = c->life;

    while (c->awaited && !PQisBusy(c->pg)) {
        PGresult *r = PQgetResult(c->pg);
        if (!r && PQstatus(c->pg) == CONNECTION_BAD)
            break;
        if (!r)
            continue;
        c->awaited -= PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        if (c->state == CONN_SETTING_UP)
            setting_up(c, r);
        else
            c->events.result(c->events.arg, r);
        if (c->life != life)
            return false;
    }
    for (PGnotify *n; (n = PQnotifies(c->pg));) {
        c->events.notified(c->events.arg, n->relname, n->extra);
        PQfreemem(n);
        if (c->life != life)
            return false;
    }
    return true;
}

static void flush(struct conn *c)
{
    int left = PQflush(c->pg);

    if (left < 0) {
        break_later(c);
        return;
    }
    if (!c->poll || c->want_write != (left > 0)) {
        c->want_write = left > 0;
        if (watch(c, UV_READABLE | (left ? UV_WRITABLE : 0)) < 0)
            break_later(c);
    }
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct conn *c = handle->data;

    if (!c || c->broken)
        return;
    if (c->state == CONN_CONNECTING) {
        step_connecting(c);
        return;
    }
    /* An error of the socket shows in the read: what the server said before it went away is still there. */
    bool alive = (status == 0 && !(events & UV_READABLE)) || PQconsumeInput(c->pg);
    if (!drain(c) || c->broken)
        return;
    if (!alive || PQstatus(c->pg) == CONNECTION_BAD)
        lose(c, PQerrorMessage(c->pg));
    else
        flush(c);
}

/* ---- queueing ---- */

void conn_prepare(struct conn *c, const char *name, const char *sql)
{
    if (!PQsendPrepare(c->pg, name, sql, 0, NULL))
        break_later(c);
}

void conn_execute(struct conn *c, const char *name, int n, const char *const *values, const int *lengths,
                  bool binary)
{
    int formats[BATCH_COLUMNS_MAX + 4];

    PAWL_ASSERT(n <= (int)(sizeof formats / sizeof *formats));
    for (int i = 0; i < n; i++)
        formats[i] = binary;
    if (!PQsendQueryPrepared(c->pg, name, n, values, lengths, formats, 0))
        break_later(c);
}

void conn_sync(struct conn *c)
{
    c->awaited++;
    if (!PQpipelineSync(c->pg))
        break_later(c);
    else
        flush(c);
}
