/* The store on a real PostgreSQL: the schema, the tick's transaction, questions. */
#include "scene.h"

#include "base/clock.h"

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
    ck_assert_msg(store_migrate(sc.conninfo, NULL, &err) == 0, "%s", err.cause);
    char *first = strdup(scene_ask(
        &sc, "SELECT string_agg(version || ' ' || applied_at, ',' ORDER BY version) FROM pawl.migration"));
    ck_assert_msg(store_migrate(sc.conninfo, NULL, &err) == 0, "%s", err.cause);
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
    ck_assert_int_eq(store_migrate(sc.conninfo, NULL, &err), 0);
    scene_do(&sc, "INSERT INTO pawl.migration (version, name) VALUES (9999, '9999_future.sql')");
    ck_assert_int_eq(store_migrate(sc.conninfo, NULL, &err), -1);
    ck_assert_msg(strstr(err.cause, "newer pawld") && !strchr(err.cause, '\n'), "%s", err.cause);
    PQfinish(sc.sql);
}
END_TEST

START_TEST(views_and_functions_of_another_shape_are_replaced)
{
    struct err err;

    scene_database(&sc);
    ck_assert_int_eq(store_migrate(sc.conninfo, NULL, &err), 0);
    scene_do(&sc, "DROP VIEW pawl.leases");
    scene_do(&sc, "CREATE VIEW pawl.leases AS SELECT 1 AS other");
    scene_do(&sc, "DROP FUNCTION pawl.lease_key() CASCADE");
    scene_do(&sc, "CREATE FUNCTION pawl.lease_key() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$");
    scene_do(&sc, "UPDATE pawl.setting SET value = 'of another pawld' WHERE name = 'schema_text'");
    ck_assert_msg(store_migrate(sc.conninfo, NULL, &err) == 0, "%s", err.cause);
    ck_assert_str_eq(scene_ask(&sc, "SELECT pg_typeof(pawl.lease_key()) || ' ' || count(*) FROM pawl.leases"),
                     "integer 0");
    PQfinish(sc.sql);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_said_in_one_line)
{
    struct err err;

    ck_assert_int_eq(store_migrate("host=/nonexistent dbname=x", NULL, &err), -1);
    ck_assert_str_eq(err.name, ERR_UNAVAILABLE);
    ck_assert(!strchr(err.cause, '\n'));
}
END_TEST

START_TEST(everything_has_a_comment)
{
    struct err err;

    scene_database(&sc);
    ck_assert_int_eq(store_migrate(sc.conninfo, NULL, &err), 0);
    ck_assert_str_eq(
        scene_ask(
            &sc,
            "SELECT coalesce(string_agg(c.relname || coalesce('.' || a.attname, ''), ' '), '')"
            " FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT "
            "a.attisdropped"
            " WHERE c.relnamespace = 'pawl'::regnamespace AND c.relkind IN ('r', 'v')"
            " AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)"),
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

START_TEST(a_parked_execution_is_nobodys)
{
    open_with_lease();
    for (int64_t id = 100; id < 103; id++)
        add_start(id, scene_format("e%lld", (long long)id));
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    store_add_parked(sc.store, 100, INT64_C(1790000000000001));
    store_add_parked(sc.store, 101, CLOCK_NEVER);
    ck_assert_int_eq((int)store_batch_size(sc.store), 2);
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    ck_assert_str_eq(scene_ask(&sc, "SELECT string_agg(row(slot, wake_at AT TIME ZONE 'UTC')::text, ' ' "
                                    "ORDER BY execution_id) FROM pawl.execution"),
                     "(,\"2026-09-21 14:13:20.000001\") (,infinity) (1,)");
    store_add_parked(sc.store, 102, CLOCK_NEVER);
    ck_assert_int_eq(scene_commit(&sc, 1, 6), STORE_FENCED);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.execution WHERE slot = 1"), "1");
    scene_close(&sc);
}
END_TEST

/* What engine/asl emits when a task has answered and the next is called, with 200 bytes of payload. */
static void add_step(int64_t id, int32_t seq)
{
    static const struct asl_state pay = {
        .name = "ChargeCard",
        .type = ASL_TASK,
        .u.task = {.kind = ASL_URL, .resource_name = "http://127.0.0.1:9000/step", .resource_type = "http"}};
    int32_t n = 5 * (seq - 1);
    char text[201];
    snprintf(text, sizeof text, "{\"order\":\"%0188d\"}", seq);
    struct value *v = value_new(text, strlen(text));
    struct event list[] = {{.type = EV_TASK_SUCCEEDED, .id = n + 1, .prev = n, .state = &pay, .data = v},
                           {.type = EV_TASK_EXITED, .id = n + 2, .prev = n + 1, .state = &pay, .data = v},
                           {.type = EV_TASK_ENTERED, .id = n + 3, .prev = n + 2, .state = &pay, .data = v},
                           {.type = EV_TASK_SCHEDULED, .id = n + 4, .prev = n + 3, .state = &pay, .data = v},
                           {.type = EV_TASK_STARTED, .id = n + 5, .prev = n + 4, .state = &pay}};

    store_add_events(sc.store, id, seq, INT64_C(1790000000000000), pay.name, list, 5);
    value_unref(v);
}

START_TEST(a_step_is_one_row_and_at_most_900_bytes_of_wal)
{
    enum { EXECUTIONS = 100, STEPS = 20 };
    char from[32];

    open_with_lease();
    snprintf(from, sizeof from, "%s", scene_ask(&sc, "SELECT pg_current_wal_insert_lsn()"));
    for (int seq = 1; seq <= STEPS; seq++) {
        for (int64_t id = 1; id <= EXECUTIONS; id++)
            add_step(id, seq);
        ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    }
    ck_assert_int_eq(atoi(scene_ask(&sc, "SELECT count(*) FROM pawl.journal")), EXECUTIONS * STEPS);
    double bytes = atof(scene_ask(&sc, "SELECT pg_current_wal_insert_lsn() - '%s'::pg_lsn", from)) /
                   (EXECUTIONS * STEPS);
    ck_assert_msg(bytes <= 900, "%.0f bytes of WAL a step", bytes);
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
    char text[64], sqlstate[6], cause[ERR_CAUSE_BYTES];
    const char *error;
};

static void on_answer(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct answer *a = arg;

    a->calls++;
    a->error = err ? err->name : NULL;
    snprintf(a->cause, sizeof a->cause, "%s", err ? err->cause : "");
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

START_TEST(a_statement_that_the_server_forgot_is_prepared_again)
{
    struct answer a = {0};

    open_with_lease();
    store_query(sc.store, "SELECT 1", 0, NULL, on_answer, &a);
    store_query(sc.store, "DEALLOCATE ALL", 0, NULL, on_answer, &a);
    scene_wait(&sc, &a.calls, 2);
    store_query(sc.store, "SELECT 1", 0, NULL, on_answer, &a);
    scene_wait(&sc, &a.calls, 3);
    ck_assert_str_eq(a.error, ERR_UNAVAILABLE);
    store_query(sc.store, "SELECT 1", 0, NULL, on_answer, &a);
    scene_wait(&sc, &a.calls, 4);
    ck_assert_ptr_null(a.error);
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

/* ---- bad weather ---- */

static char *nested(size_t levels)
{
    char *text = mem_calloc(2 * levels + 1, 1);

    memset(text, '[', levels);
    memset(text + levels, ']', levels);
    return text;
}

/* 1000 levels are fine with us, and too much for a server with little stack. */
START_TEST(a_payload_that_postgresql_cannot_parse_is_guilty_alone)
{
    char *deep = nested(1000), name[32];

    open_with_lease();
    scene_do(&sc, "ALTER DATABASE %s SET max_stack_depth = '100kB'", PQdb(sc.sql));
    store_close(sc.store);
    sc.store =
        store_open(&sc.loop, sc.conninfo, &(struct store_events){scene_up, scene_down, scene_notified, &sc});
    scene_wait(&sc, &sc.ups, 2);
    for (int64_t id = 0; id < 20; id++) {
        snprintf(name, sizeof name, "n%d", (int)id);
        add_start(id, name);
        add_events(id, 1, id == 7 ? deep : "{}");
    }
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    ck_assert_int_eq(sc.commit.nguilty, 1);
    ck_assert_int_eq((int)sc.commit.guilty[0].execution_id, 7);
    ck_assert_str_eq(sc.commit.guilty[0].sqlstate, "54001");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.journal"), "19");
    free(deep);
    scene_close(&sc);
}
END_TEST

/* A trigger stands for a full disk: SQLSTATE 53100 until the table weather is empty. */
START_TEST(without_room_it_tries_again_until_there_is_some)
{
    open_with_lease();
    scene_do(&sc, "CREATE TABLE weather AS SELECT 1");
    scene_do(
        &sc,
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF EXISTS (SELECT FROM weather) THEN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END IF;"
        " RETURN NEW; END $$");
    scene_do(
        &sc,
        "CREATE TRIGGER full_disk BEFORE INSERT ON pawl.journal FOR EACH ROW EXECUTE FUNCTION full_disk()");
    add_start(1, "waits");
    add_events(1, 1, "{}");
    scene_send(&sc, 1, 7);
    scene_wait(&sc, &sc.commit.calls, 1);
    ck_assert_int_eq(sc.commit.outcomes[0], STORE_RETRYING);
    ck_assert(store_committing(sc.store));
    scene_run_ms(&sc, 700);
    ck_assert_int_eq(sc.commit.calls, 1); /* said once */
    scene_do(&sc, "DELETE FROM weather");
    scene_wait(&sc, &sc.commit.calls, 2);
    ck_assert_int_eq(sc.commit.outcomes[1], STORE_COMMITTED);
    ck_assert_int_eq(sc.commit.nguilty, 0);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.journal"), "1");
    scene_close(&sc);
}
END_TEST

/* Twenty executions, two of them with poison; a trigger refuses what holds the word, or everything. */
static void refuse(int64_t first, const char *sqlstate, const char *word)
{
    char name[32];

    scene_do(
        &sc,
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.payloads::text LIKE '%%%s%%' THEN RAISE EXCEPTION 'trouble' USING ERRCODE = '%s'; END IF;"
        " RETURN NEW; END $$",
        word, sqlstate);
    scene_do(&sc,
             "CREATE TRIGGER refuse BEFORE INSERT ON pawl.journal FOR EACH ROW EXECUTE FUNCTION refuse()");
    for (int64_t id = first; id < first + 20; id++) {
        snprintf(name, sizeof name, "n%d", (int)id);
        add_start(id, name);
        add_events(id, 1, id == first + 7 || id == first + 12 ? "{\"x\":\"poison\"}" : "{\"x\":\"milk\"}");
    }
}

static void refuse_no_more(void)
{
    scene_do(&sc, "DROP TRIGGER refuse ON pawl.journal");
}

static void assert_journals(int64_t first, int n, const char *sqlstate)
{
    int there = atoi(scene_ask(&sc,
                               "SELECT count(*) FROM pawl.journal JOIN pawl.execution USING (execution_id)"
                               " WHERE execution_id BETWEEN %d AND %d + 19",
                               (int)first, (int)first));
    ck_assert_msg(there == n, "%s: %d of %d executions are there", sqlstate, there, n);
}

static const char *const IN_DOUBT[] = {"53200", "53000", "54000", "XX000", "0A000",
                                       "42501", "38000", "55000", NULL};

START_TEST(an_error_in_doubt_is_the_fault_of_whoever_gets_it_alone)
{
    open_with_lease();
    for (const char *const *state = IN_DOUBT; *state; state++) {
        int64_t first = 100 * (1 + state - IN_DOUBT);
        refuse(first, *state, "poison");
        ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
        ck_assert_int_eq(sc.commit.calls, 1); /* nobody was turned away meanwhile */
        ck_assert_int_eq(sc.commit.nguilty, 2);
        ck_assert_int_eq(sc.commit.guilty[0].execution_id, first + 7);
        ck_assert_int_eq(sc.commit.guilty[1].execution_id, first + 12);
        ck_assert_str_eq(sc.commit.guilty[0].sqlstate, *state);
        assert_journals(first, 18, *state);
        refuse_no_more();
    }
    scene_close(&sc);
}
END_TEST

static void assert_waits(int64_t first, const char *sqlstate, const char *word)
{
    refuse(first, sqlstate, word);
    scene_send(&sc, 1, 7);
    scene_wait(&sc, &sc.commit.calls, 1);
    ck_assert_msg(sc.commit.outcomes[0] == STORE_RETRYING, "%s", sqlstate);
    scene_run_ms(&sc, 1000);
    assert_journals(first, 0, sqlstate);
    refuse_no_more();
    scene_wait(&sc, &sc.commit.calls, 2);
    ck_assert_msg(sc.commit.outcomes[1] == STORE_COMMITTED && sc.commit.nguilty == 0, "%s", sqlstate);
    assert_journals(first, 20, sqlstate);
}

START_TEST(an_error_in_doubt_that_everybody_gets_condemns_nobody)
{
    open_with_lease();
    for (const char *const *state = IN_DOUBT; *state; state++)
        assert_waits(100 * (1 + state - IN_DOUBT), *state, "");
    scene_close(&sc);
}
END_TEST

static const char *const NEVER_A_FAULT[] = {"53100", "57014", "58030", "40001", "25006", "XX001", NULL};

START_TEST(what_no_row_brings_about_condemns_nobody)
{
    open_with_lease();
    for (const char *const *state = NEVER_A_FAULT; *state; state++)
        assert_waits(100 * (1 + state - NEVER_A_FAULT), *state, "poison");
    scene_close(&sc);
}
END_TEST

START_TEST(a_name_in_somebody_elses_open_transaction_holds_up_nobody)
{
    char name[32];

    open_with_lease();
    scene_do(&sc, "BEGIN");
    scene_do(&sc,
             "INSERT INTO pawl.execution (execution_id, state_machine_id, definition_id, name, started_at)"
             " VALUES (1, 1, 1, 'mine', now())");
    for (int64_t id = 100; id < 110; id++) {
        snprintf(name, sizeof name, "n%d", (int)id);
        add_start(id, id == 103 ? "mine" : name);
    }
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    ck_assert_int_eq(sc.commit.nguilty, 1);
    ck_assert_int_eq((int)sc.commit.guilty[0].execution_id, 103);
    ck_assert_str_eq(sc.commit.guilty[0].sqlstate, "55P03");
    scene_do(&sc, "ROLLBACK");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.execution"), "9");
    scene_close(&sc);
}
END_TEST

START_TEST(a_batch_above_the_bound_goes_in_several_transactions)
{
    char *large = mem_calloc(1, 250001), name[32];

    memset(large, '7', 250000);
    large[0] = large[249999] = '"';
    open_with_lease();
    for (int64_t id = 0; id < 100; id++) {
        snprintf(name, sizeof name, "n%d", (int)id);
        add_start(id, name);
        add_events(id, 1, large);
    }
    ck_assert_uint_gt(store_batch_bytes(sc.store), 24000000);
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) || ' ' || count(DISTINCT xmin::text) FROM pawl.journal"),
                     "100 2");
    free(large);
    scene_close(&sc);
}
END_TEST

static void kill_backend(const char *role)
{
    int pids[2];

    store_backends(sc.store, pids);
    ck_assert_str_eq(scene_ask(&sc, "SELECT pg_terminate_backend(%d)", pids[strcmp(role, "ask") == 0]), "t");
}

static const char *const ROLES[] = {"write", "ask"};

START_TEST(a_broken_connection_is_down_and_up_again)
{
    struct answer a = {0}, slow = {0};

    open_with_lease();
    store_query(sc.store, "SELECT pg_sleep(3)", 0, NULL, on_answer, &slow);
    kill_backend(ROLES[_i]);
    scene_wait(&sc, &sc.downs, 1);
    ck_assert_str_eq(slow.error, ERR_UNAVAILABLE);
    ck_assert(!store_is_up(sc.store));
    store_query(sc.store, "SELECT 1", 0, NULL, on_answer, &a);
    ck_assert_int_eq(a.calls, 0);
    scene_wait(&sc, &a.calls, 1);
    ck_assert_str_eq(a.error, ERR_UNAVAILABLE);
    add_start(1, "forgotten");
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_UNKNOWN);
    scene_wait(&sc, &sc.ups, 2);
    add_start(2, "later");
    ck_assert_int_eq(scene_commit(&sc, 1, 7), STORE_COMMITTED);
    store_query(sc.store, "SELECT 2", 0, NULL, on_answer, &a);
    scene_wait(&sc, &a.calls, 2);
    ck_assert_str_eq(a.text, "2");
    ck_assert_str_eq(scene_ask(&sc, "SELECT string_agg(name, ' ') FROM pawl.execution"), "later");
    scene_close(&sc);
}
END_TEST

START_TEST(a_commit_that_is_cut_off_is_unknown)
{
    open_with_lease();
    scene_do(&sc, "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); "
                  "RETURN NEW; END $$");
    scene_do(&sc, "CREATE TRIGGER slow BEFORE INSERT ON pawl.journal FOR EACH ROW EXECUTE FUNCTION slow()");
    add_start(1, "cut");
    add_events(1, 1, "{}");
    scene_send(&sc, 1, 7);
    scene_run_ms(&sc, 200);
    ck_assert_int_gt((int)store_commit_age(sc.store), 100000);
    kill_backend("write");
    scene_wait(&sc, &sc.commit.calls, 1);
    ck_assert_int_eq(sc.commit.outcomes[0], STORE_UNKNOWN);
    scene_wait(&sc, &sc.downs, 1);
    scene_wait(&sc, &sc.ups, 2);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.execution"), "0");
    scene_close(&sc);
}
END_TEST

/* What was acknowledged is there, what was not may be. */
START_TEST(kill_minus_nine_loses_nothing_acknowledged)
{
    int acknowledged = 0, cut = 0;
    char name[32];

    open_with_lease();
    for (int id = 1; id <= 300; id++) {
        snprintf(name, sizeof name, "n%d", id);
        add_start(id, name);
        add_events(id, 1, "{}");
        scene_send(&sc, 1, 7);
        if (id % 50 == 0) { /* a backend dies: the server restarts all of them */
            int pids[2];
            store_backends(sc.store, pids);
            scene_kill(&sc, pids[0]);
        }
        scene_wait(&sc, &sc.commit.calls, 1);
        if (sc.commit.outcomes[0] == STORE_UNKNOWN) {
            cut++;
            scene_wait(&sc, &sc.ups, cut + 1);
            scene_reconnect(&sc);
        } else {
            acknowledged++;
            ck_assert_int_eq(sc.commit.outcomes[0], STORE_COMMITTED);
        }
    }
    ck_assert_int_gt(cut, 0);
    int there =
        atoi(scene_ask(&sc, "SELECT count(*) FROM pawl.execution x JOIN pawl.journal USING (execution_id)"));
    ck_assert_msg(there >= acknowledged && there <= acknowledged + cut,
                  "%d acknowledged, %d cut off, %d there", acknowledged, cut, there);
    scene_close(&sc);
}
END_TEST

static void close_the_store(void *arg, const struct store_result *r, const struct err *err,
                            const char *sqlstate)
{
    store_close(sc.store);
    sc.store = NULL;
    (*(int *)arg)++;
}

START_TEST(the_store_may_be_closed_from_its_own_callback)
{
    struct answer never = {0};
    int closed = 0;

    scene_open(&sc);
    store_query(sc.store, "SELECT 1", 0, NULL, close_the_store, &closed);
    store_query(sc.store, "SELECT 2", 0, NULL, on_answer, &never);
    scene_wait(&sc, &closed, 1);
    scene_close(&sc);
    ck_assert_int_eq(never.calls, 0);
}
END_TEST

START_TEST(it_waits_for_a_server_that_comes_later)
{
    struct scene late = {0};

    uv_loop_init(&late.loop);
    late.store = store_open(&late.loop, "host=/nonexistent dbname=x",
                            &(struct store_events){scene_up, scene_down, scene_notified, &late});
    struct answer a = {0};
    store_query(late.store, "SELECT 1", 0, NULL, on_answer, &a);
    scene_run_ms(&late, 800);
    ck_assert_int_eq(late.ups + late.downs, 0);
    ck_assert_str_eq(a.error, ERR_UNAVAILABLE);
    ck_assert_str_eq(a.cause, "the database is not reachable: not connected yet");
    store_close(late.store);
    uv_run(&late.loop, UV_RUN_DEFAULT);
    uv_loop_close(&late.loop);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tc = tcase_create("store");

    tcase_set_timeout(tc, 180);
    tcase_add_test(tc, migrations_run_once);
    tcase_add_test(tc, a_database_of_a_newer_pawld_is_refused);
    tcase_add_test(tc, views_and_functions_of_another_shape_are_replaced);
    tcase_add_test(tc, a_server_that_is_not_there_is_said_in_one_line);
    tcase_add_test(tc, everything_has_a_comment);
    tcase_add_test(tc, a_commit_can_be_read_back);
    tcase_add_test(tc, a_start_that_ends_in_its_own_batch_is_one_insert);
    tcase_add_test(tc, a_parked_execution_is_nobodys);
    tcase_add_test(tc, a_step_is_one_row_and_at_most_900_bytes_of_wal);
    tcase_add_test(tc, a_lost_lease_writes_nothing);
    tcase_add_test(tc, only_the_guilty_are_left_out);
    tcase_add_test(tc, questions_are_answered_each_for_itself);
    tcase_add_test(tc, a_thousand_questions_come_back_in_order);
    tcase_add_test(tc, a_statement_that_the_server_forgot_is_prepared_again);
    tcase_add_test(tc, notifications_arrive_while_nothing_else_happens);
    tcase_add_test(tc, a_payload_that_postgresql_cannot_parse_is_guilty_alone);
    tcase_add_test(tc, without_room_it_tries_again_until_there_is_some);
    tcase_add_test(tc, an_error_in_doubt_is_the_fault_of_whoever_gets_it_alone);
    tcase_add_test(tc, an_error_in_doubt_that_everybody_gets_condemns_nobody);
    tcase_add_test(tc, what_no_row_brings_about_condemns_nobody);
    tcase_add_test(tc, a_name_in_somebody_elses_open_transaction_holds_up_nobody);
    tcase_add_test(tc, a_batch_above_the_bound_goes_in_several_transactions);
    tcase_add_loop_test(tc, a_broken_connection_is_down_and_up_again, 0, 2);
    tcase_add_test(tc, a_commit_that_is_cut_off_is_unknown);
    tcase_add_test(tc, kill_minus_nine_loses_nothing_acknowledged);
    tcase_add_test(tc, the_store_may_be_closed_from_its_own_callback);
    tcase_add_test(tc, it_waits_for_a_server_that_comes_later);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
