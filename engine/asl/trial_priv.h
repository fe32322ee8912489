/*
 * trial_priv.h -- a trial under way.
 *
 * trial.c        the execution, and what became of it
 * trial_check.c  the request against the rules of TestState
 * trial_model.c  mocked results of other services against their APIs
 * trial_api.c    those APIs
 */
#pragma once

#include "asl/trial.h"

struct trial {
    struct asl *asl;
    struct exec exec;
    struct inspection seen;
    struct arena *arena;
    struct outcome out;
    struct value *input, *mock_result;
    json_object *context;
    struct assigned *variables; /* that are there from the beginning; NULL: none. Names in arena */
    char *mock_error, *mock_cause;
    char *file;    /* for the ItemReader; NULL: absent */
    char *machine; /* its made-up name */

    /* what the last step's events tell */
    struct value *output; /* of the state; NULL: it has not ended so */
    int catcher, retrier; /* which took the error; -1: none */
    int64_t backoff_us;   /* until the retry */
};

/* ---- trial_check.c ---- */

/* Compiles the definition and finds the state: t->asl, t->seen.state. */
int trial_check_state(struct trial *t, const struct trial_request *q, struct err *err);
/* All else: t->input, t->context, the mock. */
int trial_check_request(struct trial *t, const struct trial_request *q, struct err *err);

/* ---- trial_api.c ---- */

struct trial_api {
    const char *services, *actions; /* separated by blanks */
    const char *fields;             /* of its answer: trial_model.c says how they are written */
};
extern const struct trial_api TRIAL_APIS[];
extern const size_t TRIAL_NAPIS;

/* ---- trial_model.c ---- */

/* A mocked result against what the task's API answers. -1 with ERR_VALIDATION: which field, and why. */
int trial_check_result(const struct asl_task *task, json_object *result, enum trial_fields fields,
                       struct err *err);
