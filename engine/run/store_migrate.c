/*
 * The schema, at start: migrations once, functions and views whenever their text has changed.  Blocking, but
 * ever ready to give up (patience.h).
 */
#include "run/store_priv.h"

#include "run/log.h"

#include <openssl/evp.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

enum { MIGRATE_LOCK = 0x7061776c /* "pawl" */, OLDEST_SERVER = 140000, CONNECT_MS = 3000 };

/* ---- one connection, one error ---- */

struct session {
    PGconn *pg;
    const struct patience *patience;
};

static void silence(void *arg, const PGresult *r)
{
}

static int stopped(const struct session *s, struct err *err)
{
    return patience_ended(s->patience)
               ? err_set(err, ERR_UNAVAILABLE, "asked to stop while waiting for the database")
               : 0;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int connect_within(struct session *s, int64_t ms, struct err *err)
{
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;

    for (int64_t until = now_ms() + ms; step != PGRES_POLLING_OK; step = PQconnectPoll(s->pg)) {
        if (step == PGRES_POLLING_FAILED || PQstatus(s->pg) == CONNECTION_BAD) {
            const char *why = PQerrorMessage(s->pg);
            return err_set(err, ERR_UNAVAILABLE, "%.*s", (int)strcspn(why, "\n"), why);
        }
        struct pollfd fd = {.fd = PQsocket(s->pg),
                            .events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        while (poll(&fd, 1, PATIENCE_MS) == 0) {
            if (stopped(s, err) < 0)
                return -1;
            if (now_ms() > until)
                return err_set(err, ERR_UNAVAILABLE, "no answer from the database within %d seconds",
                               (int)(ms / 1000));
        }
    }
    return 0;
}

static void close_session(struct session *s)
{
    PQfinish(s->pg);
    s->pg = NULL;
}

/* What libpq cannot even read will never become right: not the same as a database that is away. */
static int check_conninfo(const char *conninfo, struct err *err)
{
    bool is_name = !strchr(conninfo, '=') && !strstr(conninfo, "://");
    char *why = NULL;
    PQconninfoOption *options = is_name ? NULL : PQconninfoParse(conninfo, &why);
    int rc = 0;

    if (!is_name && !options)
        rc = err_set(err, ERR_INTERNAL, "the database's conninfo is wrong: %.*s",
                     why ? (int)strcspn(why, "\n") : 0, why ? why : "");
    PQconninfoFree(options);
    PQfreemem(why);
    return rc;
}

static int open_session(struct session *s, const char *conninfo, const struct patience *patience,
                        struct err *err)
{
    if (check_conninfo(conninfo, err) < 0)
        return -1;
    const char *keys[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
    const char *values[] = {conninfo, "pawld start", "UTF8", NULL};

    *s = (struct session){.pg = PQconnectStartParams(keys, values, 1), .patience = patience};
    PAWL_ASSERT(s->pg);
    if (connect_within(s, CONNECT_MS, err) < 0) {
        close_session(s);
        return -1;
    }
    PQsetNoticeReceiver(s->pg, silence, NULL);
    return 0;
}

/* The last result of what was sent, as PQexec gives it; NULL: nobody wants to wait any longer. */
static PGresult *await(struct session *s, int sent, struct err *err)
{
    PGresult *last = NULL, *r;

    while (sent) {
        while (PQisBusy(s->pg)) {
            struct pollfd fd = {.fd = PQsocket(s->pg), .events = POLLIN};
            if (stopped(s, err) < 0) {
                PQclear(last);
                return NULL;
            }
            if (poll(&fd, 1, PATIENCE_MS) > 0 && !PQconsumeInput(s->pg))
                break;
        }
        r = PQgetResult(s->pg);
        if (!r)
            break;
        PQclear(last);
        last = r;
    }
    return last ? last : PQmakeEmptyPGresult(s->pg, PGRES_FATAL_ERROR);
}

/* Takes r. what: what was tried, for people. */
static int check(struct session *s, PGresult *r, const char *what, struct err *err)
{
    ExecStatusType status = PQresultStatus(r);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    if (r && !ok)
        err_set(err, PQstatus(s->pg) == CONNECTION_OK ? ERR_INTERNAL : ERR_UNAVAILABLE, "%s: %s", what,
                message ? message : PQerrorMessage(s->pg));
    PQclear(r);
    return ok ? 0 : -1;
}

static int run(struct session *s, const char *sql, const char *what, struct err *err)
{
    return check(s, await(s, PQsendQuery(s->pg, sql), err), what, err);
}

static int run_with(struct session *s, const char *sql, const char *what, struct err *err, int n, ...)
{
    const char *values[4];
    va_list args;

    va_start(args, n);
    for (int i = 0; i < n; i++)
        values[i] = va_arg(args, const char *);
    va_end(args);
    return check(s, await(s, PQsendQueryParams(s->pg, sql, n, NULL, values, NULL, NULL, 0), err), what, err);
}

/* One value as text into buf; "" for NULL and for no row. */
static int ask(struct session *s, const char *sql, char *buf, size_t size, struct err *err)
{
    PGresult *r = await(s, PQsendQuery(s->pg, sql), err);

    if (PQresultStatus(r) == PGRES_TUPLES_OK)
        snprintf(buf, size, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
    return check(s, r, sql, err);
}

/* ---- migrations ---- */

static bool is_in(const struct schema_file *f, const char *folder)
{
    return !strncmp(f->name, folder, strlen(folder));
}

static const char *base_name(const struct schema_file *f)
{
    return strchr(f->name, '/') + 1;
}

static int version_of(const struct schema_file *f)
{
    return atoi(base_name(f));
}

static int newest_known(void)
{
    int newest = 0;

    for (const struct schema_file *f = SCHEMA_FILES; f->name; f++)
        if (is_in(f, "migrations/") && version_of(f) > newest)
            newest = version_of(f);
    return newest;
}

static int check_server(struct session *s, struct err *err)
{
    if (PQserverVersion(s->pg) < OLDEST_SERVER)
        return err_set(err, ERR_INTERNAL, "PostgreSQL %d is too old: pawld needs 14 or newer",
                       PQserverVersion(s->pg) / 10000);
    if (strcmp(PQparameterStatus(s->pg, "server_encoding"), "UTF8"))
        return err_set(err, ERR_INTERNAL, "the database has the encoding %s: pawld needs UTF8",
                       PQparameterStatus(s->pg, "server_encoding"));
    return 0;
}

static int make_schema(struct session *s, struct err *err)
{
    char found[16];

    if (ask(s, "SELECT to_regclass('pawl.migration') IS NOT NULL", found, sizeof found, err) < 0)
        return -1;
    if (*found == 't')
        return 0;
    return run(s,
               "CREATE SCHEMA IF NOT EXISTS pawl;"
               "COMMENT ON SCHEMA pawl IS 'Durable workflows: read the views, call the functions; the tables "
               "belong to pawld.';"
               "CREATE TABLE pawl.migration ("
               "    version    integer     PRIMARY KEY,"
               "    name       text        NOT NULL,"
               "    applied_at timestamptz NOT NULL DEFAULT now()"
               ");"
               "COMMENT ON TABLE  pawl.migration IS 'The migrations that this database has seen.';"
               "COMMENT ON COLUMN pawl.migration.version IS 'A pawld that knows less than the newest refuses "
               "to start.';"
               "COMMENT ON COLUMN pawl.migration.name IS 'The file in schema/migrations.';"
               "COMMENT ON COLUMN pawl.migration.applied_at IS 'When.';",
               "cannot make the schema pawl", err);
}

static int migrate_one(struct session *s, const struct schema_file *f, struct err *err)
{
    char version[16], what[128];

    snprintf(version, sizeof version, "%d", version_of(f));
    snprintf(what, sizeof what, "migration %s", base_name(f));
    if (run(s, "BEGIN", what, err) < 0 || run(s, f->text, what, err) < 0 ||
        run_with(s, "INSERT INTO pawl.migration (version, name) VALUES ($1, $2)", what, err, 2, version,
                 base_name(f)) < 0)
        return -1;
    log_info("migrated", "version=%s", version);
    return run(s, "COMMIT", what, err);
}

static int migrate(struct session *s, struct err *err)
{
    char newest[16];

    if (make_schema(s, err) < 0 ||
        ask(s, "SELECT coalesce(max(version), 0) FROM pawl.migration", newest, sizeof newest, err) < 0)
        return -1;
    if (atoi(newest) > newest_known())
        return err_set(
            err, ERR_INTERNAL,
            "the database belongs to a newer pawld (its schema is version %s, this pawld knows %d)", newest,
            newest_known());
    for (const struct schema_file *f = SCHEMA_FILES; f->name; f++)
        if (is_in(f, "migrations/") && version_of(f) > atoi(newest) && migrate_one(s, f, err) < 0)
            return -1;
    return 0;
}

/* ---- functions and views ---- */

static void digest(char hex[65])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);
    for (const struct schema_file *f = SCHEMA_FILES; f->name; f++)
        if (!is_in(f, "migrations/"))
            EVP_DigestUpdate(ctx, f->text, strlen(f->text) + 1);
    EVP_DigestFinal_ex(ctx, sum, NULL);
    EVP_MD_CTX_free(ctx);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

static int apply_folder(struct session *s, const char *folder, struct err *err)
{
    for (const struct schema_file *f = SCHEMA_FILES; f->name; f++)
        if (is_in(f, folder) && run(s, f->text, f->name, err) < 0)
            return -1;
    return 0;
}

/*
 * A view whose columns have changed cannot be replaced, nor a function that returns something else: all of
 * ours go and come again, unless others build on them.
 */
static int drop_texts(struct session *s, struct err *err)
{
    return run(s,
               "DO $$ DECLARE v text; BEGIN"
               " FOR v IN SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'v'"
               "          AND c.relnamespace = 'pawl'::regnamespace ORDER BY c.oid DESC"
               " LOOP EXECUTE 'DROP VIEW ' || v; END LOOP;"
               " FOR v IN SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = "
               "'pawl'::regnamespace"
               " LOOP EXECUTE 'DROP FUNCTION ' || v; END LOOP; END $$",
               "cannot replace the views and functions of the schema pawl", err);
}

static int apply_texts(struct session *s, struct err *err)
{
    if (run(s, "SAVEPOINT views", "views", err) < 0)
        return -1;
    if (apply_folder(s, "functions/", err) == 0 && apply_folder(s, "views/", err) == 0)
        return 0;
    if (run(s, "ROLLBACK TO SAVEPOINT views", "views", err) < 0 || drop_texts(s, err) < 0)
        return -1;
    return apply_folder(s, "functions/", err) < 0 ? -1 : apply_folder(s, "views/", err);
}

static int renew_texts(struct session *s, struct err *err)
{
    char mine[65], theirs[80];

    digest(mine);
    if (ask(s, "SELECT value FROM pawl.setting WHERE name = 'schema_text'", theirs, sizeof theirs, err) < 0)
        return -1;
    if (!strcmp(mine, theirs))
        return 0;
    if (run(s, "BEGIN", "views", err) < 0 || apply_texts(s, err) < 0 ||
        run_with(s,
                 "INSERT INTO pawl.setting (name, value) VALUES ('schema_text', $1)"
                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                 "pawl.setting", err, 1, mine) < 0)
        return -1;
    return run(s, "COMMIT", "views", err);
}

/* ---- the doors ---- */

/* Held until the session ends. One that waits in line would not hear that it should stop: it asks again. */
static int take_turn(struct session *s, struct err *err)
{
    char got[8], sql[64];

    snprintf(sql, sizeof sql, "SELECT pg_try_advisory_lock(%d, 0)", MIGRATE_LOCK);
    for (int tries = 0;; tries++) {
        if (ask(s, sql, got, sizeof got, err) < 0)
            return -1;
        if (*got == 't')
            return 0;
        if (tries == 0)
            log_info("another pawld migrates the database; waiting for it", NULL);
        if (stopped(s, err) < 0)
            return -1;
        poll(NULL, 0, PATIENCE_MS);
    }
}

int store_migrate(const char *conninfo, const struct patience *patience, struct err *err)
{
    struct session s;
    int rc = -1;

    if (open_session(&s, conninfo, patience, err) < 0)
        return -1;
    if (check_server(&s, err) == 0 && take_turn(&s, err) == 0 && migrate(&s, err) == 0 &&
        renew_texts(&s, err) == 0)
        rc = 0;
    close_session(&s);
    return rc;
}

static int read_hex(const char *hex, unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return -1;
        bytes[i] = (unsigned char)byte;
    }
    return 0;
}

int store_settings(const char *conninfo, const struct patience *patience, struct store_settings *out,
                   struct err *err)
{
    struct session s;
    char key[64];

    if (open_session(&s, conninfo, patience, err) < 0)
        return -1;
    int rc = ask(&s, "SELECT value FROM pawl.setting WHERE name = 'token_key'", key, sizeof key, err);
    if (rc == 0 && (strlen(key) != 2 * sizeof out->token_key ||
                    read_hex(key, out->token_key, sizeof out->token_key) < 0))
        rc = err_set(err, ERR_INTERNAL, "pawl.setting: token_key is not 32 hexadecimal digits");
    close_session(&s);
    return rc;
}

int store_set_arn_prefix(const char *conninfo, const struct patience *patience, const char *prefix,
                         struct err *err)
{
    struct session s;

    if (open_session(&s, conninfo, patience, err) < 0)
        return -1;
    int rc = run_with(
        &s,
        "INSERT INTO pawl.setting (name, value) VALUES ('arn_prefix', $1)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE setting.value <> excluded.value",
        "pawl.setting", err, 1, prefix);
    close_session(&s);
    return rc;
}
