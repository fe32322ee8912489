/* JSONata as its users in C see it. The language itself is tests/spec/jsonata. */
#include "lang/jsonata.h"

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

static const struct jsonata *compiled(const char *text)
{
    struct err err = {0};
    const struct jsonata *x = jsonata_parse(arena, text, strlen(text), &err, NULL);

    ck_assert_msg(x != NULL, "%s: %s %s", text, err.name, err.cause);
    return x;
}

static json_object *result(const char *text, const struct jsonata_env *env)
{
    enum jsonata_kind kind;
    json_object *out;
    struct err err = {0};

    ck_assert_msg(jsonata_eval(compiled(text), env, &kind, &out, &err, NULL) == 0, "%s: %s", text, err.cause);
    ck_assert_int_eq(kind, JSONATA_JSON);
    return arena_adopt(arena, out);
}

/* ---- variables ---- */

struct asked {
    json_object *variables;
    int times;
    char last[32];
};

static int variable(void *self, const char *name, json_object **value, struct err *err)
{
    struct asked *a = self;

    a->times++;
    snprintf(a->last, sizeof a->last, "%s", name);
    if (!strcmp(name, "broken"))
        return err_set(err, "T9", "it cannot be read");
    return json_object_object_get_ex(a->variables, name, value);
}

START_TEST(a_variable_is_asked_for_when_it_is_needed_and_once)
{
    struct asked asked = {.variables = parse("{\"x\":{\"a\":[1,2]},\"n\":null}")};
    struct jsonata_env env = {.variable = variable, .self = &asked};

    ck_assert_str_eq(written(result("$x.a[0] + $x.a[1]", &env)), "3");
    ck_assert_int_eq(asked.times, 1);
    ck_assert_str_eq(asked.last, "x");
    ck_assert_str_eq(written(result("true ? 1 : $x", &env)), "1");
    ck_assert_str_eq(written(result("($x := 5; $x)", &env)), "5");
    ck_assert_int_eq(asked.times, 1);
    ck_assert_str_eq(written(result("[$n]", &env)), "[null]");
}
END_TEST

START_TEST(a_variable_hides_a_function_and_a_local_one_hides_both)
{
    struct asked asked = {.variables = parse("{\"sum\":7}")};
    struct jsonata_env env = {.variable = variable, .self = &asked};

    ck_assert_str_eq(written(result("$sum", &env)), "7");
    ck_assert_str_eq(written(result("($sum := 8; $sum)", &env)), "8");
    ck_assert_str_eq(written(result("$max([1, 2])", &env)), "2");
}
END_TEST

START_TEST(a_variable_that_cannot_be_had_ends_the_evaluation)
{
    struct asked asked = {.variables = NULL};
    struct jsonata_env env = {.variable = variable, .self = &asked};
    enum jsonata_kind kind;
    json_object *out;
    struct err err = {0};

    ck_assert_int_eq(jsonata_eval(compiled("[1, $broken]"), &env, &kind, &out, &err, NULL), -1);
    ck_assert_str_eq(err.name, "T9");
    ck_assert_str_eq(err.cause, "it cannot be read");
}
END_TEST

/* ---- input and result ---- */

START_TEST(the_result_shares_what_it_takes_over)
{
    struct jsonata_env env = {.input = parse("{\"big\":{\"a\":[1,2.50]},\"n\":12345678901234567890}"),
                              .has_input = true};
    json_object *out = result("{'copy': big, 'all': $}", &env), *copy;

    json_object_object_get_ex(out, "copy", &copy);
    ck_assert_ptr_eq(copy, json_object_object_get(env.input, "big"));
    ck_assert_str_eq(
        written(out),
        "{\"copy\":{\"a\":[1,2.50]},\"all\":{\"big\":{\"a\":[1,2.50]},\"n\":12345678901234567890}}");
}
END_TEST

START_TEST(a_transform_leaves_the_input_as_it_was)
{
    struct jsonata_env env = {.input = parse("{\"a\":{\"b\":1}}"), .has_input = true};

    ck_assert_str_eq(written(result("$ ~> |a|{'b': 2}|", &env)), "{\"a\":{\"b\":2}}");
    ck_assert_str_eq(written(result("$ ~> |$$.a|{'b': 2}|", &env)), "{\"a\":{\"b\":1}}");
    ck_assert_str_eq(written(env.input), "{\"a\":{\"b\":1}}");
}
END_TEST

static const struct {
    const char *says, *text;
    enum jsonata_kind kind;
} KINDS[] = {
    {"null is a value", "null", JSONATA_JSON},
    {"what finds nothing is undefined", "nothing", JSONATA_UNDEFINED},
    {"an empty sequence is undefined", "[1,2][$>5]", JSONATA_UNDEFINED},
    {"an empty array is none", "[]", JSONATA_JSON},
    {"a function is no value", "$sum", JSONATA_FUNCTION},
    {"a regular expression is a function", "/a/", JSONATA_FUNCTION},
    {"an array of functions is a value", "[$sum]", JSONATA_JSON},
};

START_TEST(results_are_values_or_undefined_or_functions)
{
    struct jsonata_env env = {.has_input = false};
    enum jsonata_kind kind;
    json_object *out;

    ck_assert_int_eq(jsonata_eval(compiled(KINDS[_i].text), &env, &kind, &out, NULL, NULL), 0);
    ck_assert_msg(kind == KINDS[_i].kind, "%s", KINDS[_i].says);
    json_object_put(out);
}
END_TEST

START_TEST(a_lone_surrogate_becomes_a_replacement_character)
{
    struct jsonata_env env = {.has_input = false};

    ck_assert_str_eq(written(result("\"a\\ud800\" & \"b\"", &env)), "\"a\xEF\xBF\xBD"
                                                                    "b\"");
    ck_assert_str_eq(written(result("\"\\ud83d\" & \"\\ude00\"", &env)), "\"\xF0\x9F\x98\x80\"");
    ck_assert_str_eq(written(result("{\"\\ud800\": 1}", &env)), "{\"\xEF\xBF\xBD\":1}");
}
END_TEST

/* ---- one expression, many evaluations ---- */

START_TEST(evaluations_do_not_see_each_other)
{
    const struct jsonata *x = compiled("($n := $exists($n) ? $n + 1 : 0; $n)");
    struct jsonata_env env = {.scratch = arena_new()};

    for (int i = 0; i < 3; i++) {
        enum jsonata_kind kind;
        json_object *out;
        ck_assert_int_eq(jsonata_eval(x, &env, &kind, &out, NULL, NULL), 0);
        ck_assert_str_eq(written(out), "0");
        json_object_put(out);
    }
    arena_free(env.scratch);
}
END_TEST

static uint64_t same_dice(void *self)
{
    (void)self;
    return UINT64_C(0x8000000000000000);
}

START_TEST(time_and_chance_are_given)
{
    struct jsonata_env env = {.now_ms = 1700000000123, .dice = same_dice};
    enum jsonata_kind kind;
    json_object *out;
    struct err err;

    ck_assert_str_eq(written(result("$millis()", &env)), "1700000000123");
    ck_assert_str_eq(written(result("$random()", &env)), "0.5");
    ck_assert_str_eq(written(result("$uuid()", &env)), "\"00000000-0000-4080-8000-000000000080\"");
    env.dice = NULL;
    ck_assert_int_eq(jsonata_eval(compiled("$random()"), &env, &kind, &out, &err, NULL), -1);
    ck_assert_str_eq(written(result("$random(1) = $random(1)", &env)), "true");
}
END_TEST

START_TEST(eval_is_there_where_it_is_allowed)
{
    struct jsonata_env env = {.eval = false};
    enum jsonata_kind kind;
    json_object *out;
    struct err err;

    ck_assert_int_eq(jsonata_eval(compiled("$eval('1')"), &env, &kind, &out, &err, NULL), -1);
    ck_assert_str_eq(err.name, "T1006");
    env.eval = true;
    ck_assert_str_eq(written(result("$eval('1')", &env)), "1");
    ck_assert_str_eq(
        written(result("($x := 2; $f := function($y) {$x * $y}; $eval('($y := 3; $f($y) + $x)'))", &env)),
        "8");
}
END_TEST

/* ---- errors ---- */

START_TEST(an_error_says_where_and_at_what)
{
    struct jsonata_place place;
    struct err err;

    ck_assert_ptr_null(jsonata_parse(arena, "\"\xF0\x9F\x98\x80\" )", 8, &err, &place));
    ck_assert_str_eq(err.name, "S0201");
    ck_assert_str_eq(err.cause, "Syntax error: \")\"");
    ck_assert_int_eq(place.position, 6); /* UTF-16 units */
    ck_assert_str_eq(place.token, ")");

    struct jsonata_env env = {.has_input = false};
    enum jsonata_kind kind;
    json_object *out;
    ck_assert_int_eq(jsonata_eval(compiled("1 + $sum('a')"), &env, &kind, &out, &err, &place), -1);
    ck_assert_str_eq(err.name, "T0412");
    ck_assert_str_eq(err.cause, "Argument 1 of function \"sum\" must be an array of \"numbers\"");
    ck_assert_int_eq(place.position, 9);
    ck_assert_str_eq(place.token, "sum");
}
END_TEST

static char *repeated(const char *what, size_t times)
{
    struct js_buf b = {0};
    for (size_t i = 0; i < times; i++)
        js_buf_str(&b, what);
    char *text = arena_strndup(arena, b.p, b.len);
    js_buf_fini(&b);
    return text;
}

static const struct {
    const char *says, *part;
    size_t times;
    const char *code; /* "": good */
} NESTED[] = {
    {"parentheses", "(", 100000, "U1002"},
    {"arrays", "[", 100000, "U1002"},
    {"objects", "{\"a\":", 100000, "U1002"},
    {"negations", "-", 100000, "U1002"},
    {"functions", "function(){", 100000, "U1002"},
    {"conditions", "a?", 100000, "U1002"},
    {"assignments", "$a:=", 100000, "U1002"},
    {"sums", "1+", 100000, "U1002"},
    {"paths", "a.", 100000, "U1002"},
    {"predicates", "a[", 100000, "U1002"},
    {"calls", "$f(", 100000, "U1002"},
    {"a long sum", "1+", 1000, "S0207"},
    {"some parentheses", "(", 300, "S0203"},
    {"a long block", "1;", 100000, "S0201"},
};

START_TEST(what_is_nested_too_deeply_is_refused)
{
    char *text = repeated(NESTED[_i].part, NESTED[_i].times);
    struct err err = {0};

    ck_assert_ptr_null(jsonata_parse(arena, text, strlen(text), &err, NULL));
    ck_assert_msg(!strcmp(err.name, NESTED[_i].code), "%s: %s", NESTED[_i].says, err.name);
}
END_TEST

/* ---- bounds ---- */

START_TEST(evaluations_that_share_their_steps_end_together)
{
    size_t left = 1000;
    struct jsonata_env env = {.steps_left = &left};
    enum jsonata_kind kind;
    json_object *out;
    struct err err;

    ck_assert_str_eq(written(result("$sum([1..800])", &env)), "320400");
    size_t took = 1000 - left;
    ck_assert_uint_ge(took, 100);
    ck_assert_str_eq(written(result("$sum([1..800])", &env)), "320400");
    ck_assert_uint_eq(left, 1000 - 2 * took);
    ck_assert_int_eq(jsonata_eval(compiled("$sum([1..80000])"), &env, &kind, &out, &err, NULL), -1);
    ck_assert_str_eq(err.name, "U1001");
    ck_assert_str_eq(err.cause, "Expression evaluation timeout: The expressions that are evaluated together "
                                "take too many steps");
    ck_assert_uint_eq(left, 0);
}
END_TEST

#define LONG "$s := $pad('', 64000, 'a');" /* comparing two of them costs a thousand steps */

static const struct {
    const char *says, *text;
    size_t least; /* steps */
} COUNTED[] = {
    {"text that grows", "$reduce([1..100], function($a, $i) {$a & $i}, $pad('', 64000)) ~> $length()", 5000},
    {"equal texts", "(" LONG "$t := $s & 'b'; $u := $s & 'c'; [1..100][$t = $u])", 100000},
    {"the order of texts", "(" LONG "$t := $s & 'b'; $u := $s & 'c'; [1..100][$t > $u])", 100000},
    {"sorted texts", "(" LONG "$count($sort([1..100].($s))))", 300000},
    {"texts that items are sorted by", "(" LONG "$count([1..100].{'s': $s}^(s)))", 300000},
    {"a text among others", "(" LONG "$t := $s & 'b'; $u := $s & 'c'; $u in [1..100].($t))", 100000},
    {"distinct texts", "(" LONG "$count($distinct([1..100].($s))))", 200000},
    {"long names", "(" LONG "$count($keys([1..100].{$s: $})))", 50000},
    {"long names that are looked up", "(" LONG "$o := {$s: 1}; $count([1..100].$lookup($o, $s)))", 25000},
    {"groups by long names", "(" LONG "[1..100]{$s: $count($)}) ~> $count()", 50000},
    {"equal objects",
     "($o := [1..100].{$string($): $}; $p := $merge($o); $q := $merge($o); [1..10][$p != $q])", 2000},
    {"names of many objects", "($o := $merge([1..100].{$string($): $}); $keys([1..10].($o)) ~> $count())",
     1000},
    {"distinct objects", "($o := $merge([1..100].{$string($): $}); $count($distinct([1..10].($o))))", 1000},
    {"members that are deleted", "$merge([1..1000].{$string($): $}) ~> |$|{}, $keys($)| ~> $count()", 60000},
    {"many variables", NULL, 100000},
    {"predicates of many numbers", "($n := $append([1..1000], 'x'); $count([1..100][$n]))", 50000},
    {"characters", "(" LONG "[1..100].$length($s)) ~> $count()", 400000},
    {"parts of texts", "(" LONG "[1..100].$substring($s, 1, 1)) ~> $count()", 400000},
    {"texts that are looked for", "(" LONG "[1..100].$contains($s, 'b')) ~> $count()", 800000},
    {"texts that are parted", "(" LONG "[1..100].$substringAfter($s, 'b')) ~> $count()", 800000},
    {"numbers of many digits", "($s := $pad('', 300, '7'); [1..100].$number($s)) ~> $count()", 7500},
    {"numbers as text", "[1..1000].$string($ / 7) ~> $count()", 8000},
    {"pictures of numbers", "[1..100].$formatNumber($, '0.0') ~> $count()", 3000},
    {"pictures of moments", "[1..100].$fromMillis($, '[Y]') ~> $count()", 3000},
    {"digests", "(" LONG "[1..10].$hash($s)) ~> $count()", 100000},
    {"JSON", "$parse('[' & $join([1..1000].('{}'), ',') & ']') ~> $count()", 12000},
    {"each place of a text, by expression", "(" LONG "$contains($s, /a?[bc]/))", 128000},
    {"repetitions from each place", "($s := $pad('', 1000, 'a'); $contains($s, /a*[bc]/))", 30000},
    {"repetitions of a number", "($s := $pad('', 1000, 'a'); $contains($s, /a{900}[bc]/))", 5000},
    {"going back", "($s := $pad('', 20, 'a'); $contains($s & 'b', /(a|a)+$/))", 500000},
    {"back references",
     "($s := $pad('', 1000, 'a') & 'g'; $contains($s, /^(a{400})(\\1b|\\1c|\\1d|\\1e|\\1f)*g/))", 150},
    {"matches that are described", "(" LONG "$replace($s, /a/, function($m) {''})) ~> $length()", 400000},
    {"arguments",
     "[1..100].$zip([1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1],[1]) ~> $count()", 4800},
    {"what the result is made of", "[1..1000].{'a': $}", 14000},
};

/* ($v0 := 0; $v1 := 1; ...): each is looked for among those before it. */
static const char *many_variables(void)
{
    struct js_buf b = {0};

    js_buf_str(&b, "(");
    for (int i = 0; i < 2000; i++) {
        js_buf_str(&b, "$v");
        js_buf_int(&b, i);
        js_buf_str(&b, " := 1; ");
    }
    js_buf_str(&b, ")");
    const char *text = arena_strndup(arena, b.p, b.len);
    js_buf_fini(&b);
    return text;
}

START_TEST(what_an_expression_does_is_counted)
{
    const char *text = COUNTED[_i].text ? COUNTED[_i].text : many_variables();
    size_t left = 100000000;
    struct jsonata_env env = {.steps_left = &left, .limits = {.steps = 100000000, .memory_bytes = 1 << 30}};
    enum jsonata_kind kind;
    json_object *out;
    struct err err;

    ck_assert_msg(jsonata_eval(compiled(text), &env, &kind, &out, &err, NULL) == 0, "%s: %s %s",
                  COUNTED[_i].says, err.name, err.cause);
    json_object_put(out);
    ck_assert_msg(100000000 - left >= COUNTED[_i].least, "%s: %zu steps", COUNTED[_i].says, 100000000 - left);
}
END_TEST

/* ---- static checks ---- */

static void note(void *self, const char *name, bool read, bool bound)
{
    struct js_buf *b = self;

    js_buf_str(b, name);
    js_buf_str(b, read && bound ? ":rb " : read ? ":r " : ":b ");
}

static const struct {
    const char *text, *variables;
    bool input;
} CHECKED[] = {
    {"$states.input.a + $x", "states:r x:r ", false},
    {"$sum($x)", "x:r ", false},
    {"($y := 1; $y + $z)", "y:rb z:r ", false},
    {"$map($l, function($v, $i) {$v})", "l:r v:rb i:b ", false},
    {"$l@$a#$b.($a)", "l:r a:rb b:b ", false},
    {"($states := 1)", "states:b ", false},
    {"($sum := 1; $sum)", "sum:rb ", false},
    {"foo", "", true},
    {"$", "", true},
    {"$x.foo", "x:r ", false},
    {"$x[foo = 1]", "x:r ", false},
    {"$x[$$.a]", "x:r ", true},
    {"$x.($ + 1)", "x:r ", false},
    {"{'a': foo}", "", true},
    {"[1, [*]]", "", true},
    {"**", "", true},
    {"$x{foo: $sum(bar)}", "x:r ", false},
    {"$x^(foo)", "x:r ", false},
    {"function($a) {$a.b}($x)", "a:rb x:r ", false},
    {"function() {b}()", "", true},
    {"$x ~> |a|{'b': c}|", "x:r ", false},
    {"$x ? $y : z", "x:r y:r ", true},
    {"-a", "", true},
    {"$substring(?, $)", "", true},
    {"'a'.b", "", true},
};

START_TEST(what_an_expression_reads_is_known_beforehand)
{
    const struct jsonata *x = compiled(CHECKED[_i].text);
    struct js_buf b = {0};

    js_buf_str(&b, "");
    jsonata_variables(x, note, &b);
    ck_assert_str_eq(arena_strndup(arena, b.p, b.len), CHECKED[_i].variables);
    ck_assert_msg(jsonata_reads_input(x) == CHECKED[_i].input, "%s", CHECKED[_i].text);
    js_buf_fini(&b);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void)
{
    Suite *s = suite_create("JSONata");
    TCase *tc = tcase_create("jsonata");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_variable_is_asked_for_when_it_is_needed_and_once);
    tcase_add_test(tc, a_variable_hides_a_function_and_a_local_one_hides_both);
    tcase_add_test(tc, a_variable_that_cannot_be_had_ends_the_evaluation);
    tcase_add_test(tc, the_result_shares_what_it_takes_over);
    tcase_add_test(tc, a_transform_leaves_the_input_as_it_was);
    tcase_add_loop_test(tc, results_are_values_or_undefined_or_functions, 0, COUNT(KINDS));
    tcase_add_test(tc, a_lone_surrogate_becomes_a_replacement_character);
    tcase_add_test(tc, evaluations_do_not_see_each_other);
    tcase_add_test(tc, time_and_chance_are_given);
    tcase_add_test(tc, eval_is_there_where_it_is_allowed);
    tcase_add_test(tc, an_error_says_where_and_at_what);
    tcase_add_loop_test(tc, what_is_nested_too_deeply_is_refused, 0, COUNT(NESTED));
    tcase_add_test(tc, evaluations_that_share_their_steps_end_together);
    tcase_add_loop_test(tc, what_an_expression_does_is_counted, 0, COUNT(COUNTED));
    tcase_add_loop_test(tc, what_an_expression_reads_is_known_beforehand, 0, COUNT(CHECKED));
    suite_add_tcase(s, tc);

    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
