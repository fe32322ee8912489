#include "base/clock.h"
#include "run/catalog.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* ---- a store of one row, which answers when the test says so ---- */

struct store_result {
    const char *cell[8]; /* NULL: no row */
};

struct question {
    const char *sql;
    char key[64];
    store_cb cb;
    void *arg;
};

static struct question asked[16];
static unsigned nasked;

void store_query(struct store *s, const char *sql, int n, const struct store_param *params, store_cb cb,
                 void *arg)
{
    struct question *q = &asked[nasked++];
    q->sql = sql;
    q->cb = cb;
    q->arg = arg;
    snprintf(q->key, sizeof q->key, "%s", params[0].value);
}

int store_rows(const struct store_result *r)
{
    return r->cell[0] != NULL;
}

const char *store_text(const struct store_result *r, int row, int col, size_t *len)
{
    if (len)
        *len = r->cell[col] ? strlen(r->cell[col]) : 0;
    return r->cell[col];
}

int64_t store_int(const struct store_result *r, int row, int col)
{
    return r->cell[col] ? atoll(r->cell[col]) : 0;
}

void store_cancel(struct store *s, void *arg)
{
    for (unsigned i = 0; i < nasked; i++)
        if (asked[i].arg == arg)
            asked[i].cb = NULL;
}

const char *store_int_text(char buf[24], int64_t n)
{
    snprintf(buf, 24, "%lld", (long long)n);
    return buf;
}

static void reply(unsigned i, const struct store_result *r, const struct err *err)
{
    asked[i].cb(asked[i].arg, r, err, NULL);
}

#define DEFINITION_ROW(id)                                                                                   \
    {                                                                                                        \
        {                                                                                                    \
            id, "3", "order", "arn:role", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}",   \
                "STANDARD", "ACTIVE"                                                                         \
        }                                                                                                    \
    }
static const struct store_result NOTHING = {{NULL}}, FIRST = DEFINITION_ROW("11"),
                                 SECOND = DEFINITION_ROW("12"),
                                 DELETING = {{"11", "3", "order", "arn:role", "{}", "STANDARD", "DELETING"}},
                                 BROKEN = {{"11", "3", "order", "arn:role", "{}", "STANDARD", "ACTIVE"}},
                                 PAY = {{"http://x/pay", "{\"A\":\"1\",\"B\":\"2\"}", "30", "4"}};

/* ---- those who ask ---- */

static struct catalog *c;
static struct definition *def[8];
static struct function *fn[8];
static const char *refused[8];
static unsigned ndef, nfn;

static void on_definition(void *arg, struct definition *d, const struct err *err)
{
    refused[ndef] = err ? err->name : NULL;
    def[ndef++] = d;
}

static void on_function(void *arg, struct function *f, const struct err *err)
{
    refused[nfn] = err ? err->name : NULL;
    fn[nfn++] = f;
}

static void setup(void)
{
    nasked = ndef = nfn = 0;
    c = catalog_new(NULL);
}

static void teardown(void)
{
    for (unsigned i = 0; i < ndef; i++)
        if (def[i])
            catalog_unpin_definition(c, def[i]);
    for (unsigned i = 0; i < nfn; i++)
        if (fn[i])
            catalog_unpin_function(c, fn[i]);
    catalog_free(c);
}

START_TEST(a_machine_is_asked_for_once)
{
    catalog_machine(c, "order", on_definition, NULL);
    catalog_machine(c, "order", on_definition, NULL);
    ck_assert_uint_eq(nasked, 1);
    ck_assert_uint_eq(ndef, 0);
    reply(0, &FIRST, NULL);
    ck_assert_uint_eq(ndef, 2);
    catalog_machine(c, "order", on_definition, NULL);
    ck_assert_uint_eq(nasked, 1);
    ck_assert_uint_eq(ndef, 3);
    ck_assert_ptr_eq(def[0], def[2]);
    ck_assert_str_eq(def[0]->machine, "order");
    ck_assert_int_eq(def[0]->definition_id, 11);
    ck_assert_int_eq(def[0]->state_machine_id, 3);
    ck_assert_uint_eq(def[0]->pins, 4); /* three callees, and the cache */
}
END_TEST

START_TEST(a_definition_that_is_here_is_not_asked_for)
{
    catalog_definition(c, 11, on_definition, NULL);
    ck_assert_str_eq(asked[0].key, "11");
    reply(0, &FIRST, NULL);
    catalog_definition(c, 11, on_definition, NULL);
    ck_assert_uint_eq(nasked, 1);
    ck_assert_ptr_eq(def[0], def[1]);
    catalog_machine(c, "order", on_definition, NULL); /* a question, but no second copy */
    reply(1, &FIRST, NULL);
    ck_assert_ptr_eq(def[0], def[2]);
}
END_TEST

START_TEST(whoever_asks_after_a_change_gets_the_new_revision)
{
    catalog_machine(c, "order", on_definition, NULL);
    catalog_forget_machine(c, "order"); /* while the answer is on its way */
    catalog_machine(c, "order", on_definition, NULL);
    ck_assert_uint_eq(nasked, 2);
    reply(0, &FIRST, NULL);
    reply(1, &SECOND, NULL);
    ck_assert_int_eq(def[0]->definition_id, 11);
    ck_assert_int_eq(def[1]->definition_id, 12);
    catalog_machine(c, "order", on_definition, NULL);
    ck_assert_int_eq(def[2]->definition_id, 12);
    catalog_notified(c, "machine:order");
    catalog_machine(c, "order", on_definition, NULL);
    ck_assert_uint_eq(nasked, 3);
    reply(2, &FIRST, NULL);
    ck_assert_int_eq(def[3]->definition_id, 11);
}
END_TEST

START_TEST(what_is_missing_is_asked_for_again)
{
    catalog_machine(c, "order", on_definition, NULL);
    reply(0, &NOTHING, NULL);
    ck_assert_ptr_null(def[0]);
    ck_assert_str_eq(refused[0], ERR_MACHINE_MISSING);
    catalog_machine(c, "order", on_definition, NULL);
    reply(1, &FIRST, NULL);
    ck_assert_ptr_nonnull(def[1]);
}
END_TEST

static const struct {
    const char *says;
    const struct store_result *row;
    const char *error;
} REFUSALS[] = {
    {"a machine that is being deleted", &DELETING, "StateMachineDeleting"},
    {"a definition that does not compile", &BROKEN, "InternalFailure"},
    {"a database that is away", NULL, "ServiceUnavailable"},
};

START_TEST(a_machine_that_cannot_run_is_refused)
{
    struct err away = {.name = ERR_UNAVAILABLE};

    catalog_machine(c, "order", on_definition, NULL);
    reply(0, REFUSALS[_i].row, REFUSALS[_i].row ? NULL : &away);
    ck_assert_msg(!def[0] && !strcmp(refused[0], REFUSALS[_i].error), "%s", REFUSALS[_i].says);
}
END_TEST

static const struct {
    const char *says;
    const struct store_result *row;
    const char *flaw;
} FLAWS[] = {
    {"one that does not compile", &BROKEN, "definition 11 of order does not compile"},
    {"one that is not there", &NOTHING, "not in the database"},
};

/* Executions have it, and must end. */
START_TEST(a_definition_that_cannot_run_has_a_flaw)
{
    catalog_definition(c, 11, on_definition, NULL);
    reply(0, FLAWS[_i].row, NULL);
    ck_assert_msg(def[0] && def[0]->asl && def[0]->definition_id == 11, "%s", FLAWS[_i].says);
    ck_assert_msg(strstr(def[0]->flaw, FLAWS[_i].flaw), "%s: %s", FLAWS[_i].says, def[0]->flaw);
    catalog_machine(c, "order", on_definition, NULL);
    reply(1, &BROKEN, NULL);
    ck_assert_msg(!def[1] && !strcmp(refused[1], "InternalFailure"), "none begins with it");
}
END_TEST

START_TEST(a_function_is_its_row)
{
    catalog_function(c, "pay", on_function, NULL);
    reply(0, &PAY, NULL);
    ck_assert_str_eq(fn[0]->name, "pay");
    ck_assert_str_eq(fn[0]->url, "http://x/pay");
    ck_assert_str_eq(fn[0]->headers[0], "A: 1");
    ck_assert_str_eq(fn[0]->headers[1], "B: 2");
    ck_assert_ptr_null(fn[0]->headers[2]);
    ck_assert_int_eq(fn[0]->timeout_us, 30 * CLOCK_SECOND);
    ck_assert_int_eq(fn[0]->max_concurrency, 4);
    catalog_function(c, "nobody", on_function, NULL);
    reply(1, &NOTHING, NULL);
    ck_assert_str_eq(refused[1], ERR_FUNCTION_NOT_FOUND);
}
END_TEST

START_TEST(a_forgotten_function_stays_with_those_who_call_it)
{
    catalog_function(c, "pay", on_function, NULL);
    reply(0, &PAY, NULL);
    catalog_notified(c, "function:pay");
    ck_assert_str_eq(fn[0]->url, "http://x/pay");
    ck_assert_uint_eq(fn[0]->pins, 1);
    catalog_forget_all(c);
    catalog_function(c, "pay", on_function, NULL);
    ck_assert_uint_eq(nasked, 2);
    reply(1, &PAY, NULL);
    ck_assert_ptr_ne(fn[0], fn[1]);
}
END_TEST

static void asks_again(void *arg, struct definition *d, const struct err *err)
{
    on_definition(NULL, d, err);
    catalog_forget_all(c);
    catalog_machine(c, "order", on_definition, NULL);
}

START_TEST(a_callback_may_forget_and_ask)
{
    catalog_machine(c, "order", asks_again, NULL);
    catalog_machine(c, "order", on_definition, NULL);
    reply(0, &FIRST, NULL);
    ck_assert_uint_eq(nasked, 2);
    ck_assert_uint_eq(ndef, 2);
    reply(1, &SECOND, NULL);
    ck_assert_uint_eq(ndef, 3);
    ck_assert_int_eq(def[2]->definition_id, 12);
}
END_TEST

START_TEST(questions_under_way_end_with_the_catalogue)
{
    catalog_machine(c, "order", on_definition, NULL);
    catalog_function(c, "pay", on_function, NULL);
    catalog_forget_function(c, "pay");
    catalog_free(c);
    ck_assert_ptr_null(asked[0].cb);
    ck_assert_ptr_null(asked[1].cb);
    c = catalog_new(NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("catalog");
    TCase *t = tcase_create("catalog");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_machine_is_asked_for_once);
    tcase_add_test(t, a_definition_that_is_here_is_not_asked_for);
    tcase_add_test(t, whoever_asks_after_a_change_gets_the_new_revision);
    tcase_add_test(t, what_is_missing_is_asked_for_again);
    tcase_add_loop_test(t, a_definition_that_cannot_run_has_a_flaw, 0, sizeof FLAWS / sizeof *FLAWS);
    tcase_add_loop_test(t, a_machine_that_cannot_run_is_refused, 0, sizeof REFUSALS / sizeof *REFUSALS);
    tcase_add_test(t, a_function_is_its_row);
    tcase_add_test(t, a_forgotten_function_stays_with_those_who_call_it);
    tcase_add_test(t, a_callback_may_forget_and_ask);
    tcase_add_test(t, questions_under_way_end_with_the_catalogue);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
