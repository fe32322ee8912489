#include "asl/interp_priv.h"

#include <string.h>
#include <utlist.h>

static const char *bounded(struct step *s, const char *text, size_t len, size_t max_bytes)
{
    char *clean = js_clean(text, len, max_bytes);
    const char *kept = arena_strndup(s->out->arena, clean, strlen(clean));
    free(clean);
    return kept;
}

const char *error_text(struct step *s, const char *text, size_t len)
{
    return bounded(s, text, len, EVENT_ERROR_BYTES_MAX);
}

const char *cause_text(struct step *s, const char *text, size_t len)
{
    return bounded(s, text, len, EVENT_CAUSE_BYTES_MAX);
}

/* ---- abort: what still runs beside a failure ---- */

static void abort_frame(struct step *s, struct frame *f, int32_t failure, enum event_type iteration);

/* The failed one first, then the others in their order. */
static void abort_children(struct step *s, struct frame *parent, struct frame *failed, int32_t failure)
{
    struct frame *f;

    if (!parent->children)
        return;
    if (failed)
        abort_frame(s, failed, failure, EV_ITERATION_FAILED);
    DL_FOREACH (parent->children->list, f)
        if (f != failed)
            abort_frame(s, f, failure, EV_ITERATION_ABORTED);
}

/* A state that was entered and neither left nor ended by an event of its own. */
static void abort_state(struct step *s, struct frame *f, int32_t failure)
{
    enum event_type aborted;

    if (!f->state || f->phase == FRAME_LEFT || f->phase == FRAME_READY)
        return;
    bool under_way = f->phase == FRAME_CHILDREN || f->phase == FRAME_RETRYING;
    if (f->state->type == ASL_TASK)
        aborted = EV_TASK_ABORTED;
    else if (f->state->type == ASL_WAIT)
        aborted = EV_WAIT_ABORTED;
    else if (f->state->type == ASL_PARALLEL && under_way)
        aborted = EV_PARALLEL_ABORTED;
    else if (f->state->type == ASL_MAP && under_way)
        aborted = EV_MAP_ABORTED;
    else
        return;
    step_cancel(s, f);
    emit_after(s, f, failure, (struct event){.type = aborted});
    abort_children(s, f, NULL, failure);
}

static void abort_frame(struct step *s, struct frame *f, int32_t failure, enum event_type iteration)
{
    const struct asl_state *owner = f->parent->state;

    if (owner->type == ASL_MAP)
        emit_after(s, f, failure, (struct event){.type = iteration, .state = owner, .index = f->index});
    abort_state(s, f, failure);
}

/* ---- evaluations that went wrong ---- */

/* What could not be evaluated, and where. */
static const char *explained(struct step *s, const struct frame *f, const struct err *err)
{
    if (!strcmp(err->name, ERR_DATA_LIMIT) || s->ex->inspection) /* a trial has no history to point into */
        return err->cause;
    return arena_printf(s->out->arena,
                        "An error occurred while executing the state '%s' (entered at the event id #%d). %s",
                        f->state->name, f->entered_id, err->cause);
}

/* States.Runtime ends the execution, wherever it comes from. */
static bool ends_all(struct step *s, struct frame *f, const struct err *err)
{
    if (strcmp(err->name, ERR_RUNTIME) != 0)
        return false;
    execution_ends(
        s, f, f->last_id,
        (struct event){.type = EV_EXECUTION_FAILED, .error = err->name, .cause = explained(s, f, err)});
    return true;
}

/*
 * EvaluationFailed. It follows from what came before the state was entered, if nothing has happened in it
 * since; but in a Wait from that (recorded).
 */
static int32_t evaluation_failed(struct step *s, struct frame *f, const struct err *err, const char *cause)
{
    bool at_once = f->last_id == f->entered_id && f->state->type != ASL_WAIT;
    const char *location = s->location;

    s->location = NULL;
    return emit_after(
        s, f, at_once ? f->before_id : f->last_id,
        (struct event){
            .type = EV_EVALUATION_FAILED, .error = err->name, .cause = cause, .location = location});
}

/* What err makes the state fail with. */
static struct failure broken(struct step *s, struct frame *f, const struct err *err)
{
    struct failure why = {
        .error = err->name, .cause = explained(s, f, err), .match = err->name, .event_id = f->last_id};

    if (strcmp(err->name, ERR_QUERY) == 0) {
        why.evaluation = true;
        why.event_id = evaluation_failed(s, f, err, why.cause);
    }
    return why;
}

/* ---- retry, catch, fail ---- */

static bool retry(struct step *s, struct frame *f, const struct failure *why)
{
    const struct asl_state *st = f->state;
    int i = retry_find(st->retriers, st->nretriers, why->match);
    if (i < 0)
        return false;
    uint64_t jitter = clock_dice(~s->ex->seed, (uint64_t)why->event_id); /* each failure draws its own */
    uint32_t made = s->ex->inspection ? s->ex->inspection->retries : f->retries ? f->retries[i] : 0;
    int64_t wait = retry_delay(&st->retriers[i], made, jitter);
    if (wait == RETRY_EXHAUSTED)
        return false;

    emit_after(s, f, why->event_id,
               (struct event){.type = EV_RETRY_SCHEDULED, .index = i, .due_us = s->now_us + wait});
    return true;
}

static json_object *text_or_null(const char *text)
{
    return text ? json_object_new_string(text) : NULL;
}

/* {"Error": ..., "Cause": ...} */
static struct value *error_output(const struct failure *why)
{
    json_object *error = json_object_new_object();

    json_object_object_add(error, "Error", text_or_null(why->error));
    json_object_object_add(error, "Cause", text_or_null(why->cause));
    return value_take(error, 0);
}

/* By the catcher's ResultPath into the state's raw input. */
static int place_error(const struct frame *f, const struct catcher *c, struct value *error,
                       struct value **out, struct err *err)
{
    const char *name = f->state->name;

    if (c->drop_result || !c->result_path) {
        *out = value_ref(c->drop_result ? f->input : error);
        return 0;
    }
    return value_fitting(value_placed(name, c->result_path, f->input, error, out, err), name, out, err);
}

static int catch_error(struct step *s, struct frame *f, const struct catcher *c, const struct failure *why,
                       struct leaving *l, struct err *err)
{
    struct value *error = error_output(why);
    int rc;

    if (f->state->jsonata) {
        rc = jsonata_leave(
            s, f, &(struct jsonata_exit){c->output, c->assign, .otherwise = error, .error = error}, l, err);
    } else {
        rc = place_error(f, c, error, &l->output, err);
        if (rc == 0)
            rc = dataflow_assign(s, f, c->assign, error, &l->assigned, err);
    }
    value_unref(error);
    return rc;
}

static bool caught(struct step *s, struct frame *f, const struct failure *why)
{
    const struct asl_state *st = f->state;
    struct leaving l = {0};
    struct err err;
    int i = catch_find(st->catchers, st->ncatchers, why->match);

    if (i < 0)
        return false;
    if (catch_error(s, f, &st->catchers[i], why, &l, &err) == 0) {
        state_caught(s, f, (size_t)i, &l);
    } else if (!ends_all(s, f, &err)) { /* nothing of this state may take an error of its own catchers */
        struct failure own = broken(s, f, &err);
        frame_failed(s, f, &own);
    }
    leaving_fini(&l);
    return true;
}

static bool is_parallel_or_map(const struct frame *f)
{
    return f->state->type == ASL_PARALLEL || f->state->type == ASL_MAP;
}

void state_failed(struct step *s, struct frame *f, const struct failure *why)
{
    struct failure told = *why;

    if (s->ex->inspection)
        inspect_failure(s->ex->inspection, why->error, why->cause);
    abort_children(s, f, why->from, why->event_id);
    if (step_over(s) || retry(s, f, why))
        return;

    if (f->phase == FRAME_CHILDREN || (why->evaluation && is_parallel_or_map(f)))
        told.event_id = emit_after(
            s, f, why->event_id,
            (struct event){.type = f->state->type == ASL_MAP ? EV_MAP_FAILED : EV_PARALLEL_FAILED});
    if (!caught(s, f, &told))
        frame_failed(s, f, &told);
}

void frame_failed(struct step *s, struct frame *f, const struct failure *why)
{
    struct failure told = *why;

    if (!f->parent)
        return execution_ends(
            s, f, f->last_id,
            (struct event){.type = EV_EXECUTION_FAILED, .error = why->error, .cause = why->cause});
    told.event_id = f->last_id;
    told.from = f;
    state_failed(s, f->parent, &told);
}

void state_broken(struct step *s, struct frame *f, const struct err *err)
{
    if (ends_all(s, f, err))
        return;
    struct failure why = broken(s, f, err);
    state_failed(s, f, &why);
}
