/* The store's life: two connections that stand or fall together, and come back by themselves. */
#include "run/store_priv.h"

#include "run/log.h"

#include <string.h>

enum { RECONNECT_FIRST_MS = 100, RECONNECT_LAST_MS = 1000, HANDLES = 3 };

/*
 * The statements that join against unnest are planned on an empty table and kept: the plans that would be
 * wrong for a full one are switched off.  A commit is durable when it is acknowledged, whatever the server's
 * default.
 */
static const char *const WRITE_SETUP[] = {
    "SELECT set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', "
    "'local')"
    " THEN 'on' ELSE current_setting('synchronous_commit') END, false),"
    " set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false),"
    " set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),"
    " set_config('jit', 'off', false), set_config('lock_timeout', '250ms', false),"
    " set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', "
    "false)",
    NULL};

/* Questions are short: what takes longer than this would hold up those behind it. */
static const char *const ASK_SETUP[] = {
    "SELECT set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', "
    "'local')"
    " THEN 'on' ELSE current_setting('synchronous_commit') END, false),"
    " set_config('jit', 'off', false), set_config('enable_seqscan', 'off', false), "
    "set_config('lock_timeout', '2s', false),"
    " set_config('statement_timeout', '5s', false)",
    "LISTEN pawl_inbox", "LISTEN pawl_catalog", NULL};

static const struct conn_statement NO_STATEMENTS[] = {{NULL, NULL}};
static const struct conn_config WRITE = {"write", WRITE_SETUP, COMMIT_STATEMENTS};
static const struct conn_config ASK = {"ask", ASK_SETUP, NO_STATEMENTS};

/* ---- up and down ---- */

static void connect_both(struct store *s)
{
    conn_connect(s->write);
    conn_connect(s->ask);
}

static void on_reconnect(uv_timer_t *timer)
{
    connect_both(timer->data);
}

static void on_ready(void *arg)
{
    struct store *s = arg;

    if (!conn_is_ready(s->write) || !conn_is_ready(s->ask))
        return;
    if (*s->why)
        log_info("database reached", NULL);
    s->up = true;
    s->delay_ms = RECONNECT_FIRST_MS;
    *s->why = '\0';
    s->events.up(s->events.arg);
}

/* The connections fall together: a reactor that writes without hearing, or hears without writing, helps
 * nobody. */
static void on_lost(void *arg, const char *why)
{
    struct store *s = arg;
    bool was_up = s->up;

    if (strcmp(s->why, why)) {
        char quoted[512];
        snprintf(s->why, sizeof s->why, "%s", why);
        log_warn(was_up ? "database lost" : "database not reachable", "why=%s",
                 log_quote(quoted, sizeof quoted, why));
    }
    s->up = false;
    conn_close(s->write);
    conn_close(s->ask);
    uv_timer_start(&s->reconnect, on_reconnect, s->delay_ms, 0);
    s->delay_ms = 2 * s->delay_ms < RECONNECT_LAST_MS ? 2 * s->delay_ms : RECONNECT_LAST_MS;
    if (!was_up)
        return;
    commit_abandon(s);
    if (!s->closing)
        asking_abandon(s, s->why);
    if (!s->closing)
        s->events.down(s->events.arg, s->why);
}

static void on_write_result(void *arg, PGresult *r)
{
    commit_result(arg, r);
}

static void on_ask_result(void *arg, PGresult *r)
{
    asking_result(arg, r);
}

static void on_notified(void *arg, const char *channel, const char *payload)
{
    struct store *s = arg;
    s->events.notified(s->events.arg, channel, payload);
}

/* ---- from the loop ---- */

static void on_deferred(uv_idle_t *idle)
{
    struct store *s = idle->data;

    uv_idle_stop(idle);
    if (s->commit_refused) {
        s->commit_refused = false;
        commit_abandon(s);
    }
    if (!s->closing)
        asking_refuse(s);
}

void store_defer(struct store *s)
{
    uv_idle_start(&s->deferred, on_deferred);
}

/* ---- life ---- */

struct store *store_open(uv_loop_t *loop, const char *conninfo, const struct store_events *events)
{
    struct store *s = mem_calloc(1, sizeof *s);

    s->loop = loop;
    s->events = *events;
    s->delay_ms = RECONNECT_FIRST_MS;
    commit_init(s);
    uv_timer_init(loop, &s->reconnect);
    uv_timer_init(loop, &s->retry);
    uv_idle_init(loop, &s->deferred);
    s->reconnect.data = s->retry.data = s->deferred.data = s;
    struct conn_events both = {.ready = on_ready, .lost = on_lost, .notified = on_notified, .arg = s};
    both.result = on_write_result;
    s->write = conn_new(loop, &WRITE, &both);
    both.result = on_ask_result;
    s->ask = conn_new(loop, &ASK, &both);
    if (conninfo)
        store_connect(s, conninfo);
    return s;
}

void store_connect(struct store *s, const char *conninfo)
{
    conn_aim(s->write, conninfo);
    conn_aim(s->ask, conninfo);
    connect_both(s);
}

static void on_closed(uv_handle_t *handle)
{
    struct store *s = handle->data;

    if (--s->closing_handles == 0)
        free(s);
}

void store_close(struct store *s)
{
    s->closing = true;
    s->up = false;
    conn_free(s->write);
    conn_free(s->ask);
    asking_fini(s);
    commit_fini(s);
    s->closing_handles = HANDLES;
    uv_close((uv_handle_t *)&s->reconnect, on_closed);
    uv_close((uv_handle_t *)&s->retry, on_closed);
    uv_close((uv_handle_t *)&s->deferred, on_closed);
}

bool store_is_up(const struct store *s)
{
    return s->up;
}

void store_backends(const struct store *s, int pids[2])
{
    pids[0] = conn_backend(s->write);
    pids[1] = conn_backend(s->ask);
}
