#include "asl/trial_priv.h"

#include "asl/interp_priv.h"
#include "asl/token.h"

#include <string.h>

/* Of no store: a token that a trial shows is nobody's. */
static const unsigned char NO_KEY[TOKEN_KEY_BYTES];

/* ---- life ---- */

/* A name that nobody has: recorded names look so. */
static char *made_name(uint64_t seed, uint64_t draw)
{
    uint64_t a = clock_dice(seed, draw), b = clock_dice(seed, draw + 1);
    char text[40];

    int len =
        snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
                 (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(b >> 48 & 0x3fff) | 0x8000,
                 (unsigned long long)(b & UINT64_C(0xffffffffffff)));
    return mem_strndup(text, (size_t)len);
}

static void make_execution(struct trial *t, const struct trial_request *q, const struct trial_place *place)
{
    struct exec *ex = &t->exec;
    char *name = made_name(place->seed, 0);

    exec_init(ex, (int64_t)(clock_dice(place->seed, 2) >> 1), t->asl, name);
    free(name);
    t->machine = made_name(place->seed, 3);
    ex->machine = t->machine;
    ex->arn_prefix = place->arn_prefix;
    ex->role_arn = q->role_arn;
    ex->token_key = NO_KEY;
    ex->seed = place->seed;
    ex->inspection = &t->seen;
    ex->root.block = t->seen.state->block;
    ex->root.retry_count = t->seen.retries;
    exec_preset(ex, t->variables);
}

struct trial *trial_new(const struct trial_request *request, const struct trial_place *place, struct err *err)
{
    struct trial *t = mem_calloc(1, sizeof *t);

    t->catcher = t->retrier = -1;
    t->arena = arena_new();
    outcome_init(&t->out, t->arena);
    if (trial_check_state(t, request, err) < 0 || trial_check_request(t, request, err) < 0) {
        trial_free(t);
        return NULL;
    }
    make_execution(t, request, place);
    return t;
}

void trial_free(struct trial *t)
{
    outcome_fini(&t->out);
    if (t->machine)
        exec_fini(&t->exec);
    assigned_unref(t->variables);
    arena_free(t->arena);
    inspect_fini(&t->seen);
    asl_free(t->asl);
    value_unref(t->input);
    value_unref(t->mock_result);
    free(t->file);
    value_unref(t->output);
    json_object_put(t->context);
    free(t->mock_error);
    free(t->mock_cause);
    free(t->machine);
    free(t);
}

/* ---- the run ---- */

static void read_event(struct trial *t, const struct event *e)
{
    if (e->type == EV_RETRY_SCHEDULED) {
        t->retrier = e->index;
        t->backoff_us = e->due_us - e->at_us;
    } else if (e->type == STATE_OPS[t->seen.state->type].exited) {
        t->output = value_ref(e->data);
        t->catcher = e->index - 1;
    }
}

static bool over(const struct trial *t)
{
    return t->exec.status != EXEC_RUNNING || t->output || t->retrier >= 0;
}

static void step(struct trial *t, const struct stimulus *in, int64_t now_us)
{
    outcome_clear(&t->out);
    interp_step(&t->exec, in, now_us, &t->out, NULL); /* an answer that came too late changes nothing */
    for (size_t i = 0; i < t->out.nevents; i++)
        read_event(t, &t->out.events[i]);
}

static const struct effect *call_of(const struct trial *t)
{
    for (size_t i = 0; i < t->out.neffects; i++)
        if (t->out.effects[i].type == EFFECT_CALL)
            return &t->out.effects[i];
    return NULL;
}

/* What only waits has its moment at once. */
static const struct effect *go_on(struct trial *t)
{
    static const struct stimulus TIMER = {.type = STIM_TIMER};

    while (!over(t) && t->exec.root.phase != FRAME_CALLING)
        step(t, &TIMER, exec_wake(&t->exec));
    return over(t) ? NULL : call_of(t);
}

const struct effect *trial_start(struct trial *t, int64_t now_us)
{
    struct exec *ex = &t->exec;

    step(t, &(struct stimulus){.type = STIM_START, .data = t->input, .seed = ex->seed}, now_us);
    if (ex->deadline_us > now_us + TRIAL_US_MAX) {
        ex->deadline_us = now_us + TRIAL_US_MAX;
        ex->wake_stale = true;
    }
    return go_on(t);
}

const struct effect *trial_answer(struct trial *t, const struct stimulus *in, int64_t now_us)
{
    step(t, in, now_us);
    return go_on(t);
}

int64_t trial_wake_us(struct trial *t)
{
    return exec_wake(&t->exec);
}

const struct exec *trial_exec(const struct trial *t)
{
    return &t->exec;
}

/* ---- the answer ---- */

static const char *status_name(const struct trial *t)
{
    return t->retrier >= 0   ? "RETRIABLE"
           : t->catcher >= 0 ? "CAUGHT_ERROR"
           : t->output       ? "SUCCEEDED"
                             : "FAILED";
}

static void put_text(json_object *to, const char *name, const char *text)
{
    if (text)
        json_object_object_add(to, name, json_object_new_string(text));
}

static void put_int(json_object *to, const char *name, int64_t n)
{
    if (n >= 0)
        json_object_object_add(to, name, json_object_new_int64(n));
}

static void put_value(json_object *to, const char *name, struct value *v, bool as_text)
{
    size_t len;

    if (!v)
        return;
    const char *text = value_text(v, &len);
    json_object_object_add(
        to, name, as_text ? json_object_new_string_len(text, (int)len) : json_object_get(value_tree(v)));
}

static json_object *error_details(const struct trial *t)
{
    json_object *o = json_object_new_object();

    put_int(o, "catchIndex", t->catcher);
    put_int(o, "retryIndex", t->retrier);
    if (t->retrier >= 0)
        put_int(o, "retryBackoffIntervalSeconds", t->backoff_us / CLOCK_SECOND);
    return o;
}

/* Those that were there and those that the state has set; NULL: none. */
static struct value *variables_of(const struct trial *t)
{
    const struct variable *v = t->exec.root.variables;
    json_object *o = v ? json_object_new_object() : NULL;

    for (; v; v = v->hh.next)
        json_object_object_add(o, v->name, json_object_get(value_tree(v->value)));
    return o ? value_take(o, 0) : NULL;
}

static json_object *inspection_data(const struct trial *t, bool as_text)
{
    static const char *const NAMES[INSPECT_STAGES] = {
        [INSPECT_INPUT_PATH] = "afterInputPath",
        [INSPECT_PARAMETERS] = "afterParameters",
        [INSPECT_ARGUMENTS] = "afterArguments",
        [INSPECT_RESULT] = "result",
        [INSPECT_RESULT_SELECTOR] = "afterResultSelector",
        [INSPECT_RESULT_PATH] = "afterResultPath",
        [INSPECT_ITEMS_POINTER] = "afterItemsPointer",
        [INSPECT_ITEMS_PATH] = "afterItemsPath",
        [INSPECT_ITEM_SELECTOR] = "afterItemSelector",
        [INSPECT_ITEM_BATCHER] = "afterItemBatcher",
    };
    json_object *o = json_object_new_object();

    put_value(o, "input", t->input, as_text);
    for (int i = 0; i < INSPECT_STAGES; i++)
        put_value(o, NAMES[i], t->seen.stages[i], as_text);
    put_int(o, "maxConcurrency", t->seen.max_concurrency);
    put_int(o, "toleratedFailureCount", t->seen.tolerated_count);
    if (t->seen.tolerated_percentage >= 0)
        json_object_object_add(o, "toleratedFailurePercentage", js_number(t->seen.tolerated_percentage));
    struct value *variables = variables_of(t);
    put_value(o, "variables", variables, as_text);
    value_unref(variables);
    if (t->catcher >= 0 || t->retrier >= 0)
        json_object_object_add(o, "errorDetails", error_details(t));
    return o;
}

json_object *trial_result(const struct trial *t, enum trial_level level, bool as_text)
{
    bool failed = !t->output || t->catcher >= 0, taken = t->catcher >= 0 || t->retrier >= 0;
    json_object *o = json_object_new_object();

    put_text(o, "status", status_name(t));
    put_value(o, "output", t->output, as_text);
    if (failed) {
        put_text(o, "error", taken ? t->seen.failure : t->exec.error);
        put_text(o, "cause", taken ? t->seen.why : t->exec.cause);
    }
    put_text(o, "nextState", t->output && t->seen.next ? t->seen.next->name : NULL);
    if (level != TRIAL_INFO)
        json_object_object_add(o, "inspectionData", inspection_data(t, as_text));
    return o;
}
