/* Amazon States Language, "Payload Template". The functions are tests/spec/intrinsic. */
#include "lang/template.h"
#include "base/json.h"

#include <check.h>
#include <string.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_new();
}

static void teardown(void)
{
    arena_free(arena);
}

static json_object *parse(const char *text)
{
    json_object *o = NULL;
    ck_assert_msg(js_parse(text, strlen(text), &o, NULL) == 0, "%s", text);
    return arena_adopt(arena, o);
}

static const char *written(json_object *o)
{
    struct js_buf b = {0};
    js_write(&b, o);
    const char *text = arena_strndup(arena, b.p, b.len);
    js_buf_fini(&b);
    return text;
}

static int root_of(void *self, const struct jpath *p, json_object **root, struct err *err)
{
    (void)err;
    *root = p->root == JPATH_DATA ? self : NULL;
    return 0;
}

static const struct {
    const char *says, *src, *result;
    bool constant;
} FILLED[] = {
    {"without a path it stands for itself", "{\"a\":[1,{\"b\":\"$.x\"}]}", "{\"a\":[1,{\"b\":\"$.x\"}]}",
     true},
    {"null", "null", "null", true},
    {"a text", "\"$.x\"", "\"$.x\"", true},
    {"a path", "{\"a.$\":\"$.x\"}", "{\"a\":5}", false},
    {"null is found", "{\"a.$\":\"$.n\"}", "{\"a\":null}", false},
    {"the whole input", "{\"a.$\":\"$\"}", "{\"a\":{\"x\":5,\"n\":null,\"l\":[1,2]}}", false},
    {"members keep their order", "{\"b\":1,\"a.$\":\"$.x\",\"c\":2}", "{\"b\":1,\"a\":5,\"c\":2}", false},
    {"deep within objects and arrays", "{\"o\":{\"l\":[1,{\"a.$\":\"$.l[0]\"},[{\"b.$\":\"$.x\"}]]}}",
     "{\"o\":{\"l\":[1,{\"a\":1},[{\"b\":5}]]}}", false},
    {"a function", "{\"a.$\":\"States.MathAdd($.x, 1)\"}", "{\"a\":6}", false},
    {"texts of arrays are no paths", "[\"$.x\",{\"a.$\":\"$.x\"}]", "[\"$.x\",{\"a\":5}]", false},
    {"a name that is the ending alone", "{\".$\":\"$.x\"}", "{\"\":5}", false},
    {"a name with a dollar within", "{\"$.a\":1,\"b$\":2,\"c.$.d\":3}", "{\"$.a\":1,\"b$\":2,\"c.$.d\":3}",
     true},
};

START_TEST(a_template_is_filled_in)
{
    struct jpath_env env = {.root = root_of, .self = parse("{\"x\":5,\"n\":null,\"l\":[1,2]}")};
    json_object *src = parse(FILLED[_i].src), *out = NULL;
    struct err err = {0};
    size_t bytes;
    const struct tmpl *t = tmpl_parse(arena, src, "/States/A/Parameters", &err);

    ck_assert_msg(t != NULL, "%s: %s", FILLED[_i].says, err.cause);
    ck_assert_msg(tmpl_constant(t) == FILLED[_i].constant, "%s: constant", FILLED[_i].says);
    for (int again = 0; again < 2; again++) {
        ck_assert_int_eq(tmpl_eval(t, &env, &out, &bytes, &err), 0);
        ck_assert_msg(!strcmp(written(out), FILLED[_i].result), "%s: got %s", FILLED[_i].says, written(out));
        ck_assert_uint_le(bytes, strlen(FILLED[_i].result));
        json_object_put(out);
    }
    ck_assert_str_eq(written(src), FILLED[_i].src);
}
END_TEST

static const struct {
    const char *src, *says;
} REFUSED[] = {
    {"{\"a.$\":\"x\"}", "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic "
                        "function call at /States/A/Parameters"},
    {"{\"a.$\":1}", "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function "
                    "call at /States/A/Parameters"},
    {"{\"a.$\":null}", "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function "
                       "call at /States/A/Parameters"},
    {"{\"b\":[0,{\"c\":{\"a.$\":\"States.Nothing()\"}}]}",
     "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call at "
     "/States/A/Parameters/b/1/c"},
    {"{\"a\":1,\"a.$\":\"$.x\"}",
     "Two fields have the name 'a' once its \".$\" is taken off at /States/A/Parameters"},
};

START_TEST(a_wrong_template_is_refused_with_its_place)
{
    struct err err = {0};

    ck_assert_ptr_null(tmpl_parse(arena, parse(REFUSED[_i].src), "/States/A/Parameters", &err));
    ck_assert_str_eq(err.cause, REFUSED[_i].says);
}
END_TEST

START_TEST(a_missing_path_names_its_field)
{
    struct jpath_env env = {.root = root_of, .self = parse("{\"y\":{}}")};
    json_object *out = NULL;
    struct err err = {0};
    size_t bytes;
    const struct tmpl *t = tmpl_parse(arena, parse("{\"o\":{\"value.$\":\"$.y.z\"}}"), "", &err);

    ck_assert_int_eq(tmpl_eval(t, &env, &out, &bytes, &err), -1);
    ck_assert_str_eq(err.name, "States.Runtime");
    ck_assert_str_eq(err.cause,
                     "The JSONPath '$.y.z' specified for the field 'value.$' could not be found in the "
                     "input '{\"y\":{}}'");
}
END_TEST

START_TEST(a_large_input_is_not_shown)
{
    struct js_buf b = {0};
    json_object *out = NULL;
    struct err err = {0};

    js_buf_str(&b, "[\"");
    for (int i = 0; i < ERR_CAUSE_BYTES; i++)
        js_buf_str(&b, "x");
    js_buf_str(&b, "\"]");
    struct jpath_env env = {.root = root_of, .self = parse(b.p)};
    const struct tmpl_expr *e = tmpl_expr_parse(arena, "$.a", 3, &err);
    ck_assert_int_eq(tmpl_expr_eval(e, "ErrorPath", &env, &out, &err), -1);
    ck_assert_str_eq(
        err.cause,
        "The JSONPath '$.a' specified for the field 'ErrorPath' could not be found in the input '...'");
    js_buf_fini(&b);
}
END_TEST

/* {"a0.$": "$", "a1.$": "$", ...}: small, but its result is not. */
static json_object *repeated(const char *expr, int times)
{
    json_object *o = json_object_new_object();
    char name[20];

    for (int i = 0; i < times; i++) {
        snprintf(name, sizeof name, "a%d.$", i);
        json_object_object_add(o, name, json_object_new_string(expr));
    }
    return arena_adopt(arena, o);
}

#define LIST "$[0][0][0][0][0]"
static const char *const GREEDY[] = {
    "$",
    "$..*",
    "States.Array($, $, $)",
    "States.JsonToString($)",
    "States.Format('{}{}{}{}', $, $, $, $)",
    "States.ArrayLength(States.StringSplit(States.JsonToString($), ','))",
    "States.ArrayLength(States.ArrayPartition(" LIST ", 1))",
    "States.ArrayLength(States.ArrayUnique(" LIST "))",
    "States.ArrayContains($, 'x')",
    "States.ArrayLength(States.StringToJson(States.JsonToString($)))",
};

START_TEST(a_greedy_template_fails)
{
    struct js_buf b = {0};
    json_object *out = NULL;
    struct err err = {0};
    size_t bytes;

    js_buf_str(&b, "[[[[[[1");
    for (int i = 0; i < 50000; i++)
        js_buf_str(&b, ",1234");
    js_buf_str(&b, "]]]]]]");
    struct jpath_env env = {.root = root_of, .self = parse(b.p)};
    const struct tmpl *t = tmpl_parse(arena, repeated(GREEDY[_i], 1000), "", &err);
    ck_assert_int_eq(tmpl_eval(t, &env, &out, &bytes, &err), -1);
    ck_assert_str_eq(err.name, "States.DataLimitExceeded");
    js_buf_fini(&b);
}
END_TEST

/* A function's call within itself, as deep as that is allowed: each level doubles what it makes. */
static const struct {
    const char *before, *between, *behind;
} DOUBLING[] = {
    {"States.Format('{}{}', ", ", ", ")"},
    {"States.Array(", ", ", ")"},
    {"States.JsonToString(States.Array(", ", ", "))"},
    {"States.StringToJson(States.Format('[{},{}]', States.JsonToString(", "), States.JsonToString(", ")))"},
};

static void put_doubled(struct js_buf *b, int calls, unsigned levels)
{
    if (levels == 0) {
        js_buf_str(b, "$.text");
        return;
    }
    js_buf_str(b, DOUBLING[calls].before);
    put_doubled(b, calls, levels - 1);
    js_buf_str(b, DOUBLING[calls].between);
    put_doubled(b, calls, levels - 1);
    js_buf_str(b, DOUBLING[calls].behind);
}

START_TEST(a_call_that_doubles_what_it_gets_fails)
{
    static const unsigned levels[] = {10, 10, 5, 3};
    struct js_buf b = {0}, text = {0};
    json_object *src = arena_adopt(arena, json_object_new_object()), *out = NULL;
    struct err err = {0};
    size_t bytes;

    js_buf_str(&b, "{\"text\":\"");
    for (int i = 0; i < (_i < 3 ? 200000 : 1000000); i++)
        js_buf_str(&b, "x");
    js_buf_str(&b, "\"}");
    put_doubled(&text, _i, levels[_i]);
    json_object_object_add(src, "a.$", json_object_new_string(text.p));
    struct jpath_env env = {.root = root_of, .self = parse(b.p)};
    const struct tmpl *t = tmpl_parse(arena, src, "", &err);
    ck_assert_msg(t != NULL, "%s: %s", text.p, err.cause);
    ck_assert_int_eq(tmpl_eval(t, &env, &out, &bytes, &err), -1);
    ck_assert_str_eq(err.name, "States.DataLimitExceeded");
    js_buf_fini(&b);
    js_buf_fini(&text);
}
END_TEST

static const struct {
    const char *expr, *cause;
} TOO_LONG[] = {
    {"States.Base64Encode($.text)", "the text is longer than 10000 characters"},
    {"States.Base64Decode($.text)", "the text is longer than 10000 characters"},
    {"States.Hash($.text, 'MD5')", "the data is longer than 10000 characters"},
    {"States.Hash($, 'MD5')", "the data is longer than 10000 characters"},
};

START_TEST(what_is_encoded_and_hashed_has_at_most_10000_characters)
{
    struct js_buf b = {0};
    json_object *out = NULL;
    struct err err = {0};
    char cause[200];
    const char *expr = TOO_LONG[_i].expr;
    const struct tmpl_expr *e = tmpl_expr_parse(arena, expr, strlen(expr), &err);

    js_buf_str(&b, "{\"text\":\"");
    for (int i = 0; i < 10000; i++)
        js_buf_str(&b, "\u00e9"); /* two bytes, and one character */
    js_buf_str(&b, "\"}");
    struct jpath_env env = {.root = root_of, .self = parse(b.p)};
    bool whole = strstr(expr, "$,") != NULL; /* with its quotes and name that is longer already */
    ck_assert_int_eq(tmpl_expr_eval(e, "x.$", &env, &out, &err), whole ? -1 : 0);
    json_object_put(out);
    b.len -= 2;
    js_buf_str(&b, "x\"}");
    env.self = parse(b.p);
    ck_assert_int_eq(tmpl_expr_eval(e, "x.$", &env, &out, &err), -1);
    snprintf(cause, sizeof cause, "The function '%s' had the following error: %s", expr, TOO_LONG[_i].cause);
    ck_assert_str_eq(err.cause, cause);
    ck_assert_str_eq(err.name, "States.IntrinsicFailure");
    js_buf_fini(&b);
}
END_TEST

/* As many items as a payload can hold: what they cost grows with them, not with their square. */
START_TEST(a_hundred_thousand_items_are_made_unique)
{
    struct js_buf b = {0};
    json_object *out = NULL;
    struct err err = {0};
    size_t left = TMPL_VISITS_MAX;

    js_buf_str(&b, "[0");
    for (int i = 1; i < 100000; i++) {
        js_buf_str(&b, ",");
        js_buf_int(&b, i % 5000);
    }
    js_buf_str(&b, "]");
    struct jpath_env env = {.root = root_of, .self = parse(b.p), .visits_left = &left};
    const struct tmpl_expr *e = tmpl_expr_parse(arena, "States.ArrayUnique($)", 21, &err);
    ck_assert_int_eq(tmpl_expr_eval(e, "x.$", &env, &out, &err), 0);
    ck_assert_uint_eq(json_object_array_length(out), 5000);
    ck_assert_int_eq(json_object_get_int(json_object_array_get_idx(out, 4999)), 4999);
    ck_assert_uint_lt(TMPL_VISITS_MAX - left, 20 * 100000);
    json_object_put(out);
    js_buf_fini(&b);
}
END_TEST

START_TEST(results_are_bounded_in_depth)
{
    json_object *data = parse("1"), *out = NULL;
    struct err err = {0};
    size_t bytes;
    const struct tmpl *t = tmpl_parse(arena, parse("{\"a.$\":\"$\"}"), "", &err);
    int times = 0;

    for (; times < 2 * JS_DEPTH_MAX; times++) {
        struct jpath_env env = {.root = root_of, .self = data};
        if (tmpl_eval(t, &env, &out, &bytes, &err) < 0)
            break;
        data = arena_adopt(arena, out);
    }
    ck_assert_int_eq(times, JS_DEPTH_MAX);
    ck_assert_str_eq(err.name, "States.DataLimitExceeded");
}
END_TEST

START_TEST(without_dice_there_is_no_chance)
{
    struct jpath_env env = {.root = root_of, .self = NULL};
    json_object *out = NULL;
    struct err err = {0};
    const struct tmpl_expr *e = tmpl_expr_parse(arena, "States.UUID()", 13, &err);

    ck_assert_int_eq(tmpl_expr_eval(e, "x.$", &env, &out, &err), -1);
    ck_assert_str_eq(err.name, "States.IntrinsicFailure");
    ck_assert_ptr_null(tmpl_expr_path(e));
    ck_assert_ptr_nonnull(tmpl_expr_path(tmpl_expr_parse(arena, "$.a", 3, &err)));
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof *(table))

int main(void)
{
    Suite *s = suite_create("Amazon States Language: payload templates");
    TCase *t = tcase_create("template");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_template_is_filled_in, 0, COUNT(FILLED));
    tcase_add_loop_test(t, a_wrong_template_is_refused_with_its_place, 0, COUNT(REFUSED));
    tcase_add_test(t, a_missing_path_names_its_field);
    tcase_add_test(t, a_large_input_is_not_shown);
    tcase_add_loop_test(t, a_greedy_template_fails, 0, COUNT(GREEDY));
    tcase_add_loop_test(t, a_call_that_doubles_what_it_gets_fails, 0, COUNT(DOUBLING));
    tcase_add_loop_test(t, what_is_encoded_and_hashed_has_at_most_10000_characters, 0, COUNT(TOO_LONG));
    tcase_add_test(t, a_hundred_thousand_items_are_made_unique);
    tcase_add_test(t, results_are_bounded_in_depth);
    tcase_add_test(t, without_dice_there_is_no_chance);
    tcase_set_timeout(t, 30);
    suite_add_tcase(s, t);

    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
