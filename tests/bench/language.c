/*
 * language.c -- what the language alone costs: the pure core, driven as a reactor drives it, without any I/O.
 *
 *   language list              the loads: name, states of one execution, words
 *   language time NAME         states a second, on this machine and at this moment
 *   language count NAME        runs the load a few times; under callgrind with --toggle-collect=measured the
 *                              instructions counted are those of COUNT_RUNS executions
 *
 * A load is one definition with one input.  Measured is all that the core does for an execution, from the
 * text of its input to the journal rows: the input is scanned, each step's events are written as a row, calls
 * are answered at once.
 */
#include "asl/interp.h"
#include "base/clock.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { COUNT_RUNS = 3, ITEMS = 1000 };

void measured(const struct asl *asl, const char *input, size_t len); /* callgrind knows it by its name */

/* json-c draws the seed of its hash tables here: always the same one, so that the same figure comes out
 * again. */
ssize_t getrandom(void *buf, size_t len, unsigned flags)
{
    (void)flags;
    memset(buf, 1, len);
    return (ssize_t)len;
}

/* ---- inputs ---- */

static void put_item(struct js_buf *b, int i)
{
    char text[256];

    snprintf(text, sizeof text,
             "{\"sku\":\"sku-%06d\",\"price\":%d.%02d,\"qty\":%d,\"tags\":[\"%s\",\"t%d\"],"
             "\"dims\":{\"w\":%d,\"h\":%d}}",
             i, i % 97, i % 100, i % 7, i % 3 ? "plain" : "rare", i % 10, i % 11, i % 13);
    js_buf_str(b, text);
}

/* {"order": ..., "items": [...]} of n items, each about 90 bytes. */
static void put_order(struct js_buf *b, int n)
{
    js_buf_str(
        b, "{\"order\":{\"id\":\"o-1017\",\"customer\":{\"name\":\"Ada\",\"city\":\"Porto\"},\"total\":99.5,"
           "\"paid\":false,\"kind\":\"kind-9\"},\"r\":null,\"items\":[");
    for (int i = 0; i < n; i++) {
        js_buf_str(b, i ? "," : "");
        put_item(b, i);
    }
    js_buf_str(b, "]}");
}

/* ---- loads ---- */

#define FUNCTION "arn:aws:lambda:us-east-1:000000000000:function:f"
#define RULE(n)  "{\"Variable\":\"$.order.kind\",\"StringEquals\":\"kind-" #n "\",\"Next\":\"NEXT\"}"

/* An execution is a chain of equal states; NEXT stands for the name of the following one. */
static const struct load {
    const char *name, *says;
    unsigned states; /* by which the figures are divided; of a Map: its items */
    unsigned chain;  /* how many states follow each other, a Succeed behind them not counted */
    int items;       /* of the input */
    const char *state;
} LOADS[] = {
    {"task", "tasks with Parameters and ResultPath, answered at once", 10, 10, 1,
     "\"Type\":\"Task\",\"Resource\":\"" FUNCTION "\",\"Parameters\":{\"id.$\":\"$.order.id\",\"total.$\":"
     "\"$.order.total\"},\"ResultPath\":\"$.r\",\"Next\":\"NEXT\""},
    {"pass-parameters", "Pass with Parameters", 100, 100, 1,
     "\"Type\":\"Pass\",\"Parameters\":{\"order.$\":\"$.order\",\"name.$\":\"$.order.customer.name\","
     "\"fixed\":{\"a\":[1,2,3],\"b\":\"text\"}},\"Next\":\"NEXT\""},
    {"choice-10", "Choice, the tenth of ten rules is true", 100, 100, 1,
     "\"Type\":\"Choice\",\"Choices\":[" RULE(0) "," RULE(1) "," RULE(2) "," RULE(3) "," RULE(4) "," RULE(
         5) "," RULE(6) "," RULE(7) "," RULE(8) ",{\"And\":[{\"Variable\":\"$.order.total\","
                                                "\"NumericGreaterThan\":9},"
                                                "{\"Variable\":\"$.order.kind\",\"StringMatches\":\"k*-9\"}],"
                                                "\"Next\":"
                                                "\"NEXT\"}]"},
    {"map-1000", "Map of 1,000 items with ItemSelector, a Pass for each", ITEMS, 1, ITEMS,
     "\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"ItemSelector\":{\"i.$\":\"$$.Map.Item.Index\",\"item.$\":"
     "\"$$.Map.Item.Value\",\"order.$\":\"$.order.id\"},\"ItemProcessor\":{\"StartAt\":\"P\",\"States\":{"
     "\"P\":{\"Type\":\"Pass\",\"End\":true}}},\"Next\":\"NEXT\""},
    {"result-4k", "ResultPath into 4 KiB", 20, 20, 42,
     "\"Type\":\"Pass\",\"Result\":{\"ok\":true,\"n\":1},\"ResultPath\":\"$.order.r\",\"Next\":\"NEXT\""},
    {"result-256k", "ResultPath into 256 KiB", 10, 10, 2600,
     "\"Type\":\"Pass\",\"Result\":{\"ok\":true,\"n\":1},\"ResultPath\":\"$.order.r\",\"Next\":\"NEXT\""},
    {"untouched-256k", "256 KiB that nobody looks into", 10, 10, 2600, "\"Type\":\"Pass\",\"Next\":\"NEXT\""},
    {"intrinsics", "a template of fifteen intrinsic functions", 20, 20, 5,
     "\"Type\":\"Pass\",\"Parameters\":{\"a.$\":\"States.Format('order {} of {}: {}', $.order.id, "
     "$.order.customer.name, $.order.total)\",\"b.$\":\"States.ArrayLength($.items)\",\"c.$\":"
     "\"States.ArrayGetItem($.items[*].sku, States.MathAdd(1, 2))\",\"d.$\":\"States.StringSplit("
     "$.order.id, '-')\",\"e.$\":\"States.JsonToString($.order)\",\"f.$\":\"States.StringToJson("
     "States.JsonToString($.order.customer))\",\"g.$\":\"States.Hash($.order.id, 'SHA-256')\",\"h.$\":"
     "\"States.Base64Decode(States.Base64Encode($.order.id))\",\"i.$\":\"States.JsonMerge($.order, "
     "$.order.customer, false)\",\"j.$\":\"States.ArrayContains($.items[*].qty, "
     "3)\",\"k.$\":\"States.UUID()\","
     "\"l.$\":\"States.ArrayPartition(States.ArrayRange(1, 9, 1), 4)\"},\"ResultPath\":\"$.r\",\"Next\":"
     "\"NEXT\""},
    {"filter-1000", "filters and a deep scan over 1,000 items", 1, 1, ITEMS,
     "\"Type\":\"Pass\",\"Parameters\":{\"a.$\":\"$.items[?(@.price > 50 && @.tags[?(@ == 'rare')])].sku\","
     "\"b.$\":\"$.items[?(@.dims.w < 3 || @.qty == 0)].sku\",\"n.$\":\"$..dims.w\"},\"Next\":\"NEXT\""},
    {"jsonata", "a Pass in JSONata, with three expressions", 50, 50, 2,
     "\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\",\"Output\":{\"order\":\"{% $states.input.order "
     "%}\",\"items\":"
     "\"{% $states.input.items %}\",\"name\":\"{% $uppercase($states.input.order.customer.name) & '-' & "
     "$string($states.input.order.total) %}\"},\"Next\":\"NEXT\""},
    {"jsonata-1000", "a filter, a map and a sum in JSONata over 1,000 items", 1, 1, ITEMS,
     "\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\",\"Output\":{\"a\":\"{% $states.input.items[price > 50 "
     "and "
     "'rare' in tags].sku %}\",\"b\":\"{% $states.input.items.{'id': sku, 'w': dims.w} %}\",\"n\":"
     "\"{% $sum($states.input.items.(price * qty)) %}\"},\"Next\":\"NEXT\""},
};

static const struct load *find_load(const char *name)
{
    for (size_t i = 0; i < sizeof LOADS / sizeof *LOADS; i++)
        if (strcmp(LOADS[i].name, name) == 0)
            return &LOADS[i];
    fprintf(stderr, "language: there is no load %s\n", name);
    exit(2);
}

static void put_state(struct js_buf *b, const struct load *l, unsigned n)
{
    const char *from = l->state, *at;
    char name[16];

    snprintf(name, sizeof name, n < l->chain ? "S%u" : "End", n + 1);
    while ((at = strstr(from, "NEXT")) != NULL) {
        js_buf_add(b, from, (size_t)(at - from));
        js_buf_str(b, name);
        from = at + strlen("NEXT");
    }
    js_buf_str(b, from);
}

static struct asl *compile(const struct load *l)
{
    struct asl_findings findings = {0};
    struct js_buf b = {0};
    struct err err;

    js_buf_str(&b, "{\"StartAt\":\"S1\",\"States\":{");
    for (unsigned n = 1; n <= l->chain; n++) {
        js_buf_str(&b, "\"S");
        js_buf_int(&b, n);
        js_buf_str(&b, "\":{");
        put_state(&b, l, n);
        js_buf_str(&b, "},");
    }
    js_buf_str(&b, "\"End\":{\"Type\":\"Succeed\"}}}");
    struct asl *asl = asl_parse(b.p, b.len, false, &findings);
    if (!asl) {
        asl_findings_err(&findings, &err);
        fprintf(stderr, "language: %s: %s\n", l->name, err.cause);
        exit(2);
    }
    asl_findings_fini(&findings);
    js_buf_fini(&b);
    return asl;
}

/* ---- one execution ---- */

static struct value *receive(const char *text, size_t len)
{
    struct err err;
    int rc = js_scan(text, len, &err);

    PAWL_ASSERT(rc == 0);
    return value_new(text, len);
}

static void write_row(const struct outcome *out, struct js_buf *events, struct js_buf *payloads)
{
    events->len = payloads->len = 0;
    event_write_row(out->events, out->nevents, events, payloads);
}

/* What comes next: the answer to a call, or time for a step that yielded. */
static struct stimulus next_stimulus(const struct outcome *out, struct value *answer)
{
    for (size_t i = 0; i < out->neffects; i++)
        if (out->effects[i].type == EFFECT_CALL)
            return (struct stimulus){
                .type = STIM_TASK_SUCCEEDED, .event_id = out->effects[i].event_id, .data = answer};
    return (struct stimulus){.type = STIM_TIMER};
}

static const char ANSWER[] =
    "{\"status\":\"charged\",\"receipt\":{\"id\":\"r-20931\",\"amount\":99.5},\"lines\":[1,2,3]}";

__attribute__((noinline)) void measured(const struct asl *asl, const char *input, size_t len)
{
    struct js_buf events = {0}, payloads = {0};
    struct arena *arena = arena_new();
    struct stimulus in = {.type = STIM_START, .data = receive(input, len), .seed = 1};
    struct outcome out;
    struct exec ex;
    struct err err;

    exec_init(&ex, 77, (struct asl *)(uintptr_t)asl, "run-1");
    ex.machine = "bench";
    ex.arn_prefix = "arn:aws:states:us-east-1:000000000000:";
    outcome_init(&out, arena);
    while (ex.status == EXEC_RUNNING) {
        outcome_clear(&out);
        arena_reset(arena);
        int rc = interp_step(&ex, &in, CLOCK_SECOND, &out, &err);
        PAWL_ASSERT(rc == 0);
        write_row(&out, &events, &payloads);
        value_unref(in.data);
        in = next_stimulus(&out, NULL);
        if (in.type == STIM_TASK_SUCCEEDED)
            in.data = receive(ANSWER, sizeof ANSWER - 1);
    }
    if (ex.status != EXEC_SUCCEEDED) {
        fprintf(stderr, "language: the execution has %s: %s\n", exec_status_name(ex.status), ex.cause);
        exit(2);
    }
    outcome_fini(&out);
    exec_fini(&ex);
    arena_free(arena);
    js_buf_fini(&events);
    js_buf_fini(&payloads);
}

/* ---- the commands ---- */

static void count(const struct asl *asl, const struct js_buf *input)
{
    for (int i = 0; i < COUNT_RUNS; i++)
        measured(asl, input->p, input->len);
    printf("%d\n", COUNT_RUNS);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure_time(const struct load *l, const struct asl *asl, const struct js_buf *input)
{
    const double seconds = 0.5;
    unsigned runs = 0;
    double start = now(), took;

    do {
        measured(asl, input->p, input->len);
        runs++;
    } while ((took = now() - start) < seconds);
    printf("%.0f\n", runs * l->states / took);
}

static int list(void)
{
    for (size_t i = 0; i < sizeof LOADS / sizeof *LOADS; i++)
        printf("%s %u %s\n", LOADS[i].name, LOADS[i].states, LOADS[i].says);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "list") == 0)
        return list();
    if (argc != 3) {
        fprintf(stderr, "usage: language list | time NAME | count NAME\n");
        return 2;
    }

    const struct load *l = find_load(argv[2]);
    struct asl *asl = compile(l);
    struct js_buf input = {0};

    put_order(&input, l->items);
    if (strcmp(argv[1], "count") == 0)
        count(asl, &input);
    else
        measure_time(l, asl, &input);
    js_buf_fini(&input);
    asl_free(asl);
    return 0;
}
