/* The schema, at start: migrations once, functions and views whenever their text has changed.  Blocking. */
#include "run/store_priv.h"

#include "run/log.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <string.h>

enum { MIGRATE_LOCK = 0x7061776c /* "pawl" */, OLDEST_SERVER = 140000 };

/* ---- one connection, one error ---- */

static void silence(void *arg, const PGresult *r)
{
}

/* Three seconds: a pawld that waits for its database still ends within five when it is asked to. */
static PGconn *open_connection(const char *conninfo, struct err *err)
{
    const char *keys[] = {"connect_timeout", "dbname", "fallback_application_name", "client_encoding", NULL};
    const char *values[] = {"3", conninfo, "pawld start", "UTF8", NULL};
    PGconn *pg = PQconnectdbParams(keys, values, 1);

    if (PQstatus(pg) != CONNECTION_OK) {
        const char *why = PQerrorMessage(pg);
        err_set(err, ERR_UNAVAILABLE, "%.*s", (int)strcspn(why, "\n"), why);
        PQfinish(pg);
        return NULL;
    }
    PQsetNoticeReceiver(pg, silence, NULL);
    return pg;
}

/* Takes r. what: what was tried, for people. */
static int check(PGconn *pg, PGresult *r, const char *what, struct err *err)
{
    ExecStatusType status = PQresultStatus(r);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    if (!ok)
        err_set(err, PQstatus(pg) == CONNECTION_OK ? ERR_INTERNAL : ERR_UNAVAILABLE, "%s: %s", what,
                message ? message : PQerrorMessage(pg));
    PQclear(r);
    return ok ? 0 : -1;
}

static int run(PGconn *pg, const char *sql, const char *what, struct err *err)
{
    return check(pg, PQexec(pg, sql), what, err);
}

static int run_with(PGconn *pg, const char *sql, const char *what, struct err *err, int n, ...)
{
    const char *values[4];
    va_list args;

    va_start(args, n);
    for (int i = 0; i < n; i++)
        values[i] = va_arg(args, const char *);
    va_end(args);
    return check(pg, PQexecParams(pg, sql, n, NULL, values, NULL, NULL, 0), what, err);
}

/* One value as text into buf; "" for NULL and for no row. */
static int ask(PGconn *pg, const char *sql, char *buf, size_t size, struct err *err)
{
    PGresult *r = PQexec(pg, sql);

    if (PQresultStatus(r) == PGRES_TUPLES_OK)
        snprintf(buf, size, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
    return check(pg, r, sql, err);
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

static int check_server(PGconn *pg, struct err *err)
{
    if (PQserverVersion(pg) < OLDEST_SERVER)
        return err_set(err, ERR_INTERNAL, "PostgreSQL %d is too old: pawld needs 14 or newer",
                       PQserverVersion(pg) / 10000);
    if (strcmp(PQparameterStatus(pg, "server_encoding"), "UTF8"))
        return err_set(err, ERR_INTERNAL, "the database has the encoding %s: pawld needs UTF8",
                       PQparameterStatus(pg, "server_encoding"));
    return 0;
}

static int make_schema(PGconn *pg, struct err *err)
{
    char found[16];

    if (ask(pg, "SELECT to_regclass('pawl.migration') IS NOT NULL", found, sizeof found, err) < 0)
        return -1;
    if (*found == 't')
        return 0;
    return run(pg,
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

static int migrate_one(PGconn *pg, const struct schema_file *f, struct err *err)
{
    char version[16], what[128];

    snprintf(version, sizeof version, "%d", version_of(f));
    snprintf(what, sizeof what, "migration %s", base_name(f));
    if (run(pg, "BEGIN", what, err) < 0 || run(pg, f->text, what, err) < 0 ||
        run_with(pg, "INSERT INTO pawl.migration (version, name) VALUES ($1, $2)", what, err, 2, version,
                 base_name(f)) < 0)
        return -1;
    log_info("migrated", "version=%s", version);
    return run(pg, "COMMIT", what, err);
}

static int migrate(PGconn *pg, struct err *err)
{
    char newest[16];

    if (make_schema(pg, err) < 0 ||
        ask(pg, "SELECT coalesce(max(version), 0) FROM pawl.migration", newest, sizeof newest, err) < 0)
        return -1;
    if (atoi(newest) > newest_known())
        return err_set(
            err, ERR_INTERNAL,
            "the database belongs to a newer pawld (its schema is version %s, this pawld knows %d)", newest,
            newest_known());
    for (const struct schema_file *f = SCHEMA_FILES; f->name; f++)
        if (is_in(f, "migrations/") && version_of(f) > atoi(newest) && migrate_one(pg, f, err) < 0)
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

static int apply_folder(PGconn *pg, const char *folder, struct err *err)
{
    for (const struct schema_file *f = SCHEMA_FILES; f->name; f++)
        if (is_in(f, folder) && run(pg, f->text, f->name, err) < 0)
            return -1;
    return 0;
}

/*
 * A view whose columns have changed cannot be replaced, nor a function that returns something else: all of
 * ours go and come again, unless others build on them.
 */
static int drop_texts(PGconn *pg, struct err *err)
{
    return run(pg,
               "DO $$ DECLARE v text; BEGIN"
               " FOR v IN SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'v'"
               "          AND c.relnamespace = 'pawl'::regnamespace ORDER BY c.oid DESC"
               " LOOP EXECUTE 'DROP VIEW ' || v; END LOOP;"
               " FOR v IN SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = "
               "'pawl'::regnamespace"
               " LOOP EXECUTE 'DROP FUNCTION ' || v; END LOOP; END $$",
               "cannot replace the views and functions of the schema pawl", err);
}

static int apply_texts(PGconn *pg, struct err *err)
{
    if (run(pg, "SAVEPOINT views", "views", err) < 0)
        return -1;
    if (apply_folder(pg, "functions/", err) == 0 && apply_folder(pg, "views/", err) == 0)
        return 0;
    if (run(pg, "ROLLBACK TO SAVEPOINT views", "views", err) < 0 || drop_texts(pg, err) < 0)
        return -1;
    return apply_folder(pg, "functions/", err) < 0 ? -1 : apply_folder(pg, "views/", err);
}

static int renew_texts(PGconn *pg, struct err *err)
{
    char mine[65], theirs[80];

    digest(mine);
    if (ask(pg, "SELECT value FROM pawl.setting WHERE name = 'schema_text'", theirs, sizeof theirs, err) < 0)
        return -1;
    if (!strcmp(mine, theirs))
        return 0;
    if (run(pg, "BEGIN", "views", err) < 0 || apply_texts(pg, err) < 0 ||
        run_with(pg,
                 "INSERT INTO pawl.setting (name, value) VALUES ('schema_text', $1)"
                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                 "pawl.setting", err, 1, mine) < 0)
        return -1;
    return run(pg, "COMMIT", "views", err);
}

/* ---- the doors ---- */

int store_migrate(const char *conninfo, struct err *err)
{
    PGconn *pg = open_connection(conninfo, err);
    char lock[64];
    int rc = -1;

    if (!pg)
        return -1;
    snprintf(lock, sizeof lock, "SELECT pg_advisory_lock(%d, 0)",
             MIGRATE_LOCK); /* until the connection ends */
    if (check_server(pg, err) == 0 && run(pg, lock, "migration", err) == 0 && migrate(pg, err) == 0 &&
        renew_texts(pg, err) == 0)
        rc = 0;
    PQfinish(pg);
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

int store_settings(const char *conninfo, struct store_settings *out, struct err *err)
{
    PGconn *pg = open_connection(conninfo, err);
    char key[64];

    if (!pg)
        return -1;
    int rc = ask(pg, "SELECT value FROM pawl.setting WHERE name = 'token_key'", key, sizeof key, err);
    if (rc == 0 && (strlen(key) != 2 * sizeof out->token_key ||
                    read_hex(key, out->token_key, sizeof out->token_key) < 0))
        rc = err_set(err, ERR_INTERNAL, "pawl.setting: token_key is not 32 hexadecimal digits");
    PQfinish(pg);
    return rc;
}

int store_set_arn_prefix(const char *conninfo, const char *prefix, struct err *err)
{
    PGconn *pg = open_connection(conninfo, err);

    if (!pg)
        return -1;
    int rc = run_with(
        pg,
        "INSERT INTO pawl.setting (name, value) VALUES ('arn_prefix', $1)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE setting.value <> excluded.value",
        "pawl.setting", err, 1, prefix);
    PQfinish(pg);
    return rc;
}
