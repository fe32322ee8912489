/*
 * invoke.h -- calls to functions: a request from an effect, a stimulus from the response.
 *
 * libcurl multi on the reactor's loop.  POST of the JSON body; Idempotency-Key (the same for the same
 * attempt), Pawl-Step-Key (the same for all attempts of a visit), Pawl-Execution, Pawl-State, Pawl-Attempt,
 * traceparent. What answers mean is DESIGN.md 6 and invoke_result.c.  Never calls the reactor but through
 * done.
 */
#pragma once

#include "asl/interp.h"

#include <uv.h>

struct invoke;
struct invoke_call;

/* Texts but execution_arn are borrowed until the call ends: they are those of a pinned definition and
 * function. */
struct invoke_request {
    const char *url;
    char **headers;       /* the function's own ("Name: value", NULL-terminated), or NULL */
    const char *function; /* its name, for causes; NULL: a plain URL */
    int max_concurrency;  /* of this function here; more wait in order; 0: no limit */
    int64_t execution_id;
    const char *execution_arn; /* copied */
    const char *state;
    int32_t event_id, entered_id;
    uint32_t attempt;
    bool at_most_once;  /* never send it twice: no connection that may turn out to be dead is reused */
    struct value *body; /* referenced until the call ends */
    int64_t timeout_us; /* longest wait for the answer once it is sent; CLOCK_NEVER: none */
    bool traced;        /* the answer shows what went over the wire */
    void *arg;          /* the caller's, for done */
};

struct invoke_trace { /* texts are valid during the callback; headers: "[Name: value, Name: value]" */
    const char *url;  /* without a password that may be in it */
    const char *request_headers; /* those that pawl gives */
    long status;                 /* 0: no answer came */
    const char *status_message, *response_headers;
    const char *body; /* the answer's first 262,144 bytes */
    size_t body_len;
};

struct invoke_answer {
    struct value *result; /* a reference for the callee; NULL: failed */
    const char *error;    /* "Lambda.Unknown", or the function's own errorType; valid during the callback */
    const char *cause;    /* the URL, the status and the first bytes of the answer; or the function's error as
                             JSON text */
    int64_t duration_us;  /* from sending to the answer; queueing left out */
    const struct invoke_trace *trace; /* NULL: not traced */
};

typedef void (*invoke_done)(void *arg, const struct invoke_request *req, const struct invoke_answer *answer);

struct invoke *invoke_new(uv_loop_t *loop, invoke_done done, void *arg);
/* Drops every call without calling done. The loop must run once more, to close what it holds. */
void invoke_free(struct invoke *v);

/* Starts a call (or queues it). The request is copied. done is never called from inside. */
struct invoke_call *invoke_start(struct invoke *v, const struct invoke_request *req);
void invoke_cancel(struct invoke *v, struct invoke_call *call); /* done will not be called */
bool invoke_has_left(const struct invoke_call *call);           /* else it waits for its turn */
size_t invoke_running(const struct invoke *v);                  /* sent and not answered */
