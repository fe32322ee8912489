/*
 * metrics.h -- counts for operators: per reactor without locks, summed by the reader.
 *
 * A reactor alone writes its struct (relaxed atomics, so that another thread may read); api/metrics_text.c
 * sums and prints.
 */
#pragma once

#include "base/json.h"

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t metric;

static inline void metric_add(metric *m, uint64_t n)
{
    atomic_store_explicit(m, atomic_load_explicit(m, memory_order_relaxed) + n, memory_order_relaxed);
}
static inline void metric_set(metric *m, uint64_t n)
{
    atomic_store_explicit(m, n, memory_order_relaxed);
}
static inline uint64_t metric_get(const metric *m)
{
    return atomic_load_explicit(m, memory_order_relaxed);
}

enum { METRIC_BUCKETS = 14 };
extern const int64_t METRIC_BOUNDS_US[METRIC_BUCKETS]; /* upper bounds, 1 ms to 60 s; above: only in count */

struct histogram {
    metric bucket[METRIC_BUCKETS]; /* each value in the first bucket that holds it: the reader adds up */
    metric count, sum_us;
};
void histogram_add(struct histogram *h, int64_t us);

/* One labelled series: made once, kept while its reactor lives, so that a reader can walk the list. */
struct metric_series {
    const char *labels; /* machine="order",status="SUCCEEDED"; NULL in the head of a list */
    metric value;
    struct histogram *histogram; /* or NULL */
    _Atomic(struct metric_series *) next;
};

struct metrics { /* of one reactor */
    metric steps, commits, commit_rows, commit_us, commit_failures, events, inbox_messages, adopted, parked;
    metric executions_open, calls_open, batch_last, lease_slot, lease_epoch, lease_lost;
    metric uncommitted_us; /* the moment of the oldest decision that is not committed yet; 0: there is none */
    struct histogram commit_duration;
    struct metric_series executions; /* machine, status: RUNNING counts starts; head of a list */
    struct metric_series calls;      /* function, outcome; with histogram; head of a list */
};

/*
 * The series with these labels, made when it is new. At most 1,000 series a list; what comes after shares one
 * with the labels other.  Walks the list: callers on hot paths keep what they got.
 */
struct metric_series *metric_series(struct metric_series *list, const char *labels, const char *other,
                                    bool with_histogram);
void metric_series_free(struct metric_series *list); /* all but the head, when nobody reads any more */

/* Appends name="value" with the escapes of the Prometheus text format, and a comma before if it isn't the
 * first. */
void metric_label(struct js_buf *labels, const char *name, const char *value);
