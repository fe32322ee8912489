/* Choice rules: what the cases of tests/spec/choice do not show. */
#include "asl/choice.h"

#include <check.h>

static struct asl_findings findings;

/* The rule's source is gone when this returns. */
static const struct choice_test *compiled(const char *text, struct arena *a)
{
    static const struct place whole;
    const struct reading r = {.arena = a, .scratch = a, .findings = &findings};
    struct read_in in;
    json_object *o = NULL;

    ck_assert_int_eq(js_parse(text, strlen(text), &o, NULL), 0);
    ck_assert(read_object(&in, &r, o, &whole));
    const struct choice_test *t = choice_parse(&in);
    json_object_put(o);
    return t;
}

static int root(void *self, const struct jpath *p, json_object **to, struct err *err)
{
    if (p->root == JPATH_CONTEXT)
        return err_set(err, ERR_RUNTIME, "no context here");
    *to = self;
    return 0;
}

static int evaluated(const struct choice_test *t, const char *input, struct err *err)
{
    json_object *o = NULL;

    ck_assert_int_eq(js_parse(input, strlen(input), &o, NULL), 0);
    const struct jpath_env env = {.root = root, .self = o};
    int rc = choice_eval(t, &env, err);
    json_object_put(o);
    return rc;
}

static const struct {
    const char *says, *rule, *input;
} KEPT[] = {
    {"a constant text", "{\"Variable\":\"$.v\",\"StringEquals\":\"a long constant\"}",
     "{\"v\":\"a long constant\"}"},
    {"a pattern", "{\"Variable\":\"$.v\",\"StringMatches\":\"a*t\"}", "{\"v\":\"a constant\"}"},
    {"a moment", "{\"Variable\":\"$.v\",\"TimestampEquals\":\"2020-01-01T00:00:00Z\"}",
     "{\"v\":\"2020-01-01T00:00:00Z\"}"},
    {"paths", "{\"Not\":{\"Variable\":\"$.v\",\"NumericLessThanPath\":\"$.w\"}}", "{\"v\":2,\"w\":1}"},
};

START_TEST(a_rule_outlives_its_source)
{
    struct arena *a = arena_new();
    struct err err = {0};

    const struct choice_test *t = compiled(KEPT[_i].rule, a);
    ck_assert_msg(t != NULL, "%s", KEPT[_i].says);
    ck_assert_msg(evaluated(t, KEPT[_i].input, &err) == 1, "%s: %s", KEPT[_i].says, err.cause);
    arena_free(a);
}
END_TEST

START_TEST(a_path_that_finds_nothing_is_a_runtime_error)
{
    struct arena *a = arena_new();
    struct err err = {0};

    const struct choice_test *t = compiled("{\"Variable\":\"$.v\",\"StringEquals\":\"a\"}", a);
    ck_assert_int_eq(evaluated(t, "{}", &err), -1);
    ck_assert_str_eq(err.name, ERR_RUNTIME);
    arena_free(a);
}
END_TEST

START_TEST(a_root_that_is_not_there_is_not_present)
{
    struct arena *a = arena_new();

    ck_assert_int_eq(evaluated(compiled("{\"Variable\":\"$$.v\",\"IsPresent\":false}", a), "{}", NULL), 1);
    arena_free(a);
}
END_TEST

START_TEST(deep_rules_are_compiled_and_evaluated)
{
    struct js_buf b = {0};
    struct arena *a = arena_new();
    enum { DEEP = JS_DEPTH_MAX - 1 };

    for (int i = 0; i < DEEP; i++)
        js_buf_str(&b, "{\"Not\":");
    js_buf_str(&b, "{\"Variable\":\"$.v\",\"IsNull\":true}");
    for (int i = 0; i < DEEP; i++)
        js_buf_str(&b, "}");
    const struct choice_test *t = compiled(b.p, a);
    ck_assert_int_eq(evaluated(t, "{\"v\":1}", NULL), DEEP % 2);
    js_buf_fini(&b);
    arena_free(a);
}
END_TEST

START_TEST(a_pattern_of_many_stars_is_matched_in_time)
{
    struct js_buf rule = {0}, input = {0};
    struct arena *a = arena_new();

    js_buf_str(&rule, "{\"Variable\":\"$\",\"StringMatches\":\"");
    js_buf_str(&input, "\"");
    for (int i = 0; i < 20000; i++) {
        js_buf_str(&rule, "a*");
        js_buf_str(&input, "aaaaaaaaaa");
    }
    js_buf_str(&rule, "b\"}");
    js_buf_str(&input, "\"");
    ck_assert_int_eq(evaluated(compiled(rule.p, a), input.p, NULL), 0);
    js_buf_fini(&rule);
    js_buf_fini(&input);
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("Amazon States Language: Choice State");
    TCase *tc = tcase_create("choice");

    tcase_add_loop_test(tc, a_rule_outlives_its_source, 0, sizeof KEPT / sizeof *KEPT);
    tcase_add_test(tc, a_path_that_finds_nothing_is_a_runtime_error);
    tcase_add_test(tc, a_root_that_is_not_there_is_not_present);
    tcase_add_test(tc, deep_rules_are_compiled_and_evaluated);
    tcase_add_test(tc, a_pattern_of_many_stars_is_matched_in_time);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
