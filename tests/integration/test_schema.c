/* The views for people and the functions for programs. */
#include "scene.h"

#include "asl/token.h"

#include <string.h>

static struct scene sc;

static const struct asl_state PAY = {.name = "Pay", .type = ASL_TASK};

#define AT_US INT64_C(1790000000000000)

static struct value *json(const char *text)
{
    return value_new(text, strlen(text));
}

static void open_machine(void)
{
    scene_open(&sc);
    scene_do(&sc, "INSERT INTO pawl.lease (slot, epoch, node) VALUES (1, 7, 'test')");
    scene_do(&sc,
             "INSERT INTO pawl.lease_heartbeat (slot, expires_at) VALUES (1, now() + interval '1 hour')");
    scene_do(&sc, "INSERT INTO pawl.definition (state_machine_id, machine, role_arn, definition) VALUES (1, "
                  "'order', '', '{}')");
    scene_do(&sc, "INSERT INTO pawl.state_machine (name, definition_id) VALUES ('order', 1)");
}

static void add_start(int64_t id, const char *name)
{
    store_add_start(sc.store, &(struct store_start){.execution_id = id,
                                                    .definition_id = 1,
                                                    .state_machine_id = 1,
                                                    .name = name,
                                                    .started_us = AT_US,
                                                    .slot = 1});
}

/* One journal row: events get their numbers, frames and times; takes their data. */
static int32_t last_id;

static void add_row(int64_t id, int32_t seq, int64_t at_us, struct event *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool own = event_flags(list[i].type) & EVENT_OWN;
        list[i].id = own ? 0 : ++last_id;
        list[i].prev = own ? 0 : last_id - 1;
    }
    store_add_events(sc.store, id, seq, at_us, "Pay", list, n);
    for (size_t i = 0; i < n; i++) {
        value_unref(list[i].data);
        assigned_unref(list[i].assigned);
    }
}

/* Sets two variables: x, and this to what has no text. */
static struct assigned *set(const char *x)
{
    struct assigned *a = assigned_new(2);

    a->list[a->n++] = (struct assignment){"x", json(x)};
    a->list[a->n++] = (struct assignment){"größe", json("\"\\u0000\"")};
    return a;
}

#define ROW(id, seq, at_us, ...)                                                                             \
    add_row(id, seq, at_us, (struct event[]){__VA_ARGS__},                                                   \
            sizeof(struct event[]){__VA_ARGS__} / sizeof(struct event))

static void commit(void)
{
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    ck_assert_int_eq(sc.commit.nguilty, 0);
}

/* A task that fails once, is retried and succeeds. */
static void paid_at_the_second_try(int64_t id, const char *name)
{
    last_id = 0;
    add_start(id, name);
    ROW(id, 1, AT_US, {.type = EV_EXECUTION_STARTED, .data = json("{\"n\":1}")},
        {.type = EV_TASK_ENTERED, .state = &PAY, .data = json("{\"n\":1}")},
        {.type = EV_TASK_SCHEDULED, .state = &PAY, .data = json("{\"call\":1}"), .timeout_s = 60},
        {.type = EV_TASK_STARTED, .state = &PAY});
    ROW(id, 2, AT_US + 1000000,
        {.type = EV_TASK_FAILED, .state = &PAY, .error = (char *)"Busy", .cause = (char *)"later"},
        {.type = EV_RETRY_SCHEDULED, .due_us = AT_US + 3000000});
    ROW(id, 3, AT_US + 3000000, {.type = EV_TASK_SCHEDULED, .state = &PAY, .data = json("{\"call\":2}")},
        {.type = EV_TASK_STARTED, .state = &PAY});
    ROW(id, 4, AT_US + 5000000, {.type = EV_TASK_SUCCEEDED, .state = &PAY, .data = json("\"ok\"")},
        {.type = EV_TASK_EXITED, .state = &PAY, .data = json("\"ok\""), .assigned = set("[1]")},
        {.type = EV_EXECUTION_SUCCEEDED, .data = json("\"ok\"")});
    struct exec ex = {
        .id = id, .status = EXEC_SUCCEEDED, .stopped_us = AT_US + 5000000, .output = json("\"ok\"")};
    store_add_finish(sc.store, &ex);
    value_unref(ex.output);
    commit();
}

/* ---- views ---- */

START_TEST(history_is_numbered_and_has_its_payloads)
{
    open_machine();
    paid_at_the_second_try(100, "first");
    ck_assert_str_eq(
        scene_ask(&sc, "SELECT string_agg(concat_ws(' ', event_id, previous_event_id, type, state, input, "
                       "output, error), '; '"
                       " ORDER BY event_id) FROM pawl.history WHERE execution = 'first'"),
        "1 0 ExecutionStarted {\"n\":1}; 2 1 TaskStateEntered Pay {\"n\":1}; 3 2 TaskScheduled Pay "
        "{\"call\":1}; "
        "4 3 TaskStarted Pay; 5 4 TaskFailed Pay Busy; 6 5 TaskScheduled Pay {\"call\":2}; 7 6 TaskStarted "
        "Pay; "
        "8 7 TaskSucceeded Pay \"ok\"; 9 8 TaskStateExited Pay \"ok\"; 10 9 ExecutionSucceeded \"ok\"");
    scene_close(&sc);
}
END_TEST

START_TEST(steps_have_a_row_an_attempt)
{
    open_machine();
    paid_at_the_second_try(100, "first");
    ck_assert_str_eq(
        scene_ask(&sc,
                  "SELECT string_agg(concat_ws(' ', state, type, attempt, extract(epoch FROM duration)::int, "
                  "input, output,"
                  " error, cause), '; ' ORDER BY first_event_id) FROM pawl.steps WHERE execution_id = 100"),
        "Pay Task 1 1 {\"n\":1} Busy later; Pay Task 2 2 {\"call\":2} \"ok\"");
    scene_close(&sc);
}
END_TEST

START_TEST(variables_are_shown_where_they_were_set)
{
    open_machine();
    paid_at_the_second_try(100, "first");
    ck_assert_str_eq(scene_ask(&sc, "SELECT string_agg(concat_ws(' ', event_id, type, assigned), '; ') FROM "
                                    "pawl.history WHERE assigned IS NOT NULL"),
                     "9 TaskStateExited { \"x\" : [1], \"größe\" : \"\\u0000\" }");
    ck_assert_str_eq(
        scene_ask(&sc,
                  "SELECT string_agg(concat_ws(' ', state, attempt, coalesce(assigned::text, '-')), '; ' "
                  "ORDER BY first_event_id) FROM pawl.steps"),
        "Pay 1 -; Pay 2 { \"x\" : [1], \"größe\" : \"\\u0000\" }");
    scene_close(&sc);
}
END_TEST

START_TEST(executions_show_what_went_in_and_came_out)
{
    open_machine();
    paid_at_the_second_try(100, "first");
    ck_assert_str_eq(scene_ask(&sc, "SELECT concat_ws(' ', execution, machine, status, duration, input, "
                                    "output, events, arn) FROM pawl.executions"),
                     "first order SUCCEEDED 00:00:05 {\"n\":1} \"ok\" 10"
                     " arn:aws:states:us-east-1:000000000000:execution:order:first");
    ck_assert_int_eq(store_set_arn_prefix(sc.conninfo, NULL, "arn:aws:states:here:123:", NULL), 0);
    ck_assert_str_eq(scene_ask(&sc, "SELECT arn FROM pawl.executions"),
                     "arn:aws:states:here:123:execution:order:first");
    scene_close(&sc);
}
END_TEST

static char deep[8192];

static const struct {
    const char *says, *payload;
} ODD[] = {
    {"U+0000", "{\"a\\u0000b\":\"\\u0000\"}"},
    {"a lone surrogate", "{\"\\ud800\":\"\\udc00\"}"},
    {"duplicate keys", "{\"type\":1,\"type\":2,\"id\":\"x\"}"},
    {"an empty key and numbers without end", "{\"\":1e400,\"n\":123456789012345678901234567890}"},
    {"1000 levels", deep},
    {"a string that looks like an escape", "\"\\\\u0000 \\\\ud800\""},
};

START_TEST(no_payload_breaks_a_view)
{
    memset(deep, '[', 1000);
    memset(deep + 1000, ']', 1000);
    open_machine();
    last_id = 0;
    add_start(100, "odd");
    ROW(100, 1, AT_US, {.type = EV_EXECUTION_STARTED, .data = json(ODD[_i].payload)},
        {.type = EV_TASK_ENTERED, .state = &PAY, .data = json(ODD[_i].payload)},
        {.type = EV_TASK_SCHEDULED, .state = &PAY, .data = json(ODD[_i].payload)});
    commit();
    ck_assert_msg(
        !strcmp(scene_ask(&sc, "SELECT input FROM pawl.history WHERE event_id = 1"), ODD[_i].payload), "%s",
        ODD[_i].says);
    ck_assert_msg(!strcmp(scene_ask(&sc, "SELECT input FROM pawl.steps"), ODD[_i].payload), "%s",
                  ODD[_i].says);
    ck_assert_msg(!strcmp(scene_ask(&sc, "SELECT input FROM pawl.executions"), ODD[_i].payload), "%s",
                  ODD[_i].says);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.stalled"), "0");
    scene_close(&sc);
}
END_TEST

START_TEST(no_text_of_an_event_breaks_a_view)
{
    open_machine();
    scene_do(
        &sc,
        "INSERT INTO pawl.execution (execution_id, state_machine_id, definition_id, name, slot, started_at)"
        " VALUES (1, 1, 99, 'strange', 1, now())"); /* and its definition is gone */
    scene_do(&sc, "INSERT INTO pawl.journal VALUES (1, 1, now(), 1, 1, NULL, '%s', '[]')",
             "[{\"id\":1,\"type\":\"TaskFailed\",\"name\":\"a\\u0000b\",\"error\":\"\\ud800\",\"cause\":"
             "\"\\\\u0000\"}]");
    ck_assert_str_eq(scene_ask(&sc, "SELECT concat_ws('|', state, error, cause) FROM pawl.history"),
                     "a\xEF\xBF\xBD"
                     "b|\xEF\xBF\xBD|\\ufffd");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.steps"), "0");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.executions"), "1");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.stalled"), "1");
    scene_close(&sc);
}
END_TEST

static const char *const BY_INDEX[] = {
    "pawl.history WHERE execution_id = 100",    "pawl.history WHERE execution = 'first'",
    "pawl.steps WHERE execution_id = 100",      "pawl.steps WHERE execution = 'first'",
    "pawl.executions WHERE execution_id = 100", "pawl.executions WHERE execution = 'first'",
};

START_TEST(asking_for_one_execution_reads_no_other)
{
    open_machine();
    scene_do(&sc, "INSERT INTO pawl.execution (execution_id, state_machine_id, definition_id, name, slot, "
                  "status, started_at)"
                  " SELECT n, 1, 1, 'e' || n, 1, 'SUCCEEDED', now() FROM generate_series(1000, 6000) n");
    scene_do(&sc, "INSERT INTO pawl.journal SELECT n, seq, now(), 1, 0, NULL, '[]', '[]'"
                  " FROM generate_series(1000, 6000) n, generate_series(1, 3) seq");
    paid_at_the_second_try(100, "first");
    scene_do(&sc, "ANALYZE");
    PGresult *r = PQexec(sc.sql, scene_format("EXPLAIN SELECT * FROM %s", BY_INDEX[_i]));
    ck_assert_msg(PQntuples(r) > 0, "%s", PQerrorMessage(sc.sql));
    for (int row = 0; row < PQntuples(r); row++)
        for (const char *const *t =
                 (const char *const[]){"Seq Scan on journal", "Seq Scan on execution", NULL};
             *t; t++)
            ck_assert_msg(!strstr(PQgetvalue(r, row, 0), *t), "%s: %s", BY_INDEX[_i], PQgetvalue(r, row, 0));
    PQclear(r);
    scene_close(&sc);
}
END_TEST

START_TEST(a_long_row_is_unfolded_in_time)
{
    enum { EVENTS = 5000 };
    struct event *list = mem_calloc(EVENTS, sizeof *list);
    char text[300];

    open_machine();
    last_id = 0;
    add_start(100, "wide");
    memset(text, 'x', sizeof text);
    for (int i = 0; i < EVENTS; i++) {
        snprintf(text, sizeof text, "{\"i\":%d,\"text\":\"%0200d\"}", i, i);
        list[i] = (struct event){.type = EV_TASK_EXITED, .state = &PAY, .data = json(text)};
    }
    add_row(100, 1, AT_US, list, EVENTS);
    free(list);
    commit();
    scene_do(&sc, "SET statement_timeout = '2s'");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(output) FROM pawl.history WHERE execution_id = 100"),
                     "5000");
    scene_close(&sc);
}
END_TEST

/* ---- stalled ---- */

static void one_row(int64_t id, const char *name, struct event e)
{
    last_id = 0;
    add_start(id, name);
    add_row(id, 1, AT_US, (struct event[]){{.type = EV_EXECUTION_STARTED, .data = json("{}")}, e}, 2);
}

START_TEST(what_nothing_moves_is_stalled)
{
    int64_t future_us = INT64_C(4000000000000000);

    open_machine();
    one_row(1, "waits", (struct event){.type = EV_WAIT_SCHEDULED, .due_us = future_us});
    one_row(2, "late", (struct event){.type = EV_WAIT_SCHEDULED, .due_us = INT64_C(1700000000000000)});
    one_row(3, "calls", (struct event){.type = EV_TASK_SCHEDULED, .state = &PAY, .data = json("{}")});
    one_row(4, "overdue",
            (struct event){.type = EV_TASK_SCHEDULED, .state = &PAY, .data = json("{}"), .timeout_s = 5});
    one_row(5, "nothing", (struct event){.type = EV_TASK_EXITED, .state = &PAY, .data = json("{}")});
    one_row(6, "branches", (struct event){.type = EV_PARALLEL_STARTED});
    one_row(7, "tries", (struct event){.type = EV_RETRY_SCHEDULED, .due_us = future_us});
    commit();
    last_id = 2;
    ROW(6, 2, AT_US, {.type = EV_TASK_SCHEDULED, .state = &PAY, .frame = 2, .data = json("{}")});
    commit();
    scene_do(&sc, "UPDATE pawl.journal SET at = now() - interval '1 hour'");
    ck_assert_str_eq(
        scene_ask(
            &sc,
            "SELECT string_agg(execution || ': ' || reason, '; ' ORDER BY execution_id) FROM pawl.stalled"),
        "late: a timer is more than a minute late; overdue: a timer is more than a minute late; "
        "nothing: nothing is under way for it: no call, token or timer");
    scene_do(&sc, "UPDATE pawl.lease_heartbeat SET expires_at = now() - interval '2 minutes'");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) || ' ' || count(*) FILTER (WHERE reason = 'no living "
                                    "pawld owns it') FROM pawl.stalled"),
                     "7 6");
    scene_close(&sc);
}
END_TEST

START_TEST(who_sleeps_for_too_long_is_stalled)
{
    int64_t future_us = INT64_C(4000000000000000);

    open_machine();
    for (int64_t id = 1; id <= 4; id++)
        one_row(id, scene_format("%lld", (long long)id),
                (struct event){.type = EV_WAIT_SCHEDULED, .due_us = future_us});
    commit();
    store_add_parked(sc.store, 1, future_us);
    store_add_parked(sc.store, 2, future_us - 1000000); /* the machine's TimeoutSeconds, say */
    store_add_parked(sc.store, 3, future_us + 2000000);
    store_add_parked(sc.store, 4, INT64_C(1700000000000000));
    commit();
    scene_do(&sc, "DELETE FROM pawl.lease"); /* nobody needs to own them */
    ck_assert_str_eq(
        scene_ask(
            &sc,
            "SELECT string_agg(execution || ': ' || reason, '; ' ORDER BY execution_id) FROM pawl.stalled"),
        "3: it is parked, and would sleep through its next moment; "
        "4: it is parked, and should have been woken more than a minute ago");
    scene_close(&sc);
}
END_TEST

START_TEST(a_start_that_nobody_claims_is_stalled_after_a_minute)
{
    open_machine();
    scene_do(&sc, "SELECT pawl.start_execution('order')");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.stalled"), "0");
    scene_do(&sc, "UPDATE pawl.inbox SET sent_at = now() - interval '2 minutes'");
    ck_assert_str_eq(scene_ask(&sc, "SELECT reason FROM pawl.stalled"),
                     "a command has waited in the inbox for more than a minute");
    scene_do(&sc, "DELETE FROM pawl.inbox");
    ck_assert_str_eq(scene_ask(&sc, "SELECT reason FROM pawl.stalled"),
                     "it has no journal, and no start waits in the inbox");
    scene_close(&sc);
}
END_TEST

/* ---- functions ---- */

START_TEST(a_start_by_sql_belongs_to_the_callers_transaction)
{
    open_machine();
    scene_do(&sc, "BEGIN");
    scene_do(&sc, "SELECT pawl.start_execution('order', '{\"n\":1}', 'undone')");
    scene_do(&sc, "ROLLBACK");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.execution"), "0");
    scene_do(&sc, "SELECT pawl.start_execution('order', NULL, 'done')");
    ck_assert_str_eq(
        scene_ask(&sc, "SELECT concat_ws(' ', x.name, x.slot, x.status, x.definition_id, i.command, i.data)"
                       " FROM pawl.execution x JOIN pawl.inbox i USING (execution_id)"),
        "done RUNNING 1 start {}");
    ck_assert_str_eq(scene_ask(&sc, "SELECT (execution_id >> 12) & 1023 FROM pawl.execution"), "0");
    ck_assert_str_eq(scene_ask(&sc, "SELECT abs(extract(epoch FROM started_at) * 1000 - ((execution_id >> "
                                    "22) + 1577836800000)) < 1000"
                                    " FROM pawl.execution"),
                     "t");
    ck_assert_str_eq(scene_ask(&sc, "SELECT pawl.execution_id('done') = execution_id AND pawl.execution_id("
                                    "'arn:aws:states:us-east-1:000000000000:execution:order:done') = "
                                    "execution_id FROM pawl.execution"),
                     "t");
    scene_close(&sc);
}
END_TEST

static const struct {
    const char *says, *sql, *sqlstate;
} REFUSED[] = {
    {"a machine that does not exist", "SELECT pawl.start_execution('nowhere')", "P0002"},
    {"a name that is taken", "SELECT pawl.start_execution('order', '{}', 'taken')", "23505"},
    {"a name with a blank", "SELECT pawl.start_execution('order', '{}', 'a b')", "22023"},
    {"a name of 81 characters", "SELECT pawl.start_execution('order', '{}', repeat('x', 81))", "22023"},
    {"an input that is too large", "SELECT pawl.start_execution('order', to_json(repeat('x', 262143)))",
     "54000"},
    {"an input that is too deep",
     "SELECT pawl.start_execution('order', (repeat('[', 1001) || repeat(']', 1001))::json)", "54000"},
    {"a number that is too long", "SELECT pawl.start_execution('order', repeat('7', 1001)::json)", "54000"},
    {"something that is no JSON", "SELECT pawl.start_execution('order', 'x')", "22P02"},
    {"a token that is none", "SELECT pawl.send_task_success('rubbish', '1')", "22023"},
    {"a token that is NULL", "SELECT pawl.send_task_failure(NULL)", "22023"},
    {"an execution that does not exist", "SELECT pawl.execution_id('nowhere')", "P0002"},
};

START_TEST(functions_refuse)
{
    open_machine();
    scene_do(&sc, "SELECT pawl.start_execution('order', '{}', 'taken')");
    const char *got = scene_sqlstate(&sc, "%s", REFUSED[_i].sql);
    ck_assert_msg(!strcmp(got, REFUSED[_i].sqlstate), "%s: SQLSTATE %s", REFUSED[_i].says, got);
    scene_close(&sc);
}
END_TEST

START_TEST(what_is_just_within_the_limits_is_taken)
{
    open_machine();
    scene_do(&sc, "SELECT pawl.start_execution('order', to_json(repeat('x', 262142)))");
    scene_do(&sc, "SELECT pawl.start_execution('order', (repeat('[', 1000) || repeat(']', 1000))::json)");
    scene_do(&sc, "SELECT pawl.start_execution('order', repeat('7', 1000)::json)");
    scene_do(&sc, "SELECT pawl.start_execution('order', to_json(repeat('[', 5000) || repeat('7', 5000)))");
    scene_do(&sc, "SELECT pawl.start_execution('order', ('[' || repeat('[1],', 2000) || '[1]]')::json)");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.inbox"), "5");
    scene_close(&sc);
}
END_TEST

/* 2 is scheduled in the root, 3 and 4 in branches. */
static const struct {
    const char *says;
    int event_id;
    struct event then;
    const char *sql, *open;
} TASKS[] = {
    {"a task that was submitted is open", 2, {.type = EV_TASK_SUBMITTED, .data = NULL}, NULL, "t"},
    {"one that was answered is not", 2, {.type = EV_TASK_FAILED}, NULL, "f"},
    {"nor one that timed out", 2, {.type = EV_TASK_TIMED_OUT}, NULL, "f"},
    {"nor one whose branch was aborted", 3, {.type = EV_TASK_ABORTED, .frame = 1}, NULL, "f"},
    {"nor one whose answer waits for its own call", 2, {.type = EV_CALLBACK_HELD}, NULL, "f"},
    {"what happens in another branch changes nothing", 4, {.type = EV_TASK_FAILED, .frame = 1}, NULL, "t"},
    {"an answer in the inbox closes it",
     2,
     {.type = EV_CALL_WITHHELD},
     "INSERT INTO pawl.inbox (execution_id, command, event_id) VALUES (101, 'task_failure', 2)",
     "f"},
    {"a heartbeat does not",
     2,
     {.type = EV_CALL_WITHHELD},
     "INSERT INTO pawl.inbox (execution_id, command, event_id) VALUES (101, 'task_heartbeat', 2)",
     "t"},
    {"an answer that nobody has checked neither",
     2,
     {.type = EV_CALL_WITHHELD},
     "INSERT INTO pawl.inbox (execution_id, command, event_id, token) VALUES (101, 'task_failure', 2, 'x')",
     "t"},
    {"of an event that is not there nothing is known", 9, {.type = EV_CALL_WITHHELD}, NULL, ""},
};

START_TEST(the_database_knows_whether_a_task_is_open)
{
    open_machine();
    last_id = 0;
    add_start(101, "runs");
    ROW(101, 1, AT_US, {.type = EV_EXECUTION_STARTED, .data = json("{}")},
        {.type = EV_TASK_SCHEDULED, .state = &PAY, .data = json("{}")},
        {.type = EV_TASK_SCHEDULED, .state = &PAY, .data = json("{}"), .frame = 1},
        {.type = EV_TASK_SCHEDULED, .state = &PAY, .data = json("{}"), .frame = 2});
    add_row(101, 2, AT_US, &(struct event){.type = EV_TASK_STARTED, .state = &PAY}, 1);
    struct event then = TASKS[_i].then;
    add_row(101, 3, AT_US, &then, 1);
    commit();
    if (TASKS[_i].sql)
        scene_do(&sc, "%s", TASKS[_i].sql);
    const char *open = scene_ask(&sc, "SELECT pawl.task_is_open(101, %d)", TASKS[_i].event_id);
    ck_assert_msg(!strcmp(open, TASKS[_i].open), "%s: \"%s\"", TASKS[_i].says, open);
    scene_close(&sc);
}
END_TEST

START_TEST(wishes_are_for_executions_that_run)
{
    char token[TOKEN_TEXT_BYTES];
    unsigned char key[TOKEN_KEY_BYTES] = {0};

    open_machine();
    paid_at_the_second_try(100, "over");
    ck_assert_str_eq(scene_ask(&sc, "SELECT pawl.stop_execution(100)"), "f");
    ck_assert_str_eq(
        scene_ask(&sc, "SELECT pawl.send_task_success('%s', '1')", token_mint(token, key, 100, 3)), "f");
    one_row(101, "runs", (struct event){.type = EV_TASK_SCHEDULED, .state = &PAY, .data = json("{}")});
    commit();
    ck_assert_str_eq(scene_ask(&sc, "SELECT pawl.stop_execution(101, 'Enough', 'by hand')"), "t");
    ck_assert_str_eq(
        scene_ask(&sc, "SELECT pawl.send_task_failure('%s', 'E', 'c')", token_mint(token, key, 101, 2)), "t");
    ck_assert_str_eq(scene_ask(&sc, "SELECT pawl.send_task_heartbeat('%s')", token), "t");
    ck_assert_str_eq(scene_ask(&sc, "SELECT string_agg(concat_ws(' ', command, event_id, error, cause), '; ' "
                                    "ORDER BY inbox_id) FROM pawl.inbox"),
                     "stop Enough by hand; task_failure 2 E c; task_heartbeat 2");
    scene_close(&sc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schema");
    TCase *tc = tcase_create("schema");

    tcase_set_timeout(tc, 180);
    tcase_add_test(tc, history_is_numbered_and_has_its_payloads);
    tcase_add_test(tc, steps_have_a_row_an_attempt);
    tcase_add_test(tc, variables_are_shown_where_they_were_set);
    tcase_add_test(tc, executions_show_what_went_in_and_came_out);
    tcase_add_loop_test(tc, no_payload_breaks_a_view, 0, sizeof ODD / sizeof *ODD);
    tcase_add_test(tc, no_text_of_an_event_breaks_a_view);
    tcase_add_loop_test(tc, asking_for_one_execution_reads_no_other, 0, sizeof BY_INDEX / sizeof *BY_INDEX);
    tcase_add_test(tc, a_long_row_is_unfolded_in_time);
    tcase_add_test(tc, what_nothing_moves_is_stalled);
    tcase_add_test(tc, who_sleeps_for_too_long_is_stalled);
    tcase_add_test(tc, a_start_that_nobody_claims_is_stalled_after_a_minute);
    tcase_add_test(tc, a_start_by_sql_belongs_to_the_callers_transaction);
    tcase_add_loop_test(tc, the_database_knows_whether_a_task_is_open, 0, sizeof TASKS / sizeof *TASKS);
    tcase_add_loop_test(tc, functions_refuse, 0, sizeof REFUSED / sizeof *REFUSED);
    tcase_add_test(tc, what_is_just_within_the_limits_is_taken);
    tcase_add_test(tc, wishes_are_for_executions_that_run);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
