#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, BUFFER_BYTES = 8192, HEAD_BYTES = 1024 };

struct wire {
    int epoll;
};

/* What epoll knows: a listener, a connection to the echo server, or a client's. */
struct endpoint {
    struct wire *wire;
    int fd;
    void (*ready)(struct endpoint *e);
};

struct buffer { /* what came and is not yet used; one byte of room beyond cap */
    char *bytes;
    size_t len, cap;
};

struct listener {
    struct endpoint end;
    wire_called called;
    void *arg;
};

struct served { /* a connection to the echo server */
    struct endpoint end;
    struct listener *listener;
    struct buffer in;
};

struct wire_client {
    struct endpoint end;
    wire_answered answered;
    void *arg;
    struct buffer in;
};

_Noreturn void die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("bench: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    exit(1);
}

int64_t wire_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void *must(void *p)
{
    if (!p)
        die("out of memory");
    return p;
}

struct wire *wire_new(void)
{
    struct wire *w = must(calloc(1, sizeof *w));
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (w->epoll < 0)
        die("epoll: %s", strerror(errno));
    return w;
}

void wire_turn(struct wire *w, int wait_ms)
{
    struct epoll_event got[EVENTS_MAX];
    int n = epoll_wait(w->epoll, got, EVENTS_MAX, wait_ms);
    for (int i = 0; i < n; i++) {
        struct endpoint *e = got[i].data.ptr;
        e->ready(e);
    }
}

static void endpoint_open(struct wire *w, struct endpoint *e, int fd, void (*ready)(struct endpoint *))
{
    *e = (struct endpoint){.wire = w, .fd = fd, .ready = ready};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = e};
    if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll: %s", strerror(errno));
}

static void no_delay(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* False: the peer has closed. */
static bool buffer_read(struct buffer *b, int fd)
{
    if (b->cap - b->len < BUFFER_BYTES / 2) {
        b->cap = b->cap ? 2 * b->cap : BUFFER_BYTES;
        b->bytes = must(realloc(b->bytes, b->cap + 1));
    }
    ssize_t n = recv(fd, b->bytes + b->len, b->cap - b->len, 0);
    if (n < 0 && errno == EAGAIN)
        return true;
    if (n <= 0)
        return false;
    b->len += (size_t)n;
    b->bytes[b->len] = 0;
    return true;
}

static void buffer_drop(struct buffer *b, size_t n)
{
    b->len -= n;
    memmove(b->bytes, b->bytes + n, b->len + 1);
}

/* The first whole message: its head's length and its body's; false: not all of it is there. */
static bool message(const struct buffer *b, size_t *head, size_t *body)
{
    if (!b->len)
        return false;
    char *end = strstr(b->bytes, "\r\n\r\n");
    if (!end)
        return false;
    *head = (size_t)(end + 4 - b->bytes);
    *body = 0;
    for (char *line = b->bytes; line < end; line = strstr(line, "\r\n") + 2) {
        if (!strncasecmp(line, "content-length:", 15))
            *body = strtoul(line + 15, NULL, 10);
        else if (!strncasecmp(line, "transfer-encoding:", 18))
            die("a chunked message: %.200s", b->bytes);
    }
    return b->len >= *head + *body;
}

/* One system call; loopback and small messages: it all fits, or the bench is misused. */
static void send_both(int fd, char *head, size_t head_len, const char *body, size_t body_len)
{
    struct iovec parts[2] = {{head, head_len}, {(char *)(uintptr_t)body, body_len}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);
    if (sent != (ssize_t)(head_len + body_len) && !(sent < 0 && (errno == EPIPE || errno == ECONNRESET)))
        die("sending %zu bytes: %s", head_len + body_len, sent < 0 ? strerror(errno) : "the socket is full");
}

/* ---- the echo server ---- */

static void served_close(struct served *s)
{
    close(s->end.fd);
    free(s->in.bytes);
    free(s);
}

static void served_ready(struct endpoint *e)
{
    struct served *s = (struct served *)e;
    if (!buffer_read(&s->in, e->fd)) {
        served_close(s);
        return;
    }
    int64_t read_us = s->listener->called ? wire_now() : 0;
    size_t head, body;
    while (message(&s->in, &head, &body)) {
        char answer[HEAD_BYTES];
        int n = snprintf(answer, sizeof answer,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                         body);
        send_both(e->fd, answer, (size_t)n, s->in.bytes + head, body);
        if (s->listener->called)
            s->listener->called(s->listener->arg, s->in.bytes + head, body, read_us);
        buffer_drop(&s->in, head + body);
    }
}

static void listener_ready(struct endpoint *e)
{
    int fd;
    while ((fd = accept4(e->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct served *s = must(calloc(1, sizeof *s));
        no_delay(fd);
        endpoint_open(e->wire, &s->end, fd, served_ready);
        s->listener = (struct listener *)e;
    }
}

int wire_serve(struct wire *w, int port, wire_called called, void *arg)
{
    struct sockaddr_in at = loopback(port);
    socklen_t size = sizeof at;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, 4096) < 0)
        die("listening on port %d: %s", port, strerror(errno));
    getsockname(fd, (struct sockaddr *)&at, &size);

    struct listener *l = must(calloc(1, sizeof *l));
    endpoint_open(w, &l->end, fd, listener_ready);
    l->called = called;
    l->arg = arg;
    return ntohs(at.sin_port);
}

/* ---- the client ---- */

static void client_ready(struct endpoint *e)
{
    struct wire_client *c = (struct wire_client *)e;
    if (!buffer_read(&c->in, e->fd))
        die("the server has closed the connection");
    size_t head, body;
    if (!message(&c->in, &head, &body))
        return;
    int status = atoi(c->in.bytes + strlen("HTTP/1.1 "));
    char *text = c->in.bytes + head, kept = text[body];
    text[body] = 0;
    c->answered(c->arg, status, text, body);
    text[body] = kept;
    buffer_drop(&c->in, head + body);
}

struct wire_client *wire_connect(struct wire *w, int port, wire_answered answered, void *arg)
{
    struct sockaddr_in at = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
        die("connecting to port %d: %s", port, strerror(errno));
    no_delay(fd);
    struct wire_client *c = must(calloc(1, sizeof *c));
    endpoint_open(w, &c->end, fd, client_ready);
    c->answered = answered;
    c->arg = arg;
    return c;
}

void wire_send(struct wire_client *c, const char *target, const char *headers, const char *body, size_t len)
{
    char head[HEAD_BYTES];
    int n = snprintf(
        head, sizeof head,
        "%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
        target, headers, len);
    if (n >= (int)sizeof head)
        die("the head of %s is too long", target);
    send_both(c->end.fd, head, (size_t)n, body, len);
}
