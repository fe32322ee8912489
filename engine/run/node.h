/*
 * node.h -- this pawld: its reactors, each on a thread.
 */
#pragma once

#include "run/reactor.h"

struct node_config {
    const char *conninfo;
    const char *region, *account;
    const char *name;  /* of this pawld: host:port:pid */
    int reactors;      /* threads; 0: one a core */
    int64_t lease_ttl_us;
};

struct node;
int node_start(const struct node_config *config, struct node **out, struct err *err); /* makes the reactors, does not run them */
int node_reactors(const struct node *n);
struct reactor *node_reactor(const struct node *n, int index);
struct reactor *node_by_slot(const struct node *n, int slot); /* any thread; NULL: not in this process */
void node_run(struct node *n);   /* starts the threads */
void node_drain(struct node *n); /* signal-safe through uv_async: stops accepting, finishes, releases the leases */
void node_join(struct node *n);  /* waits for the threads, at most five seconds after node_drain */
void node_free(struct node *n);
