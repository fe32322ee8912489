#include "asl/interp_priv.h"

#include <string.h>
#include <utlist.h>

const struct state_ops STATE_OPS[] = {
    [ASL_TASK] = {EV_TASK_ENTERED, EV_TASK_EXITED, task_begin},
    [ASL_PASS] = {EV_PASS_ENTERED, EV_PASS_EXITED, pass_begin},
    [ASL_WAIT] = {EV_WAIT_ENTERED, EV_WAIT_EXITED, wait_begin},
    [ASL_CHOICE] = {EV_CHOICE_ENTERED, EV_CHOICE_EXITED, choice_begin},
    [ASL_SUCCEED] = {EV_SUCCEED_ENTERED, EV_SUCCEED_EXITED, succeed_begin},
    [ASL_FAIL] = {EV_FAIL_ENTERED, EVENT_TYPES, fail_begin},
    [ASL_PARALLEL] = {EV_PARALLEL_ENTERED, EV_PARALLEL_EXITED, parallel_begin},
    [ASL_MAP] = {EV_MAP_ENTERED, EV_MAP_EXITED, map_begin},
};

/* ---- outcomes ---- */

void outcome_init(struct outcome *out, struct arena *arena)
{
    *out = (struct outcome){.arena = arena, .wake_us = CLOCK_NEVER};
}

void outcome_clear(struct outcome *out)
{
    for (size_t i = 0; i < out->nevents; i++)
        event_fini(&out->events[i]);
    for (size_t i = 0; i < out->neffects; i++)
        value_unref(out->effects[i].body);
    out->nevents = out->neffects = 0;
    out->wake_us = CLOCK_NEVER;
}

void outcome_fini(struct outcome *out)
{
    outcome_clear(out);
    free(out->events);
    free(out->effects);
    *out = (struct outcome){0};
}

static size_t grown(size_t cap)
{
    return cap ? 2 * cap : 16;
}

static void add_event(struct outcome *out, const struct event *e)
{
    if (out->nevents == out->cap_events) {
        out->cap_events = grown(out->cap_events);
        out->events = mem_realloc(out->events, out->cap_events * sizeof *out->events);
    }
    out->events[out->nevents++] = *e;
}

static struct effect *add_effect(struct outcome *out, enum effect_type type, const struct frame *f)
{
    if (out->neffects == out->cap_effects) {
        out->cap_effects = grown(out->cap_effects);
        out->effects = mem_realloc(out->effects, out->cap_effects * sizeof *out->effects);
    }
    struct effect *e = &out->effects[out->neffects++];
    *e = (struct effect){
        .type = type,
        .frame = f->id,
        .event_id = f->scheduled_id,
        .entered_id = f->entered_id,
        .attempt = f->retry_count + 1,
        .state = f->state,
        .timeout_us = f->timeout_us,
    };
    return e;
}

/* ---- events ---- */

bool step_over(const struct step *s)
{
    return s->ex->status != EXEC_RUNNING;
}

static bool ends_execution(enum event_type t)
{
    return t == EV_EXECUTION_SUCCEEDED || t == EV_EXECUTION_FAILED || t == EV_EXECUTION_ABORTED ||
           t == EV_EXECUTION_TIMED_OUT;
}

static int32_t history_is_full(struct step *s, struct frame *f)
{
    char cause[96];

    snprintf(cause, sizeof cause, "The execution reached the maximum number of history events (%d).",
             EVENTS_MAX);
    execution_ends(s, f, f->last_id,
                   (struct event){.type = EV_EXECUTION_FAILED, .error = ERR_RUNTIME, .cause = cause});
    return 0;
}

static const char *copy_text(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

/* Mostly an event's payload is the one before it. */
static void count_event(struct step *s, const struct event *e)
{
    s->events++;
    if (e->data && e->data != s->counted)
        s->bytes += value_bytes(e->data);
    s->counted = e->data;
    for (size_t i = 0; e->assigned && i < e->assigned->n; i++)
        s->bytes += exec_variable_bytes(e->assigned->list[i].name, e->assigned->list[i].value);
}

int32_t emit_after(struct step *s, struct frame *f, int32_t prev, struct event e)
{
    struct exec *ex = s->ex;
    unsigned flags = event_flags(e.type);
    bool numbered = !(flags & EVENT_OWN);
    bool full = numbered && ex->last_event_id == EVENTS_MAX - 1 && !ends_execution(e.type);

    if (step_over(s))
        return 0;
    if (full)
        return history_is_full(s, f);
    e.id = numbered ? ex->last_event_id + 1 : 0;
    e.prev = prev;
    e.frame = f->id;
    e.at_us = s->now_us;
    if (!e.state && flags & EVENT_WITH_STATE)
        e.state = f->state;
    value_ref(e.data);
    assigned_ref(e.assigned);
    e.error = copy_text(e.error);
    e.cause = copy_text(e.cause);
    e.location = copy_text(e.location);
    e.role = copy_text(e.role);
    count_event(s, &e);
    add_event(s->out, &e);
    exec_apply(ex, &e);
    return e.id;
}

int32_t emit(struct step *s, struct frame *f, struct event e)
{
    return emit_after(s, f, f->last_id, e);
}

uint64_t step_dice(struct step *s)
{
    return clock_dice(s->ex->seed, ((uint64_t)s->ex->last_event_id << 32) + s->draws++);
}

/* ---- effects ---- */

void step_call(struct step *s, struct frame *f)
{
    if (!step_over(s))
        task_effect(s->ex, f, s->out->arena, add_effect(s->out, EFFECT_CALL, f));
}

/* The call of that attempt, if it waits for this very commit; NULL: it left with an earlier one. */
static struct effect *unreleased_call(const struct outcome *out, int32_t scheduled_id)
{
    if (out->nevents == 0 || scheduled_id < out->events[0].id)
        return NULL;
    for (size_t i = out->neffects; i-- > 0;)
        if (out->effects[i].type == EFFECT_CALL && out->effects[i].event_id == scheduled_id)
            return &out->effects[i];
    return NULL;
}

void step_cancel(struct step *s, struct frame *f)
{
    if (f->phase != FRAME_CALLING)
        return;
    struct effect *call = unreleased_call(s->out, f->scheduled_id);
    if (call)
        call->type = EFFECT_VOID;
    else
        add_effect(s->out, EFFECT_CANCEL, f);
}

/* Calls that were cancelled before they left need not leave at all. */
static void drop_void_effects(struct outcome *out)
{
    size_t kept = 0;

    for (size_t i = 0; i < out->neffects; i++)
        if (out->effects[i].type == EFFECT_VOID)
            value_unref(out->effects[i].body);
        else
            out->effects[kept++] = out->effects[i];
    out->neffects = kept;
}

static void cancel(struct frame *f, void *s)
{
    step_cancel(s, f);
}

void execution_ends(struct step *s, struct frame *f, int32_t prev, struct event e)
{
    if (!emit_after(s, f, prev, e))
        return;
    exec_each(s->ex, cancel, s);
    add_effect(s->out, EFFECT_FINISH, &s->ex->root);
}

/* ---- from state to state ---- */

static void make_room(struct step *s)
{
    if (s->ntodo < s->cap)
        return;
    struct transition *more = arena_alloc(s->out->arena, grown(s->cap) * sizeof *more);
    if (s->ntodo)
        memcpy(more, s->todo, s->ntodo * sizeof *more);
    s->todo = more;
    s->cap = grown(s->cap);
}

static void step_add(struct step *s, const struct frame *f, const struct asl_state *to, struct value *input)
{
    if (step_over(s))
        return;
    make_room(s);
    s->todo[s->ntodo++] = (struct transition){f->id, to, value_ref(input)};
}

void step_start(struct step *s, const struct frame *child, struct value *input)
{
    step_add(s, child, child->block->start, input);
}

void step_go(struct step *s, const struct frame *f, const struct asl_state *to, struct value *input)
{
    if (step_over(s))
        return;
    if (s->ex->inspection) { /* a trial ends here */
        s->ex->inspection->next = to;
        return;
    }
    if (s->next == 0)
        make_room(s);
    s->todo[s->next ? --s->next : s->ntodo++] = (struct transition){f->id, to, value_ref(input)};
}

static void enter(struct step *s, struct frame *f, const struct asl_state *to, struct value *input)
{
    const struct state_ops *ops = &STATE_OPS[to->type];

    if (emit(s, f, (struct event){.type = ops->entered, .state = to, .data = input}))
        ops->begin(s, f);
}

static bool long_enough(const struct step *s)
{
    size_t events_max = s->out->events_max ? s->out->events_max : STEP_EVENTS;
    return s->events >= events_max || s->bytes >= STEP_BYTES || s->visits >= STEP_VISITS;
}

static void yield(struct step *s, struct frame *f, const struct asl_state *to, struct value *input)
{
    if (f->phase == FRAME_READY)
        return; /* it had not its turn in this step */
    emit(s, f, (struct event){.type = EV_YIELDED, .state = to, .data = input, .due_us = s->now_us});
}

/* Each frame goes on until it waits for something, then the next. Some were closed meanwhile. */
static void run(struct step *s)
{
    while (s->next < s->ntodo) {
        struct transition t = s->todo[s->next++];
        if (s->next == s->ntodo)
            s->next = s->ntodo = 0;
        struct frame *f = step_over(s) ? NULL : exec_frame(s->ex, t.frame);
        if (f)
            (long_enough(s) ? yield : enter)(s, f, t.to, t.input);
        value_unref(t.input);
    }
}

/* The output of a block's last state is the block's. */
static void block_done(struct step *s, struct frame *f, struct frame *parent, struct value *output)
{
    if (step_over(s))
        return;
    if (!parent)
        execution_ends(s, f, f->last_id, (struct event){.type = EV_EXECUTION_SUCCEEDED, .data = output});
    else if (parent->state->type == ASL_MAP)
        iteration_done(s, f);
    else
        branch_done(s, parent); /* f is closed */
}

void leaving_fini(struct leaving *l)
{
    value_unref(l->output);
    assigned_unref(l->assigned);
    *l = (struct leaving){0};
}

void state_leave(struct step *s, struct frame *f, const struct asl_state *next, const struct leaving *l)
{
    struct frame *parent = f->parent;
    enum event_type exited = STATE_OPS[f->state->type].exited;

    emit(s, f, (struct event){.type = exited, .data = l->output, .assigned = l->assigned});
    if (next)
        step_go(s, f, next, l->output);
    else
        block_done(s, f, parent, l->output);
}

void state_caught(struct step *s, struct frame *f, size_t catcher, const struct leaving *l)
{
    const struct asl_state *st = f->state;

    emit(s, f,
         (struct event){.type = STATE_OPS[st->type].exited,
                        .data = l->output,
                        .assigned = l->assigned,
                        .index = (int32_t)catcher + 1});
    step_go(s, f, st->catchers[catcher].next, l->output);
}

void state_done(struct step *s, struct frame *f, struct value *result)
{
    struct leaving l = {0};
    struct err err;

    if (dataflow_output(s, f, result, &l, &err) < 0)
        return state_broken(s, f, &err);
    state_leave(s, f, f->state->next, &l);
    leaving_fini(&l);
}

bool state_mocked(struct step *s, struct frame *f)
{
    struct inspection *in = s->ex->inspection;

    if (!in || !in->mocked)
        return false;
    if (in->result) {
        if (f->state->type == ASL_TASK)
            stage_seen(s, INSPECT_RESULT, in->result);
        state_done(s, f, in->result);
    } else {
        state_failed(s, f,
                     &(struct failure){
                         .error = in->error, .cause = in->cause, .match = in->error, .event_id = f->last_id});
    }
    return true;
}

void waits_long(struct step *s, struct frame *f)
{
    value_rest(f->input);
    value_rest(s->ex->input);
    for (struct variable *v = f->variables; v; v = v->hh.next)
        value_rest(v->value);
}

/* ---- stimuli ---- */

struct text {
    const char *error, *cause;
};

static struct text told(struct step *s, const struct stimulus *in)
{
    return (struct text){
        in->error ? error_text(s, in->error, strlen(in->error)) : NULL,
        in->cause ? cause_text(s, in->cause, strlen(in->cause)) : NULL,
    };
}

static int call_answered(struct step *s, const struct stimulus *in, struct err *err)
{
    struct frame *f = exec_attempt(s->ex, in->event_id);
    struct text text = told(s, in);

    if (!f || f->phase != FRAME_CALLING || step_over(s))
        return err_set(err, ERR_NOT_FOUND, "the attempt of event %d is over", in->event_id);
    if (in->type == STIM_TASK_SUCCEEDED)
        task_succeeded(s, f, in->data);
    else
        task_failed(s, f, text.error, text.cause);
    return 0;
}

/* Recorded, so that the next owner may make it even if it is to be made at most once. */
static int call_withheld(struct step *s, const struct stimulus *in, struct err *err)
{
    struct frame *f = exec_attempt(s->ex, in->event_id);

    if (!f || f->phase != FRAME_CALLING || f->held || step_over(s))
        return err_set(err, ERR_NOT_FOUND, "there is no call of event %d to be withheld", in->event_id);
    emit(s, f, (struct event){.type = EV_CALL_WITHHELD, .due_us = s->now_us});
    return 0;
}

static void release_call(struct step *s, struct frame *f)
{
    emit(s, f, (struct event){.type = EV_CALL_RELEASED});
    step_call(s, f);
}

static int callback(struct step *s, const struct stimulus *in, struct err *err)
{
    struct frame *f = exec_attempt(s->ex, in->event_id);
    struct text text = told(s, in);

    if (in->event_id > s->ex->last_event_id || (f && f->state->u.task.pattern != ASL_WAIT_FOR_TOKEN))
        return err_set(err, ERR_TASK_MISSING, "Task Does Not Exist: 'Provided task does not exist'");
    if (!f || f->held || step_over(s))
        return err_set(err, ERR_TASK_TIMED_OUT, "Task Timed Out: 'Provided task does not exist anymore'");
    if (in->type == STIM_TOKEN_HEARTBEAT) {
        exec_heartbeat(s->ex, f, s->now_us);
        return 0;
    }
    if (in->type == STIM_TOKEN_SUCCEEDED && value_bytes(in->data) > VALUE_BYTES_MAX)
        return err_set(err, ERR_INVALID_OUTPUT,
                       "Invalid Output: 'the output has %zu bytes, at most %d are allowed'",
                       value_bytes(in->data), VALUE_BYTES_MAX);
    token_answered(s, f, in->type == STIM_TOKEN_SUCCEEDED ? in->data : NULL, text.error, text.cause);
    return 0;
}

/* Ended from outside. A stop follows from nothing in the history: its event says 0. */
static int ended_by(struct step *s, const struct stimulus *in, struct err *err)
{
    struct frame *root = &s->ex->root;
    bool stop = in->type == STIM_STOP;
    struct text text = told(s, in);

    if (step_over(s))
        return err_set(err, ERR_NOT_FOUND, "the execution has ended: %s", exec_status_name(s->ex->status));
    execution_ends(s, root, stop ? 0 : root->last_id,
                   (struct event){.type = stop ? EV_EXECUTION_ABORTED : EV_EXECUTION_FAILED,
                                  .error = text.error,
                                  .cause = text.cause});
    return 0;
}

static void start(struct step *s, const struct stimulus *in)
{
    struct exec *ex = s->ex;

    PAWL_ASSERT(ex->last_event_id == 0 && in->data);
    emit(s, &ex->root, (struct event){.type = EV_EXECUTION_STARTED, .data = in->data, .seed = in->seed});
    if (in->error)
        ended_by(s, in, NULL);
    else
        step_add(s, &ex->root, ex->inspection ? ex->inspection->state : ex->root.block->start, in->data);
}

/* ---- time ---- */

struct due_frame {
    uint32_t frame;
    int32_t timed_out; /* the event that says so; 0: it is due for another reason */
    bool heartbeat;    /* it was HeartbeatSeconds that ran out */
};

struct due { /* the frames whose moment has come, parents before children, elder before younger */
    struct step *s;
    struct due_frame *list;
    size_t n, cap;
};

static void collect_due(struct frame *f, void *arg)
{
    struct due *d = arg;
    int64_t now = d->s->now_us;

    if (f->due_us > now && f->timeout_us > now && f->heartbeat_us > now)
        return;
    if (d->n == d->cap) {
        struct due_frame *more = arena_alloc(d->s->out->arena, grown(d->cap) * sizeof *more);
        if (d->n)
            memcpy(more, d->list, d->n * sizeof *more);
        d->list = more;
        d->cap = grown(d->cap);
    }
    d->list[d->n++] = (struct due_frame){.frame = f->id, .heartbeat = f->timeout_us > now};
}

static void go_on(struct step *s, struct frame *f, const struct due_frame *d)
{
    if (d->timed_out) {
        state_failed(s, f,
                     &(struct failure){.error = ERR_TIMEOUT,
                                       .match = d->heartbeat ? ERR_HEARTBEAT_TIMEOUT : ERR_TIMEOUT,
                                       .event_id = d->timed_out});
    } else if (f->held) {
        step_cancel(s, f);
        token_released(s, f);
    } else if (f->phase == FRAME_WITHHELD) {
        release_call(s, f);
    } else if (f->phase == FRAME_READY) {
        step_go(s, f, f->state, f->input);
    } else if (f->phase == FRAME_WAITING) {
        wait_over(s, f);
    } else if (f->phase == FRAME_RETRYING) {
        STATE_OPS[f->state->type].begin(s, f);
    }
}

static bool out_of_time(const struct frame *f, int64_t now_us)
{
    return f->scheduled_id && !f->held && (f->timeout_us <= now_us || f->heartbeat_us <= now_us);
}

/* All tasks whose time has run out say so first; then each failure takes its course, and may close others. */
static void time_has_come(struct step *s)
{
    struct exec *ex = s->ex;
    struct due due = {.s = s};

    if (exec_wake(ex) > s->now_us)
        return;
    if (ex->deadline_us <= s->now_us)
        return execution_ends(s, &ex->root, 0,
                              (struct event){.type = EV_EXECUTION_TIMED_OUT, .error = ERR_TIMEOUT});
    exec_each(ex, collect_due, &due);
    for (size_t i = 0; i < due.n; i++) {
        struct frame *f = exec_frame(ex, due.list[i].frame);
        if (!out_of_time(f, s->now_us))
            continue;
        step_cancel(s, f);
        due.list[i].timed_out = task_times_out(s, f);
    }
    for (size_t i = 0; i < due.n && !step_over(s); i++) {
        struct frame *f = exec_frame(ex, due.list[i].frame);
        if (f)
            go_on(s, f, &due.list[i]);
    }
}

/* ---- the two doors ---- */

int interp_step(struct exec *ex, const struct stimulus *in, int64_t now_us, struct outcome *out,
                struct err *err)
{
    struct step s = {.ex = ex, .out = out, .now_us = now_us};
    int rc = 0;

    switch (in->type) {
    case STIM_START:
        start(&s, in);
        break;
    case STIM_TASK_SUCCEEDED:
    case STIM_TASK_FAILED:
        rc = call_answered(&s, in, err);
        break;
    case STIM_CALL_WITHHELD:
        rc = call_withheld(&s, in, err);
        break;
    case STIM_TOKEN_SUCCEEDED:
    case STIM_TOKEN_FAILED:
    case STIM_TOKEN_HEARTBEAT:
        rc = callback(&s, in, err);
        break;
    case STIM_TIMER:
        time_has_come(&s);
        break;
    case STIM_STOP:
    case STIM_FAIL:
        rc = ended_by(&s, in, err);
        break;
    }
    run(&s);
    drop_void_effects(out);
    out->wake_us = exec_wake(ex);
    return rc;
}

struct resume {
    struct exec *ex;
    struct outcome *out;
    int64_t now_us;
};

static void resume_frame(struct frame *f, void *arg)
{
    struct resume *r = arg;

    exec_heartbeat(r->ex, f, r->now_us);
    if (f->phase != FRAME_CALLING)
        return;
    bool lost = f->state->u.task.at_most_once;
    task_effect(r->ex, f, r->out->arena, add_effect(r->out, lost ? EFFECT_LOST : EFFECT_CALL, f));
}

void interp_resume(struct exec *ex, int64_t now_us, struct outcome *out)
{
    struct resume r = {ex, out, now_us};

    if (ex->status == EXEC_RUNNING)
        exec_each(ex, resume_frame, &r);
    out->wake_us = exec_wake(ex);
}

/* ---- names ---- */

char *interp_idempotency_key(char *buf, int64_t execution_id, int32_t scheduled_id)
{
    snprintf(buf, INTERP_KEY_BYTES, "%016llx-%d", (unsigned long long)execution_id, scheduled_id);
    return buf;
}

char *interp_step_key(char *buf, int64_t execution_id, int32_t entered_id)
{
    snprintf(buf, INTERP_KEY_BYTES, "%016llx-s%d", (unsigned long long)execution_id, entered_id);
    return buf;
}

static void arn(const struct exec *ex, const char *kind, struct js_buf *out)
{
    js_buf_str(out, ex->arn_prefix);
    js_buf_str(out, kind);
    js_buf_str(out, ex->machine);
}

void interp_execution_arn(const struct exec *ex, struct js_buf *out)
{
    arn(ex, ex->inspection ? "express:" : "execution:", out); /* a trial runs as EXPRESS does (recorded) */
    js_buf_str(out, ":");
    js_buf_str(out, ex->name);
}

void interp_machine_arn(const struct exec *ex, struct js_buf *out)
{
    arn(ex, "stateMachine:", out);
}
