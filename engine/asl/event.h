/*
 * event.h -- the vocabulary of history: what happened, in the words of GetExecutionHistory.
 *
 * An event is emitted by the interpreter, applied by exec_apply, journaled by the store and shown by
 * the API: one table (EVENT_LIST) serves all four.  Events of the service's vocabulary are numbered
 * from 1 without gaps and name the event that caused them.  Facts that the vocabulary lacks are fields
 * that the service would not show (a seed, a moment), or events without a number (id 0), which pawl alone
 * needs to go on after a crash.
 *
 * In the journal an event is a small JSON object; payloads stand once in the row's array and
 * events refer to them by index:
 *   [{"id":5,"type":"TaskSucceeded","name":"Pay","output":0},
 *    {"id":6,"type":"TaskStateExited","name":"Pay","output":0}, ...]
 * Members: id (absent: unnumbered), type, prev (absent: id - 1), frame (absent: 0), name (of the state),
 * input | output | parameters (payload index), assigned ({"x": payload index}), error, cause, location, role,
 * index | length (absent: 0), timeout, heartbeat (seconds), due (microseconds), seed (decimal text).  What
 * the definition says already (a task's resource) is not repeated.
 */
#pragma once

#include "asl/asl.h"
#include "base/json.h"
#include "base/value.h"

/* X(constant, AWS name, member of the details object or NULL when it has none, flags) */
#define EVENT_LIST(X)                                                                                        \
    X(EV_EXECUTION_STARTED, "ExecutionStarted", "executionStartedEventDetails", EVENT_INPUT)                 \
    X(EV_EXECUTION_SUCCEEDED, "ExecutionSucceeded", "executionSucceededEventDetails", EVENT_OUTPUT)          \
    X(EV_EXECUTION_FAILED, "ExecutionFailed", "executionFailedEventDetails", EVENT_ERROR)                    \
    X(EV_EXECUTION_ABORTED, "ExecutionAborted", "executionAbortedEventDetails", EVENT_ERROR)                 \
    X(EV_EXECUTION_TIMED_OUT, "ExecutionTimedOut", "executionTimedOutEventDetails", EVENT_ERROR)             \
    X(EV_PASS_ENTERED, "PassStateEntered", "stateEnteredEventDetails", EVENT_NAME | EVENT_INPUT)             \
    X(EV_PASS_EXITED, "PassStateExited", "stateExitedEventDetails", EVENT_EXIT)                              \
    X(EV_CHOICE_ENTERED, "ChoiceStateEntered", "stateEnteredEventDetails", EVENT_NAME | EVENT_INPUT)         \
    X(EV_CHOICE_EXITED, "ChoiceStateExited", "stateExitedEventDetails", EVENT_EXIT)                          \
    X(EV_WAIT_ENTERED, "WaitStateEntered", "stateEnteredEventDetails", EVENT_NAME | EVENT_INPUT)             \
    X(EV_WAIT_EXITED, "WaitStateExited", "stateExitedEventDetails", EVENT_EXIT)                              \
    X(EV_WAIT_ABORTED, "WaitStateAborted", NULL, 0)                                                          \
    X(EV_SUCCEED_ENTERED, "SucceedStateEntered", "stateEnteredEventDetails", EVENT_NAME | EVENT_INPUT)       \
    X(EV_SUCCEED_EXITED, "SucceedStateExited", "stateExitedEventDetails", EVENT_NAME | EVENT_OUTPUT)         \
    X(EV_FAIL_ENTERED, "FailStateEntered", "stateEnteredEventDetails", EVENT_NAME | EVENT_INPUT)             \
    X(EV_TASK_ENTERED, "TaskStateEntered", "stateEnteredEventDetails", EVENT_NAME | EVENT_INPUT)             \
    X(EV_TASK_EXITED, "TaskStateExited", "stateExitedEventDetails", EVENT_EXIT)                              \
    X(EV_TASK_ABORTED, "TaskStateAborted", NULL, 0)                                                          \
    X(EV_TASK_SCHEDULED, "TaskScheduled", "taskScheduledEventDetails", EVENT_PARAMETERS | EVENT_RESOURCE)    \
    X(EV_TASK_STARTED, "TaskStarted", "taskStartedEventDetails", EVENT_RESOURCE)                             \
    X(EV_TASK_SUBMITTED, "TaskSubmitted", "taskSubmittedEventDetails", EVENT_OUTPUT | EVENT_RESOURCE)        \
    X(EV_TASK_SUCCEEDED, "TaskSucceeded", "taskSucceededEventDetails", EVENT_OUTPUT | EVENT_RESOURCE)        \
    X(EV_TASK_FAILED, "TaskFailed", "taskFailedEventDetails", EVENT_ERROR | EVENT_RESOURCE)                  \
    X(EV_TASK_TIMED_OUT, "TaskTimedOut", "taskTimedOutEventDetails", EVENT_ERROR | EVENT_RESOURCE)           \
    X(EV_FUNCTION_SCHEDULED, "LambdaFunctionScheduled", "lambdaFunctionScheduledEventDetails",               \
      EVENT_INPUT | EVENT_RESOURCE)                                                                          \
    X(EV_FUNCTION_STARTED, "LambdaFunctionStarted", NULL, 0)                                                 \
    X(EV_FUNCTION_SUCCEEDED, "LambdaFunctionSucceeded", "lambdaFunctionSucceededEventDetails", EVENT_OUTPUT) \
    X(EV_FUNCTION_FAILED, "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails", EVENT_ERROR)           \
    X(EV_FUNCTION_TIMED_OUT, "LambdaFunctionTimedOut", "lambdaFunctionTimedOutEventDetails", EVENT_ERROR)    \
    X(EV_PARALLEL_ENTERED, "ParallelStateEntered", "stateEnteredEventDetails", EVENT_NAME | EVENT_INPUT)     \
    X(EV_PARALLEL_STARTED, "ParallelStateStarted", NULL, 0)                                                  \
    X(EV_PARALLEL_SUCCEEDED, "ParallelStateSucceeded", NULL, 0)                                              \
    X(EV_PARALLEL_FAILED, "ParallelStateFailed", NULL, 0)                                                    \
    X(EV_PARALLEL_ABORTED, "ParallelStateAborted", NULL, 0)                                                  \
    X(EV_PARALLEL_EXITED, "ParallelStateExited", "stateExitedEventDetails", EVENT_EXIT)                      \
    X(EV_MAP_ENTERED, "MapStateEntered", "stateEnteredEventDetails", EVENT_NAME | EVENT_INPUT)               \
    X(EV_MAP_STARTED, "MapStateStarted", "mapStateStartedEventDetails", EVENT_LENGTH)                        \
    X(EV_MAP_SUCCEEDED, "MapStateSucceeded", NULL, 0)                                                        \
    X(EV_MAP_FAILED, "MapStateFailed", NULL, 0)                                                              \
    X(EV_MAP_ABORTED, "MapStateAborted", NULL, 0)                                                            \
    X(EV_MAP_EXITED, "MapStateExited", "stateExitedEventDetails", EVENT_EXIT)                                \
    X(EV_ITERATION_STARTED, "MapIterationStarted", "mapIterationStartedEventDetails",                        \
      EVENT_NAME | EVENT_INDEX)                                                                              \
    X(EV_ITERATION_SUCCEEDED, "MapIterationSucceeded", "mapIterationSucceededEventDetails",                  \
      EVENT_NAME | EVENT_INDEX)                                                                              \
    X(EV_ITERATION_FAILED, "MapIterationFailed", "mapIterationFailedEventDetails", EVENT_NAME | EVENT_INDEX) \
    X(EV_ITERATION_ABORTED, "MapIterationAborted", "mapIterationAbortedEventDetails",                        \
      EVENT_NAME | EVENT_INDEX)                                                                              \
    X(EV_EVALUATION_FAILED, "EvaluationFailed", "evaluationFailedEventDetails", EVENT_STATE | EVENT_ERROR)   \
    /* Unnumbered, pawl's own: until due a Wait or a retry waits (its index is the retrier's); a callback */ \
    /* came before its own call's answer; a frame gives way before its next state, for the step was long; */ \
    /* a call has not left, and is due again; and then it leaves. */                                         \
    X(EV_WAIT_SCHEDULED, "WaitScheduled", NULL, EVENT_OWN)                                                   \
    X(EV_RETRY_SCHEDULED, "RetryScheduled", NULL, EVENT_OWN)                                                 \
    X(EV_CALLBACK_HELD, "CallbackHeld", NULL, EVENT_OWN | EVENT_OUTPUT | EVENT_ERROR)                        \
    X(EV_YIELDED, "Yielded", NULL, EVENT_OWN | EVENT_NAME | EVENT_INPUT)                                     \
    X(EV_CALL_WITHHELD, "CallWithheld", NULL, EVENT_OWN)                                                     \
    X(EV_CALL_RELEASED, "CallReleased", NULL, EVENT_OWN)

enum {
    EVENT_NAME = 1,       /* shows the state's name */
    EVENT_INPUT = 2,      /* data is an input */
    EVENT_OUTPUT = 4,     /* data is an output */
    EVENT_PARAMETERS = 8, /* data is parameters, with region and timeouts */
    EVENT_ERROR = 16,     /* shows error and cause, where there are any */
    EVENT_RESOURCE = 32,  /* shows resource and (but for functions by ARN) resourceType */
    EVENT_INDEX = 64,     /* shows the iteration's index */
    EVENT_LENGTH = 128,   /* shows the number of items */
    EVENT_ASSIGN = 256,   /* shows the variables that the state sets */
    EVENT_STATE = 512,    /* shows the state's name as "state", and the location within it */
    EVENT_OWN = 1024, /* not in the service's vocabulary: unnumbered, never shown by GetExecutionHistory */
    EVENT_EXIT = EVENT_NAME | EVENT_OUTPUT | EVENT_ASSIGN,
    EVENT_WITH_STATE = EVENT_NAME | EVENT_RESOURCE | EVENT_STATE, /* struct event names the state */
};

enum { EVENT_ERROR_BYTES_MAX = 256, EVENT_CAUSE_BYTES_MAX = 32768 }; /* longer ones are cut */

enum event_type {
#define EVENT_CONSTANT(constant, name, details, flags) constant,
    EVENT_LIST(EVENT_CONSTANT)
#undef EVENT_CONSTANT
        EVENT_TYPES
};

/* The variables that a state sets as it exits, in the order of its Assign. Counted, and never changed. */
struct assigned {
    uint32_t refs;
    size_t n;
    struct assignment {
        const char *name;    /* the definition's */
        struct value *value; /* a reference */
    } list[];
};

struct assigned *assigned_new(size_t room);        /* for so many; n is 0 */
struct assigned *assigned_ref(struct assigned *a); /* NULL gives NULL */
void assigned_unref(struct assigned *a);           /* NULL is allowed */

struct event {
    enum event_type type;
    int32_t id;     /* from 1; 0: unnumbered */
    int32_t prev;   /* the event that caused it; 0: none */
    uint32_t frame; /* where it happened: exec.h */
    int64_t at_us;  /* when: the same for all events of a journal row */
    const struct asl_state
        *state;                /* the state that it is about, where flags have one of WITH_STATE; else NULL */
    struct value *data;        /* input, output or parameters; a reference, or NULL */
    struct assigned *assigned; /* *Exited: a reference; NULL: no variables */
    const char *error, *cause; /* owned; NULL: absent. Clean text (js_clean) */
    const char *location;      /* EvaluationFailed: "Output/total"; owned; NULL: absent */
    int32_t
        index; /* iteration; MapStateStarted: items; RetryScheduled: retrier; *Exited: 1 + catcher, or 0 */
    int32_t timeout_s, heartbeat_s; /* *Scheduled: evaluated; 0: none */
    const char *role; /* *Scheduled: the RoleArn of Credentials, evaluated; owned; NULL: absent */
    int64_t due_us;   /* pawl's own events, but CallReleased: when it goes on; else 0 */
    uint64_t seed;    /* ExecutionStarted */
};

const char *event_name(enum event_type t);
const char *event_details(enum event_type t); /* NULL: none */
unsigned event_flags(enum event_type t);
int event_find(const char *name, size_t len); /* the type, or -1 */

void event_fini(struct event *e); /* releases what it owns */

/* ---- to the journal and back ---- */

/* The columns events and payloads of one row, appended to the two buffers. The same value is written once. */
void event_write_row(const struct event *list, size_t n, struct js_buf *events, struct js_buf *payloads);

/*
 * Reads a row back. asl resolves names of states. Allocates *list (free each with event_fini, then free
 * the array). -1 with err (ERR_INTERNAL) for a row that event_write_row did not write.
 */
int event_read_row(const struct asl *asl, const char *events, size_t events_len, const char *payloads,
                   size_t payloads_len, int64_t at_us, struct event **list, size_t *n, struct err *err);

/* ---- to the API ---- */

/* What details need that is not in the event. */
struct event_context {
    const char *role_arn;
    const char *region;
    bool with_data; /* includeExecutionData: else inputs, outputs and parameters are left out */
};

/* Appends one HistoryEvent as GetExecutionHistory shows it. Not for EVENT_OWN ones. */
void event_write_api(const struct event *e, const struct event_context *c, struct js_buf *out);
