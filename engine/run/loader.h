/*
 * loader.h -- how executions come into a reactor's memory: with their journals, a few at a time.
 *
 * Those of orphaned slots are adopted: made this slot's in small batches, as all other reactors do.  Parked
 * ones, which are nobody's, are taken a little before their moment: whoever comes first has them.  Others are
 * loaded when the reactor asks for them.  Few are under way at once, so that running work never starves.  One
 * per reactor, on its thread; all by store_query.
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

/* ahead_us: how long before their moment parked ones are loaded. */
struct loader *loader_new(struct store *s, int64_t ahead_us, const struct loader_events *events);
void loader_free(struct loader *l);

/* From now on for this slot; 0: for none. What was under way for another tenure is forgotten. */
void loader_owner(struct loader *l, int slot, int64_t epoch);
/* There are orphaned slots: their executions are adopted, until there are none left. */
void loader_adopt(struct loader *l);
/* Loads one of this slot, or a parked one and makes it so; before others, unless it is on its way already. */
void loader_load(struct loader *l, int64_t execution_id);
/*
 * To be called every second: parked ones whose moment is near are loaded, and those that could not be loaded
 * are tried again.  full: memory is short, so nothing is loaded ahead of its moment.
 */
void loader_look(struct loader *l, bool full);

void loader_done(struct loader *l, void *ticket);  /* the reactor has taken the execution in, or refused it */
void loader_later(struct loader *l, void *ticket); /* it cannot at the moment: loader_look */
