#include "page.h"

#include "base/clock.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char KEY[16] = "the store's key", OTHER[16] = "another's key";
static const int64_t NOW = 1764000000 * CLOCK_SECOND, HOUR = 3600 * CLOCK_SECOND;

static char token[PAGE_TOKEN_BYTES], position[PAGE_POSITION_BYTES];
static struct err err;

static int read_at(const char *text, const char *kind, int64_t now_us)
{
    return page_read(text, strlen(text), KEY, kind, now_us, position, &err);
}

static const char *const POSITIONS[] = {
    "",
    "0",
    "12 34",
    "order",
    "Zählung-数 with blanks",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

START_TEST(a_token_brings_its_position_back)
{
    page_token(token, KEY, "machines", POSITIONS[_i], NOW);
    ck_assert_int_eq(read_at(token, "machines", NOW + 23 * HOUR), 0);
    ck_assert_str_eq(position, POSITIONS[_i]);
}
END_TEST

START_TEST(the_longest_position_fits_into_a_token)
{
    char longest[PAGE_POSITION_BYTES];

    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    page_token(token, KEY, "machines", longest, NOW);
    ck_assert_uint_lt(strlen(token), PAGE_TOKEN_BYTES);
    ck_assert_int_eq(read_at(token, "machines", NOW), 0);
    ck_assert_str_eq(position, longest);
}
END_TEST

START_TEST(a_token_needs_no_escapes_in_a_query)
{
    for (int i = 0; i < 200; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        page_token(token, KEY, "machines", text, NOW);
        ck_assert_uint_eq(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
                          strlen(token));
    }
}
END_TEST

static void refused(int rc)
{
    ck_assert_int_eq(rc, -1);
    ck_assert_str_eq(err.name, "InvalidToken");
    ck_assert_str_eq(err.cause, "Invalid Token: 'Invalid token'");
}

START_TEST(a_token_ends_after_24_hours)
{
    page_token(token, KEY, "machines", "x", NOW);
    refused(read_at(token, "machines", NOW + 24 * HOUR + CLOCK_SECOND));
}
END_TEST

START_TEST(a_token_is_good_for_its_question_alone)
{
    page_token(token, KEY, "machines", "x", NOW);
    refused(read_at(token, "executions order ", NOW));
    refused(page_read(token, strlen(token), OTHER, "machines", NOW, position, &err));
}
END_TEST

START_TEST(a_changed_token_is_refused)
{
    page_token(token, KEY, "machines", "order", NOW);
    for (size_t i = 0; i < strlen(token); i++) {
        char kept = token[i];
        token[i] = kept == 'A' ? 'B' : 'A';
        refused(read_at(token, "machines", NOW));
        token[i] = kept;
    }
    ck_assert_int_eq(read_at(token, "machines", NOW), 0);
}
END_TEST

static const char *const RUBBISH[] = {
    "",
    "x",
    "invalid",
    "====",
    "AAAA",
    "    ",
    "\xFF\xFF\xFF\xFF",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};

START_TEST(what_is_no_token_is_refused)
{
    refused(read_at(RUBBISH[_i], "machines", NOW));
}
END_TEST

START_TEST(a_token_of_any_length_is_refused_or_read)
{
    char text[5000];

    memset(text, 'A', sizeof text);
    for (size_t len = 0; len < sizeof text; len++)
        refused(page_read(text, len, KEY, "machines", NOW, position, &err));
}
END_TEST

#define ROWS(table) (int)(sizeof table / sizeof *table)

int main(void)
{
    Suite *suite = suite_create("nextToken");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, a_token_brings_its_position_back, 0, ROWS(POSITIONS));
    tcase_add_test(t, the_longest_position_fits_into_a_token);
    tcase_add_test(t, a_token_needs_no_escapes_in_a_query);
    tcase_add_test(t, a_token_ends_after_24_hours);
    tcase_add_test(t, a_token_is_good_for_its_question_alone);
    tcase_add_test(t, a_changed_token_is_refused);
    tcase_add_loop_test(t, what_is_no_token_is_refused, 0, ROWS(RUBBISH));
    tcase_add_test(t, a_token_of_any_length_is_refused_or_read);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
