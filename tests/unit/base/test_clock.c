#include "base/clock.h"

#include <check.h>
#include <string.h>

#define NOON INT64_C(1709208000000000) /* 2024-02-29T12:00:00Z */

static const struct {
    const char *says;
    const char *text;
    int64_t us;
} MOMENTS[] = {
    {"the epoch", "1970-01-01T00:00:00Z", 0},
    {"a leap day", "2024-02-29T12:00:00Z", NOON},
    {"a fraction of one digit", "2024-02-29T12:00:00.5Z", NOON + 500000},
    {"a fraction of three digits", "2024-02-29T12:00:00.123Z", NOON + 123000},
    {"a fraction of nine digits is cut to microseconds", "2024-02-29T12:00:00.123456789Z", NOON + 123456},
    {"an offset ahead of UTC", "2024-02-29T13:30:00+01:30", NOON},
    {"an offset behind UTC crosses midnight", "2024-02-29T01:00:00-11:00", NOON},
    {"an offset of nothing", "2024-02-29T12:00:00-00:00", NOON},
    {"before the epoch", "1969-12-31T23:59:59.999Z", -1000},
    {"a year that 400 divides is a leap year", "2000-02-29T00:00:00Z", INT64_C(951782400000000)},
    {"the first year", "0000-01-01T00:00:00Z", INT64_C(-62167219200000000)},
    {"the last year", "9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
};

START_TEST(a_moment_is_read)
{
    int64_t us = 42;
    ck_assert_msg(clock_parse(MOMENTS[_i].text, strlen(MOMENTS[_i].text), &us) == 0, "%s", MOMENTS[_i].says);
    ck_assert_msg(us == MOMENTS[_i].us, "%s: got %lld", MOMENTS[_i].says, (long long)us);
}
END_TEST

static const char *const REFUSED[] = {
    "",
    "2016-12-05",
    "2016-12-05T21:29:29",        /* no offset: recorded */
    "2016-12-05 21:29:29Z",       /* recorded */
    "05-12-2016T21:29:29Z",       /* recorded */
    "2020-01-01T00:00:00.000000", /* recorded */
    "2016-12-05t21:29:29Z",
    "2016-12-05T21:29:29z",
    "2016-12-05T21:29Z",
    "2016-12-05T24:00:00Z",
    "2016-12-05T21:60:00Z",
    "2016-12-05T21:29:60Z",
    "2016-13-05T21:29:29Z",
    "2016-00-05T21:29:29Z",
    "2016-12-32T21:29:29Z",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2016-12-05T21:29:29.Z",
    "2016-12-05T21:29:29+0100",
    "2016-12-05T21:29:29+1",
    "2016-12-05T21:29:29+24:00",
    "2016-12-05T21:29:29Z ",
    " 2016-12-05T21:29:29Z",
    "2016-1-05T21:29:29Z",
    "+2016-12-05T21:29:29Z",
    "2016-12-05T21:29:29.1234567890Z",
};

START_TEST(anything_else_is_refused)
{
    int64_t us;
    ck_assert_msg(clock_parse(REFUSED[_i], strlen(REFUSED[_i]), &us) == -1, "%s", REFUSED[_i]);
}
END_TEST

START_TEST(no_byte_behind_the_text_is_read)
{
    const char *text = "2024-02-29T12:00:00Z";
    int64_t us;
    for (size_t len = 0; len < strlen(text); len++)
        ck_assert_int_eq(clock_parse(text, len, &us), -1);
}
END_TEST

static const struct {
    int64_t us;
    const char *text;
} SHOWN[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {NOON + 123999, "2024-02-29T12:00:00.123Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {INT64_C(253402300799999999), "9999-12-31T23:59:59.999Z"},
    {CLOCK_NEVER, "294247-01-10T04:00:54.775Z"},
};

START_TEST(a_moment_is_shown_in_milliseconds)
{
    char buf[CLOCK_TEXT_BYTES];
    ck_assert_str_eq(clock_format(buf, SHOWN[_i].us), SHOWN[_i].text);
}
END_TEST

START_TEST(every_day_of_a_century_survives)
{
    char buf[CLOCK_TEXT_BYTES];
    int64_t back;

    for (int64_t day = -36525; day < 36525; day++) {
        int64_t us = day * 86400 * CLOCK_SECOND + 43200 * CLOCK_SECOND;
        clock_format(buf, us);
        ck_assert_int_eq(clock_parse(buf, strlen(buf), &back), 0);
        ck_assert_msg(back == us, "%s", buf);
    }
}
END_TEST

static const struct {
    int64_t days, year;
    int month, day;
} DATES[] = {
    {0, 1970, 1, 1},    {-1, 1969, 12, 31},    {11016, 2000, 2, 29},       {-25509, 1900, 2, 28},
    {-719468, 0, 3, 1}, {-719529, -1, 12, 31}, {100000000, 275760, 9, 13}, {-100000000, -271821, 4, 20},
};

START_TEST(days_are_dates_far_from_now)
{
    int64_t year;
    int month, day;

    clock_date(DATES[_i].days, &year, &month, &day);
    ck_assert_int_eq(year, DATES[_i].year);
    ck_assert_int_eq(month, DATES[_i].month);
    ck_assert_int_eq(day, DATES[_i].day);
    ck_assert_int_eq(clock_days(year, month, day), DATES[_i].days);
}
END_TEST

START_TEST(days_beyond_a_month_count_on)
{
    ck_assert_int_eq(clock_days(2023, 2, 31), clock_days(2023, 3, 3));
    ck_assert_int_eq(clock_days(2023, 1, 0), clock_days(2022, 12, 31));
    ck_assert_int_eq(clock_days(2023, 1, 366), clock_days(2024, 1, 1));
}
END_TEST

START_TEST(dice_are_splitmix64)
{
    /* the first outputs of the reference implementation for the seed 1234567 */
    ck_assert_uint_eq(clock_dice(1234567, 0), UINT64_C(6457827717110365317));
    ck_assert_uint_eq(clock_dice(1234567, 1), UINT64_C(3203168211198807973));
    ck_assert_uint_eq(clock_dice(1234567, 2), UINT64_C(9817491932198370423));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("clock");
    TCase *t = tcase_create("clock");

    tcase_add_loop_test(t, a_moment_is_read, 0, sizeof MOMENTS / sizeof *MOMENTS);
    tcase_add_loop_test(t, anything_else_is_refused, 0, sizeof REFUSED / sizeof *REFUSED);
    tcase_add_test(t, no_byte_behind_the_text_is_read);
    tcase_add_loop_test(t, a_moment_is_shown_in_milliseconds, 0, sizeof SHOWN / sizeof *SHOWN);
    tcase_add_test(t, every_day_of_a_century_survives);
    tcase_add_loop_test(t, days_are_dates_far_from_now, 0, sizeof DATES / sizeof *DATES);
    tcase_add_test(t, days_beyond_a_month_count_on);
    tcase_add_test(t, dice_are_splitmix64);
    suite_add_tcase(s, t);

    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
