#include "run/node.h"
#include "base/clock.h"
#include "run/peers.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct node {
    struct peers peers;
    pthread_t threads[PEERS_MAX];
    int running; /* threads that were started and not joined */
    char *conninfo, *name, *arn_prefix;
    struct store_settings settings;
};

static int reactor_count(int asked)
{
    long cores = asked > 0 ? asked : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > PEERS_MAX ? PEERS_MAX : (int)cores;
}

static char *arn_prefix(const char *region, const char *account)
{
    char text[128];

    snprintf(text, sizeof text, "arn:aws:states:%s:%s:", region, account);
    return mem_strndup(text, strlen(text));
}

struct node *node_new(const struct node_config *config)
{
    struct node *n = mem_calloc(1, sizeof *n);

    n->name = mem_strndup(config->name, strlen(config->name));
    n->arn_prefix = arn_prefix(config->region, config->account);
    n->peers.n = reactor_count(config->reactors);
    for (int i = 0; i < n->peers.n; i++)
        n->peers.all[i] = reactor_new(&(struct reactor_config){
            .node = n,
            .peers = &n->peers,
            .index = i,
            .node_name = n->name,
            .arn_prefix = n->arn_prefix,
            .token_key = n->settings.token_key,
            .lease_ttl_us = config->lease_ttl_us ? config->lease_ttl_us : 10 * CLOCK_SECOND,
            .batch_max = config->batch_max ? config->batch_max : 500,
            .in_flight_max = config->executions_max ? config->executions_max : 200000,
            .park_after_us = config->park_after_us,
        });
    return n;
}

void node_connect(struct node *n, const char *conninfo, const struct store_settings *settings)
{
    n->conninfo = mem_strndup(conninfo, strlen(conninfo));
    n->settings = *settings;
    for (int i = 0; i < n->peers.n; i++)
        reactor_connect(n->peers.all[i], n->conninfo);
}

bool node_has_leases(const struct node *n)
{
    for (int i = 0; i < n->peers.n; i++)
        if (metric_get(&reactor_metrics(n->peers.all[i])->lease_slot) == 0)
            return false;
    return true;
}

int node_reactors(const struct node *n)
{
    return n->peers.n;
}

struct reactor *node_reactor(const struct node *n, int index)
{
    return n->peers.all[index];
}

static void *run(void *reactor)
{
    reactor_run(reactor);
    return NULL;
}

void node_run(struct node *n)
{
    for (; n->running < n->peers.n; n->running++) {
        int rc = pthread_create(&n->threads[n->running], NULL, run, n->peers.all[n->running]);
        PAWL_ASSERT(rc == 0);
    }
}

void node_drain(struct node *n)
{
    for (int i = 0; i < n->peers.n; i++)
        reactor_drain(n->peers.all[i]);
}

int node_join(struct node *n, int ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + (int64_t)ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    for (; n->running > 0; n->running--)
        if (pthread_timedjoin_np(n->threads[n->running - 1], NULL, &until) != 0)
            return -1;
    return 0;
}

/* Letters to reactors that had stopped already, and the answers to these. */
static void clear_mailboxes(struct node *n)
{
    bool any;

    do {
        any = false;
        for (int i = 0; i < n->peers.n; i++)
            any |= reactor_clear(n->peers.all[i]);
    } while (any);
}

void node_free(struct node *n)
{
    clear_mailboxes(n);
    for (int i = 0; i < n->peers.n; i++)
        reactor_free(n->peers.all[i]);
    free(n->conninfo);
    free(n->name);
    free(n->arn_prefix);
    free(n);
}
