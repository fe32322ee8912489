/* Pictures of numbers and moments: what is too long, and what must hold for all. Case by case:
 * tests/spec/picture. */
#include "base/clock.h"
#include "lang/jsonata_picture.h"

#include <check.h>
#include <math.h>
#include <string.h>

static struct arena *arena;
static struct err err;

static void setup(void)
{
    arena = arena_new();
    err = (struct err){.name = NULL};
}

static void teardown(void)
{
    arena_free(arena);
}

static struct jsonata_text text(const char *p)
{
    return (struct jsonata_text){p, strlen(p)};
}

/* unit, again and again: so many characters of it. */
static struct jsonata_text repeated(const char *unit, size_t times)
{
    size_t n = strlen(unit);
    char *p = arena_alloc(arena, n * times + 1);

    for (size_t i = 0; i < times; i++)
        memcpy(p + i * n, unit, n);
    return (struct jsonata_text){p, n * times};
}

static void is_too_long(int rc)
{
    ck_assert_int_eq(rc, -1);
    ck_assert_str_eq(err.name, "U1001");
    ck_assert_ptr_nonnull(strstr(err.cause, "at most"));
    err.name = NULL;
}

START_TEST(pictures_and_texts_have_an_end)
{
    struct jsonata_text out, at_most = repeated("0", JSONATA_PICTURE_CHARS_MAX),
                             more = repeated("0", JSONATA_PICTURE_CHARS_MAX + 1), year = text("[Y]"),
                             moment = repeated("1", JSONATA_MOMENT_CHARS_MAX + 1);
    double d;

    ck_assert_int_eq(jsonata_format_integer(arena, 1, at_most, &out, &err), 0);
    ck_assert_uint_eq(out.len, JSONATA_PICTURE_CHARS_MAX);
    is_too_long(jsonata_format_integer(arena, 1, more, &out, &err));
    is_too_long(jsonata_parse_integer(arena, text("1"), more, &d, &err));
    is_too_long(
        jsonata_parse_integer(arena, repeated("1", JSONATA_INTEGER_CHARS_MAX + 1), text("0"), &d, &err));
    is_too_long(jsonata_format_number(arena, 1, more, NULL, 0, &out, &err));
    is_too_long(jsonata_from_millis(arena, 0, &more, NULL, &out, &err));
    is_too_long(jsonata_from_millis(arena, 0, NULL, &moment, &out, &err));
    is_too_long(jsonata_to_millis(arena, text("1"), &more, 0, &d, &err));
    is_too_long(jsonata_to_millis(arena, moment, &year, 0, &d, &err));
}
END_TEST

START_TEST(a_picture_asks_for_no_more_than_can_be_written)
{
    struct jsonata_option minus = {text("minus-sign"), repeated("-", JSONATA_PICTURE_CHARS_MAX + 1)};
    struct jsonata_text out, markers = repeated("[Y]", 101);

    is_too_long(jsonata_from_millis(arena, 0, &markers, NULL, &out, &err));
    is_too_long(jsonata_format_integer(arena, 1e300, text("I"), &out, &err));
    is_too_long(jsonata_format_number(arena, -1, text("0"), &minus, 1, &out, &err));
    struct jsonata_text places = repeated("0", 103), exponent = repeated("0", 303);
    ((char *)places.p)[1] = '.';
    ((char *)exponent.p)[301] = 'e';
    is_too_long(jsonata_format_number(arena, 1, places, NULL, 0, &out, &err));
    is_too_long(jsonata_format_number(arena, 1, exponent, NULL, 0, &out, &err));
}
END_TEST

START_TEST(the_largest_number_has_words_and_letters)
{
    struct jsonata_text out;

    ck_assert_int_eq(jsonata_format_integer(arena, 1.7976931348623157e308, text("w"), &out, &err), 0);
    ck_assert_uint_gt(out.len, 300);
    ck_assert_int_eq(jsonata_format_integer(arena, 1.7976931348623157e308, text("A"), &out, &err), 0);
    ck_assert_int_eq(jsonata_format_integer(arena, NAN, text("w"), &out, &err), -1);
    ck_assert_str_eq(err.name, "D1001");
}
END_TEST

/* Whoever reads it by repeated trying would need years. */
START_TEST(many_ways_to_read_a_text_are_not_all_tried)
{
    struct jsonata_text numbers = repeated("[H]", 100), digits = repeated("1", JSONATA_MOMENT_CHARS_MAX),
                        words = repeated("[Hw]", 100),
                        blanks = repeated("one ", JSONATA_MOMENT_CHARS_MAX / 4);
    double d;

    ((char *)digits.p)[digits.len - 1] = 'x';
    ((char *)blanks.p)[blanks.len - 1] = 'x';
    ck_assert_int_eq(jsonata_to_millis(arena, digits, &numbers, 0, &d, &err), 0);
    ck_assert_int_eq(jsonata_to_millis(arena, blanks, &words, 0, &d, &err), 0);
}
END_TEST

static const char *const PICTURES[] = {
    "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001]Z",
    "[FNn], [D1o] [MNn] [Y], [h]:[m]:[s].[f] [P]",
    "[dwo] day of [Y]",
    "[Yw], [MNn,3-3], [Dwo]",
    "[YI].[MI].[DI]",
    "[YA] [Ma] [DA]",
    "[Y0001][M01][D01] [H] [m] [s]",
};

START_TEST(a_moment_reads_back_by_the_picture_that_wrote_it)
{
    struct jsonata_text picture = text(PICTURES[_i]), again, out;
    double d;

    for (uint64_t n = 0; n < 500; n++) {
        double ms =
            (double)(clock_dice(3, n) % UINT64_C(200000000000000)) - 59e12; /* the years 100 to 6437 */
        ck_assert_int_eq(jsonata_from_millis(arena, ms, &picture, NULL, &out, &err), 0);
        ck_assert_msg(jsonata_to_millis(arena, out, &picture, 0, &d, &err) == 1, "%.*s: %s", (int)out.len,
                      out.p, err.cause);
        ck_assert_int_eq(jsonata_from_millis(arena, d, &picture, NULL, &again, &err), 0);
        ck_assert_uint_eq(again.len, out.len);
        ck_assert_mem_eq(again.p, out.p, out.len);
        arena_reset(arena);
    }
}
END_TEST

START_TEST(integers_read_back_by_the_picture_that_wrote_them)
{
    static const char *const pictures[] = {"0", "#,##0", "#:##0,000", "w",   "Ww;o",
                                           "I", "a",     "A",         "0;o", "٠٠٠"};
    struct jsonata_text out;
    double d;

    for (uint64_t n = 0; n < 1000; n++) {
        double value = (double)(clock_dice(4, n) % 10000) + 1;
        for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
            ck_assert_int_eq(jsonata_format_integer(arena, value, text(pictures[i]), &out, &err), 0);
            ck_assert_int_eq(jsonata_parse_integer(arena, out, text(pictures[i]), &d, &err), 0);
            ck_assert_msg(d == value, "%.*s by %s: %g", (int)out.len, out.p, pictures[i], d);
        }
        arena_reset(arena);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("JSONata: pictures of numbers and moments");
    TCase *t = tcase_create("pictures");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, pictures_and_texts_have_an_end);
    tcase_add_test(t, a_picture_asks_for_no_more_than_can_be_written);
    tcase_add_test(t, the_largest_number_has_words_and_letters);
    tcase_add_test(t, many_ways_to_read_a_text_are_not_all_tried);
    tcase_add_loop_test(t, a_moment_reads_back_by_the_picture_that_wrote_it, 0,
                        sizeof PICTURES / sizeof PICTURES[0]);
    tcase_add_test(t, integers_read_back_by_the_picture_that_wrote_them);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
