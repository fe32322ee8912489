/*
 * timer.h -- the wall clock, and a heap of moments to come.
 *
 * One node an execution: the core says when it wants to be woken, and gets everything that is due then.
 * Intrusive nodes: no allocation per timer.  Used by one reactor, on its thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int64_t timer_now(void); /* microseconds since 1970, never going backwards within a process */

struct timer_node {
    int64_t due_us;
    size_t slot; /* 1 + place in the heap; 0: not set */
};

struct timer_heap {
    struct timer_node **nodes;
    size_t n, cap;
};

void timer_set(struct timer_heap *h, struct timer_node *node, int64_t due_us); /* CLOCK_NEVER clears */
void timer_clear(struct timer_heap *h, struct timer_node *node);
int64_t timer_next(const struct timer_heap *h);                        /* CLOCK_NEVER when empty */
struct timer_node *timer_pop(struct timer_heap *h, int64_t now_us);    /* the earliest that is due, or NULL */
void timer_heap_fini(struct timer_heap *h);
