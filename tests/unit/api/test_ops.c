#include "ops.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct op *find(const char *name)
{
    for (size_t i = 0; i < NOPS; i++)
        if (OPS[i].name && !strcmp(OPS[i].name, name))
            return &OPS[i];
    ck_abort_msg("no operation %s", name);
    return NULL;
}

static struct err err;

static int check(const char *operation, const char *json)
{
    json_object *in;

    err = (struct err){0};
    ck_assert_int_eq(js_parse(json, strlen(json), &in, NULL), 0);
    int rc = op_check(find(operation), SKIN_AWS, in, &err);
    json_object_put(in);
    return rc;
}

#define ARN "\"arn:aws:states:us-east-1:000000000000:stateMachine:m\""

static const struct {
    const char *says, *operation, *json;
} GOOD[] = {
    {"all that is required", "StartExecution", "{\"stateMachineArn\": " ARN "}"},
    {"null is absent", "StartExecution", "{\"stateMachineArn\": " ARN ", \"name\": null, \"input\": null}"},
    {"members that the operation does not know", "StartExecution",
     "{\"stateMachineArn\": " ARN ", \"other\": [1]}"},
    {"0 asks for the default page", "ListStateMachines", "{\"maxResults\": 0}"},
    {"the largest page", "ListStateMachines", "{\"maxResults\": 1000}"},
    {"3.0 is the integer 3", "ListStateMachines", "{\"maxResults\": 3.0}"},
    {"an empty input, which the operation refuses itself", "StartExecution",
     "{\"stateMachineArn\": " ARN ", \"input\": \"\"}"},
    {"a status", "ListExecutions", "{\"stateMachineArn\": " ARN ", \"statusFilter\": \"TIMED_OUT\"}"},
    {"an empty error", "SendTaskFailure", "{\"taskToken\": \"t\", \"error\": \"\"}"},
};

START_TEST(what_satisfies_the_constraints_passes)
{
    int rc = check(GOOD[_i].operation, GOOD[_i].json);
    ck_assert_msg(rc == 0, "%s: %s", GOOD[_i].says, err.cause);
}
END_TEST

#define VIOLATED "1 validation error detected: Value "

static const struct {
    const char *operation, *json, *name, *cause;
} BAD[] = {
    {"ListStateMachines", "{\"maxResults\": 1001}", "ValidationException",
     VIOLATED "'1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or "
              "equal to 1000"},
    {"ListStateMachines", "{\"maxResults\": -1}", "ValidationException",
     VIOLATED
     "'-1' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 0"},
    {"ListStateMachines", "{\"nextToken\": \"\"}", "ValidationException",
     VIOLATED
     "'' at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1"},
    {"DescribeStateMachine", "{}", "ValidationException",
     VIOLATED "null at 'stateMachineArn' failed to satisfy constraint: Member must not be null"},
    {"ListExecutions", "{\"stateMachineArn\": " ARN ", \"statusFilter\": \"succeeded\"}",
     "ValidationException",
     VIOLATED
     "'succeeded' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: "
     "[SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"},
    {"ListExecutions", "{\"stateMachineArn\": " ARN ", \"statusFilter\": \"OUT\"}", "ValidationException",
     VIOLATED "'OUT' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: "
              "[SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"},
    {"StartExecution", "{\"stateMachineArn\": " ARN ", \"traceHeader\": \"Zähl\"}", "ValidationException",
     VIOLATED
     "'Zähl' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: "
     "\\p{ASCII}*"},
    {"StartExecution", "{\"stateMachineArn\": \"arn\\u0000\"}", "ValidationException",
     VIOLATED "'arn' at 'stateMachineArn' failed to satisfy constraint: Member must not hold U+0000"},
    {"CreateStateMachine", "{\"name\": \"\"}", "ValidationException",
     "3 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length "
     "greater "
     "than or equal to 1; Value null at 'definition' failed to satisfy constraint: Member must not be null; "
     "Value null "
     "at 'roleArn' failed to satisfy constraint: Member must not be null"},
    {"ListStateMachines", "{\"maxResults\": \"10\"}", "SerializationException",
     "maxResults: STRING_VALUE can not be converted to an Integer"},
    {"ListStateMachines", "{\"maxResults\": 1.5}", "SerializationException",
     "maxResults: NUMBER_VALUE can not be converted to an Integer"},
    {"StartExecution", "{\"stateMachineArn\": 7}", "SerializationException",
     "stateMachineArn: NUMBER_VALUE can not be converted to a String"},
    {"StartExecution", "{\"stateMachineArn\": " ARN ", \"input\": {}}", "SerializationException",
     "input: START_OBJECT can not be converted to a String"},
    {"GetExecutionHistory", "{\"executionArn\": \"a\", \"reverseOrder\": \"true\"}", "SerializationException",
     "reverseOrder: STRING_VALUE can not be converted to a Boolean"},
    {"CreateStateMachine", "{\"tags\": {}}", "SerializationException",
     "tags: START_OBJECT can not be converted to a List"},
};

START_TEST(what_does_not_is_refused_in_the_services_words)
{
    int rc = check(BAD[_i].operation, BAD[_i].json);
    ck_assert_int_eq(rc, -1);
    ck_assert_str_eq(err.name, BAD[_i].name);
    ck_assert_str_eq(err.cause, BAD[_i].cause);
}
END_TEST

START_TEST(lengths_count_characters)
{
    char json[600], *p = json;

    p += sprintf(p, "{\"stateMachineArn\": " ARN ", \"name\": \"");
    for (int i = 0; i < 80; i++)
        p += sprintf(p, "ä");
    sprintf(p, "\"}");
    ck_assert_int_eq(check("StartExecution", json), 0);
    sprintf(p, "x\"}");
    ck_assert_int_eq(check("StartExecution", json), -1);
    ck_assert_ptr_nonnull(strstr(err.cause, "Member must have length less than or equal to 80"));
}
END_TEST

static const struct {
    const char *text, *cause; /* NULL: JSON */
} JSON[] = {
    {"{}", NULL},
    {" 7 ", NULL},
    {"null", NULL},
    {"\"\"", NULL},
    {"not some json", "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token "
                      "'null', 'true' or 'false')"},
    {"{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"},
    {"{\"a\": tru}", "Unrecognized token 'tru': was expecting (JSON String, Number, Array, Object or token "
                     "'null', 'true' or 'false')"},
    {"", "byte 0: expected a value, found the end of the text"},
};

START_TEST(json_is_refused_in_the_services_words_where_it_has_some)
{
    int rc = op_check_json(JSON[_i].text, strlen(JSON[_i].text), &err);
    ck_assert_msg((rc == 0) == !JSON[_i].cause, "%s", JSON[_i].text);
    if (rc < 0 && strncmp(JSON[_i].cause, "byte", 4))
        ck_assert_str_eq(err.cause, JSON[_i].cause);
}
END_TEST

START_TEST(every_operation_has_a_door_and_a_function)
{
    for (size_t i = 0; i < NOPS; i++) {
        ck_assert(OPS[i].fn && (OPS[i].name || OPS[i].path));
        ck_assert(!OPS[i].path == !OPS[i].method);
        for (size_t j = i + 1; j < NOPS; j++) {
            ck_assert(!OPS[i].name || !OPS[j].name || strcmp(OPS[i].name, OPS[j].name));
            ck_assert(!OPS[i].path || !OPS[j].path || strcmp(OPS[i].path, OPS[j].path) ||
                      strcmp(OPS[i].method, OPS[j].method));
        }
    }
}
END_TEST

/* ---- answers ---- */

static struct op_call *new_call(enum op_skin skin)
{
    static struct ops ops = {.arn_prefix = "arn:aws:states:us-east-1:000000000000:"};

    return op_call_new(&ops, skin, NULL);
}

static void write_all(struct op_call *c)
{
    op_open(c, NULL, '{');
    op_open(c, "list", '[');
    op_put(c, NULL, "a\"b");
    op_put_int(c, NULL, -7);
    op_open(c, NULL, '{');
    op_close(c, '}');
    op_close(c, ']');
    op_put(c, "absent", NULL);
    op_put_bool(c, "yes", true);
    op_put_time(c, "at", 1732468952123999);
    op_put_json(c, "input", "{\"x\": 1}", 8);
    op_put_machine_arn(c, "arn", "m");
    op_close(c, '}');
}

START_TEST(aws_json_shows_moments_as_seconds_and_json_as_text)
{
    struct op_call *c = new_call(SKIN_AWS);

    write_all(c);
    ck_assert_str_eq(
        c->out.p, "{\"list\":[\"a\\\"b\",-7,{}],\"yes\":true,\"at\":1732468952.123,\"input\":\"{\\\"x\\\": "
                  "1}\",\"arn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:m\"}");
    op_free(c);
}
END_TEST

START_TEST(rest_shows_moments_as_text_and_json_as_it_is)
{
    struct op_call *c = new_call(SKIN_REST);

    write_all(c);
    ck_assert_str_eq(
        c->out.p,
        "{\"list\":[\"a\\\"b\",-7,{}],\"yes\":true,\"at\":\"2024-11-24T17:22:32.123Z\",\"input\":{\"x\": "
        "1},\"arn\":\"arn:aws:states:us-east-1:000000000000:stateMachine:m\"}");
    op_free(c);
}
END_TEST

#define ROWS(table) (int)(sizeof table / sizeof *table)

int main(void)
{
    Suite *suite = suite_create("operations");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, what_satisfies_the_constraints_passes, 0, ROWS(GOOD));
    tcase_add_loop_test(t, what_does_not_is_refused_in_the_services_words, 0, ROWS(BAD));
    tcase_add_test(t, lengths_count_characters);
    tcase_add_loop_test(t, json_is_refused_in_the_services_words_where_it_has_some, 0, ROWS(JSON));
    tcase_add_test(t, every_operation_has_a_door_and_a_function);
    tcase_add_test(t, aws_json_shows_moments_as_seconds_and_json_as_text);
    tcase_add_test(t, rest_shows_moments_as_text_and_json_as_it_is);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
