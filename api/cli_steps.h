/*
 * cli_steps.h -- from history events to the steps that people see: visits to states, in branches and
 * iterations.
 *
 * A fold over the events as GetExecutionHistory shows them, live or afterwards.  Events that abort what ran
 * beside a failure do not say which state they mean: what was not left when its branch or its execution ended
 * was aborted. No output of its own: the callee of steps_apply prints as things happen, steps_each walks the
 * finished tree.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

enum step_status { STEP_RUNNING, STEP_OK, STEP_CAUGHT, STEP_FAILED, STEP_ABORTED };

struct step_attempt {
    int64_t began_us, ended_us; /* ended 0: not yet */
    bool ok;
    char *error, *cause; /* when it failed; NULL: absent */
};

struct step {                    /* one visit to a state */
    char *name, *type;           /* "ChargeCard", "Task" */
    int64_t entered_us, left_us; /* left 0: not yet */
    enum step_status status;
    struct step_attempt *attempts; /* Task: its calls; Parallel and Map: their runs */
    unsigned nattempts;
    bool failed;             /* Parallel and Map: the last attempt failed, and there will be no other */
    int64_t items;           /* Map: how many; else -1 */
    int depth;               /* how many branches and iterations it is in */
    struct region *in;       /* the region that it is in */
    struct region **regions; /* Parallel and Map: in the order of their beginning */
    unsigned nregions;
};

struct region {         /* the machine itself, a branch, an iteration */
    struct step *owner; /* NULL: the machine */
    int place;          /* branch or iteration, from 0 */
    unsigned attempt;   /* of the owner's, from 1 */
    struct step **steps;
    unsigned nsteps;
};

enum step_news {
    STEP_OPENS,          /* a Parallel or Map has begun, or a Wait: something will take a while */
    STEP_ATTEMPT_FAILED, /* the last of step->attempts */
    STEP_LEAVES,         /* status and left_us are set */
};

struct steps_place { /* where an event happened */
    struct region *region;
    struct step *opens; /* ParallelStateStarted: the step whose branches begin after it */
};

struct steps { /* starts as {0} with news and arg */
    struct region root;
    struct steps_place *places;                                            /* index: the event's id */
    size_t nevents;                                                        /* room in places */
    int64_t started_us, ended_us;                                          /* 0: not yet */
    void (*news)(void *arg, const struct step *step, enum step_news news); /* NULL: nobody listens */
    void *arg;
};

void steps_fini(struct steps *s);

/* The next event, in order. What makes no sense is passed over. True when it was the execution's last. */
bool steps_apply(struct steps *s, json_object *event);

/* What has become of a step that was not left, because its branch or the execution ended. */
enum step_status steps_status(const struct steps *s, const struct step *step);

/* attempt: from 1, the index in step->attempts and one; 0: the step has none. */
typedef void (*steps_visit)(void *arg, const struct step *step, unsigned attempt);

/* Every attempt of every step, each with its branches or iterations behind it, as a tree is written down. */
void steps_each(const struct steps *s, steps_visit visit, void *arg);
