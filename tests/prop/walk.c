/*
 * walk.c -- random definitions, with everything nested in everything, and random things that happen to them.
 *
 *   walk [RUNS [FIRST_SEED]]
 *
 * Each run has a twin that dies before every stimulus: both must say the same events, to the byte, and keep
 * the laws of world.h.  A run that fails prints its seed and its definition; the seed alone brings it back.
 */
#include "world.h"

#include <inttypes.h>
#include <string.h>

enum { DEPTH_MAX = 3, STIMULI_MAX = 80 };

static uint64_t seed, draws;

static unsigned dice(unsigned n) /* 0 .. n-1 */
{
    return (unsigned)(clock_dice(seed, draws++) % n);
}

static bool once_in(unsigned n)
{
    return dice(n) == 0;
}

/* ---- definitions ---- */

static struct js_buf text;
static unsigned names;
static bool heartbeats; /* of this run: then it has no twin, for a recovery restarts them */

static void put(const char *part)
{
    js_buf_str(&text, part);
}

static void put_number(const char *before, unsigned n, const char *behind)
{
    put(before);
    js_buf_int(&text, n);
    put(behind);
}

static void put_name(unsigned n)
{
    put_number("\"S", n, "\"");
}

static const char *one_of(const char *const *list, unsigned n)
{
    return list[dice(n)];
}

static const char *const ERRORS[] = {"Busy",
                                     "Bad",
                                     "States.Timeout",
                                     "States.TaskFailed",
                                     "States.ALL",
                                     "States.DataLimitExceeded",
                                     "States.QueryEvaluationError"};

static void put_retry(void)
{
    put(",\"Retry\":[");
    for (unsigned i = 1 + dice(2); i > 0; i--) {
        put("{\"ErrorEquals\":[\"");
        put(i > 1 ? one_of(ERRORS, 4) : one_of(ERRORS, 7));
        put_number("\"],\"IntervalSeconds\":", 1 + dice(4), "");
        put_number(",\"MaxAttempts\":", dice(3), "");
        put(once_in(3) ? ",\"JitterStrategy\":\"FULL\"}" : "}");
        if (i > 1)
            put(",");
    }
    put("]");
}

/* ---- variables ----
 *
 * A block of depth N may set nN (1 to 3) and dN (data) in its first state; then they are there for all that
 * follows, blocks within it included.  Any state may set wN.
 */
static bool set[DEPTH_MAX + 1]; /* by depth */

/* A depth whose variables can be read here; -1: there is none. */
static int readable(unsigned depth)
{
    int found = -1, n = 0;

    for (unsigned d = 0; d <= depth; d++)
        if (set[d] && once_in((unsigned)++n))
            found = (int)d;
    return found;
}

static void put_first(unsigned depth, unsigned next)
{
    static const char *const data[] = {"States.UUID()", "$$.State", "$"};

    put("{\"Type\":\"Pass\",\"Result\":{\"y\":1},\"ResultPath\":\"$.r\",");
    put_number("\"Assign\":{\"n", depth, "\":");
    put_number("", 1 + dice(3), ",");
    put_number("\"d", depth, ".$\":\"");
    put(one_of(data, 3));
    put_number("\"},\"Next\":\"S", next, "\"}");
    set[depth] = true;
}

static void put_assign(unsigned depth, const char *const *paths, unsigned n)
{
    int d = readable(depth);

    put_number(",\"Assign\":{\"w", depth, ".$\":\"");
    if (d >= 0 && once_in(3))
        put_number("$d", (unsigned)d, "");
    else if (d >= 0 && once_in(3))
        put_number("States.MathAdd(1, $n", (unsigned)d, ")");
    else
        put(one_of(paths, n));
    put("\"");
    if (once_in(3))
        put_number(",\"x", depth, "\":{\"constant\":[1]}");
    put("}");
}

static void put_catch(unsigned depth, unsigned to)
{
    static const char *const paths[] = {"$", "$.Error", "$.Cause", "$$.State.Name"};

    put(",\"Catch\":[{\"ErrorEquals\":[\"");
    put(one_of(ERRORS, 7));
    put("\"],\"Next\":");
    put_name(to);
    if (once_in(3))
        put_assign(depth, paths, 4);
    put(once_in(3) ? "}]" : once_in(4) ? ",\"ResultPath\":null}]" : ",\"ResultPath\":\"$.e\"}]");
}

static void put_task(unsigned depth)
{
    static const char *const kinds[] = {
        "\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\"",
        "\"Resource\":\"arn:aws:states:::lambda:invoke\",\"Parameters\":{\"FunctionName\":\"g\",\"Payload.$"
        "\":\"$\"}",
        "\"Resource\":\"arn:aws:states:::lambda:invoke.waitForTaskToken\",\"Parameters\":{\"FunctionName\":"
        "\"h\","
        "\"Payload\":{\"t.$\":\"$$.Task.Token\",\"n.$\":\"$$.State.RetryCount\"}}",
        "\"Resource\":\"http://127.0.0.1:9/u\"",
        /* what the first two attempts can be called with, and a third cannot */
        "\"Resource\":\"http://127.0.0.1:9/"
        "v\",\"Parameters\":{\"n.$\":\"States.ArrayGetItem(States.Array('a', "
        "'b'), $$.State.RetryCount)\"}",
    };
    static const unsigned others[] = {0, 1, 3, 4};
    bool token = once_in(3);
    int d = readable(depth);

    put("\"Type\":\"Task\",");
    if (d >= 0 && !token && once_in(3))
        put_number("\"Resource\":\"http://127.0.0.1:9/w\",\"Parameters\":{\"d.$\":\"$d", (unsigned)d, "\"}");
    else
        put(kinds[token ? 2 : others[dice(4)]]);
    if (d >= 0 && once_in(4))
        put_number(",\"TimeoutSecondsPath\":\"$n", (unsigned)d, "\"");
    else if (once_in(2))
        put_number(",\"TimeoutSeconds\":", 5 + dice(6), "");
    if (heartbeats && once_in(2))
        put_number(",\"HeartbeatSeconds\":", 1 + dice(4), "");
    if (once_in(8))
        put(",\"Delivery\":\"AtMostOnce\"");
}

static void put_block(unsigned depth);

static void put_parallel(unsigned depth)
{
    put("\"Type\":\"Parallel\",\"Branches\":[");
    for (unsigned i = 1 + dice(3); i > 0; i--) {
        put("{");
        put_block(depth + 1);
        put(i > 1 ? "}," : "}");
    }
    put("]");
}

static void put_map(unsigned depth)
{
    put("\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"ItemProcessor\":{");
    put_block(depth + 1);
    put("}");
    if (!once_in(8)) /* else an inner Map finds no items, and the execution fails */
        put(",\"ItemSelector\":{\"items.$\":\"$.items\",\"v.$\":\"$$.Map.Item.Value\",\"i.$\":\"$$.Map.Item."
            "Index\"}");
    int d = readable(depth);
    if (d >= 0 && once_in(3))
        put_number(",\"MaxConcurrencyPath\":\"$n", (unsigned)d, "\"");
    else if (once_in(2))
        put_number(",\"MaxConcurrency\":", 1 + dice(2), "");
}

static void put_wait(unsigned depth)
{
    int d = readable(depth);

    put("\"Type\":\"Wait\"");
    if (d >= 0 && once_in(2))
        put_number(",\"SecondsPath\":\"$n", (unsigned)d, "\"");
    else
        put_number(",\"Seconds\":", dice(4), "");
}

static void put_choice(unsigned depth, unsigned next, unsigned other)
{
    static const char *const paths[] = {"$", "$$.State.EnteredTime"};

    put("\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"");
    if (once_in(2))
        put_number("$w", dice(depth + 1), "");
    else
        put("$.e");
    put("\",\"IsPresent\":true");
    if (once_in(3))
        put_assign(depth, paths, 2);
    put(",\"Next\":");
    put_name(other ? other : next);
    put("}],\"Default\":");
    put_name(next);
    if (once_in(3))
        put_assign(depth, paths, 2);
    put("}");
}

/* ---- the same in JSONata ---- */

#define KEEPING(what)                                                                                        \
    "\"{% $merge([$states.input, {" what "}]) %}\"" /* fails for an input that is no object */

static void put_jsonata_assign(unsigned depth)
{
    static const char *const values[] = {"$states.input", "$states.context.State.EnteredTime",
                                         "[$random(), $uuid()]", "$exists($w0) ? $w0 : $millis()"};

    put_number(",\"Assign\":{\"w", depth, "\":\"{% ");
    put(one_of(values, 4));
    put(" %}\"}");
}

static void put_jsonata_catch(unsigned depth, unsigned to)
{
    put(",\"Catch\":[{\"ErrorEquals\":[\"");
    put(one_of(ERRORS, 7));
    put("\"],\"Next\":");
    put_name(to);
    if (once_in(2))
        put(",\"Output\":" KEEPING("'e': $states.errorOutput"));
    if (once_in(3))
        put_jsonata_assign(depth);
    put("}]");
}

static void put_jsonata_map(unsigned depth)
{
    put("\"Type\":\"Map\",\"Items\":\"{% $append([$uuid(), $millis()], $states.input.items) "
        "%}\",\"MaxConcurrency\":\"{% $random() < 0.5 ? "
        "1 : 2 %}\","
        "\"ItemSelector\":{\"items\":\"{% $states.input.items %}\",\"v\":\"{% $states.context.Map.Item.Value "
        "%}\"},"
        "\"ItemProcessor\":{");
    put_block(depth + 1);
    put("},\"Output\":" KEEPING("'r': $states.result"));
}

static void put_jsonata(unsigned depth, unsigned next, unsigned other)
{
    static const char *const simple[] = {
        "\"Type\":\"Pass\",\"Output\":" KEEPING("'u': $uuid(), 'at': $millis()"),
        "\"Type\":\"Pass\",\"Output\":{\"items\":[1,\"{% $random() %}\"]}",
        "\"Type\":\"Wait\",\"Seconds\":\"{% $count($states.input.items) %}\"",
    };
    unsigned kind = dice(depth < DEPTH_MAX ? 6 : 5);

    put("{\"QueryLanguage\":\"JSONata\",");
    if (kind < 3)
        put(simple[kind]);
    else if (kind < 5) /* a third attempt cannot be called */
        put("\"Type\":\"Task\",\"Resource\":\"http://127.0.0.1:9/j\",\"Arguments\":\"{% "
            "$states.context.State.RetryCount < 2 ? {'n': $random(), 'in': $states.input} : $nothing %}\","
            "\"Output\":" KEEPING("'r': $states.result"));
    else
        put_jsonata_map(depth);
    if (once_in(3))
        put_jsonata_assign(depth);
    if (kind >= 3 && once_in(2))
        put_retry();
    if (kind >= 3 && (other || next) && once_in(2))
        put_jsonata_catch(depth, other ? other : next);
    put(next ? ",\"Next\":" : ",\"End\":true}");
    if (next) {
        put_name(next);
        put("}");
    }
}

/* A state that goes on to next (0: the block ends), or, when it is a Choice or a catcher, to that or other.
 */
static void put_state(unsigned depth, unsigned next, unsigned other)
{
    static const char *const paths[] = {"$", "$$.Execution.Input"};
    unsigned kind = dice(depth < DEPTH_MAX ? 10 : 6);
    bool work = false;

    if (once_in(4)) {
        put_jsonata(depth, next, other);
        return;
    }
    put("{");
    if (kind < 2) {
        put_task(depth);
        work = true;
    } else if (kind == 2) {
        put_wait(depth);
    } else if (kind == 3 && next) {
        put_choice(depth, next, other);
        return;
    } else if (kind == 4 && !next) {
        put(once_in(3) ? "\"Type\":\"Fail\",\"Error\":\"Bad\"}" : "\"Type\":\"Succeed\"}");
        return;
    } else if (kind < 6) {
        put("\"Type\":\"Pass\",\"Result\":{\"x\":1}");
    } else if (kind < 8) {
        put_parallel(depth);
        work = true;
    } else {
        put_map(depth);
        work = true;
    }
    if (kind != 2 && !once_in(10))
        put(",\"ResultPath\":\"$.r\"");
    if (once_in(4))
        put_assign(depth, paths, 2);
    if (work && once_in(2))
        put_retry();
    if (work && (other || next) && once_in(2))
        put_catch(depth, other ? other : next);
    put(next ? ",\"Next\":" : ",\"End\":true}");
    if (next) {
        put_name(next);
        put("}");
    }
}

/* One to four states in a row; what a Choice or a catcher takes lies ahead, so every walk ends. */
static void put_block(unsigned depth)
{
    unsigned first = names + 1, n = 1 + dice(4);

    names += n;
    put("\"StartAt\":");
    put_name(first);
    put(",\"States\":{");
    for (unsigned i = 0; i < n; i++) {
        unsigned next = i + 1 < n ? first + i + 1 : 0,
                 ahead = n - i > 2 ? first + i + 1 + dice(n - i - 1) : 0;
        put_name(first + i);
        put(":");
        if (i == 0 && next && once_in(2))
            put_first(depth, next);
        else
            put_state(depth, next, ahead);
        put(next ? "," : "}");
    }
    set[depth] = false;
}

static void put_definition(void)
{
    js_buf_fini(&text);
    text = (struct js_buf){0};
    names = 0;
    put("{");
    if (once_in(4))
        put_number("\"TimeoutSeconds\":", 20 + dice(40), ",");
    put_block(0);
    put("}");
}

/* ---- what happens ---- */

static struct value *random_answer(void)
{
    static const char *const answers[] = {"null",         "1", "\"text\"", "[1,2]", "{\"a\":{\"b\":[]}}",
                                          "{ \"e\" : 0 }"};
    const char *one = one_of(answers, 6);
    return value_new(one, strlen(one));
}

static void find_token(struct frame *f, void *arg)
{
    int32_t *id = arg;
    if (f->phase == FRAME_TOKEN && (!*id || once_in(2)))
        *id = f->scheduled_id;
}

static void random_failure(struct stimulus *in)
{
    in->error = once_in(10) ? NULL : one_of(ERRORS, 6);
    in->cause = once_in(2) ? NULL : "because";
}

/* A stimulus that may happen now, at *now_us, which it moves on; some are stale, and will be refused. */
static void random_stimulus(const struct world *w, struct stimulus *in, int64_t *now_us)
{
    int32_t token = 0;

    exec_each(&w->exec, find_token, &token);
    *in = (struct stimulus){.type = STIM_TIMER};
    if (once_in(60)) {
        in->type = STIM_STOP;
        random_failure(in);
    } else if (once_in(12)) {
        in->type = dice(2) ? STIM_TASK_SUCCEEDED : STIM_TOKEN_SUCCEEDED;
        in->event_id = (int32_t)dice(40);
    } else if (w->ncalls && !once_in(4)) {
        in->type = once_in(12)  ? STIM_CALL_WITHHELD
                   : once_in(4) ? STIM_TASK_FAILED
                   : once_in(8) ? STIM_TOKEN_SUCCEEDED
                                : STIM_TASK_SUCCEEDED;
        in->event_id = w->calls[dice((unsigned)w->ncalls)].event_id;
    } else if (token && !once_in(3)) {
        in->type = once_in(3) ? STIM_TOKEN_HEARTBEAT : once_in(4) ? STIM_TOKEN_FAILED : STIM_TOKEN_SUCCEEDED;
        in->event_id = token;
    } else if (w->out.wake_us != CLOCK_NEVER && w->out.wake_us > *now_us) {
        *now_us = once_in(5) ? *now_us + 1000 : w->out.wake_us;
    }
    if (in->type == STIM_TASK_SUCCEEDED || in->type == STIM_TOKEN_SUCCEEDED)
        in->data = random_answer();
    if (in->type == STIM_TASK_FAILED || in->type == STIM_TOKEN_FAILED)
        random_failure(in);
    *now_us += dice(300) * 1000;
}

/* ---- walking ---- */

static char *told(const char *what)
{
    return mem_strndup(what, strlen(what));
}

static char *differ(const struct world *w, const struct world *twin)
{
    char *broken = NULL;

    if (w->nrows != twin->nrows)
        return told("the twin has another number of rows");
    if (w->nrows) {
        char *was = world_row_text(w, w->nrows - 1), *is = world_row_text(twin, w->nrows - 1);
        if (strcmp(was, is) != 0)
            broken = told("the twin says other events");
        free(was);
        free(is);
    }
    if (!broken && w->out.wake_us != twin->out.wake_us)
        broken = told("the twin wakes at another moment");
    return broken;
}

/* The same stimulus for both; NULL, or what is broken. */
static char *step(struct world *w, struct world *twin, const struct stimulus *in, int64_t now_us, bool *ended)
{
    struct err err, twin_err;

    if (twin)
        world_crash(twin, now_us);
    int rc = world_step(w, in, now_us, &err), twin_rc = twin ? world_step(twin, in, now_us, &twin_err) : rc;
    *ended = w->exec.status != EXEC_RUNNING;
    if (rc != twin_rc)
        return told("the twin refuses, or not");
    char *broken = world_broken_law(w, now_us);
    return broken || !twin ? broken : differ(w, twin);
}

static char *walk(struct world *w, struct world *twin, size_t *steps)
{
    int64_t now_us = WORLD_EPOCH_US;
    static const char start[] = "{\"items\":[1,\"two\",{\"n\":3}]}";
    struct value *input = value_new(start, sizeof start - 1);
    struct stimulus in = {.type = STIM_START, .data = input, .seed = seed};
    bool ended = false;
    char *broken = step(w, twin, &in, now_us, &ended);

    value_unref(input);
    for (int i = 0; i < STIMULI_MAX && !broken && !ended; i++, ++*steps) {
        random_stimulus(w, &in, &now_us);
        broken = step(w, twin, &in, now_us, &ended);
        value_unref(in.data);
    }
    return broken;
}

/* ---- spoiled journals ---- */

static void spoil(struct event *e, const struct asl_state *any_state)
{
    switch (dice(8)) {
    case 0:
        e->type = (enum event_type)dice(EVENT_TYPES);
        break;
    case 1:
        e->frame = dice(12);
        break;
    case 2:
        e->index = (int32_t)dice(12) - 2;
        break;
    case 3:
        e->state = e->state && once_in(2) ? NULL : any_state;
        break;
    case 4:
        value_unref(e->data);
        e->data = NULL;
        break;
    case 5:
        e->due_us = INT64_MIN;
        break;
    case 6:
        e->id = (int32_t)dice(200);
        break;
    default:
        e->timeout_s = INT32_MAX;
    }
}

/* Folds the journal with some events changed, renumbered so that the change itself is what has to be noticed.
 */
static void fold_spoiled(const struct world *w)
{
    struct exec ex;
    struct err err;

    world_attach(w, &ex);
    for (size_t row = 0; row < w->nrows; row++) {
        struct event *list;
        size_t n;
        PAWL_ASSERT(world_read_row(w, row, &list, &n, &err) == 0);
        for (size_t i = 0; i < n; i++) {
            bool numbered = !(event_flags(list[i].type) & EVENT_OWN);
            if (once_in(30))
                continue; /* lost */
            list[i].id = numbered ? ex.last_event_id + 1 : 0;
            if (once_in(20))
                spoil(&list[i], w->asl->states[dice((unsigned)w->asl->nstates)]);
            exec_fold(&ex, &list[i], &err);
        }
        for (size_t i = 0; i < n; i++)
            event_fini(&list[i]);
        free(list);
    }
    struct outcome out;
    outcome_init(&out, w->arena);
    interp_resume(&ex, WORLD_EPOCH_US, &out);
    outcome_fini(&out);
    exec_fini(&ex);
}

int main(int argc, char **argv)
{
    uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : 3000,
             first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    size_t steps = 0, events = 0, ended[5] = {0}, failed = 0;

    for (seed = first; seed < first + runs && !failed; seed++) {
        draws = 0;
        heartbeats = once_in(4);
        put_definition();
        struct world *w = world_new(text.p), *twin = heartbeats || !w ? NULL : world_new(text.p);
        if (w)
            w->out.events_max = once_in(3) ? 1 + dice(30) : 0;
        if (twin)
            twin->out.events_max = w->out.events_max;
        char *broken = w ? walk(w, twin, &steps) : told("the definition does not compile");
        if (broken) {
            printf("walk: seed %" PRIu64 ": %s\n%s\n", seed, broken, text.p);
            failed++;
        }
        if (w) {
            fold_spoiled(w);
            events += (size_t)w->exec.last_event_id;
            ended[w->exec.status]++;
        }
        free(broken);
        world_free(w);
        world_free(twin);
    }
    js_buf_fini(&text);
    printf("walk: %" PRIu64
           " definitions, %zu stimuli, %zu events; %zu still running, %zu succeeded, %zu failed, "
           "%zu timed out, %zu aborted\n",
           runs, steps, events, ended[EXEC_RUNNING], ended[EXEC_SUCCEEDED], ended[EXEC_FAILED],
           ended[EXEC_TIMED_OUT], ended[EXEC_ABORTED]);
    return failed ? 1 : 0;
}
