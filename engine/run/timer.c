#include "run/timer.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

/*
 * When the wall clock was set back, time goes on at half its pace until the clock has caught up: it never
 * stands, so no timer hangs, and it never goes back, so no step ends before it began.
 */
int64_t timer_now(void)
{
    static _Thread_local int64_t last_wall, last_steady;

    int64_t wall = read_clock(CLOCK_REALTIME), steady = read_clock(CLOCK_BOOTTIME);
    if (wall < last_wall)
        wall = last_wall + (steady - last_steady) / 2;
    last_wall = wall;
    last_steady = steady;
    return wall;
}

/* A binary heap from place 1 on: the parent of place i is i / 2.  nodes[i - 1] is at place i. */

static void put(struct timer_heap *h, size_t place, struct timer_node *node)
{
    h->nodes[place - 1] = node;
    node->slot = place;
}

static void sift_up(struct timer_heap *h, size_t place, struct timer_node *node)
{
    while (place > 1 && h->nodes[place / 2 - 1]->due_us > node->due_us) {
        put(h, place, h->nodes[place / 2 - 1]);
        place /= 2;
    }
    put(h, place, node);
}

static void sift_down(struct timer_heap *h, size_t place, struct timer_node *node)
{
    for (;;) {
        size_t child = place * 2;
        if (child > h->n)
            break;
        if (child < h->n && h->nodes[child]->due_us < h->nodes[child - 1]->due_us)
            child++;
        if (h->nodes[child - 1]->due_us >= node->due_us)
            break;
        put(h, place, h->nodes[child - 1]);
        place = child;
    }
    put(h, place, node);
}

static void insert(struct timer_heap *h, struct timer_node *node)
{
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 64;
        h->nodes = mem_realloc(h->nodes, h->cap * sizeof *h->nodes);
    }
    sift_up(h, ++h->n, node);
}

void timer_clear(struct timer_heap *h, struct timer_node *node)
{
    if (!node->slot)
        return;
    size_t place = node->slot;
    struct timer_node *last = h->nodes[--h->n];

    node->slot = 0;
    if (last == node)
        return;
    if (place > 1 && h->nodes[place / 2 - 1]->due_us > last->due_us)
        sift_up(h, place, last);
    else
        sift_down(h, place, last);
}

void timer_set(struct timer_heap *h, struct timer_node *node, int64_t due_us)
{
    if (node->slot && node->due_us == due_us)
        return;
    timer_clear(h, node);
    node->due_us = due_us;
    if (due_us != CLOCK_NEVER)
        insert(h, node);
}

int64_t timer_next(const struct timer_heap *h)
{
    return h->n ? h->nodes[0]->due_us : CLOCK_NEVER;
}

struct timer_node *timer_pop(struct timer_heap *h, int64_t now_us)
{
    if (timer_next(h) > now_us || !h->n)
        return NULL;
    struct timer_node *node = h->nodes[0];
    timer_clear(h, node);
    return node;
}

void timer_heap_fini(struct timer_heap *h)
{
    free(h->nodes);
    *h = (struct timer_heap){0};
}
