/* Compiled definitions: what the interpreter walks.  What is refused: tests/spec/validate. */
#include "asl/asl.h"
#include "base/value.h"

#include <check.h>
#include <string.h>

static struct asl *parse(const char *text)
{
    struct asl_findings f = {0};
    struct asl *asl = asl_parse(text, strlen(text), false, &f);
    struct err err = {0};

    if (!asl)
        asl_findings_err(&f, &err);
    ck_assert_msg(asl != NULL, "%s", err.cause);
    asl_findings_fini(&f);
    return asl;
}

static const struct asl_state *find(const struct asl *asl, const char *name)
{
    return asl_find(asl, name, strlen(name));
}

static const char ORDER[] =
    "{\"Comment\":\"An order.\",\"TimeoutSeconds\":3600,\"StartAt\":\"Check\",\"States\":{"
    "\"Check\":{\"Type\":\"Choice\",\"Default\":\"Refuse\",\"Choices\":["
    "{\"Variable\":\"$.total\",\"NumericGreaterThan\":100,\"Next\":\"Pay\"},"
    "{\"Variable\":\"$.total\",\"NumericGreaterThan\":0,\"Next\":\"Each\"}]},"
    "\"Pay\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:123456789012:function:pay:PROD\","
    "\"InputPath\":\"$.order\",\"Parameters\":{\"id.$\":\"$.id\"},\"ResultSelector\":{\"ok\":true},"
    "\"ResultPath\":\"$.paid\",\"OutputPath\":null,\"TimeoutSeconds\":30,\"HeartbeatSecondsPath\":\"$.beat\","
    "\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"]}],"
    "\"Catch\":[{\"ErrorEquals\":[\"Own\"],\"ResultPath\":null,\"Next\":\"Refuse\"},"
    "{\"ErrorEquals\":[\"States.ALL\"],\"ResultPath\":\"$.error\",\"Next\":\"Refuse\"}],\"Next\":\"Fan\"},"
    "\"Fan\":{\"Type\":\"Parallel\",\"Next\":\"Each\",\"Branches\":["
    "{\"StartAt\":\"Mail\",\"States\":{\"Mail\":{\"Type\":\"Pass\",\"Result\":{\"n\":1.50},\"Next\":\"Nap\"},"
    "\"Nap\":{\"Type\":\"Wait\",\"SecondsPath\":\"$.nap\",\"End\":true}}},"
    "{\"StartAt\":\"Stock\",\"States\":{\"Stock\":{\"Type\":\"Succeed\"}}}]},"
    "\"Each\":{\"Type\":\"Map\",\"ItemsPath\":\"$.lines\",\"MaxConcurrency\":4,\"Next\":\"Until\","
    "\"ItemSelector\":{\"v.$\":\"$$.Map.Item.Value\"},"
    "\"ItemProcessor\":{\"StartAt\":\"Ship\",\"States\":{\"Ship\":{\"Type\":\"Pass\",\"End\":true}}}},"
    "\"Until\":{\"Type\":\"Wait\",\"Timestamp\":\"1970-01-02T00:00:00Z\",\"End\":true},"
    "\"Refuse\":{\"Type\":\"Fail\",\"Error\":\"Refused\",\"CausePath\":\"$.why\"}}}";

START_TEST(transitions_are_pointers)
{
    struct asl *asl = parse(ORDER);
    const struct asl_state *check = find(asl, "Check"), *pay = find(asl, "Pay"),
                           *refuse = find(asl, "Refuse");

    ck_assert_ptr_eq(asl->root->start, check);
    ck_assert_ptr_eq(check->u.choice.rules[0].next, pay);
    ck_assert_ptr_eq(check->u.choice.rules[1].next, find(asl, "Each"));
    ck_assert_ptr_eq(check->u.choice.otherwise, refuse);
    ck_assert_ptr_eq(pay->next, find(asl, "Fan"));
    ck_assert_ptr_eq(pay->catchers[0].next, refuse);
    ck_assert_ptr_null(refuse->next);
    asl_free(asl);
}
END_TEST

START_TEST(a_machine_has_its_comment_time_and_states)
{
    struct asl *asl = parse(ORDER);

    ck_assert_str_eq(asl->comment, "An order.");
    ck_assert_int_eq(asl->timeout_s, 3600);
    ck_assert_uint_eq(asl->nstates, 10);
    ck_assert_uint_eq(asl->root->nstates, 6);
    ck_assert_ptr_null(asl->root->owner);
    for (size_t i = 0; i < asl->nstates; i++) {
        ck_assert_uint_eq(asl->states[i]->index, i);
        ck_assert_ptr_eq(find(asl, asl->states[i]->name), asl->states[i]);
    }
    asl_free(asl);
}
END_TEST

START_TEST(blocks_stand_within_their_states)
{
    struct asl *asl = parse(ORDER);
    const struct asl_state *fan = find(asl, "Fan"), *each = find(asl, "Each");

    ck_assert_uint_eq(fan->u.parallel.nbranches, 2);
    ck_assert_ptr_eq(fan->u.parallel.branches[0]->start, find(asl, "Mail"));
    ck_assert_ptr_eq(fan->u.parallel.branches[0]->owner, fan);
    ck_assert_ptr_eq(find(asl, "Stock")->block, fan->u.parallel.branches[1]);
    ck_assert_ptr_eq(each->u.map.processor->start, find(asl, "Ship"));
    ck_assert_ptr_eq(each->u.map.processor->owner, each);
    ck_assert_str_eq(each->u.map.items.path->text, "$.lines");
    ck_assert_int_eq(each->u.map.max_concurrency, 4);
    ck_assert_ptr_nonnull(each->u.map.selector);
    asl_free(asl);
}
END_TEST

START_TEST(a_task_has_its_function_paths_and_times)
{
    struct asl *asl = parse(ORDER);
    const struct asl_state *pay = find(asl, "Pay");

    ck_assert_int_eq(pay->type, ASL_TASK);
    ck_assert_int_eq(pay->u.task.kind, ASL_FUNCTION);
    ck_assert_str_eq(pay->u.task.function, "pay");
    ck_assert(!pay->u.task.at_most_once);
    ck_assert_str_eq(pay->input_path.path->text, "$.order");
    ck_assert(pay->output_path.null);
    ck_assert_ptr_null(pay->output_path.path);
    ck_assert_str_eq(pay->result_path.path->text, "$.paid");
    ck_assert(!tmpl_constant(pay->parameters));
    ck_assert(tmpl_constant(pay->result_selector));
    ck_assert(pay->u.task.timeout.present && pay->u.task.timeout.constant == 30);
    ck_assert(pay->u.task.heartbeat.present);
    ck_assert_str_eq(pay->u.task.heartbeat.path->text, "$.beat");
    ck_assert_uint_eq(pay->nretriers, 1);
    ck_assert_uint_eq(pay->ncatchers, 2);
    ck_assert(pay->catchers[0].drop_result);
    ck_assert_str_eq(pay->catchers[1].result_path->text, "$.error");
    asl_free(asl);
}
END_TEST

/* ---- variables ---- */

static const char VARIABLES[] =
    "{\"StartAt\":\"A\",\"States\":{"
    "\"A\":{\"Type\":\"Task\",\"Resource\":\"http://localhost/f\",\"Next\":\"M\","
    "\"Assign\":{\"b.$\":\"$.x\",\"a\":[1],\"c.$\":\"States.Array($b, $$.State.Name)\"},"
    "\"TimeoutSecondsPath\":\"$d.seconds\",\"Parameters\":{\"q\":[{\"r.$\":\"$b\"}],\"s\":\"$e\",\"t.$\":\"$["
    "'$f']\"},"
    "\"Catch\":[{\"ErrorEquals\":[\"E\"],\"Assign\":{\"a.$\":\"$g\"},\"Next\":\"M\"}]},"
    "\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$h\",\"Next\":\"C\",\"ItemProcessor\":{\"StartAt\":\"I\","
    "\"States\":{"
    "\"I\":{\"Type\":\"Pass\",\"InputPath\":\"$i\",\"OutputPath\":\"$b\",\"Assign\":{\"inner\":1},\"End\":"
    "true}}}},"
    "\"C\":{\"Type\":\"Choice\",\"Default\":\"F\",\"Assign\":{\"a\":0},\"Choices\":[{\"And\":["
    "{\"Not\":{\"Variable\":\"$j\",\"IsNull\":true}},{\"Variable\":\"$.x\",\"StringEqualsPath\":\"$k[1]\"}],"
    "\"Assign\":{\"a.$\":\"$l\"},\"Next\":\"F\"}]},"
    "\"F\":{\"Type\":\"Fail\",\"ErrorPath\":\"$m\",\"CausePath\":\"States.Format($n, "
    "States.JsonToString($m))\"}}}";

static const struct {
    const char *state, *reads;
} READS[] = {{"A", "b d g "}, {"M", "h "}, {"I", "b i "}, {"C", "j k l "}, {"F", "m n "}};

START_TEST(a_state_knows_the_variables_that_its_fields_name)
{
    struct asl *asl = parse(VARIABLES);
    const struct asl_state *st = find(asl, READS[_i].state);
    struct js_buf names = {0};

    for (size_t i = 0; i < st->nreads; i++) {
        js_buf_str(&names, st->reads[i]);
        js_buf_str(&names, " ");
    }
    ck_assert_str_eq(names.p, READS[_i].reads);
    js_buf_fini(&names);
    asl_free(asl);
}
END_TEST

START_TEST(assign_has_its_names_in_the_order_of_the_document)
{
    struct asl *asl = parse(VARIABLES);
    const struct asl_state *a = find(asl, "A"), *c = find(asl, "C");

    ck_assert_uint_eq(a->assign->n, 3);
    ck_assert_str_eq(a->assign->names[0], "b");
    ck_assert_str_eq(a->assign->names[1], "a");
    ck_assert_str_eq(a->assign->names[2], "c");
    ck_assert_str_eq(tmpl_member_path(a->assign->values, 0)->text, "$.x");
    ck_assert_ptr_null(tmpl_member_path(a->assign->values, 1));
    ck_assert_ptr_null(tmpl_member_path(a->assign->values, 2));
    ck_assert_str_eq(a->catchers[0].assign->names[0], "a");
    ck_assert_str_eq(c->assign->names[0], "a");
    ck_assert_str_eq(tmpl_member_path(c->u.choice.rules[0].assign->values, 0)->text, "$l");
    ck_assert_ptr_null(find(asl, "M")->assign);
    asl_free(asl);
}
END_TEST

START_TEST(a_variable_is_found_by_its_name_wherever_it_is_set)
{
    struct asl *asl = parse(VARIABLES), *none = parse(ORDER);

    ck_assert_uint_eq(asl->nvariables, 4);
    ck_assert_str_eq(asl_variable(asl, "a", 1), "a");
    ck_assert_str_eq(asl_variable(asl, "inner", 5), "inner");
    ck_assert_ptr_null(asl_variable(asl, "inn", 3));
    ck_assert_ptr_null(asl_variable(asl, "inner1", 6));
    ck_assert_ptr_null(asl_variable(asl, "d", 1)); /* is only read */
    ck_assert_ptr_null(asl_variable(none, "a", 1));
    asl_free(asl);
    asl_free(none);
}
END_TEST

START_TEST(other_types_have_theirs)
{
    struct asl *asl = parse(ORDER);
    const struct asl_state *mail = find(asl, "Mail"), *refuse = find(asl, "Refuse");
    size_t len;

    ck_assert_str_eq(value_text(mail->u.pass.result, &len), "{\"n\":1.50}");
    ck_assert_str_eq(find(asl, "Nap")->u.wait.seconds.path->text, "$.nap");
    ck_assert(find(asl, "Until")->u.wait.absolute);
    ck_assert_int_eq(find(asl, "Until")->u.wait.timestamp_us, INT64_C(86400000000));
    ck_assert_str_eq(refuse->u.fail.error, "Refused");
    ck_assert_ptr_null(refuse->u.fail.cause);
    ck_assert_str_eq(tmpl_expr_path(refuse->u.fail.cause_path)->text, "$.why");
    asl_free(asl);
}
END_TEST

START_TEST(what_is_absent_needs_no_evaluation)
{
    struct asl *asl =
        parse("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"http://h/\","
              "\"Next\":\"B\"},\"B\":{\"Type\":\"Pass\",\"InputPath\":\"$\",\"OutputPath\":\"$\","
              "\"ResultPath\":\"$\",\"Result\":null,\"End\":true}}}");
    const struct asl_state *a = find(asl, "A"), *b = find(asl, "B");

    ck_assert(!a->input_path.path && !a->input_path.null && !a->parameters && !a->result_selector);
    ck_assert(!a->u.task.timeout.present && !a->u.task.heartbeat.present);
    ck_assert_uint_eq(a->nretriers + a->ncatchers, 0);
    ck_assert(!b->input_path.path && !b->output_path.path && !b->result_path.path);
    ck_assert_ptr_nonnull(b->u.pass.result); /* null is a result */
    ck_assert_int_eq(asl->timeout_s, 0);
    ck_assert_ptr_null(asl->comment);
    asl_free(asl);
}
END_TEST

static const struct {
    const char *says, *resource;
    enum asl_resource kind;
    enum asl_pattern pattern;
    const char *function, *type, *name;
} RESOURCES[] = {
    {"a function", "arn:aws:lambda:us-east-1:123456789012:function:f", ASL_FUNCTION, ASL_REQUEST_RESPONSE,
     "f", NULL, NULL},
    {"its version", "arn:aws-cn:lambda:::function:my_f-1:$LATEST", ASL_FUNCTION, ASL_REQUEST_RESPONSE,
     "my_f-1", NULL, NULL},
    {"lambda:invoke", "arn:aws:states:::lambda:invoke", ASL_LAMBDA_INVOKE, ASL_REQUEST_RESPONSE, NULL,
     "lambda", "invoke"},
    {"a callback", "arn:aws:states:::lambda:invoke.waitForTaskToken", ASL_LAMBDA_INVOKE, ASL_WAIT_FOR_TOKEN,
     NULL, "lambda", "invoke.waitForTaskToken"},
    {"a URL", "https://example.org/f", ASL_URL, ASL_REQUEST_RESPONSE, NULL, "http", "https://example.org/f"},
};

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

START_TEST(a_resource_says_what_is_called)
{
    char text[512];

    snprintf(text, sizeof text,
             "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"%s\",\"Delivery\":"
             "\"AtMostOnce\","
             "\"Parameters\":{\"FunctionName\":\"f\"},\"End\":true}}}",
             RESOURCES[_i].resource);
    struct asl *asl = parse(text);
    const struct asl_task *task = &find(asl, "A")->u.task;
    ck_assert_msg(task->kind == RESOURCES[_i].kind && task->pattern == RESOURCES[_i].pattern &&
                      same(task->function, RESOURCES[_i].function) &&
                      same(task->resource_type, RESOURCES[_i].type) &&
                      same(task->resource_name, RESOURCES[_i].name) &&
                      same(task->resource, RESOURCES[_i].resource) && task->at_most_once,
                  "%s", RESOURCES[_i].says);
    asl_free(asl);
}
END_TEST

START_TEST(a_name_that_no_state_has_is_not_found)
{
    struct asl *asl = parse(ORDER);

    ck_assert_ptr_null(find(asl, ""));
    ck_assert_ptr_null(find(asl, "Chec"));
    ck_assert_ptr_null(find(asl, "Checks"));
    ck_assert_ptr_null(asl_find(asl, "Pay\0x", 5));
    ck_assert_ptr_eq(asl_find(asl, "Payment", 3), find(asl, "Pay")); /* len counts, not the NUL */
    asl_free(asl);
}
END_TEST

/* ---- bounds ---- */

/* Parallel states within each other; the innermost holds a Pass. */
static void nest(struct js_buf *b, int depth)
{
    char head[192];

    for (int i = 0; i < depth; i++) {
        snprintf(
            head, sizeof head,
            "{\"StartAt\":\"P%d\",\"States\":{\"P%d\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":[", i,
            i);
        js_buf_str(b, head);
    }
    js_buf_str(b, "{\"StartAt\":\"X\",\"States\":{\"X\":{\"Type\":\"Pass\",\"End\":true}}}");
    for (int i = 0; i < depth; i++)
        js_buf_str(b, "]}}}");
}

START_TEST(blocks_stand_within_each_other_to_a_limit)
{
    for (int depth = ASL_NESTING_MAX; depth <= ASL_NESTING_MAX + 1; depth++) {
        struct asl_findings f = {0};
        struct js_buf b = {0};
        nest(&b, depth);
        struct asl *asl = asl_parse(b.p, b.len, false, &f);
        ck_assert_msg((asl != NULL) == (depth == ASL_NESTING_MAX), "%d levels", depth);
        ck_assert_uint_eq(f.nerrors, depth == ASL_NESTING_MAX ? 0 : 1);
        asl_free(asl);
        asl_findings_fini(&f);
        js_buf_fini(&b);
    }
}
END_TEST

START_TEST(a_definition_has_a_million_bytes_at_most)
{
    struct asl_findings f = {0};
    char *text = mem_alloc(ASL_DEFINITION_BYTES_MAX + 1);
    size_t len = strlen(ORDER);

    memcpy(text, ORDER, len);
    memset(text + len, ' ', ASL_DEFINITION_BYTES_MAX + 1 - len);
    struct asl *asl = asl_parse(text, ASL_DEFINITION_BYTES_MAX, false, NULL);
    ck_assert_ptr_nonnull(asl);
    asl_free(asl);
    ck_assert_ptr_null(asl_parse(text, ASL_DEFINITION_BYTES_MAX + 1, false, &f));
    ck_assert_uint_eq(f.n, 1);
    asl_findings_fini(&f);
    free(text);
}
END_TEST

START_TEST(a_hundred_findings_are_told_and_all_are_counted)
{
    struct asl_findings f = {0};
    struct js_buf b = {0};
    struct err err = {0};
    char field[64];

    js_buf_str(&b, "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true");
    for (int i = 0; i < 150; i++) {
        snprintf(field, sizeof field, ",\"Unknown%d\":%d", i, i);
        js_buf_str(&b, field);
    }
    js_buf_str(&b, "}}}");
    ck_assert_ptr_null(asl_parse(b.p, b.len, false, &f));
    ck_assert_uint_eq(f.n, ASL_FINDINGS_MAX);
    ck_assert_uint_eq(f.nerrors, 150);
    ck_assert(f.truncated);
    ck_assert_int_eq(asl_findings_err(&f, &err), -1);
    ck_assert_str_eq(err.name, ERR_INVALID_DEFINITION);
    ck_assert_int_eq(
        strncmp(err.cause, "SCHEMA_VALIDATION_FAILED: Field is not supported at /States/A/Unknown0, ", 72),
        0);
    asl_findings_fini(&f);
    js_buf_fini(&b);
}
END_TEST

/* 200 states that are not built, each with something that is wrong: */
START_TEST(errors_do_not_lose_their_room_to_what_is_not_built)
{
    struct asl_findings f = {0};
    struct js_buf b = {0};
    struct err err = {0};
    size_t errors = 0;

    js_buf_str(&b, "{\"StartAt\":\"S0\",\"States\":{");
    for (int i = 0; i < 200; i++) {
        char *state;
        ck_assert_int_ge(
            asprintf(&state,
                     "%s\"S%d\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::aws-sdk:s3:getObject\","
                     "\"Next\":\"S%d\"%s}",
                     i ? "," : "", i, (i + 1) % 200, i < 190 ? "" : ",\"Colour\":1"),
            0);
        js_buf_str(&b, state);
        free(state);
    }
    js_buf_str(&b, "}}");
    ck_assert_ptr_null(asl_parse(b.p, b.len, false, &f));
    ck_assert_uint_eq(f.nunbuilt, 200);
    ck_assert_uint_eq(f.nerrors, 10);
    for (size_t i = 0; i < f.n; i++)
        errors += f.list[i].severity == SEVERITY_ERROR;
    ck_assert_uint_eq(errors, 10);
    asl_findings_err(&f, &err);
    ck_assert_ptr_null(strstr(err.cause, FINDING_UNBUILT));
    asl_findings_fini(&f);
    js_buf_fini(&b);
}
END_TEST

START_TEST(what_is_not_built_is_told_when_nothing_is_wrong)
{
    static const char text[] =
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"End\":true,\"Resource\":"
        "\"arn:aws:states:us-east-1:000000000000:activity:a\"}}}";
    struct asl_findings f = {0};
    struct err err = {0};

    ck_assert_ptr_null(asl_parse(text, strlen(text), false, &f));
    ck_assert_uint_eq(f.nerrors, 0);
    asl_findings_err(&f, &err);
    ck_assert_str_eq(err.name, ERR_INVALID_DEFINITION);
    ck_assert_str_eq(err.cause, "NOT_SUPPORTED_YET: An activity is not supported by this version of pawl at "
                                "/States/A/Resource");
    asl_findings_fini(&f);
}
END_TEST

START_TEST(names_and_values_without_end_make_no_endless_findings)
{
    struct asl_findings f = {0};
    struct js_buf b = {0};

    js_buf_str(&b, "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Task\",\"End\":true,\"Resource\":\"");
    for (int i = 0; i < 100000; i++)
        js_buf_str(&b, "ä");
    js_buf_str(&b, "\",\"");
    for (int i = 0; i < 100000; i++)
        js_buf_str(&b, "ö");
    js_buf_str(&b, "\":1}}}");
    ck_assert_ptr_null(asl_parse(b.p, b.len, false, &f));
    for (size_t i = 0; i < f.n; i++)
        ck_assert_uint_lt(strlen(f.list[i].message) + strlen(f.list[i].at), 4096);
    asl_findings_fini(&f);
    js_buf_fini(&b);
}
END_TEST

START_TEST(thousands_of_states_are_compiled_in_time)
{
    struct js_buf b = {0};
    char one[192];
    enum { N = 15000 };

    js_buf_str(&b, "{\"StartAt\":\"S0\",\"States\":{");
    for (int i = 0; i < N; i++) {
        snprintf(one, sizeof one, "%s\"S%d\":{\"Type\":\"Pass\",\"Next\":\"S%d\"}", i ? "," : "", i, i + 1);
        js_buf_str(&b, one);
    }
    snprintf(one, sizeof one, ",\"S%d\":{\"Type\":\"Succeed\"}}}", N);
    js_buf_str(&b, one);
    struct asl *asl = asl_parse(b.p, b.len, false, NULL);
    ck_assert_ptr_nonnull(asl);
    ck_assert_uint_eq(asl->nstates, N + 1);
    ck_assert_str_eq(find(asl, "S14999")->next->name, "S15000");
    asl_free(asl);
    js_buf_fini(&b);
}
END_TEST

/* Each is compared with those before it, until the budget of comparisons is used up. */
START_TEST(thousands_of_rules_and_handlers_are_looked_at_in_time)
{
    struct asl_findings f = {0};
    struct js_buf b = {0};
    char one[96];

    js_buf_str(&b,
               "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Choice\",\"Default\":\"B\",\"Choices\":[");
    for (int i = 0; i < 8000; i++) {
        snprintf(one, sizeof one, "%s{\"Variable\":\"$.x\",\"NumericEquals\":%d,\"Next\":\"B\"}",
                 i ? "," : "", i);
        js_buf_str(&b, one);
    }
    js_buf_str(
        &b, "]},\"B\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":[{\"StartAt\":\"C\",\"States\":{\"C\":"
            "{\"Type\":\"Succeed\"}}}],\"Retry\":[");
    for (int i = 0; i < 8000; i++) {
        snprintf(one, sizeof one, "%s{\"ErrorEquals\":[\"E%d\"]}", i ? "," : "", i);
        js_buf_str(&b, one);
    }
    js_buf_str(&b, "]}}}");
    struct asl *asl = asl_parse(b.p, b.len, 0, &f);
    ck_assert_ptr_nonnull(asl);
    ck_assert_uint_eq(f.n, 0);
    asl_free(asl);
    asl_findings_fini(&f);
    js_buf_fini(&b);
}
END_TEST

START_TEST(findings_read_as_the_service_words_them)
{
    static const char text[] =
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Timestamp\":\"noon\",\"Next\":\"Z\"}}}";
    struct asl_findings f = {0};
    struct err err = {0};

    ck_assert_ptr_null(asl_parse(text, strlen(text), false, &f));
    asl_findings_err(&f, &err);
    ck_assert_str_eq(
        err.cause,
        "SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/A/Timestamp, "
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/A/Next");
    asl_findings_fini(&f);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("Amazon States Language: definitions");
    TCase *tc = tcase_create("asl");

    tcase_add_test(tc, transitions_are_pointers);
    tcase_add_test(tc, a_machine_has_its_comment_time_and_states);
    tcase_add_test(tc, blocks_stand_within_their_states);
    tcase_add_test(tc, a_task_has_its_function_paths_and_times);
    tcase_add_test(tc, other_types_have_theirs);
    tcase_add_test(tc, what_is_absent_needs_no_evaluation);
    tcase_add_loop_test(tc, a_resource_says_what_is_called, 0, sizeof RESOURCES / sizeof *RESOURCES);
    tcase_add_test(tc, a_name_that_no_state_has_is_not_found);
    tcase_add_test(tc, blocks_stand_within_each_other_to_a_limit);
    tcase_add_test(tc, a_definition_has_a_million_bytes_at_most);
    tcase_add_test(tc, a_hundred_findings_are_told_and_all_are_counted);
    tcase_add_test(tc, errors_do_not_lose_their_room_to_what_is_not_built);
    tcase_add_test(tc, what_is_not_built_is_told_when_nothing_is_wrong);
    tcase_add_test(tc, names_and_values_without_end_make_no_endless_findings);
    tcase_add_test(tc, thousands_of_states_are_compiled_in_time);
    tcase_add_loop_test(tc, a_state_knows_the_variables_that_its_fields_name, 0,
                        sizeof READS / sizeof *READS);
    tcase_add_test(tc, assign_has_its_names_in_the_order_of_the_document);
    tcase_add_test(tc, a_variable_is_found_by_its_name_wherever_it_is_set);
    tcase_add_test(tc, thousands_of_rules_and_handlers_are_looked_at_in_time);
    tcase_add_test(tc, findings_read_as_the_service_words_them);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
