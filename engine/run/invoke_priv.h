/* invoke_priv.h -- what an answer of the network is, for invoke*.c alone. */
#pragma once

#include "run/invoke.h"

/* Longer answers are cut: one that long is too long for any state. */
enum { INVOKE_BODY_BYTES_MAX = VALUE_BYTES_MAX };

struct invoke_response {
    const char *failure; /* no answer: what the network said; NULL: there is one */
    bool timed_out;      /* no answer in time */
    long status;
    const char *function_error; /* header X-Amz-Function-Error, or NULL */
    const char *body;
    size_t body_len;
    bool too_long; /* the body went on after INVOKE_BODY_BYTES_MAX */
};

/* The URL as people may see it: a password in it stays here. */
const char *invoke_shown_url(struct arena *scratch, const char *url, size_t max_bytes);

/* What the answer means to the workflow. scratch takes the texts of error and cause, which live as long as it
 * does. */
void invoke_result(const struct invoke_request *req, const struct invoke_response *got, struct arena *scratch,
                   struct invoke_answer *out);
