/*
 * catalog.h -- what a reactor knows of the catalogue: definitions, state machines, functions.
 *
 * Caches over the store.  A definition (one revision of a state machine) never changes and stays while executions pin
 * it; a machine's current revision and a function's entry are forgotten when a NOTIFY or this process's own change says
 * so: channel pawl_catalog, payload "machine:NAME" or "function:NAME".  Callbacks come at once when the answer is at
 * hand.  One per reactor, on its thread.
 */
#pragma once

#include "asl/asl.h"
#include "run/store.h"

struct definition { /* a revision of a state machine, compiled */
    int64_t definition_id, state_machine_id;
    char *machine; /* the state machine's name */
    char *role_arn;
    bool express; /* the machine's type: compiled by its rules, and not run by this version */
    struct asl *asl;
    unsigned pins;
};

struct function { /* an entry of pawl.function */
    char *name, *url;
    char **headers;      /* "Name: value", NULL-terminated; may be NULL */
    int64_t timeout_us;  /* longest wait for an answer; default 60 s... the task's own deadline counts too */
    int max_concurrency; /* calls at once from one reactor; 0: no limit */
    unsigned pins;
};

struct catalog;
struct catalog *catalog_new(struct store *s);
void catalog_free(struct catalog *c);

/* def NULL: err says why (ERR_MACHINE_MISSING, ERR_MACHINE_DELETING, ERR_UNAVAILABLE). Pinned for the callee. */
typedef void (*catalog_definition_cb)(void *arg, struct definition *def, const struct err *err);
void catalog_machine(struct catalog *c, const char *machine, catalog_definition_cb cb, void *arg); /* the current revision */
void catalog_definition(struct catalog *c, int64_t definition_id, catalog_definition_cb cb, void *arg);
void catalog_unpin_definition(struct catalog *c, struct definition *def);

/* fn NULL: ERR_FUNCTION_NOT_FOUND, or ERR_UNAVAILABLE. Pinned for the callee. */
typedef void (*catalog_function_cb)(void *arg, struct function *fn, const struct err *err);
void catalog_function(struct catalog *c, const char *name, catalog_function_cb cb, void *arg);
void catalog_unpin_function(struct catalog *c, struct function *fn);

void catalog_forget_machine(struct catalog *c, const char *machine);
void catalog_forget_function(struct catalog *c, const char *name);
void catalog_forget_all(struct catalog *c); /* a connection was lost: a NOTIFY may have been missed */
