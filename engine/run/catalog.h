/*
 * catalog.h -- what a reactor knows of the catalogue: definitions, state machines, functions.
 *
 * Caches over the store.  A definition (one revision of a state machine) never changes and stays while
 * executions pin it; a machine's current revision and a function's entry are forgotten when a NOTIFY or this
 * process's own change says so.  That something is missing is never remembered.  Callbacks come at once when
 * the answer is at hand.  One per reactor, on its thread.
 */
#pragma once

#include "asl/asl.h"
#include "run/metrics.h"
#include "run/store.h"

struct definition { /* a revision of a state machine, compiled */
    int64_t definition_id, state_machine_id;
    char *machine; /* the state machine's name */
    char *role_arn;
    bool express; /* the machine's type: compiled by its rules, and not run by this version */
    struct asl *asl;
    char *flaw; /* why it cannot run (any more): then asl is a stand-in that leads nowhere; NULL: it can */
    unsigned pins;
    struct metric_series
        *counts[EXEC_ABORTED + 1]; /* the reactor's: executions of this machine by status; NULL: not yet */
    UT_hash_handle hh;
};

enum call_outcome { CALL_SUCCEEDED, CALL_FAILED, CALL_TIMED_OUT, CALL_OUTCOMES };

struct function { /* an entry of pawl.function */
    char *name, *url;
    char **headers;      /* "Name: value", NULL-terminated; may be NULL */
    int64_t timeout_us;  /* longest wait for an answer; the task's own deadline counts too */
    int max_concurrency; /* calls at once from one reactor; 0: no limit */
    unsigned pins;
    struct metric_series *counts[CALL_OUTCOMES]; /* the reactor's; NULL: not yet */
};

struct catalog;
struct catalog *catalog_new(struct store *s);
void catalog_free(
    struct catalog *c); /* when nothing is pinned any more; callbacks that are owed never come */

/*
 * Pinned for the callee. def NULL: err says why (ERR_MACHINE_MISSING, ERR_MACHINE_DELETING, ERR_UNAVAILABLE,
 * ERR_INTERNAL). catalog_machine gives none with a flaw; catalog_definition does, because the executions that
 * have it must end somehow.
 */
typedef void (*catalog_definition_cb)(void *arg, struct definition *def, const struct err *err);
void catalog_machine(struct catalog *c, const char *machine, catalog_definition_cb cb,
                     void *arg); /* the current revision */
void catalog_definition(struct catalog *c, int64_t definition_id, catalog_definition_cb cb, void *arg);
void catalog_unpin_definition(struct catalog *c, struct definition *def);

/* fn NULL: ERR_FUNCTION_NOT_FOUND, or ERR_UNAVAILABLE. Pinned for the callee. */
typedef void (*catalog_function_cb)(void *arg, struct function *fn, const struct err *err);
void catalog_function(struct catalog *c, const char *name, catalog_function_cb cb, void *arg);
void catalog_unpin_function(struct catalog *c, struct function *fn);

/* Who asks after this gets what the database says now, even if an older answer is still on its way to others.
 */
void catalog_forget_machine(struct catalog *c, const char *machine);
void catalog_forget_function(struct catalog *c, const char *name);
void catalog_forget_all(struct catalog *c); /* a connection was lost: a NOTIFY may have been missed */

/* "machine:NAME" or "function:NAME": the payload of a NOTIFY on channel pawl_catalog. */
void catalog_notified(struct catalog *c, const char *payload);
