/* The state of an execution: changed by events alone, and only by those that fit. */
#include "asl/exec.h"

#include "base/clock.h"

#include <check.h>
#include <string.h>

#define SEC CLOCK_SECOND

static struct asl *asl;
static struct exec ex;
static struct value *one;

static void begin(void)
{
    static const char definition[] =
        "{\"StartAt\":\"T\",\"TimeoutSeconds\":100,\"States\":{"
        "\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"Next\":"
        "\"P\","
        "\"Retry\":[{\"ErrorEquals\":[\"A\"]},{\"ErrorEquals\":[\"B\"]}]},"
        "\"P\":{\"Type\":\"Parallel\",\"Next\":\"M\",\"Branches\":["
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Seconds\":1,\"End\":true}}},"
        "{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Task\",\"Resource\":\"http://x/"
        "\",\"End\":true}}}]},"
        "\"M\":{\"Type\":\"Map\",\"End\":true,\"ItemProcessor\":{\"StartAt\":\"I\",\"States\":{"
        "\"I\":{\"Type\":\"Pass\",\"End\":true}}}}}}";

    asl = asl_parse(definition, sizeof definition - 1, false, NULL);
    ck_assert_ptr_nonnull(asl);
    exec_init(&ex, 77, asl, "run");
    one = value_new("1", 1);
}

static void end(void)
{
    exec_fini(&ex);
    value_unref(one);
    asl_free(asl);
}

static const struct asl_state *state(const char *name)
{
    return name ? asl_find(asl, name, strlen(name)) : NULL;
}

/* Folds an event in; the number is the next, if it has one. */
static int fold_at(int64_t at_us, struct event e)
{
    if (!(event_flags(e.type) & EVENT_OWN))
        e.id = ex.last_event_id + 1;
    e.at_us = at_us;
    return exec_fold(&ex, &e, NULL);
}

static void fold(struct event e)
{
    ck_assert_msg(fold_at(0, e) == 0, "%s after event %d", event_name(e.type), ex.last_event_id);
}

static void start(void)
{
    fold((struct event){.type = EV_EXECUTION_STARTED, .data = one, .seed = 9});
}

static void enter(enum event_type type, uint32_t frame, const char *name)
{
    fold((struct event){.type = type, .frame = frame, .state = state(name), .data = one});
}

static void schedule(uint32_t frame, int32_t timeout_s)
{
    fold((struct event){.type = EV_FUNCTION_SCHEDULED, .frame = frame, .data = one, .timeout_s = timeout_s});
}

static void to_parallel(void)
{
    start();
    enter(EV_TASK_ENTERED, 0, "T");
    schedule(0, 0);
    fold((struct event){.type = EV_FUNCTION_SUCCEEDED, .data = one});
    fold((struct event){.type = EV_TASK_EXITED, .state = state("T"), .data = one});
    enter(EV_PARALLEL_ENTERED, 0, "P");
    fold((struct event){.type = EV_PARALLEL_STARTED});
}

START_TEST(an_execution_begins_with_its_input_and_its_clock)
{
    struct event e = {.type = EV_EXECUTION_STARTED, .data = one, .seed = 9};

    ck_assert_int_eq(fold_at(5 * SEC, e), 0);
    ck_assert_int_eq(ex.status, EXEC_RUNNING);
    ck_assert_ptr_eq(ex.input, one);
    ck_assert_uint_eq(ex.seed, 9);
    ck_assert_int_eq(ex.deadline_us, 105 * SEC);
    ck_assert_int_eq(exec_wake(&ex), 105 * SEC);
}
END_TEST

START_TEST(an_attempt_is_found_while_it_is_under_way)
{
    start();
    enter(EV_TASK_ENTERED, 0, "T");
    ck_assert_ptr_null(exec_attempt(&ex, 3));
    schedule(0, 0);
    ck_assert_ptr_eq(exec_attempt(&ex, 3), &ex.root);
    ck_assert_ptr_null(exec_attempt(&ex, 0));
    ck_assert_ptr_null(exec_attempt(&ex, 2));
    fold((struct event){.type = EV_FUNCTION_FAILED});
    ck_assert_ptr_null(exec_attempt(&ex, 3));
}
END_TEST

START_TEST(branches_are_frames_until_they_end)
{
    to_parallel();
    ck_assert_uint_eq(ex.root.children->open, 2);
    ck_assert_ptr_eq(exec_frame(&ex, 1)->block, state("P")->u.parallel.branches[0]);
    enter(EV_WAIT_ENTERED, 1, "A");
    enter(EV_TASK_ENTERED, 2, "B");
    schedule(2, 0);
    int32_t scheduled = ex.last_event_id;
    ck_assert_uint_eq(exec_attempt(&ex, scheduled)->id, 2);

    fold((struct event){.type = EV_WAIT_EXITED, .frame = 1, .state = state("A"), .data = one});
    ck_assert_ptr_null(exec_frame(&ex, 1));
    ck_assert_ptr_eq(ex.root.children->results[0], one);
    ck_assert_int_eq(ex.root.last_id, ex.last_event_id);

    fold((struct event){.type = EV_PARALLEL_FAILED, .prev = scheduled});
    ck_assert_ptr_null(exec_frame(&ex, 2));
    ck_assert_ptr_null(exec_attempt(&ex, scheduled));
    ck_assert_ptr_null(ex.root.children);
}
END_TEST

START_TEST(frames_are_numbered_and_no_number_comes_again)
{
    to_parallel();
    fold((struct event){.type = EV_PARALLEL_FAILED});
    fold((struct event){.type = EV_PARALLEL_EXITED, .state = state("P"), .data = one, .index = 1});
    enter(EV_MAP_ENTERED, 0, "M");
    fold((struct event){.type = EV_MAP_STARTED, .index = 2});
    fold((struct event){.type = EV_ITERATION_STARTED, .state = state("M")});
    ck_assert_ptr_nonnull(exec_frame(&ex, 3));
    ck_assert_ptr_null(exec_frame(&ex, 1));
}
END_TEST

START_TEST(retries_are_counted_per_retrier)
{
    start();
    enter(EV_TASK_ENTERED, 0, "T");
    for (int i = 0; i < 3; i++) {
        schedule(0, 0);
        fold((struct event){.type = EV_FUNCTION_FAILED});
        fold((struct event){
            .type = EV_RETRY_SCHEDULED, .prev = ex.last_event_id, .index = i % 2, .due_us = 7 * SEC});
    }
    ck_assert_uint_eq(ex.root.retry_count, 3);
    ck_assert_uint_eq(ex.root.retries[0], 2);
    ck_assert_uint_eq(ex.root.retries[1], 1);
    ck_assert_int_eq(exec_wake(&ex), 7 * SEC);
}
END_TEST

START_TEST(retries_are_forgotten_when_the_state_is_left)
{
    struct js_buf text = {0};

    start();
    enter(EV_TASK_ENTERED, 0, "T");
    schedule(0, 0);
    fold((struct event){.type = EV_FUNCTION_FAILED});
    fold((struct event){.type = EV_RETRY_SCHEDULED, .prev = ex.last_event_id, .index = 1});
    schedule(0, 0);
    fold((struct event){.type = EV_FUNCTION_SUCCEEDED, .data = one});
    fold((struct event){.type = EV_TASK_EXITED, .state = state("T"), .data = one});
    fold((struct event){.type = EV_YIELDED, .state = state("P"), .data = one});
    ck_assert_uint_eq(ex.root.retry_count, 0);
    ck_assert_ptr_null(ex.root.retries);
    exec_dump(&ex, &text);
    js_buf_fini(&text);
}
END_TEST

START_TEST(the_earliest_deadline_is_known_without_a_search)
{
    to_parallel();
    enter(EV_WAIT_ENTERED, 1, "A");
    fold((struct event){.type = EV_WAIT_SCHEDULED, .frame = 1, .due_us = 50 * SEC});
    enter(EV_TASK_ENTERED, 2, "B");
    schedule(2, 10);
    ck_assert_int_eq(exec_wake(&ex), 10 * SEC);
    fold((struct event){.type = EV_FUNCTION_SUCCEEDED, .frame = 2, .data = one});
    ck_assert_int_eq(exec_wake(&ex), 50 * SEC);
    fold((struct event){.type = EV_WAIT_EXITED, .frame = 1, .state = state("A"), .data = one});
    ck_assert_int_eq(exec_wake(&ex), 100 * SEC);
    fold((struct event){.type = EV_EXECUTION_FAILED});
    ck_assert_int_eq(exec_wake(&ex), CLOCK_NEVER);
}
END_TEST

START_TEST(a_heartbeat_moves_its_deadline_alone)
{
    start();
    enter(EV_TASK_ENTERED, 0, "T");
    fold((struct event){.type = EV_FUNCTION_SCHEDULED, .data = one, .timeout_s = 20, .heartbeat_s = 5});
    ck_assert_int_eq(exec_wake(&ex), 5 * SEC);
    exec_heartbeat(&ex, &ex.root, 4 * SEC);
    ck_assert_int_eq(exec_wake(&ex), 9 * SEC);
    exec_heartbeat(&ex, &ex.root, 18 * SEC);
    ck_assert_int_eq(exec_wake(&ex), 20 * SEC);
}
END_TEST

START_TEST(heartbeats_are_awaited_while_an_attempt_is_under_way)
{
    to_parallel();
    enter(EV_TASK_ENTERED, 2, "B");
    ck_assert(!exec_has_heartbeats(&ex));
    fold((struct event){.type = EV_FUNCTION_SCHEDULED, .frame = 2, .data = one, .heartbeat_s = 5});
    ck_assert(exec_has_heartbeats(&ex));
    fold((struct event){.type = EV_FUNCTION_SUCCEEDED, .frame = 2, .data = one});
    ck_assert(!exec_has_heartbeats(&ex));
}
END_TEST

/* ---- events that do not fit ---- */

enum stage { NOWHERE, STARTED, IN_TASK, CALLING, IN_PARALLEL, IN_MAP, ENDED };

static void go_to(enum stage stage)
{
    if (stage == IN_PARALLEL || stage == IN_MAP) {
        to_parallel();
        if (stage == IN_PARALLEL)
            return;
        fold((struct event){.type = EV_PARALLEL_FAILED});
        fold((struct event){.type = EV_PARALLEL_EXITED, .state = state("P"), .data = one, .index = 1});
        enter(EV_MAP_ENTERED, 0, "M");
        fold((struct event){.type = EV_MAP_STARTED, .index = 1});
        fold((struct event){.type = EV_ITERATION_STARTED, .state = state("M")});
        return;
    }
    if (stage >= STARTED)
        start();
    if (stage >= IN_TASK)
        enter(EV_TASK_ENTERED, 0, "T");
    if (stage >= CALLING)
        schedule(0, 0);
    if (stage == ENDED)
        fold((struct event){.type = EV_EXECUTION_ABORTED});
}

static const struct {
    const char *says;
    enum stage stage;
    struct event e;
    const char *name;
    bool without_data;
} UNFIT[] = {
    {"nothing comes before the start", NOWHERE, {.type = EV_TASK_ENTERED}, "T"},
    {"a start has an input", NOWHERE, {.type = EV_EXECUTION_STARTED}, NULL, true},
    {"an execution starts once", STARTED, {.type = EV_EXECUTION_STARTED}, NULL},
    {"nothing follows the end", ENDED, {.type = EV_EXECUTION_SUCCEEDED}, NULL},
    {"a success has an output", STARTED, {.type = EV_EXECUTION_SUCCEEDED}, NULL, true},
    {"a frame must be open", STARTED, {.type = EV_TASK_ENTERED, .frame = 1}, "T"},
    {"an entry names a state", STARTED, {.type = EV_TASK_ENTERED}, NULL},
    {"an entry is of the state's type", STARTED, {.type = EV_WAIT_ENTERED}, "T"},
    {"an entry is into the frame's own block", STARTED, {.type = EV_WAIT_ENTERED}, "A"},
    {"an entry has an input", STARTED, {.type = EV_TASK_ENTERED}, "T", true},
    {"a state is left before the next is entered", IN_TASK, {.type = EV_TASK_ENTERED}, "T"},
    {"a state is entered before it is left", STARTED, {.type = EV_TASK_EXITED}, "T"},
    {"the state that is left is the one entered", IN_TASK, {.type = EV_PASS_EXITED}, "T"},
    {"a state with a call out is not left", CALLING, {.type = EV_TASK_EXITED}, "T"},
    {"a task is not scheduled twice at once", CALLING, {.type = EV_FUNCTION_SCHEDULED}, "T"},
    {"what is not scheduled is not answered", IN_TASK, {.type = EV_FUNCTION_SUCCEEDED}, NULL},
    {"what is not scheduled is not submitted", IN_TASK, {.type = EV_TASK_SUBMITTED}, "T"},
    {"what is not scheduled holds no callback", IN_TASK, {.type = EV_CALLBACK_HELD}, NULL},
    {"what is not scheduled is not withheld", IN_TASK, {.type = EV_CALL_WITHHELD}, NULL},
    {"what is not withheld is not released", CALLING, {.type = EV_CALL_RELEASED}, NULL},
    {"a call that is out is not retried", CALLING, {.type = EV_RETRY_SCHEDULED}, NULL},
    {"a retrier must exist", IN_TASK, {.type = EV_RETRY_SCHEDULED, .index = 2}, NULL},
    {"a retrier's index is not negative", IN_TASK, {.type = EV_RETRY_SCHEDULED, .index = -1}, NULL},
    {"what is in a state does not yield", IN_TASK, {.type = EV_YIELDED}, "T"},
    {"only into its own block a frame yields", STARTED, {.type = EV_YIELDED}, "A"},
    {"only a Wait waits", IN_TASK, {.type = EV_WAIT_SCHEDULED}, NULL},
    {"only a Parallel has branches", IN_TASK, {.type = EV_PARALLEL_STARTED}, NULL},
    {"branches start once", IN_PARALLEL, {.type = EV_PARALLEL_STARTED}, NULL},
    {"a Parallel with open branches is not left", IN_PARALLEL, {.type = EV_PARALLEL_EXITED}, "P"},
    {"a Parallel has no iterations", IN_PARALLEL, {.type = EV_ITERATION_STARTED}, "P"},
    {"only a Map has items", IN_PARALLEL, {.type = EV_MAP_STARTED}, NULL},
    {"there are no more iterations than items", IN_MAP, {.type = EV_ITERATION_STARTED, .index = 1}, "M"},
    {"an iteration that runs has not succeeded", IN_MAP, {.type = EV_ITERATION_SUCCEEDED, .frame = 3}, "M"},
    {"the root is no iteration", IN_MAP, {.type = EV_ITERATION_SUCCEEDED}, "M"},
    {"children fail where there are some", IN_TASK, {.type = EV_PARALLEL_FAILED}, NULL},
};

START_TEST(an_event_that_does_not_fit_changes_nothing)
{
    struct js_buf before = {0}, after = {0};
    struct event e = UNFIT[_i].e;

    go_to(UNFIT[_i].stage);
    exec_dump(&ex, &before);
    e.state = state(UNFIT[_i].name);
    e.data = UNFIT[_i].without_data ? NULL : one;
    ck_assert_msg(fold_at(0, e) == -1, "%s", UNFIT[_i].says);
    exec_dump(&ex, &after);
    ck_assert_str_eq(before.p, after.p);
    js_buf_fini(&before);
    js_buf_fini(&after);
}
END_TEST

START_TEST(numbers_follow_each_other)
{
    struct err err;
    struct event e = {.type = EV_TASK_ENTERED, .id = 3, .state = state("T"), .data = one};

    start();
    ck_assert_int_eq(exec_fold(&ex, &e, &err), -1);
    ck_assert_str_eq(err.name, "InternalFailure");
    ck_assert_str_eq(err.cause, "journal: event 3, TaskStateEntered, does not follow from event 1");
    e.id = 0;
    ck_assert_int_eq(exec_fold(&ex, &e, &err), -1);
}
END_TEST

START_TEST(a_waiting_execution_is_small)
{
    /* 10,000 of them sleep in 40 MB, with all that the shell keeps for each. */
    ck_assert_uint_lt(sizeof(struct exec), 600);
    ck_assert_uint_lt(sizeof(struct frame), 320);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("the state of an execution");
    TCase *t = tcase_create("exec");

    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, an_execution_begins_with_its_input_and_its_clock);
    tcase_add_test(t, an_attempt_is_found_while_it_is_under_way);
    tcase_add_test(t, branches_are_frames_until_they_end);
    tcase_add_test(t, frames_are_numbered_and_no_number_comes_again);
    tcase_add_test(t, retries_are_counted_per_retrier);
    tcase_add_test(t, retries_are_forgotten_when_the_state_is_left);
    tcase_add_test(t, the_earliest_deadline_is_known_without_a_search);
    tcase_add_test(t, a_heartbeat_moves_its_deadline_alone);
    tcase_add_test(t, heartbeats_are_awaited_while_an_attempt_is_under_way);
    tcase_add_loop_test(t, an_event_that_does_not_fit_changes_nothing, 0, sizeof UNFIT / sizeof *UNFIT);
    tcase_add_test(t, numbers_follow_each_other);
    tcase_add_test(t, a_waiting_execution_is_small);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
