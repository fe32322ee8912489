/*
 * peers.h -- the reactors of this process, and who of them has which slot.
 *
 * The one thing that reactors share besides mailboxes and metrics: an array of pointers.
 */
#pragma once

#include <stdatomic.h>

enum { PEERS_MAX = 64, SLOTS = 1024 };

struct reactor;

struct peers {
    struct reactor *all[PEERS_MAX]; /* made before any of them runs */
    int n;
    _Atomic(struct reactor *) by_slot[SLOTS];
};

/* slot 0 and slots of other processes have nobody here: NULL. From any thread. */
static inline struct reactor *peers_find(struct peers *p, int slot)
{
    return slot > 0 && slot < SLOTS ? atomic_load_explicit(&p->by_slot[slot], memory_order_acquire) : NULL;
}

static inline void peers_set(struct peers *p, int slot, struct reactor *r)
{
    atomic_store_explicit(&p->by_slot[slot], r, memory_order_release);
}

/* Unless another has taken the slot meanwhile. */
static inline void peers_clear(struct peers *p, int slot, struct reactor *r)
{
    atomic_compare_exchange_strong(&p->by_slot[slot], &r, NULL);
}
