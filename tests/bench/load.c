/*
 * load MODE -p PAWLD-PORT [-m MACHINE] ... -- drives pawld and measures; one figure a line, "name value".
 *
 *   chain   -n executions at a time, each a chain of -d tasks that call the function server in this process
 *           (port -f); the next starts when the last task was called, or with -w when pawld has answered
 *           that the execution has ended
 *   starts  -n callers, each starting one execution after another, answered after its commit;
 *           for -t seconds, or -c executions with the input -i
 *   map     one execution with an array of -c items, from its start to the answer that it has ended
 *
 * Driver and function server are one thread: the machine that is measured has two cores.  -P, -G and -D say
 * whose CPU and WAL are metered: pid of pawld, pid of the postmaster, connection.
 */
#include "meter.h"
#include "wire.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 1024, PAYLOAD_BYTES = 200, DRAIN_US = 30000000 };

struct load {
    /* as asked */
    const char *machine, *input, *prefix;
    int port, function_port, slots, tasks, count;
    double warm_s, measured_s;
    bool wait;
    struct meter meter;
    /* as it goes */
    struct wire *wire;
    struct slot *slot;
    bool stopping;
    int busy;
    long started, steps, chains;
    struct samples step_us, chain_us, start_us;
};

struct slot { /* one closed loop */
    struct load *load;
    struct wire_client *client;
    int calls;          /* of the running execution */
    int64_t started_us; /* the request was sent */
    int64_t called_us;  /* the last call came */
    char body[BODY_BYTES];
    int len;
};

/* ---- one execution after another ---- */

static void slot_start(struct slot *s)
{
    struct load *l = s->load;
    if (l->stopping || (l->count && l->started >= l->count)) {
        l->busy--;
        return;
    }
    char target[256];
    s->calls = 0;
    s->started_us = wire_now();
    l->started++;
    if (l->wait) {
        snprintf(target, sizeof target, "POST /api/state-machines/%s/executions?wait=60", l->machine);
        wire_send(s->client, target, "", s->body, (size_t)s->len);
    } else {
        wire_send(s->client, "POST /", "X-Amz-Target: AWSStepFunctions.StartExecution\r\n", s->body,
                  (size_t)s->len);
    }
}

static void must_be_ended(int status, const char *body, size_t len)
{
    if (status >= 300 || !memmem(body, len, "SUCCEEDED", 9))
        die("the execution has not succeeded: HTTP %d %.300s", status, body);
}

/* A chain's payload names its slot, so that the function server knows whose step it is. */
static struct slot *slot_of(struct load *l, const char *body, size_t len)
{
    static const char head[] = "{\"slot\":\"";
    size_t n = sizeof head - 1;
    int i = len > n && !memcmp(body, head, n) ? atoi(body + n) : -1;
    if (i < 0 || i >= l->slots)
        die("a call with a payload that is not ours: %.*s", (int)(len < 200 ? len : 200), body);
    return &l->slot[i];
}

static void chain_called(void *arg, const char *body, size_t len, int64_t read_us)
{
    struct load *l = arg;
    struct slot *s = slot_of(l, body, len);
    if (s->calls++)
        samples_add(&l->step_us, read_us - s->called_us);
    s->called_us = read_us;
    l->steps++;
    if (s->calls != l->tasks || l->wait)
        return;
    samples_add(&l->chain_us, read_us - s->started_us);
    l->chains++;
    slot_start(s);
}

static void chain_answered(void *arg, int status, const char *body, size_t len)
{
    struct slot *s = arg;
    struct load *l = s->load;
    if (status >= 300)
        die("StartExecution: HTTP %d %.300s", status, body);
    if (!l->wait)
        return;
    must_be_ended(status, body, len);
    samples_add(&l->chain_us, wire_now() - s->started_us);
    l->chains++;
    slot_start(s);
}

static void start_answered(void *arg, int status, const char *body, size_t len)
{
    struct slot *s = arg;
    if (status != 200)
        die("StartExecution: HTTP %d %.300s", status, body);
    samples_add(&s->load->start_us, wire_now() - s->started_us);
    s->load->chains++;
    slot_start(s);
}

/* ---- the measured window ---- */

static void forget(struct load *l)
{
    l->steps = l->chains = 0;
    l->step_us.n = l->chain_us.n = l->start_us.n = 0;
}

static void turn_until(struct load *l, int64_t end_us)
{
    int64_t left;
    while (l->busy && (left = end_us - wire_now()) > 0)
        wire_turn(l->wire, (int)(left / 1000 + 1));
}

static void figure(const char *name, double value)
{
    printf("%s %.6g\n", name, value);
}

static void print_costs(const struct reading *a, const struct reading *b, double units)
{
    figure("pawld_us", (b->pid_s - a->pid_s) * 1e6 / units);
    figure("postgres_us", (b->postgres_s - a->postgres_s) * 1e6 / units);
    figure("driver_us", (b->self_s - a->self_s) * 1e6 / units);
    figure("machine_us", (b->machine_s - a->machine_s) * 1e6 / units);
    figure("wal_bytes", (b->wal_bytes - a->wal_bytes) / units);
    figure("transactions", (b->commits - a->commits) / units);
}

/* Warms up, measures, lets what runs come to its end. */
static void run(struct load *l, struct reading *from, struct reading *to)
{
    for (int i = 0; i < l->slots; i++)
        slot_start(&l->slot[i]);
    turn_until(l, wire_now() + (int64_t)(l->warm_s * 1e6));
    if (!l->count)
        forget(l);
    meter_read(&l->meter, from);
    turn_until(l, from->at_us + (int64_t)(l->measured_s * 1e6));
    meter_read(&l->meter, to);
}

static void drain(struct load *l)
{
    l->stopping = true;
    turn_until(l, wire_now() + DRAIN_US);
    if (l->busy)
        die("%d executions have not ended %d s after the last start", l->busy, DRAIN_US / 1000000);
}

static void slots_open(struct load *l, wire_answered answered)
{
    l->slot = calloc((size_t)l->slots, sizeof *l->slot);
    l->busy = l->slots;
    for (int i = 0; i < l->slots; i++) {
        l->slot[i].load = l;
        l->slot[i].client = wire_connect(l->wire, l->port, answered, &l->slot[i]);
    }
}

/* ---- the modes ---- */

/* The request's body: the input as it stands, or as a JSON text within StartExecution's. */
static void slot_input(struct slot *s, const char *input)
{
    struct load *l = s->load;
    char *out = s->body;
    if (!l->wait)
        out += sprintf(out, "{\"stateMachineArn\":\"%s%s\",\"input\":\"", l->prefix, l->machine);
    for (const char *c = input; *c; c++) {
        if (*c == '"' && !l->wait)
            *out++ = '\\';
        *out++ = *c;
    }
    if (!l->wait)
        out += sprintf(out, "\"}");
    *out = 0;
    s->len = (int)(out - s->body);
}

static void chain_payload(char *out, int slot)
{
    int n = sprintf(
        out,
        "{\"slot\":\"%05d\",\"customer\":{\"id\":4711,\"tier\":\"gold\",\"email\":\"u4711@example.com\"},"
        "\"total\":199.5,\"note\":\"",
        slot);
    memset(out + n, 'x', (size_t)(PAYLOAD_BYTES - 2 - n));
    strcpy(out + PAYLOAD_BYTES - 2, "\"}");
}

static int chain(struct load *l)
{
    struct reading from, to;
    wire_serve(l->wire, l->function_port, chain_called, l);
    slots_open(l, chain_answered);
    for (int i = 0; i < l->slots; i++) {
        char payload[PAYLOAD_BYTES + 1];
        chain_payload(payload, i);
        slot_input(&l->slot[i], payload);
    }
    run(l, &from, &to);
    double seconds = (double)(to.at_us - from.at_us) * 1e-6, steps = (double)l->steps;
    figure("steps_s", steps / seconds);
    figure("chains_s", (double)l->chains / seconds);
    figure("step_ms", (double)samples_at(&l->step_us, 0.5) / 1e3);
    figure("step_p99_ms", (double)samples_at(&l->step_us, 0.99) / 1e3);
    figure("chain_ms", (double)samples_at(&l->chain_us, 0.5) / 1e3);
    print_costs(&from, &to, steps);
    drain(l);
    figure("started", (double)l->started);
    return 0;
}

static int starts(struct load *l)
{
    struct reading from, to;
    slots_open(l, start_answered);
    for (int i = 0; i < l->slots; i++)
        slot_input(&l->slot[i], l->input);
    run(l, &from, &to);
    double seconds = (double)(to.at_us - from.at_us) * 1e-6, n = (double)l->chains;
    figure("starts_s", n / seconds);
    figure("start_ms", (double)samples_at(&l->start_us, 0.5) / 1e3);
    figure("start_p99_ms", (double)samples_at(&l->start_us, 0.99) / 1e3);
    print_costs(&from, &to, n);
    drain(l);
    figure("started", (double)l->started);
    return 0;
}

static void map_answered(void *arg, int status, const char *body, size_t len)
{
    struct slot *s = arg;
    must_be_ended(status, body, len);
    figure("map_s", (double)(wire_now() - s->started_us) * 1e-6);
    s->load->busy = 0;
}

static void count_call(void *arg, const char *body, size_t len, int64_t read_us)
{
    struct load *l = arg;
    (void)body, (void)len, (void)read_us;
    l->steps++;
}

static int map(struct load *l)
{
    char target[256], *items = malloc((size_t)l->count * 64 + 64), *out = items;
    out += sprintf(out, "{\"items\":[");
    for (int i = 0; i < l->count; i++)
        out +=
            sprintf(out, "%s{\"item\":%d,\"sku\":\"S-%05d\",\"quantity\":%d}", i ? "," : "", i, i, i % 9 + 1);
    out += sprintf(out, "]}");
    snprintf(target, sizeof target, "POST /api/state-machines/%s/executions?wait=60", l->machine);

    struct reading from, to;
    l->slots = 1;
    wire_serve(l->wire, l->function_port, count_call, l);
    slots_open(l, map_answered);
    meter_read(&l->meter, &from);
    l->slot[0].started_us = wire_now();
    wire_send(l->slot[0].client, target, "", items, (size_t)(out - items));
    turn_until(l, wire_now() + DRAIN_US);
    meter_read(&l->meter, &to);
    if (l->busy || l->steps < l->count)
        die("the Map has not ended: %ld of %d calls", l->steps, l->count);
    print_costs(&from, &to, l->count);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct load *l);
} MODES[] = {{"chain", chain}, {"starts", starts}, {"map", map}};

int main(int argc, char **argv)
{
    struct load l = {.prefix = "arn:aws:states:us-east-1:000000000000:stateMachine:",
                     .machine = "bench-chain",
                     .input = "{}",
                     .slots = 1,
                     .tasks = 10,
                     .warm_s = 1,
                     .measured_s = 5};
    for (int o; (o = getopt(argc, argv, "p:f:m:n:d:c:i:t:W:wP:G:D:")) != -1;)
        switch (o) {
        case 'p':
            l.port = atoi(optarg);
            break;
        case 'f':
            l.function_port = atoi(optarg);
            break;
        case 'm':
            l.machine = optarg;
            break;
        case 'n':
            l.slots = atoi(optarg);
            break;
        case 'd':
            l.tasks = atoi(optarg);
            break;
        case 'c':
            l.count = atoi(optarg);
            break;
        case 'i':
            l.input = optarg;
            break;
        case 't':
            l.measured_s = atof(optarg);
            break;
        case 'W':
            l.warm_s = atof(optarg);
            break;
        case 'w':
            l.wait = true;
            break;
        case 'P':
            l.meter.pid = atoi(optarg);
            break;
        case 'G':
            l.meter.postmaster = atoi(optarg);
            break;
        case 'D':
            l.meter.conninfo = optarg;
            break;
        default:
            die("load: see the head of load.c");
        }
    l.wire = wire_new();
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++)
        if (optind < argc && !strcmp(argv[optind], MODES[i].name))
            return MODES[i].run(&l);
    die("load: chain, starts or map?");
}
