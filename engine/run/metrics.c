#include "run/metrics.h"
#include "base/arena.h"
#include "base/err.h"

#include <string.h>

enum { SERIES_MAX = 1000 };

const int64_t METRIC_BOUNDS_US[METRIC_BUCKETS] = {
    1000,   2000,   5000,    10000,   25000,   50000,    100000,
    250000, 500000, 1000000, 2500000, 5000000, 15000000, 60000000,
};

void histogram_add(struct histogram *h, int64_t us)
{
    if (us < 0)
        us = 0;
    for (int i = 0; i < METRIC_BUCKETS; i++)
        if (us <= METRIC_BOUNDS_US[i]) {
            metric_add(&h->bucket[i], 1);
            break;
        }
    metric_add(&h->count, 1);
    metric_add(&h->sum_us, (uint64_t)us);
}

static struct metric_series *new_series(const char *labels, bool with_histogram)
{
    struct metric_series *s = mem_calloc(1, sizeof *s);
    s->labels = mem_strndup(labels, strlen(labels));
    if (with_histogram)
        s->histogram = mem_calloc(1, sizeof *s->histogram);
    return s;
}

struct metric_series *metric_series(struct metric_series *list, const char *labels, const char *other,
                                    bool with_histogram)
{
    struct metric_series *last = list;
    unsigned n = 0;

    for (struct metric_series *s; (s = atomic_load_explicit(&last->next, memory_order_acquire));
         last = s, n++)
        if (!strcmp(s->labels, labels))
            return s;
    if (n > SERIES_MAX)
        return last; /* the one of all others */
    struct metric_series *s = new_series(n == SERIES_MAX ? other : labels, with_histogram);
    atomic_store_explicit(&last->next, s, memory_order_release);
    return s;
}

void metric_series_free(struct metric_series *list)
{
    struct metric_series *s = atomic_load(&list->next);

    while (s) {
        struct metric_series *next = atomic_load(&s->next);
        free((char *)s->labels);
        free(s->histogram);
        free(s);
        s = next;
    }
    atomic_store(&list->next, NULL);
}

void metric_label(struct js_buf *labels, const char *name, const char *value)
{
    if (labels->len)
        js_buf_str(labels, ",");
    js_buf_str(labels, name);
    js_buf_str(labels, "=\"");
    for (const char *p = value; *p; p++) {
        const char *escaped = *p == '"' ? "\\\"" : *p == '\\' ? "\\\\" : *p == '\n' ? "\\n" : NULL;
        if (escaped)
            js_buf_str(labels, escaped);
        else
            js_buf_add(labels, p, 1);
    }
    js_buf_str(labels, "\"");
}
