/*
 * http.h -- connections: libmicrohttpd on a reactor's own loop.
 *
 * Each reactor has a listener of its own on the one address (SO_REUSEPORT); the kernel spreads the
 * connections.  A request's body is collected within its limits, given to awsjson.c or rest.c, and its
 * connection is suspended until the operation answers: after the commit, where there is one.  Nothing here
 * knows what operations do.
 */
#pragma once

#include "run/reactor.h"

struct http_address {
    char host[64]; /* "127.0.0.1", "::1" */
    int port;      /* the one that was picked, when 0 was asked for */
    bool loopback; /* reachable from this machine alone */
};

/*
 * Opens n listening sockets on one address, one for each reactor, before any of them runs.  host: a name or
 * an address; port 0: a free one.  -1 with a one-line cause: not an address of this machine, port taken, not
 * permitted.
 */
int http_listen(const char *host, int port, int n, int fds[], struct http_address *out, struct err *err);

struct http_config {
    int fd;        /* of http_listen: taken over */
    bool loopback; /* refuse requests with a foreign Host or Origin (a browser led here by another site) */
};

struct http;

/* On the reactor's thread, in its start and stop (reactor_on_loop). */
int http_open(struct reactor *r, const struct http_config *config, struct http **out, struct err *err);

/* Stops listening and answers what waits with 503.  The reactor calls nothing of the doors back after this.
 */
void http_close(struct http *h);
