/* The interpreter's edges; whole executions are tests/scenarios. */
#include "world.h"

#include <check.h>
#include <string.h>

#define FUNCTION "\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\""
#define INVOKE                                                                                               \
    "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\",\"Parameters\":{\"FunctionName.$\":"  \
    "\"$.f\"}"

static struct world *world;

static int step(enum stimulus_type type, int32_t event_id, const char *data, struct err *err)
{
    struct value *v = data ? value_new(data, strlen(data)) : NULL;
    struct stimulus in = {.type = type, .event_id = event_id, .data = v, .seed = 5};
    int rc = world_step(world, &in, WORLD_EPOCH_US, err);

    value_unref(v);
    return rc;
}

static void start(const char *definition, const char *input)
{
    struct err err;

    world = world_new(definition);
    ck_assert_ptr_nonnull(world);
    ck_assert_int_eq(step(STIM_START, 0, input, &err), 0);
}

static void assert_laws(void)
{
    char *broken = world_broken_law(world, WORLD_EPOCH_US);
    ck_assert_msg(!broken, "%s", broken);
}

/* Until the execution waits for something, or has ended. Each yield is a commit of its own. */
static size_t go_on(void)
{
    struct err err;
    size_t steps = 1;

    for (; world->out.wake_us == WORLD_EPOCH_US; steps++)
        ck_assert_int_eq(step(STIM_TIMER, 0, NULL, &err), 0);
    return steps;
}

static void end(void)
{
    world_free(world);
    world = NULL;
}

/* ---- executions that can only be ended ---- */

START_TEST(a_start_with_an_error_fails_before_its_first_state)
{
    struct value *input = value_new("{}", 2);
    struct err err;

    world = world_new("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}");
    ck_assert_int_eq(
        world_step(
            world,
            &(struct stimulus){.type = STIM_START, .data = input, .error = "States.Runtime", .cause = "why"},
            WORLD_EPOCH_US, &err),
        0);
    value_unref(input);
    ck_assert_uint_eq(world->out.nevents, 2);
    ck_assert_int_eq(world->out.events[1].type, EV_EXECUTION_FAILED);
    ck_assert_int_eq(world->exec.status, EXEC_FAILED);
    ck_assert_str_eq(world->exec.cause, "why");
    assert_laws();
    end();
}
END_TEST

START_TEST(what_cannot_be_folded_ends_behind_its_last_event)
{
    struct err err;

    world = world_new("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}");
    exec_skip_to(&world->exec, 41);
    ck_assert_int_eq(step(STIM_FAIL, 0, NULL, &err), 0);
    ck_assert_uint_eq(world->out.nevents, 1);
    ck_assert_int_eq(world->out.events[0].type, EV_EXECUTION_FAILED);
    ck_assert_int_eq(world->out.events[0].id, 42);
    ck_assert_int_eq(world->out.events[0].prev, 41);
    end();
}
END_TEST

/* ---- the history's limit ---- */

static const struct {
    const char *says, *definition;
} ENDLESS[] = {
    {"a state that leads to itself",
     "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"A\"}}}"},
    {"a loop within a branch",
     "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["
     "{\"StartAt\":\"T\",\"States\":{\"T\":{" FUNCTION ",\"End\":true}}},"
     "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"A\"}}}]}}}"},
    {"a Map in a loop", "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Next\":\"M\","
                        "\"ItemProcessor\":{\"StartAt\":\"A\","
                        "\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}}}}"},
    {"a Parallel in a loop", "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"ResultPath\":"
                             "null,\"Next\":\"P\",\"Branches\":["
                             "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}]}}}"},
    {"a catcher that leads back",
     "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,"
     "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"Next\":\"P\"}],\"Branches\":["
     "{\"StartAt\":\"T\",\"States\":{\"T\":{" FUNCTION ",\"End\":true}}},"
     "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Fail\"}}}]}}}"},
};

START_TEST(an_endless_loop_ends_at_25000_events)
{
    start(ENDLESS[_i].definition, "[1,2,3]");
    size_t steps = go_on();
    ck_assert_msg(world->exec.last_event_id == 25000, "%s: %d", ENDLESS[_i].says, world->exec.last_event_id);
    ck_assert_msg(steps > 20 && steps < 30, "%s: %zu steps", ENDLESS[_i].says, steps);
    ck_assert_int_eq(world->exec.status, EXEC_FAILED);
    ck_assert_str_eq(world->exec.error, "States.Runtime");
    ck_assert_str_eq(world->exec.cause,
                     "The execution reached the maximum number of history events (25000).");
    ck_assert_int_eq(world->out.effects[world->out.neffects - 1].type, EFFECT_FINISH);
    assert_laws();
}
END_TEST

START_TEST(a_loop_that_makes_large_payloads_yields_sooner)
{
    struct js_buf input = {0};

    js_buf_str(&input, "{\"i\":0,\"text\":\"");
    for (int i = 0; i < 200000; i++)
        js_buf_str(&input, "x");
    js_buf_str(&input, "\"}");
    start("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Parameters\":{\"i.$\":\"$.i\",\"text.$"
          "\":\"$.text\"},"
          "\"Next\":\"A\"}}}",
          input.p);
    ck_assert_int_eq(world->exec.status, EXEC_RUNNING);
    ck_assert_int_lt(world->exec.last_event_id, 60);
    ck_assert_uint_lt(world->rows[0].payloads.len, 5000000);
    ck_assert_int_eq(world->out.wake_us, WORLD_EPOCH_US);
    assert_laws();
    js_buf_fini(&input);
}
END_TEST

START_TEST(what_has_yielded_goes_on_after_a_crash_and_can_be_aborted)
{
    struct err err;

    start("{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["
          "{\"StartAt\":\"T\",\"States\":{\"T\":{" FUNCTION ",\"End\":true}}},"
          "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"A\"}}}]}}}",
          "{}");
    ck_assert_int_eq(exec_frame(&world->exec, 2)->phase, FRAME_READY);
    world_crash(world, WORLD_EPOCH_US);
    ck_assert_int_eq(world->out.wake_us, WORLD_EPOCH_US);
    int32_t before = world->exec.last_event_id;
    ck_assert_int_eq(step(STIM_TIMER, 0, NULL, &err), 0);
    ck_assert_int_gt(world->exec.last_event_id, before + 900);
    ck_assert_int_eq(step(STIM_TASK_FAILED, world->calls[0].event_id, NULL, &err), 0);
    ck_assert_int_eq(world->exec.status, EXEC_FAILED);
    ck_assert_uint_eq(world->out.nevents,
                      4); /* LambdaFunctionFailed, TaskStateAborted, ParallelStateFailed, the end */
    assert_laws();
}
END_TEST

/* Whatever the last event would have been: the number of events before the loop moves the limit through it.
 */
START_TEST(the_limit_may_fall_on_any_event)
{
    static const char loop[] = "\"M\":{\"Type\":\"Map\",\"ResultPath\":null,\"ItemsPath\":\"$.i\",\"Next\":"
                               "\"W\",\"ItemProcessor\":{\"StartAt\":\"P\","
                               "\"States\":{\"P\":{\"Type\":\"Parallel\",\"Next\":\"F\",\"Branches\":["
                               "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}]},"
                               "\"F\":{\"Type\":\"Fail\",\"Error\":\"E\"}}},"
                               "\"Catch\":[{\"ErrorEquals\":[\"E\"],\"ResultPath\":null,\"Next\":\"W\"}]},"
                               "\"W\":{\"Type\":\"Wait\",\"Seconds\":0,\"Next\":\"C\"},"
                               "\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.i\",\"IsPresent\":"
                               "true,\"Next\":\"M\"}],\"Default\":\"M\"}";
    struct js_buf text = {0};
    char name[64];

    js_buf_str(&text, "{\"StartAt\":\"S0\",\"States\":{");
    for (int i = 0; i < _i; i++) {
        snprintf(name, sizeof name, "\"S%d\":{\"Type\":\"Pass\",\"Next\":\"S%d\"},", i, i + 1);
        js_buf_str(&text, name);
    }
    /* Two entries of the loop, an odd number of events apart. */
    snprintf(name, sizeof name, "\"S%d\":{\"Type\":\"Pass\",\"Next\":\"M\"},", _i);
    js_buf_str(&text, name);
    js_buf_str(&text, loop);
    js_buf_str(&text, "}}");
    start(text.p, _i % 2 ? "{\"i\":[1]}" : "{\"i\":[1,2]}");
    go_on();
    ck_assert_int_eq(world->exec.last_event_id, 25000);
    ck_assert_int_eq(world->exec.status, EXEC_FAILED);
    assert_laws();
    js_buf_fini(&text);
}
END_TEST

START_TEST(a_long_history_costs_no_stack)
{
    enum { DEEP = 24 };
    struct js_buf text = {0};

    for (int i = 0; i < DEEP; i++) {
        char part[80];
        snprintf(
            part, sizeof part,
            "%s\"StartAt\":\"P%d\",\"States\":{\"P%d\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":[{",
            i ? "" : "{", i, i);
        js_buf_str(&text, part);
    }
    js_buf_str(&text, "\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}");
    for (int i = 0; i < DEEP; i++)
        js_buf_str(&text, "}]}}");
    js_buf_str(&text, "}");
    start(text.p, "1");
    ck_assert_int_eq(world->exec.status, EXEC_SUCCEEDED);
    ck_assert_uint_eq(value_bytes(world->exec.output), 2 * DEEP + 1);
    assert_laws();
    js_buf_fini(&text);
}
END_TEST

/* ---- chance ---- */

START_TEST(no_draw_comes_twice_and_a_replay_draws_the_same)
{
    char ids[20][40];
    struct err err;
    size_t n = 0;

    start("{\"StartAt\":\"A\",\"States\":{\"A\":{" INVOKE ",\"ResultPath\":null,\"Next\":\"A\"}}}",
          "{\"f\":\"g\"}");
    for (; n < 20; n++) {
        if (n % 2)
            world_crash(world, WORLD_EPOCH_US);
        ck_assert_int_eq(step(STIM_TASK_SUCCEEDED, world->calls[0].event_id, "{}", &err), 0);
        const char *text = value_text(world->out.events[0].data, NULL),
                   *at = strstr(text, "\"RequestId\":\"");
        memcpy(ids[n], at + 13, 36);
        ids[n][36] = '\0';
        for (size_t i = 0; i < n; i++)
            ck_assert_str_ne(ids[i], ids[n]);
        ck_assert_msg(ids[n][14] == '4' && strchr("89ab", ids[n][19]), "%s is no UUID of version 4", ids[n]);
    }
}
END_TEST

/* ---- names ---- */

START_TEST(the_same_attempt_has_the_same_key_and_no_other_has_it)
{
    char one[INTERP_KEY_BYTES], two[INTERP_KEY_BYTES];

    ck_assert_str_eq(interp_idempotency_key(one, 77, 3), "000000000000004d-3");
    ck_assert_str_ne(one, interp_idempotency_key(two, 77, 8));
    ck_assert_str_ne(one, interp_idempotency_key(two, 78, 3));
    ck_assert_str_ne(one, interp_step_key(two, 77, 3));
    interp_idempotency_key(one, INT64_MAX, INT32_MAX);
    ck_assert_uint_lt(strlen(one), INTERP_KEY_BYTES - 1);
}
END_TEST

START_TEST(an_execution_has_an_arn_and_so_has_its_machine)
{
    struct js_buf text = {0};

    start("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}", "{}");
    interp_execution_arn(&world->exec, &text);
    js_buf_str(&text, " ");
    interp_machine_arn(&world->exec, &text);
    ck_assert_str_eq(text.p, "arn:aws:states:us-east-1:000000000000:execution:machine:run-1 "
                             "arn:aws:states:us-east-1:000000000000:stateMachine:machine");
    js_buf_fini(&text);
}
END_TEST

static const struct {
    const char *says, *input, *function; /* NULL: cannot be called */
} FUNCTION_NAMES[] = {
    {"a name", "{\"f\":\"charge\"}", "charge"},
    {"a name with a qualifier", "{\"f\":\"charge:7\"}", "charge"},
    {"an ARN", "{\"f\":\"arn:aws:lambda:us-east-1:000000000000:function:charge\"}", "charge"},
    {"an ARN with a qualifier", "{\"f\":\"arn:aws:lambda:us-east-1:000000000000:function:charge:$LATEST\"}",
     "charge"},
    {"an ARN of another partition", "{\"f\":\"arn:aws-cn:lambda:cn-north-1:000000000000:function:charge\"}",
     "charge"},
    {"a partial ARN", "{\"f\":\"000000000000:function:charge\"}", "charge"},
    {"a partial ARN with a qualifier", "{\"f\":\"000000000000:function:charge:7\"}", "charge"},
    {"an empty name", "{\"f\":\"\"}", NULL},
    {"an ARN that ends early", "{\"f\":\"arn:aws:lambda:us-east-1:000000000000:function:\"}", NULL},
    {"a qualifier alone", "{\"f\":\":7\"}", NULL},
    {"a number", "{\"f\":7}", NULL},
    {"null", "{\"f\":null}", NULL},
};

START_TEST(a_function_is_named_in_all_the_ways_of_the_service)
{
    start("{\"StartAt\":\"A\",\"States\":{\"A\":{" INVOKE ",\"End\":true}}}", FUNCTION_NAMES[_i].input);
    if (FUNCTION_NAMES[_i].function) {
        ck_assert_uint_eq(world->ncalls, 1);
        ck_assert_msg(strcmp(world->out.effects[0].function, FUNCTION_NAMES[_i].function) == 0, "%s: %s",
                      FUNCTION_NAMES[_i].says, world->out.effects[0].function);
    } else {
        ck_assert_msg(world->exec.status == EXEC_FAILED, "%s", FUNCTION_NAMES[_i].says);
        ck_assert_ptr_nonnull(strstr(world->exec.cause, "could not be used to start the Task"));
    }
}
END_TEST

/* ---- outcomes and texts ---- */

START_TEST(one_outcome_may_gather_several_steps)
{
    struct stimulus in = {.type = STIM_START, .seed = 1};
    struct outcome out;
    struct arena *arena = arena_new();
    struct err err;

    world = world_new("{\"StartAt\":\"A\",\"States\":{\"A\":{" FUNCTION ",\"Next\":\"B\"},\"B\":{" FUNCTION
                      ",\"End\":true}}}");
    outcome_init(&out, arena);
    in.data = value_new("1", 1);
    ck_assert_int_eq(interp_step(&world->exec, &in, 1, &out, &err), 0);
    in.type = STIM_TASK_SUCCEEDED;
    in.event_id = 3;
    ck_assert_int_eq(interp_step(&world->exec, &in, 1, &out, &err), 0);
    ck_assert_uint_eq(out.nevents, 9);
    ck_assert_uint_eq(out.neffects, 2);
    for (size_t i = 0; i < out.nevents; i++)
        ck_assert_int_eq(out.events[i].id, (int32_t)i + 1);
    in.type = STIM_STOP;
    ck_assert_int_eq(interp_step(&world->exec, &in, 1, &out, &err), 0);
    ck_assert_uint_eq(out.neffects, 2); /* the call of B need not leave: the first call, and the end */
    ck_assert_int_eq(out.effects[1].type, EFFECT_FINISH);
    value_unref(in.data);
    outcome_fini(&out);
    arena_free(arena);
}
END_TEST

START_TEST(errors_and_causes_from_outside_are_made_clean_and_short)
{
    char error[400], cause[40000];
    struct stimulus in = {.type = STIM_TASK_FAILED, .event_id = 3, .error = error, .cause = cause};
    struct err err;

    memset(error, 'e', sizeof error - 1);
    error[sizeof error - 1] = '\0';
    memset(cause, 'c', sizeof cause - 1);
    cause[sizeof cause - 1] = '\0';
    cause[1] = '\xff';
    start("{\"StartAt\":\"A\",\"States\":{\"A\":{" FUNCTION ",\"End\":true,"
          "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"Next\":\"B\"}]},\"B\":{\"Type\":\"Succeed\"}}}",
          "{}");
    ck_assert_int_eq(world_step(world, &in, WORLD_EPOCH_US, &err), 0);
    ck_assert_uint_eq(strlen(world->out.events[0].error), EVENT_ERROR_BYTES_MAX);
    ck_assert_uint_le(strlen(world->out.events[0].cause), EVENT_CAUSE_BYTES_MAX);
    ck_assert_int_eq(strncmp(world->out.events[0].cause,
                             "c\xEF\xBF\xBD"
                             "cc",
                             6),
                     0);
    ck_assert_int_eq(world->exec.status, EXEC_SUCCEEDED);
    assert_laws();
}
END_TEST

START_TEST(a_map_of_1000_calls_never_has_more_than_40_out)
{
    struct js_buf items = {0};
    struct err err;
    size_t most = 0;

    js_buf_str(&items, "[0");
    for (int i = 1; i < 1000; i++)
        js_buf_str(&items, ",0");
    js_buf_str(&items, "]");
    start("{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"End\":true,\"ItemProcessor\":{"
          "\"StartAt\":\"A\","
          "\"States\":{\"A\":{" FUNCTION ",\"End\":true}}}}}}",
          items.p);
    while (world->ncalls) {
        most = world->ncalls > most ? world->ncalls : most;
        ck_assert_int_eq(step(STIM_TASK_SUCCEEDED, world->calls[world->ncalls / 2].event_id, "0", &err), 0);
    }
    ck_assert_uint_eq(most, 40);
    ck_assert_int_eq(world->exec.status, EXEC_SUCCEEDED);
    ck_assert_str_eq(value_text(world->exec.output, NULL), items.p);
    ck_assert_int_eq(world->exec.last_event_id, 7006);
    assert_laws();
    js_buf_fini(&items);
}
END_TEST

START_TEST(a_map_whose_items_are_hard_to_make_starts_few_at_once)
{
    struct js_buf input = {0};

    js_buf_str(&input, "{\"items\":[1,2,3,4,5,6,7,8,9],\"l\":[0");
    for (int i = 1; i < 1000; i++) {
        js_buf_str(&input, ",");
        js_buf_int(&input, i);
    }
    js_buf_str(&input, "]}");
    start("{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"End\":true,"
          "\"ItemSelector\":{\"a.$\":\"$.l[?(@ in $.l)]\",\"b.$\":\"$.l[?(@ in $.l)]\",\"c.$\":\"$.l[?(@ in "
          "$.l)]\"},"
          "\"ItemProcessor\":{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Result\":1,\"End\":"
          "true}}}}}}",
          input.p);
    ck_assert_int_eq(world->exec.next_frame, 2);
    ck_assert_uint_ge(go_on(), 9);
    ck_assert_int_eq(world->exec.status, EXEC_SUCCEEDED);
    ck_assert_str_eq(value_text(world->exec.output, NULL), "[1,1,1,1,1,1,1,1,1]");
    assert_laws();
    js_buf_fini(&input);
}
END_TEST

/* An expression of 500,000 steps: two are more than a step of an execution may take. */
#define HEAVY "\"{% $sum([1..2000000]) %}\""

START_TEST(a_map_whose_items_are_hard_to_make_in_jsonata_starts_few_at_once)
{
    start("{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Items\":[1,"
          "2,3,4,"
          "5,6,7,8,9],\"End\":true,\"ItemSelector\":{\"a\":" HEAVY ",\"b\":" HEAVY "},"
          "\"ItemProcessor\":{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Output\":1,\"End\":"
          "true}}}}}}",
          "{}");
    ck_assert_int_eq(world->exec.next_frame, 2);
    ck_assert_uint_ge(go_on(), 9);
    ck_assert_int_eq(world->exec.status, EXEC_SUCCEEDED);
    ck_assert_str_eq(value_text(world->exec.output, NULL), "[1,1,1,1,1,1,1,1,1]");
    assert_laws();
}
END_TEST

static const struct {
    const char *says, *states;
    size_t steps;
} HARD[] = {
    {"one state is entered in one step",
     "\"A\":{\"Type\":\"Pass\",\"Output\":{\"a\":" HEAVY ",\"b\":" HEAVY "},\"End\":true}", 1},
    {"the next one in another",
     "\"A\":{\"Type\":\"Pass\",\"Output\":{\"a\":" HEAVY ",\"b\":" HEAVY "},\"Next\":\"B\"},"
     "\"B\":{\"Type\":\"Pass\",\"Output\":" HEAVY ",\"Assign\":{\"x\":" HEAVY "},\"Next\":\"C\"},"
     "\"C\":{\"Type\":\"Pass\",\"End\":true}",
     3},
    {"conditions count",
     "\"A\":{\"Type\":\"Choice\",\"Choices\":[{\"Condition\":\"{% $sum([1..2000000]) = 0 "
     "%}\",\"Next\":\"A\"},"
     "{\"Condition\":\"{% $sum([1..2000000]) > 0 %}\",\"Next\":\"B\"}]},\"B\":{\"Type\":\"Succeed\"}",
     2},
};

START_TEST(a_step_of_much_work_in_jsonata_yields)
{
    char definition[2048];

    snprintf(definition, sizeof definition,
             "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"A\",\"States\":{%s}}", HARD[_i].states);
    start(definition, "{}");
    size_t steps = go_on();
    ck_assert_int_eq(world->exec.status, EXEC_SUCCEEDED);
    ck_assert_msg(steps == HARD[_i].steps, "%s: %zu steps", HARD[_i].says, steps);
    assert_laws();
}
END_TEST

/* ---- payloads ---- */

static const char UNLOOKING[] =
    "{\"StartAt\":\"A\",\"States\":{"
    "\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},"
    "\"B\":{" FUNCTION ",\"ResultPath\":null,\"Next\":\"C\"},"
    "\"C\":{" FUNCTION ",\"OutputPath\":\"$\",\"Next\":\"D\"},"
    "\"D\":{\"Type\":\"Parallel\",\"ResultPath\":null,\"Next\":\"E\",\"Branches\":["
    "{\"StartAt\":\"D1\",\"States\":{\"D1\":{\"Type\":\"Succeed\"}}}]},"
    "\"E\":{\"Type\":\"Succeed\"}}}";

START_TEST(a_payload_that_nobody_looks_into_is_never_parsed)
{
    struct value *input = value_new("{\"a\":[1,2]}", 11), *answer = value_new("{ \"b\" : [] }", 12);
    struct err err;

    world = world_new(UNLOOKING);
    ck_assert_int_eq(
        world_step(world, &(struct stimulus){.type = STIM_START, .data = input}, WORLD_EPOCH_US, &err), 0);
    for (int i = 0; i < 2; i++) {
        struct stimulus in = {
            .type = STIM_TASK_SUCCEEDED, .event_id = world->calls[0].event_id, .data = answer};
        ck_assert_int_eq(world_step(world, &in, WORLD_EPOCH_US, &err), 0);
    }
    ck_assert_int_eq(world->exec.status, EXEC_SUCCEEDED);
    ck_assert_ptr_eq(world->exec.output, answer);
    ck_assert(!value_has_tree(input) && !value_has_tree(answer));
    value_unref(input);
    value_unref(answer);
}
END_TEST

START_TEST(a_result_goes_into_a_document_that_nobody_looks_into)
{
    struct err err;

    start("{\"StartAt\":\"A\",\"States\":{"
          "\"A\":{\"Type\":\"Pass\",\"Parameters\":{\"b.$\":\"$.a\",\"r\":{\"s\":0}},\"Next\":\"B\"},"
          "\"B\":{\"Type\":\"Wait\",\"Seconds\":1,\"Next\":\"C\"},"
          "\"C\":{\"Type\":\"Pass\",\"Result\":[1],\"ResultPath\":\"$.r.s\",\"Next\":\"D\"},"
          "\"D\":{" FUNCTION ",\"ResultPath\":\"$.t\",\"End\":true}}}",
          "{ \"a\" : [ 1.50 ] }");
    struct stimulus in = {.type = STIM_TIMER}; /* while it waits, a document's tree is put away */
    ck_assert_int_eq(world_step(world, &in, WORLD_EPOCH_US + CLOCK_SECOND, &err), 0);
    struct value *document = value_ref(world->exec.root.input);
    ck_assert_str_eq(value_text(document, NULL), "{\"b\":[1.50],\"r\":{\"s\":[1]}}");
    ck_assert(!value_has_tree(document));
    ck_assert_int_eq(step(STIM_TASK_SUCCEEDED, world->calls[0].event_id, "{ \"x\" : 2 }", &err), 0);
    ck_assert_str_eq(value_text(world->exec.output, NULL),
                     "{\"b\":[1.50],\"r\":{\"s\":[1]},\"t\":{\"x\":2}}");
    ck_assert(!value_has_tree(document) && !value_has_tree(world->exec.output));
    value_unref(document);
    assert_laws();
}
END_TEST

/* ---- variables ---- */

#define ITERATIONS                                                                                           \
    "{\"StartAt\":\"X\",\"States\":{\"X\":{\"Type\":\"Pass\",\"Assign\":{\"x.$\":\"$.text\"},\"Next\":"      \
    "\"M\"},"                                                                                                \
    "\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"End\":true,\"ItemProcessor\":{\"StartAt\":\"Y\","   \
    "\"States\":{"                                                                                           \
    "\"Y\":{\"Type\":\"Pass\",\"Assign\":{\"y.$\":\"$x\"},\"Next\":\"F\"},\"F\":{" FUNCTION                  \
    ",\"End\":true}}}}}}"

/* {"items": [0, ...], "text": "xxx"}: n items, and a text of so many bytes with its quotes. */
static char *many(unsigned n, size_t bytes)
{
    struct js_buf b = {0};

    js_buf_str(&b, "{\"items\":[0");
    for (unsigned i = 1; i < n; i++)
        js_buf_str(&b, ",0");
    js_buf_str(&b, "],\"text\":\"");
    for (size_t i = 2; i < bytes; i++)
        js_buf_str(&b, "x");
    js_buf_str(&b, "\"}");
    return b.p;
}

/* 40 iterations at once, and the one around them: each holds a variable of 255,000 bytes, which counts 65
 * more. */
START_TEST(all_variables_together_are_at_most_10_mebibytes)
{
    char *input = many(40, 255000);

    start(ITERATIONS, input);
    go_on();
    ck_assert_uint_eq(world->exec.variables_bytes, 41 * (255000 + 65));
    ck_assert_int_eq(world->exec.status, EXEC_RUNNING);
    end();

    input = (free(input), many(40, 256000));
    start(ITERATIONS, input);
    go_on();
    free(input);
    ck_assert_int_eq(world->exec.status, EXEC_FAILED);
    ck_assert_str_eq(world->exec.error, "States.DataLimitExceeded");
    ck_assert_str_eq(world->exec.cause, "With those that the state 'Y' assigns, all variables take 10498665 "
                                        "bytes; at most 10485760 are allowed.");
    assert_laws();
}
END_TEST

START_TEST(what_an_iteration_held_is_given_back_at_its_end)
{
    char *input = many(200, 255000);
    struct err err;

    start(ITERATIONS, input);
    free(input);
    for (go_on(); world->ncalls; go_on())
        ck_assert_int_eq(step(STIM_TASK_SUCCEEDED, world->calls[0].event_id, "1", &err), 0);
    ck_assert_int_eq(world->exec.status, EXEC_SUCCEEDED);
    ck_assert_uint_eq(world->exec.variables_bytes, 255000 + 65);
}
END_TEST

START_TEST(a_variable_that_is_set_again_counts_once)
{
    char *input = many(1, 255000);

    start("{\"StartAt\":\"X\",\"States\":{\"X\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$n\","
          "\"IsPresent\":"
          "false,\"Assign\":{\"n\":1,\"x.$\":\"$.text\"},\"Next\":\"X\"},{\"Variable\":\"$n\","
          "\"NumericLessThan\":100,"
          "\"Assign\":{\"n.$\":\"States.MathAdd($n, "
          "1)\",\"x.$\":\"$.text\"},\"Next\":\"X\"}],\"Default\":\"E\"},"
          "\"E\":{\"Type\":\"Succeed\"}}}",
          input);
    go_on();
    free(input);
    ck_assert_int_eq(world->exec.status, EXEC_SUCCEEDED);
    ck_assert_uint_eq(world->exec.variables_bytes, 255003 + 2 * 65);
}
END_TEST

START_TEST(a_whole_value_that_is_set_is_the_same_value)
{
    start(
        "{\"StartAt\":\"X\",\"States\":{\"X\":{\"Type\":\"Pass\",\"Assign\":{\"x.$\":\"$\"},\"Next\":\"Y\"},"
        "\"Y\":{\"Type\":\"Pass\",\"Assign\":{\"y.$\":\"$x\"},\"Next\":\"F\"},\"F\":{" FUNCTION
        ",\"End\":true}}}",
        "{ \"as\" : \"it came\" }");
    ck_assert_ptr_eq(exec_variable(&world->exec.root, "x")->value, world->exec.input);
    ck_assert_ptr_eq(exec_variable(&world->exec.root, "y")->value, world->exec.input);
    ck_assert_str_eq(world->rows[0].payloads.p, "[{ \"as\" : \"it came\" }]");
    ck_assert(!value_has_tree(world->exec.input));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("the interpreter");
    TCase *t = tcase_create("interp");

    tcase_add_checked_fixture(t, NULL, end);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_start_with_an_error_fails_before_its_first_state);
    tcase_add_test(t, what_cannot_be_folded_ends_behind_its_last_event);
    tcase_add_loop_test(t, an_endless_loop_ends_at_25000_events, 0, sizeof ENDLESS / sizeof *ENDLESS);
    tcase_add_test(t, a_loop_that_makes_large_payloads_yields_sooner);
    tcase_add_test(t, what_has_yielded_goes_on_after_a_crash_and_can_be_aborted);
    tcase_add_loop_test(t, the_limit_may_fall_on_any_event, 0, 40);
    tcase_add_test(t, a_long_history_costs_no_stack);
    tcase_add_test(t, no_draw_comes_twice_and_a_replay_draws_the_same);
    tcase_add_test(t, the_same_attempt_has_the_same_key_and_no_other_has_it);
    tcase_add_test(t, an_execution_has_an_arn_and_so_has_its_machine);
    tcase_add_loop_test(t, a_function_is_named_in_all_the_ways_of_the_service, 0,
                        sizeof FUNCTION_NAMES / sizeof *FUNCTION_NAMES);
    tcase_add_test(t, one_outcome_may_gather_several_steps);
    tcase_add_test(t, errors_and_causes_from_outside_are_made_clean_and_short);
    tcase_add_test(t, a_map_of_1000_calls_never_has_more_than_40_out);
    tcase_add_test(t, a_map_whose_items_are_hard_to_make_starts_few_at_once);
    tcase_add_test(t, a_map_whose_items_are_hard_to_make_in_jsonata_starts_few_at_once);
    tcase_add_loop_test(t, a_step_of_much_work_in_jsonata_yields, 0, sizeof HARD / sizeof *HARD);
    tcase_add_test(t, a_payload_that_nobody_looks_into_is_never_parsed);
    tcase_add_test(t, a_result_goes_into_a_document_that_nobody_looks_into);
    tcase_add_test(t, all_variables_together_are_at_most_10_mebibytes);
    tcase_add_test(t, what_an_iteration_held_is_given_back_at_its_end);
    tcase_add_test(t, a_variable_that_is_set_again_counts_once);
    tcase_add_test(t, a_whole_value_that_is_set_is_the_same_value);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
