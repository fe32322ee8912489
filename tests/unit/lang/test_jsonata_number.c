/* Numbers of JSONata: what holds for every number. The functions case by case are tests/spec/picture. */
#include "base/clock.h"
#include "lang/jsonata_number.h"

#include <check.h>
#include <math.h>
#include <string.h>

/* Any bits that are a finite number. */
static double any_number(uint64_t seed, uint64_t *n)
{
    double d;

    do {
        uint64_t bits = clock_dice(seed, (*n)++);
        memcpy(&d, &bits, sizeof d);
    } while (!isfinite(d));
    return d;
}

static int figures(const char *text)
{
    int n = 0, zeros = 0;

    for (; *text && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0')) {
            n++;
            zeros = *text == '0' ? zeros + 1 : 0;
        }
    }
    return n - zeros;
}

START_TEST(every_number_reads_back_from_its_text)
{
    char text[JSONATA_NUMBER_BYTES];

    for (uint64_t n = 0; n < 20000;) {
        double d = any_number(1, &n);
        size_t len = jsonata_number_text(text, d);
        ck_assert_uint_eq(len, strlen(text));
        ck_assert_msg(strtod(text, NULL) == d, "%s is not %.17g", text, d);
        ck_assert_msg(figures(text) <= 17, "%s", text);
    }
}
END_TEST

START_TEST(powers_of_two_have_sixteen_figures_where_those_are_enough)
{
    char text[JSONATA_NUMBER_BYTES], near[JSONATA_NUMBER_BYTES];

    for (int e = -1022; e < 1024; e++) {
        double d = pow(2, e);
        jsonata_number_text(text, d);
        ck_assert_msg(strtod(text, NULL) == d, "%s is not 2^%d", text, e);
        for (int last = 0; last < 2 && figures(text) == 17; last++) {
            snprintf(near, sizeof near, "%.15e", last ? nextafter(d, HUGE_VAL) : d);
            ck_assert_msg(strtod(near, NULL) != d, "%s, but %s is enough", text, near);
        }
    }
}
END_TEST

START_TEST(fifteen_figures_are_the_nearest_and_stay)
{
    char text[JSONATA_NUMBER_BYTES], at_once[JSONATA_NUMBER_BYTES];

    for (uint64_t n = 0; n < 20000;) {
        double d = any_number(2, &n), rounded = jsonata_number_15(d);
        if (!isfinite(rounded))
            continue;
        jsonata_number_text(text, rounded);
        ck_assert_msg(figures(text) <= 15, "%s", text);
        jsonata_number_text_15(at_once, d);
        ck_assert_str_eq(at_once, text);
        ck_assert_msg(fabs(rounded - d) <= fabs(d) * 5.1e-15, "%s is not near %.17g", text, d);
        ck_assert_msg(jsonata_number_15(rounded) == rounded, "%s", text);
    }
}
END_TEST

START_TEST(rounding_takes_the_nearest_and_of_two_the_even)
{
    for (int i = -100; i <= 100; i++) {
        double half = i + 0.5;
        ck_assert_msg(fmod(jsonata_round(half, 0), 2) == 0, "%g", half);
        ck_assert_msg(fabs(jsonata_round(half, 0) - half) == 0.5, "%g", half);
        ck_assert_msg(fmod(jsonata_round(half / 10, 1) * 10, 2) == 0, "%g", half / 10);
        ck_assert_msg(jsonata_round(half * 10, -1) == jsonata_round(half, 0) * 10, "%g", half * 10);
    }
    ck_assert(!signbit(jsonata_round(-0.1, 0)));
}
END_TEST

static const struct {
    double d;
    int places;
    const char *text;
} FIXED[] = {
    {0.5, 0, "1"},        {1.5, 0, "2"},       {2.5, 0, "3"},
    {-2.5, 0, "3"},       {0.125, 2, "0.13"},  {9.5, 0, "10"},
    {99.75, 1, "99.8"},   {99.96, 1, "100.0"}, {0, 3, "0.000"},
    {1.005, 2, "1.00"},   {1e21, 2, "1e+21"},  {0.1, 20, "0.10000000000000000555"},
    {9.75, 1, "9.8"},     {999.5, 0, "1000"},  {1e-7, 3, "0.000"},
    {0.0005, 3, "0.001"}, {5e-324, 1, "0.0"},  {423254465109443.875, 2, "423254465109443.88"},
};

START_TEST(fixed_places_round_halves_upwards)
{
    struct arena *a = arena_new();

    ck_assert_str_eq(jsonata_number_fixed(a, FIXED[_i].d, FIXED[_i].places), FIXED[_i].text);
    arena_free(a);
}
END_TEST

START_TEST(a_text_of_any_length_is_a_number_or_none)
{
    static char digits[100000];
    struct err err;
    double d;

    memset(digits, '1', sizeof digits);
    ck_assert_int_eq(jsonata_number_parse((struct jsonata_text){digits, sizeof digits}, &d, &err), -1);
    ck_assert_str_eq(err.name, "D3030");
    digits[1] = '.';
    ck_assert_int_eq(jsonata_number_parse((struct jsonata_text){digits, sizeof digits}, &d, &err), 0);
    ck_assert_double_eq_tol(d, 1.1111111111111112, 1e-15);
    memcpy(digits, "0b", 2);
    ck_assert_int_eq(jsonata_number_parse((struct jsonata_text){digits, sizeof digits}, &d, &err), 0);
    ck_assert(isinf(d));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("JSONata: numbers");
    TCase *t = tcase_create("numbers");

    tcase_add_test(t, every_number_reads_back_from_its_text);
    tcase_add_test(t, powers_of_two_have_sixteen_figures_where_those_are_enough);
    tcase_add_test(t, fifteen_figures_are_the_nearest_and_stay);
    tcase_add_test(t, rounding_takes_the_nearest_and_of_two_the_even);
    tcase_add_loop_test(t, fixed_places_round_halves_upwards, 0, sizeof FIXED / sizeof FIXED[0]);
    tcase_add_test(t, a_text_of_any_length_is_a_number_or_none);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
