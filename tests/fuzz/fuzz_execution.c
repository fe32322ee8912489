/*
 * Whole executions: any definition, any input, anything that happens to it.
 *
 * The input is a definition in one line, or bytes of which one is made (every byte a choice: so most
 * definitions compile, and all of the language is in them); an input for the execution in the next line; then
 * bytes that choose what happens.  After every step the laws of world.h hold: the journal's fold is the live
 * state, and a recovery owes the calls that are out.  Every other execution has a twin that dies before each
 * step, and says the same.
 */
#include "world.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH_MAX = 3, STEPS_MAX = 60, EVENTS_ENOUGH = 3000, LAWS_ROWS = 6 };

static const uint8_t *bytes, *bytes_end;

static unsigned pick(unsigned n) /* 0 .. n-1; 0 when the bytes are used up */
{
    return bytes < bytes_end ? *bytes++ % n : 0;
}

#define ONE_OF(list) (list)[pick(sizeof(list) / sizeof *(list))]

/* ---- definitions ---- */

static struct js_buf text;
static unsigned names;

static void put(const char *part)
{
    js_buf_str(&text, part);
}

static void put_name(unsigned n)
{
    put("\"S");
    js_buf_int(&text, n);
    put("\"");
}

static const char *const PATHS[] = {
    "$",
    "$.items",
    "$.n",
    "$.items[0]",
    "$.items[1:]",
    "$.items[*]",
    "$..n",
    "$.r",
    "$.r.a",
    "$.missing",
    "$.items[?(@.n)]",
    "$['items','n']",
    "$$.State.Name",
    "$$.Execution.Input",
    "$$.Map.Item.Value",
    "$$.Map.Item.Index",
    "$$",
    "$v",
    "$w.a",
    "$.items.length()",
    "$.text",
    "$$.Task.Token",
};

static const char *const WAYS[] = {"$.r",        "$.r.a", "$.items[0]", "$.n",
                                   "$['a b'].c", "$",     "$.items[9]", "$.text.x"};

/* The value of a member "x.$". */
static void put_expression(unsigned depth)
{
    static const char *const one[] = {"ArrayLength",  "ArrayUnique",  "JsonToString",
                                      "StringToJson", "Base64Encode", "Base64Decode"};
    static const char *const two[][2] = {
        {"ArrayContains", "'x'"}, {"ArrayGetItem", "1"}, {"ArrayPartition", "2"}, {"StringSplit", "'-T'"},
        {"Hash", "'SHA-256'"},    {"MathAdd", "-2.5"},   {"MathRandom", "9"},
    };

    unsigned which;

    switch (depth > 3 ? 0 : pick(8)) {
    case 1:
        put("States.");
        put(ONE_OF(one));
        put("(");
        put_expression(depth + 1);
        put(")");
        break;
    case 2:
        which = pick(sizeof two / sizeof *two);
        put("States.");
        put(two[which][0]);
        put("(");
        put_expression(depth + 1);
        put(", ");
        put(pick(2) ? two[which][1] : "$.n");
        put(")");
        break;
    case 3:
        put("States.Format('<{}|{}>', ");
        put_expression(depth + 1);
        put(", ");
        put_expression(depth + 1);
        put(")");
        break;
    case 4:
        put("States.Array(");
        put_expression(depth + 1);
        put(pick(2) ? ", $.n, 'x')" : ")");
        break;
    case 5:
        put(pick(2) ? "States.UUID()" : "States.JsonMerge($, $.r, false)");
        break;
    default:
        put(ONE_OF(PATHS));
    }
}

static void put_template(unsigned depth)
{
    static const char *const constants[] = {"1", "null", "\"text\"", "[]", "{\"a\":{}}", "1.50", "\"$.n\""};

    put("{");
    for (unsigned i = 0, n = 1 + pick(3); i < n; i++) {
        put(i ? ",\"" : "\"");
        put((const char *[]){"n", "items", "text"}[i]);
        if (pick(3)) {
            put(".$\":\"");
            put_expression(0);
            put("\"");
        } else {
            put("\":");
            if (depth < 2 && pick(2))
                put_template(depth + 1);
            else
                put(ONE_OF(constants));
        }
    }
    put("}");
}

/* The field, now and then: one of the list, or null when that is allowed. */
static void put_path(const char *field, const char *const *list, unsigned n, bool or_null)
{
    if (pick(4))
        return;
    unsigned i = pick(n + or_null);
    put(field);
    put(i < n ? "\"" : "null");
    put(i < n ? list[i] : "");
    put(i < n ? "\"" : "");
}

#define PUT_PATH(field, list) put_path(field, list, sizeof(list) / sizeof *(list), true)
#define PUT_ONE(field, list)  put_path(field, list, sizeof(list) / sizeof *(list), false)

static void put_some_template(const char *field)
{
    if (pick(3))
        return;
    put(field);
    put_template(0);
}

/* A variable for each depth: that of an outer scope cannot be assigned. */
static const char *const OWN[] = {"v", "w", "x", "y"};

static void put_assign(unsigned depth)
{

    if (pick(4))
        return;
    put(",\"Assign\":{\"");
    put(OWN[depth]);
    if (pick(3) == 0) {
        put("\":{\"a\":1}}");
        return;
    }
    put(".$\":\"");
    put_expression(0);
    put("\"}");
}

static void put_rule(unsigned depth)
{
    static const char *const variables[] = {"$.n",       "$.r.a", "$.text", "$v", "$$.State.RetryCount",
                                            "$.items[0]"};
    static const char *const tests[] = {
        "\"IsPresent\":true",         "\"IsPresent\":false",
        "\"IsNull\":false",           "\"NumericGreaterThan\":1",
        "\"StringMatches\":\"*e*t\"", "\"NumericLessThanPath\":\"$.n\"",
        "\"BooleanEquals\":true",     "\"TimestampLessThan\":\"2030-01-01T00:00:00Z\"",
        "\"IsString\":true",
    };

    switch (depth > 2 ? 0 : pick(5)) {
    case 1:
        put("\"Not\":{");
        put_rule(depth + 1);
        put("}");
        break;
    case 2:
        put(pick(2) ? "\"And\":[{" : "\"Or\":[{");
        put_rule(depth + 1);
        put("},{");
        put_rule(depth + 1);
        put("}]");
        break;
    default:
        put("\"Variable\":\"");
        put(ONE_OF(variables));
        put("\",");
        put(ONE_OF(tests));
    }
}

static void put_choice(unsigned next, unsigned other)
{
    put("\"Type\":\"Choice\",\"Choices\":[{");
    put_rule(0);
    put(",\"Next\":");
    put_name(other ? other : next);
    put("}]");
    if (pick(4)) {
        put(",\"Default\":");
        put_name(next);
    }
}

static void put_catch_and_retry(unsigned to)
{
    static const char *const errors[] = {"Busy", "States.ALL", "States.TaskFailed", "States.Timeout",
                                         "States.IntrinsicFailure"};

    if (pick(3) == 0) {
        put(",\"Retry\":[{\"ErrorEquals\":[\"");
        put(ONE_OF(errors));
        put("\"],\"MaxAttempts\":2}]");
    }
    if (to && pick(2)) {
        put(",\"Catch\":[{\"ErrorEquals\":[\"");
        put(ONE_OF(errors));
        put("\"],\"Next\":");
        put_name(to);
        PUT_PATH(",\"ResultPath\":", WAYS);
        put("}]");
    }
}

static void put_block(unsigned depth);

static void put_task(void)
{
    static const char *const kinds[] = {
        "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\"",
        "\"Resource\":\"arn:aws:states:::lambda:invoke\",\"Parameters\":{\"FunctionName\":\"g\",\"Payload.$"
        "\":\"$\"}",
        "\"Resource\":\"arn:aws:states:::lambda:invoke.waitForTaskToken\",\"Parameters\":{\"FunctionName\":"
        "\"h\",\"Payload\":{"
        "\"t.$\":\"$$.Task.Token\"}}",
    };
    unsigned kind = pick(3);

    put("\"Type\":\"Task\",");
    put(kinds[kind]);
    if (kind == 0)
        put_some_template(",\"Parameters\":");
    if (pick(4) == 0)
        put(",\"TimeoutSecondsPath\":\"$.n\"");
}

static void put_map(unsigned depth)
{
    put("\"Type\":\"Map\",\"ItemProcessor\":{");
    put_block(depth + 1);
    put("}");
    PUT_ONE(",\"ItemsPath\":", WAYS);
    put_some_template(",\"ItemSelector\":");
    if (pick(3) == 0)
        put(",\"MaxConcurrencyPath\":\"$.n\"");
}

static void put_parallel(unsigned depth)
{
    put("\"Type\":\"Parallel\",\"Branches\":[{");
    put_block(depth + 1);
    put("},{");
    put_block(depth + 1);
    put("}]");
    put_some_template(",\"Parameters\":");
}

static void put_pass(void)
{
    put("\"Type\":\"Pass\"");
    if (pick(3) == 0)
        put(",\"Result\":{\"a\":[1]}");
    else
        put_some_template(",\"Parameters\":");
}

static void put_wait(void)
{
    static const char *const until[] = {"\"Seconds\":1", "\"SecondsPath\":\"$.n\"",
                                        "\"TimestampPath\":\"$.text\""};

    put("\"Type\":\"Wait\",");
    put(ONE_OF(until));
}

static void put_fail(void)
{
    put("\"Type\":\"Fail\",\"ErrorPath\":\"");
    put(ONE_OF(PATHS));
    put("\",\"CausePath\":\"");
    put_expression(2);
    put("\"");
}

/* Where it goes on to: next, or the block ends. */
static void put_end(unsigned next)
{
    put(next ? ",\"Next\":" : ",\"End\":true");
    if (next)
        put_name(next);
}

static void put_jsonata_expression(void)
{
    static const char *const expressions[] = {
        "$states.input",
        "$states.input.items",
        "$states.input.n + 1",
        "$states.context.State.Name",
        "$v.a",
        "$states.input.items[n > 1]",
        "$uuid()",
        "$random()",
        "$sum($states.input.items)",
        "$missing",
        "$states.input.r.a & 'x'",
        "$error('x')",
        "$partition([1..5], 2)",
        "$hash('a', 'MD5')",
        "$now()",
        "$map($states.input.items, function($x, $i) { {'n': $i, 'v': $x} })",
        "$states.input ~> |$|{'text': 'y'}|",
        "$states.input.n > 1",
        "$exists($states.input.r)",
        "$states.context.Map.Item.Value",
        "$parse('[1]')",
    };

    put("\"{% ");
    put(ONE_OF(expressions));
    put(" %}\"");
}

/* A state in JSONata: what it evaluates, and where it goes on to. */
static void put_jsonata(unsigned depth, unsigned next, unsigned other)
{
    static const char *const heads[] = {
        "\"Type\":\"Pass\"",
        "\"Type\":\"Wait\",\"Seconds\":",
        "\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"Arguments\":",
        "\"Type\":\"Choice\",\"Choices\":[{\"Condition\":",
    };
    unsigned kind = pick(next ? 4 : 3);

    put("\"QueryLanguage\":\"JSONata\",");
    put(heads[kind]);
    if (kind)
        put_jsonata_expression();
    if (kind == 3) {
        put(",\"Next\":");
        put_name(other ? other : next);
        put("}],\"Default\":");
        put_name(next);
    } else {
        put_end(next);
    }
    if (pick(2)) {
        put(",\"Output\":");
        put_jsonata_expression();
    }
    if (pick(3) == 0) {
        put(",\"Assign\":{\"");
        put(OWN[depth]);
        put("\":");
        put_jsonata_expression();
        put("}");
    }
    if (kind == 2)
        put_catch_and_retry(0);
}

static void put_work(unsigned depth, unsigned kind, unsigned next, unsigned other)
{
    if (kind < 2)
        put_task();
    else
        (kind == 2 ? put_parallel : put_map)(depth);
    put_some_template(",\"ResultSelector\":");
    PUT_PATH(",\"ResultPath\":", WAYS);
    put_catch_and_retry(other ? other : next);
    put_end(next);
}

static void put_rest(unsigned depth, unsigned kind, unsigned next, unsigned other)
{
    if (kind == 0 && next) {
        put_choice(next, other);
    } else if (kind == 0) {
        put("\"Type\":\"Succeed\"");
    } else if (kind == 1) {
        put_wait();
        put_end(next);
    } else {
        put_pass();
        PUT_PATH(",\"ResultPath\":", WAYS);
        put_end(next);
    }
    if (kind || next)
        put_assign(depth);
}

static void put_state(unsigned depth, unsigned next, unsigned other)
{
    unsigned kind = pick(depth < DEPTH_MAX ? 9 : 7);

    put("{");
    if (kind == 6 && !next) {
        put_fail();
    } else if (kind == 6) {
        put_jsonata(depth, next, other);
    } else {
        if (kind < 4)
            put_rest(depth, kind, next, other);
        else
            put_work(depth, kind < 6 ? kind - 4 : kind - 5, next, other);
        PUT_PATH(",\"InputPath\":", PATHS);
        PUT_PATH(",\"OutputPath\":", PATHS);
    }
    put("}");
}

/* One to four states in a row; what a Choice or a catcher takes lies ahead, so every execution ends. */
static void put_block(unsigned depth)
{
    unsigned first = names + 1, n = 1 + pick(4);

    names += n;
    put("\"StartAt\":");
    put_name(first);
    put(",\"States\":{");
    for (unsigned i = 0; i < n; i++) {
        unsigned ahead = n - i > 2 ? first + i + 1 + pick(n - i - 1) : 0;
        put(i ? "," : "");
        put_name(first + i);
        put(":");
        put_state(depth, i + 1 < n ? first + i + 1 : 0, ahead);
    }
    put("}");
}

static void put_line(void)
{
    const uint8_t *stop = memchr(bytes, '\n', (size_t)(bytes_end - bytes));

    if (!stop)
        stop = bytes_end;
    js_buf_add(&text, (const char *)bytes, (size_t)(stop - bytes));
    bytes = stop < bytes_end ? stop + 1 : stop;
}

static void put_definition(void)
{
    names = 0;
    text.len = 0;
    if (bytes < bytes_end && *bytes == '{') {
        put_line();
        return;
    }
    put("{");
    put_block(0);
    put("}");
}

/* ---- what happens ---- */

static struct value *input(void)
{
    static const char *const inputs[] = {
        "{\"items\":[1,\"two\",{\"n\":3}],\"n\":2,\"text\":\"2026-01-01T00:00:01Z\"}",
        "{\"items\":[],\"n\":-1,\"text\":\"QUI=\",\"r\":{\"a\":1.5}}",
        "{ \"n\" : 1e2 , \"r\":{\"a\":null,\"a\":\"\\u00e9\"},\"items\":[[1],[1],{\"n\":{\"n\":0}}] }",
        "[1,2,3]",
    };

    text.len = 0;
    put_line();
    if (js_scan(text.p, text.len, NULL) == 0 && text.len <= VALUE_BYTES_MAX)
        return value_new(text.p, text.len);
    const char *one = ONE_OF(inputs);
    return value_new(one, strlen(one));
}

static void find_token(struct frame *f, void *arg)
{
    int32_t *id = arg;

    if (f->phase == FRAME_TOKEN)
        *id = f->scheduled_id;
}

static void answer(struct stimulus *in)
{
    static const char *const answers[] = {"null", "{\"n\":7,\"a\":[\"x\"]}", "[1,{\"n\":2}]", "\"text\"",
                                          "{ \"a\" : {} }"};
    const char *one = ONE_OF(answers);

    in->data = value_new(one, strlen(one));
}

static void choose_stimulus(const struct world *w, struct stimulus *in, int64_t *now_us)
{
    unsigned kind = pick(8);
    int32_t token = 0;

    exec_each(&w->exec, find_token, &token);
    *in = (struct stimulus){.type = STIM_TIMER, .error = "Busy", .cause = "because"};
    if (kind < 4 && (w->ncalls || token)) {
        bool call = w->ncalls > 0;
        in->event_id = call ? w->calls[pick((unsigned)w->ncalls)].event_id : token;
        in->type = call ? STIM_TASK_SUCCEEDED : STIM_TOKEN_SUCCEEDED;
        if (kind == 3)
            in->type = call ? STIM_TASK_FAILED : STIM_TOKEN_FAILED;
        else
            answer(in);
    } else if (kind == 4) {
        in->type = STIM_STOP;
    } else if (w->out.wake_us != CLOCK_NEVER && w->out.wake_us > *now_us) {
        *now_us = w->out.wake_us;
    }
}

/* ---- running ---- */

static void must_hold(char *broken)
{
    if (broken)
        fprintf(stderr, "broken: %s\n", broken);
    PAWL_ASSERT(!broken);
}

static void must_say_the_same(const struct world *w, const struct world *twin)
{
    PAWL_ASSERT(w->nrows == twin->nrows && w->out.wake_us == twin->out.wake_us);
    if (!w->nrows)
        return;
    char *was = world_row_text(w, w->nrows - 1), *is = world_row_text(twin, w->nrows - 1);
    PAWL_ASSERT(strcmp(was, is) == 0);
    free(was);
    free(is);
}

/* The laws are looked at after the first steps, and at the end: each look folds the whole journal. */
static void step(struct world *w, struct world *twin, const struct stimulus *in, int64_t now_us)
{
    struct err err;

    if (twin)
        world_crash(twin, now_us);
    int rc = world_step(w, in, now_us, &err);
    if (w->nrows <= LAWS_ROWS || w->exec.status != EXEC_RUNNING)
        must_hold(world_broken_law(w, now_us));
    if (twin) {
        PAWL_ASSERT(world_step(twin, in, now_us, &err) == rc);
        if (!w->heartbeats)
            must_say_the_same(w, twin);
    }
    value_unref(in->data);
}

static void run(struct world *w, struct world *twin)
{
    int64_t now_us = WORLD_EPOCH_US;
    struct stimulus in = {.type = STIM_START, .data = input(), .seed = 7};

    step(w, twin, &in, now_us);
    for (int i = 0; i < STEPS_MAX && w->exec.status == EXEC_RUNNING && w->exec.last_event_id < EVENTS_ENOUGH;
         i++) {
        choose_stimulus(w, &in, &now_us);
        step(w, twin, &in, now_us);
    }
}

static struct world *new_world(void)
{
    struct asl *asl = asl_parse(text.p, text.len, false, NULL);
    struct world *w = asl ? world_of(asl) : NULL;

    if (w)
        w->out.events_max = text.len % 3 ? 0 : 20;
    return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes = data;
    bytes_end = data + size;
    js_buf_str(&text, "");
    put_definition();

    struct world *w = new_world(), *twin = w && size % 2 ? new_world() : NULL;
    if (w)
        run(w, twin);
    world_free(w);
    world_free(twin);
    js_buf_fini(&text);
    return 0;
}
