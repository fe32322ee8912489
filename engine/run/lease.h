/*
 * lease.h -- who owns which executions: a slot a reactor, an epoch a tenure.
 *
 * A slot (1..1023) is part of every execution id that its reactor makes, and pawl.execution.slot says who
 * owns an execution now.  Each commit checks slot and epoch, so whoever lost a lease cannot write.  A reactor
 * whose process died is seen within two seconds by its advisory lock being free, one that merely stands still
 * by its expiry.  Whoever finds it raises the epoch first and marks the slot an orphan; then all reactors
 * adopt its executions (run/loader.h), and the last one deletes the slot.  A reactor always takes a slot
 * that nobody has, also when it comes back: it inherits from itself.  Epochs are never used twice. All by
 * store_query on the reactor's loop.
 */
#pragma once

#include "run/store.h"

struct lease;

#define LEASE_TTL_US INT64_C(10000000)

struct lease_events {
    void (*acquired)(void *arg, int slot, int64_t epoch); /* commits may begin */
    void (*lost)(void *arg, const char *why); /* forget everything; a new one is acquired by itself */
    void (*inherited)(void *arg); /* told before acquired(): others have ended the tenure before this one */
    void (*orphans)(void *arg);   /* there are orphaned slots; told once a second */
    void *arg;
};

struct lease_config {
    const char *node; /* name of this pawld, for people: host:port:pid */
    int index;        /* of the reactor in its process */
    int64_t ttl_us;   /* expiry after the last heartbeat, default 10 s; heartbeats every third of it */
};

struct lease *lease_open(uv_loop_t *loop, struct store *s, const struct lease_config *config,
                         const struct lease_events *events);

void lease_store_up(struct lease *l); /* the reactor passes the store's up and down on */
void lease_store_down(struct lease *l);
/*
 * A commit came back STORE_FENCED, and everything has been forgotten: ends the tenure and acquires a new one.
 * lost() is not called.
 */
void lease_fenced(struct lease *l);
void lease_release(struct lease *l, void (*done)(void *arg),
                   void *arg); /* gives the slot back: others adopt at once */
void lease_free(struct lease *l);
int lease_slot(const struct lease *l); /* 0: none at the moment */
int64_t lease_epoch(const struct lease *l);
