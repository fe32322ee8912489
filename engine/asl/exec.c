#define uthash_fatal(why) err_abort(why, __FILE__, __LINE__) /* out of memory */
#include "asl/exec.h"
#include "base/clock.h"

#include <string.h>
#include <utlist.h>

static const char *const STATUS[] = {
    [EXEC_RUNNING] = "RUNNING",     [EXEC_SUCCEEDED] = "SUCCEEDED", [EXEC_FAILED] = "FAILED",
    [EXEC_TIMED_OUT] = "TIMED_OUT", [EXEC_ABORTED] = "ABORTED",
};

const char *exec_status_name(enum exec_status s)
{
    return STATUS[s];
}

/* ---- values ---- */

static void drop_value(struct value **v)
{
    value_unref(*v);
    *v = NULL;
}

static void keep_value(struct value **at, struct value *v)
{
    value_ref(v);
    value_unref(*at);
    *at = v;
}

/* ---- variables ---- */

size_t exec_variable_bytes(const char *name, struct value *value)
{
    enum { BESIDE = 64 };

    return strlen(name) + value_bytes(value) + BESIDE;
}

static void set_variable(struct exec *ex, struct frame *f, const struct assignment *a)
{
    struct variable *v;

    HASH_FIND_STR(f->variables, a->name, v);
    if (!v) {
        v = mem_calloc(1, sizeof *v);
        v->name = a->name;
        HASH_ADD_KEYPTR(hh, f->variables, v->name, strlen(v->name), v);
    } else {
        ex->variables_bytes -= exec_variable_bytes(v->name, v->value);
    }
    ex->variables_bytes += exec_variable_bytes(a->name, a->value);
    keep_value(&v->value, a->value);
}

static void set_variables(struct exec *ex, struct frame *f, const struct assigned *a)
{
    for (size_t i = 0; a && i < a->n; i++)
        set_variable(ex, f, &a->list[i]);
}

static void drop_variables(struct exec *ex, struct frame *f)
{
    struct variable *v, *next;

    HASH_ITER (hh, f->variables, v, next) {
        HASH_DEL(f->variables, v);
        ex->variables_bytes -= exec_variable_bytes(v->name, v->value);
        value_unref(v->value);
        free(v);
    }
}

void exec_preset(struct exec *ex, const struct assigned *variables)
{
    PAWL_ASSERT(ex->last_event_id == 0);
    set_variables(ex, &ex->root, variables);
}

const struct variable *exec_variable(const struct frame *f, const char *name)
{
    struct variable *v = NULL;

    for (; f && !v; f = f->parent)
        HASH_FIND_STR(f->variables, name, v);
    return v;
}

/* ---- frames ---- */

static void frame_init(struct frame *f)
{
    f->due_us = f->timeout_us = f->heartbeat_us = CLOCK_NEVER;
}

static void drop_held(struct frame *f)
{
    if (!f->held)
        return;
    value_unref(f->held->output);
    free(f->held->error);
    free(f->held->cause);
    free(f->held);
    f->held = NULL;
}

static void drop_retries(struct frame *f)
{
    free(f->retries);
    f->retries = NULL;
    f->retry_count = 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t frame_wake(const struct frame *f)
{
    return earlier(f->due_us, earlier(f->timeout_us, f->heartbeat_us));
}

/* A frame's earliest deadline was `was`, and is now what it is: exec_wake stays right without a search. */
static void deadline_moved(struct exec *ex, int64_t was, int64_t is)
{
    if (is < ex->wake_us)
        ex->wake_us = is;
    else if (was == ex->wake_us && is > was)
        ex->wake_stale = true;
}

static void no_deadlines(struct exec *ex, struct frame *f)
{
    int64_t was = frame_wake(f);

    f->due_us = f->timeout_us = f->heartbeat_us = CLOCK_NEVER;
    f->heartbeat_s = 0;
    deadline_moved(ex, was, CLOCK_NEVER);
}

static void set_due(struct exec *ex, struct frame *f, int64_t us)
{
    int64_t was = frame_wake(f);

    f->due_us = us;
    deadline_moved(ex, was, frame_wake(f));
}

/* The attempt is over, or its frame is: nobody may answer it any more. */
static void end_attempt(struct exec *ex, struct frame *f)
{
    if (f->scheduled_id && f->id)
        HASH_DELETE(by_attempt, ex->attempts, f);
    f->scheduled_id = 0;
    drop_value(&f->args);
    drop_held(f);
    no_deadlines(ex, f);
}

static void drop_children(struct exec *ex, struct frame *f);

static void frame_fini(struct exec *ex, struct frame *f)
{
    end_attempt(ex, f);
    drop_children(ex, f);
    drop_value(&f->input);
    drop_value(&f->output);
    drop_variables(ex, f);
    drop_retries(f);
}

static struct frame *open_child(struct exec *ex, struct frame *parent, const struct asl_block *block,
                                int32_t index, int32_t started_id)
{
    struct frame *f = mem_calloc(1, sizeof *f);

    frame_init(f);
    f->id = ex->next_frame++;
    f->block = block;
    f->parent = parent;
    f->index = index;
    f->last_id = started_id;
    HASH_ADD(hh, ex->frames, id, sizeof f->id, f);
    DL_APPEND(parent->children->list, f);
    parent->children->opened++;
    parent->children->open++;
    return f;
}

static void close_child(struct exec *ex, struct frame *f)
{
    struct children *siblings = f->parent->children;

    DL_DELETE(siblings->list, f);
    siblings->open--;
    HASH_DEL(ex->frames, f);
    frame_fini(ex, f);
    free(f);
}

static void make_children(struct frame *f, uint32_t n)
{
    f->children = mem_calloc(1, sizeof *f->children);
    f->children->n = n;
    f->children->results = mem_calloc(n, sizeof(struct value *));
    f->phase = FRAME_CHILDREN;
}

static void drop_children(struct exec *ex, struct frame *f)
{
    struct children *c = f->children;

    if (!c)
        return;
    while (c->list)
        close_child(ex, c->list);
    for (uint32_t i = 0; i < c->n; i++)
        value_unref(c->results[i]);
    free(c->results);
    value_unref(c->input);
    value_unref(c->items);
    free(c);
    f->children = NULL;
}

/* ---- life ---- */

void exec_init(struct exec *ex, int64_t id, struct asl *asl, const char *name)
{
    *ex = (struct exec){
        .id = id,
        .asl = asl,
        .name = mem_strndup(name, strlen(name)),
        .deadline_us = CLOCK_NEVER,
        .wake_us = CLOCK_NEVER,
        .next_frame = 1,
    };
    frame_init(&ex->root);
    ex->root.block = asl->root;
}

void exec_fini(struct exec *ex)
{
    frame_fini(ex, &ex->root);
    drop_value(&ex->input);
    drop_value(&ex->output);
    free(ex->name);
    free(ex->error);
    free(ex->cause);
    *ex = (struct exec){0};
}

struct frame *exec_frame(const struct exec *ex, uint32_t id)
{
    if (id == 0)
        return (struct frame *)&ex->root;
    struct frame *f;
    HASH_FIND(hh, ex->frames, &id, sizeof id, f);
    return f;
}

struct frame *exec_attempt(const struct exec *ex, int32_t scheduled_id)
{
    if (scheduled_id <= 0)
        return NULL;
    if (ex->root.scheduled_id == scheduled_id)
        return (struct frame *)&ex->root;
    struct frame *f;
    HASH_FIND(by_attempt, ex->attempts, &scheduled_id, sizeof scheduled_id, f);
    return f;
}

static void each(struct frame *f, void (*fn)(struct frame *f, void *arg), void *arg)
{
    struct frame *child;

    fn(f, arg);
    if (f->children)
        DL_FOREACH (f->children->list, child)
            each(child, fn, arg);
}

void exec_each(const struct exec *ex, void (*fn)(struct frame *f, void *arg), void *arg)
{
    each((struct frame *)&ex->root, fn, arg);
}

static void find_earliest(struct frame *f, void *arg)
{
    struct exec *ex = arg;
    ex->wake_us = earlier(ex->wake_us, frame_wake(f));
}

int64_t exec_wake(struct exec *ex)
{
    if (ex->wake_stale) {
        ex->wake_us = ex->deadline_us;
        exec_each(ex, find_earliest, ex);
        ex->wake_stale = false;
    }
    return ex->wake_us;
}

void exec_heartbeat(struct exec *ex, struct frame *f, int64_t now_us)
{
    if (!f->heartbeat_s)
        return;
    int64_t was = frame_wake(f);
    f->heartbeat_us = now_us + f->heartbeat_s * CLOCK_SECOND;
    deadline_moved(ex, was, frame_wake(f));
}

static void find_heartbeat(struct frame *f, void *found)
{
    *(bool *)found |= f->heartbeat_us != CLOCK_NEVER;
}

bool exec_has_heartbeats(const struct exec *ex)
{
    bool found = false;

    exec_each(ex, find_heartbeat, &found);
    return found;
}

/* ---- what each event changes; false: it does not fit, and nothing has changed ---- */

static bool execution_started(struct exec *ex, const struct event *e)
{
    if (e->id != 1 || !e->data)
        return false;
    keep_value(&ex->input, e->data);
    ex->seed = e->seed;
    ex->started_us = e->at_us;
    if (ex->asl->timeout_s) {
        ex->deadline_us = e->at_us + ex->asl->timeout_s * CLOCK_SECOND;
        deadline_moved(ex, CLOCK_NEVER, ex->deadline_us);
    }
    return true;
}

static char *copy_text(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

/* Frames stay as they were, for those who have to cancel their calls; but nothing more happens in them. */
static bool execution_ended(struct exec *ex, enum exec_status status, const struct event *e)
{
    if (status == EXEC_SUCCEEDED && !e->data)
        return false;
    ex->status = status;
    ex->stopped_us = e->at_us;
    keep_value(&ex->output, e->data);
    ex->error = copy_text(e->error);
    ex->cause = copy_text(e->cause);
    ex->wake_us = CLOCK_NEVER;
    ex->wake_stale = false;
    return true;
}

/* Between two states, or before the first. */
static bool can_enter(const struct frame *f, const struct asl_state *to)
{
    if (!to || to->block != f->block)
        return false;
    if (f->phase == FRAME_READY)
        return to == f->state;
    return f->phase == (f->state ? FRAME_LEFT : FRAME_ENTERED);
}

static bool state_entered(struct exec *ex, struct frame *f, enum asl_type type, const struct event *e)
{
    if (!can_enter(f, e->state) || e->state->type != type || !e->data)
        return false;
    no_deadlines(ex, f);
    f->phase = FRAME_ENTERED;
    f->state = e->state;
    f->entered_id = f->last_id = e->id;
    f->before_id = e->prev;
    f->entered_us = e->at_us;
    keep_value(&f->input, e->data);
    return true;
}

static bool yielded(struct exec *ex, struct frame *f, const struct event *e)
{
    if (f->phase == FRAME_READY || !can_enter(f, e->state) || !e->data)
        return false;
    f->phase = FRAME_READY;
    f->state = e->state;
    keep_value(&f->input, e->data);
    set_due(ex, f, e->due_us);
    return true;
}

/* A branch that ends is closed at once; an iteration has a last event to come, and the root one too. */
static void block_done(struct exec *ex, struct frame *f, struct value *output)
{
    struct frame *parent = f->parent;

    if (!parent || parent->state->type == ASL_MAP) {
        f->phase = FRAME_DONE;
        keep_value(&f->output, output);
        return;
    }
    keep_value(&parent->children->results[f->index], output);
    parent->last_id = f->last_id;
    close_child(ex, f);
}

static bool can_leave(const struct frame *f)
{
    return f->phase == FRAME_ENTERED || f->phase == FRAME_WAITING || f->phase == FRAME_RETRYING ||
           (f->phase == FRAME_CHILDREN && f->children->open == 0);
}

static bool state_exited(struct exec *ex, struct frame *f, enum asl_type type, const struct event *e)
{
    if (!f->state || f->state->type != type || !e->data || !can_leave(f))
        return false;
    bool caught = e->index > 0, ends = !f->state->next && type != ASL_CHOICE;

    no_deadlines(ex, f);
    drop_children(ex, f);
    drop_retries(f); /* they were counted for this visit */
    set_variables(ex, f, e->assigned);
    f->phase = FRAME_LEFT;
    f->last_id = e->id;
    if (ends && !caught)
        block_done(ex, f, e->data);
    return true;
}

static bool wait_scheduled(struct exec *ex, struct frame *f, const struct event *e)
{
    if (!f->state || f->state->type != ASL_WAIT || f->phase != FRAME_ENTERED)
        return false;
    f->phase = FRAME_WAITING;
    set_due(ex, f, e->due_us);
    return true;
}

/* The state's work begins when it was entered, and again at each retry. */
static bool can_begin(const struct frame *f, enum asl_type type)
{
    return f->state && f->state->type == type && (f->phase == FRAME_ENTERED || f->phase == FRAME_RETRYING);
}

static bool task_scheduled(struct exec *ex, struct frame *f, const struct event *e)
{
    if (!can_begin(f, ASL_TASK) || !e->data)
        return false;
    no_deadlines(ex, f); /* that of the retry */
    int64_t was = frame_wake(f);

    f->phase = FRAME_CALLING;
    f->scheduled_id = f->last_id = e->id;
    if (f->id)
        HASH_ADD(by_attempt, ex->attempts, scheduled_id, sizeof f->scheduled_id, f);
    keep_value(&f->args, e->data);
    /* *Started comes at the same moment, and from there they count. */
    f->heartbeat_s = e->heartbeat_s;
    f->timeout_us = e->timeout_s ? e->at_us + e->timeout_s * CLOCK_SECOND : CLOCK_NEVER;
    f->heartbeat_us = e->heartbeat_s ? e->at_us + e->heartbeat_s * CLOCK_SECOND : CLOCK_NEVER;
    deadline_moved(ex, was, frame_wake(f));
    return true;
}

static bool task_submitted(struct exec *ex, struct frame *f, const struct event *e)
{
    if (f->phase != FRAME_CALLING)
        return false;
    f->phase = FRAME_TOKEN;
    f->last_id = e->id;
    drop_value(&f->args);
    return true;
}

static bool call_withheld(struct exec *ex, struct frame *f, const struct event *e)
{
    if (f->phase != FRAME_CALLING || f->held)
        return false;
    f->phase = FRAME_WITHHELD;
    set_due(ex, f, e->due_us);
    return true;
}

static bool call_released(struct exec *ex, struct frame *f)
{
    if (f->phase != FRAME_WITHHELD)
        return false;
    f->phase = FRAME_CALLING;
    set_due(ex, f, CLOCK_NEVER);
    return true;
}

static bool callback_held(struct exec *ex, struct frame *f, const struct event *e)
{
    if (f->phase != FRAME_CALLING || f->held)
        return false;
    f->held = mem_calloc(1, sizeof *f->held);
    f->held->output = value_ref(e->data);
    f->held->error = copy_text(e->error);
    f->held->cause = copy_text(e->cause);
    set_due(ex, f, e->due_us);
    return true;
}

static bool task_answered(struct exec *ex, struct frame *f, const struct event *e)
{
    if (f->phase != FRAME_CALLING && f->phase != FRAME_WITHHELD && f->phase != FRAME_TOKEN)
        return false;
    end_attempt(ex, f);
    f->phase = FRAME_ENTERED;
    f->last_id = e->id;
    return true;
}

/* In the state with no attempt under way, or with branches or iterations that are given up. */
static bool can_retry(const struct frame *f)
{
    return f->phase == FRAME_ENTERED || f->phase == FRAME_CHILDREN || f->phase == FRAME_RETRYING;
}

/* prev is the failure: of the task itself, or of the branch or iteration that failed first. */
static bool retry_scheduled(struct exec *ex, struct frame *f, const struct event *e)
{
    if (!f->state || !can_retry(f) || (size_t)e->index >= f->state->nretriers)
        return false;
    drop_children(ex, f);
    if (!f->retries)
        f->retries = mem_calloc(f->state->nretriers, sizeof *f->retries);
    f->retries[e->index]++;
    f->retry_count++;
    f->phase = FRAME_RETRYING;
    f->last_id = e->prev;
    set_due(ex, f, e->due_us);
    return true;
}

static bool parallel_started(struct exec *ex, struct frame *f, const struct event *e)
{
    if (!can_begin(f, ASL_PARALLEL))
        return false;
    const struct asl_parallel *p = &f->state->u.parallel;

    no_deadlines(ex, f);
    make_children(f, (uint32_t)p->nbranches);
    f->last_id = e->id;
    for (size_t i = 0; i < p->nbranches; i++)
        open_child(ex, f, p->branches[i], (int32_t)i, e->id);
    return true;
}

static bool map_started(struct exec *ex, struct frame *f, const struct event *e)
{
    if (!can_begin(f, ASL_MAP) || e->index < 0 || e->index > VALUE_BYTES_MAX)
        return false;
    no_deadlines(ex, f);
    make_children(f, (uint32_t)e->index);
    f->last_id = e->id;
    return true;
}

static bool iteration_started(struct exec *ex, struct frame *f, const struct event *e)
{
    if (f->phase != FRAME_CHILDREN || f->state->type != ASL_MAP || f->children->opened == f->children->n ||
        e->index != (int32_t)f->children->opened)
        return false;
    open_child(ex, f, f->state->u.map.processor, e->index, e->id);
    return true;
}

static bool iteration_succeeded(struct exec *ex, struct frame *f, const struct event *e)
{
    if (!f->parent || f->parent->state->type != ASL_MAP || f->phase != FRAME_DONE)
        return false;
    keep_value(&f->parent->children->results[f->index], f->output);
    f->parent->last_id = e->id;
    close_child(ex, f);
    return true;
}

/* There are some, or what they should do could not be evaluated. */
static bool children_failed(struct exec *ex, struct frame *f, const struct event *e)
{
    if (f->phase != FRAME_CHILDREN && (f->phase != FRAME_ENTERED || f->last_id == f->entered_id))
        return false;
    drop_children(ex, f);
    f->phase = FRAME_ENTERED;
    f->last_id = e->id;
    return true;
}

/* The state's work may have been about to begin again. */
static bool evaluation_failed(struct exec *ex, struct frame *f, const struct event *e)
{
    if (!f->state || f->phase == FRAME_LEFT || f->phase == FRAME_DONE)
        return false;
    if (f->phase == FRAME_RETRYING || f->phase == FRAME_WAITING) {
        no_deadlines(ex, f);
        f->phase = FRAME_ENTERED;
    }
    f->last_id = e->id;
    return true;
}

static bool follow(struct frame *f, const struct event *e)
{
    f->last_id = e->id;
    return true;
}

static bool change(struct exec *ex, struct frame *f, const struct event *e)
{
    switch (e->type) {
    case EV_EXECUTION_STARTED:
        return execution_started(ex, e);
    case EV_EXECUTION_SUCCEEDED:
        return execution_ended(ex, EXEC_SUCCEEDED, e);
    case EV_EXECUTION_FAILED:
        return execution_ended(ex, EXEC_FAILED, e);
    case EV_EXECUTION_ABORTED:
        return execution_ended(ex, EXEC_ABORTED, e);
    case EV_EXECUTION_TIMED_OUT:
        return execution_ended(ex, EXEC_TIMED_OUT, e);

    case EV_EVALUATION_FAILED:
        return evaluation_failed(ex, f, e);

    case EV_PASS_ENTERED:
        return state_entered(ex, f, ASL_PASS, e);
    case EV_CHOICE_ENTERED:
        return state_entered(ex, f, ASL_CHOICE, e);
    case EV_WAIT_ENTERED:
        return state_entered(ex, f, ASL_WAIT, e);
    case EV_SUCCEED_ENTERED:
        return state_entered(ex, f, ASL_SUCCEED, e);
    case EV_FAIL_ENTERED:
        return state_entered(ex, f, ASL_FAIL, e);
    case EV_TASK_ENTERED:
        return state_entered(ex, f, ASL_TASK, e);
    case EV_PARALLEL_ENTERED:
        return state_entered(ex, f, ASL_PARALLEL, e);
    case EV_MAP_ENTERED:
        return state_entered(ex, f, ASL_MAP, e);

    case EV_PASS_EXITED:
        return state_exited(ex, f, ASL_PASS, e);
    case EV_CHOICE_EXITED:
        return state_exited(ex, f, ASL_CHOICE, e);
    case EV_WAIT_EXITED:
        return state_exited(ex, f, ASL_WAIT, e);
    case EV_SUCCEED_EXITED:
        return state_exited(ex, f, ASL_SUCCEED, e);
    case EV_TASK_EXITED:
        return state_exited(ex, f, ASL_TASK, e);
    case EV_PARALLEL_EXITED:
        return state_exited(ex, f, ASL_PARALLEL, e);
    case EV_MAP_EXITED:
        return state_exited(ex, f, ASL_MAP, e);

    case EV_YIELDED:
        return yielded(ex, f, e);
    case EV_WAIT_SCHEDULED:
        return wait_scheduled(ex, f, e);
    case EV_RETRY_SCHEDULED:
        return retry_scheduled(ex, f, e);

    case EV_TASK_SCHEDULED:
    case EV_FUNCTION_SCHEDULED:
        return task_scheduled(ex, f, e);
    case EV_TASK_STARTED:
    case EV_FUNCTION_STARTED:
        return follow(f, e);
    case EV_TASK_SUBMITTED:
        return task_submitted(ex, f, e);
    case EV_CALLBACK_HELD:
        return callback_held(ex, f, e);
    case EV_CALL_WITHHELD:
        return call_withheld(ex, f, e);
    case EV_CALL_RELEASED:
        return call_released(ex, f);
    case EV_TASK_SUCCEEDED:
    case EV_TASK_FAILED:
    case EV_TASK_TIMED_OUT:
    case EV_FUNCTION_SUCCEEDED:
    case EV_FUNCTION_FAILED:
    case EV_FUNCTION_TIMED_OUT:
        return task_answered(ex, f, e);

    case EV_PARALLEL_STARTED:
        return parallel_started(ex, f, e);
    case EV_MAP_STARTED:
        return map_started(ex, f, e);
    case EV_ITERATION_STARTED:
        return iteration_started(ex, f, e);
    case EV_ITERATION_SUCCEEDED:
        return iteration_succeeded(ex, f, e);
    case EV_PARALLEL_FAILED:
    case EV_MAP_FAILED:
        return children_failed(ex, f, e);

    /* These stand aside: nothing follows from them, and what they end is closed by the event that follows. */
    case EV_PARALLEL_SUCCEEDED:
    case EV_MAP_SUCCEEDED:
    case EV_PARALLEL_ABORTED:
    case EV_MAP_ABORTED:
    case EV_TASK_ABORTED:
    case EV_WAIT_ABORTED:
    case EV_ITERATION_FAILED:
    case EV_ITERATION_ABORTED:
        return true;

    case EVENT_TYPES:
        break;
    }
    return false;
}

static bool try_apply(struct exec *ex, const struct event *e)
{
    bool numbered = !(event_flags(e->type) & EVENT_OWN), first = e->type == EV_EXECUTION_STARTED;
    struct frame *f = exec_frame(ex, e->frame);

    if (!f || ex->status != EXEC_RUNNING || e->id != (numbered ? ex->last_event_id + 1 : 0) ||
        first != (ex->last_event_id == 0) || !change(ex, f, e))
        return false;
    if (numbered)
        ex->last_event_id = e->id;
    return true;
}

void exec_apply(struct exec *ex, const struct event *e)
{
    bool fits = try_apply(ex, e);
    PAWL_ASSERT(fits);
}

int exec_fold(struct exec *ex, const struct event *e, struct err *err)
{
    if (try_apply(ex, e))
        return 0;
    return err_set(err, ERR_INTERNAL, "journal: event %d, %s, does not follow from event %d", e->id,
                   event_name(e->type), ex->last_event_id);
}

void exec_skip_to(struct exec *ex, int32_t last_event_id)
{
    PAWL_ASSERT(last_event_id >= ex->last_event_id);
    ex->last_event_id = ex->root.last_id = last_event_id;
}

/* ---- as text ---- */

static void dump_int(struct js_buf *out, const char *name, int64_t n)
{
    js_buf_str(out, " ");
    js_buf_str(out, name);
    js_buf_str(out, "=");
    js_buf_int(out, n);
}

static void dump_time(struct js_buf *out, const char *name, int64_t us)
{
    if (us != CLOCK_NEVER)
        dump_int(out, name, us);
}

static void dump_text(struct js_buf *out, const char *name, const char *text)
{
    if (!text)
        return;
    js_buf_str(out, " ");
    js_buf_str(out, name);
    js_buf_str(out, "=");
    js_buf_quoted(out, text, strlen(text));
}

static void dump_value(struct js_buf *out, const char *name, struct value *v)
{
    if (!v)
        return;
    size_t len;
    const char *text = value_text(v, &len);
    js_buf_str(out, " ");
    js_buf_str(out, name);
    js_buf_str(out, "=");
    js_buf_add(out, text, len);
}

static void dump_children(struct js_buf *out, const struct children *c)
{
    dump_int(out, "children", c->n);
    dump_int(out, "opened", c->opened);
    dump_int(out, "open", c->open);
    for (uint32_t i = 0; i < c->n; i++) {
        char name[24];
        snprintf(name, sizeof name, "result[%u]", i);
        dump_value(out, name, c->results[i]);
    }
}

static void dump_frame(struct frame *f, void *arg)
{
    static const char *const phases[] = {
        [FRAME_ENTERED] = "ENTERED", [FRAME_LEFT] = "LEFT",         [FRAME_READY] = "READY",
        [FRAME_CALLING] = "CALLING", [FRAME_WITHHELD] = "WITHHELD", [FRAME_TOKEN] = "TOKEN",
        [FRAME_WAITING] = "WAITING", [FRAME_RETRYING] = "RETRYING", [FRAME_CHILDREN] = "CHILDREN",
        [FRAME_DONE] = "DONE",
    };
    struct js_buf *out = arg;

    js_buf_str(out, "frame ");
    js_buf_int(out, f->id);
    js_buf_str(out, " ");
    js_buf_str(out, phases[f->phase]);
    dump_text(out, "state", f->state ? f->state->name : NULL);
    dump_int(out, "parent", f->parent ? f->parent->id : 0);
    dump_int(out, "index", f->index);
    dump_int(out, "entered", f->entered_id);
    dump_int(out, "last", f->last_id);
    dump_int(out, "scheduled", f->scheduled_id);
    dump_int(out, "entered_us", f->entered_us);
    dump_value(out, "input", f->input);
    dump_value(out, "args", f->args);
    dump_value(out, "output", f->output);
    for (const struct variable *v = f->variables; v; v = v->hh.next) {
        js_buf_str(out, " $");
        js_buf_str(out, v->name);
        dump_value(out, "", v->value);
    }
    dump_int(out, "retry_count", f->retry_count);
    for (size_t i = 0; f->retries && i < f->state->nretriers; i++)
        dump_int(out, "retries", f->retries[i]);
    dump_time(out, "due", f->due_us);
    dump_time(out, "timeout", f->timeout_us);
    dump_int(out, "heartbeat_s", f->heartbeat_s);
    if (f->held) {
        dump_value(out, "held", f->held->output);
        dump_text(out, "held_error", f->held->error);
        dump_text(out, "held_cause", f->held->cause);
    }
    if (f->children)
        dump_children(out, f->children);
    js_buf_str(out, "\n");
}

void exec_dump(const struct exec *ex, struct js_buf *out)
{
    js_buf_str(out, exec_status_name(ex->status));
    dump_text(out, "name", ex->name);
    dump_int(out, "id", ex->id);
    dump_int(out, "events", ex->last_event_id);
    dump_int(out, "next_frame", ex->next_frame);
    dump_int(out, "variables_bytes", (int64_t)ex->variables_bytes);
    dump_int(out, "seed", (int64_t)ex->seed);
    dump_int(out, "started_us", ex->started_us);
    dump_int(out, "stopped_us", ex->stopped_us);
    dump_time(out, "deadline", ex->deadline_us);
    dump_value(out, "input", ex->input);
    dump_value(out, "output", ex->output);
    dump_text(out, "error", ex->error);
    dump_text(out, "cause", ex->cause);
    js_buf_str(out, "\n");
    exec_each(ex, dump_frame, out);
}
