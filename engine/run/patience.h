/*
 * patience.h -- may something that blocks go on waiting?
 *
 * pawld's start waits for servers, locks and children, and must end within seconds all the same when it is
 * asked to.  Whoever waits asks at least every 100 ms.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PATIENCE_MS = 100 };

struct patience {
    bool (*ended)(void *arg); /* true once and for all: give up */
    void *arg;
};

/* NULL: without end. */
static inline bool patience_ended(const struct patience *p)
{
    return p && p->ended(p->arg);
}
