#include "http.h"

#include "awsjson.h"
#include "ops.h"
#include "rest.h"
#include "base/clock.h"
#include "run/log.h"
#include "run/timer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BODY_BYTES_MAX = 2 * 1048576 + 65536, /* a definition of 1 MB, each character escaped, in its envelope */
    BODY_SWALLOWED_MAX =
        16 * 1048576, /* a larger body is read to its end (so that the client reads the answer) up to here */
    BODIES_BYTES_MAX = 256 * 1048576, /* of all requests of one reactor together */
    CONNECTION_BYTES = 16384,         /* of headers, and the reading buffer of one connection */
    CONNECTIONS_MAX = 2000,           /* of one reactor; more wait in the kernel's queue */
    IDLE_SECONDS = 60,                /* a connection without a request is closed */
    STREAM_BLOCK_BYTES = 16384,
};
static const int64_t REQUEST_US = 30 * CLOCK_SECOND;   /* a request must have come whole within */
static const int64_t ANSWER_US = 120 * CLOCK_SECOND;   /* an answer must have been taken within */
static const int64_t HEARTBEAT_US = 15 * CLOCK_SECOND; /* a silent stream gets a comment line */
static const uint64_t SWEEP_MS = 1000;
#define STOPPING "pawld is stopping; try again"

enum phase {
    IDLE,      /* no request, or not its first line yet */
    READING,   /* headers and body */
    PENDING,   /* the operation works */
    ANSWERING, /* the answer is on its way */
    STREAMING,
};

struct connection {
    struct http *http;
    int fd;
    enum phase phase;
    int64_t since_us; /* in this phase; STREAMING: the last piece */
    struct request *request;
    struct connection *prev, *next;
};

struct request {
    struct http *http;
    struct connection *connection;
    struct MHD_Connection *mhd;
    char *uri; /* as it was sent */
    const char *method;
    bool begun, inside, suspended;
    struct js_buf body;
    size_t body_seen, body_counted;
    bool body_too_large;
    struct op_call *call; /* while it works */
    /* the answer */
    bool answered;
    int status;
    const char *content_type;
    char allow[64];
    struct js_buf out; /* a stream's: what is to be sent next */
    size_t sent;       /* of a stream's out */
};

struct http {
    struct reactor *reactor;
    struct ops *ops;
    struct MHD_Daemon *daemon;
    bool loopback, closing;
    uv_poll_t poll;
    uv_timer_t timer, sweep;
    int handles; /* that are not closed yet */
    struct connection *connections;
    size_t body_bytes; /* of all requests */
    uint64_t id_seed, ids;
};

/* ---- listening ---- */

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static in_port_t *port_of(struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET ? &((struct sockaddr_in *)a)->sin_port
                                   : &((struct sockaddr_in6 *)a)->sin6_port;
}

/* -1 with errno. shared: others may bind to it as well, if all of them say so. */
static int bound_socket(const struct sockaddr_storage *address, socklen_t len, bool shared)
{
    const int on = 1;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY: connections inherit it */, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)address, len) == 0 && listen(fd, 1024) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int resolve(const char *host, int port, struct sockaddr_storage *address, socklen_t *len,
                   struct err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    char service[16];

    snprintf(service, sizeof service, "%d", port);
    int rc = getaddrinfo(host, service, &hints, &found);
    if (rc != 0)
        return err_set(err, ERR_UNAVAILABLE, "cannot listen on %s: %s", host, gai_strerror(rc));
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

int http_listen(const char *host, int port, int n, int fds[], struct http_address *out, struct err *err)
{
    struct sockaddr_storage address;
    socklen_t len;
    int opened = 0;

    if (resolve(host, port, &address, &len, err) < 0)
        return -1;

    /* Sockets that share a port do not notice another pawld on it; this one does. */
    int probe = bound_socket(&address, len, false);
    if (probe < 0)
        goto failed;
    close(probe);

    for (; opened < n; opened++) {
        fds[opened] = bound_socket(&address, len, true);
        if (fds[opened] < 0)
            goto failed;
        if (opened == 0) /* port 0: the first picks */
            getsockname(fds[0], (struct sockaddr *)&address, &len);
    }
    getnameinfo((struct sockaddr *)&address, len, out->host, sizeof out->host, NULL, 0, NI_NUMERICHOST);
    out->port = ntohs(*port_of(&address));
    out->loopback = is_loopback((struct sockaddr *)&address);
    return 0;

failed:
    err_set(err, ERR_UNAVAILABLE, "cannot listen on %s, port %d: %s", host, port, strerror(errno));
    while (opened > 0)
        close(fds[--opened]);
    return -1;
}

/* ---- who may ask, on loopback ---- */

static bool loopback_name(const char *name, size_t len)
{
    static const char sync[] = "sync-", local[] = ".localhost";
    char text[256];
    struct in_addr ip4;

    if (len >= sizeof sync && !strncasecmp(name, sync, sizeof sync - 1)) {
        name += sizeof sync - 1; /* an SDK's prefix for StartSyncExecution and TestState */
        len -= sizeof sync - 1;
    }
    if (len == 0 || len >= sizeof text)
        return false;
    memcpy(text, name, len);
    text[len] = '\0';
    if (!strcasecmp(text, "localhost") || !strcmp(text, "[::1]"))
        return true;
    if (len > sizeof local && !strcasecmp(text + len - (sizeof local - 1), local))
        return true;
    return inet_pton(AF_INET, text, &ip4) == 1 && ntohl(ip4.s_addr) >> 24 == 127;
}

static bool loopback_host(const char *host) /* with or without a port */
{
    return loopback_name(host, *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":"));
}

static bool loopback_origin(const char *origin)
{
    const char *host = strstr(origin, "://");

    return host && loopback_host(host + 3);
}

/* A page of another site can make a browser send requests here; its Origin, or its name for us, gives it
 * away. */
static const char *foreign(struct request *q)
{
    const char *host = MHD_lookup_connection_value(q->mhd, MHD_HEADER_KIND, "Host");
    const char *origin = MHD_lookup_connection_value(q->mhd, MHD_HEADER_KIND, "Origin");

    if (host && !loopback_host(host))
        return "the header Host is not this machine's loopback";
    if (origin && !loopback_origin(origin))
        return "the header Origin is not this machine's loopback";
    return NULL;
}

/* ---- answering ---- */

static void enter(struct request *q, enum phase phase)
{
    q->connection->phase = phase;
    q->connection->since_us = timer_now();
}

static void request_id(struct http *h, char buf[40])
{
    uint64_t a = clock_dice(h->id_seed, h->ids), b = clock_dice(h->id_seed, h->ids + 1);

    h->ids += 2;
    snprintf(buf, 40, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xFFFF),
             (unsigned)(a & 0xFFF), (unsigned)(0x8000 | (b >> 48 & 0x3FFF)),
             (unsigned long long)(b & 0xFFFFFFFFFFFF));
}

static enum MHD_Result queue(struct request *q, struct MHD_Response *response)
{
    char id[40];

    request_id(q->http, id);
    if (q->content_type)
        MHD_add_response_header(response, "Content-Type", q->content_type);
    MHD_add_response_header(response, "x-amzn-RequestId", id);
    if (*q->allow)
        MHD_add_response_header(response, "Allow", q->allow);
    enum MHD_Result rc = MHD_queue_response(q->mhd, (unsigned)q->status, response);
    MHD_destroy_response(response);
    return rc;
}

static ssize_t stream_read(void *arg, uint64_t pos, char *buf, size_t max)
{
    struct request *q = arg;

    if (q->sent == q->out.len) {
        q->out.len = q->sent = 0;
        if (q->call && q->call->drained)
            q->call->drained(q->call); /* may add to out */
    }
    size_t n = q->out.len - q->sent;
    if (n == 0 && !q->call)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0) {
        q->suspended = true;
        MHD_suspend_connection(q->mhd);
        return 0;
    }
    n = n < max ? n : max;
    memcpy(buf, q->out.p + q->sent, n);
    q->sent += n;
    q->connection->since_us = timer_now();
    return (ssize_t)n;
}

static enum MHD_Result send_stream(struct request *q)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, stream_read, q, NULL);

    MHD_add_response_header(response, "Cache-Control", "no-store");
    enter(q, STREAMING);
    return queue(q, response);
}

static enum MHD_Result send_answer(struct request *q)
{
    if (q->connection->phase == STREAMING)
        return send_stream(q);
    static char empty[1];
    struct MHD_Response *response = MHD_create_response_from_buffer(
        q->out.len, q->out.p ? q->out.p : empty, q->out.p ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);

    q->out = (struct js_buf){0};
    enter(q, ANSWERING);
    return queue(q, response);
}

static void on_timer(uv_timer_t *timer);

static void go_on(struct request *q)
{
    if (!q->suspended)
        return;
    q->suspended = false;
    MHD_resume_connection(q->mhd);
    uv_timer_start(&q->http->timer, on_timer, 0, 0); /* once for all that go on in this turn of the loop */
}

static void door_answer(struct op_call *c)
{
    struct request *q = c->request;

    if (c->err.name && q->connection->phase != STREAMING) {
        if (c->skin == SKIN_AWS)
            awsjson_error(c);
        else
            rest_error(c);
    }
    if (q->connection->phase == STREAMING) {
        js_buf_add(&q->out, c->out.p ? c->out.p : "", c->out.len);
    } else {
        q->status = c->status;
        q->content_type = c->content_type       ? c->content_type
                          : c->skin == SKIN_AWS ? "application/x-amz-json-1.0"
                                                : "application/json";
        q->out = c->out;
        c->out = (struct js_buf){0};
    }
    q->call = NULL;
    q->answered = true;
    op_free(c);
    go_on(q);
}

static const char *door_header(struct op_call *c, const char *name)
{
    struct request *q = c->request;

    return MHD_lookup_connection_value(q->mhd, MHD_HEADER_KIND, name);
}

static void door_push(struct op_call *c)
{
    struct request *q = c->request;

    js_buf_add(&q->out, c->out.p ? c->out.p : "", c->out.len);
    c->out.len = 0;
    go_on(q);
}

static void door_stream(struct op_call *c)
{
    struct request *q = c->request;

    q->status = c->status;
    q->content_type = c->content_type;
    q->answered = true;
    enter(q, STREAMING);
    door_push(c);
}

static const struct op_door DOOR = {door_answer, door_header, door_stream, door_push};

/* ---- a request ---- */

static enum MHD_Result refuse(struct request *q, const char *name, const char *text)
{
    struct op_call *c = op_call_new(
        q->http->ops, !strncmp(q->uri, "/?", 2) || !strcmp(q->uri, "/") ? SKIN_AWS : SKIN_REST, q);

    q->inside = true;
    op_fail(c, name, "%s", text);
    q->inside = false;
    return send_answer(q);
}

static enum MHD_Result options(struct request *q)
{
    rest_allow(q->uri, q->allow);
    if (!strcmp(q->uri, "/") || !strcmp(q->uri, "*"))
        snprintf(q->allow, sizeof q->allow, "POST");
    q->status = *q->allow ? 204 : 404;
    return send_answer(q);
}

static void start_operation(struct request *q)
{
    bool aws = !strcmp(q->uri, "/") && !strcmp(q->method, "POST");
    struct op_call *c = op_call_new(q->http->ops, aws ? SKIN_AWS : SKIN_REST, q);
    const char *body = q->body.p ? q->body.p : "";
    int rc;

    q->call = c;
    enter(q, PENDING);
    if (aws)
        rc = awsjson_read(c, door_header(c, "X-Amz-Target"), body, q->body.len, &c->err);
    else
        rc = rest_read(c, q->method, q->uri, body, q->body.len, q->allow, &c->err);
    js_buf_fini(&q->body);
    if (rc < 0)
        op_fail_err(c, &c->err);
    else
        c->op->fn(c);
}

static enum MHD_Result dispatch(struct request *q)
{
    if (q->http->closing) /* nothing begins that would have to wait */
        return refuse(q, ERR_UNAVAILABLE, STOPPING);
    if (q->body_too_large)
        return refuse(q, ERR_TOO_LARGE, "The body is larger than 2 MiB");
    if (!strcmp(q->method, "OPTIONS"))
        return options(q);

    q->inside = true;
    start_operation(q);
    q->inside = false;
    if (q->answered)
        return send_answer(q);
    q->suspended = true;
    MHD_suspend_connection(q->mhd);
    return MHD_YES;
}

static void count_body(struct request *q, size_t bytes)
{
    q->http->body_bytes += bytes - q->body_counted;
    q->body_counted = bytes;
}

/* The first call for a request: its headers are there. */
static enum MHD_Result begin(struct request *q, struct MHD_Connection *mhd, const char *method)
{
    const char *why, *length;

    q->begun = true;
    q->mhd = mhd;
    q->method = method;
    if (q->http->loopback && (why = foreign(q)))
        return refuse(q, ERR_ACCESS_DENIED, why);

    length = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Content-Length");
    unsigned long long bytes = length ? strtoull(length, NULL, 10) : 0;
    if (bytes > BODY_SWALLOWED_MAX)
        return refuse(q, ERR_TOO_LARGE, "The body is larger than 2 MiB");
    if (bytes > BODY_BYTES_MAX)
        q->body_too_large = true;
    else if (bytes > BODIES_BYTES_MAX - q->http->body_bytes)
        return refuse(q, ERR_UNAVAILABLE, "Too many large requests at once; nothing was done, try again");
    return MHD_YES;
}

static enum MHD_Result take_body(struct request *q, const char *data, size_t len)
{
    q->body_seen += len;
    if (q->body_seen > BODY_SWALLOWED_MAX)
        return MHD_NO; /* without a length, and without an end: closes */
    if (q->body_seen > BODY_BYTES_MAX || q->body_too_large) {
        q->body_too_large = true;
        return MHD_YES;
    }
    js_buf_add(&q->body, data, len);
    count_body(q, q->body.cap);
    return q->http->body_bytes <= BODIES_BYTES_MAX ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *data, size_t *len, void **state)
{
    struct request *q = *state;
    size_t n = *len;

    if (q->answered)
        return send_answer(q);
    if (!q->begun)
        return begin(q, mhd, method);
    if (n == 0)
        return dispatch(q);
    *len = 0;
    return take_body(q, data, n);
}

/* The first line was read: here a request's life begins. */
static void *on_uri(void *arg, const char *uri, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct request *q = mem_calloc(1, sizeof *q);

    q->http = arg;
    q->connection = info->socket_context;
    q->connection->request = q;
    q->uri = mem_strndup(uri, strlen(uri));
    enter(q, READING);
    return q;
}

static void on_request_end(void *arg, struct MHD_Connection *mhd, void **state,
                           enum MHD_RequestTerminationCode why)
{
    struct request *q = *state;

    if (!q)
        return;
    if (q->call) { /* its client has gone */
        store_cancel(reactor_store(q->http->reactor), q->call);
        op_free(q->call);
    }
    enter(q, IDLE);
    q->connection->request = NULL;
    count_body(q, 0);
    js_buf_fini(&q->body);
    js_buf_fini(&q->out);
    free(q->uri);
    free(q);
    *state = NULL;
}

/* ---- connections ---- */

static void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http *h = arg;
    struct connection *k = *context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        k = mem_calloc(1, sizeof *k);
        *k = (struct connection){
            .http = h, .fd = info->connect_fd, .since_us = timer_now(), .next = h->connections};
        if (k->next)
            k->next->prev = k;
        h->connections = k;
        *context = k;
        return;
    }
    if (k->next)
        k->next->prev = k->prev;
    if (k->prev)
        k->prev->next = k->next;
    else
        h->connections = k->next;
    free(k);
    *context = NULL;
}

/*
 * libmicrohttpd closes connections that are silent; those that send or take a byte now and then end here. The
 * socket is shut down, and libmicrohttpd finds it closed.
 */
static void sweep_connection(struct connection *k, int64_t now_us)
{
    int64_t age_us = now_us - k->since_us;

    if (k->phase == STREAMING && age_us > HEARTBEAT_US && k->request->out.len == 0 && k->request->call) {
        js_buf_str(&k->request->out, ":\n\n");
        go_on(k->request);
    }
    if ((k->phase == IDLE && age_us > 2 * IDLE_SECONDS * CLOCK_SECOND) ||
        (k->phase == READING && age_us > REQUEST_US) || (k->phase == ANSWERING && age_us > ANSWER_US))
        shutdown(k->fd, SHUT_RDWR);
}

/* ---- on the loop ---- */

static void pump(struct http *h)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    MHD_run(h->daemon);
    if (MHD_get_timeout(h->daemon, &wait_ms) == MHD_YES)
        uv_timer_start(&h->timer, on_timer, wait_ms, 0);
    else
        uv_timer_stop(&h->timer);
}

static void on_timer(uv_timer_t *timer)
{
    pump(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    pump(poll->data);
}

static void on_sweep(uv_timer_t *timer)
{
    struct http *h = timer->data;
    int64_t now_us = timer_now();

    for (struct connection *k = h->connections; k; k = k->next)
        sweep_connection(k, now_us);
    pump(h); /* once it has run out of file descriptors MHD listens again in some later run, and asks for none
              */
}

__attribute__((format(printf, 2, 0))) static void on_log(void *arg, const char *fmt, va_list args)
{
    char text[400], quoted[500];

    vsnprintf(text, sizeof text, fmt, args);
    text[strcspn(text, "\n")] = '\0';
    log_debug("http", "says=%s", log_quote(quoted, sizeof quoted, text));
}

static struct MHD_Daemon *start_daemon(struct http *h, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, h,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, h, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, h, MHD_OPTION_NOTIFY_COMPLETED, on_request_end, h,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
}

int http_open(struct reactor *r, const struct http_config *config, struct http **out, struct err *err)
{
    struct http *h = mem_calloc(1, sizeof *h);
    uv_loop_t *loop = reactor_loop(r);

    h->reactor = r;
    h->loopback = config->loopback;
    h->daemon = start_daemon(h, config->fd);
    if (!h->daemon) {
        free(h);
        close(config->fd);
        return err_set(err, ERR_INTERNAL, "cannot start the HTTP server");
    }
    h->ops = ops_new(r, &DOOR);
    h->id_seed = h->ops->dice;
    int epoll_fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    uv_poll_init(loop, &h->poll, epoll_fd);
    uv_timer_init(loop, &h->timer);
    uv_timer_init(loop, &h->sweep);
    h->poll.data = h->timer.data = h->sweep.data = h;
    h->handles = 3;
    uv_poll_start(&h->poll, UV_READABLE, on_readable);
    uv_timer_start(&h->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    pump(h);
    *out = h;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct http *h = handle->data;

    if (--h->handles == 0)
        free(h);
}

void http_close(struct http *h)
{
    struct err stopping;

    close(MHD_quiesce_daemon(h->daemon));
    h->closing = true;
    err_set(&stopping, ERR_UNAVAILABLE, STOPPING);
    while (h->ops->calls) {
        struct op_call *c = h->ops->calls;
        store_cancel(reactor_store(h->reactor), c);
        op_fail_err(c, &stopping);
    }
    for (int i = 0; i < 3; i++)
        MHD_run(h->daemon); /* resumes and answers them, as far as the sockets take it */
    MHD_stop_daemon(h->daemon);
    ops_free(h->ops);
    uv_close((uv_handle_t *)&h->poll, on_closed);
    uv_close((uv_handle_t *)&h->timer, on_closed);
    uv_close((uv_handle_t *)&h->sweep, on_closed);
}
