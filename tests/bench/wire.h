/*
 * wire.h -- the bench's own HTTP/1.1: an epoll loop, an echo server, a client, as cheap as can be.
 *
 * The bench must not cost the CPU that it measures, so there is no more here than it needs: loopback,
 * keep-alive, Content-Length, one request at a time on a connection, single-threaded.  Whatever goes
 * wrong ends the program with a line that says so: a benchmark that limps on measures nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct wire;
struct wire_client;

struct wire *wire_new(void);

/* Serves what has come within wait_ms (at most; -1: no limit). */
void wire_turn(struct wire *w, int wait_ms);

/* After an echo was sent. read_us: when the request was read (wire_now). */
typedef void (*wire_called)(void *arg, const char *body, size_t len, int64_t read_us);

/* Listens on 127.0.0.1; answers every request 200 with its own body. called may be NULL. Returns the port (0:
 * any). */
int wire_serve(struct wire *w, int port, wire_called called, void *arg);

/* The body ends with a 0 that is not counted. */
typedef void (*wire_answered)(void *arg, int status, const char *body, size_t len);

struct wire_client *wire_connect(struct wire *w, int port, wire_answered answered, void *arg);

/* target: "POST /path"; headers: each line ended by CR LF. One request at a time on a client. */
void wire_send(struct wire_client *c, const char *target, const char *headers, const char *body, size_t len);

int64_t wire_now(void); /* monotonic, microseconds */

/* Prints "bench: " and the text, exits 1. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
