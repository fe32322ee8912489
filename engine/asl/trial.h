/*
 * trial.h -- a state, tried by itself: TestState.
 *
 * A request is checked as the service checks it and becomes a throwaway execution of one state.  The
 * interpreter itself runs it, watched (inspect.h).  What the state does outside comes from a mock, or the
 * trial asks its caller for one call.  Nothing is stored, and no time passes: a Wait is over at once.
 * Pure.  Source: the API model, operation TestState; what is shown when: recorded.
 */
#pragma once

#include "asl/interp.h"

#define TRIAL_US_MAX (300 * INT64_C(1000000)) /* then it fails with States.Timeout */

enum trial_fields { TRIAL_STRICT, TRIAL_PRESENT, TRIAL_NONE }; /* fieldValidationMode */
enum trial_level { TRIAL_INFO, TRIAL_DEBUG, TRIAL_TRACE };     /* inspectionLevel */

struct trial_text {   /* borrowed */
    const char *text; /* NULL: absent */
    size_t len;
};

struct trial_request {
    struct trial_text definition; /* one state; or, with state_name, a state machine */
    const char *state_name;       /* NULL: absent, as all below may be */
    const char *role_arn;
    struct trial_text input; /* absent: {} */
    struct trial_text variables, context;
    bool reveal_secrets;
    bool mocked; /* mock is there */
    struct trial_text mock_result;
    bool mock_fails; /* mock.errorOutput is there */
    const char *mock_error, *mock_cause;
    enum trial_fields fields;
    int64_t retrier_retry_count; /* stateConfiguration; -1: absent */
    const char *error_caused_by_state;
    int64_t map_iteration_failure_count; /* -1: absent */
    struct trial_text map_item_reader_data;
};

struct trial_place {        /* where the execution would be; borrowed for as long as the trial lives */
    const char *arn_prefix; /* "arn:aws:states:REGION:ACCOUNT:" */
    uint64_t seed;          /* of all its chance, its names included */
};

struct trial;

/*
 * NULL with err: ERR_INVALID_DEFINITION, ERR_INVALID_INPUT, ERR_VALIDATION in the service's words. role_arn
 * is borrowed for as long as the trial lives, the rest of the request only during the call.
 */
struct trial *trial_new(const struct trial_request *request, const struct trial_place *place,
                        struct err *err);
void trial_free(struct trial *t);

/*
 * The call that has to be made now (EFFECT_CALL); borrowed until the next of these.  NULL: the trial is over.
 * trial_answer takes the call's answer, or STIM_TIMER when trial_wake_us has come.
 */
const struct effect *trial_start(struct trial *t, int64_t now_us);
const struct effect *trial_answer(struct trial *t, const struct stimulus *in, int64_t now_us);
int64_t trial_wake_us(struct trial *t);
const struct exec *trial_exec(const struct trial *t); /* for the names of its call */

/*
 * What TestState answers, once it is over; the caller puts it.  as_text: JSON within it is text, as in the
 * service's API; else it is JSON.
 */
json_object *trial_result(const struct trial *t, enum trial_level level, bool as_text);
