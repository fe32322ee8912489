/*
 * node.h -- this pawld: its reactors, each on a thread.
 */
#pragma once

#include "run/reactor.h"

struct node_config {
    const char *region, *account;
    const char *name;      /* of this pawld: host:port:pid */
    int reactors;          /* threads, at most 64; 0: one a core */
    int64_t lease_ttl_us;  /* 0: 10 s */
    size_t batch_max;      /* executions in one transaction; 0: 500 */
    size_t executions_max; /* in the memory of each reactor; 0: 200,000 */
    int64_t park_after_us; /* see reactor.h */
};

struct node;
/* Makes the reactors, does not run them. Copies the configuration. */
struct node *node_new(const struct node_config *config);
int node_reactors(const struct node *n);
struct reactor *node_reactor(const struct node *n, int index);
void node_run(struct node *n); /* starts the threads: they answer, and acknowledge nothing */
/* Once, before or after node_run: the database, migrated. */
void node_connect(struct node *n, const char *conninfo, const struct store_settings *settings);
bool node_has_leases(const struct node *n); /* every reactor may acknowledge */
void node_drain(
    struct node *n); /* from any thread: each stops accepting, finishes its tick, gives its lease back */
int node_join(struct node *n, int ms); /* waits for the threads; -1: some of them did not end in time */
void node_free(struct node *n);             /* after node_join, or instead of node_run */
