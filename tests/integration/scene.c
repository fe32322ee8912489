#include "scene.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 60 };

static int databases;

static PGconn *connect_to(const char *conninfo)
{
    PGconn *pg = PQconnectdb(conninfo);

    /* The test before may have killed a backend: the server recovers, which a busy disk draws out. */
    for (int tenths = 0; PQstatus(pg) != CONNECTION_OK && tenths < 10 * PATIENCE_S; tenths++) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        PQreset(pg);
    }
    ck_assert_msg(PQstatus(pg) == CONNECTION_OK, "%s", PQerrorMessage(pg));
    return pg;
}

void scene_database(struct scene *sc)
{
    const char *server = getenv("PAWL_TEST_DATABASE");
    char name[64], sql[128];

    ck_assert_msg(server, "PAWL_TEST_DATABASE is not set");
    *sc = (struct scene){0};
    snprintf(name, sizeof name, "scene_%d_%d", (int)getpid(), databases++);
    PGconn *pg = connect_to(server);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", name);
    PGresult *r = PQexec(pg, sql);
    ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK, "%s", PQerrorMessage(pg));
    PQclear(r);
    PQfinish(pg);
    snprintf(sc->conninfo, sizeof sc->conninfo, "%s dbname=%s", server, name);
    sc->sql = connect_to(sc->conninfo);
}

void scene_up(void *arg)
{
    ((struct scene *)arg)->ups++;
}

void scene_down(void *arg, const char *why)
{
    struct scene *sc = arg;
    sc->downs++;
    snprintf(sc->why, sizeof sc->why, "%s", why);
}

void scene_notified(void *arg, const char *channel, const char *payload)
{
    struct scene *sc = arg;
    sc->notes++;
    snprintf(sc->channel, sizeof sc->channel, "%s", channel);
    snprintf(sc->payload, sizeof sc->payload, "%s", payload);
}

static void told_nobody(void *arg)
{
}

static void told_nobody_why(void *arg, const char *why)
{
}

static void told_nobody_note(void *arg, const char *channel, const char *payload)
{
}

struct store *scene_store(struct scene *sc)
{
    return store_open(&sc->loop, sc->conninfo,
                      &(struct store_events){told_nobody, told_nobody_why, told_nobody_note, NULL});
}

void scene_open(struct scene *sc)
{
    struct err err;

    scene_database(sc);
    ck_assert_msg(store_migrate(sc->conninfo, NULL, &err) == 0, "%s", err.cause);
    uv_loop_init(&sc->loop);
    sc->store =
        store_open(&sc->loop, sc->conninfo, &(struct store_events){scene_up, scene_down, scene_notified, sc});
    scene_wait(sc, &sc->ups, 1);
}

/* A server that recovers from a crash syncs every file of every database: those of other tests are gone. */
static void drop_database(struct scene *sc)
{
    char sql[128];

    snprintf(sql, sizeof sql, "DROP DATABASE %s WITH (FORCE)", PQdb(sc->sql));
    PQfinish(sc->sql);
    PGconn *pg = connect_to(getenv("PAWL_TEST_DATABASE"));
    PQclear(PQexec(pg, sql));
    PQfinish(pg);
}

void scene_close(struct scene *sc)
{
    if (sc->store)
        store_close(sc->store);
    uv_run(&sc->loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&sc->loop), 0);
    drop_database(sc);
}

static void stop_waiting(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void close_timer(struct scene *sc, uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    while (uv_is_active((uv_handle_t *)timer) || uv_is_closing((uv_handle_t *)timer)) {
        uv_run(&sc->loop, UV_RUN_NOWAIT);
        break;
    }
}

void scene_wait(struct scene *sc, const int *n, int want)
{
    bool late = false;
    uv_timer_t timer = {.data = &late};

    uv_timer_init(&sc->loop, &timer);
    uv_timer_start(&timer, stop_waiting, PATIENCE_S * 1000, 0);
    while (*n < want && !late)
        uv_run(&sc->loop, UV_RUN_ONCE);
    close_timer(sc, &timer);
    ck_assert_msg(*n >= want, "waited %d seconds for %d, got %d (%s)", PATIENCE_S, want, *n, sc->why);
}

void scene_run_ms(struct scene *sc, int ms)
{
    bool over = false;
    uv_timer_t timer = {.data = &over};

    uv_timer_init(&sc->loop, &timer);
    uv_timer_start(&timer, stop_waiting, (uint64_t)ms, 0);
    while (!over)
        uv_run(&sc->loop, UV_RUN_ONCE);
    close_timer(sc, &timer);
}

__attribute__((format(printf, 2, 0))) static PGresult *execute(struct scene *sc, const char *fmt,
                                                               va_list args)
{
    char *sql;

    ck_assert_int_gt(vasprintf(&sql, fmt, args), 0);
    PGresult *r = PQexec(sc->sql, sql);
    free(sql);
    return r;
}

static void must_have_worked(struct scene *sc, const PGresult *r)
{
    ExecStatusType s = PQresultStatus(r);
    ck_assert_msg(s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK, "%s", PQresultErrorMessage(r));
}

const char *scene_ask(struct scene *sc, const char *fmt, ...)
{
    static char buf[16384];
    va_list args;

    va_start(args, fmt);
    PGresult *r = execute(sc, fmt, args);
    va_end(args);
    must_have_worked(sc, r);
    snprintf(buf, sizeof buf, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return buf;
}

void scene_do(struct scene *sc, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    PGresult *r = execute(sc, fmt, args);
    va_end(args);
    must_have_worked(sc, r);
    PQclear(r);
}

const char *scene_sqlstate(struct scene *sc, const char *fmt, ...)
{
    static char state[6];
    va_list args;

    va_start(args, fmt);
    PGresult *r = execute(sc, fmt, args);
    va_end(args);
    const char *got = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    snprintf(state, sizeof state, "%s", got ? got : "");
    PQclear(r);
    return state;
}

const char *scene_format(const char *fmt, ...)
{
    static char buf[4096];
    va_list args;

    va_start(args, fmt);
    vsnprintf(buf, sizeof buf, fmt, args);
    va_end(args);
    return buf;
}

static void on_commit(void *arg, enum store_outcome outcome, const struct store_guilty *guilty,
                      size_t nguilty)
{
    struct scene *sc = arg;

    ck_assert_int_lt(sc->commit.calls, 8);
    sc->commit.outcomes[sc->commit.calls++] = outcome;
    sc->commit.nguilty = (int)nguilty;
    for (size_t i = 0; i < nguilty && i < 16; i++)
        sc->commit.guilty[i] = guilty[i];
}

void scene_kill(struct scene *sc, int pid)
{
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
}

void scene_reconnect(struct scene *sc)
{
    for (int i = 0; i < 100 && (PQreset(sc->sql), PQstatus(sc->sql) != CONNECTION_OK); i++)
        scene_run_ms(sc, 50);
    ck_assert_msg(PQstatus(sc->sql) == CONNECTION_OK, "%s", PQerrorMessage(sc->sql));
}

void scene_send(struct scene *sc, int slot, int64_t epoch)
{
    sc->commit.calls = 0;
    store_commit(sc->store, slot, epoch, on_commit, sc);
    ck_assert_int_eq(sc->commit.calls, 0); /* never from inside the call */
}

enum store_outcome scene_commit(struct scene *sc, int slot, int64_t epoch)
{
    scene_send(sc, slot, epoch);
    scene_wait(sc, &sc->commit.calls, 1);
    while (sc->commit.outcomes[sc->commit.calls - 1] == STORE_RETRYING)
        scene_wait(sc, &sc->commit.calls, sc->commit.calls + 1);
    return sc->commit.outcomes[sc->commit.calls - 1];
}
