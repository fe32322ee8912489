#include "run/invoke_priv.h"
#include "base/clock.h"
#include "run/timer.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

enum {
    CALLS_MAX = 4096,        /* sent at a time by one reactor; more wait in order */
    IDLE_MAX = 256,          /* easy handles kept for the next calls */
    CONNECTIONS_MAX = 1024,  /* kept open between calls */
    BODY_BYTES_KEPT = 65536, /* a buffer that grew beyond is not kept */
    OWN_HEADERS = 8,
};

/*
 * A handle is one easy handle of libcurl with its buffers: made once, used for call after call.  What is
 * constant is set when it is made; the headers are a list of our own nodes over one text, so a call sets
 * three options and allocates nothing.
 */
struct handle {
    CURL *easy;
    const char *url; /* set in easy; a copy */
    struct js_buf headers;
    struct curl_slist node[OWN_HEADERS];
    struct curl_slist *own; /* nodes for the function's headers */
    size_t nown;
    struct js_buf body;
    struct js_buf status_line; /* of a traced call */
    bool too_long, fresh, traced;
    char errbuf[CURL_ERROR_SIZE];
    struct handle *next;
};

enum call_phase { CALL_QUEUED, CALL_WAITING, CALL_SENT };

struct invoke_call {
    struct invoke *owner;
    struct invoke_request req;
    struct handle *handle; /* CALL_SENT */
    char *arn;             /* req.execution_arn while it waits */
    struct lane *lane;     /* NULL: the function has no limit of its own */
    enum call_phase phase;
    uint64_t sent_ns;
    struct timer_node deadline;      /* first in nothing: found by offset */
    struct invoke_call *prev, *next; /* in lane->queue, invoke.waiting or invoke.sent */
};

/* The calls of a function with a concurrency limit. Lives while it has any. */
struct lane {
    char *function;
    int running, limit;
    struct invoke_call *queue;
    UT_hash_handle hh;
};

/* A socket of libcurl's, watched by libuv. */
struct watched {
    uv_poll_t poll;
    struct invoke *owner;
    curl_socket_t fd;
    int wanted; /* what libcurl waits for: UV_READABLE | UV_WRITABLE */
    int polled; /* what libuv was told */
    bool ours;  /* made by open_socket: its end is announced by close_socket */
};

struct invoke {
    uv_loop_t *loop;
    invoke_done done;
    void *arg;
    CURLM *multi;
    struct watched **sockets; /* by file descriptor */
    size_t nsockets;
    struct handle *idle;
    size_t nidle;
    struct lane *lanes;
    struct invoke_call *waiting, *sent;
    size_t nsent;
    struct timer_heap deadlines;
    struct arena *scratch;
    uv_prepare_t prepare; /* before the loop sleeps: libcurl gets to start what was added */
    uv_timer_t curl_timer, deadline_timer;
    int64_t deadline_armed; /* loop time of deadline_timer; CLOCK_NEVER: not armed */
    bool kick;
    int open; /* uv handles that are not closed yet */
    bool closing;
};

static void send_call(struct invoke *v, struct invoke_call *c);

/* ---- sockets ---- */

static void free_when_closed(struct invoke *v)
{
    if (--v->open > 0 || !v->closing)
        return;
    free(v->sockets);
    free(v);
}

static void on_socket_closed(uv_handle_t *h)
{
    struct watched *w = h->data;
    struct invoke *v = w->owner;
    free(w);
    free_when_closed(v);
}

static void forget_socket(struct invoke *v, struct watched *w)
{
    v->sockets[w->fd] = NULL;
    uv_poll_stop(&w->poll);
    uv_close((uv_handle_t *)&w->poll, on_socket_closed);
}

static struct watched *watch(struct invoke *v, curl_socket_t fd, bool ours)
{
    if ((size_t)fd >= v->nsockets) {
        size_t n = v->nsockets * 2 > (size_t)fd + 1 ? v->nsockets * 2 : (size_t)fd + 64;
        v->sockets = mem_realloc(v->sockets, n * sizeof *v->sockets);
        memset(v->sockets + v->nsockets, 0, (n - v->nsockets) * sizeof *v->sockets);
        v->nsockets = n;
    }
    if (v->sockets[fd])
        forget_socket(v, v->sockets[fd]);

    struct watched *w = mem_calloc(1, sizeof *w);
    *w = (struct watched){.owner = v, .fd = fd, .ours = ours};
    if (uv_poll_init(v->loop, &w->poll, fd) < 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    v->open++;
    v->sockets[fd] = w;
    return w;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
    struct invoke *v = arg;
    int fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, addr->protocol);

    if (fd < 0)
        return CURL_SOCKET_BAD;
    if (!watch(v, fd, true)) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    return fd;
}

static int close_socket(void *arg, curl_socket_t fd)
{
    struct invoke *v = arg;

    if ((size_t)fd < v->nsockets && v->sockets[fd])
        forget_socket(v, v->sockets[fd]);
    return close(fd);
}

static void on_socket(uv_poll_t *poll, int status, int events);

/*
 * Between two calls libcurl takes its interest in a connection back, only to declare it again.  A socket of
 * ours stays in the epoll set meanwhile: two system calls less for each call.  If it becomes readable while
 * nobody wants it (the server hung up), it is taken out then.
 */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    struct invoke *v = arg;
    struct watched *w = (size_t)fd < v->nsockets ? v->sockets[fd] : NULL;

    if (what == CURL_POLL_REMOVE) {
        if (w && w->ours)
            w->wanted = 0;
        else if (w)
            forget_socket(v, w);
        return 0;
    }
    if (!w && !(w = watch(v, fd, false)))
        return -1;
    w->wanted = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (w->wanted != w->polled && uv_poll_start(&w->poll, w->wanted, on_socket) == 0)
        w->polled = w->wanted;
    return 0;
}

/* ---- handles ---- */

static size_t on_body(char *data, size_t one, size_t n, void *arg)
{
    struct handle *h = arg;
    size_t room = INVOKE_BODY_BYTES_MAX - h->body.len;

    if (n > room) {
        h->too_long = true;
        js_buf_add(&h->body, data, room);
        return 0; /* ends the transfer */
    }
    js_buf_add(&h->body, data, n);
    return n;
}

static struct handle *new_handle(struct invoke *v)
{
    struct handle *h = mem_calloc(1, sizeof *h);
    CURL *e = h->easy = curl_easy_init();

    PAWL_ASSERT(e != NULL);
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, h->errbuf);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_USERAGENT, "pawl");
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, v);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, v);
    return h;
}

static void free_handle(struct handle *h)
{
    curl_easy_cleanup(h->easy);
    free((char *)h->url);
    free(h->own);
    js_buf_fini(&h->headers);
    js_buf_fini(&h->body);
    js_buf_fini(&h->status_line);
    free(h);
}

static struct handle *take_handle(struct invoke *v)
{
    struct handle *h = v->idle;

    if (!h)
        return new_handle(v);
    v->idle = h->next;
    v->nidle--;
    return h;
}

static void put_handle(struct invoke *v, struct handle *h)
{
    if (v->nidle == IDLE_MAX) {
        free_handle(h);
        return;
    }
    if (h->body.cap > BODY_BYTES_KEPT)
        js_buf_fini(&h->body);
    h->next = v->idle;
    v->idle = h;
    v->nidle++;
}

/* ---- the request ---- */

/* A header's value holds printable ASCII; anything else (and "%") is percent-encoded, as in a URL. */
static void add_encoded(struct js_buf *b, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        char code[3] = {'%', hex[*p >> 4], hex[*p & 15]};
        if (*p < 0x20 || *p > 0x7E || *p == '%')
            js_buf_add(b, code, 3);
        else
            js_buf_add(b, (const char *)p, 1);
    }
}

static void add_hex(struct js_buf *b, uint64_t n)
{
    char text[17];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)n);
    js_buf_add(b, text, 16);
}

/* W3C Trace Context: the trace is the execution, the span is the attempt; the same when it is sent again. */
static void add_traceparent(struct js_buf *b, const struct invoke_request *req)
{
    uint64_t seed = (uint64_t)req->execution_id;

    add_hex(b, clock_dice(seed, 0));
    add_hex(b, clock_dice(seed, 1));
    js_buf_str(b, "-");
    add_hex(b, clock_dice(seed, 2 + (uint64_t)req->event_id) | 1);
    js_buf_str(b, "-01");
}

/* The headers' text, each ended by NUL. */
#define ADD_LITERAL(b, text) js_buf_add(b, text, sizeof(text) - 1)
static void write_headers(struct js_buf *b, const struct invoke_request *req)
{
    char key[INTERP_KEY_BYTES];

    b->len = 0;
    js_buf_str(b, "Idempotency-Key: ");
    js_buf_str(b, interp_idempotency_key(key, req->execution_id, req->event_id));
    ADD_LITERAL(b, "\0Pawl-Step-Key: ");
    js_buf_str(b, interp_step_key(key, req->execution_id, req->entered_id));
    ADD_LITERAL(b, "\0Pawl-Execution: ");
    add_encoded(b, req->execution_arn);
    ADD_LITERAL(b, "\0Pawl-State: ");
    add_encoded(b, req->state);
    ADD_LITERAL(b, "\0Pawl-Attempt: ");
    js_buf_int(b, req->attempt);
    ADD_LITERAL(b, "\0traceparent: 00-");
    add_traceparent(b, req);
    ADD_LITERAL(b, "\0");
}
#undef ADD_LITERAL

static bool has_content_type(char **headers)
{
    for (; headers && *headers; headers++)
        if (!strncasecmp(*headers, "Content-Type:", 13))
            return true;
    return false;
}

static struct curl_slist *list_headers(struct handle *h, const struct invoke_request *req)
{
    static char content_type[] = "Content-Type: application/json";
    size_t n = 0, nown = 0;

    for (char *p = h->headers.p; p < h->headers.p + h->headers.len; p += strlen(p) + 1)
        h->node[n++].data = p;
    if (!has_content_type(req->headers))
        h->node[n++].data = content_type;
    for (size_t i = 0; i < n; i++)
        h->node[i].next = i + 1 < n ? &h->node[i + 1] : NULL;

    while (req->headers && req->headers[nown])
        nown++;
    if (nown > h->nown) {
        h->own = mem_realloc(h->own, nown * sizeof *h->own);
        h->nown = nown;
    }
    for (size_t i = 0; i < nown; i++)
        h->own[i] = (struct curl_slist){req->headers[i], i + 1 < nown ? &h->own[i + 1] : NULL};
    if (nown)
        h->node[n - 1].next = h->own;
    return h->node;
}

static void set_url(struct handle *h, const char *url)
{
    if (h->url && !strcmp(h->url, url))
        return;
    free((char *)h->url);
    h->url = mem_strndup(url, strlen(url));
    curl_easy_setopt(h->easy, CURLOPT_URL, h->url);
}

static void set_fresh(struct handle *h, bool fresh)
{
    if (h->fresh == fresh)
        return;
    h->fresh = fresh;
    curl_easy_setopt(h->easy, CURLOPT_FRESH_CONNECT, (long)fresh);
}

/* The answer's first line, without its end; a later one (behind a 100) takes its place. */
static size_t on_header(char *line, size_t one, size_t n, void *arg)
{
    struct handle *h = arg;

    if (n > 5 && !strncmp(line, "HTTP/", 5)) {
        h->status_line.len = 0;
        js_buf_add(&h->status_line, line, n - (line[n - 1] == '\n') - (n > 6 && line[n - 2] == '\r'));
    }
    return n;
}

static void set_traced(struct handle *h, bool traced)
{
    h->status_line.len = 0;
    if (h->traced == traced)
        return;
    h->traced = traced;
    curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, traced ? on_header : NULL);
    curl_easy_setopt(h->easy, CURLOPT_HEADERDATA, traced ? h : NULL);
}

/* ---- deadlines: of calls that are sent, in the loop's own time ---- */

static void on_deadline(uv_timer_t *timer);

static int64_t loop_us(const struct invoke *v)
{
    return (int64_t)uv_now(v->loop) * 1000;
}

static void arm(struct invoke *v)
{
    int64_t due = timer_next(&v->deadlines);

    if (due >= v->deadline_armed)
        return; /* it fires early, finds nothing and is armed again */
    int64_t left_us = due - loop_us(v);
    v->deadline_armed = due;
    uv_timer_start(&v->deadline_timer, on_deadline, left_us > 0 ? (uint64_t)(left_us + 999) / 1000 : 0, 0);
}

/* ---- a call's life ---- */

static void leave_lane(struct invoke *v, struct lane *lane)
{
    lane->running--;
    while (lane->queue && lane->running < lane->limit) {
        struct invoke_call *next = lane->queue;
        DL_DELETE(lane->queue, next);
        lane->running++;
        send_call(v, next);
    }
    if (!lane->running) {
        HASH_DEL(v->lanes, lane);
        free(lane->function);
        free(lane);
    }
}

static void leave_wire(struct invoke *v, struct invoke_call *c)
{
    curl_multi_remove_handle(v->multi, c->handle->easy);
    timer_clear(&v->deadlines, &c->deadline);
    DL_DELETE(v->sent, c);
    v->nsent--;
    if (v->waiting && !v->closing) {
        struct invoke_call *next = v->waiting;
        DL_DELETE(v->waiting, next);
        send_call(v, next);
    }
}

static void free_call(struct invoke *v, struct invoke_call *c)
{
    if (c->handle)
        put_handle(v, c->handle);
    value_unref(c->req.body);
    free(c->arn);
    free(c);
}

/* ---- what went over the wire, for who wants to see it ---- */

static void put_header(struct js_buf *to, const char *name, const char *value)
{
    js_buf_str(to, to->len ? ", " : "[");
    js_buf_str(to, name);
    if (!value)
        return;
    js_buf_str(to, ": ");
    js_buf_str(to, value);
}

static const char *kept(struct invoke *v, struct js_buf *text)
{
    js_buf_str(text, text->len ? "]" : "[]");
    const char *copy = arena_strndup(v->scratch, text->p, text->len);
    js_buf_fini(text);
    return copy;
}

/* The status line's words: "HTTP/1.1 404 Not Found". */
static const char *status_message(struct invoke *v, const struct js_buf *line)
{
    const char *code = line->len ? strchr(line->p, ' ') : NULL, *words = code ? strchr(code + 1, ' ') : NULL;

    return words ? arena_strndup(v->scratch, words + 1, strlen(words + 1)) : "";
}

static const struct invoke_trace *trace_call(struct invoke *v, struct invoke_call *c,
                                             const struct invoke_response *got)
{
    struct invoke_trace *t = arena_alloc(v->scratch, sizeof *t);
    struct js_buf sent = {0}, came = {0};
    struct curl_header *h = NULL;

    for (const struct curl_slist *node = c->handle->node; node; node = node->next)
        put_header(&sent, node->data, NULL);
    *t = (struct invoke_trace){.url = invoke_shown_url(v->scratch, c->req.url, strlen(c->req.url)),
                               .request_headers = kept(v, &sent)};
    if (!got->status)
        return t;
    while ((h = curl_easy_nextheader(c->handle->easy, CURLH_HEADER, -1, h)))
        put_header(&came, h->name, h->value);
    t->status = got->status;
    t->status_message = status_message(v, &c->handle->status_line);
    t->response_headers = kept(v, &came);
    t->body = got->body;
    t->body_len = got->body_len;
    return t;
}

static void end_call(struct invoke *v, struct invoke_call *c, const struct invoke_response *got)
{
    struct invoke_answer answer;

    invoke_result(&c->req, got, v->scratch, &answer);
    if (c->req.traced)
        answer.trace = trace_call(v, c, got);
    answer.duration_us = (int64_t)(uv_hrtime() - c->sent_ns) / 1000;
    leave_wire(v, c);
    if (c->lane)
        leave_lane(v, c->lane);
    v->done(v->arg, &c->req, &answer);
    free_call(v, c);
    arena_reset(v->scratch);
}

static void on_deadline(uv_timer_t *timer)
{
    struct invoke *v = timer->data;
    struct timer_node *node;

    v->deadline_armed = CLOCK_NEVER;
    while ((node = timer_pop(&v->deadlines, loop_us(v)))) {
        struct invoke_call *c = (struct invoke_call *)((char *)node - offsetof(struct invoke_call, deadline));
        end_call(v, c, &(struct invoke_response){.timed_out = true});
    }
    arm(v);
}

static void read_response(struct invoke_call *c, CURLcode code, struct invoke_response *got)
{
    struct handle *h = c->handle;
    struct curl_header *header;

    *got = (struct invoke_response){
        .body = h->body.len ? h->body.p : "", .body_len = h->body.len, .too_long = h->too_long};
    if (code != CURLE_OK && !h->too_long) {
        got->failure = h->errbuf[0] ? h->errbuf : curl_easy_strerror(code);
        return;
    }
    curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &got->status);
    if (curl_easy_header(h->easy, "X-Amz-Function-Error", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        got->function_error = header->value;
}

static void reap(struct invoke *v)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(v->multi, &left))) {
        struct invoke_call *c;
        struct invoke_response got;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
        read_response(c, m->data.result, &got);
        end_call(v, c, &got);
    }
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct watched *w = poll->data;
    struct invoke *v = w->owner;
    int running;

    if (!w->wanted) {
        uv_poll_stop(&w->poll);
        w->polled = 0;
        return;
    }
    int what = status < 0 ? CURL_CSELECT_ERR
                          : (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
                                (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(v->multi, w->fd, what, &running);
    reap(v);
}

/* The caller's texts may be gone when its turn comes. */
static void wait_for_turn(struct invoke_call *c, enum call_phase phase, struct invoke_call **queue)
{
    c->phase = phase;
    if (!c->arn)
        c->arn = mem_strndup(c->req.execution_arn, strlen(c->req.execution_arn));
    c->req.execution_arn = c->arn;
    DL_APPEND(*queue, c);
}

static void send_call(struct invoke *v, struct invoke_call *c)
{
    size_t len;

    if (v->nsent >= CALLS_MAX) {
        wait_for_turn(c, CALL_WAITING, &v->waiting);
        return;
    }
    struct handle *h = c->handle = take_handle(v);
    h->body.len = 0;
    h->too_long = false;
    h->errbuf[0] = '\0';
    write_headers(&h->headers, &c->req);
    c->req.execution_arn = NULL; /* the caller's, and no longer needed */
    set_url(h, c->req.url);
    set_fresh(h, c->req.at_most_once);
    set_traced(h, c->req.traced);
    curl_easy_setopt(h->easy, CURLOPT_PRIVATE, c);
    curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, list_headers(h, &c->req));
    curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, value_text(c->req.body, &len));
    curl_easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE, (long)len);

    c->phase = CALL_SENT;
    c->sent_ns = uv_hrtime();
    DL_APPEND(v->sent, c);
    v->nsent++;
    int64_t sent_us = (int64_t)(c->sent_ns / 1000); /* the loop's time lags: by it the call would end early */
    if (c->req.timeout_us < CLOCK_NEVER - sent_us) {
        timer_set(&v->deadlines, &c->deadline, sent_us + c->req.timeout_us);
        arm(v);
    }
    curl_multi_add_handle(v->multi, h->easy);
}

static struct lane *find_lane(struct invoke *v, const char *function)
{
    struct lane *lane;

    HASH_FIND_STR(v->lanes, function, lane);
    if (!lane) {
        lane = mem_calloc(1, sizeof *lane);
        lane->function = mem_strndup(function, strlen(function));
        HASH_ADD_KEYPTR(hh, v->lanes, lane->function, strlen(lane->function), lane);
    }
    return lane;
}

struct invoke_call *invoke_start(struct invoke *v, const struct invoke_request *req)
{
    struct invoke_call *c = mem_calloc(1, sizeof *c);

    c->owner = v;
    c->req = *req;
    value_ref(c->req.body);
    if (req->max_concurrency > 0 && req->function) {
        c->lane = find_lane(v, req->function);
        c->lane->limit = req->max_concurrency;
        if (c->lane->running >= c->lane->limit) {
            wait_for_turn(c, CALL_QUEUED, &c->lane->queue);
            return c;
        }
        c->lane->running++;
    }
    send_call(v, c);
    return c;
}

void invoke_cancel(struct invoke *v, struct invoke_call *c)
{
    if (c->phase == CALL_QUEUED)
        DL_DELETE(c->lane->queue, c);
    else if (c->phase == CALL_WAITING)
        DL_DELETE(v->waiting, c);
    else
        leave_wire(v, c);
    if (c->lane && c->phase != CALL_QUEUED)
        leave_lane(v, c->lane);
    free_call(v, c);
}

bool invoke_has_left(const struct invoke_call *c)
{
    return c->phase == CALL_SENT;
}

size_t invoke_running(const struct invoke *v)
{
    return v->nsent;
}

/* ---- libcurl's own moments ---- */

static void run_curl(struct invoke *v)
{
    int running;

    v->kick = false;
    uv_timer_stop(&v->curl_timer);
    curl_multi_socket_action(v->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    reap(v);
}

static void on_curl_timer(uv_timer_t *timer)
{
    run_curl(timer->data);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct invoke *v = prepare->data;

    if (v->kick)
        run_curl(v);
}

/* Never calls libcurl from here: it is in the middle of something. */
static int want_timer(CURLM *multi, long ms, void *arg)
{
    struct invoke *v = arg;

    v->kick = ms == 0;
    if (ms < 0)
        uv_timer_stop(&v->curl_timer);
    else
        uv_timer_start(&v->curl_timer, on_curl_timer, (uint64_t)ms, 0);
    return 0;
}

/* ---- life ---- */

struct invoke *invoke_new(uv_loop_t *loop, invoke_done done, void *arg)
{
    struct invoke *v = mem_calloc(1, sizeof *v);

    v->loop = loop;
    v->done = done;
    v->arg = arg;
    v->scratch = arena_new();
    v->deadline_armed = CLOCK_NEVER;
    v->multi = curl_multi_init();
    PAWL_ASSERT(v->multi != NULL);
    curl_multi_setopt(v->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(v->multi, CURLMOPT_SOCKETDATA, v);
    curl_multi_setopt(v->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(v->multi, CURLMOPT_TIMERDATA, v);
    curl_multi_setopt(v->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
    curl_multi_setopt(v->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);

    uv_prepare_init(loop, &v->prepare);
    uv_timer_init(loop, &v->curl_timer);
    uv_timer_init(loop, &v->deadline_timer);
    v->prepare.data = v->curl_timer.data = v->deadline_timer.data = v;
    uv_prepare_start(&v->prepare, on_prepare);
    uv_unref((uv_handle_t *)&v->prepare);
    v->open = 3;
    return v;
}

static void on_handle_closed(uv_handle_t *h)
{
    free_when_closed(h->data);
}

static void drop_queues(struct invoke *v)
{
    struct lane *lane, *next;

    HASH_ITER (hh, v->lanes, lane, next) {
        while (lane->queue) {
            struct invoke_call *c = lane->queue;
            DL_DELETE(lane->queue, c);
            free_call(v, c);
        }
    }
    while (v->waiting)
        invoke_cancel(v, v->waiting);
}

void invoke_free(struct invoke *v)
{
    v->closing = true;
    drop_queues(v);
    while (v->sent)
        invoke_cancel(v, v->sent);
    while (v->idle) {
        struct handle *h = v->idle;
        v->idle = h->next;
        free_handle(h);
    }
    curl_multi_cleanup(v->multi);
    for (size_t fd = 0; fd < v->nsockets; fd++)
        if (v->sockets[fd])
            forget_socket(v, v->sockets[fd]);
    timer_heap_fini(&v->deadlines);
    arena_free(v->scratch);
    uv_close((uv_handle_t *)&v->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&v->curl_timer, on_handle_closed);
    uv_close((uv_handle_t *)&v->deadline_timer, on_handle_closed);
}
