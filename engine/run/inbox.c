#include "run/inbox.h"

#include "asl/token.h"
#include "run/log.h"

#include <string.h>
#include <uthash.h>

enum { POLL_MS = 1000, SWEEP_POLLS = 30, DRAIN_LIMIT = 500 };

struct delivered { /* a message that the reactor has, and that has not been consumed yet */
    int64_t inbox_id;
    unsigned seen; /* the poll that found it last */
    UT_hash_handle hh;
};

struct inbox {
    struct store *store;
    void (*got)(void *arg, const struct inbox_message *m);
    void *arg;
    uv_timer_t *timer; /* on the heap: it outlives its closing */
    int slot;          /* 0: none */
    int64_t epoch;
    unsigned tenure; /* counts owners and forgettings: an answer to an older question is not for us */
    unsigned asked;  /* the tenure of the poll under way */
    unsigned polls;
    bool polling, again; /* a NOTIFY came while a poll was under way */
    bool more;           /* the last poll was cut at DRAIN_LIMIT */
    struct delivered *delivered;
};

/* ---- what has been delivered ---- */

static bool is_new(struct inbox *i, int64_t inbox_id)
{
    struct delivered *d;

    HASH_FIND(hh, i->delivered, &inbox_id, sizeof inbox_id, d);
    if (d) {
        d->seen = i->polls;
        return false;
    }
    d = mem_calloc(1, sizeof *d);
    d->inbox_id = inbox_id;
    d->seen = i->polls;
    HASH_ADD(hh, i->delivered, inbox_id, sizeof d->inbox_id, d);
    return true;
}

/* What a poll did not find any more has been consumed; last: the poll was cut there. */
static void forget_consumed(struct inbox *i, int64_t last)
{
    struct delivered *d, *next;

    HASH_ITER (hh, i->delivered, d, next) {
        if (d->seen == i->polls || d->inbox_id > last)
            continue;
        HASH_DEL(i->delivered, d);
        free(d);
    }
}

void inbox_again(struct inbox *i, int64_t inbox_id)
{
    struct delivered *d;

    HASH_FIND(hh, i->delivered, &inbox_id, sizeof inbox_id, d);
    if (!d)
        return;
    HASH_DEL(i->delivered, d);
    free(d);
}

void inbox_forget(struct inbox *i)
{
    struct delivered *d, *next;

    i->tenure++;
    HASH_ITER (hh, i->delivered, d, next) {
        HASH_DEL(i->delivered, d);
        free(d);
    }
}

/* ---- from rows to messages ---- */

/* The columns of pawl.inbox_drain, and the secret of tokens where a row needs it. */
enum {
    INBOX_ID,
    EXECUTION_ID,
    COMMAND,
    EVENT_ID,
    DATA,
    ERROR,
    CAUSE,
    TOKEN,
    DEFINITION_ID,
    NAME,
    STARTED_US,
    TOKEN_KEY
};

static const char *const COMMANDS[] = {[INBOX_START] = "start",
                                       [INBOX_STOP] = "stop",
                                       [INBOX_TASK_SUCCESS] = "task_success",
                                       [INBOX_TASK_FAILURE] = "task_failure",
                                       [INBOX_TASK_HEARTBEAT] = "task_heartbeat"};

static enum inbox_command command_of(const char *text)
{
    size_t n = sizeof COMMANDS / sizeof *COMMANDS, c = 0;

    while (c < n && strcmp(COMMANDS[c], text) != 0)
        c++;
    PAWL_ASSERT(c < n); /* the table's CHECK */
    return (enum inbox_command)c;
}

/* A token that came by SQL is checked here; the other doors have checked theirs. */
static bool token_holds(const struct store_result *r, int row)
{
    unsigned char key[TOKEN_KEY_BYTES] = {0};
    int64_t execution_id;
    int32_t event_id;
    size_t len;
    const char *token = store_text(r, row, TOKEN, &len), *hex = store_text(r, row, TOKEN_KEY, NULL);

    if (!token)
        return true;
    for (size_t i = 0; hex && i < sizeof key && strlen(hex) == 2 * sizeof key; i++)
        sscanf(hex + 2 * i, "%2hhx", &key[i]);
    return token_read(token, len, key, &execution_id, &event_id, NULL) == 0 &&
           execution_id == store_int(r, row, EXECUTION_ID) && event_id == store_int(r, row, EVENT_ID);
}

/* What the doors would have refused; written into the table by hand. */
static const char *flaw(const struct store_result *r, int row)
{
    size_t len;
    const char *data = store_text(r, row, DATA, &len);
    enum inbox_command command = command_of(store_text(r, row, COMMAND, NULL));

    if (!token_holds(r, row))
        return "the task token is not valid";
    if (data && (len > VALUE_BYTES_MAX || js_scan(data, len, NULL) < 0))
        return "the payload is too large, too deep, or no JSON";
    return !data && (command == INBOX_TASK_SUCCESS || command == INBOX_START) ? "it has no payload" : NULL;
}

static void on_dropped(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
}

static void drop(struct inbox *i, int64_t inbox_id)
{
    char id[24];

    store_query(i->store, "DELETE FROM pawl.inbox WHERE inbox_id = $1::bigint", 1,
                &(struct store_param){store_int_text(id, inbox_id)}, on_dropped, i);
}

static void deliver(struct inbox *i, const struct store_result *r, int row)
{
    struct inbox_message m = {.inbox_id = store_int(r, row, INBOX_ID),
                              .execution_id = store_int(r, row, EXECUTION_ID),
                              .command = command_of(store_text(r, row, COMMAND, NULL)),
                              .event_id = (int32_t)store_int(r, row, EVENT_ID),
                              .error = store_text(r, row, ERROR, NULL),
                              .cause = store_text(r, row, CAUSE, NULL),
                              .definition_id = store_int(r, row, DEFINITION_ID),
                              .name = store_text(r, row, NAME, NULL),
                              .started_us = store_int(r, row, STARTED_US)};

    m.data = store_text(r, row, DATA, &m.data_len);
    if (!is_new(i, m.inbox_id))
        return;
    const char *why = flaw(r, row);
    if (!why || m.command == INBOX_START) {
        m.flaw = why;
        i->got(i->arg, &m);
        return;
    }
    log_warn("command dropped", "exec=%lld inbox=%lld why=\"%s\"", (long long)m.execution_id,
             (long long)m.inbox_id, why);
    drop(i, m.inbox_id);
}

/* ---- polling ---- */

static void on_polled(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct inbox *i = arg;
    unsigned tenure = i->asked;

    i->polling = false;
    if (err && err->name != ERR_UNAVAILABLE)
        log_warn("inbox cannot be read", "sqlstate=%s", sqlstate);
    if (!err && tenure == i->tenure) {
        int rows = store_rows(r);
        i->polls++;
        for (int row = 0; row < rows && tenure == i->tenure; row++)
            deliver(i, r, row);
        i->more = rows == DRAIN_LIMIT;
        if (tenure == i->tenure)
            forget_consumed(i, rows < DRAIN_LIMIT ? INT64_MAX : store_int(r, rows - 1, INBOX_ID));
    }
    if (i->again)
        inbox_poll(i);
}

void inbox_poll(struct inbox *i)
{
    char slot[24], epoch[24], limit[24];

    if (!i->slot)
        return;
    i->again = i->polling;
    if (i->polling)
        return;
    i->asked = i->tenure;
    i->polling = true;
    store_query(i->store,
                "SELECT d.*, CASE WHEN d.token IS NOT NULL"
                " THEN (SELECT value FROM pawl.setting WHERE name = 'token_key') END"
                " FROM pawl.inbox_drain($1::int, $2::bigint, $3::int) d",
                3,
                (struct store_param[]){{store_int_text(slot, i->slot)},
                                       {store_int_text(epoch, i->epoch)},
                                       {store_int_text(limit, DRAIN_LIMIT)}},
                on_polled, i);
}

void inbox_consumed(struct inbox *i)
{
    if (i->more)
        inbox_poll(i);
}

static void on_swept(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
}

static void on_timer(uv_timer_t *timer)
{
    struct inbox *i = timer->data;

    inbox_poll(i);
    if (i->slot && i->polls % SWEEP_POLLS == 0)
        store_query(i->store, "SELECT pawl.inbox_sweep()", 0, NULL, on_swept, i);
}

void inbox_owner(struct inbox *i, int slot, int64_t epoch)
{
    inbox_forget(i);
    i->slot = slot;
    i->epoch = epoch;
    if (slot) {
        uv_timer_start(i->timer, on_timer, POLL_MS, POLL_MS);
        inbox_poll(i);
    } else {
        uv_timer_stop(i->timer);
    }
}

/* ---- life ---- */

struct inbox *inbox_open(uv_loop_t *loop, struct store *s,
                         void (*got)(void *arg, const struct inbox_message *m), void *arg)
{
    struct inbox *i = mem_calloc(1, sizeof *i);

    *i = (struct inbox){.store = s, .got = got, .arg = arg, .timer = mem_calloc(1, sizeof *i->timer)};
    uv_timer_init(loop, i->timer);
    i->timer->data = i;
    return i;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void inbox_free(struct inbox *i)
{
    inbox_forget(i);
    store_cancel(i->store, i);
    uv_timer_stop(i->timer);
    uv_close((uv_handle_t *)i->timer, free_handle);
    free(i);
}

/* ---- sending ---- */

void inbox_send(struct store *s, int64_t execution_id, enum inbox_command command, int32_t event_id,
                const char *data, const char *error, const char *cause, store_cb cb, void *arg)
{
    char id[24], event[24];

    store_query(s,
                "WITH wish AS (INSERT INTO pawl.inbox (execution_id, command, event_id, data, error, cause)"
                " VALUES ($1::bigint, $2, $3::int, $4::json, $5, $6) RETURNING inbox_id)"
                " SELECT inbox_id, pg_notify('pawl_inbox', '') FROM wish",
                6,
                (struct store_param[]){{store_int_text(id, execution_id)},
                                       {COMMANDS[command]},
                                       {event_id ? store_int_text(event, event_id) : NULL},
                                       {data},
                                       {error},
                                       {cause}},
                cb, arg);
}
