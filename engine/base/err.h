/*
 * err.h -- one error: a name for programs, a cause for people.
 *
 * Fallible functions return 0 or -1 and fill a struct err.  err_set always returns -1, so that
 * refusing takes one line.  A workflow's failure is data and travels in events; a struct err is
 * what a function could not do.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

enum { ERR_CAUSE_BYTES = 2048 };

struct err {
    const char *name;            /* a constant below; NULL: no error */
    char cause[ERR_CAUSE_BYTES]; /* where, which value, what was expected; cut at a character's end */
};

/* Errors that a state can raise: Amazon States Language, "Errors". */
#define ERR_ALL                "States.ALL"
#define ERR_TASK_FAILED        "States.TaskFailed"
#define ERR_TIMEOUT            "States.Timeout"
#define ERR_HEARTBEAT_TIMEOUT  "States.HeartbeatTimeout"
#define ERR_PERMISSIONS        "States.Permissions"
#define ERR_RESULT_PATH        "States.ResultPathMatchFailure"
#define ERR_PARAMETER_PATH     "States.ParameterPathFailure"
#define ERR_INTRINSIC          "States.IntrinsicFailure"
#define ERR_QUERY              "States.QueryEvaluationError"
#define ERR_BRANCH_FAILED      "States.BranchFailed"
#define ERR_NO_CHOICE          "States.NoChoiceMatched"
#define ERR_ITEM_READER        "States.ItemReaderFailed"
#define ERR_TOLERATED_FAILURES "States.ExceedToleratedFailureThreshold"
#define ERR_DATA_LIMIT         "States.DataLimitExceeded"
#define ERR_RUNTIME            "States.Runtime"
#define ERR_FUNCTION_THROTTLED "Lambda.TooManyRequestsException"
#define ERR_FUNCTION_SERVICE   "Lambda.ServiceException"
#define ERR_FUNCTION_CLIENT    "Lambda.SdkClientException"
#define ERR_FUNCTION_UNKNOWN   "Lambda.Unknown"
#define ERR_FUNCTION_NOT_FOUND "Lambda.ResourceNotFoundException"
#define ERR_HTTP_SOCKET        "States.Http.Socket"

/* Errors of the API, each with its HTTP status: X(constant, name, status). Source: the API model. */
#define ERR_API_LIST(X)                                                                                      \
    X(ERR_EXECUTION_EXISTS, "ExecutionAlreadyExists", 400)                                                   \
    X(ERR_EXECUTION_MISSING, "ExecutionDoesNotExist", 400)                                                   \
    X(ERR_INVALID_ARN, "InvalidArn", 400)                                                                    \
    X(ERR_INVALID_DEFINITION, "InvalidDefinition", 400)                                                      \
    X(ERR_INVALID_INPUT, "InvalidExecutionInput", 400)                                                       \
    X(ERR_INVALID_LOGGING, "InvalidLoggingConfiguration", 400)                                               \
    X(ERR_INVALID_NAME, "InvalidName", 400)                                                                  \
    X(ERR_INVALID_OUTPUT, "InvalidOutput", 400)                                                              \
    X(ERR_INVALID_TOKEN, "InvalidToken", 400)                                                                \
    X(ERR_MISSING_PARAMETER, "MissingRequiredParameter", 400)                                                \
    X(ERR_MACHINE_EXISTS, "StateMachineAlreadyExists", 400)                                                  \
    X(ERR_MACHINE_DELETING, "StateMachineDeleting", 400)                                                     \
    X(ERR_MACHINE_MISSING, "StateMachineDoesNotExist", 400)                                                  \
    X(ERR_MACHINE_TYPE, "StateMachineTypeNotSupported", 400)                                                 \
    X(ERR_TASK_MISSING, "TaskDoesNotExist", 400)                                                             \
    X(ERR_TASK_TIMED_OUT, "TaskTimedOut", 400)                                                               \
    X(ERR_TOO_MANY_TAGS, "TooManyTags", 400)                                                                 \
    X(ERR_VALIDATION, "ValidationException", 400)                                                            \
    X(ERR_SERIALIZATION, "SerializationException", 400)                                                      \
    X(ERR_UNKNOWN_OPERATION, "UnknownOperationException", 400)                                               \
    X(ERR_ACCESS_DENIED, "AccessDeniedException", 403)                                                       \
    X(ERR_NOT_FOUND, "ResourceNotFound", 400)                                                                \
    X(ERR_METHOD, "MethodNotAllowed", 405)                                                                   \
    X(ERR_TOO_LARGE, "RequestEntityTooLarge", 413)                                                           \
    X(ERR_INTERNAL, "InternalFailure", 500)                                                                  \
    X(ERR_NOT_BUILT, "NotImplemented", 501)                                                                  \
    X(ERR_UNAVAILABLE, "ServiceUnavailable", 503)

#define ERR_DECLARE(constant, name, status) extern const char constant[];
ERR_API_LIST(ERR_DECLARE)
#undef ERR_DECLARE

/* Fills err (if it is not NULL) and returns -1. name must outlive err. */
int err_set(struct err *err, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The HTTP status of an API error's name; 500 for a name that is not in the list. */
int err_http_status(const char *name);

/* A broken invariant: says where and aborts, in release builds too. The database has the truth. */
#define PAWL_ASSERT(condition)                                                                               \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            err_abort(#condition, __FILE__, __LINE__);                                                       \
    } while (0)

_Noreturn void err_abort(const char *what, const char *file, int line);
