/* The table: each operation with its names in both protocols, and its members with their constraints. */
#include "ops_list.h"

#include "asl/asl.h"

enum { REQUIRED = OP_REQUIRED, AWS = OP_REQUIRED | OP_AWS, QUERY = OP_QUERY, BODY = OP_BODY };

#define EXECUTION_STATUS "[SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"
#define MACHINE_TYPE     "[STANDARD, EXPRESS]"
#define INCLUDED_DATA    "[ALL_DATA, METADATA_ONLY]"

#define MACHINE_ARN                                                                                          \
    {                                                                                                        \
        "stateMachineArn", OP_STRING, AWS, 1, 256                                                            \
    }
#define EXECUTION_ARN                                                                                        \
    {                                                                                                        \
        "executionArn", OP_STRING, AWS, 1, 256                                                               \
    }
#define DEFINITION OP_STRING, REQUIRED | BODY, 1, ASL_DEFINITION_BYTES_MAX
#define PAGE_SIZE                                                                                            \
    {                                                                                                        \
        "maxResults", OP_INTEGER, QUERY, 0, 1000, NULL, "limit"                                              \
    }
#define PAGE_TOKEN                                                                                           \
    {                                                                                                        \
        "nextToken", OP_STRING, QUERY, 1, 1024, NULL, "after"                                                \
    }
#define ERROR                                                                                                \
    {                                                                                                        \
        "error", OP_STRING, OP_CLEAN, 0, 256                                                                 \
    }
#define CAUSE                                                                                                \
    {                                                                                                        \
        "cause", OP_STRING, OP_CLEAN, 0, 32768                                                               \
    }
#define WAIT                                                                                                 \
    {                                                                                                        \
        "wait", OP_INTEGER, QUERY, 0, 300                                                                    \
    }
#define MEMBERS(...) ((const struct op_member[]){__VA_ARGS__, {NULL}})

#define CONFIGURATION                                                                                        \
    {"loggingConfiguration", OP_OBJECT, OP_AWS}, {"tracingConfiguration", OP_OBJECT, OP_AWS},                \
        {"encryptionConfiguration", OP_OBJECT, OP_AWS}, {"publish", OP_BOOLEAN, OP_AWS},                     \
    {                                                                                                        \
        "versionDescription", OP_STRING, OP_AWS, 0, 256                                                      \
    }

#define MACHINES   "/api/state-machines"
#define MACHINE    MACHINES "/{machine}"
#define EXECUTIONS MACHINE "/executions"
#define EXECUTION  EXECUTIONS "/{execution}"

const struct op OPS[] = {
    /* executions first: they are asked for most */
    {"StartExecution", "POST", EXECUTIONS, op_start_execution,
     MEMBERS(MACHINE_ARN, {"name", OP_STRING, QUERY, 1, 80}, {"input", OP_JSON, BODY},
             {"traceHeader", OP_STRING, OP_AWS | OP_ASCII, 0, 256}, WAIT)},
    {"SendTaskSuccess", "POST", "/api/tasks/success", op_task_success,
     MEMBERS({"taskToken", OP_STRING, REQUIRED, 1, 2048}, {"output", OP_JSON, REQUIRED})},
    {"SendTaskFailure", "POST", "/api/tasks/failure", op_task_failure,
     MEMBERS({"taskToken", OP_STRING, REQUIRED, 1, 2048}, ERROR, CAUSE)},
    {"SendTaskHeartbeat", "POST", "/api/tasks/heartbeat", op_task_heartbeat,
     MEMBERS({"taskToken", OP_STRING, REQUIRED, 1, 2048})},
    {"DescribeExecution", "GET", EXECUTION, op_describe_execution,
     MEMBERS(EXECUTION_ARN, {"includedData", OP_STRING, OP_AWS, 0, 0, INCLUDED_DATA}, WAIT)},
    {"ListExecutions", "GET", EXECUTIONS, op_list_executions,
     MEMBERS({"stateMachineArn", OP_STRING, OP_AWS, 1, 256}, {"mapRunArn", OP_STRING, OP_AWS, 1, 2000},
             {"statusFilter", OP_STRING, QUERY, 0, 0, EXECUTION_STATUS, "status"},
             {"redriveFilter", OP_STRING, OP_AWS, 0, 0, "[REDRIVEN, NOT_REDRIVEN]"}, PAGE_SIZE,
             {"nextToken", OP_STRING, QUERY, 1, 3096, NULL, "after"})},
    {NULL, "GET", "/api/executions", op_list_executions,
     MEMBERS({"machine", OP_STRING, QUERY, 1, 80}, {"name", OP_STRING, QUERY, 1, 80},
             {"statusFilter", OP_STRING, QUERY, 0, 0, EXECUTION_STATUS, "status"}, PAGE_SIZE,
             {"nextToken", OP_STRING, QUERY, 1, 3096, NULL, "after"})},
    {"StopExecution", "POST", EXECUTION "/stop", op_stop_execution, MEMBERS(EXECUTION_ARN, ERROR, CAUSE)},
    {NULL, "POST", EXECUTION "/redrive", op_not_built, NULL},
    {"GetExecutionHistory", "GET", EXECUTION "/history", op_get_history,
     MEMBERS(EXECUTION_ARN, PAGE_SIZE, {"reverseOrder", OP_BOOLEAN, QUERY, 0, 0, NULL, "reverse"}, PAGE_TOKEN,
             {"includeExecutionData", OP_BOOLEAN, QUERY, 0, 0, NULL, "data"})},
    {NULL, "GET", EXECUTION "/steps", op_list_steps, NULL},
    {NULL, "GET", EXECUTION "/events", op_live_events, MEMBERS({"after", OP_INTEGER, QUERY, 0, 1000000000})},

    {"CreateStateMachine", NULL, NULL, op_create_machine,
     MEMBERS({"name", OP_STRING, REQUIRED, 1, 80}, {"definition", DEFINITION},
             {"roleArn", OP_STRING, REQUIRED, 1, 256}, {"type", OP_STRING, 0, 0, 0, MACHINE_TYPE},
             {"tags", OP_LIST}, CONFIGURATION)},
    {"UpdateStateMachine", NULL, NULL, op_update_machine,
     MEMBERS(MACHINE_ARN, {"definition", OP_STRING, 0, 1, ASL_DEFINITION_BYTES_MAX},
             {"roleArn", OP_STRING, 0, 1, 256}, CONFIGURATION)},
    {NULL, "PUT", MACHINE, op_put_machine,
     MEMBERS({"definition", DEFINITION}, {"type", OP_STRING, QUERY, 0, 0, MACHINE_TYPE},
             {"roleArn", OP_STRING, QUERY, 1, 256})},
    {"DescribeStateMachine", "GET", MACHINE, op_describe_machine,
     MEMBERS(MACHINE_ARN, {"includedData", OP_STRING, OP_AWS, 0, 0, INCLUDED_DATA})},
    {"DescribeStateMachineForExecution", NULL, NULL, op_describe_machine_for_execution,
     MEMBERS(EXECUTION_ARN, {"includedData", OP_STRING, 0, 0, 0, INCLUDED_DATA})},
    {"ListStateMachines", "GET", MACHINES, op_list_machines, MEMBERS(PAGE_SIZE, PAGE_TOKEN)},
    {"DeleteStateMachine", "DELETE", MACHINE, op_delete_machine, MEMBERS(MACHINE_ARN)},
    {"ValidateStateMachineDefinition", "POST", "/api/validate", op_validate_definition,
     MEMBERS({"definition", DEFINITION}, {"type", OP_STRING, QUERY, 0, 0, MACHINE_TYPE},
             {"severity", OP_STRING, QUERY, 0, 0, "[ERROR, WARNING]"}, {"portable", OP_BOOLEAN, QUERY},
             {"maxResults", OP_INTEGER, QUERY, 0, 100, NULL, "limit"})},

    {"TestState", "POST", "/api/test-state", op_test_state,
     MEMBERS({"definition", OP_JSON, REQUIRED, 1, ASL_DEFINITION_BYTES_MAX},
             {"roleArn", OP_STRING, 0, 1, 256}, {"input", OP_JSON, 0, 0, OP_DATA_CHARS_MAX},
             {"variables", OP_JSON, 0, 0, OP_DATA_CHARS_MAX}, {"context", OP_JSON, 0, 0, OP_DATA_CHARS_MAX},
             {"stateName", OP_STRING, 0, 1, 80},
             {"inspectionLevel", OP_STRING, 0, 0, 0, "[INFO, DEBUG, TRACE]"}, {"revealSecrets", OP_BOOLEAN},
             {"mock", OP_OBJECT}, {"stateConfiguration", OP_OBJECT})},

    {NULL, "PUT", "/api/functions/{name}", op_put_function,
     MEMBERS({"url", OP_STRING, REQUIRED, 1, 2048}, {"headers", OP_OBJECT},
             {"timeoutSeconds", OP_INTEGER, 0, 1, 86400}, {"maxConcurrency", OP_INTEGER, 0, 0, 1000000})},
    {NULL, "GET", "/api/functions/{name}", op_describe_function, NULL},
    {NULL, "GET", "/api/functions", op_list_functions, MEMBERS(PAGE_SIZE, PAGE_TOKEN)},
    {NULL, "DELETE", "/api/functions/{name}", op_delete_function, NULL},

    {NULL, "GET", "/healthz", op_healthz, NULL},
    {NULL, "GET", "/readyz", op_readyz, NULL},
    {NULL, "GET", "/metrics", op_metrics, NULL},
    {NULL, "GET", "/api/approvals", op_not_built, NULL},
    {NULL, "POST", "/api/approvals/{name}/approve", op_not_built, NULL},
    {NULL, "POST", "/api/approvals/{name}/reject", op_not_built, NULL},
    {NULL, "GET", "/console", op_not_built, NULL},
    {NULL, "GET", "/console/", op_not_built, NULL},
};
const size_t NOPS = sizeof OPS / sizeof *OPS;
