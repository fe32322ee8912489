/*
 * loader.h -- how executions come into a reactor's memory: with their journals, a few at a time.
 *
 * Those of orphaned slots are adopted: moved to this slot in small batches, as all other reactors do, and
 * then loaded.  Others of this slot are loaded when the reactor asks for them.  Few are under way at once, so
 * that running work never starves.  One per reactor, on its thread; all by store_query.
 */
#pragma once

#include "run/store.h"

struct loader;

struct loader_execution {
    int64_t execution_id;
    int64_t definition_id; /* 0: there are no rows */
    const char *name;      /* NULL: there are no rows; else lives as long as they */
};

struct loader_events {
    /*
     * An execution with its whole journal, in order: fold and resume it. rows: seq, at (us), events,
     * payloads, two that are e's, and the number of the last numbered event. No rows: it has not begun (its
     * start waits in the inbox), has ended, or is another's meanwhile. The reactor may answer later (it
     * compiles the definition first): it owes the ticket to loader_done or loader_later, also when the lease
     * is lost meanwhile, and rows live until then.
     */
    void (*loaded)(void *arg, const struct loader_execution *e, const struct store_result *rows,
                   void *ticket);
    void (*adopted)(void *arg, size_t n); /* so many more are this slot's */
    void *arg;
};

struct loader *loader_new(struct store *s, const struct loader_events *events);
void loader_free(struct loader *l);

/* From now on for this slot; 0: for none. What was under way for another tenure is forgotten. */
void loader_owner(struct loader *l, int slot, int64_t epoch);
/* There are orphaned slots: their executions are adopted, until there are none left. */
void loader_adopt(struct loader *l);
/* Loads one of this slot, before others that wait, unless it is being loaded already. */
void loader_load(struct loader *l, int64_t execution_id);
/* Those that could not be loaded are tried again: to be called every second. */
void loader_retry(struct loader *l);

void loader_done(struct loader *l, void *ticket);  /* the reactor has taken the execution in, or refused it */
void loader_later(struct loader *l, void *ticket); /* it cannot at the moment: loader_retry */
