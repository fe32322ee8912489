/* Who owns what: leases, adoption and loading, the inbox. */
#include "scene.h"

#include "asl/token.h"
#include "run/inbox.h"
#include "run/lease.h"
#include "run/loader.h"

#include <string.h>

#define AHEAD_US INT64_C(5000000)

static struct scene sc;

struct holder { /* what a reactor would be */
    struct store *store;
    struct lease *lease;
    struct loader *loader;
    int acquired, lost, inherited, adopted, loaded, rows, released;
    int64_t ids[2000];
    void *held; /* a ticket that is not given back yet */
    bool hold;
};

static void on_acquired(void *arg, int slot, int64_t epoch)
{
    struct holder *h = arg;

    ck_assert_int_eq(slot, lease_slot(h->lease));
    ck_assert_int_eq(epoch, lease_epoch(h->lease));
    loader_owner(h->loader, slot, epoch);
    h->acquired++;
}

static void on_lost(void *arg, const char *why)
{
    struct holder *h = arg;

    loader_owner(h->loader, 0, 0);
    h->lost++;
}

static void on_inherited(void *arg)
{
    ((struct holder *)arg)->inherited++;
}

static void on_orphans(void *arg)
{
    loader_adopt(((struct holder *)arg)->loader);
}

static void on_loaded(void *arg, const struct loader_execution *e, const struct store_result *rows,
                      void *ticket)
{
    struct holder *h = arg;

    h->ids[h->loaded++] = e->execution_id;
    h->rows += store_rows(rows);
    if (h->hold)
        h->held = ticket;
    else
        loader_done(h->loader, ticket);
}

static void on_adopted(void *arg, size_t n)
{
    ((struct holder *)arg)->adopted += (int)n;
}

static void on_released(void *arg)
{
    ((struct holder *)arg)->released++;
}

static void on_up(void *arg)
{
    struct holder *h = arg;
    if (h->lease)
        lease_store_up(h->lease);
}

static void on_down(void *arg, const char *why)
{
    struct holder *h = arg;
    if (h->loader)
        loader_owner(h->loader, 0, 0);
    if (h->lease)
        lease_store_down(h->lease);
}

static void on_note(void *arg, const char *channel, const char *payload)
{
}

static void holder_begin(struct holder *h, uv_loop_t *loop, int64_t ttl_us)
{
    *h = (struct holder){0};
    h->store = store_open(loop, sc.conninfo, &(struct store_events){on_up, on_down, on_note, h});
    h->loader = loader_new(h->store, AHEAD_US, &(struct loader_events){on_loaded, on_adopted, h});
    h->lease = lease_open(loop, h->store, &(struct lease_config){.node = "test", .ttl_us = ttl_us},
                          &(struct lease_events){on_acquired, on_lost, on_inherited, on_orphans, h});
}

static void holder_open(struct holder *h, int64_t ttl_us)
{
    holder_begin(h, &sc.loop, ttl_us);
    scene_wait(&sc, &h->acquired, 1);
}

/* As SIGKILL would: nothing is given back. */
static void holder_die(struct holder *h)
{
    loader_free(h->loader);
    lease_free(h->lease);
    store_close(h->store);
    *h = (struct holder){0};
}

static void holder_close(struct holder *h)
{
    lease_release(h->lease, on_released, h);
    scene_wait(&sc, &h->released, 1);
    holder_die(h);
}

/* n executions of a slot, each with two journal rows. */
static void executions(int slot, int first, int n)
{
    scene_do(
        &sc,
        "INSERT INTO pawl.execution (execution_id, state_machine_id, definition_id, name, slot, started_at)"
        " SELECT n, 1, 1, 'e' || n, %d, now() FROM generate_series(%d, %d) n",
        slot, first, first + n - 1);
    scene_do(&sc,
             "INSERT INTO pawl.journal SELECT n, seq, now(), seq, 1, 'A', '[]', '[]'"
             " FROM generate_series(%d, %d) n, generate_series(1, 2) seq",
             first, first + n - 1);
}

/* ---- leases ---- */

START_TEST(each_reactor_gets_a_slot_of_its_own)
{
    struct holder a, b;

    scene_open(&sc);
    holder_open(&a, 0);
    holder_open(&b, 0);
    ck_assert_int_ne(lease_slot(a.lease), lease_slot(b.lease));
    ck_assert_int_ne(lease_epoch(a.lease), lease_epoch(b.lease));
    holder_close(&a);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.lease"), "1");
    holder_close(&b);
    scene_close(&sc);
}
END_TEST

START_TEST(a_dead_holder_is_inherited_within_two_seconds)
{
    struct holder a, b;

    scene_open(&sc);
    holder_open(&a, 0);
    holder_open(&b, 0);
    int slot = lease_slot(a.lease);
    int64_t epoch = lease_epoch(a.lease);
    executions(slot, 1000, 120);
    executions(lease_slot(b.lease), 5000, 5);
    uint64_t died = uv_hrtime();
    holder_die(&a);
    scene_wait(&sc, &b.loaded, 120);
    ck_assert_int_lt((int)((uv_hrtime() - died) / 1000000), 4500);
    ck_assert_int_eq(b.rows, 240);
    for (int i = 0; i < 120; i++)
        ck_assert_int_eq(b.ids[i], 1000 + i);
    scene_run_ms(&sc, 1500);
    ck_assert_int_eq(b.loaded, 120); /* each once, and none of its own */
    ck_assert_int_eq(b.adopted, 120);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.lease"), "1");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.lease_heartbeat"), "1");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.lease WHERE slot = %d AND epoch = %lld", slot,
                               (long long)epoch),
                     "0");
    holder_close(&b);
    scene_close(&sc);
}
END_TEST

START_TEST(a_slot_that_is_given_back_is_inherited_at_once)
{
    struct holder a, b;

    scene_open(&sc);
    holder_open(&a, 0);
    executions(lease_slot(a.lease), 1000, 3);
    holder_close(&a);
    uint64_t began = uv_hrtime();
    holder_open(&b, 0);
    scene_wait(&sc, &b.loaded, 3);
    ck_assert_int_lt((int)((uv_hrtime() - began) / 1000000), 900);
    holder_close(&b);
    scene_close(&sc);
}
END_TEST

START_TEST(who_stands_still_past_its_lease_writes_nothing_more)
{
    struct holder a, b;

    /* The sleeper's loop does not run: its session lives, its heartbeat does not. */
    scene_open(&sc);
    uv_loop_t asleep;
    uv_loop_init(&asleep);
    holder_begin(&a, &asleep, 1500000);
    while (!a.acquired)
        uv_run(&asleep, UV_RUN_ONCE);
    int slot = lease_slot(a.lease);
    int64_t epoch = lease_epoch(a.lease);
    executions(slot, 1000, 2);

    holder_open(&b, 0);
    scene_wait(&sc, &b.loaded, 2); /* although the sleeper still holds its advisory lock */

    /* It wakes: whatever its old connections would commit fails. */
    store_add_start(sc.store, &(struct store_start){.execution_id = 1, .name = "late", .slot = slot});
    ck_assert_int_eq(scene_commit(&sc, slot, epoch), STORE_FENCED);
    while (a.acquired < 2)
        uv_run(&asleep, UV_RUN_ONCE);
    ck_assert_int_ne(lease_epoch(a.lease), epoch);
    ck_assert_int_eq(a.inherited, 1);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.execution WHERE name = 'late'"), "0");

    holder_die(&a);
    uv_run(&asleep, UV_RUN_DEFAULT);
    uv_loop_close(&asleep);
    holder_close(&b);
    scene_close(&sc);
}
END_TEST

START_TEST(several_adopt_at_once_and_none_twice)
{
    struct holder a, h[3];
    char seen[2000] = {0};

    scene_open(&sc);
    holder_open(&a, 0);
    for (int i = 0; i < 3; i++)
        holder_open(&h[i], 0);
    executions(lease_slot(a.lease), 0, 1000);
    holder_die(&a);
    for (int total = 0; total < 1000;) {
        scene_run_ms(&sc, 50);
        total = h[0].loaded + h[1].loaded + h[2].loaded;
    }
    scene_run_ms(&sc, 1500);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < h[i].loaded; k++)
            ck_assert_int_eq(seen[h[i].ids[k]]++, 0);
        holder_close(&h[i]);
    }
    scene_close(&sc);
}
END_TEST

START_TEST(a_broken_connection_makes_a_holder_inherit_from_itself)
{
    struct holder a;

    scene_open(&sc);
    holder_open(&a, 0);
    int64_t epoch = lease_epoch(a.lease);
    executions(lease_slot(a.lease), 1000, 3);
    scene_do(&sc,
             "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pawld write'"
             " AND pid = ANY ((SELECT backends FROM pawl.lease)::int[])");
    uint64_t began = uv_hrtime();
    scene_wait(&sc, &a.acquired, 2);
    scene_wait(&sc, &a.loaded, 3);
    ck_assert_int_lt((int)((uv_hrtime() - began) / 1000000), 1500);
    ck_assert_int_gt(lease_epoch(a.lease), epoch);
    ck_assert_int_eq(a.inherited, 0);
    scene_run_ms(&sc, 100);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.lease"), "1");
    holder_close(&a);
    scene_close(&sc);
}
END_TEST

START_TEST(executions_of_an_unknown_slot_are_found)
{
    struct holder a;

    scene_open(&sc);
    executions(77, 1000, 2);
    holder_open(&a, 0);
    scene_wait(&sc, &a.loaded, 2);
    holder_close(&a);
    scene_close(&sc);
}
END_TEST

START_TEST(a_ticket_may_be_given_back_after_the_lease_is_gone)
{
    struct holder a;

    scene_open(&sc);
    executions(77, 1000, 2);
    holder_open(&a, 0);
    a.hold = true;
    scene_wait(&sc, &a.loaded, 1);
    void *ticket = a.held;
    a.hold = false;
    loader_owner(a.loader, 0, 0);
    lease_fenced(a.lease);
    scene_wait(&sc, &a.acquired, 2);
    loader_done(a.loader, ticket);
    scene_run_ms(&sc, 200);
    holder_close(&a);
    scene_close(&sc);
}
END_TEST

START_TEST(an_execution_that_is_asked_for_comes_once_until_it_is_there)
{
    struct holder a;

    scene_open(&sc);
    holder_open(&a, 0);
    executions(lease_slot(a.lease), 1000, 1);
    for (int i = 0; i < 3; i++)
        loader_load(a.loader, 1000);
    loader_load(a.loader, 2000); /* another's: it comes without rows */
    scene_wait(&sc, &a.loaded, 2);
    scene_run_ms(&sc, 100);
    ck_assert_int_eq(a.loaded, 2);
    ck_assert_int_eq(a.rows, 2);
    loader_load(a.loader, 1000);
    scene_wait(&sc, &a.loaded, 3);
    holder_close(&a);
    scene_close(&sc);
}
END_TEST

/* ---- parked executions ---- */

/* n more of nobody's, each a second later than the one before. */
static void parked(int first, int n, const char *wake_at)
{
    executions(1, first, n);
    scene_do(&sc,
             "UPDATE pawl.execution SET slot = NULL, wake_at = %s + (execution_id - %d) * interval '1 second'"
             " WHERE execution_id BETWEEN %d AND %d",
             wake_at, first, first, first + n - 1);
}

static const char *owned_by(int slot)
{
    return scene_ask(&sc,
                     "SELECT coalesce(string_agg(execution_id::text, ' ' ORDER BY execution_id), '')"
                     " FROM pawl.execution WHERE slot = %d AND wake_at IS NULL",
                     slot);
}

START_TEST(parked_ones_are_taken_shortly_before_their_moment)
{
    struct holder a;

    scene_open(&sc);
    holder_open(&a, 0);
    parked(1000, 3, "now() + interval '1 hour'");
    parked(2000, 1, "timestamptz 'infinity'");
    parked(3000, 3, "now() - interval '1 second'");
    parked(4000, 1, "now() + interval '3 seconds'");
    scene_run_ms(&sc, 300);
    ck_assert_int_eq(a.loaded, 0);
    loader_look(a.loader, true); /* memory is short: only those whose moment has come */
    scene_wait(&sc, &a.loaded, 2);
    scene_run_ms(&sc, 100);
    ck_assert_str_eq(owned_by(lease_slot(a.lease)), "3000 3001");
    loader_look(a.loader, false);
    scene_wait(&sc, &a.loaded, 4);
    scene_run_ms(&sc, 100);
    ck_assert_str_eq(owned_by(lease_slot(a.lease)), "3000 3001 3002 4000");
    ck_assert_int_eq(a.loaded, 4);
    ck_assert_int_eq(a.rows, 8);
    holder_close(&a);
    scene_close(&sc);
}
END_TEST

START_TEST(many_whose_moment_comes_are_shared_out)
{
    struct holder h[2];
    char seen[4000] = {0};

    scene_open(&sc);
    holder_open(&h[0], 0);
    holder_open(&h[1], 0);
    parked(0, 1800, "now() - interval '1 hour'");
    loader_look(h[0].loader, false);
    loader_look(h[1].loader, false);
    while (h[0].loaded + h[1].loaded < 1800)
        scene_run_ms(&sc, 50);
    scene_run_ms(&sc, 200);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_gt(h[i].loaded, 0);
        for (int k = 0; k < h[i].loaded; k++)
            ck_assert_int_eq(seen[h[i].ids[k]]++, 0);
        holder_close(&h[i]);
    }
    scene_close(&sc);
}
END_TEST

START_TEST(a_parked_one_is_whose_who_asks_for_it)
{
    struct holder a, b;

    scene_open(&sc);
    holder_open(&a, 0);
    holder_open(&b, 0);
    parked(1000, 2, "timestamptz 'infinity'");
    loader_load(a.loader, 1000);
    scene_wait(&sc, &a.loaded, 1);
    ck_assert_int_eq(a.rows, 2);
    loader_load(b.loader, 1000);
    scene_wait(&sc, &b.loaded, 1);
    ck_assert_int_eq(b.rows, 0); /* too late */
    ck_assert_str_eq(owned_by(lease_slot(a.lease)), "1000");
    holder_close(&a);
    holder_close(&b);
    scene_close(&sc);
}
END_TEST

START_TEST(a_restart_leaves_alone_what_is_parked)
{
    struct holder a, b;

    scene_open(&sc);
    holder_open(&a, 0);
    executions(lease_slot(a.lease), 1, 2);
    parked(1000, 50, "now() + interval '1 hour'");
    holder_close(&a);
    holder_open(&b, 0);
    scene_wait(&sc, &b.loaded, 2);
    loader_look(b.loader, false);
    scene_run_ms(&sc, 1300);
    ck_assert_int_eq(b.loaded, 2);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.execution WHERE slot IS NULL"), "50");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.lease"), "1");
    holder_close(&b);
    scene_close(&sc);
}
END_TEST

START_TEST(who_has_lost_its_lease_takes_nothing)
{
    scene_open(&sc);
    scene_do(&sc, "INSERT INTO pawl.lease (slot, epoch, node) VALUES (1, 7, 'test')");
    parked(1000, 3, "now() - interval '1 hour'");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.wake_due(1, 6, now(), 10)"), "0");
    ck_assert_str_eq(scene_ask(&sc, "SELECT pawl.wake_execution(1, 6, 1001)"), "f");
    ck_assert_str_eq(scene_ask(&sc, "SELECT pawl.wake_execution(1, 7, 1001)"), "t");
    ck_assert_str_eq(scene_ask(&sc, "SELECT pawl.wake_execution(1, 7, 1001)"), "f");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.wake_due(1, 7, now(), 10)"), "2");
    scene_close(&sc);
}
END_TEST

static const char *const TAKES_TEN[] = {
    "pawl.wake_due(1, 7, now(), 10)",
    "pawl.inbox_drain(1, 7, 10)",
    "pawl.lease_adopt(1, 7, 10)",
};

static int rows_read(void)
{
    return atoi(scene_ask(&sc, "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables"
                               " WHERE relid = 'pawl.execution'::regclass"));
}

START_TEST(taking_some_of_many_reads_few)
{
    scene_open(&sc);
    scene_do(&sc, "INSERT INTO pawl.lease (slot, epoch, node, orphan) VALUES (1, 7, 'test', false), (5, 1, "
                  "'dead', true)");
    executions(5, 1, 2000);
    executions(5, 3001, 2000);
    scene_do(&sc, "UPDATE pawl.execution SET slot = NULL WHERE execution_id > 3000"); /* started by SQL */
    parked(6001, 2000, "now() - interval '1 hour'");
    scene_do(&sc, "BEGIN");
    int before = rows_read();
    scene_do(&sc, "SELECT * FROM %s", TAKES_TEN[_i]);
    int read = rows_read() - before;
    ck_assert_msg(read >= 10 && read < 100, "%s reads %d rows", TAKES_TEN[_i], read);
    scene_do(&sc, "COMMIT");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.execution WHERE slot = 1"), "10");
    scene_close(&sc);
}
END_TEST

/* ---- the inbox ---- */

struct post {
    int n, sent;
    struct inbox_message last;
    char data[64], name[64], error[64];
};

static void on_got(void *arg, const struct inbox_message *m)
{
    struct post *p = arg;

    p->n++;
    p->last = *m;
    snprintf(p->data, sizeof p->data, "%.*s", (int)m->data_len, m->data ? m->data : "");
    snprintf(p->name, sizeof p->name, "%s", m->name);
    snprintf(p->error, sizeof p->error, "%s", m->error ? m->error : "");
}

static void on_sent(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    ck_assert_msg(!err, "%s", err ? err->cause : "");
    ((struct post *)arg)->sent++;
}

START_TEST(a_wish_is_delivered_once_until_it_is_consumed)
{
    struct holder a;
    struct post post = {0};

    scene_open(&sc);
    holder_open(&a, 0);
    executions(lease_slot(a.lease), 1000, 2);
    struct inbox *inbox = inbox_open(&sc.loop, a.store, on_got, &post);
    inbox_owner(inbox, lease_slot(a.lease), lease_epoch(a.lease));
    inbox_send(sc.store, 1001, INBOX_STOP, 0, NULL, "Enough", "by hand", on_sent, &post);
    scene_wait(&sc, &post.sent, 1);
    inbox_poll(inbox);
    scene_wait(&sc, &post.n, 1);
    ck_assert_int_eq(post.last.command, INBOX_STOP);
    ck_assert_int_eq(post.last.execution_id, 1001);
    ck_assert_str_eq(post.error, "Enough");
    scene_run_ms(&sc, 1300);
    ck_assert_int_eq(post.n, 1);

    inbox_forget(inbox);
    inbox_poll(inbox);
    scene_wait(&sc, &post.n, 2); /* dropped executions: it comes again */

    store_add_consumed(sc.store, 1001, post.last.inbox_id);
    ck_assert_int_eq(scene_commit(&sc, lease_slot(a.lease), lease_epoch(a.lease)), STORE_COMMITTED);
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.inbox"), "0");
    inbox_free(inbox);
    holder_close(&a);
    scene_close(&sc);
}
END_TEST

START_TEST(a_wish_wakes_a_parked_execution)
{
    struct holder a, b;
    struct post post = {0};

    scene_open(&sc);
    holder_open(&a, 0);
    holder_open(&b, 0);
    parked(1000, 2, "timestamptz 'infinity'");
    struct inbox *ia = inbox_open(&sc.loop, a.store, on_got, &post),
                 *ib = inbox_open(&sc.loop, b.store, on_got, &post);
    inbox_owner(ia, lease_slot(a.lease), lease_epoch(a.lease));
    inbox_owner(ib, lease_slot(b.lease), lease_epoch(b.lease));
    scene_run_ms(&sc, 50);
    scene_do(&sc, "SELECT pawl.stop_execution(1001)");
    scene_wait(&sc, &post.n, 1);
    scene_run_ms(&sc, 1200);
    ck_assert_int_eq(post.n, 1); /* told to one of the two, which owns it now */
    ck_assert_int_eq(post.last.execution_id, 1001);
    ck_assert_str_eq(scene_ask(&sc, "SELECT string_agg(execution_id || ' ' || (wake_at IS NULL) || ' ' || "
                                    "(slot IS NULL), ', ' ORDER BY 1) FROM pawl.execution"),
                     "1000 false true, 1001 true false");
    inbox_free(ia);
    inbox_free(ib);
    holder_close(&a);
    holder_close(&b);
    scene_close(&sc);
}
END_TEST

START_TEST(a_start_by_sql_is_claimed_by_one)
{
    struct holder a, b;
    struct post post = {0};

    scene_open(&sc);
    scene_do(&sc, "INSERT INTO pawl.definition (state_machine_id, machine, role_arn, definition) VALUES (1, "
                  "'m', '', '{}')");
    scene_do(&sc, "INSERT INTO pawl.state_machine (name, definition_id) VALUES ('m', 1)");
    holder_open(&a, 0);
    holder_open(&b, 0);
    struct inbox *ia = inbox_open(&sc.loop, a.store, on_got, &post),
                 *ib = inbox_open(&sc.loop, b.store, on_got, &post);
    inbox_owner(ia, lease_slot(a.lease), lease_epoch(a.lease));
    inbox_owner(ib, lease_slot(b.lease), lease_epoch(b.lease));
    scene_run_ms(&sc, 50);
    char id[32];
    snprintf(id, sizeof id, "%s", scene_ask(&sc, "SELECT pawl.start_execution('m', '{\"a\": 1}', 'by-sql')"));
    scene_wait(&sc, &sc.notes, 1);
    ck_assert_str_eq(sc.channel, "pawl_inbox");
    scene_wait(&sc, &post.n, 1);
    ck_assert_int_eq(post.last.command, INBOX_START);
    ck_assert_int_eq(post.last.execution_id, strtoll(id, NULL, 10));
    ck_assert_int_eq(post.last.definition_id, 1);
    ck_assert_str_eq(post.name, "by-sql");
    ck_assert_str_eq(post.data, "{\"a\": 1}");
    scene_run_ms(&sc, 1200);
    ck_assert_int_eq(post.n, 1);
    inbox_free(ia);
    inbox_free(ib);
    holder_close(&a);
    holder_close(&b);
    scene_close(&sc);
}
END_TEST

START_TEST(a_forged_token_is_dropped)
{
    struct holder a;
    struct post post = {0};
    char token[128];
    struct store_settings settings;

    scene_open(&sc);
    holder_open(&a, 0);
    executions(lease_slot(a.lease), 1000, 1);
    scene_do(&sc, "INSERT INTO pawl.journal VALUES (1000, 3, now(), 5, 1, 'A', "
                  "'[{\"id\":5,\"type\":\"TaskScheduled\",\"name\":\"A\"}]', '[]')");
    ck_assert_int_eq(store_settings(sc.conninfo, NULL, &settings, NULL), 0);
    struct inbox *inbox = inbox_open(&sc.loop, a.store, on_got, &post);
    inbox_owner(inbox, lease_slot(a.lease), lease_epoch(a.lease));
    unsigned char wrong[16] = {1};
    ck_assert_str_eq(
        scene_ask(&sc, "SELECT pawl.send_task_success('%s', '1')", token_mint(token, wrong, 1000, 5)), "t");
    ck_assert_str_eq(scene_ask(&sc, "SELECT pawl.send_task_success('%s', '2')",
                               token_mint(token, settings.token_key, 1000, 5)),
                     "t");
    scene_run_ms(&sc, 1300);
    ck_assert_int_eq(post.n, 1);
    ck_assert_int_eq(post.last.event_id, 5);
    ck_assert_str_eq(post.data, "2");
    ck_assert_str_eq(scene_ask(&sc, "SELECT count(*) FROM pawl.inbox"), "1");
    inbox_free(inbox);
    holder_close(&a);
    scene_close(&sc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lease");
    TCase *tc = tcase_create("lease");

    tcase_set_timeout(tc, 180);
    tcase_add_test(tc, each_reactor_gets_a_slot_of_its_own);
    tcase_add_test(tc, a_dead_holder_is_inherited_within_two_seconds);
    tcase_add_test(tc, a_slot_that_is_given_back_is_inherited_at_once);
    tcase_add_test(tc, who_stands_still_past_its_lease_writes_nothing_more);
    tcase_add_test(tc, several_adopt_at_once_and_none_twice);
    tcase_add_test(tc, a_broken_connection_makes_a_holder_inherit_from_itself);
    tcase_add_test(tc, executions_of_an_unknown_slot_are_found);
    tcase_add_test(tc, a_ticket_may_be_given_back_after_the_lease_is_gone);
    tcase_add_test(tc, an_execution_that_is_asked_for_comes_once_until_it_is_there);
    tcase_add_test(tc, parked_ones_are_taken_shortly_before_their_moment);
    tcase_add_test(tc, many_whose_moment_comes_are_shared_out);
    tcase_add_test(tc, a_parked_one_is_whose_who_asks_for_it);
    tcase_add_test(tc, a_restart_leaves_alone_what_is_parked);
    tcase_add_test(tc, who_has_lost_its_lease_takes_nothing);
    tcase_add_loop_test(tc, taking_some_of_many_reads_few, 0, sizeof TAKES_TEN / sizeof *TAKES_TEN);
    tcase_add_test(tc, a_wish_is_delivered_once_until_it_is_consumed);
    tcase_add_test(tc, a_wish_wakes_a_parked_execution);
    tcase_add_test(tc, a_start_by_sql_is_claimed_by_one);
    tcase_add_test(tc, a_forged_token_is_dropped);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
