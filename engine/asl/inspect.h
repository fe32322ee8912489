/*
 * inspect.h -- one state, watched: what a trial (trial.h) gives it, and what the interpreter saw on its way.
 *
 * An execution that is a trial has an inspection; others have none, and nothing of this costs them more than
 * to ask.  The interpreter decides as ever: it only begins at the state that is tried, does not go on to
 * another, and takes a mock's word instead of doing the work.
 * Source: TestState of the API model; which type shows which stage: recorded.
 */
#pragma once

#include "asl/asl.h"
#include "base/value.h"

#include <json-c/json.h>

/* Where data was looked at on its way through the state. */
enum inspect_stage {
    INSPECT_INPUT_PATH,
    INSPECT_PARAMETERS,
    INSPECT_ARGUMENTS, /* JSONata */
    INSPECT_RESULT,
    INSPECT_RESULT_SELECTOR,
    INSPECT_RESULT_PATH,
    INSPECT_ITEMS_POINTER, /* what ItemsPointer left of the file that was read */
    INSPECT_ITEMS_PATH,
    INSPECT_ITEM_SELECTOR, /* an array: the inputs of the iterations */
    INSPECT_ITEM_BATCHER,  /* an array: the inputs of the children */
    INSPECT_STAGES
};

struct inspection {
    const struct asl_state *state; /* the one that is tried */

    /* given; borrowed */
    json_object *context; /* the context object; NULL: the execution's own */
    bool mocked;          /* the work of a Task, Parallel or Map is not done: */
    struct value *result; /* this is its result; NULL: it fails with error and cause */
    const char *error, *cause;
    uint32_t retries; /* made already, by the retrier that takes the error */
    const char *file; /* of a Map: what its ItemReader reads; NULL: an empty list */
    size_t file_len;
    int64_t iteration_failures; /* of a Map: how many failed; -1: not told */

    /* seen */
    struct value *stages[INSPECT_STAGES]; /* references; NULL: not come so far */
    char *failure, *why;                  /* error and cause of the state's own failure; owned; NULL: none */
    const struct asl_state *next;         /* where it would have gone; NULL: nowhere */
    int64_t max_concurrency;              /* of a Map; -1: not come so far */
    int64_t tolerated_count;              /* of a Map; -1: none is set, or not come so far */
    double tolerated_percentage;          /* the same */
};

void inspect_init(struct inspection *in, const struct asl_state *state);
void inspect_fini(struct inspection *in); /* releases what was seen */

/* References v, in the place of what that stage showed before. */
void inspect_stage(struct inspection *in, enum inspect_stage stage, struct value *v);
/* Copies them; each may be NULL. */
void inspect_failure(struct inspection *in, const char *error, const char *cause);
