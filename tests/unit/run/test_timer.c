#include "base/clock.h"
#include "run/timer.h"

#include <check.h>
#include <stdlib.h>

enum { NODES = 1000 };

START_TEST(time_never_goes_back)
{
    int64_t last = timer_now();

    for (int i = 0; i < 100000; i++) {
        int64_t now = timer_now();
        ck_assert_int_ge(now, last);
        last = now;
    }
}
END_TEST

START_TEST(an_empty_heap_is_never_due)
{
    struct timer_heap h = {0};

    ck_assert_int_eq(timer_next(&h), CLOCK_NEVER);
    ck_assert_ptr_null(timer_pop(&h, INT64_MAX));
    timer_heap_fini(&h);
}
END_TEST

START_TEST(what_is_due_comes_earliest_first)
{
    struct timer_heap h = {0};
    static struct timer_node nodes[NODES];

    for (int i = 0; i < NODES; i++)
        timer_set(&h, &nodes[i], (int64_t)(clock_dice(7, (uint64_t)i) % 500));
    int64_t last = -1;
    for (int i = 0; i < NODES; i++) {
        struct timer_node *n = timer_pop(&h, 499);
        ck_assert_ptr_nonnull(n);
        ck_assert_int_ge(n->due_us, last);
        ck_assert_int_eq(n->slot, 0);
        last = n->due_us;
    }
    ck_assert_ptr_null(timer_pop(&h, INT64_MAX));
    timer_heap_fini(&h);
}
END_TEST

START_TEST(what_is_not_due_stays)
{
    struct timer_heap h = {0};
    struct timer_node a = {0}, b = {0};

    timer_set(&h, &a, 100);
    timer_set(&h, &b, 200);
    ck_assert_ptr_null(timer_pop(&h, 99));
    ck_assert_ptr_eq(timer_pop(&h, 100), &a);
    ck_assert_ptr_null(timer_pop(&h, 199));
    ck_assert_int_eq(timer_next(&h), 200);
    timer_clear(&h, &b);
    ck_assert_int_eq(timer_next(&h), CLOCK_NEVER);
    timer_clear(&h, &b); /* twice is nothing */
    timer_heap_fini(&h);
}
END_TEST

START_TEST(never_clears)
{
    struct timer_heap h = {0};
    struct timer_node a = {0};

    timer_set(&h, &a, 100);
    timer_set(&h, &a, CLOCK_NEVER);
    ck_assert_ptr_null(timer_pop(&h, INT64_MAX));
    timer_heap_fini(&h);
}
END_TEST

/* The oracle is a plain search over all nodes. */
START_TEST(set_move_clear_and_pop_agree_with_a_search)
{
    struct timer_heap h = {0};
    static struct timer_node nodes[64];
    int64_t due[64];

    for (int i = 0; i < 64; i++)
        nodes[i] = (struct timer_node){0}, due[i] = CLOCK_NEVER;
    for (uint64_t step = 0; step < 20000; step++) {
        uint64_t dice = clock_dice(42, step);
        int i = (int)(dice % 64);
        if (dice >> 60 < 10) {
            due[i] = (int64_t)(dice >> 8 & 255);
            timer_set(&h, &nodes[i], due[i]);
        } else if (dice >> 60 < 13) {
            due[i] = CLOCK_NEVER;
            timer_clear(&h, &nodes[i]);
        } else {
            struct timer_node *n = timer_pop(&h, 128);
            int64_t least = CLOCK_NEVER;
            for (int k = 0; k < 64; k++)
                least = due[k] < least ? due[k] : least;
            ck_assert_msg((n != NULL) == (least <= 128), "step %llu", (unsigned long long)step);
            if (n) {
                ck_assert_int_eq(n->due_us, least);
                due[n - nodes] = CLOCK_NEVER;
            }
        }
    }
    timer_heap_fini(&h);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("timer");
    TCase *t = tcase_create("timer");

    tcase_add_test(t, time_never_goes_back);
    tcase_add_test(t, an_empty_heap_is_never_due);
    tcase_add_test(t, what_is_due_comes_earliest_first);
    tcase_add_test(t, what_is_not_due_stays);
    tcase_add_test(t, never_clears);
    tcase_add_test(t, set_move_clear_and_pop_agree_with_a_search);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
