/*
 * cli_sql.c -- `pawl sql`: psql on the store.
 *
 * With --database (PAWL_DATABASE) on that one; else on the private PostgreSQL in the data directory, whose
 * file "conninfo" says where its socket is.  psql's own arguments stand behind "--".
 */
#include "cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct sql_args {
    const char *database, *data_dir;
};

static error_t sql_option(int key, char *arg, struct argp_state *state)
{
    struct sql_args *a = state->input;
    switch (key) {
    case 'd':
        a->database = arg;
        return 0;
    case 'D':
        a->data_dir = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "psql's arguments stand behind --: pawl sql -- %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Of the private PostgreSQL: what pawld left in its data directory for those who want to look. */
static int private_conninfo(const char *data_dir, char *conninfo, size_t size, struct err *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/conninfo", data_dir);
    FILE *in = fopen(path, "r");
    if (!in)
        return err_set(err, ERR_UNAVAILABLE,
                       "%s: %s; --data-dir says where pawld keeps its PostgreSQL, --database names another",
                       path, strerror(errno));
    char *line = fgets(conninfo, (int)size, in);
    fclose(in);
    if (!line)
        return err_set(err, ERR_UNAVAILABLE, "%s is empty", path);
    conninfo[strcspn(conninfo, "\n")] = 0;
    return 0;
}

/* psql, with its own arguments behind ours. */
static int run_psql(const char *conninfo, char **rest, struct err *err)
{
    char *args[256] = {NULL};
    int n = 0;
    args[n++] = strdup("psql");
    args[n++] = strdup("--dbname");
    args[n++] = strdup(conninfo);
    while (*rest && n < 255)
        args[n++] = *rest++;
    setenv("PGAPPNAME", "pawl sql", 0);
    setenv("PGOPTIONS", "-c search_path=pawl,public", 0);
    execvp("psql", args);
    return err_set(err, ERR_UNAVAILABLE, "cannot run psql: %s (Debian's package postgresql-client has it)",
                   strerror(errno));
}

int cli_sql(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"database", 'd', "URL", 0, "the database; default PAWL_DATABASE, else the private PostgreSQL", 0},
        {"data-dir", 'D', "DIR", 0, "pawld's data directory; default PAWL_DATA_DIR, or .pawl", 0},
        {0}};
    struct sql_args a = {getenv("PAWL_DATABASE"), getenv("PAWL_DATA_DIR")};
    char conninfo[1024], *none[] = {NULL}, **rest = none;
    struct err err;

    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--")) {
            rest = argv + i + 1;
            argc = i;
        }
    cli_parse(argc, argv, options, sql_option, "[-- PSQL ARGUMENTS]",
              "Opens psql on the store. The views: pawl.executions, pawl.steps, pawl.history, pawl.stalled.",
              &a);
    const char *dir = a.data_dir && *a.data_dir ? a.data_dir : ".pawl";
    if (a.database && *a.database)
        run_psql(a.database, rest, &err);
    else if (!private_conninfo(dir, conninfo, sizeof conninfo, &err))
        run_psql(conninfo, rest, &err);
    return cli_fail(argv[0], "%s", err.cause);
}
