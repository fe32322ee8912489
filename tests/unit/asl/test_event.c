/* The vocabulary of history: in the journal, back from it, and as the API shows it. */
#include "asl/event.h"

#include <check.h>
#include <string.h>

static struct asl *asl;

static void compile(void)
{
    static const char definition[] =
        "{\"StartAt\":\"Pay\",\"States\":{"
        "\"Pay\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\","
        "\"Parameters\":{\"FunctionName\":\"f\"},\"Assign\":{\"paid\":1},\"Next\":\"Fn\"},"
        "\"Fn\":{\"Assign\":{\"x\":1,\"größe\":2},\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:"
        "000000000000:function:f\","
        "\"Next\":\"M\"},"
        "\"M\":{\"Type\":\"Map\",\"End\":true,\"ItemProcessor\":{\"StartAt\":\"P \\\"q\\\"\",\"States\":{"
        "\"P \\\"q\\\"\":{\"Type\":\"Pass\",\"End\":true}}}}}}";

    asl = asl_parse(definition, sizeof definition - 1, false, NULL);
    ck_assert_ptr_nonnull(asl);
}

static void release(void)
{
    asl_free(asl);
}

static const struct asl_state *state(const char *name)
{
    return asl_find(asl, name, strlen(name));
}

static struct value *value(const char *text)
{
    return value_new(text, strlen(text));
}

/* Sets x, and größe to the same value. */
static struct assigned *assigned(struct value *v)
{
    struct assigned *a = assigned_new(2);

    a->list[a->n++] = (struct assignment){asl_variable(asl, "x", 1), value_ref(v)};
    a->list[a->n++] = (struct assignment){asl_variable(asl, "größe", strlen("größe")), value_ref(v)};
    return a;
}

/* ---- names ---- */

START_TEST(every_type_is_found_by_its_name)
{
    for (int t = 0; t < EVENT_TYPES; t++) {
        const char *name = event_name((enum event_type)t);
        ck_assert_int_eq(event_find(name, strlen(name)), t);
    }
}
END_TEST

START_TEST(no_other_name_is_a_type)
{
    ck_assert_int_eq(event_find("", 0), -1);
    ck_assert_int_eq(event_find("TaskSucceede", 12), -1);
    ck_assert_int_eq(event_find("tasksucceeded", 13), -1);
}
END_TEST

START_TEST(only_pawls_own_events_are_not_in_the_services_vocabulary)
{
    int own = 0;

    for (int t = 0; t < EVENT_TYPES; t++)
        own += (event_flags((enum event_type)t) & EVENT_OWN) != 0;
    ck_assert_int_eq(own, 6);
    ck_assert(event_flags(EV_RETRY_SCHEDULED) & EVENT_OWN);
}
END_TEST

/* ---- the journal ---- */

struct row {
    struct js_buf events, payloads;
};

static struct row write_row(const struct event *list, size_t n)
{
    struct row r = {0};
    event_write_row(list, n, &r.events, &r.payloads);
    return r;
}

static void fini_row(struct row *r)
{
    js_buf_fini(&r->events);
    js_buf_fini(&r->payloads);
}

START_TEST(a_payload_stands_once_in_its_row)
{
    struct value *in = value("{\"a\": 1}"), *out = value("[2]");
    struct event list[] = {
        {.type = EV_EXECUTION_STARTED, .id = 1, .data = in, .seed = UINT64_MAX},
        {.type = EV_TASK_ENTERED, .id = 2, .state = state("Fn"), .data = in},
        {.type = EV_FUNCTION_SCHEDULED, .id = 3, .prev = 2, .state = state("Fn"), .data = in, .timeout_s = 5},
        {.type = EV_FUNCTION_STARTED, .id = 4, .prev = 3},
        {.type = EV_FUNCTION_SUCCEEDED, .id = 5, .prev = 4, .data = out},
        {.type = EV_TASK_EXITED, .id = 6, .prev = 5, .state = state("Fn"), .data = out},
    };
    struct row r = write_row(list, 6);

    ck_assert_str_eq(r.payloads.p, "[{\"a\": 1},[2]]");
    ck_assert_str_eq(
        r.events.p,
        "[{\"id\":1,\"type\":\"ExecutionStarted\",\"input\":0,\"seed\":\"18446744073709551615\"},"
        "{\"id\":2,\"type\":\"TaskStateEntered\",\"prev\":0,\"name\":\"Fn\",\"input\":0},"
        "{\"id\":3,\"type\":\"LambdaFunctionScheduled\",\"name\":\"Fn\",\"input\":0,\"timeout\":5},"
        "{\"id\":4,\"type\":\"LambdaFunctionStarted\"},"
        "{\"id\":5,\"type\":\"LambdaFunctionSucceeded\",\"output\":1},"
        "{\"id\":6,\"type\":\"TaskStateExited\",\"name\":\"Fn\",\"output\":1}]");
    fini_row(&r);
    value_unref(in);
    value_unref(out);
}
END_TEST

START_TEST(variables_are_payloads_like_any_other)
{
    struct value *out = value("[2]"), *other = value("3");
    struct event list[] = {
        {.type = EV_TASK_EXITED, .id = 1, .state = state("Fn"), .data = out, .assigned = assigned(out)},
        {.type = EV_TASK_EXITED,
         .id = 2,
         .prev = 1,
         .state = state("Fn"),
         .data = out,
         .assigned = assigned(other)},
    };
    struct row r = write_row(list, 2);
    struct event *back;
    struct err err;
    size_t n;

    ck_assert_str_eq(r.payloads.p, "[[2],3]");
    ck_assert_str_eq(r.events.p, "[{\"id\":1,\"type\":\"TaskStateExited\",\"name\":\"Fn\",\"output\":0,"
                                 "\"assigned\":{\"x\":0,\"größe\":0}},"
                                 "{\"id\":2,\"type\":\"TaskStateExited\",\"name\":\"Fn\",\"output\":0,"
                                 "\"assigned\":{\"x\":1,\"größe\":1}}]");
    ck_assert_msg(
        event_read_row(asl, r.events.p, r.events.len, r.payloads.p, r.payloads.len, 0, &back, &n, &err) == 0,
        "%s", err.cause);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(back[i].assigned->n, 2);
        for (size_t k = 0; k < 2; k++) {
            ck_assert_ptr_eq(back[i].assigned->list[k].name, list[i].assigned->list[k].name);
            ck_assert_str_eq(value_text(back[i].assigned->list[k].value, NULL), i ? "3" : "[2]");
        }
        assigned_unref(list[i].assigned);
        event_fini(&back[i]);
    }
    free(back);
    fini_row(&r);
    value_unref(out);
    value_unref(other);
}
END_TEST

static void assert_same_text(const char *a, const char *b)
{
    ck_assert_int_eq(a == NULL, b == NULL);
    if (a)
        ck_assert_str_eq(a, b);
}

START_TEST(what_is_written_is_read_back)
{
    struct value *in = value(" \"\\u0000 \\ud800 }]\\\\\\\" ,[\" "), *null = value("null");
    const struct event list[] = {
        {.type = EV_EXECUTION_STARTED, .id = 1, .data = in, .seed = UINT64_C(0x8000000000000001)},
        {.type = EV_ITERATION_STARTED,
         .id = 7,
         .prev = 3,
         .frame = 4000000000u,
         .state = state("M"),
         .index = 2},
        {.type = EV_PASS_EXITED, .id = 8, .prev = 7, .state = state("P \"q\""), .data = null, .index = 3},
        {.type = EV_MAP_STARTED, .id = 9, .prev = 8, .index = 1000000},
        {.type = EV_TASK_SCHEDULED,
         .id = 10,
         .prev = 0,
         .state = state("Pay"),
         .data = null,
         .timeout_s = 99999999,
         .heartbeat_s = 60,
         .role = "arn:aws:iam::000000000000:role/r"},
        {.type = EV_TASK_FAILED,
         .id = 11,
         .prev = 10,
         .state = state("Pay"),
         .error = "",
         .cause = "say \"x\"\n\xC3\xA4"},
        {.type = EV_RETRY_SCHEDULED, .prev = 11, .index = 1, .due_us = INT64_C(1767225600123456)},
        {.type = EV_WAIT_SCHEDULED, .prev = 11, .due_us = -5},
        {.type = EV_CALLBACK_HELD, .frame = 1, .error = "E", .due_us = 1},
        {.type = EV_CALLBACK_HELD, .frame = 1, .data = in, .due_us = 1},
        {.type = EV_YIELDED, .prev = 11, .frame = 2, .state = state("Fn"), .data = null, .due_us = 3},
        {.type = EV_CALL_WITHHELD, .prev = 11, .due_us = 4},
        {.type = EV_CALL_RELEASED, .prev = 11},
        {.type = EV_EXECUTION_ABORTED, .id = 12},
    };
    size_t n = sizeof list / sizeof *list, read;
    struct row r = write_row(list, n);
    struct event *back;
    struct err err = {0};

    ck_assert_msg(event_read_row(asl, r.events.p, r.events.len, r.payloads.p, r.payloads.len, 42, &back,
                                 &read, &err) == 0,
                  "%s", err.cause);
    ck_assert_uint_eq(read, n);
    for (size_t i = 0; i < n; i++) {
        const struct event *a = &list[i], *b = &back[i];
        ck_assert_int_eq(a->type, b->type);
        ck_assert_int_eq(a->id, b->id);
        ck_assert_int_eq(a->prev, b->prev);
        ck_assert_uint_eq(a->frame, b->frame);
        ck_assert_ptr_eq(a->state, b->state);
        ck_assert_int_eq(a->index, b->index);
        ck_assert_int_eq(a->timeout_s, b->timeout_s);
        ck_assert_int_eq(a->heartbeat_s, b->heartbeat_s);
        ck_assert_int_eq(a->due_us, b->due_us);
        ck_assert_uint_eq(a->seed, b->seed);
        ck_assert_int_eq(b->at_us, 42);
        assert_same_text(a->error, b->error);
        assert_same_text(a->cause, b->cause);
        assert_same_text(a->role, b->role);
        assert_same_text(a->data ? value_text(a->data, NULL) : NULL,
                         b->data ? value_text(b->data, NULL) : NULL);
        event_fini(&back[i]);
    }
    free(back);
    fini_row(&r);
    value_unref(in);
    value_unref(null);
}
END_TEST

START_TEST(events_that_shared_a_payload_share_it_again)
{
    struct value *in = value("{}");
    struct event list[] = {{.type = EV_EXECUTION_STARTED, .id = 1, .data = in},
                           {.type = EV_TASK_ENTERED, .id = 2, .state = state("Fn"), .data = in}};
    struct row r = write_row(list, 2);
    struct event *back;
    size_t n;

    ck_assert_int_eq(
        event_read_row(asl, r.events.p, r.events.len, r.payloads.p, r.payloads.len, 0, &back, &n, NULL), 0);
    ck_assert_ptr_eq(back[0].data, back[1].data);
    event_fini(&back[0]);
    event_fini(&back[1]);
    free(back);
    fini_row(&r);
    value_unref(in);
}
END_TEST

START_TEST(a_row_may_hold_many_payloads)
{
    enum { N = 5000 };
    struct event *list = mem_calloc(N, sizeof *list), *back;
    size_t n;
    char text[16];

    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%d", i / 2);
        struct value *v = i % 2 ? value_ref(list[i - 1].data) : value(text);
        list[i] = (struct event){
            .type = EV_PASS_ENTERED, .id = i + 1, .prev = i, .state = state("P \"q\""), .data = v};
    }
    struct row r = write_row(list, N);
    ck_assert_int_eq(
        event_read_row(asl, r.events.p, r.events.len, r.payloads.p, r.payloads.len, 0, &back, &n, NULL), 0);
    ck_assert_uint_eq(n, N);
    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%d", i / 2);
        ck_assert_str_eq(value_text(back[i].data, NULL), text);
        event_fini(&back[i]);
        event_fini(&list[i]);
    }
    free(list);
    free(back);
    fini_row(&r);
}
END_TEST

static const struct {
    const char *says;
    const char *events, *payloads;
} ODD_ROWS[] = {
    {"events are no JSON", "[{", "[]"},
    {"events are no array", "{}", "[]"},
    {"an event is no object", "[1]", "[]"},
    {"an event has no type", "[{\"id\":1}]", "[]"},
    {"a type is unknown", "[{\"id\":1,\"type\":\"TaskDanced\"}]", "[]"},
    {"a type is no string", "[{\"id\":1,\"type\":7}]", "[]"},
    {"a number is negative", "[{\"id\":-1,\"type\":\"TaskStateAborted\"}]", "[]"},
    {"a number is too large", "[{\"id\":2147483648,\"type\":\"TaskStateAborted\"}]", "[]"},
    {"a number is a string", "[{\"id\":\"1\",\"type\":\"TaskStateAborted\"}]", "[]"},
    {"a frame is too large", "[{\"id\":1,\"type\":\"TaskStateAborted\",\"frame\":4294967296}]", "[]"},
    {"a state is missing", "[{\"id\":2,\"type\":\"TaskStateEntered\",\"input\":0}]", "[1]"},
    {"a state is unknown", "[{\"id\":2,\"type\":\"TaskStateEntered\",\"name\":\"Nope\",\"input\":0}]", "[1]"},
    {"a state is no task", "[{\"id\":2,\"type\":\"TaskStarted\",\"name\":\"M\"}]", "[]"},
    {"a payload is missing", "[{\"id\":2,\"type\":\"TaskStateEntered\",\"name\":\"Fn\"}]", "[1]"},
    {"a payload's index is too large",
     "[{\"id\":2,\"type\":\"TaskStateEntered\",\"name\":\"Fn\",\"input\":1}]", "[1]"},
    {"a payload's index is negative",
     "[{\"id\":2,\"type\":\"TaskStateEntered\",\"name\":\"Fn\",\"input\":-1}]", "[1]"},
    {"there are no payloads", "[{\"id\":2,\"type\":\"TaskStateEntered\",\"name\":\"Fn\",\"input\":0}]", "[]"},
    {"variables are no object",
     "[{\"id\":2,\"type\":\"TaskStateExited\",\"name\":\"Fn\",\"output\":0,\"assigned\":[0]}]", "[1]"},
    {"a variable is unknown",
     "[{\"id\":2,\"type\":\"TaskStateExited\",\"name\":\"Fn\",\"output\":0,\"assigned\":{\"y\":0}}]", "[1]"},
    {"a variable's payload is missing",
     "[{\"id\":2,\"type\":\"TaskStateExited\",\"name\":\"Fn\",\"output\":0,\"assigned\":{\"x\":1}}]", "[1]"},
    {"a variable's payload is no number",
     "[{\"id\":2,\"type\":\"TaskStateExited\",\"name\":\"Fn\",\"output\":0,\"assigned\":{\"x\":\"0\"}}]",
     "[1]"},
    {"an error is no string", "[{\"id\":2,\"type\":\"ExecutionFailed\",\"error\":{}}]", "[]"},
    {"a seed is missing", "[{\"id\":1,\"type\":\"ExecutionStarted\",\"input\":0}]", "[1]"},
    {"a seed is no number", "[{\"id\":1,\"type\":\"ExecutionStarted\",\"input\":0,\"seed\":\"x1\"}]", "[1]"},
    {"payloads are empty text", "[]", ""},
    {"payloads are no array", "[]", "{}"},
    {"payloads end early", "[]", "[1"},
    {"payloads have an empty place", "[]", "[1,,2]"},
    {"payloads end in a comma", "[]", "[1,]"},
    {"payloads begin with a comma", "[]", "[,1]"},
    {"a payload is no JSON", "[]", "[nul]"},
    {"a payload's string does not end", "[]", "[\"x]"},
    {"payloads close twice", "[]", "[1]]"},
    {"payloads are two values", "[]", "[1 2]"},
};

START_TEST(a_row_that_pawl_did_not_write_is_an_error)
{
    const char *events = ODD_ROWS[_i].events, *payloads = ODD_ROWS[_i].payloads;
    struct event *list;
    struct err err;
    size_t n;

    ck_assert_msg(
        event_read_row(asl, events, strlen(events), payloads, strlen(payloads), 0, &list, &n, &err) == -1,
        "%s", ODD_ROWS[_i].says);
    ck_assert_str_eq(err.name, "InternalFailure");
    ck_assert_str_ne(err.cause, "");
}
END_TEST

START_TEST(every_cut_and_every_changed_byte_of_a_row_is_survived)
{
    struct value *in = value("{\"a\":[1,\"x\\\"\"]}");
    struct event list[] = {
        {.type = EV_EXECUTION_STARTED, .id = 1, .data = in},
        {.type = EV_TASK_SCHEDULED, .id = 3, .prev = 2, .state = state("Pay"), .data = in},
        {.type = EV_TASK_FAILED, .id = 4, .state = state("Pay"), .error = "E", .cause = "C"},
        {.type = EV_TASK_EXITED, .id = 5, .state = state("Fn"), .data = in, .assigned = assigned(in)}};
    struct row r = write_row(list, 4);
    struct event *back;
    size_t n;

    for (int which = 0; which < 2; which++) {
        struct js_buf *text = which ? &r.payloads : &r.events;
        for (size_t i = 0; i < text->len; i++)
            for (int change = 0; change < 4; change++) {
                char was = text->p[i];
                text->p[i] = "\0\"[,"[change];
                if (event_read_row(asl, r.events.p, r.events.len, r.payloads.p, r.payloads.len, 0, &back, &n,
                                   NULL) == 0) {
                    for (size_t k = 0; k < n; k++)
                        event_fini(&back[k]);
                    free(back);
                }
                text->p[i] = was;
            }
    }
    assigned_unref(list[3].assigned);
    fini_row(&r);
    value_unref(in);
}
END_TEST

/* ---- the API ---- */

static const struct {
    const char *says;
    struct event e;
    const char *name, *data, *shown;
    const char *set; /* the value of x and größe */
} API[] = {
    {"the first event tells the role",
     {.type = EV_EXECUTION_STARTED, .id = 1},
     NULL,
     "{\"a\": 1}",
     "\"type\":\"ExecutionStarted\",\"id\":1,\"previousEventId\":0,\"executionStartedEventDetails\":{"
     "\"input\":\"{\\\"a\\\": 1}\",\"inputDetails\":{\"truncated\":false},\"roleArn\":\"role\"}"},
    {"a state that is entered",
     {.type = EV_TASK_ENTERED, .id = 2},
     "Fn",
     "1",
     "\"type\":\"TaskStateEntered\",\"id\":2,\"previousEventId\":0,\"stateEnteredEventDetails\":{"
     "\"name\":\"Fn\",\"input\":\"1\",\"inputDetails\":{\"truncated\":false}}"},
    {"a catcher's exit shows as any other",
     {.type = EV_TASK_EXITED, .id = 9, .prev = 8, .index = 2},
     "Fn",
     "1",
     "\"type\":\"TaskStateExited\",\"id\":9,\"previousEventId\":8,\"stateExitedEventDetails\":{"
     "\"name\":\"Fn\",\"output\":\"1\",\"outputDetails\":{\"truncated\":false}}"},
    {"variables are shown as texts",
     {.type = EV_TASK_EXITED, .id = 9, .prev = 8},
     "Fn",
     "1",
     "\"type\":\"TaskStateExited\",\"id\":9,\"previousEventId\":8,\"stateExitedEventDetails\":{"
     "\"name\":\"Fn\",\"output\":\"1\",\"outputDetails\":{\"truncated\":false},"
     "\"assignedVariables\":{\"x\":\"[\\\"a\\\"]\",\"größe\":\"[\\\"a\\\"]\"},"
     "\"assignedVariablesDetails\":{\"truncated\":false}}",
     "[\"a\"]"},
    {"a function is named by its ARN",
     {.type = EV_FUNCTION_SCHEDULED, .id = 3, .prev = 2, .timeout_s = 5},
     "Fn",
     "1",
     "\"type\":\"LambdaFunctionScheduled\",\"id\":3,\"previousEventId\":2,"
     "\"lambdaFunctionScheduledEventDetails\":{"
     "\"resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"input\":\"1\","
     "\"inputDetails\":{\"truncated\":false},\"timeoutInSeconds\":5}"},
    {"an event without details",
     {.type = EV_FUNCTION_STARTED, .id = 4, .prev = 3},
     NULL,
     NULL,
     "\"type\":\"LambdaFunctionStarted\",\"id\":4,\"previousEventId\":3"},
    {"a service's task tells its region and parameters",
     {.type = EV_TASK_SCHEDULED, .id = 3, .prev = 2, .timeout_s = 5, .heartbeat_s = 2, .role = "r"},
     "Pay",
     "{}",
     "\"type\":\"TaskScheduled\",\"id\":3,\"previousEventId\":2,\"taskScheduledEventDetails\":{"
     "\"resource\":\"invoke\",\"resourceType\":\"lambda\",\"region\":\"here\",\"parameters\":\"{}\","
     "\"timeoutInSeconds\":5,\"heartbeatInSeconds\":2,\"taskCredentials\":{\"roleArn\":\"r\"}}"},
    {"a task that has started",
     {.type = EV_TASK_STARTED, .id = 4, .prev = 3},
     "Pay",
     NULL,
     "\"type\":\"TaskStarted\",\"id\":4,\"previousEventId\":3,\"taskStartedEventDetails\":{"
     "\"resource\":\"invoke\",\"resourceType\":\"lambda\"}"},
    {"a failure without error and cause",
     {.type = EV_TASK_FAILED, .id = 5, .prev = 4},
     "Pay",
     NULL,
     "\"type\":\"TaskFailed\",\"id\":5,\"previousEventId\":4,\"taskFailedEventDetails\":{"
     "\"resource\":\"invoke\",\"resourceType\":\"lambda\"}"},
    {"an abort has details, though they are empty",
     {.type = EV_EXECUTION_ABORTED, .id = 5},
     NULL,
     NULL,
     "\"type\":\"ExecutionAborted\",\"id\":5,\"previousEventId\":0,\"executionAbortedEventDetails\":{}"},
    {"error and cause",
     {.type = EV_EXECUTION_FAILED, .id = 5, .prev = 4, .error = "E", .cause = "say \"x\""},
     NULL,
     NULL,
     "\"type\":\"ExecutionFailed\",\"id\":5,\"previousEventId\":4,\"executionFailedEventDetails\":{"
     "\"error\":\"E\",\"cause\":\"say \\\"x\\\"\"}"},
    {"a Map tells how many items",
     {.type = EV_MAP_STARTED, .id = 5, .prev = 4, .index = 3},
     NULL,
     NULL,
     "\"type\":\"MapStateStarted\",\"id\":5,\"previousEventId\":4,\"mapStateStartedEventDetails\":{"
     "\"length\":3}"},
    {"the first iteration has index 0",
     {.type = EV_ITERATION_STARTED, .id = 6, .prev = 5},
     "M",
     NULL,
     "\"type\":\"MapIterationStarted\",\"id\":6,\"previousEventId\":5,\"mapIterationStartedEventDetails\":{"
     "\"name\":\"M\",\"index\":0}"},
};

static char *shown(size_t i, bool with_data)
{
    static const char at[] = "{\"timestamp\":1767225600.012,";
    struct event e = API[i].e;
    struct js_buf out = {0};

    e.at_us = INT64_C(1767225600012345);
    e.state = API[i].name ? state(API[i].name) : NULL;
    e.data = API[i].data ? value(API[i].data) : NULL;
    struct value *set = API[i].set ? value(API[i].set) : NULL;
    e.assigned = set ? assigned(set) : NULL;
    event_write_api(&e, &(struct event_context){.role_arn = "role", .region = "here", .with_data = with_data},
                    &out);
    value_unref(e.data);
    value_unref(set);
    assigned_unref(e.assigned);
    ck_assert_int_eq(strncmp(out.p, at, sizeof at - 1), 0);
    ck_assert_int_eq(js_scan(out.p, out.len, NULL), 0);
    char *rest = mem_strndup(out.p + sizeof at - 1, out.len - sizeof at); /* without the last brace */
    js_buf_fini(&out);
    return rest;
}

START_TEST(the_api_shows_an_event_as_the_service_does)
{
    char *is = shown((size_t)_i, true);

    ck_assert_msg(strcmp(is, API[_i].shown) == 0, "%s: %s", API[_i].says, is);
    free(is);
}
END_TEST

START_TEST(without_execution_data_no_payload_is_shown)
{
    char *is = shown((size_t)_i, false);

    ck_assert_ptr_null(strstr(is, "input"));
    ck_assert_ptr_null(strstr(is, "output"));
    ck_assert_ptr_null(strstr(is, "parameters"));
    ck_assert_ptr_null(strstr(is, "assigned"));
    free(is);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("history events");
    TCase *t = tcase_create("events");

    tcase_add_checked_fixture(t, compile, release);
    tcase_add_test(t, every_type_is_found_by_its_name);
    tcase_add_test(t, no_other_name_is_a_type);
    tcase_add_test(t, only_pawls_own_events_are_not_in_the_services_vocabulary);
    tcase_add_test(t, a_payload_stands_once_in_its_row);
    tcase_add_test(t, variables_are_payloads_like_any_other);
    tcase_add_test(t, what_is_written_is_read_back);
    tcase_add_test(t, events_that_shared_a_payload_share_it_again);
    tcase_add_test(t, a_row_may_hold_many_payloads);
    tcase_add_loop_test(t, a_row_that_pawl_did_not_write_is_an_error, 0, sizeof ODD_ROWS / sizeof *ODD_ROWS);
    tcase_add_test(t, every_cut_and_every_changed_byte_of_a_row_is_survived);
    tcase_add_loop_test(t, the_api_shows_an_event_as_the_service_does, 0, sizeof API / sizeof *API);
    tcase_add_loop_test(t, without_execution_data_no_payload_is_shown, 0, sizeof API / sizeof *API);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
