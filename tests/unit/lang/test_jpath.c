/* Reading is tests/spec/jsonpath; here: what a path is, writing, environments and bounds. */
#include "lang/jpath.h"
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

static const struct jpath *compile(const char *text)
{
    struct err err = {0};
    const struct jpath *p = jpath_parse(arena, text, strlen(text), &err);
    ck_assert_msg(p != NULL, "%s: %s", text, err.cause);
    return p;
}

static const char *written(json_object *o)
{
    struct js_buf b = {0};
    js_write(&b, o);
    const char *text = arena_strndup(arena, b.p, b.len);
    js_buf_fini(&b);
    return text;
}

/* ---- what a path is ---- */

static const struct {
    const char *text;
    enum jpath_root root;
    const char *variable;
    bool definite, reference, whole;
} KINDS[] = {
    {"$", JPATH_DATA, NULL, true, true, true},
    {"$$", JPATH_CONTEXT, NULL, true, true, true},
    {"$x", JPATH_VARIABLE, "x", true, true, true},
    {"$.a.b[0]", JPATH_DATA, NULL, true, true, false},
    {"$['a']", JPATH_DATA, NULL, true, true, false},
    {"$$.Execution.Id", JPATH_CONTEXT, NULL, true, true, false},
    {"$größe_2.a[1]", JPATH_VARIABLE, "größe_2", true, true, false},
    {"$.a[-1]", JPATH_DATA, NULL, true, false, false},
    {"$['a','b']", JPATH_DATA, NULL, true, false, false},
    {"$['a','b'].c", JPATH_DATA, NULL, false, false, false},
    {"$.a[*]", JPATH_DATA, NULL, false, false, false},
    {"$.a[0,1]", JPATH_DATA, NULL, false, false, false},
    {"$.a[0:1]", JPATH_DATA, NULL, false, false, false},
    {"$..a", JPATH_DATA, NULL, false, false, false},
    {"$.a[?(@.b)]", JPATH_DATA, NULL, false, false, false},
    {"$.a.length()", JPATH_DATA, NULL, true, false, false},
    {"$.a[0]]", JPATH_DATA, NULL, true, false, false},
};

START_TEST(a_path_knows_what_it_is)
{
    const struct jpath *p = compile(KINDS[_i].text);

    ck_assert_str_eq(p->text, KINDS[_i].text);
    ck_assert_int_eq(p->root, KINDS[_i].root);
    ck_assert_pstr_eq(p->variable, KINDS[_i].variable);
    ck_assert_msg(p->definite == KINDS[_i].definite, "%s: definite", p->text);
    ck_assert_msg(p->reference == KINDS[_i].reference, "%s: reference", p->text);
    ck_assert_msg(p->whole == KINDS[_i].whole, "%s: whole", p->text);
}
END_TEST

static const struct {
    const char *text, *says;
} MALFORMED[] = {
    {"a.b", "a path starts with '$' at character 0"},
    {"$$$", "expected '.' or '[' at character 2"},
    {"$1", "expected '.' or '[' at character 1"},
    {"$.a b", "a name with blanks needs the form ['my name'] at character 2"},
    {"$.ключ[", NULL}, /* one character behind a name is ignored */
    {"$.ключ[x]", "'[' needs a quoted name, an index, a slice, '*' or a filter at character 6"},
    {"$.a[0", "']' is missing at character 3"},
    {"$.a[?(@.b == )]", "a path, a number, a text or another value is missing at character 13"},
};

START_TEST(what_is_wrong_is_said_with_its_place)
{
    struct err err = {0};
    const struct jpath *p = jpath_parse(arena, MALFORMED[_i].text, strlen(MALFORMED[_i].text), &err);

    if (!MALFORMED[_i].says) {
        ck_assert_ptr_nonnull(p);
        return;
    }
    ck_assert_ptr_null(p);
    ck_assert_str_eq(err.cause, MALFORMED[_i].says);
    ck_assert_str_eq(err.name, "ValidationException");
}
END_TEST

/* ---- writing ---- */

static const struct {
    const char *says, *path, *root, *value, *result, *cause;
} WRITES[] = {
    {"the whole", "$", "{\"a\":1}", "2", "2", NULL},
    {"a new member", "$.b", "{\"a\":1}", "2", "{\"a\":1,\"b\":2}", NULL},
    {"an old member keeps its place", "$.a", "{\"a\":1,\"b\":2}", "{\"c\":3}", "{\"a\":{\"c\":3},\"b\":2}",
     NULL},
    {"what is missing on the way is made", "$.x.y.z", "{\"a\":1}", "[]", "{\"a\":1,\"x\":{\"y\":{\"z\":[]}}}",
     NULL},
    {"within what is there", "$.a.b", "{\"a\":{\"c\":1}}", "null", "{\"a\":{\"c\":1,\"b\":null}}", NULL},
    {"an element", "$.a[1]", "{\"a\":[1,2,3]}", "9", "{\"a\":[1,9,3]}", NULL},
    {"below an element", "$.a[0].b", "{\"a\":[{},2]}", "9", "{\"a\":[{\"b\":9},2]}", NULL},
    {"of an array as the whole", "$[0]", "[1]", "9", "[9]", NULL},
    {"into an empty object", "$.a", "{}", "1", "{\"a\":1}", NULL},
    {"in the place of a large thing", "$.a", "{\"a\":{\"b\":[1,{\"c\":\"}\"}]},\"d\":2}", "1",
     "{\"a\":1,\"d\":2}", NULL},
    {"behind names that only begin alike", "$.a", "{\"ab\":[],\"\":0,\"b\":\"a\"}", "1",
     "{\"ab\":[],\"\":0,\"b\":\"a\",\"a\":1}", NULL},
    {"past quotes and backslashes in texts", "$['\"\\\\'].x",
     "{\"a\":\"\\\\\\\\\\\"}\",\"\\\"\\\\\":{\"x\":\"\\\\\"}}", "1",
     "{\"a\":\"\\\\\\\\\\\"}\",\"\\\"\\\\\":{\"x\":1}}", NULL},
    {"the last element of several", "$[2].a[0]", "[[1,[2]],{\"a\":1},{\"a\":[[]]}]", "true",
     "[[1,[2]],{\"a\":1},{\"a\":[true]}]", NULL},
    {"behind the end of an array", "$.a[3]", "{\"a\":[1,2,3]}", "9", NULL,
     "Unable to apply the path '$.a[3]' to the state input: $['a'][3] lies behind the array's end"},
    {"through a number", "$.a.b", "{\"a\":1}", "9", NULL,
     "Unable to apply the path '$.a.b' to the state input: $['a']['b'] does not lie in an object"},
    {"through null", "$.a.b", "{\"a\":null}", "9", NULL,
     "Unable to apply the path '$.a.b' to the state input: $['a']['b'] does not lie in an object"},
    {"into what is no object", "$.a", "[1]", "9", NULL,
     "Unable to apply the path '$.a' to the state input: $['a'] does not lie in an object"},
    {"an index of an object", "$.a[0]", "{\"a\":{}}", "9", NULL,
     "Unable to apply the path '$.a[0]' to the state input: $['a'][0] does not lie in an array"},
    {"an index of nothing", "$.a[0]", "{}", "9", NULL,
     "Unable to apply the path '$.a[0]' to the state input: $['a'][0] does not lie in an array"},
};

START_TEST(a_value_is_written_into_a_copy)
{
    json_object *root = parse(WRITES[_i].root), *value = parse(WRITES[_i].value), *out = NULL;
    const char *before = written(root);
    struct err err = {0};
    int rc = jpath_write(compile(WRITES[_i].path), root, value, &out, &err);

    if (WRITES[_i].result) {
        ck_assert_msg(rc == 0, "%s: %s", WRITES[_i].says, err.cause);
        ck_assert_str_eq(written(out), WRITES[_i].result);
        json_object_put(out);
    } else {
        ck_assert_int_eq(rc, -1);
        ck_assert_str_eq(err.name, "States.ResultPathMatchFailure");
        ck_assert_str_eq(err.cause, WRITES[_i].cause);
    }
    ck_assert_msg(!strcmp(written(root), before), "%s: the original has changed", WRITES[_i].says);
}
END_TEST

START_TEST(a_value_is_written_into_a_text_as_into_a_tree)
{
    struct js_buf out = {0};
    bool written = jpath_write_text(compile(WRITES[_i].path), WRITES[_i].root, strlen(WRITES[_i].root),
                                    WRITES[_i].value, strlen(WRITES[_i].value), &out);

    ck_assert_msg(written == (WRITES[_i].result != NULL), "%s", WRITES[_i].says);
    if (written)
        ck_assert_str_eq(out.p, WRITES[_i].result);
    else
        ck_assert_uint_eq(out.len, 0);
    js_buf_fini(&out);
}
END_TEST

START_TEST(a_text_is_bounded_in_depth_as_a_tree_is)
{
    struct js_buf value = {0}, out = {0};

    for (int i = 0; i < JS_DEPTH_MAX - 1; i++)
        js_buf_str(&value, "[");
    for (int i = 0; i < JS_DEPTH_MAX - 1; i++)
        js_buf_str(&value, "]");
    ck_assert(jpath_write_text(compile("$.a"), "{}", 2, value.p, value.len, &out));
    ck_assert(!jpath_write_text(compile("$.a.b"), "{}", 2, value.p, value.len, &out));
    js_buf_fini(&value);
    js_buf_fini(&out);
}
END_TEST

START_TEST(writing_again_and_again_is_bounded_in_depth)
{
    json_object *root = parse("{}"), *out = NULL;
    const struct jpath *p = compile("$.a");
    struct err err = {0};
    int times = 0;

    for (; times < 2 * JS_DEPTH_MAX && jpath_write(p, root, root, &out, &err) == 0; times++)
        root = arena_adopt(arena, out);
    ck_assert_int_eq(times, JS_DEPTH_MAX - 1);
    ck_assert(js_within(root, SIZE_MAX, JS_DEPTH_MAX));
}
END_TEST

/* ---- environments ---- */

struct world {
    json_object *data;
    int asked;
};

static int root_of(void *self, const struct jpath *p, json_object **root, struct err *err)
{
    struct world *w = self;

    w->asked++;
    *root = w->data;
    return p->root == JPATH_VARIABLE ? err_set(err, ERR_RUNTIME, "no variable '%s'", p->variable) : 0;
}

START_TEST(the_environment_is_asked_for_the_root)
{
    struct world w = {.data = parse("{\"a\":[1,2]}")};
    struct jpath_env env = {.root = root_of, .self = &w};
    json_object *out = NULL;
    struct err err;

    ck_assert_int_eq(jpath_eval(compile("$.a[1]"), &env, &out, &err), 0);
    ck_assert_str_eq(written(out), "2");
    json_object_put(out);
    ck_assert_int_eq(jpath_eval(compile("$$"), &env, &out, &err), 0);
    ck_assert_ptr_eq(out, w.data);
    json_object_put(out);
    ck_assert_int_eq(jpath_eval(compile("$v.x"), &env, &out, &err), -1);
    ck_assert_str_eq(err.cause, "no variable 'v'");
    ck_assert_int_eq(w.asked, 3);
}
END_TEST

START_TEST(fields_of_a_state_get_an_empty_array_where_jayway_refuses)
{
    struct world w = {.data = parse("{}")};
    struct jpath_env env = {.root = root_of, .self = &w};
    json_object *out = NULL;

    ck_assert_int_eq(jpath_select(compile("$.a[*]"), w.data, &out, NULL), -1);
    ck_assert_int_eq(jpath_eval(compile("$.a[*]"), &env, &out, NULL), 0);
    ck_assert_str_eq(written(out), "[]");
    json_object_put(out);
    ck_assert_int_eq(jpath_eval(compile("$.a"), &env, &out, NULL), -1);
}
END_TEST

/* ---- bounds ---- */

START_TEST(a_long_path_does_not_compile)
{
    struct js_buf b = {0};
    struct err err;

    js_buf_str(&b, "$.");
    for (int i = 0; i < JPATH_BYTES_MAX; i++)
        js_buf_str(&b, "a");
    ck_assert_ptr_null(jpath_parse(arena, b.p, b.len, &err));
    ck_assert_str_eq(err.cause, "a path of more than 8192 bytes");
    b.len = 1;
    for (int i = 0; i <= JPATH_STEPS_MAX; i++)
        js_buf_str(&b, ".a");
    ck_assert_ptr_null(jpath_parse(arena, b.p, b.len, &err));
    ck_assert_ptr_nonnull(jpath_parse(arena, b.p, b.len - 2, &err));
    ck_assert_ptr_null(jpath_parse(arena, "$.a\0b", 5, &err));
    js_buf_fini(&b);
}
END_TEST

/* Each costs far more than it is long; none may take more than a moment. */
static const char *const GREEDY[] = {
    "$..*..*..*",
    "$[*][*]..*..*",
    "$..[?(@..* == $..*)]",
    "$..[?(@ in $..*)]",
    "$[?($[?($[?($[?(@)])])])]..*..*",
    "$..[-2147483648:2147483647]..*",
    "$..[?(@ =~ /(a*)*b/)]..*..*..*",
    "$[*][?(@ anyof $[*][*])][*]..*..*..*",
};

START_TEST(a_greedy_path_ends)
{
    struct js_buf b = {0};
    json_object *root, *out;
    struct err err = {0};

    for (int i = 0; i < 900; i++)
        js_buf_str(&b, "[");
    js_buf_str(&b, "[1");
    for (int i = 0; i < 30000; i++)
        js_buf_str(&b, ",\"aaaaaa\"");
    js_buf_str(&b, "]");
    for (int i = 0; i < 900; i++)
        js_buf_str(&b, ",1]");
    ck_assert_int_eq(js_parse(b.p, b.len, &root, NULL), 0);
    ck_assert_int_eq(jpath_select(compile(GREEDY[_i]), root, &out, &err), -1);
    ck_assert_str_eq(err.name, "States.DataLimitExceeded");
    json_object_put(root);
    js_buf_fini(&b);
}
END_TEST

/*
 * Work is counted where it is done, in visits: a visit is one value, or 64 bytes that are compared.  Here
 * REPEAT stands for a part of the path that is repeated so that there are 900.
 */
static const struct {
    const char *says, *path;
    size_t visits; /* at least */
} COSTS[] = {
    {"each name of a union is looked up", "$['a'REPEAT]", 900},
    {"each index of a union is looked up", "$.list[0REPEAT]", 900},
    {"in a deep scan at each value", "$..['b'REPEAT]", 4 * 900},
    {"long texts are put in order", "$.list[?($.long < $.long)]", 3 * 100},
    {"long texts are compared", "$.list[?($.long == $.long)]", 3 * 100},
    {"the characters of long texts are counted", "$.list[?($.long size 1)]", 3 * 100},
    {"a text is searched in a long one", "$.list[?($.long contains 'y')]", 3 * 100},
    {"a long text is matched", "$.list[?($.long =~ /y/)]", 3 * 100},
    {"a path is turned around", "$.list[?($..aREPEAT.max() == 1)]", 800},
};

static const char *repeated(const char *path)
{
    const char *at = strstr(path, "REPEAT");
    struct js_buf b = {0};

    js_buf_add(&b, path, at ? (size_t)(at - path) : strlen(path));
    for (int i = 1; at && i < 900; i++)
        js_buf_str(&b, strstr(path, "max") ? ".a" : strstr(path, "list") ? ",7" : ",'a'");
    if (at)
        js_buf_str(&b, at + strlen("REPEAT"));
    const char *copy = arena_strndup(arena, b.p, b.len);
    js_buf_fini(&b);
    return copy;
}

START_TEST(what_a_path_does_is_counted)
{
    size_t left = JPATH_VISITS_MAX;
    struct js_buf b = {0};
    json_object *out = NULL;
    struct err err = {0};

    js_buf_str(&b, "{\"a\":1,\"list\":[1,2,3],\"long\":\"");
    for (int i = 0; i < 6400; i++)
        js_buf_str(&b, "x");
    js_buf_str(&b, "\"}");
    struct world w = {.data = parse(b.p)};
    struct jpath_env env = {.root = root_of, .self = &w, .visits_left = &left};
    jpath_eval(compile(repeated(COSTS[_i].path)), &env, &out, &err);
    ck_assert_msg(JPATH_VISITS_MAX - left >= COSTS[_i].visits, "%s: %zu visits", COSTS[_i].says,
                  JPATH_VISITS_MAX - left);
    ck_assert_uint_lt(JPATH_VISITS_MAX - left, 20 * COSTS[_i].visits);
    json_object_put(out);
    js_buf_fini(&b);
}
END_TEST

START_TEST(a_pattern_that_becomes_far_longer_does_not_compile)
{
    struct err err;

    ck_assert_ptr_nonnull(jpath_parse(arena, "$[?(@ =~ /(?:ab){20}c*/)]", 25, &err));
    ck_assert_ptr_null(jpath_parse(arena, "$[?(@ =~ /(?:ab){999}/)]", 24, &err));
    ck_assert_str_eq(err.cause, "a regular expression that repeats too much at character 22");
    ck_assert_ptr_null(jpath_parse(arena, "$[?(@ =~ /(?:ab/)]", 18, &err));
    ck_assert_str_eq(err.cause, "not a regular expression at character 16");
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof *(table))

int main(void)
{
    Suite *s = suite_create("Amazon States Language: paths");
    TCase *t = tcase_create("jpath");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_path_knows_what_it_is, 0, COUNT(KINDS));
    tcase_add_loop_test(t, what_is_wrong_is_said_with_its_place, 0, COUNT(MALFORMED));
    tcase_add_loop_test(t, a_value_is_written_into_a_copy, 0, COUNT(WRITES));
    tcase_add_loop_test(t, a_value_is_written_into_a_text_as_into_a_tree, 0, COUNT(WRITES));
    tcase_add_test(t, a_text_is_bounded_in_depth_as_a_tree_is);
    tcase_add_test(t, writing_again_and_again_is_bounded_in_depth);
    tcase_add_test(t, the_environment_is_asked_for_the_root);
    tcase_add_test(t, fields_of_a_state_get_an_empty_array_where_jayway_refuses);
    tcase_add_test(t, a_long_path_does_not_compile);
    tcase_add_loop_test(t, a_greedy_path_ends, 0, COUNT(GREEDY));
    tcase_add_loop_test(t, what_a_path_does_is_counted, 0, COUNT(COSTS));
    tcase_add_test(t, a_pattern_that_becomes_far_longer_does_not_compile);
    tcase_set_timeout(t, 30);
    suite_add_tcase(s, t);

    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
