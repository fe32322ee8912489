/* Where PostgreSQL's programs are, and whether a server runs already. */
#include "run/postgres_priv.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_PID = 1 << 30 }; /* beyond the kernel's largest */

/* ---- programs ---- */

static const char *const PLACES[] = {"/usr/lib/postgresql/*/bin",
                                     "/usr/pgsql-*/bin",
                                     "/usr/local/pgsql/bin",
                                     "/usr/local/bin",
                                     "/usr/bin",
                                     NULL};

static bool has_program(const char *bin, const char *program)
{
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/%s", bin, program);
    return access(path, X_OK) == 0;
}

static bool has_programs(const char *bin)
{
    return has_program(bin, "postgres") && has_program(bin, "initdb");
}

/* "postgres (PostgreSQL) 15.20 (Debian ...)" */
static int major_of_bin(const char *bin)
{
    char command[PATH_MAX + 64], line[256] = "";
    int major = 0;

    if (strchr(bin, '\''))
        return 0;
    snprintf(command, sizeof command, "'%s/postgres' --version 2>/dev/null", bin);
    FILE *f = popen(command, "re");
    if (!f)
        return 0;
    if (fgets(line, sizeof line, f))
        sscanf(line, "%*s %*s %d", &major);
    pclose(f);
    return major;
}

static void consider(const char *bin, int major, int *best, char out[PATH_MAX])
{
    int found = has_programs(bin) && strlen(bin) < PATH_MAX ? major_of_bin(bin) : 0;

    if (found <= *best || (major && found != major))
        return;
    *best = found;
    snprintf(out, PATH_MAX, "%s", bin);
}

int postgres_find_bin(int major, char bin[PATH_MAX], struct err *err)
{
    const char *given = getenv("PAWL_PG_BIN");
    int best = 0;

    if (given && *given) {
        consider(given, 0, &best, bin);
        if (!best)
            return err_set(err, ERR_INTERNAL, "PAWL_PG_BIN: there are no postgres and initdb in %s", given);
    }
    for (const char *const *place = PLACES; !best && *place; place++) {
        glob_t g;
        if (glob(*place, 0, NULL, &g) == 0)
            for (size_t i = 0; i < g.gl_pathc; i++)
                consider(g.gl_pathv[i], major, &best, bin);
        globfree(&g);
    }
    if (!best && major)
        return err_set(err, ERR_INTERNAL, "the data is of PostgreSQL %d, which is not installed", major);
    if (!best)
        return err_set(err, ERR_INTERNAL,
                       "no PostgreSQL is installed (apt install postgresql), and no --database was given");
    return major && best != major
               ? err_set(err, ERR_INTERNAL, "the data is of PostgreSQL %d, PAWL_PG_BIN is PostgreSQL %d",
                         major, best)
               : 0;
}

int postgres_major(const char *cluster)
{
    char path[PATH_MAX + 32];
    int major = 0;

    snprintf(path, sizeof path, "%s/PG_VERSION", cluster);
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%d", &major) != 1)
        major = 0;
    if (f)
        fclose(f);
    return major;
}

/* ---- a server that runs ---- */

static pid_t read_pid_file(const char *cluster, char *socket_dir)
{
    char path[PATH_MAX + 32], line[PATH_MAX];
    int pid = 0, n = 0;

    snprintf(path, sizeof path, "%s/postmaster.pid", cluster);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    for (; n < 5 && fgets(line, sizeof line, f); n++) {
        line[strcspn(line, "\n")] = '\0';
        if (n == 0)
            pid = atoi(line);
    }
    fclose(f);
    if (socket_dir) /* the fifth line, once the server listens */
        snprintf(socket_dir, PATH_MAX, "%s", n == 5 ? line : "");
    return pid > 0 ? pid : 0;
}

static bool is_zombie(pid_t pid)
{
    char path[64], line[512] = "";

    waitpid(pid, NULL, WNOHANG); /* if it was our child */
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    if (!fgets(line, sizeof line, f))
        *line = '\0';
    fclose(f);
    const char *state = strrchr(line, ')');
    return state && state[1] == ' ' && (state[2] == 'Z' || state[2] == 'X');
}

/* A postmaster's working directory is its cluster: a process that got the pid after it has another. */
static bool works_in(pid_t pid, const char *cluster)
{
    char path[64];
    struct stat its, ours;

    snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
    return stat(path, &its) == 0 && stat(cluster, &ours) == 0 && its.st_dev == ours.st_dev &&
           its.st_ino == ours.st_ino;
}

pid_t postgres_find_running(const char *cluster, char *socket_dir)
{
    pid_t pid = read_pid_file(cluster, socket_dir);

    if (!pid || is_zombie(pid) || (kill(pid, 0) < 0 && errno == ESRCH) || !works_in(pid, cluster))
        return 0;
    return pid;
}

/*
 * PostgreSQL would take any process with that pid for its predecessor, a zombie as well.  Only the pid is
 * replaced, by one that no process has: the rest of the file lets the server see whether children of the old
 * one still run.
 */
void postgres_mark_dead(const char *cluster)
{
    char path[PATH_MAX + 32], text[2 * PATH_MAX];
    pid_t pid = read_pid_file(cluster, NULL);

    if (!pid || postgres_find_running(cluster, NULL) || (kill(pid, 0) < 0 && errno == ESRCH))
        return;
    snprintf(path, sizeof path, "%s/postmaster.pid", cluster);
    FILE *f = fopen(path, "r+e");
    if (!f)
        return;
    size_t len = fread(text, 1, sizeof text - 1, f);
    text[len] = '\0';
    rewind(f);
    if (ftruncate(fileno(f), 0) == 0)
        fprintf(f, "%d%s", NO_PID, text + strcspn(text, "\n"));
    fclose(f);
}
