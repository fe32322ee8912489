/*
 * meter.h -- what a window of time cost: CPU of processes from /proc, WAL from PostgreSQL; and medians.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct meter {      /* what to look at; 0 or NULL: not looked at */
    int pid;        /* a process with its threads */
    int postmaster; /* PostgreSQL: every process of the cluster, those that have ended included */
    const char *conninfo;
};

struct reading {
    int64_t at_us; /* wire_now */
    double pid_s;  /* CPU seconds */
    double self_s;
    double postgres_s;
    double machine_s; /* of all processes there are */
    double wal_bytes;
    double commits; /* of all connections, as of about a second ago */
};

void meter_read(const struct meter *m, struct reading *r);

/* Moments or durations, as many as come. */
struct samples {
    int64_t *list;
    size_t n, cap;
};
void samples_add(struct samples *s, int64_t sample);
int64_t samples_at(struct samples *s, double share); /* 0.5: the median; sorts; 0 when there is none */
