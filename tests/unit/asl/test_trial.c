/* A trial's edges; what each state and mock answers is tests/spec/trial. */
#include "asl/trial_priv.h"
#include "asl/token.h"
#include "base/clock.h"

#include <check.h>
#include <string.h>

#define NOW_US INT64_C(1767225600000000)
#define ROLE   "arn:aws:iam::123456789012:role/r"
#define TASK   "{\"Type\":\"Task\",\"Resource\":\"http://localhost/f\",\"TimeoutSeconds\":5,\"End\":true}"

static struct trial *trial;
static json_object *answer;

static struct trial *try_seeded(const char *definition, const char *mock_result, const char *input,
                                uint64_t seed)
{
    const struct trial_place here = {"arn:aws:states:us-east-1:123456789012:", seed};
    struct trial_request q = {
        .definition = {definition, strlen(definition)},
        .role_arn = ROLE,
        .input = {input, strlen(input)},
        .mocked = mock_result != NULL,
        .retrier_retry_count = -1,
        .map_iteration_failure_count = -1,
    };
    struct err err;

    if (mock_result)
        q.mock_result = (struct trial_text){mock_result, strlen(mock_result)};
    trial = trial_new(&q, &here, &err);
    ck_assert_msg(trial != NULL, "%s", trial ? "" : err.cause);
    return trial;
}

static const char *answered(enum trial_level level)
{
    answer = trial_result(trial, level, true);
    return js_text(answer, NULL);
}

static void end(void)
{
    json_object_put(answer);
    answer = NULL;
    trial_free(trial);
}

START_TEST(names_and_keys_come_from_the_seed)
{
    static const uint64_t SEEDS[] = {1, 1, 2};
    char keys[3][INTERP_KEY_BYTES];

    for (int i = 0; i < 3; i++) {
        try_seeded(TASK, NULL, "{}", SEEDS[i]);
        const struct effect *call = trial_start(trial, NOW_US);
        ck_assert_int_gt(trial_exec(trial)->id, 0);
        interp_idempotency_key(keys[i], trial_exec(trial)->id, call->event_id);
        trial_free(trial);
    }
    ck_assert_str_eq(keys[0], keys[1]);
    ck_assert_str_ne(keys[0], keys[2]);
}
END_TEST

START_TEST(an_answer_that_comes_too_late_changes_nothing)
{
    struct value *v = value_new("1", 1);
    const struct stimulus late = {.type = STIM_TASK_SUCCEEDED, .event_id = 3, .data = v};

    try_seeded(TASK, NULL, "{}", 1);
    ck_assert_ptr_nonnull(trial_start(trial, NOW_US));
    ck_assert_int_eq(trial_wake_us(trial), NOW_US + 5 * CLOCK_SECOND);
    ck_assert_ptr_null(
        trial_answer(trial, &(struct stimulus){.type = STIM_TIMER}, NOW_US + 5 * CLOCK_SECOND));
    ck_assert_ptr_null(trial_answer(trial, &late, NOW_US + 6 * CLOCK_SECOND));
    ck_assert_str_eq(answered(TRIAL_INFO), "{\"status\":\"FAILED\",\"error\":\"States.Timeout\"}");
    value_unref(v);
    end();
}
END_TEST

START_TEST(its_task_token_is_good_nowhere)
{
    static const unsigned char KEY[TOKEN_KEY_BYTES] = {1, 2, 3};
    int64_t id;
    int32_t event;

    try_seeded(
        "{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke.waitForTaskToken\",\"Parameters\":{"
        "\"FunctionName\":\"f\",\"Payload.$\":\"$$.Task.Token\"},\"End\":true}",
        "1", "{}", 1);
    ck_assert_ptr_null(trial_start(trial, NOW_US));
    answer = trial_result(trial, TRIAL_DEBUG, false);
    json_object *data = json_object_object_get(answer, "inspectionData");
    json_object *token = json_object_object_get(json_object_object_get(data, "afterParameters"), "Payload");
    const char *text = json_object_get_string(token);
    ck_assert_int_gt((int)strlen(text), 20);
    ck_assert_int_eq(token_read(text, strlen(text), KEY, &id, &event, NULL), -1);
    end();
}
END_TEST

START_TEST(inputs_of_iterations_that_are_too_large_together_are_not_shown)
{
    struct js_buf input = {0};

    js_buf_str(&input, "{\"list\":[0");
    for (int i = 1; i < 1000; i++)
        js_buf_str(&input, ",0");
    js_buf_str(&input, "],\"text\":\"");
    for (int i = 0; i < 1000; i++)
        js_buf_str(&input, "x");
    js_buf_str(&input, "\"}");
    try_seeded(
        "{\"Type\":\"Map\",\"ItemsPath\":\"$.list\",\"ItemSelector\":{\"t.$\":\"$.text\"},\"End\":true,"
        "\"ItemProcessor\":{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}}",
        "[]", input.p, 1);
    ck_assert_ptr_null(trial_start(trial, NOW_US));
    const char *text = answered(TRIAL_DEBUG);
    ck_assert_ptr_nonnull(strstr(text, "\"status\":\"SUCCEEDED\""));
    ck_assert_ptr_nonnull(strstr(text, "afterItemsPath"));
    ck_assert_ptr_null(strstr(text, "afterItemSelector"));
    js_buf_fini(&input);
    end();
}
END_TEST

START_TEST(as_text_all_JSON_within_is_text)
{
    try_seeded("{\"Type\":\"Succeed\"}", NULL, "{\"a\":1}", 1);
    ck_assert_ptr_null(trial_start(trial, NOW_US));
    ck_assert_str_eq(answered(TRIAL_DEBUG),
                     "{\"status\":\"SUCCEEDED\",\"output\":\"{\\\"a\\\":1}\",\"inspectionData\":{"
                     "\"input\":\"{\\\"a\\\":1}\",\"afterInputPath\":\"{\\\"a\\\":1}\"}}");
    end();
}
END_TEST

/* The first word of several. */
static const char *first(const char *words, char *buf)
{
    snprintf(buf, 64, "%.*s", (int)strcspn(words, " "), words);
    return buf;
}

START_TEST(every_row_of_the_APIs_can_be_read)
{
    for (size_t i = 0; i < TRIAL_NAPIS; i++) {
        char service[64], action[64];
        const struct asl_task task = {.kind = ASL_SERVICE,
                                      .resource_type = first(TRIAL_APIS[i].services, service),
                                      .resource_name = first(TRIAL_APIS[i].actions, action)};
        json_object *empty = json_object_new_object();
        struct err err;
        ck_assert_int_eq(trial_check_result(&task, empty, TRIAL_PRESENT, &err), 0);
        json_object_put(empty);
        ck_assert_int_eq(trial_check_result(&task, NULL, TRIAL_PRESENT, &err), -1);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("TestState");
    TCase *t = tcase_create("a state, tried by itself");

    tcase_add_test(t, names_and_keys_come_from_the_seed);
    tcase_add_test(t, an_answer_that_comes_too_late_changes_nothing);
    tcase_add_test(t, its_task_token_is_good_nowhere);
    tcase_add_test(t, inputs_of_iterations_that_are_too_large_together_are_not_shown);
    tcase_add_test(t, as_text_all_JSON_within_is_text);
    tcase_add_test(t, every_row_of_the_APIs_can_be_read);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
