#include "meter.h"

#include "wire.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- CPU ---- */

/* Nanoseconds of every thread of a process that still lives. */
static double threads_s(int pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return 0;
    double sum = 0;
    for (struct dirent *d; (d = readdir(tasks));) {
        char file[400];
        unsigned long long ns;
        snprintf(file, sizeof file, "/proc/%d/task/%s/schedstat", pid, d->d_name);
        FILE *f = d->d_name[0] == '.' ? NULL : fopen(file, "r");
        if (!f)
            continue;
        if (fscanf(f, "%llu", &ns) == 1)
            sum += (double)ns * 1e-9;
        fclose(f);
    }
    closedir(tasks);
    return sum;
}

/* The parent, and the CPU seconds of the children that have ended. */
static int process_stat(int pid, int *parent, double *ended_s)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return -1;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = 0;
    char *after = strrchr(line, ')'); /* the name may hold anything */
    long children_user, children_system;
    if (!after || sscanf(after, ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld", parent,
                         &children_user, &children_system) != 3)
        return -1;
    *ended_s = (double)(children_user + children_system) / (double)sysconf(_SC_CLK_TCK);
    return 0;
}

static double cluster_s(int postmaster)
{
    DIR *proc = opendir("/proc");
    int parent;
    double sum = 0, ended;
    for (struct dirent *d; (d = readdir(proc));) {
        int pid = atoi(d->d_name);
        if (pid <= 0 || process_stat(pid, &parent, &ended) < 0)
            continue;
        if (pid == postmaster)
            sum += ended;
        if (pid == postmaster || parent == postmaster)
            sum += threads_s(pid);
    }
    closedir(proc);
    return sum;
}

static double machine_s(void)
{
    unsigned long long user, nice, system, idle, wait, irq, softirq;
    FILE *f = fopen("/proc/stat", "r");
    if (!f || fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &wait, &irq,
                     &softirq) != 7)
        die("/proc/stat is not to be read");
    fclose(f);
    return (double)(user + nice + system + irq + softirq) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- PostgreSQL ---- */

static void postgres_read(const char *conninfo, struct reading *r)
{
    static PGconn *c;
    if (!c)
        c = PQconnectdb(conninfo);
    PGresult *g = PQexec(
        c, "SELECT pg_current_wal_insert_lsn() - '0/0', (SELECT sum(xact_commit) FROM pg_stat_database)");
    if (PQresultStatus(g) != PGRES_TUPLES_OK)
        die("PostgreSQL: %s", PQerrorMessage(c));
    r->wal_bytes = atof(PQgetvalue(g, 0, 0));
    r->commits = atof(PQgetvalue(g, 0, 1));
    PQclear(g);
}

void meter_read(const struct meter *m, struct reading *r)
{
    *r = (struct reading){.machine_s = machine_s()};
    if (m->conninfo)
        postgres_read(m->conninfo, r);
    if (m->pid)
        r->pid_s = threads_s(m->pid);
    if (m->postmaster)
        r->postgres_s = cluster_s(m->postmaster);
    struct timespec self;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &self);
    r->self_s = (double)self.tv_sec + (double)self.tv_nsec * 1e-9;
    r->at_us = wire_now();
}

/* ---- samples ---- */

void samples_add(struct samples *s, int64_t sample)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 4096;
        s->list = realloc(s->list, s->cap * sizeof *s->list);
        if (!s->list)
            die("out of memory");
    }
    s->list[s->n++] = sample;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t samples_at(struct samples *s, double share)
{
    if (!s->n)
        return 0;
    qsort(s->list, s->n, sizeof *s->list, ascending);
    return s->list[(size_t)((double)(s->n - 1) * share)];
}
