#include "metrics_text.h"
#include "run/timer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void line(struct js_buf *out, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    js_buf_add(out, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
}

static void head(struct js_buf *out, const char *name, const char *type, const char *help)
{
    line(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* ---- plain counts ---- */

static const struct {
    const char *name, *type, *help;
    size_t offset;
} COUNTS[] = {
    {"pawl_steps_total", "counter", "States entered.", offsetof(struct metrics, steps)},
    {"pawl_events_total", "counter", "History events journaled.", offsetof(struct metrics, events)},
    {"pawl_commits_total", "counter", "Transactions committed.", offsetof(struct metrics, commits)},
    {"pawl_commit_rows_total", "counter", "Executions in them.", offsetof(struct metrics, commit_rows)},
    {"pawl_commit_failures_total", "counter", "Transactions that did not commit.",
     offsetof(struct metrics, commit_failures)},
    {"pawl_inbox_messages_total", "counter", "Commands taken from pawl.inbox.",
     offsetof(struct metrics, inbox_messages)},
    {"pawl_adopted_total", "counter", "Executions taken over from other leases.",
     offsetof(struct metrics, adopted)},
    {"pawl_parked_total", "counter", "Executions that left memory because they only wait.",
     offsetof(struct metrics, parked)},
    {"pawl_leases_lost_total", "counter", "Leases that others took over.",
     offsetof(struct metrics, lease_lost)},
    {"pawl_executions_open", "gauge", "Executions in memory.", offsetof(struct metrics, executions_open)},
    {"pawl_calls_open", "gauge", "Calls to functions under way.", offsetof(struct metrics, calls_open)},
    {"pawl_batch_executions", "gauge", "Executions in the last transactions.",
     offsetof(struct metrics, batch_last)},
};

static const metric *at(const struct metrics *m, size_t offset)
{
    return (const metric *)((const char *)m + offset);
}

static struct metrics *metrics_of(struct node *n, int i)
{
    return reactor_metrics(node_reactor(n, i));
}

static void counts(struct node *n, struct js_buf *out)
{
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++) {
        uint64_t sum = 0;
        for (int r = 0; r < node_reactors(n); r++)
            sum += metric_get(at(metrics_of(n, r), COUNTS[i].offset));
        head(out, COUNTS[i].name, COUNTS[i].type, COUNTS[i].help);
        line(out, "%s %" PRIu64 "\n", COUNTS[i].name, sum);
    }
}

/* ---- one reactor's own ---- */

static double age_s(const struct metrics *m)
{
    int64_t since_us = (int64_t)metric_get(&m->uncommitted_us), age_us = timer_now() - since_us;
    return since_us && age_us > 0 ? (double)age_us / 1e6 : 0;
}

static void leases(struct node *n, struct js_buf *out)
{
    head(out, "pawl_lease_epoch", "gauge", "The epoch of the reactor's lease; 0: it holds none.");
    for (int r = 0; r < node_reactors(n); r++) {
        const struct metrics *m = metrics_of(n, r);
        line(out, "pawl_lease_epoch{reactor=\"%d\",slot=\"%" PRIu64 "\"} %" PRIu64 "\n", r,
             metric_get(&m->lease_slot), metric_get(&m->lease_epoch));
    }
    head(out, "pawl_queue_lag_seconds", "gauge",
         "How long the oldest decision that is not committed yet has waited.");
    for (int r = 0; r < node_reactors(n); r++)
        line(out, "pawl_queue_lag_seconds{reactor=\"%d\"} %.6f\n", r, age_s(metrics_of(n, r)));
}

/* ---- histograms and labelled series, summed over the reactors ---- */

struct sums {
    const char *labels;
    uint64_t value, bucket[METRIC_BUCKETS], count, sum_us;
    UT_hash_handle hh;
};

static void add_histogram(struct sums *s, const struct histogram *h)
{
    for (int i = 0; i < METRIC_BUCKETS; i++)
        s->bucket[i] += metric_get(&h->bucket[i]);
    s->count += metric_get(&h->count);
    s->sum_us += metric_get(&h->sum_us);
}

static void print_histogram(struct js_buf *out, const char *name, const struct sums *s)
{
    const char *labels = s->labels ? s->labels : "", *comma = *labels ? "," : "";
    uint64_t below = 0;

    for (int i = 0; i < METRIC_BUCKETS; i++) {
        below += s->bucket[i];
        line(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, labels, comma,
             (double)METRIC_BOUNDS_US[i] / 1e6, below);
    }
    line(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, s->count);
    line(out, "%s_sum{%s} %.6f\n", name, labels, (double)s->sum_us / 1e6);
    line(out, "%s_count{%s} %" PRIu64 "\n", name, labels, s->count);
}

static void commit_durations(struct node *n, struct js_buf *out)
{
    struct sums s = {0};

    for (int r = 0; r < node_reactors(n); r++)
        add_histogram(&s, &metrics_of(n, r)->commit_duration);
    head(out, "pawl_commit_duration_seconds", "histogram",
         "From sending a transaction to its acknowledgement.");
    print_histogram(out, "pawl_commit_duration_seconds", &s);
}

static void add_series(struct sums **all, struct metric_series *list)
{
    struct metric_series *m = list;
    struct sums *s;

    while ((m = atomic_load_explicit(&m->next, memory_order_acquire))) {
        HASH_FIND_STR(*all, m->labels, s);
        if (!s) {
            s = mem_calloc(1, sizeof *s);
            s->labels = m->labels;
            HASH_ADD_KEYPTR(hh, *all, s->labels, strlen(s->labels), s);
        }
        s->value += metric_get(&m->value);
        if (m->histogram)
            add_histogram(s, m->histogram);
    }
}

static int by_labels(const struct sums *a, const struct sums *b)
{
    return strcmp(a->labels, b->labels);
}

static struct sums *sum_series(struct node *n, size_t offset)
{
    struct sums *all = NULL;

    for (int r = 0; r < node_reactors(n); r++)
        add_series(&all, (struct metric_series *)((char *)metrics_of(n, r) + offset));
    HASH_SORT(all, by_labels);
    return all;
}

static void free_sums(struct sums *all)
{
    struct sums *s, *next;

    HASH_ITER (hh, all, s, next) {
        HASH_DEL(all, s);
        free(s);
    }
}

static void print_series(struct js_buf *out, const char *name, const struct sums *all)
{
    for (const struct sums *s = all; s; s = s->hh.next)
        line(out, "%s{%s} %" PRIu64 "\n", name, s->labels, s->value);
}

void metrics_text(struct node *n, struct js_buf *out)
{
    struct sums *executions = sum_series(n, offsetof(struct metrics, executions));
    struct sums *calls = sum_series(n, offsetof(struct metrics, calls));

    counts(n, out);
    leases(n, out);
    commit_durations(n, out);
    head(out, "pawl_executions_total", "counter",
         "Executions by machine and the status that they reached; RUNNING counts starts.");
    print_series(out, "pawl_executions_total", executions);
    head(out, "pawl_calls_total", "counter", "Calls to functions by their outcome.");
    print_series(out, "pawl_calls_total", calls);
    head(out, "pawl_call_duration_seconds", "histogram", "From sending a call to its answer.");
    for (const struct sums *s = calls; s; s = s->hh.next)
        print_histogram(out, "pawl_call_duration_seconds", s);
    free_sums(executions);
    free_sums(calls);
}
