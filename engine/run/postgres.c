#include "run/postgres.h"
#include "base/arena.h"
#include "run/log.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libpq-fe.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    START_SECONDS = 60,
    SOCKET_DIR_MAX = 85, /* a unix socket's whole path has 107 bytes at most */
    POLL_MS = 20,
};

struct postgres {
    char *dir;        /* the data directory, absolute */
    char *cluster;    /* DIR/postgres */
    char *log;        /* DIR/postgres.log */
    char *socket_dir; /* 0700 */
    char *bin;        /* folder of initdb and postgres */
    char *conninfo;
    pid_t pid; /* the postmaster; 0: none known */
    int lock;  /* DIR/pawld.lock, held while p lives */
    uid_t uid; /* who the server runs as; 0: as we are */
    gid_t gid;
};

static char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *fmt, ...)
{
    char *out;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&out, fmt, ap) < 0)
        abort();
    va_end(ap);
    return out;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* ---- folders ---- */

static int make_folders(const char *path, struct err *err)
{
    char part[PATH_MAX];

    if (strlen(path) >= sizeof part)
        return err_set(err, ERR_INTERNAL, "data directory: the path is longer than %d bytes", PATH_MAX - 1);
    for (size_t i = 1; i <= strlen(path); i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return err_set(err, ERR_INTERNAL, "data directory %s: cannot make it: %s", part, strerror(errno));
    }
    return 0;
}

static int open_folder(struct postgres *p, const char *data_dir, struct err *err)
{
    if (make_folders(data_dir, err) < 0)
        return -1;
    p->dir = realpath(data_dir, NULL);
    if (!p->dir)
        return err_set(err, ERR_INTERNAL, "data directory %s: %s", data_dir, strerror(errno));
    p->cluster = text("%s/postgres", p->dir);
    p->log = text("%s/postgres.log", p->dir);
    return 0;
}

static int lock_folder(struct postgres *p, struct err *err)
{
    char *path = text("%s/pawld.lock", p->dir);

    p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    free(path);
    if (p->lock < 0)
        return err_set(err, ERR_INTERNAL, "data directory %s: cannot write there: %s", p->dir,
                       strerror(errno));
    if (flock(p->lock, LOCK_EX | LOCK_NB) < 0)
        return err_set(err, ERR_INTERNAL, "data directory %s: another pawld uses it", p->dir);
    return 0;
}

/* Runs fn in a child that is the server's user; its exit status. */
static int as_server_user(const struct postgres *p, int (*fn)(const struct postgres *p))
{
    pid_t pid = fork();
    int status;

    if (pid < 0)
        return -1;
    if (pid == 0) {
        if (p->uid && (setgid(p->gid) < 0 || setuid(p->uid) < 0))
            _exit(126);
        _exit(fn(p));
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

static int can_enter(const struct postgres *p)
{
    return chdir(p->dir) == 0 && access(p->dir, X_OK) == 0 ? 0 : 1;
}

/* As root: the server runs as "postgres", who must be able to reach the folder. */
static int choose_user(struct postgres *p, struct err *err)
{
    if (geteuid() != 0)
        return 0;
    struct passwd *pw = getpwnam("postgres");
    if (!pw)
        return err_set(err, ERR_INTERNAL,
                       "PostgreSQL does not run as root, and there is no user \"postgres\": run pawld as an "
                       "ordinary user");
    p->uid = pw->pw_uid;
    p->gid = pw->pw_gid;
    if (as_server_user(p, can_enter) != 0)
        return err_set(
            err, ERR_INTERNAL,
            "data directory %s: PostgreSQL does not run as root, and the user \"postgres\" cannot enter "
            "this folder: choose another by --data-dir, /var/lib/pawl for example",
            p->dir);
    return 0;
}

/* Where the socket lives: in the data directory, or under /tmp when that path is too long for a socket. */
static int make_socket_dir(struct postgres *p, struct err *err)
{
    p->socket_dir = text("%s/socket", p->dir);
    if (strlen(p->socket_dir) > SOCKET_DIR_MAX) {
        uint64_t hash = UINT64_C(14695981039346656037);
        for (const char *c = p->dir; *c; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
        free(p->socket_dir);
        p->socket_dir = text("/tmp/pawl-%u-%016llx", (unsigned)geteuid(), (unsigned long long)hash);
    }
    if (mkdir(p->socket_dir, 0700) < 0 && errno != EEXIST)
        return err_set(err, ERR_INTERNAL, "%s: cannot make it: %s", p->socket_dir, strerror(errno));

    struct stat st;
    if (lstat(p->socket_dir, &st) < 0 || !S_ISDIR(st.st_mode) ||
        (st.st_uid != geteuid() && st.st_uid != p->uid))
        return err_set(err, ERR_INTERNAL, "%s: is not a folder of this user", p->socket_dir);
    if (chmod(p->socket_dir, 0700) < 0 || (p->uid && chown(p->socket_dir, p->uid, p->gid) < 0))
        return err_set(err, ERR_INTERNAL, "%s: %s", p->socket_dir, strerror(errno));
    return 0;
}

/* ---- versions ---- */

/* The major version of the cluster, 0 when there is none yet. */
static int cluster_version(const struct postgres *p)
{
    char *path = text("%s/PG_VERSION", p->cluster);
    FILE *f = fopen(path, "re");
    int major = 0;

    free(path);
    if (!f)
        return 0;
    if (fscanf(f, "%d", &major) != 1)
        major = -1;
    fclose(f);
    return major;
}

static bool has_programs(const char *bin)
{
    char *initdb = text("%s/initdb", bin), *server = text("%s/postgres", bin);
    bool ok = access(initdb, X_OK) == 0 && access(server, X_OK) == 0;

    free(initdb);
    free(server);
    return ok;
}

/* Debian's folders are /usr/lib/postgresql/MAJOR/bin: the newest, or that of the cluster's own version. */
static int debian_programs(int major, char **bin)
{
    glob_t found;
    int best = 0;

    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        int version = atoi(found.gl_pathv[i] + strlen("/usr/lib/postgresql/"));
        if (version <= best || (major > 0 && version != major) || !has_programs(found.gl_pathv[i]))
            continue;
        best = version;
        free(*bin);
        *bin = text("%s", found.gl_pathv[i]);
    }
    globfree(&found);
    return best;
}

static int find_programs(struct postgres *p, struct err *err)
{
    const char *given = getenv("PAWL_PG_BIN");
    int major = cluster_version(p);

    if (given && *given) {
        if (!has_programs(given))
            return err_set(err, ERR_INTERNAL, "PAWL_PG_BIN=%s: there is no initdb and postgres in it", given);
        p->bin = text("%s", given);
        return 0;
    }
    if (debian_programs(major, &p->bin))
        return 0;
    char *any = NULL;
    int installed = debian_programs(0, &any);
    free(any);
    if (!installed)
        return err_set(err, ERR_INTERNAL,
                       "PostgreSQL is not installed: install the package postgresql, or give --database");
    return err_set(err, ERR_INTERNAL, "%s: the data is of PostgreSQL %d, and installed is PostgreSQL %d",
                   p->cluster, major, installed);
}

/* ---- processes ---- */

/* In the child: the server's user and session, the log for its words. Never returns. */
static _Noreturn void become(const struct postgres *p, const char *const argv[])
{
    int log = open(p->log, O_WRONLY | O_CREAT | O_APPEND, 0600), null = open("/dev/null", O_RDONLY);
    sigset_t none;

    if (log < 0 || null < 0)
        _exit(126);
    dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);
    setsid(); /* a Ctrl-C in the terminal is for pawld, who then stops the server in order */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (p->uid && (setgid(p->gid) < 0 || setuid(p->uid) < 0))
        _exit(126);
    if (chdir("/") < 0)
        _exit(126);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* The last line of the log: what the server said when it gave up. */
static void last_words(const struct postgres *p, char *out, size_t size)
{
    FILE *f = fopen(p->log, "re");
    char line[512];

    out[0] = '\0';
    if (!f)
        return;
    fseek(f, 0, SEEK_END);
    fseek(f, ftell(f) > 4096 ? -4096 : 0, ftell(f) > 4096 ? SEEK_END : SEEK_SET);
    while (fgets(line, sizeof line, f))
        if (strlen(line) > 1) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(out, size, "%s", line);
        }
    fclose(f);
}

/* Runs a program to its end as the server's user. */
static int run(const struct postgres *p, const char *const argv[], struct err *err)
{
    int status;
    char words[512];
    pid_t pid = fork();

    if (pid == 0)
        become(p, argv);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    last_words(p, words, sizeof words);
    return err_set(err, ERR_INTERNAL, "%s failed: %s (see %s)", argv[0], words, p->log);
}

/* Into a folder of its own first: an initdb that was killed half-way leaves nothing that looks like a
 * cluster. */
static int make_cluster(const struct postgres *p, struct err *err)
{
    char *made = text("%s/postgres.new", p->dir), *program = text("%s/initdb", p->bin);
    const char *clear[] = {"/bin/rm", "-rf", made, NULL};
    const char *init[] = {program, "-D",   made,         "-U",           "pawl",
                          "-E",    "UTF8", "--locale=C", "--auth=trust", NULL};
    int rc = run(p, clear, err);

    if (rc == 0 && (mkdir(made, 0700) < 0 || (p->uid && chown(made, p->uid, p->gid) < 0)))
        rc = err_set(err, ERR_INTERNAL, "%s: %s", made, strerror(errno));
    if (rc == 0)
        rc = run(p, init, err);
    if (rc == 0 && rename(made, p->cluster) < 0)
        rc = err_set(err, ERR_INTERNAL, "%s: cannot move it to %s: %s", made, p->cluster, strerror(errno));
    free(made);
    free(program);
    return rc;
}

/* The pid in postmaster.pid when that process lives and works in this cluster; 0: none. */
static pid_t running_server(const struct postgres *p)
{
    char *path = text("%s/postmaster.pid", p->cluster), folder[PATH_MAX] = "";
    FILE *f = fopen(path, "re");
    long pid = 0;

    free(path);
    if (!f)
        return 0;
    if (fscanf(f, "%ld\n", &pid) != 1 || !fgets(folder, sizeof folder, f))
        pid = 0;
    fclose(f);
    folder[strcspn(folder, "\n")] = '\0';
    if (pid <= 0 || strcmp(folder, p->cluster) != 0 || kill((pid_t)pid, 0) < 0)
        return 0;

    char *proc = text("/proc/%ld/cmdline", pid), line[PATH_MAX] = "";
    f = fopen(proc, "re");
    free(proc);
    if (f) { /* the pid may be another program's by now */
        size_t n = fread(line, 1, sizeof line - 1, f);
        line[n] = '\0';
        fclose(f);
    }
    return strstr(line, "postgres") ? (pid_t)pid : 0;
}

static void start_server(struct postgres *p)
{
    char *program = text("%s/postgres", p->bin);
    char *sockets = text("unix_socket_directories=%s", p->socket_dir);
    const char *argv[] = {program, "-D", p->cluster,
                          /* who can reach it: this user, by the socket's folder */
                          "-c", sockets, "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700",
                          /* nothing acknowledged is lost */
                          "-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on",
                          /* a small server that writes much and reads little */
                          "-c", "shared_buffers=128MB", "-c", "max_connections=100", "-c", "max_wal_size=2GB",
                          "-c", "min_wal_size=256MB", "-c", "checkpoint_timeout=15min", "-c",
                          "wal_compression=lz4", "-c", "jit=off", "-c", "autovacuum=on", "-c",
                          "cluster_name=pawl", NULL};
    pid_t pid = fork();

    if (pid == 0)
        become(p, argv);
    p->pid = pid > 0 ? pid : 0;
    free(program);
    free(sockets);
}

/* Our own child is reaped, so that it does not count as alive. */
static bool alive(const struct postgres *p)
{
    if (p->pid <= 0)
        return false;
    return waitpid(p->pid, NULL, WNOHANG) != p->pid && kill(p->pid, 0) == 0;
}

static int wait_until_it_answers(struct postgres *p, struct err *err)
{
    int64_t until = now_ms() + START_SECONDS * 1000;

    while (PQping(p->conninfo) != PQPING_OK) {
        if (!alive(p)) {
            char words[512];
            p->pid = 0;
            last_words(p, words, sizeof words);
            return err_set(err, ERR_INTERNAL, "PostgreSQL does not start: %s (see %s)", words, p->log);
        }
        if (now_ms() > until)
            return err_set(err, ERR_INTERNAL, "PostgreSQL does not answer after %d s (see %s)", START_SECONDS,
                           p->log);
        nap();
    }
    return 0;
}

/*
 * Uses the server that an earlier pawld left running, or starts one.  After a postmaster was killed its
 * children hold the shared memory for a moment, and a new one refuses to start: hence the second tries.
 */
static int bring_up(struct postgres *p, struct err *err)
{
    int64_t until = now_ms() + 15000;

    for (;;) {
        p->pid = running_server(p);
        if (p->pid)
            log_info("PostgreSQL runs already, it is used", "pid=%d", (int)p->pid);
        else
            start_server(p);
        if (wait_until_it_answers(p, err) == 0)
            return 0;
        if (alive(p) || now_ms() > until)
            return -1;
        nanosleep(&(struct timespec){.tv_nsec = 300000000L}, NULL);
    }
}

/* ---- the database ---- */

static int make_database(const struct postgres *p, struct err *err)
{
    char *maintenance = text("host=%s dbname=postgres user=pawl", p->socket_dir);
    PGconn *c = PQconnectdb(maintenance);
    int rc = -1;

    if (PQstatus(c) != CONNECTION_OK) {
        err_set(err, ERR_INTERNAL, "the private PostgreSQL refuses: %s", PQerrorMessage(c));
        goto out;
    }
    PGresult *r = PQexec(c, "SELECT 1 FROM pg_database WHERE datname = 'pawl'");
    bool there = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1;
    PQclear(r);
    if (!there) {
        r = PQexec(c, "CREATE DATABASE pawl");
        bool made = PQresultStatus(r) == PGRES_COMMAND_OK;
        PQclear(r);
        if (!made) {
            err_set(err, ERR_INTERNAL, "cannot make the database: %s", PQerrorMessage(c));
            goto out;
        }
    }
    rc = 0;
out:
    PQfinish(c);
    free(maintenance);
    return rc;
}

/* For people: psql "$(cat DATA-DIR/conninfo)". */
static int write_conninfo(const struct postgres *p, struct err *err)
{
    char *path = text("%s/conninfo", p->dir);
    FILE *f = fopen(path, "we");
    int rc = 0;

    if (!f || fprintf(f, "%s\n", p->conninfo) < 0 || fclose(f) != 0)
        rc = err_set(err, ERR_INTERNAL, "%s: cannot write it: %s", path, strerror(errno));
    free(path);
    return rc;
}

/* ---- doors ---- */

static void release(struct postgres *p)
{
    if (p->lock >= 0)
        close(p->lock);
    free(p->dir);
    free(p->cluster);
    free(p->log);
    free(p->socket_dir);
    free(p->bin);
    free(p->conninfo);
    free(p);
}

static int prepare(struct postgres *p, const char *data_dir, struct err *err)
{
    if (open_folder(p, data_dir, err) < 0 || lock_folder(p, err) < 0 || choose_user(p, err) < 0 ||
        make_socket_dir(p, err) < 0 || find_programs(p, err) < 0)
        return -1;
    p->conninfo = text("host=%s dbname=pawl user=pawl", p->socket_dir);
    if (cluster_version(p) == 0) {
        log_info("making the private PostgreSQL", "dir=%s", p->cluster);
        if (make_cluster(p, err) < 0)
            return -1;
    }
    return 0;
}

int postgres_start(const char *data_dir, struct postgres **out, struct err *err)
{
    struct postgres *p = mem_calloc(1, sizeof *p);

    p->lock = -1;
    if (prepare(p, data_dir, err) < 0) {
        release(p);
        return -1;
    }
    if (bring_up(p, err) < 0 || make_database(p, err) < 0 || write_conninfo(p, err) < 0) {
        postgres_stop(p, 5);
        return -1;
    }
    *out = p;
    return 0;
}

const char *postgres_conninfo(const struct postgres *p)
{
    return p->conninfo;
}

int postgres_revive(struct postgres *p, struct err *err)
{
    if (alive(p))
        return 0;
    log_error("PostgreSQL has died, it is started again", NULL);
    return bring_up(p, err);
}

static bool gone_within(const struct postgres *p, int ms)
{
    int64_t until = now_ms() + ms;

    while (alive(p)) {
        if (now_ms() > until)
            return false;
        nap();
    }
    return true;
}

void postgres_stop(struct postgres *p, int seconds)
{
    if (alive(p)) {
        kill(p->pid, SIGINT); /* fast: open transactions are rolled back, a checkpoint is written */
        if (!gone_within(p, seconds * 1000)) {
            log_warn("PostgreSQL does not stop, it is forced", "pid=%d", (int)p->pid);
            kill(p->pid, SIGQUIT);
            gone_within(p, 1000);
        }
    }
    release(p);
}
