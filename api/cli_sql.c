/*
 * cli_sql.c -- `pawl sql`: psql on the store.
 *
 * With --database (PAWL_DATABASE) on that one; else on the private PostgreSQL in the data directory, whose
 * postmaster.pid says where its socket is.  psql's own arguments stand behind "--".
 */
#include "cli.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PID_FILE_LINES = 5 }; /* of postmaster.pid: process, data directory, start, port, socket directory */

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

/* The lines of postmaster.pid, and the user whose server it is: the database's first user has that name. */
static int read_pid_file(const char *data_dir, char lines[PID_FILE_LINES][256], const char **user)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/postgres/postmaster.pid", data_dir);
    FILE *in = fopen(path, "r");
    if (!in)
        return -1;
    int n = 0;
    while (n < PID_FILE_LINES && fgets(lines[n], 256, in)) {
        lines[n][strcspn(lines[n], "\n")] = 0;
        n++;
    }
    struct passwd *owner = fstat(fileno(in), &st) ? NULL : getpwuid(st.st_uid);
    *user = owner ? owner->pw_name : "postgres";
    fclose(in);
    errno = EINVAL;
    return n == PID_FILE_LINES ? 0 : -1;
}

/* The conninfo of the private PostgreSQL. */
static int private_conninfo(const char *data_dir, char *conninfo, size_t size, struct err *err)
{
    char lines[PID_FILE_LINES][256] = {{0}};
    const char *user;
    if (read_pid_file(data_dir, lines, &user))
        return err_set(
            err, ERR_UNAVAILABLE,
            "no PostgreSQL runs in %s (%s); --data-dir says where pawld keeps it, --database names another",
            data_dir, strerror(errno));
    snprintf(conninfo, size, "host='%s' port=%s dbname=pawl user='%s'", lines[4], lines[3], user);
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
