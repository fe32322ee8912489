/*
 * retry.h -- which retrier or catcher takes an error, and how long until the next try?
 *
 * Pure: no clock, no dice of its own, no I/O.
 * Source: Amazon States Language, "Errors", "Retrying after error", "Fallback states".
 */
#pragma once

#include "asl/read.h"

#define RETRY_EXHAUSTED INT64_C(-1)
/* No wait is longer (2^31 seconds, the service's limit of a Wait), so that a moment plus a wait fits. */
#define RETRY_WAIT_MAX_US (INT64_C(2147483648) * 1000000)
enum { JITTER_NONE, JITTER_FULL };

struct asl_state;
struct asl_assign;

struct retrier {         /* one element of "Retry"; immutable, in the definition's arena */
    const char **errors; /* ErrorEquals: nerrors names, never empty */
    size_t nerrors;
    int64_t interval_us;   /* wait before the first retry, > 0 */
    int64_t max_delay_us;  /* longest wait, before jitter; CLOCK_NEVER when MaxDelaySeconds is absent */
    double backoff_rate;   /* multiplies the wait at each retry, >= 1.0 */
    uint32_t max_attempts; /* retries after the first try; 0 = never */
    int jitter;            /* JITTER_NONE or JITTER_FULL */
};

struct catcher { /* one element of "Catch" */
    const char **errors;
    size_t nerrors;
    const struct asl_state *next;
    const struct jpath *result_path; /* NULL: the error output replaces the input ("$") */
    bool drop_result;                /* "ResultPath": null */
    const struct query *output;      /* JSONata; NULL: the error output */
    const struct asl_assign *assign; /* NULL: nothing */
};

/*
 * Compile one element of "Retry" or "Catch" (a catcher's Next and Assign are the caller's). last: the element
 * is the last of its list, where alone States.ALL may stand.
 */
void retry_parse(const struct read_in *in, bool last, struct retrier *to);
void catch_parse(const struct read_in *in, bool last, bool jsonata, struct catcher *to);

/*
 * Does a list of ErrorEquals take this error?  States.Runtime is taken by nothing, not even by its own name
 * (recorded).  States.ALL takes all others; States.TaskFailed all but States.Timeout; States.Timeout takes
 * States.HeartbeatTimeout too.  States.DataLimitExceeded is an error as any other (recorded: States.ALL
 * takes it).  error NULL (a callback's failure without a name) is taken by States.ALL and States.TaskFailed
 * alone.
 */
bool retry_matches(const char **errors, size_t nerrors, const char *error);

/* The index of the first that takes the error, or -1. */
int retry_find(const struct retrier *r, size_t n, const char *error);
int catch_find(const struct catcher *c, size_t n, const char *error);

/*
 * The wait before the next try in microseconds, or RETRY_EXHAUSTED.
 * retries: retries already made under this retrier during this visit to the state.
 * dice: 64 uniform bits from the execution's seed, so that a replay waits as long.
 */
int64_t retry_delay(const struct retrier *r, uint32_t retries, uint64_t dice);
