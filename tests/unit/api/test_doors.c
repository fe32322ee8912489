#include "awsjson.h"
#include "rest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct ops ops = {.arn_prefix = "arn:aws:states:us-east-1:000000000000:"};
static struct op_call *call;
static struct err err;
static char allow[64];

static void setup(void)
{
    call = NULL;
    err = (struct err){0};
    allow[0] = '\0';
}

static void teardown(void)
{
    if (call)
        op_free(call);
}

static int rest(const char *method, const char *uri, const char *body)
{
    call = op_call_new(&ops, SKIN_REST, NULL);
    return rest_read(call, method, uri, body, strlen(body), allow, &err);
}

static int aws(const char *target, const char *body)
{
    call = op_call_new(&ops, SKIN_AWS, NULL);
    return awsjson_read(call, target, body, strlen(body), &err);
}

/* ---- REST ---- */

START_TEST(path_query_and_body_become_members)
{
    ck_assert_int_eq(rest("POST", "/api/state-machines/order/executions?name=a+b%2Dc&wait=7", "{\"x\": 1}"),
                     0);
    ck_assert_str_eq(call->op->name, "StartExecution");
    ck_assert_str_eq(call->machine, "order");
    ck_assert_str_eq(op_str(call, "name", NULL), "a b-c");
    ck_assert_str_eq(op_str(call, "input", NULL), "{\"x\": 1}");
    ck_assert_int_eq(op_int(call, "wait", -1), 7);
}
END_TEST

START_TEST(names_in_paths_are_percent_encoded_utf_8)
{
    ck_assert_int_eq(rest("GET", "/api/state-machines/Z%C3%A4hlung/executions/%E6%95%B0", ""), 0);
    ck_assert_str_eq(call->op->name, "DescribeExecution");
    ck_assert_str_eq(call->machine, "Zählung");
    ck_assert_str_eq(call->execution, "数");
}
END_TEST

START_TEST(json_within_a_body_becomes_text)
{
    ck_assert_int_eq(
        rest("POST", "/api/tasks/success", "{\"taskToken\": \"t\", \"output\": {\"a\": [1.50, \"b\"]}}"), 0);
    ck_assert_str_eq(op_str(call, "output", NULL), "{\"a\":[1.50,\"b\"]}");
}
END_TEST

START_TEST(json_null_within_a_body_is_a_value)
{
    ck_assert_int_eq(rest("POST", "/api/tasks/success", "{\"taskToken\": \"t\", \"output\": null}"), 0);
    ck_assert_str_eq(op_str(call, "output", NULL), "null");
}
END_TEST

START_TEST(members_have_names_of_their_own_in_queries)
{
    ck_assert_int_eq(rest("GET", "/api/executions?status=RUNNING&limit=5&machine=m", ""), 0);
    ck_assert_str_eq(op_str(call, "statusFilter", NULL), "RUNNING");
    ck_assert_int_eq(op_int(call, "maxResults", 0), 5);
}
END_TEST

START_TEST(head_is_read_as_get)
{
    ck_assert_int_eq(rest("HEAD", "/healthz", ""), 0);
}
END_TEST

static const struct {
    const char *method, *uri, *body, *name, *cause;
} REFUSED[] = {
    {"GET", "/api", "", "ResourceNotFound", "There is nothing at /api"},
    {"GET", "/api/state-machines/", "", "ResourceNotFound", "There is nothing at /api/state-machines/"},
    {"GET", "/api/state-machines//executions", "", "ResourceNotFound",
     "There is nothing at /api/state-machines//executions"},
    {"GET", "/api/state-machines/a/b", "", "ResourceNotFound", "There is nothing at /api/state-machines/a/b"},
    {"GET", "*", "", "ResourceNotFound", "There is nothing at *"},
    {"GET", "", "", "ResourceNotFound", "There is nothing at "},
    {"PATCH", "/api/functions/f", "", "MethodNotAllowed",
     "/api/functions/f has no method PATCH, only PUT, GET, DELETE"},
    {"GET", "/api/state-machines/a%zz", "", "ValidationException", "The path is not percent-encoded UTF-8"},
    {"GET", "/api/state-machines/a%00", "", "ValidationException", "The path is not percent-encoded UTF-8"},
    {"GET", "/api/state-machines/a%ff", "", "ValidationException", "The path is not percent-encoded UTF-8"},
    {"GET", "/api/state-machines/a%4", "", "ValidationException", "The path is not percent-encoded UTF-8"},
    {"GET", "/api/executions?colour=red", "", "ValidationException", "Unknown query parameter 'colour'"},
    {"GET", "/api/executions?limit=ten", "", "ValidationException",
     "Query parameter limit: 'ten' is not a whole number"},
    {"GET", "/api/executions?limit=-1", "", "ValidationException",
     "Query parameter limit: '-1' is not a whole number"},
    {"GET", "/api/executions?limit=", "", "ValidationException",
     "Query parameter limit: '' is not a whole number"},
    {"GET", "/api/executions?limit=99999999999999999999", "", "ValidationException",
     "Query parameter limit: '99999999999999999999' is not a whole number"},
    {"GET", "/api/executions?limit=1001", "", "ValidationException",
     "1 validation error detected: Value '1001' at 'limit' failed to satisfy constraint: Member must have "
     "value less "
     "than or equal to 1000"},
    {"GET", "/api/executions?status=%ff", "", "ValidationException",
     "The query is not percent-encoded UTF-8"},
    {"GET", "/api/state-machines/m/executions/e/history?reverse=yes", "", "ValidationException",
     "Query parameter reverse: 'yes' is not true or false"},
    {"PUT", "/api/functions/f", "{", "SerializationException", NULL},
    {"PUT", "/api/functions/f", "[]", "SerializationException", "The body is not a JSON object"},
    {"PUT", "/api/functions/f", "{\"url\": \"http://x\", \"colour\": 1}", "ValidationException",
     "Unknown member 'colour' in the body"},
    {"PUT", "/api/functions/f", "{\"url\": 7}", "SerializationException",
     "url: NUMBER_VALUE can not be converted to a String"},
    {"PUT", "/api/functions/f", "", "ValidationException",
     "1 validation error detected: Value null at 'url' failed to satisfy constraint: Member must not be "
     "null"},
    {"PUT", "/api/state-machines/m", "", "ValidationException",
     "1 validation error detected: Value null at 'definition' failed to satisfy constraint: Member must not "
     "be null"},
    {"POST", "/api/tasks/success", "{\"taskToken\": \"t\"}", "ValidationException",
     "1 validation error detected: Value null at 'output' failed to satisfy constraint: Member must not be "
     "null"},
    {"POST", "/api/state-machines/m/executions?wait=301", "", "ValidationException",
     "1 validation error detected: Value '301' at 'wait' failed to satisfy constraint: Member must have "
     "value less than "
     "or equal to 300"},
};

START_TEST(rest_says_what_is_wrong)
{
    ck_assert_int_eq(rest(REFUSED[_i].method, REFUSED[_i].uri, REFUSED[_i].body), -1);
    ck_assert_str_eq(err.name, REFUSED[_i].name);
    if (REFUSED[_i].cause)
        ck_assert_str_eq(err.cause, REFUSED[_i].cause);
}
END_TEST

static const struct {
    const char *name;
    int status;
} STATUSES[] = {
    {"StateMachineDoesNotExist", 404},
    {"ExecutionDoesNotExist", 404},
    {"TaskDoesNotExist", 404},
    {"ResourceNotFound", 404},
    {"ExecutionAlreadyExists", 409},
    {"StateMachineAlreadyExists", 409},
    {"TaskTimedOut", 409},
    {"InvalidDefinition", 400},
    {"ValidationException", 400},
    {"ServiceUnavailable", 503},
    {"NotImplemented", 501},
    {"RequestEntityTooLarge", 413},
    {"MethodNotAllowed", 405},
    {"InternalFailure", 500},
    {"AccessDeniedException", 403},
};

START_TEST(rest_errors_have_statuses_that_fit)
{
    call = op_call_new(&ops, SKIN_REST, NULL);
    err_set(&call->err, STATUSES[_i].name, "why \"so\"");
    js_buf_str(&call->out, "{\"half\":");
    rest_error(call);
    ck_assert_int_eq(call->status, STATUSES[_i].status);
    char wanted[100];
    snprintf(wanted, sizeof wanted, "{\"error\":\"%s\",\"message\":\"why \\\"so\\\"\"}", STATUSES[_i].name);
    ck_assert_str_eq(call->out.p, wanted);
}
END_TEST

/* ---- AWS JSON ---- */

START_TEST(the_target_names_the_operation)
{
    ck_assert_int_eq(aws("AWSStepFunctions.DescribeExecution", "{\"executionArn\": \"x\"}"), 0);
    ck_assert_str_eq(call->op->name, "DescribeExecution");
    ck_assert_str_eq(op_str(call, "executionArn", NULL), "x");
}
END_TEST

static const struct {
    const char *target, *body, *name, *cause;
} WRONG[] = {
    {NULL, "{}", "UnknownOperationException",
     "The header X-Amz-Target is missing: AWSStepFunctions.<Operation>"},
    {"DescribeExecution", "{}", "UnknownOperationException", "Unknown operation: DescribeExecution"},
    {"AWSStepFunctions.Dance", "{}", "UnknownOperationException", "Unknown operation: Dance"},
    {"AWSStepFunctions.", "{}", "UnknownOperationException", "Unknown operation: "},
    {"AWSStepFunctions.UpdateMapRun", "{}", "UnknownOperationException",
     "UpdateMapRun is not built in this version of pawl"},
    {"AWSStepFunctions.ListStateMachines", "", "SerializationException", NULL},
    {"AWSStepFunctions.ListStateMachines", "{\"a\": }", "SerializationException", NULL},
    {"AWSStepFunctions.ListStateMachines", "[]", "SerializationException", "The body is not a JSON object"},
    {"AWSStepFunctions.ListStateMachines", "null", "SerializationException", "The body is not a JSON object"},
    {"AWSStepFunctions.ListStateMachines", "{\"maxResults\": 1001}", "ValidationException", NULL},
};

START_TEST(aws_json_says_what_is_wrong)
{
    ck_assert_int_eq(aws(WRONG[_i].target, WRONG[_i].body), -1);
    ck_assert_str_eq(err.name, WRONG[_i].name);
    if (WRONG[_i].cause)
        ck_assert_str_eq(err.cause, WRONG[_i].cause);
}
END_TEST

START_TEST(aws_json_errors_have_a_type_and_a_message)
{
    call = op_call_new(&ops, SKIN_AWS, NULL);
    err_set(&call->err, ERR_EXECUTION_MISSING, "Execution Does Not Exist: 'x'");
    awsjson_error(call);
    ck_assert_int_eq(call->status, 400);
    ck_assert_str_eq(call->out.p,
                     "{\"__type\":\"ExecutionDoesNotExist\",\"message\":\"Execution Does Not Exist: 'x'\"}");
}
END_TEST

#define ROWS(table) (int)(sizeof table / sizeof *table)

int main(void)
{
    Suite *suite = suite_create("the two protocols");
    TCase *t = tcase_create("all");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, path_query_and_body_become_members);
    tcase_add_test(t, names_in_paths_are_percent_encoded_utf_8);
    tcase_add_test(t, json_within_a_body_becomes_text);
    tcase_add_test(t, json_null_within_a_body_is_a_value);
    tcase_add_test(t, members_have_names_of_their_own_in_queries);
    tcase_add_test(t, head_is_read_as_get);
    tcase_add_loop_test(t, rest_says_what_is_wrong, 0, ROWS(REFUSED));
    tcase_add_loop_test(t, rest_errors_have_statuses_that_fit, 0, ROWS(STATUSES));
    tcase_add_test(t, the_target_names_the_operation);
    tcase_add_loop_test(t, aws_json_says_what_is_wrong, 0, ROWS(WRONG));
    tcase_add_test(t, aws_json_errors_have_a_type_and_a_message);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
