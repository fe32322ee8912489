/*
 * invoke.h -- calls to functions: a request from an effect, a stimulus from the response.
 *
 * libcurl multi on the reactor's loop.  POST of the JSON body; Idempotency-Key (the same for the same attempt),
 * Pawl-Step-Key (the same for all attempts of a visit), Pawl-Execution, Pawl-State, Pawl-Attempt, traceparent.
 * What answers mean is DESIGN.md 6 and invoke.c: result_of().  Never calls the reactor but through done.
 */
#pragma once

#include "asl/interp.h"
#include "run/catalog.h"

struct invoke;
struct invoke_call;

struct invoke_request {
    const char *url;
    char **headers;          /* the function's own, or NULL */
    const char *function;    /* its name, for metrics and causes; NULL: a plain URL */
    int max_concurrency;     /* of this function here; more wait in order; 0: no limit */
    int64_t execution_id;
    const char *execution_arn;
    const char *state;
    int32_t event_id, entered_id;
    uint32_t attempt;
    struct value *body;      /* referenced until the call ends */
    int64_t deadline_us;     /* wall clock; CLOCK_NEVER: none */
};

struct invoke_answer {
    struct value *result; /* a reference for the callee; NULL: failed */
    const char *error;    /* "Lambda.Unknown", or the function's own errorType; valid during the callback */
    const char *cause;    /* the URL, the status and the first bytes of the answer; or the function's error as JSON text */
    int64_t duration_us;
};

typedef void (*invoke_done)(void *arg, const struct invoke_request *req, const struct invoke_answer *answer);

struct invoke *invoke_new(uv_loop_t *loop, invoke_done done, void *arg);
void invoke_free(struct invoke *v); /* drops every call without calling done */

/* Starts a call (or queues it). The request is copied. done is never called from inside. */
struct invoke_call *invoke_start(struct invoke *v, const struct invoke_request *req);
void invoke_cancel(struct invoke *v, struct invoke_call *call); /* done will not be called */
size_t invoke_running(const struct invoke *v);
