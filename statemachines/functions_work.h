/*
 * functions_work.h -- what the demo functions do: one row a function, each a pure computation.
 *
 * No clock, no dice: the same input and key give the same answer.  functions.c serves them by HTTP.
 */
#pragma once

#include <json-c/json.h>

struct job {
    json_object *in;  /* the call's input; borrowed */
    const char *key;  /* Idempotency-Key; ids are made from it */
    json_object *out; /* the result: a reference for the caller */
    char error[64];   /* when it failed: the name that a workflow can catch */
    char message[256];
};

struct function_row {
    const char *name;
    int (*work)(struct job *job); /* 0 with job->out, or -1 with error and message */
    const char *says;             /* what GET / tells about it */
};

extern const struct function_row FUNCTIONS[]; /* ends with a row without a name */

const struct function_row *function_find(const char *name);
