/* Amazon States Language, "Errors", "Retrying after error": matching and waiting. */
#include "asl/retry.h"

#include "base/clock.h"

#include <check.h>
#include <math.h>

#define SEC CLOCK_SECOND

/* ---- matching ---- */

static const struct {
    const char *says;
    const char *pattern, *error;
    bool takes;
} MATCHES[] = {
    {"a name takes itself", "Own.Error", "Own.Error", true},
    {"names are case-sensitive", "own.error", "Own.Error", false},
    {"a name does not take another that begins with it", "Own", "Own.Error", false},
    {"States.ALL takes an error of the user's", "States.ALL", "Own.Error", true},
    {"States.ALL takes States.Timeout", "States.ALL", "States.Timeout", true},
    {"States.ALL takes States.DataLimitExceeded (recorded)", "States.ALL", "States.DataLimitExceeded", true},
    {"States.ALL does not take States.Runtime", "States.ALL", "States.Runtime", false},
    {"States.ALL takes an error without a name (recorded)", "States.ALL", NULL, true},
    {"States.TaskFailed takes an error of the user's", "States.TaskFailed", "Own.Error", true},
    {"States.TaskFailed takes a function that is not there", "States.TaskFailed",
     "Lambda.ResourceNotFoundException", true},
    {"States.TaskFailed does not take States.Timeout", "States.TaskFailed", "States.Timeout", false},
    {"States.TaskFailed takes States.HeartbeatTimeout", "States.TaskFailed", "States.HeartbeatTimeout", true},
    {"States.TaskFailed does not take States.Runtime", "States.TaskFailed", "States.Runtime", false},
    {"States.TaskFailed takes an error without a name", "States.TaskFailed", NULL, true},
    {"States.Timeout takes itself", "States.Timeout", "States.Timeout", true},
    {"States.Timeout takes States.HeartbeatTimeout", "States.Timeout", "States.HeartbeatTimeout", true},
    {"States.HeartbeatTimeout does not take States.Timeout", "States.HeartbeatTimeout", "States.Timeout",
     false},
    {"a name does not take an error without one", "Own.Error", NULL, false},
    {"States.Runtime is not taken by its own name (recorded)", "States.Runtime", "States.Runtime", false},
    {"States.Runtime takes no error without a name (recorded)", "States.Runtime", NULL, false},
    {"States.DataLimitExceeded takes itself (recorded)", "States.DataLimitExceeded",
     "States.DataLimitExceeded", true},
};

START_TEST(an_error_is_taken_by_name_or_by_wildcard)
{
    const char *errors[] = {"Never.Raised", MATCHES[_i].pattern};

    ck_assert_msg(retry_matches(errors, 2, MATCHES[_i].error) == MATCHES[_i].takes, "%s", MATCHES[_i].says);
}
END_TEST

START_TEST(the_first_in_the_list_that_takes_it_counts)
{
    const char *timeout[] = {"States.Timeout"}, *own[] = {"A", "B"}, *all[] = {"States.ALL"};
    const struct retrier r[] = {
        {.errors = timeout, .nerrors = 1}, {.errors = own, .nerrors = 2}, {.errors = all, .nerrors = 1}};
    const struct catcher c[] = {{.errors = own, .nerrors = 2}, {.errors = all, .nerrors = 1}};

    ck_assert_int_eq(retry_find(r, 3, "B"), 1);
    ck_assert_int_eq(retry_find(r, 3, "States.Timeout"), 0);
    ck_assert_int_eq(retry_find(r, 3, "Other"), 2);
    ck_assert_int_eq(retry_find(r, 2, "Other"), -1);
    ck_assert_int_eq(retry_find(NULL, 0, "B"), -1);
    ck_assert_int_eq(catch_find(c, 2, "A"), 0);
    ck_assert_int_eq(catch_find(c, 2, NULL), 1);
    ck_assert_int_eq(catch_find(c, 2, "States.Runtime"), -1);
}
END_TEST

/* ---- waiting ---- */

static const struct retrier EVERY_3S = {
    .interval_us = 3 * SEC, .max_delay_us = 10 * SEC, .backoff_rate = 2.0, .max_attempts = 3};

static const struct {
    const char *says;
    uint32_t retries;
    int64_t waits;
} WAITS[] = {
    {"the first retry waits IntervalSeconds", 0, 3 * SEC},
    {"each further wait is multiplied by BackoffRate", 1, 6 * SEC},
    {"no wait is longer than MaxDelaySeconds", 2, 10 * SEC},
    {"after MaxAttempts retries there is no other", 3, RETRY_EXHAUSTED},
    {"nor any later", UINT32_MAX, RETRY_EXHAUSTED},
};

START_TEST(the_wait_grows_to_a_cap)
{
    int64_t got = retry_delay(&EVERY_3S, WAITS[_i].retries, 0);
    ck_assert_msg(got == WAITS[_i].waits, "%s: got %lld us", WAITS[_i].says, (long long)got);
}
END_TEST

static const struct {
    const char *says;
    struct retrier r;
    uint32_t retries;
    int64_t waits;
} EDGES[] = {
    {"MaxAttempts 0 is never",
     {.interval_us = SEC, .max_delay_us = CLOCK_NEVER, .backoff_rate = 2},
     0,
     RETRY_EXHAUSTED},
    {"BackoffRate 1 waits evenly",
     {.interval_us = SEC, .max_delay_us = CLOCK_NEVER, .backoff_rate = 1, .max_attempts = 99999999},
     99999998,
     SEC},
    {"a fraction of a rate",
     {.interval_us = 2 * SEC, .max_delay_us = CLOCK_NEVER, .backoff_rate = 1.5, .max_attempts = 9},
     2,
     4500000},
    {"a cap below the interval holds at once",
     {.interval_us = 9 * SEC, .max_delay_us = 4 * SEC, .backoff_rate = 2, .max_attempts = 9},
     0,
     4 * SEC},
    {"a wait that no number holds ends at 2^31 seconds",
     {.interval_us = SEC, .max_delay_us = CLOCK_NEVER, .backoff_rate = 1e300, .max_attempts = 99999999},
     5000,
     RETRY_WAIT_MAX_US},
    {"so does an infinite rate",
     {.interval_us = SEC, .max_delay_us = CLOCK_NEVER, .backoff_rate = INFINITY, .max_attempts = 2},
     1,
     RETRY_WAIT_MAX_US},
    {"whose first wait is the interval",
     {.interval_us = SEC, .max_delay_us = CLOCK_NEVER, .backoff_rate = INFINITY, .max_attempts = 2},
     0,
     SEC},
};

START_TEST(the_edges_hold)
{
    int64_t got = retry_delay(&EDGES[_i].r, EDGES[_i].retries, 0);
    ck_assert_msg(got == EDGES[_i].waits, "%s: got %lld us", EDGES[_i].says, (long long)got);
}
END_TEST

START_TEST(full_jitter_draws_below_the_capped_wait)
{
    struct retrier r = EVERY_3S;
    int64_t least = INT64_MAX, most = 0;

    r.jitter = JITTER_FULL;
    for (uint64_t n = 0; n < 1000; n++) {
        int64_t got = retry_delay(&r, 2, clock_dice(7, n));
        ck_assert(got >= 0 && got <= 10 * SEC);
        least = got < least ? got : least;
        most = got > most ? got : most;
    }
    ck_assert_msg(least < SEC && most > 9 * SEC, "the draws cover the range: %lld to %lld us",
                  (long long)least, (long long)most);
}
END_TEST

START_TEST(the_same_dice_wait_as_long)
{
    struct retrier r = EVERY_3S;

    r.jitter = JITTER_FULL;
    ck_assert_int_eq(retry_delay(&r, 1, 12345), retry_delay(&r, 1, 12345));
    ck_assert_int_ne(retry_delay(&r, 1, 12345), retry_delay(&r, 1, 12346));
}
END_TEST

/* ---- compiling ---- */

static struct asl_findings findings;

static struct retrier compiled(const char *text, struct arena *a)
{
    static const struct place whole;
    const struct reading r = {.arena = a, .scratch = a, .findings = &findings};
    struct retrier to = {0};
    struct read_in in;
    json_object *o = NULL;

    ck_assert_int_eq(js_parse(text, strlen(text), &o, NULL), 0);
    ck_assert(read_object(&in, &r, o, &whole));
    retry_parse(&in, true, &to);
    json_object_put(o);
    return to;
}

START_TEST(an_absent_field_has_the_defaults_of_the_specification)
{
    struct arena *a = arena_new();
    struct retrier r = compiled("{\"ErrorEquals\":[\"A\",\"B\"]}", a);

    ck_assert_uint_eq(r.nerrors, 2);
    ck_assert_str_eq(r.errors[1], "B");
    ck_assert_int_eq(r.interval_us, SEC);
    ck_assert_uint_eq(r.max_attempts, 3);
    ck_assert(r.backoff_rate == 2.0);
    ck_assert_int_eq(r.max_delay_us, CLOCK_NEVER);
    ck_assert_int_eq(r.jitter, JITTER_NONE);
    ck_assert_uint_eq(findings.n, 0);
    arena_free(a);
}
END_TEST

START_TEST(every_field_of_a_retrier_is_read)
{
    struct arena *a = arena_new();
    struct retrier r =
        compiled("{\"ErrorEquals\":[\"A\"],\"IntervalSeconds\":7,\"MaxAttempts\":0,\"BackoffRate\":1.25,"
                 "\"MaxDelaySeconds\":60,\"JitterStrategy\":\"FULL\"}",
                 a);

    ck_assert_int_eq(r.interval_us, 7 * SEC);
    ck_assert_uint_eq(r.max_attempts, 0);
    ck_assert(r.backoff_rate == 1.25);
    ck_assert_int_eq(r.max_delay_us, 60 * SEC);
    ck_assert_int_eq(r.jitter, JITTER_FULL);
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("Amazon States Language: retry and catch");
    TCase *tc = tcase_create("retry");

    tcase_add_loop_test(tc, an_error_is_taken_by_name_or_by_wildcard, 0, sizeof MATCHES / sizeof *MATCHES);
    tcase_add_test(tc, the_first_in_the_list_that_takes_it_counts);
    tcase_add_loop_test(tc, the_wait_grows_to_a_cap, 0, sizeof WAITS / sizeof *WAITS);
    tcase_add_loop_test(tc, the_edges_hold, 0, sizeof EDGES / sizeof *EDGES);
    tcase_add_test(tc, full_jitter_draws_below_the_capped_wait);
    tcase_add_test(tc, the_same_dice_wait_as_long);
    tcase_add_test(tc, an_absent_field_has_the_defaults_of_the_specification);
    tcase_add_test(tc, every_field_of_a_retrier_is_read);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
