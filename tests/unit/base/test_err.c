#include "base/err.h"

#include <check.h>
#include <signal.h>
#include <string.h>

START_TEST(refusing_takes_one_line)
{
    struct err err;

    ck_assert_int_eq(err_set(&err, ERR_RUNTIME, "%s is %d", "x", 3), -1);
    ck_assert_str_eq(err.name, "States.Runtime");
    ck_assert_str_eq(err.cause, "x is 3");
}
END_TEST

START_TEST(nobody_needs_to_listen)
{
    ck_assert_int_eq(err_set(NULL, ERR_RUNTIME, "x"), -1);
}
END_TEST

START_TEST(a_long_cause_is_cut_at_the_end_of_a_character)
{
    static const char *const characters[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    const char *c = characters[_i];
    char text[3 * ERR_CAUSE_BYTES] = "";
    struct err err;

    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t at = shift; at + strlen(c) < sizeof text; at += strlen(c))
            strcpy(text + at, c);
        err_set(&err, ERR_RUNTIME, "%s", text);
        size_t len = strlen(err.cause);
        ck_assert_uint_lt(len, ERR_CAUSE_BYTES);
        ck_assert_uint_ge(len + strlen(c), ERR_CAUSE_BYTES);
        ck_assert_msg((len - shift) % strlen(c) == 0, "%zu bytes end within a character", len);
    }
}
END_TEST

START_TEST(api_errors_have_a_status)
{
    ck_assert_int_eq(err_http_status("ExecutionDoesNotExist"), 400);
    ck_assert_int_eq(err_http_status(ERR_TOO_LARGE), 413);
    ck_assert_int_eq(err_http_status("States.Runtime"), 500);
}
END_TEST

START_TEST(a_broken_invariant_aborts)
{
    signal(SIGABRT, SIG_DFL); /* what is expected is nothing that a sanitizer should report */
    PAWL_ASSERT(1 + 1 == 3);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("err");
    TCase *t = tcase_create("err");

    tcase_add_test(t, refusing_takes_one_line);
    tcase_add_test(t, nobody_needs_to_listen);
    tcase_add_loop_test(t, a_long_cause_is_cut_at_the_end_of_a_character, 0, 4);
    tcase_add_test(t, api_errors_have_a_status);
    tcase_add_test_raise_signal(t, a_broken_invariant_aborts, 6);
    suite_add_tcase(s, t);

    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
