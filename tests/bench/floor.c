/*
 * floor WHAT ... -- what no durable orchestrator can go below on this machine, one figure a line, "name
 * value".
 *
 *   commits -D CONNINFO           one connection, one small insert after another, each flushed to disk
 *   calls   -f PORT -n N          N calls at a time by libcurl's multi interface
 *   server  -f PORT -n N          N calls at a time by the cheapest client there is
 *   chain   -f PORT -D CONNINFO -n N -r R
 *           N chains of ten calls at a time on R threads: before each call, and before a chain counts as
 * ended, one row is committed; what waits is committed together, and the next batch goes out before the last
 * one's calls.  No language, timers, recovery or API: the work that is left when everything else is free.
 *
 * -P and -G: pids of the function server and of the postmaster, whose CPU is metered.
 */
#include "meter.h"
#include "wire.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { PAYLOAD_BYTES = 200, TASKS = 10, THREADS_MAX = 16, BATCH_MAX = 500, EVENTS_MAX = 256 };

struct floor_options {
    int function_port, n, threads;
    double warm_s, measured_s;
    struct meter meter;
};

static struct floor_options opt = {.n = 1, .threads = 1, .warm_s = 1, .measured_s = 5};
static const char PAYLOAD_TAIL[] =
    "\"customer\":{\"id\":4711,\"tier\":\"gold\",\"email\":\"u4711@example.com\"},\"total\":199.5,"
    "\"note\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}";

static int payload(char *out, int number)
{
    return sprintf(out, "{\"slot\":\"%05d\",%s", number, PAYLOAD_TAIL);
}

static void figure(const char *name, double value)
{
    printf("%s %.6g\n", name, value);
}

/* ---- PostgreSQL ---- */

static PGconn *database(void)
{
    PGconn *c = PQconnectdb(opt.meter.conninfo ? opt.meter.conninfo : "");
    if (PQstatus(c) != CONNECTION_OK)
        die("PostgreSQL: %s", PQerrorMessage(c));
    return c;
}

static void sql(PGconn *c, const char *text)
{
    PGresult *g = PQexec(c, text);
    if (PQresultStatus(g) != PGRES_COMMAND_OK && PQresultStatus(g) != PGRES_TUPLES_OK)
        die("%s: %s", text, PQerrorMessage(c));
    PQclear(g);
}

static void prepare(PGconn *c, const char *name, const char *text)
{
    PGresult *g = PQprepare(c, name, text, 0, NULL);
    if (PQresultStatus(g) != PGRES_COMMAND_OK)
        die("%s: %s", text, PQerrorMessage(c));
    PQclear(g);
}

static int commits(void)
{
    PGconn *c = database();
    sql(c, "SET client_min_messages = error; DROP TABLE IF EXISTS floor_commit; CREATE TABLE floor_commit (n "
           "bigint, t text)");
    prepare(c, "i", "INSERT INTO floor_commit VALUES ($1::bigint, 'a small row')");
    struct samples took = {0};
    int64_t begin = wire_now(), now = begin, end = begin + (int64_t)(opt.measured_s * 1e6);
    while (now < end) {
        char n[24];
        const char *values[] = {n};
        snprintf(n, sizeof n, "%zu", took.n);
        PGresult *g = PQexecPrepared(c, "i", 1, values, NULL, NULL, 0);
        if (PQresultStatus(g) != PGRES_COMMAND_OK)
            die("insert: %s", PQerrorMessage(c));
        PQclear(g);
        int64_t done = wire_now();
        samples_add(&took, done - now);
        now = done;
    }
    figure("commits_s", (double)took.n / ((double)(now - begin) * 1e-6));
    figure("commit_ms", (double)samples_at(&took, 0.5) / 1e3);
    sql(c, "DROP TABLE floor_commit");
    PQfinish(c);
    return 0;
}

/* ---- the bare function server ---- */

struct bare {
    struct wire_client *client;
    char body[PAYLOAD_BYTES + 64];
    int len;
};
static long bare_calls;

static void bare_answered(void *arg, int status, const char *body, size_t len)
{
    struct bare *b = arg;
    if (status != 200)
        die("the function server answers %d", status);
    bare_calls++;
    wire_send(b->client, "POST /f/step", "", b->body, (size_t)b->len);
}

static int server(void)
{
    struct wire *w = wire_new();
    struct bare *all = calloc((size_t)opt.n, sizeof *all);
    struct reading from, to;
    for (int i = 0; i < opt.n; i++) {
        all[i].client = wire_connect(w, opt.function_port, bare_answered, &all[i]);
        all[i].len = payload(all[i].body, i);
        wire_send(all[i].client, "POST /f/step", "", all[i].body, (size_t)all[i].len);
    }
    meter_read(&opt.meter, &from);
    while (wire_now() < from.at_us + (int64_t)(opt.measured_s * 1e6))
        wire_turn(w, 100);
    meter_read(&opt.meter, &to);
    figure("calls_s", (double)bare_calls / ((double)(to.at_us - from.at_us) * 1e-6));
    figure("server_us", (to.pid_s - from.pid_s) * 1e6 / (double)bare_calls);
    return 0;
}

/* ---- libcurl on epoll ---- */

struct caller { /* one thread's libcurl */
    CURLM *multi;
    int epoll;
    int64_t timeout_us; /* when libcurl wants to be called; 0: not */
};

struct call { /* a handle that is used again and again */
    CURL *easy;
    struct curl_slist *headers;
    char answer[2 * PAYLOAD_BYTES];
    size_t answer_len;
};

static int caller_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct caller *c = arg;
    struct epoll_event e = {.events =
                                (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u),
                            .data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(c->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (epoll_ctl(c->epoll, EPOLL_CTL_MOD, fd, &e) < 0)
        epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &e);
    return 0;
}

static int caller_timer(CURLM *multi, long ms, void *arg)
{
    struct caller *c = arg;
    c->timeout_us = ms < 0 ? 0 : wire_now() + ms * 1000;
    return 0;
}

static void caller_init(struct caller *c)
{
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->multi = curl_multi_init();
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, caller_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, caller_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)opt.n + 16);
    curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
}

/* Lets libcurl work on what has come; other descriptors than its own are the caller's: true when other_fd is
 * ready. */
static bool caller_turn(struct caller *c, int other_fd)
{
    struct epoll_event got[EVENTS_MAX];
    int running, wait_ms = 50;
    if (c->timeout_us) {
        int64_t left = c->timeout_us - wire_now();
        wait_ms = left <= 0 ? 0 : left < 50000 ? (int)(left / 1000 + 1) : 50;
    }
    int n = epoll_wait(c->epoll, got, EVENTS_MAX, wait_ms);
    if (c->timeout_us && wire_now() >= c->timeout_us) {
        c->timeout_us = 0;
        curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    bool other = false;
    for (int i = 0; i < n; i++) {
        if (got[i].data.fd == other_fd)
            other = true;
        else
            curl_multi_socket_action(c->multi, got[i].data.fd,
                                     (got[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                                         (got[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0),
                                     &running);
    }
    return other;
}

static size_t call_answer(char *bytes, size_t size, size_t n, void *arg)
{
    struct call *call = arg;
    if (call->answer_len + n >= sizeof call->answer)
        die("the function server answers more than it was sent");
    memcpy(call->answer + call->answer_len, bytes, n);
    call->answer_len += n;
    return n;
}

static void call_init(struct call *call, void *owner)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/f/step", opt.function_port);
    call->easy = curl_easy_init();
    curl_easy_setopt(call->easy, CURLOPT_URL, url);
    curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, call_answer);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, owner);
    curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(call->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, 60000L);
}

/* Headers as an orchestrator's call has at least: what makes it idempotent. */
static void call_start(struct caller *c, struct call *call, const char *body, int len, long execution,
                       int event)
{
    char key[80];
    snprintf(key, sizeof key, "Idempotency-Key: %ld:%d", execution, event);
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    list = curl_slist_append(list, "Expect:");
    list = curl_slist_append(list, "Accept:");
    list = curl_slist_append(list, key);
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, list);
    curl_slist_free_all(call->headers);
    call->headers = list;
    call->answer_len = 0;
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE, (long)len);
    curl_multi_add_handle(c->multi, call->easy);
}

/* The owner of a call that has ended; NULL: none has. */
static void *caller_ended(struct caller *c)
{
    int left;
    CURLMsg *m = curl_multi_info_read(c->multi, &left);
    if (!m)
        return NULL;
    CURL *easy = m->easy_handle;
    void *owner;
    long status;
    if (m->data.result != CURLE_OK)
        die("calling the function server: %s", curl_easy_strerror(m->data.result));
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        die("the function server answers %ld", status);
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    curl_multi_remove_handle(c->multi, easy);
    return owner;
}

struct plain { /* a closed loop of calls and nothing else */
    struct call call;
    char body[PAYLOAD_BYTES + 64];
    int len, calls;
};

static int calls(void)
{
    struct caller c = {0};
    struct plain *all = calloc((size_t)opt.n, sizeof *all);
    struct reading from, to;
    long done = 0;
    caller_init(&c);
    for (int i = 0; i < opt.n; i++) {
        call_init(&all[i].call, &all[i]);
        all[i].len = payload(all[i].body, i);
        call_start(&c, &all[i].call, all[i].body, all[i].len, i, 0);
    }
    meter_read(&opt.meter, &from);
    while (wire_now() < from.at_us + (int64_t)(opt.measured_s * 1e6)) {
        caller_turn(&c, -1);
        for (struct plain *p; (p = caller_ended(&c)); done++)
            call_start(&c, &p->call, p->body, p->len, (long)(p - all), ++p->calls);
    }
    meter_read(&opt.meter, &to);
    figure("calls_s", (double)done / ((double)(to.at_us - from.at_us) * 1e-6));
    figure("machine_us", (to.machine_s - from.machine_s) * 1e6 / (double)done);
    return 0;
}

/* ---- the bare chain: commit, call, answer ---- */

struct link { /* one chain after another */
    struct call call;
    char body[2 * PAYLOAD_BYTES];
    int len, step, seq;
    long id;
    int64_t released_us; /* its last call was started */
};

struct column { /* a binary array parameter */
    char *bytes;
    size_t len, cap;
    int n;
};

enum { ID, SEQ, STATE, EVENTS, COLUMNS };
static const int TYPES[COLUMNS] = {20, 23, 25, 114}; /* bigint, integer, text, json */

struct engine { /* one thread */
    struct caller caller;
    PGconn *db;
    struct column column[COLUMNS];
    struct link *links, **waiting, **flying;
    int nlinks, nwaiting, nflying;
    bool writing; /* the socket to PostgreSQL has more to take */
    long next_id;
    /* within the window */
    long steps, chains, commits;
    struct samples step_us;
};
static _Atomic bool measuring, ending;

static void column_put(struct column *c, const void *bytes, size_t len)
{
    if (c->len + len > c->cap) {
        c->cap = 2 * (c->len + len) + 1024;
        c->bytes = realloc(c->bytes, c->cap);
    }
    memcpy(c->bytes + c->len, bytes, len);
    c->len += len;
}

static void column_int(struct column *c, uint32_t v)
{
    v = htonl(v);
    column_put(c, &v, sizeof v);
}

static void column_begin(struct column *c, int type)
{
    c->len = 0;
    c->n = 0;
    const uint32_t head[] = {1, 0, (uint32_t)type, 0,
                             1}; /* dimensions, nulls, type, length (set at the end), lower bound */
    for (int i = 0; i < 5; i++)
        column_int(c, head[i]);
}

static void column_add(struct column *c, const void *bytes, size_t len)
{
    column_int(c, (uint32_t)len);
    column_put(c, bytes, len);
    c->n++;
}

static void row_add(struct engine *e, struct link *l)
{
    uint64_t id = __builtin_bswap64((uint64_t)l->id);
    uint32_t seq = htonl((uint32_t)++l->seq);
    char state[16], events[4 * PAYLOAD_BYTES];
    int state_len = snprintf(state, sizeof state, "Step%d", l->step);
    int len = snprintf(
        events, sizeof events,
        "[{\"type\":\"TaskSucceeded\",\"output\":%.*s},{\"type\":\"TaskStateExited\",\"name\":\"%s\"},"
        "{\"type\":\"TaskStateEntered\",\"name\":\"%s\"},{\"type\":\"TaskScheduled\",\"timeout\":60},"
        "{\"type\":\"TaskStarted\"}]",
        l->len, l->body, state, state);
    column_add(&e->column[ID], &id, sizeof id);
    column_add(&e->column[SEQ], &seq, sizeof seq);
    column_add(&e->column[STATE], state, (size_t)state_len);
    column_add(&e->column[EVENTS], events, (size_t)len);
}

static void engine_flush(struct engine *e)
{
    int more = PQflush(e->db);
    if (more < 0)
        die("PostgreSQL: %s", PQerrorMessage(e->db));
    if (e->writing == (more > 0))
        return;
    e->writing = more > 0;
    struct epoll_event event = {.events = EPOLLIN | (e->writing ? EPOLLOUT : 0u), .data.fd = PQsocket(e->db)};
    epoll_ctl(e->caller.epoll, EPOLL_CTL_MOD, PQsocket(e->db), &event);
}

/* One transaction for what waits: one statement and one Sync. */
static void engine_commit(struct engine *e)
{
    const char *values[COLUMNS];
    int lengths[COLUMNS], formats[COLUMNS];
    e->nflying = e->nwaiting < BATCH_MAX ? e->nwaiting : BATCH_MAX;
    memcpy(e->flying, e->waiting, sizeof(void *) * (size_t)e->nflying);
    e->nwaiting -= e->nflying;
    memmove(e->waiting, e->waiting + e->nflying, sizeof(void *) * (size_t)e->nwaiting);

    for (int i = 0; i < COLUMNS; i++)
        column_begin(&e->column[i], TYPES[i]);
    for (int i = 0; i < e->nflying; i++)
        row_add(e, e->flying[i]);
    for (int i = 0; i < COLUMNS; i++) {
        uint32_t n = htonl((uint32_t)e->column[i].n);
        memcpy(e->column[i].bytes + 12, &n, sizeof n);
        values[i] = e->column[i].bytes;
        lengths[i] = (int)e->column[i].len;
        formats[i] = 1;
    }
    if (!PQsendQueryPrepared(e->db, "journal", COLUMNS, values, lengths, formats, 1) ||
        !PQpipelineSync(e->db))
        die("PostgreSQL: %s", PQerrorMessage(e->db));
    engine_flush(e);
}

static void link_wait(struct engine *e, struct link *l)
{
    e->waiting[e->nwaiting++] = l;
}

static void link_begin(struct engine *e, struct link *l)
{
    l->id = e->next_id++;
    l->step = l->seq = 0;
    l->len = payload(l->body, (int)(l - e->links));
    l->released_us = 0;
    link_wait(e, l);
}

/* Its row is on the disk: what it was for may happen. */
static void link_release(struct engine *e, struct link *l)
{
    int64_t now = wire_now();
    if (measuring && l->released_us)
        samples_add(&e->step_us, now - l->released_us);
    l->released_us = now;
    if (l->step < TASKS) {
        call_start(&e->caller, &l->call, l->body, l->len, l->id, l->seq);
        return;
    }
    e->chains += measuring;
    link_begin(e, l);
}

static void link_answered(struct engine *e, struct link *l)
{
    memcpy(l->body, l->call.answer, l->call.answer_len);
    l->len = (int)l->call.answer_len;
    l->step++;
    e->steps += measuring;
    link_wait(e, l);
}

/* True: the transaction in flight is committed. */
static bool engine_acknowledged(struct engine *e)
{
    bool synced = false;
    if (!PQconsumeInput(e->db))
        die("PostgreSQL: %s", PQerrorMessage(e->db));
    while (!synced && !PQisBusy(e->db)) {
        PGresult *g = PQgetResult(e->db);
        ExecStatusType s = PQresultStatus(g);
        synced = s == PGRES_PIPELINE_SYNC;
        if (g && !synced && s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK)
            die("PostgreSQL: %s", PQerrorMessage(e->db));
        PQclear(g);
    }
    return synced;
}

static void engine_released(struct engine *e, struct link **batch)
{
    int n = e->nflying;
    e->commits += measuring;
    memcpy(batch, e->flying, sizeof(void *) * (size_t)n);
    e->nflying = 0;
    if (e->nwaiting) /* PostgreSQL works while the calls go out */
        engine_commit(e);
    for (int i = 0; i < n; i++)
        link_release(e, batch[i]);
}

static void *engine_run(void *arg)
{
    struct engine *e = arg;
    struct link **batch = calloc((size_t)e->nlinks, sizeof *batch);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = PQsocket(e->db)};
    epoll_ctl(e->caller.epoll, EPOLL_CTL_ADD, PQsocket(e->db), &event);
    for (int i = 0; i < e->nlinks; i++)
        link_begin(e, &e->links[i]);
    while (!ending) {
        if (e->nwaiting && !e->nflying)
            engine_commit(e);
        bool database_ready = caller_turn(&e->caller, PQsocket(e->db));
        for (struct link *l; (l = caller_ended(&e->caller));)
            link_answered(e, l);
        if (!database_ready)
            continue;
        if (e->nflying && engine_acknowledged(e))
            engine_released(e, batch);
        engine_flush(e);
    }
    free(batch);
    return NULL;
}

static void engine_init(struct engine *e, int index)
{
    e->nlinks = opt.n / opt.threads + (index < opt.n % opt.threads);
    e->links = calloc((size_t)e->nlinks, sizeof *e->links);
    e->waiting = calloc((size_t)e->nlinks, sizeof *e->waiting);
    e->flying = calloc((size_t)e->nlinks, sizeof *e->flying);
    e->next_id = 1 + index * 1000000000L;
    caller_init(&e->caller);
    for (int i = 0; i < e->nlinks; i++)
        call_init(&e->links[i].call, &e->links[i]);
    e->db = database();
    prepare(e->db, "journal",
            "INSERT INTO floor_journal SELECT i, s, now(), t, e FROM unnest($1::bigint[], $2::integer[], "
            "$3::text[], $4::json[])"
            " v (i, s, t, e)");
    PQsetnonblocking(e->db, 1);
    PQenterPipelineMode(e->db);
}

static void print_chain(struct engine *engines, const struct reading *from, const struct reading *to)
{
    double seconds = (double)(to->at_us - from->at_us) * 1e-6, steps = 0, chains = 0, batches = 0;
    struct samples all = {0};
    for (int t = 0; t < opt.threads; t++) {
        struct engine *e = &engines[t];
        steps += (double)e->steps;
        chains += (double)e->chains;
        batches += (double)e->commits;
        for (size_t i = 0; i < e->step_us.n; i++)
            samples_add(&all, e->step_us.list[i]);
    }
    figure("steps_s", steps / seconds);
    figure("chains_s", chains / seconds);
    figure("step_ms", (double)samples_at(&all, 0.5) / 1e3);
    figure("batch", batches > 0 ? (steps + chains) / batches : 0);
    figure("engine_us", (to->pid_s - from->pid_s) * 1e6 / steps);
    figure("postgres_us", (to->postgres_s - from->postgres_s) * 1e6 / steps);
    figure("machine_us", (to->machine_s - from->machine_s) * 1e6 / steps);
    figure("wal_bytes", (to->wal_bytes - from->wal_bytes) / steps);
}

static int chain(void)
{
    struct engine *engines = calloc(THREADS_MAX, sizeof *engines);
    pthread_t threads[THREADS_MAX];
    struct reading from, to;
    PGconn *c = database();
    sql(c, "SET client_min_messages = error; DROP TABLE IF EXISTS floor_journal; CREATE TABLE floor_journal "
           "(execution_id bigint NOT NULL,"
           " seq integer NOT NULL, at timestamptz NOT NULL, state text, events json NOT NULL, PRIMARY KEY "
           "(execution_id, seq))");
    for (int t = 0; t < opt.threads; t++) {
        engine_init(&engines[t], t);
        pthread_create(&threads[t], NULL, engine_run, &engines[t]);
    }
    struct timespec warm = {.tv_sec = (time_t)opt.warm_s,
                            .tv_nsec = (long)((opt.warm_s - (double)(time_t)opt.warm_s) * 1e9)};
    nanosleep(&warm, NULL);
    opt.meter.pid = (int)getpid();
    meter_read(&opt.meter, &from);
    measuring = true;
    while (wire_now() < from.at_us + (int64_t)(opt.measured_s * 1e6))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    measuring = false;
    meter_read(&opt.meter, &to);
    ending = true;
    for (int t = 0; t < opt.threads; t++) {
        pthread_join(threads[t], NULL);
        PQfinish(engines[t].db);
    }
    print_chain(engines, &from, &to);
    sql(c, "DROP TABLE floor_journal");
    PQfinish(c);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} WHAT[] = {{"commits", commits}, {"calls", calls}, {"server", server}, {"chain", chain}};

int main(int argc, char **argv)
{
    for (int o; (o = getopt(argc, argv, "f:n:r:t:W:P:G:D:")) != -1;)
        switch (o) {
        case 'f':
            opt.function_port = atoi(optarg);
            break;
        case 'n':
            opt.n = atoi(optarg);
            break;
        case 'r':
            opt.threads = atoi(optarg);
            break;
        case 't':
            opt.measured_s = atof(optarg);
            break;
        case 'W':
            opt.warm_s = atof(optarg);
            break;
        case 'P':
            opt.meter.pid = atoi(optarg);
            break;
        case 'G':
            opt.meter.postmaster = atoi(optarg);
            break;
        case 'D':
            opt.meter.conninfo = optarg;
            break;
        default:
            die("floor: see the head of floor.c");
        }
    if (opt.n < 1 || opt.threads < 1 || opt.threads > THREADS_MAX)
        die("floor: -n from 1, -r from 1 to %d", THREADS_MAX);
    curl_global_init(CURL_GLOBAL_ALL);
    for (size_t i = 0; i < sizeof WHAT / sizeof *WHAT; i++)
        if (optind < argc && !strcmp(argv[optind], WHAT[i].name))
            return WHAT[i].run();
    die("floor: commits, calls, server or chain?");
}
