/* The store on a real PostgreSQL: the schema, the tick's transaction, questions. */
#include "scene.h"

#include <string.h>

static struct scene sc;

/* ---- events by hand: what the interpreter would emit ---- */

static struct event started(const char *input)
{
    return (struct event){
        .type = EV_EXECUTION_STARTED, .id = 1, .data = value_new(input, strlen(input)), .seed = 7};
}

static void add_start(int64_t id, const char *name)
{
    store_add_start(sc.store, &(struct store_start){.execution_id = id,
                                                    .definition_id = 1,
                                                    .state_machine_id = 1,
                                                    .name = name,
                                                    .started_us = INT64_C(1790000000000000),
                                                    .slot = 1});
}

static void add_events(int64_t id, int32_t seq, const char *input)
{
    struct event e = started(input);

    e.id = seq;
    store_add_events(sc.store, id, seq, INT64_C(1790000000000000), "Pay", &e, 1);
    event_fini(&e);
}

static void add_finish(int64_t id, const char *output)
{
    struct exec ex = {.id = id, .status = EXEC_SUCCEEDED, .stopped_us = INT64_C(1790000001000000)};

    ex.output = value_new(output, strlen(output));
    store_add_finish(sc.store, &ex);
    value_unref(ex.output);
}

static void open_with_lease(void)
{
    scene_open(&sc);
    scene_do(&sc, "INSERT INTO pawl.lease (slot, epoch, node) VALUES (1, 7, 'test')");
}

/* ---- the schema ---- */

START_TEST(migrations_run_once)
{
    struct err err;

    scene_database(&sc);
    ck_assert_msg(store_migrate(sc.conninfo, &err) == 0, "%s", err.cause);
    char *first = strdup(scene_ask(
        &sc, "SELECT string_agg(version || ' ' || applied_at, ',' ORDER BY version) FROM pawl.migration"));
    ck_assert_msg(store_migrate(sc.conninfo, &err) == 0, "%s", err.cause);
    ck_assert_str_eq(
        first,
        scene_ask(
            &sc,
            "SELECT string_agg(version || ' ' || applied_at, ',' ORDER BY version) FROM pawl.migration"));
    free(first);
    PQfinish(sc.sql);
}
END_TEST

START_TEST(a_database_of_a_newer_pawld_is_refused)
{
    struct err err;

    scene_database(&sc);
    ck_assert_int_eq(store_migrate(sc.conninfo, &err), 0);
    scene_do(&sc, "INSERT INTO pawl.migration (version, name) VALUES (9999, '9999_future.sql')");
    ck_assert_int_eq(store_migrate(sc.conninfo, &err), -1);
    ck_assert_msg(strstr(err.cause, "newer pawld") && !strchr(err.cause, '\n'), "%s", err.cause);
    PQfinish(sc.sql);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_said_in_one_line)
{
    struct err err;

    ck_assert_int_eq(store_migrate("host=/nonexistent dbname=x", &err), -1);
    ck_assert_str_eq(err.name, ERR_UNAVAILABLE);
    ck_assert(!strchr(err.cause, '\n'));
}
END_TEST

START_TEST(everything_has_a_comment)
{
    struct err err;

    scene_database(&sc);
    ck_assert_int_eq(store_migrate(sc.conninfo, &err), 0);
    ck_assert_str_eq(
        scene_ask(&sc,
                  "SELECT coalesce(string_agg(c.relname || coalesce('.' || a.attname, ''), ' '), '')"
                  " FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT "
                  "a.attisdropped"
                  " WHERE c.relnamespace = 'pawl'::regnamespace AND c.relkind IN ('r', 'v')"
                  " AND (obj_description(c.oid, 'pg_class') IS NULL OR (c.relkind = 'r' AND "
                  "col_description(c.oid, a.attnum) IS NULL))"),
        "");
    ck_assert_str_eq(
        scene_ask(&sc,
                  "SELECT coalesce(string_agg(proname, ' '), '') FROM pg_proc"
                  " WHERE pronamespace = 'pawl'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL"),
        "");
    PQfinish(sc.sql);
}
END_TEST

/* ---- the tick's transaction ---- */

START_TEST(a_commit_can_be_read_back)
{
    open_with_lease();
    add_start(100, "first");
    add_events(100, 1, "{\"order\":7}");
    ck_assert_int_eq((int)store_batch_size(sc.store), 1);
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    ck_assert_str_eq(scene_ask(&sc, "SELECT row(name, slot, status, started_at AT TIME ZONE 'UTC', "
                                    "stopped_at)::text FROM pawl.execution"),
                     "(first,1,RUNNING,\"2026-09-21 14:13:20\",)");
    ck_assert_str_eq(
        scene_ask(&sc, "SELECT row(seq, first_event, event_count, state, payloads)::text FROM pawl.journal"),
        "(1,1,1,Pay,\"[{\"\"order\"\":7}]\")");

    add_events(100, 2, "[]");
    add_finish(100, "{\"paid\":true}");
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    ck_assert_str_eq(
        scene_ask(&sc, "SELECT row(status, output, stopped_at - started_at)::text FROM pawl.execution"),
        "(SUCCEEDED,\"{\"\"paid\"\":true}\",00:00:01)");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.journal"), "2");
    scene_close(&sc);
}
END_TEST

START_TEST(a_start_that_ends_in_its_own_batch_is_one_insert)
{
    open_with_lease();
    add_start(100, "short");
    add_start(101, "long");
    add_events(101, 1, "1");
    add_events(100, 1, "2");
    add_finish(100, "\"done\"");
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    ck_assert_str_eq(
        scene_ask(&sc,
                  "SELECT string_agg(name || ' ' || status, ', ' ORDER BY execution_id) FROM pawl.execution"),
        "short SUCCEEDED, long RUNNING");
    /* An update would have left a third version. */
    ck_assert_str_eq(scene_ask(&sc, "SELECT max(ctid) FROM pawl.execution"), "(0,2)");
    scene_close(&sc);
}
END_TEST

START_TEST(a_lost_lease_writes_nothing)
{
    open_with_lease();
    scene_do(&sc, "UPDATE pawl.lease SET epoch = 8");
    add_start(100, "late");
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_FENCED);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.execution"), "0");
    ck_assert_int_eq(scene_commit(&sc, 1, 8), STORE_COMMITTED);
    scene_close(&sc);
}
END_TEST

START_TEST(only_the_guilty_are_left_out)
{
    open_with_lease();
    add_start(1, "taken");
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    for (int64_t id = 100; id < 150; id++) {
        char name[32];
        snprintf(name, sizeof name, "batch-%lld", (long long)id);
        add_start(id, id == 117 || id == 143 ? "taken" : name);
        add_events(id, 1, "{}");
    }
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    ck_assert_int_eq(sc.commit.nguilty, 2);
    ck_assert_int_eq((int)sc.commit.guilty[0].execution_id, 117);
    ck_assert_int_eq((int)sc.commit.guilty[1].execution_id, 143);
    ck_assert_str_eq(sc.commit.guilty[0].sqlstate, "23505");
    ck_assert_str_eq(sc.commit.guilty[0].constraint, "execution_by_name");
    ck_assert_str_eq(
        scene_ask(&sc, "SELECT count(*) || ' ' || (SELECT count(*) FROM pawl.journal) FROM pawl.execution"),
        "49 48");
    scene_close(&sc);
}
END_TEST

/* ---- questions ---- */

struct answer {
    int calls, rows;
    char text[64], sqlstate[6];
    const char *error;
};

static void on_answer(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct answer *a = arg;

    a->calls++;
    a->error = err ? err->name : NULL;
    snprintf(a->sqlstate, sizeof a->sqlstate, "%s", sqlstate);
    if (r && (a->rows = store_rows(r)))
        snprintf(a->text, sizeof a->text, "%s",
                 store_text(r, 0, 0, NULL) ? store_text(r, 0, 0, NULL) : "NULL");
}

START_TEST(questions_are_answered_each_for_itself)
{
    struct answer a[4] = {0};

    scene_open(&sc);
    store_query(sc.store, "SELECT $1::int + 1", 1, &(struct store_param){"41"}, on_answer, &a[0]);
    store_query(sc.store, "SELECT 1 / $1::int", 1, &(struct store_param){"0"}, on_answer, &a[1]);
    store_query(sc.store, "SELECT nonsense", 0, NULL, on_answer, &a[2]);
    store_query(sc.store, "SELECT $1::text", 1, &(struct store_param){NULL}, on_answer, &a[3]);
    ck_assert_int_eq(a[0].calls, 0);
    scene_wait(&sc, &a[3].calls, 1);
    ck_assert_str_eq(a[0].text, "42");
    ck_assert_str_eq(a[1].error, ERR_INTERNAL);
    ck_assert_str_eq(a[1].sqlstate, "22012");
    ck_assert_str_eq(a[2].sqlstate, "42703");
    ck_assert_str_eq(a[3].text, "NULL");
    scene_close(&sc);
}
END_TEST

START_TEST(a_thousand_questions_come_back_in_order)
{
    static struct answer a[1000];

    scene_open(&sc);
    for (int i = 0; i < 1000; i++) {
        char n[24];
        store_query(sc.store, "SELECT $1::int", 1, &(struct store_param){store_int_text(n, i)}, on_answer,
                    &a[i]);
    }
    store_cancel(sc.store, &a[500]);
    scene_wait(&sc, &a[999].calls, 1);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(atoi(a[i].text), i == 500 ? 0 : i);
    scene_close(&sc);
}
END_TEST

START_TEST(notifications_arrive_while_nothing_else_happens)
{
    scene_open(&sc);
    scene_do(&sc, "NOTIFY pawl_inbox, '3'");
    scene_wait(&sc, &sc.notes, 1);
    ck_assert_str_eq(sc.channel, "pawl_inbox");
    ck_assert_str_eq(sc.payload, "3");
    scene_close(&sc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tc = tcase_create("store");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, migrations_run_once);
    tcase_add_test(tc, a_database_of_a_newer_pawld_is_refused);
    tcase_add_test(tc, a_server_that_is_not_there_is_said_in_one_line);
    tcase_add_test(tc, everything_has_a_comment);
    tcase_add_test(tc, a_commit_can_be_read_back);
    tcase_add_test(tc, a_start_that_ends_in_its_own_batch_is_one_insert);
    tcase_add_test(tc, a_lost_lease_writes_nothing);
    tcase_add_test(tc, only_the_guilty_are_left_out);
    tcase_add_test(tc, questions_are_answered_each_for_itself);
    tcase_add_test(tc, a_thousand_questions_come_back_in_order);
    tcase_add_test(tc, notifications_arrive_while_nothing_else_happens);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
