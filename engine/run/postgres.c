#include "run/postgres_priv.h"

#include "base/arena.h"
#include "run/log.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SOCKET_PATH_MAX = 100, /* what a unix socket's address surely holds */
    START_SECONDS = 60,    /* recovery after a crash included */
    OPTIONS_MAX = 32,
    LOG_BYTES_MAX = 16 << 20, /* a longer one is begun anew at the next start */
    POLL_MS = 20,
    QUIT_MS = 500, /* for an immediate shutdown */
};

#define SOCKET_NAME "/.s.PGSQL.5432"

/*
 * Given on the command line, so that no file can take durability back.  Errors of statements are pawld's to
 * report: the log holds what concerns the server.
 */
static const char *const OPTIONS[] = {
    "listen_addresses=",
    "port=5432",
    "max_connections=250", /* two for each of 64 reactors, and people */
    "unix_socket_permissions=0700",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "shared_buffers=128MB",
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    "wal_compression=lz4", /* of full pages after a checkpoint; its cost does not show in ours */
    "jit=off",
    "max_parallel_workers_per_gather=0",
    "autovacuum=on",
    "log_min_messages=log",
    "log_timezone=UTC",
    "timezone=UTC",
    NULL,
};

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int asked_to_stop(const struct postgres *p, struct err *err)
{
    return patience_ended(p->patience)
               ? err_set(err, ERR_UNAVAILABLE, "asked to stop while PostgreSQL was starting")
               : 0;
}

/* ---- folders ---- */

static int make_folders(const char *path, struct err *err)
{
    char part[PATH_MAX];

    if (strlen(path) >= sizeof part - 64)
        return err_set(err, ERR_INTERNAL, "data directory: the name has %zu bytes", strlen(path));
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1;; p++) {
        char c = *p;
        if (c && c != '/')
            continue;
        *p = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return err_set(err, ERR_INTERNAL, "data directory %s: cannot be made: %s", part, strerror(errno));
        *p = c;
        if (!c)
            return 0;
    }
}

static int take_lock(struct postgres *p, struct err *err)
{
    char path[PATH_MAX + 16], holder[32] = "";

    snprintf(path, sizeof path, "%s/lock", p->data_dir);
    p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (p->lock < 0)
        return err_set(err, ERR_INTERNAL, "data directory %s: %s", p->data_dir, strerror(errno));
    if (flock(p->lock, LOCK_EX | LOCK_NB) < 0) {
        ssize_t n = read(p->lock, holder, sizeof holder - 1);
        holder[n > 0 ? strcspn(holder, "\n") : 0] = '\0';
        return err_set(err, ERR_INTERNAL, "data directory %s: another pawld holds it (process %s)",
                       p->data_dir, *holder ? holder : "unknown");
    }
    int n = snprintf(holder, sizeof holder, "%d\n", (int)getpid());
    if (ftruncate(p->lock, 0) < 0 || pwrite(p->lock, holder, (size_t)n, 0) != n)
        return err_set(err, ERR_INTERNAL, "data directory %s: cannot be written: %s", p->data_dir,
                       strerror(errno));
    return 0;
}

static int choose_user(struct postgres *p, struct err *err)
{
    struct passwd *pw = geteuid() == 0 ? getpwnam("postgres") : getpwuid(geteuid());

    if (!pw && geteuid() == 0)
        return err_set(err, ERR_INTERNAL,
                       "PostgreSQL does not run as root, and there is no user postgres; start pawld as an "
                       "ordinary user");
    p->uid = pw ? pw->pw_uid : geteuid();
    p->gid = pw ? pw->pw_gid : getegid();
    snprintf(p->user, sizeof p->user, "%s", pw ? pw->pw_name : "pawl");
    return 0;
}

static int check_access(struct postgres *p, struct err *err)
{
    int error = postgres_can_enter(p, p->data_dir);

    if (error)
        return err_set(err, ERR_INTERNAL,
                       "data directory %s: user %s, as whom PostgreSQL runs, cannot enter it (%s); choose "
                       "another --data-dir",
                       p->data_dir, p->user, strerror(error));
    return 0;
}

static int make_private(const struct postgres *p, const char *folder, struct err *err)
{
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return err_set(err, ERR_INTERNAL, "%s: cannot be made: %s", folder, strerror(errno));
    if (geteuid() != p->uid && chown(folder, p->uid, p->gid) < 0)
        return err_set(err, ERR_INTERNAL, "%s: cannot be given to user %s: %s", folder, p->user,
                       strerror(errno));
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    return remove(path);
}

static void remove_tree(const char *folder)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the cluster ---- */

static void begin_log(struct postgres *p)
{
    struct stat st = {0};

    if (stat(p->log, &st) == 0 && st.st_size > LOG_BYTES_MAX && truncate(p->log, 0) == 0)
        st.st_size = 0;
    p->log_from = (long)st.st_size;
}

/* Made beside its place and moved there when it is whole: a pawld that is killed meanwhile leaves nothing
 * half. */
static int make_cluster(struct postgres *p, struct err *err)
{
    char folder[PATH_MAX + 16], line[1024];
    struct postgres maker = *p;

    snprintf(folder, sizeof folder, "%s/postgres.new", p->data_dir);
    snprintf(maker.cluster, sizeof maker.cluster, "%s", folder);
    remove_tree(folder);
    if (make_private(p, folder, err) < 0)
        return -1;
    char *argv[] = {(char *)"initdb",
                    (char *)"-D",
                    folder,
                    (char *)"-U",
                    maker.user,
                    (char *)"-A",
                    (char *)"trust",
                    (char *)"-E",
                    (char *)"UTF8",
                    (char *)"--locale=C",
                    (char *)"--no-instructions",
                    NULL};
    log_info("making a private PostgreSQL", "folder=%s", p->cluster);
    begin_log(p);
    int status = postgres_wait(postgres_spawn(&maker, "initdb", argv), p->patience);
    if (asked_to_stop(p, err) < 0)
        return -1;
    if (status != 0)
        return err_set(err, ERR_INTERNAL, "initdb failed: %s", postgres_last_error(p, line, sizeof line));
    if (rename(folder, p->cluster) < 0)
        return err_set(err, ERR_INTERNAL, "%s: cannot be moved into place: %s", folder, strerror(errno));
    return 0;
}

static int find_cluster(struct postgres *p, struct err *err)
{
    int major = postgres_major(p->cluster);

    if (postgres_find_bin(major, p->bin, err) < 0)
        return -1;
    if (major)
        return 0;
    if (rmdir(p->cluster) < 0 && errno != ENOENT)
        return err_set(err, ERR_INTERNAL, "%s: this is no PostgreSQL cluster, and not empty", p->cluster);
    return make_cluster(p, err);
}

/* ---- launching ---- */

static int choose_socket(struct postgres *p, struct err *err)
{
    char name[] = "/tmp/pawl-XXXXXX";

    if (*p->socket_dir)
        return 0;
    snprintf(p->socket_dir, sizeof p->socket_dir, "%s/socket", p->data_dir);
    if (strlen(p->socket_dir) + sizeof SOCKET_NAME > SOCKET_PATH_MAX) {
        if (!mkdtemp(name))
            return err_set(err, ERR_INTERNAL, "/tmp: %s", strerror(errno));
        snprintf(p->socket_dir, sizeof p->socket_dir, "%s", name);
        p->socket_is_ours = true;
    }
    return make_private(p, p->socket_dir, err);
}

/*
 * The socket's lock file names a process, and one that nobody reaped, or a newcomer with its number, would
 * keep the server from starting.  No server of this cluster runs, and the folder is ours alone.
 */
static void clear_socket(const struct postgres *p)
{
    char path[sizeof p->socket_dir + sizeof SOCKET_NAME ".lock"];

    snprintf(path, sizeof path, "%s" SOCKET_NAME ".lock", p->socket_dir);
    unlink(path);
    snprintf(path, sizeof path, "%s" SOCKET_NAME, p->socket_dir);
    unlink(path);
}

static int launch(struct postgres *p, struct err *err)
{
    char options[OPTIONS_MAX + 1][PATH_MAX + 64];
    char *argv[2 * OPTIONS_MAX + 8] = {(char *)"postgres", (char *)"-D", p->cluster};
    int n = 3, i = 0;

    if (choose_socket(p, err) < 0)
        return -1;
    begin_log(p);
    snprintf(options[i], sizeof options[i], "unix_socket_directories=%s", p->socket_dir);
    for (const char *const *o = OPTIONS; *o; o++)
        snprintf(options[++i], sizeof options[i], "%s", *o);
    for (int k = 0; k <= i; k++) {
        argv[n++] = (char *)"-c";
        argv[n++] = options[k];
    }
    postgres_mark_dead(p->cluster);
    clear_socket(p);
    p->pid = postgres_spawn(p, "postgres", argv);
    p->is_child = true;
    if (p->pid < 0)
        return err_set(err, ERR_INTERNAL, "cannot start PostgreSQL: %s", strerror(errno));
    return 0;
}

static bool has_died(struct postgres *p)
{
    if (p->is_child)
        return waitpid(p->pid, NULL, WNOHANG) != 0;
    return postgres_find_running(p->cluster, NULL) == 0;
}

/* ---- connecting ---- */

static void quote(char *to, size_t size, const char *text) /* as conninfo wants it */
{
    size_t n = 0;

    for (; *text && n + 3 < size; text++) {
        if (*text == '\'' || *text == '\\')
            to[n++] = '\\';
        to[n++] = *text;
    }
    to[n] = '\0';
}

static void write_conninfo(struct postgres *p, char *to, size_t size, const char *database)
{
    char host[PATH_MAX + 64];

    quote(host, sizeof host, p->socket_dir);
    snprintf(to, size, "host='%s' port=5432 user='%s' dbname=%s", host, p->user, database);
}

/* It has died while it was awaited. 0: it has been launched again. */
static int launch_again(struct postgres *p, struct err *err)
{
    char error[1024];

    if (p->is_child && !strstr(postgres_last_error(p, error, sizeof error), "shared memory block"))
        return err_set(err, ERR_INTERNAL, "PostgreSQL does not start: %s", error);
    sleep_ms(10 * POLL_MS); /* children of a killed server end by themselves */
    return launch(p, err);
}

static int wait_until_up(struct postgres *p, struct err *err)
{
    char conninfo[PATH_MAX + 256];

    for (int64_t deadline = now_ms() + START_SECONDS * 1000; now_ms() < deadline; sleep_ms(POLL_MS)) {
        write_conninfo(p, conninfo, sizeof conninfo, "postgres connect_timeout=2");
        if (PQping(conninfo) == PQPING_OK)
            return 0;
        if (asked_to_stop(p, err) < 0)
            return -1;
        if (has_died(p) && launch_again(p, err) < 0)
            return -1;
    }
    return err_set(err, ERR_INTERNAL, "PostgreSQL has not answered within %d seconds, see %s", START_SECONDS,
                   p->log);
}

static int make_database(struct postgres *p, struct err *err)
{
    char conninfo[PATH_MAX + 256];
    int rc = 0;

    write_conninfo(p, conninfo, sizeof conninfo, "postgres");
    PGconn *pg = PQconnectdb(conninfo);
    PGresult *r = PQexec(pg, "SELECT 1 FROM pg_database WHERE datname = 'pawl'");
    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 0) {
        PQclear(r);
        r = PQexec(pg, "CREATE DATABASE pawl TEMPLATE template0 ENCODING 'UTF8'");
    }
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        rc = err_set(err, ERR_INTERNAL, "cannot make the database pawl: %.*s",
                     (int)strcspn(PQerrorMessage(pg), "\n"), PQerrorMessage(pg));
    PQclear(r);
    PQfinish(pg);
    write_conninfo(p, p->conninfo, sizeof p->conninfo, "pawl");
    return rc;
}

/* ---- the doors ---- */

static void release(struct postgres *p)
{
    if (p->socket_is_ours)
        remove_tree(p->socket_dir);
    if (p->lock >= 0)
        close(p->lock);
    free(p);
}

static int find_or_launch(struct postgres *p, struct err *err)
{
    p->pid = postgres_find_running(p->cluster, p->socket_dir);
    if (!p->pid) {
        *p->socket_dir = '\0';
        return launch(p, err);
    }
    log_info("PostgreSQL of an earlier pawld runs", "pid=%d", (int)p->pid);
    for (int64_t deadline = now_ms() + START_SECONDS * 1000; !*p->socket_dir; sleep_ms(POLL_MS)) {
        if (!postgres_find_running(p->cluster, p->socket_dir) || now_ms() > deadline)
            return launch(p, err);
        if (asked_to_stop(p, err) < 0)
            return -1;
    }
    p->socket_is_ours = !strncmp(p->socket_dir, "/tmp/pawl-", 10);
    return 0;
}

int postgres_start(const char *data_dir, const struct patience *patience, struct postgres **out,
                   struct err *err)
{
    struct postgres *p = mem_calloc(1, sizeof *p);

    p->lock = -1;
    p->patience = patience;
    if (make_folders(data_dir, err) < 0)
        goto out;
    if (!realpath(data_dir, p->data_dir)) {
        err_set(err, ERR_INTERNAL, "data directory %s: %s", data_dir, strerror(errno));
        goto out;
    }
    snprintf(p->cluster, sizeof p->cluster, "%s/postgres", p->data_dir);
    snprintf(p->log, sizeof p->log, "%s/postgres.log", p->data_dir);
    if (take_lock(p, err) < 0 || choose_user(p, err) < 0 || check_access(p, err) < 0 ||
        find_cluster(p, err) < 0 || find_or_launch(p, err) < 0)
        goto out;
    if (wait_until_up(p, err) < 0 || make_database(p, err) < 0) {
        postgres_stop(p, 2000);
        return -1;
    }
    p->patience = NULL;
    log_info("PostgreSQL runs", "pid=%d folder=%s", (int)p->pid, p->cluster);
    *out = p;
    return 0;
out:
    release(p);
    return -1;
}

const char *postgres_conninfo(const struct postgres *p)
{
    return p->conninfo;
}

int postgres_revive(struct postgres *p, struct err *err)
{
    if (p->pid > 0 && !has_died(p))
        return 0;
    log_warn("PostgreSQL has died and is started again", "pid=%d", (int)p->pid);
    return launch(p, err) < 0 ? -1 : 1;
}

/* True when it has ended within so many milliseconds. */
static bool ends_within(struct postgres *p, int64_t ms)
{
    for (int64_t deadline = now_ms() + ms;; sleep_ms(POLL_MS / 4)) {
        if (has_died(p))
            return true;
        if (now_ms() > deadline)
            return false;
    }
}

void postgres_stop(struct postgres *p, int ms)
{
    if (p->pid > 0 && !has_died(p)) {
        kill(p->pid, SIGINT);
        if (!ends_within(p, ms)) {
            log_warn("PostgreSQL takes too long to stop; its next start recovers", "pid=%d", (int)p->pid);
            kill(p->pid, SIGQUIT);
            ends_within(p, QUIT_MS);
        }
    }
    release(p);
}
