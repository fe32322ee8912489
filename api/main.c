/* main.c -- `pawld`: options, the order of starting and stopping. */
#include "http.h"
#include "run/log.h"
#include "run/node.h"
#include "run/patience.h"
#include "run/peers.h"
#include "run/postgres.h"

#include <argp.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    STOP_MS = 5000,      /* from SIGTERM to the end */
    DRAIN_MS = 3600,     /* of these, for the reactors */
    POSTGRES_MS = 700,   /* kept for PostgreSQL's last resort */
    LEASES_SECONDS = 10, /* longest wait for the leases before it says that it listens */
};

/* ======== options: each also as PAWL_* in the environment ======== */

struct options {
    char host[64];
    int port;
    const char *database; /* NULL: a private PostgreSQL in data_dir */
    const char *data_dir;
    const char *region, *account;
    int reactors;
    int lease_ttl_s;
    int executions_max;
    int park_after_s;
    enum log_level log_level;
    bool trust_network;
};

static const struct argp_option OPTIONS[] = {
    {"listen", 'l', "HOST:PORT", 0, "where to listen; port 0 picks a free one (default 127.0.0.1:8080)", 0},
    {"database", 'd', "CONNINFO", 0,
     "PostgreSQL to use, as libpq takes it (default: a private one in the data directory)", 0},
    {"data-dir", 'D', "DIR", 0, "home of the private PostgreSQL (default .pawl)", 0},
    {"reactors", 'r', "N", 0, "threads, 1 to 64; 0: one a core (default 0)", 0},
    {"region", 'R', "NAME", 0, "region in ARNs (default us-east-1)", 0},
    {"account", 'a', "DIGITS", 0, "account in ARNs (default 000000000000)", 0},
    {"lease-ttl", 't', "SECONDS", 0,
     "a pawld that stood still so long is inherited by others, 2 to 3600 (default 10)", 0},
    {"max-executions", 'm', "N", 0,
     "executions in the memory of each thread before starts are refused (default 200000)", 0},
    {"park-after", 'p', "SECONDS", 0,
     "executions that have waited so long, and will for longer, leave memory; 0: never (default 60)", 0},
    {"log-level", 'L', "LEVEL", 0, "error, warn, info or debug (default info)", 0},
    {"trust-network", 'T', NULL, 0,
     "listen beyond loopback without authentication: whoever reaches the port may do everything", 0},
    {0},
};

static int number(struct argp_state *state, const char *name, const char *text, int min, int max)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);

    if (errno || end == text || *end || n < min || n > max)
        argp_failure(state, 1, 0, "--%s %s: expected a number from %d to %d", name, text, min, max);
    return (int)n;
}

/* "127.0.0.1:8080", "[::1]:8080", "localhost:0" */
static void read_address(struct argp_state *state, const char *text, struct options *o)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;

    if (len > 1 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof o->host)
        argp_failure(state, 1, 0, "--listen %s: expected HOST:PORT", text);
    memcpy(o->host, text, len);
    o->host[len] = '\0';
    o->port = number(state, "listen", colon + 1, 0, 65535);
}

static void check_word(struct argp_state *state, const char *name, const char *text, const char *allowed,
                       size_t min, size_t max)
{
    if (strlen(text) < min || strlen(text) > max || strspn(text, allowed) != strlen(text))
        argp_failure(state, 1, 0, "--%s %s: expected %zu to %zu of the characters %s", name, text, min, max,
                     allowed);
}

static void read_level(struct argp_state *state, const char *text, struct options *o)
{
    int level = log_level_parse(text);

    if (level < 0)
        argp_failure(state, 1, 0, "--log-level %s: expected error, warn, info or debug", text);
    o->log_level = (enum log_level)level;
}

static error_t option(int key, char *text, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case 'l':
        read_address(state, text, o);
        return 0;
    case 'd':
        o->database = text;
        return 0;
    case 'D':
        o->data_dir = text;
        return 0;
    case 'r':
        o->reactors = number(state, "reactors", text, 0, PEERS_MAX);
        return 0;
    case 'R':
        check_word(state, "region", text, "abcdefghijklmnopqrstuvwxyz0123456789-", 1, 32);
        o->region = text;
        return 0;
    case 'a':
        check_word(state, "account", text, "0123456789", 12, 12);
        o->account = text;
        return 0;
    case 't':
        o->lease_ttl_s = number(state, "lease-ttl", text, 2, 3600);
        return 0;
    case 'm':
        o->executions_max = number(state, "max-executions", text, 1, 100000000);
        return 0;
    case 'p':
        o->park_after_s = number(state, "park-after", text, 0, 86400);
        return 0;
    case 'L':
        read_level(state, text, o);
        return 0;
    case 'T':
        o->trust_network = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_failure(state, 1, 0, "%s: pawld takes options only", text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --data-dir is PAWL_DATA_DIR. A switch is on unless it is "" or "0". */
static void read_environment(struct argp_state *state)
{
    for (const struct argp_option *o = OPTIONS; o->name; o++) {
        char name[64] = "PAWL_";
        for (size_t i = 0; o->name[i]; i++)
            name[5 + i] = o->name[i] == '-' ? '_' : (char)(o->name[i] - 'a' + 'A');
        char *text = getenv(name);
        if (text && (o->arg || (*text && strcmp(text, "0") != 0)))
            option(o->key, text, state);
    }
}

static error_t first_environment(int key, char *text, struct argp_state *state)
{
    if (key == ARGP_KEY_INIT) {
        read_environment(state);
        return 0;
    }
    return option(key, text, state);
}

static const struct argp ARGP = {
    OPTIONS,
    first_environment,
    NULL,
    "pawld -- durable workflows in the Amazon States Language on PostgreSQL\v"
    "Each option can also be given in the environment: --data-dir as PAWL_DATA_DIR.\n"
    "Logs go to standard error; standard output says where it listens, once it does.",
    NULL,
    NULL,
    NULL};

/* ======== the doors, one a reactor ======== */

struct door {
    struct http_config config;
    struct http *http;
    struct err err;
};

static struct doors {
    struct door list[PEERS_MAX];
    int n, opened; /* opened or failed */
    pthread_mutex_t lock;
    pthread_cond_t changed;
} doors = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void open_door(struct reactor *r, void *arg)
{
    struct door *d = arg;

    http_open(r, &d->config, &d->http, &d->err);
    pthread_mutex_lock(&doors.lock);
    doors.opened++;
    pthread_cond_signal(&doors.changed);
    pthread_mutex_unlock(&doors.lock);
}

static void close_door(struct reactor *r, void *arg)
{
    struct door *d = arg;

    if (d->http)
        http_close(d->http);
}

static int wait_for_doors(struct err *err)
{
    int rc = 0;

    pthread_mutex_lock(&doors.lock);
    while (doors.opened < doors.n)
        pthread_cond_wait(&doors.changed, &doors.lock);
    for (int i = 0; i < doors.n; i++)
        if (!doors.list[i].http) {
            *err = doors.list[i].err;
            rc = -1;
        }
    pthread_mutex_unlock(&doors.lock);
    return rc;
}

/* ======== pawld ======== */

struct pawld {
    struct options options;
    struct http_address address;
    struct postgres *postgres; /* private; NULL: --database */
    const char *conninfo;
    struct node *node;
    bool connected; /* the database is migrated and in use */
    sigset_t signals;
    bool stopping;            /* one of them has come */
    struct patience patience; /* which ends then */
};

static int listen_for(struct pawld *p, struct err *err)
{
    struct options *o = &p->options;
    int fds[PEERS_MAX];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    doors.n = o->reactors ? o->reactors : cores < 1 ? 1 : cores > PEERS_MAX ? PEERS_MAX : (int)cores;
    if (http_listen(o->host, o->port, doors.n, fds, &p->address, err) < 0)
        return -1;
    for (int i = 0; i < doors.n; i++)
        doors.list[i].config = (struct http_config){.fd = fds[i], .loopback = p->address.loopback};
    if (p->address.loopback || o->trust_network)
        return 0;
    return err_set(
        err, ERR_INTERNAL,
        "%s is reachable from other machines and this pawld has no authentication yet: listen on 127.0.0.1, "
        "or say --trust-network where everything that reaches the port is trusted",
        o->host);
}

static int prepare_database(struct pawld *p, struct store_settings *settings, struct err *err)
{
    char prefix[128];

    snprintf(prefix, sizeof prefix, "arn:aws:states:%s:%s:", p->options.region, p->options.account);
    if (store_migrate(p->conninfo, &p->patience, err) < 0 ||
        store_set_arn_prefix(p->conninfo, &p->patience, prefix, err) < 0)
        return -1;
    return store_settings(p->conninfo, &p->patience, settings, err);
}

/* 0 also when the database is not there yet: then connected stays false. */
static int connect_database(struct pawld *p, struct err *err)
{
    struct store_settings settings;

    if (prepare_database(p, &settings, err) < 0)
        return !strcmp(err->name, ERR_UNAVAILABLE) && !p->postgres ? 0 : -1;
    node_connect(p->node, p->conninfo, &settings);
    p->connected = true;
    return 0;
}

static struct node *make_node(struct pawld *p)
{
    const struct options *o = &p->options;
    char host[128] = "", name[192];

    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s:%d:%ld", host, p->address.port, (long)getpid());
    struct node *n = node_new(&(struct node_config){.region = o->region,
                                                    .account = o->account,
                                                    .name = name,
                                                    .reactors = doors.n,
                                                    .lease_ttl_us = o->lease_ttl_s * INT64_C(1000000),
                                                    .executions_max = (size_t)o->executions_max,
                                                    .park_after_us = o->park_after_s * INT64_C(1000000)});
    for (int i = 0; i < doors.n; i++)
        reactor_on_loop(node_reactor(n, i), open_door, close_door, &doors.list[i]);
    return n;
}

/* SIGTERM or SIGINT within ms, or before? */
static bool asked_to_stop(struct pawld *p, int ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    int signal = 0;

    while (!p->stopping && (signal = sigtimedwait(&p->signals, NULL, &wait)) < 0 && errno == EINTR)
        ;
    p->stopping |= signal > 0;
    return p->stopping;
}

static bool out_of_patience(void *arg)
{
    return asked_to_stop(arg, 0);
}

/* First the doors, which say that the database is not there yet; it may take its time. */
static int start(struct pawld *p, struct err *err)
{
    struct options *o = &p->options;

    if (listen_for(p, err) < 0)
        return -1;
    p->node = make_node(p);
    node_run(p->node);
    if (wait_for_doors(err) < 0)
        return -1;
    if (!o->database && postgres_start(o->data_dir, &p->patience, &p->postgres, err) < 0)
        return -1;
    p->conninfo = o->database ? o->database : postgres_conninfo(p->postgres);
    if (connect_database(p, err) < 0)
        return -1;
    if (!p->connected && !p->stopping)
        log_warn("the database is not there; answering 503 until it is", "why=\"%s\"", err->cause);
    return 0;
}

/* Whoever reads this line may start executions at once, if there is a database. Returns whether to stop. */
static bool announce(struct pawld *p)
{
    bool v6 = strchr(p->address.host, ':') != NULL;

    if (asked_to_stop(p, 0))
        return true;
    for (int i = 0; p->connected && !node_has_leases(p->node) && i < LEASES_SECONDS * 100; i++)
        if (asked_to_stop(p, 10))
            return true;
    printf("listening on http://%s%s%s:%d\n", v6 ? "[" : "", p->address.host, v6 ? "]" : "", p->address.port);
    fflush(stdout);
    return false;
}

/* Once a second: is the private PostgreSQL alive; is a database that was absent there now? */
static int look_after(struct pawld *p, struct err *err)
{
    if (p->postgres && postgres_revive(p->postgres, err) < 0)
        log_error("PostgreSQL does not start again; trying on", "why=\"%s\"", err->cause);
    return p->connected ? 0 : connect_database(p, err);
}

static int serve(struct pawld *p, struct err *err)
{
    if (announce(p))
        return 0;
    while (!asked_to_stop(p, 1000))
        if (look_after(p, err) < 0)
            return -1;
    log_info("stopping", NULL);
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What is left of STOP_MS goes to PostgreSQL, which is stopped last. */
static void stop_postgres(struct pawld *p, int64_t until_ms)
{
    int64_t left_ms = until_ms - now_ms() - POSTGRES_MS;

    if (p->postgres)
        postgres_stop(p->postgres, left_ms > 0 ? (int)left_ms : 0);
}

/* In mirror order; bounded by STOP_MS in all. */
static void stop(struct pawld *p)
{
    int64_t until_ms = now_ms() + STOP_MS;

    if (p->node) {
        node_drain(p->node);
        if (node_join(p->node, DRAIN_MS) < 0) {
            log_error("some threads do not end; leaving without them", NULL);
            stop_postgres(p, until_ms);
            _exit(1);
        }
        node_free(p->node);
    }
    stop_postgres(p, until_ms);
    curl_global_cleanup();
}

static int say(const struct err *err)
{
    fprintf(stderr, "pawld: %s\n", err->cause);
    return EXIT_FAILURE;
}

/* Sockets are files: as many as the system lets us have. */
static void raise_limits(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

int main(int argc, char **argv)
{
    struct pawld p = {.options = {.host = "127.0.0.1",
                                  .port = 8080,
                                  .data_dir = ".pawl",
                                  .region = "us-east-1",
                                  .account = "000000000000",
                                  .park_after_s = 60,
                                  .log_level = LOG_INFO}};
    struct err err = {0};

    argp_err_exit_status = EXIT_FAILURE;
    argp_parse(&ARGP, argc, argv, 0, NULL, &p.options);
    log_set_level(p.options.log_level);
    raise_limits();
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&p.signals);
    sigaddset(&p.signals, SIGTERM);
    sigaddset(&p.signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &p.signals, NULL); /* main alone takes them, by sigtimedwait */
    curl_global_init(CURL_GLOBAL_ALL);

    p.patience = (struct patience){out_of_patience, &p};

    bool ok = start(&p, &err) == 0 && serve(&p, &err) == 0;
    stop(&p);
    return ok || p.stopping ? EXIT_SUCCESS : say(&err);
}
