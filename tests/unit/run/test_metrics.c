#include "run/metrics.h"

#include <check.h>
#include <stdlib.h>

START_TEST(a_value_counts_in_the_first_bucket_that_holds_it)
{
    static const struct {
        const char *says;
        int64_t us;
        int bucket; /* -1: none */
    } ROWS[] = {
        {"nothing", 0, 0},
        {"a moment before the start counts as nothing", -5, 0},
        {"exactly a bound", 1000, 0},
        {"just above it", 1001, 1},
        {"the last bound", 60000000, METRIC_BUCKETS - 1},
        {"beyond it only in count", 60000001, -1},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct histogram h = {0};
        histogram_add(&h, ROWS[i].us);
        ck_assert_msg(metric_get(&h.count) == 1, "%s", ROWS[i].says);
        for (int b = 0; b < METRIC_BUCKETS; b++)
            ck_assert_msg(metric_get(&h.bucket[b]) == (b == ROWS[i].bucket), "%s: bucket %d", ROWS[i].says,
                          b);
    }
}
END_TEST

START_TEST(the_same_labels_are_the_same_series)
{
    struct metric_series list = {0};

    struct metric_series *a = metric_series(&list, "x=\"1\"", "x=\"other\"", false);
    struct metric_series *b = metric_series(&list, "x=\"2\"", "x=\"other\"", true);
    ck_assert_ptr_ne(a, b);
    ck_assert_ptr_eq(metric_series(&list, "x=\"1\"", "x=\"other\"", false), a);
    ck_assert_ptr_null(a->histogram);
    ck_assert_ptr_nonnull(b->histogram);
    metric_series_free(&list);
}
END_TEST

START_TEST(after_a_thousand_series_the_rest_share_one)
{
    struct metric_series list = {0}, *last = NULL;
    char labels[32];
    size_t n = 0;

    for (int i = 0; i < 1500; i++) {
        snprintf(labels, sizeof labels, "x=\"%d\"", i);
        struct metric_series *s = metric_series(&list, labels, "x=\"other\"", false);
        metric_add(&s->value, 1);
        last = s;
    }
    for (struct metric_series *s = list.next; s; s = s->next)
        n++;
    ck_assert_uint_eq(n, 1001);
    ck_assert_str_eq(last->labels, "x=\"other\"");
    ck_assert_uint_eq(metric_get(&last->value), 500);
    metric_series_free(&list);
}
END_TEST

START_TEST(labels_are_escaped)
{
    struct js_buf b = {0};

    metric_label(&b, "machine", "a \"b\"\\\n");
    metric_label(&b, "status", "FAILED");
    ck_assert_str_eq(b.p, "machine=\"a \\\"b\\\"\\\\\\n\",status=\"FAILED\"");
    js_buf_fini(&b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("metrics");
    TCase *t = tcase_create("metrics");

    tcase_add_test(t, a_value_counts_in_the_first_bucket_that_holds_it);
    tcase_add_test(t, the_same_labels_are_the_same_series);
    tcase_add_test(t, after_a_thousand_series_the_rest_share_one);
    tcase_add_test(t, labels_are_escaped);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
