#include "base/json.h"
#include "base/value.h"

#include <check.h>
#include <string.h>

START_TEST(text_passes_through_unparsed)
{
    const char *text = " {\"b\" : 1.50, \"a\":2}";
    struct value *v = value_new(text, strlen(text));
    size_t len;

    ck_assert_str_eq(value_text(v, &len), text);
    ck_assert_uint_eq(len, strlen(text));
    ck_assert_uint_eq(value_bytes(v), strlen(text));
    ck_assert(!value_has_tree(v));
    value_tree(v);
    ck_assert(value_has_tree(v));
    value_unref(v);
}
END_TEST

START_TEST(the_tree_is_made_once_and_the_text_stays)
{
    struct value *v = value_new("{\"a\": [1]}", 10);
    json_object *tree = value_tree(v);

    ck_assert_ptr_eq(value_tree(v), tree);
    ck_assert_str_eq(value_text(v, NULL), "{\"a\": [1]}");
    value_unref(v);
}
END_TEST

START_TEST(a_computed_value_gets_its_text_when_asked)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "x", json_object_new_string_len("a\0b/", 4));
    struct value *v = value_take(o, 0);

    ck_assert_str_eq(value_text(v, NULL), "{\"x\":\"a\\u0000b/\"}");
    ck_assert_ptr_eq(value_tree(v), o);
    value_unref(v);
}
END_TEST

START_TEST(null_is_a_value)
{
    struct value *taken = value_take(NULL, 0), *read = value_new("null", 4);

    ck_assert_str_eq(value_text(taken, NULL), "null");
    ck_assert_ptr_null(value_tree(taken));
    ck_assert_ptr_null(value_tree(read));
    value_unref(taken);
    value_unref(read);
}
END_TEST

START_TEST(references_are_counted)
{
    struct value *v = value_empty_object(), *again = value_ref(v);

    value_unref(v);
    ck_assert_str_eq(value_text(again, NULL), "{}");
    value_unref(again);
    ck_assert_ptr_null(value_ref(NULL));
    value_unref(NULL);
}
END_TEST

START_TEST(a_resting_value_keeps_its_text_alone)
{
    struct value *v = value_take(json_object_new_int64(7), 0);

    value_rest(v);
    ck_assert_str_eq(value_text(v, NULL), "7");
    ck_assert_int_eq(json_object_get_int64(value_tree(v)), 7);
    value_rest(v);
    value_unref(v);
    value_rest(NULL);
}
END_TEST

START_TEST(what_was_written_here_is_plain)
{
    struct js_buf text = {0};

    js_buf_str(&text, "[1,2]");
    struct value *came = value_new("[1, 2]", 6), *made = value_take(json_object_new_int64(7), 0),
                 *written = value_plain(&text, NULL, false), *copy = value_copy(written);
    ck_assert(!value_is_plain(came) && value_is_plain(made) && value_is_plain(written) &&
              value_is_plain(copy));
    ck_assert(!value_has_tree(written));
    ck_assert_int_eq(json_object_array_length(value_tree(written)), 2);
    ck_assert_str_eq(value_text(copy, NULL), "[1,2]");
    value_unref(came);
    value_unref(made);
    value_unref(written);
    value_unref(copy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("value");
    TCase *t = tcase_create("value");

    tcase_add_test(t, text_passes_through_unparsed);
    tcase_add_test(t, the_tree_is_made_once_and_the_text_stays);
    tcase_add_test(t, a_computed_value_gets_its_text_when_asked);
    tcase_add_test(t, null_is_a_value);
    tcase_add_test(t, references_are_counted);
    tcase_add_test(t, a_resting_value_keeps_its_text_alone);
    tcase_add_test(t, what_was_written_here_is_plain);
    suite_add_tcase(s, t);

    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
