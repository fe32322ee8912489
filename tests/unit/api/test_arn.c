#include "arn.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "arn:aws:states:us-east-1:000000000000:"

static struct arn arn;
static struct err err;

static int parse(const char *text, enum arn_type wanted)
{
    err = (struct err){0};
    return arn_parse(text, strlen(text), wanted, PREFIX, &arn, &err);
}

START_TEST(an_arn_names_a_machine)
{
    ck_assert_int_eq(parse(PREFIX "stateMachine:order", ARN_MACHINE), 0);
    ck_assert_str_eq(arn.machine, "order");
    ck_assert(arn.ours && !arn.qualified);
}
END_TEST

START_TEST(an_arn_names_an_execution)
{
    ck_assert_int_eq(parse(PREFIX "execution:order:a-1", ARN_EXECUTION), 0);
    ck_assert_str_eq(arn.machine, "order");
    ck_assert_str_eq(arn.execution, "a-1");
    ck_assert(arn.ours);
}
END_TEST

START_TEST(a_version_or_alias_qualifies_a_machine)
{
    ck_assert_int_eq(parse(PREFIX "stateMachine:order:7", ARN_MACHINE), 0);
    ck_assert_str_eq(arn.machine, "order");
    ck_assert(arn.qualified);
    ck_assert_int_eq(parse(PREFIX "stateMachine:order:", ARN_MACHINE), 0);
    ck_assert(arn.qualified);
}
END_TEST

static const struct {
    const char *says, *text;
} FOREIGN[] = {
    {"another region", "arn:aws:states:eu-west-1:000000000000:stateMachine:order"},
    {"another account", "arn:aws:states:us-east-1:111111111111:stateMachine:order"},
    {"another partition", "arn:aws-cn:states:us-east-1:000000000000:stateMachine:order"},
    {"no region and account", "arn:aws:states:::stateMachine:order"},
};

START_TEST(what_is_of_elsewhere_is_not_ours)
{
    ck_assert_msg(parse(FOREIGN[_i].text, ARN_MACHINE) == 0, "%s: %s", FOREIGN[_i].says, err.cause);
    ck_assert_msg(!arn.ours, "%s", FOREIGN[_i].says);
}
END_TEST

static const struct {
    const char *text, *name, *cause;
    enum arn_type wanted;
} REFUSED[] = {
    {"", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: '", ARN_MACHINE},
    {"invalid_arn", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: invalid_arn'", ARN_MACHINE},
    {"arn:aws:lambda:us-east-1:0:function:f", "InvalidArn",
     "Invalid Arn: 'Invalid ARN prefix: arn:aws:lambda:us-east-1:0:function:f'", ARN_MACHINE},
    {"arn:aws:states", "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: arn:aws:states'", ARN_MACHINE},
    {"arn:aws:states:us-east-1:000000000000", "InvalidArn",
     "Invalid Arn: 'Invalid ARN prefix: arn:aws:states:us-east-1:000000000000'", ARN_MACHINE},
    {PREFIX "express:order:a:b", "InvalidArn",
     "Invalid Arn: 'Resource type not valid in this context: express'", ARN_EXECUTION},
    {PREFIX "stateMachine:order", "InvalidArn",
     "Invalid Arn: 'Resource type not valid in this context: stateMachine'", ARN_EXECUTION},
    {PREFIX "execution:order:a", "InvalidArn",
     "Invalid Arn: 'Resource type not valid in this context: execution'", ARN_MACHINE},
    {PREFIX "stateMachine:", "InvalidArn", "Invalid Arn: 'Invalid resource name: '", ARN_MACHINE},
    {PREFIX "stateMachine:a b", "InvalidArn", "Invalid Arn: 'Invalid resource name: a b'", ARN_MACHINE},
    {PREFIX "execution:order", "InvalidArn", "Invalid Arn: 'Invalid resource name: '", ARN_EXECUTION},
    {PREFIX "execution:order:a:b", "InvalidArn", "Invalid Arn: 'Invalid resource name: a'", ARN_EXECUTION},
    {PREFIX "stateMachine:order/label", "ValidationException",
     "This operation does not support labelled ARNs: " PREFIX "stateMachine:order/label", ARN_MACHINE},
};

START_TEST(other_arns_are_refused_in_the_services_words)
{
    ck_assert_msg(parse(REFUSED[_i].text, REFUSED[_i].wanted) == -1, "%s", REFUSED[_i].text);
    ck_assert_str_eq(err.name, REFUSED[_i].name);
    ck_assert_str_eq(err.cause, REFUSED[_i].cause);
}
END_TEST

static const struct {
    const char *says, *name;
    bool good;
} NAMES[] = {
    {"letters, digits, dashes", "order-2_b", true},
    {"dots, at signs, plus signs", "a.b@c+d=e!", true},
    {"letters of other scripts", "Zählung-数", true},
    {"one character", "x", true},
    {"eighty characters", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhh",
     true},
    {"eighty-one characters",
     "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhi", false},
    {"nothing", "", false},
    {"a blank", "a b", false},
    {"a tab", "a\tb", false},
    {"an angle bracket", "a<b", false},
    {"a brace", "a}b", false},
    {"a question mark", "a?b", false},
    {"a percent sign", "a%b", false},
    {"a slash", "a/b", false},
    {"a colon", "a:b", false},
    {"DEL", "a\x7F", false},
    {"a C1 control character", "a\xC2\x85", false},
    {"a no-break space", "a\xC2\xA0", false},
    {"an ideographic space", "a\xE3\x80\x80", false},
    {"U+FFFE", "a\xEF\xBF\xBE", false},
    {"bad UTF-8", "a\xFF", false},
    {"a surrogate", "a\xED\xA0\x80", false},
};

START_TEST(names_hold_what_the_rules_allow)
{
    int rc = arn_name_check(NAMES[_i].name, strlen(NAMES[_i].name), &err);
    ck_assert_msg((rc == 0) == NAMES[_i].good, "%s", NAMES[_i].says);
    if (rc < 0)
        ck_assert_str_eq(err.name, "InvalidName");
}
END_TEST

#define ROWS(table) (int)(sizeof table / sizeof *table)

int main(void)
{
    Suite *suite = suite_create("ARNs and names");
    TCase *t = tcase_create("all");

    tcase_add_test(t, an_arn_names_a_machine);
    tcase_add_test(t, an_arn_names_an_execution);
    tcase_add_test(t, a_version_or_alias_qualifies_a_machine);
    tcase_add_loop_test(t, what_is_of_elsewhere_is_not_ours, 0, ROWS(FOREIGN));
    tcase_add_loop_test(t, other_arns_are_refused_in_the_services_words, 0, ROWS(REFUSED));
    tcase_add_loop_test(t, names_hold_what_the_rules_allow, 0, ROWS(NAMES));
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
