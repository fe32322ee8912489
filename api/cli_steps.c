#include "cli_steps.h"

#include "base/arena.h"

#include <string.h>

enum { EVENTS_MAX = 10000000 };

/* ---- reading an event ---- */

static const char *text_of(json_object *o, const char *name)
{
    json_object *v = json_object_object_get(o, name);
    return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

static char *copy(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

/* The object "...EventDetails", or NULL. */
static json_object *details(json_object *event)
{
    json_object_object_foreach(event, name, value)
    {
        size_t n = strlen(name);
        if (n > 12 && !strcmp(name + n - 12, "EventDetails") && json_object_is_type(value, json_type_object))
            return value;
    }
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static bool begins_with(const char *text, const char *begin)
{
    return !strncmp(text, begin, strlen(begin));
}

/* ---- the tree ---- */

static void *grow(void *list, unsigned n, size_t size)
{
    return n & (n - 1) ? list
                       : mem_realloc(list, (n ? (size_t)n * 2 : 1) * size); /* doubles at powers of two */
}

static struct step *step_add(struct region *in, const char *name, const char *type, size_t type_len)
{
    struct step *s = mem_calloc(1, sizeof *s);
    s->name = copy(name);
    s->type = mem_strndup(type, type_len);
    s->items = -1;
    s->in = in;
    s->depth = in->owner ? in->owner->depth + 1 : 0;
    in->steps = grow(in->steps, in->nsteps, sizeof *in->steps);
    return in->steps[in->nsteps++] = s;
}

static struct region *region_add(struct step *owner, int place)
{
    struct region *r = mem_calloc(1, sizeof *r);
    r->owner = owner;
    r->place = place;
    r->attempt = owner->nattempts;
    owner->regions = grow(owner->regions, owner->nregions, sizeof(void *));
    return owner->regions[owner->nregions++] = r;
}

static struct step_attempt *attempt_add(struct step *s, int64_t at_us)
{
    s->attempts = grow(s->attempts, s->nattempts, sizeof *s->attempts);
    struct step_attempt *a = &s->attempts[s->nattempts++];
    *a = (struct step_attempt){.began_us = at_us};
    return a;
}

static struct step *last_step(const struct region *r)
{
    return r && r->nsteps ? r->steps[r->nsteps - 1] : NULL;
}

static struct region *outer(const struct region *r)
{
    return r->owner ? r->owner->in : NULL;
}

static struct step_attempt *running_attempt(const struct step *s)
{
    struct step_attempt *a = s->nattempts ? &s->attempts[s->nattempts - 1] : NULL;
    return a && !a->ended_us ? a : NULL;
}

/*
 * From r outwards: the step that an event of this type is about.  Without a name: of which the events are not
 * yet at their end.  What fails for good says so before anything around it is tried again, so the innermost
 * one is meant.
 */
static struct step *open_step(struct region *r, const char *type, const char *name)
{
    for (; r; r = outer(r)) {
        struct step *s = last_step(r);
        if (s && !s->left_us && begins_with(type, s->type) && (name ? !strcmp(s->name, name) : !s->failed))
            return s;
    }
    return NULL;
}

static void region_fini(struct region *r);

static void step_free(struct step *s)
{
    for (unsigned i = 0; i < s->nregions; i++) {
        region_fini(s->regions[i]);
        free(s->regions[i]);
    }
    for (unsigned i = 0; i < s->nattempts; i++) {
        free(s->attempts[i].error);
        free(s->attempts[i].cause);
    }
    free(s->regions);
    free(s->attempts);
    free(s->name);
    free(s->type);
    free(s);
}

static void region_fini(struct region *r)
{
    for (unsigned i = 0; i < r->nsteps; i++)
        step_free(r->steps[i]);
    free(r->steps);
}

void steps_fini(struct steps *s)
{
    region_fini(&s->root);
    free(s->places);
}

/* ---- one event ---- */

struct happening { /* an event, taken apart */
    const char *type;
    const char *name;     /* of the state, or NULL */
    json_object *details; /* NULL: none */
    int64_t at_us;
    struct steps_place *here; /* where it happened; at first where the event happened that caused it */
    struct step *opens;       /* that one was ParallelStateStarted: a branch of this step begins */
};

static void tell(struct steps *s, const struct step *step, enum step_news news)
{
    if (s->news)
        s->news(s->arg, step, news);
}

static void leave(struct steps *s, struct step *step, int64_t at_us, enum step_status status)
{
    struct step_attempt *a = running_attempt(step);
    if (a) {
        a->ended_us = at_us;
        a->ok = status == STEP_OK;
    }
    step->left_us = at_us;
    step->status = status;
    tell(s, step, STEP_LEAVES);
}

static int next_branch(const struct step *parallel)
{
    int n = 0;
    for (unsigned i = 0; i < parallel->nregions; i++)
        n += parallel->regions[i]->attempt == parallel->nattempts;
    return n;
}

static void entered(struct steps *s, struct happening *h)
{
    if (h->opens)
        h->here->region = region_add(h->opens, next_branch(h->opens));
    struct step *step =
        step_add(h->here->region, h->name ? h->name : "?", h->type, strlen(h->type) - strlen("StateEntered"));
    step->entered_us = h->at_us;
    if (!strcmp(step->type, "Fail"))
        leave(s, step, h->at_us, STEP_FAILED);
    else if (!strcmp(step->type, "Wait"))
        tell(s, step, STEP_OPENS);
}

static void exited(struct steps *s, struct happening *h)
{
    struct step *step = open_step(h->here->region, h->type, h->name);
    if (!step)
        return;
    h->here->region = step->in;
    bool failed = step->nattempts && !running_attempt(step) && !step->attempts[step->nattempts - 1].ok;
    leave(s, step, h->at_us, failed ? STEP_CAUGHT : STEP_OK);
}

/* MapStateStarted, ParallelStateStarted: a run of all items or branches. */
static void run_started(struct steps *s, struct happening *h)
{
    struct step *step = open_step(h->here->region, h->type, NULL);
    json_object *length;
    if (!step)
        return;
    h->here->region = step->in;
    if (running_attempt(step)) /* it is tried again */
        running_attempt(step)->ended_us = h->at_us;
    attempt_add(step, h->at_us);
    if (h->details && json_object_object_get_ex(h->details, "length", &length))
        step->items = json_object_get_int64(length);
    if (!strcmp(step->type, "Parallel"))
        h->here->opens = step;
    tell(s, step, STEP_OPENS);
}

static void attempt_failed(struct steps *s, struct happening *h, struct step *step)
{
    struct step_attempt *a = running_attempt(step);
    if (!a)
        a = attempt_add(step, h->at_us); /* it failed before it was sent */
    a->ended_us = h->at_us;
    if (h->details) {
        a->error = copy(text_of(h->details, "error"));
        a->cause = copy(text_of(h->details, "cause"));
    }
    tell(s, step, STEP_ATTEMPT_FAILED);
}

/* ParallelStateSucceeded, MapStateFailed, ... */
static void run_ended(struct steps *s, struct happening *h)
{
    struct step *step = open_step(h->here->region, h->type, NULL);
    struct step_attempt *a = step ? running_attempt(step) : NULL;
    if (!a)
        return;
    h->here->region = step->in;
    if (ends_with(h->type, "Failed")) {
        step->failed = true;
        attempt_failed(s, h, step);
    } else {
        a->ended_us = h->at_us;
        a->ok = true;
    }
}

static void iteration_started(struct happening *h)
{
    struct step *map = open_step(h->here->region, "Map", h->name);
    json_object *index = h->details ? json_object_object_get(h->details, "index") : NULL;
    if (map)
        h->here->region = region_add(map, json_object_get_int(index));
}

/* Of a task: TaskScheduled, LambdaFunctionFailed, ActivityTimedOut, ... */
static void task_event(struct steps *s, struct happening *h)
{
    struct step *step = last_step(h->here->region);
    if (!step || step->left_us || strcmp(step->type, "Task"))
        return;
    struct step_attempt *a = running_attempt(step);
    if (ends_with(h->type, "Scheduled"))
        attempt_add(step, h->at_us);
    else if (ends_with(h->type, "Failed") || ends_with(h->type, "TimedOut"))
        attempt_failed(s, h, step);
    else if (ends_with(h->type, "Succeeded") && a) {
        a->ended_us = h->at_us;
        a->ok = true;
    }
}

static void apply(struct steps *s, struct happening *h)
{
    if (ends_with(h->type, "StateEntered"))
        entered(s, h);
    else if (ends_with(h->type, "StateExited"))
        exited(s, h);
    else if (ends_with(h->type, "StateStarted"))
        run_started(s, h);
    else if (ends_with(h->type, "StateSucceeded") || ends_with(h->type, "StateFailed"))
        run_ended(s, h);
    else if (!strcmp(h->type, "MapIterationStarted"))
        iteration_started(h);
    else if (begins_with(h->type, "Task") || begins_with(h->type, "LambdaFunction") ||
             begins_with(h->type, "Activity"))
        task_event(s, h);
}

/* ---- the fold ---- */

static void make_room(struct steps *s, size_t id)
{
    if (id < s->nevents)
        return;
    size_t n = s->nevents ? s->nevents : 64;
    while (n <= id)
        n *= 2;
    s->places = mem_realloc(s->places, n * sizeof *s->places);
    for (size_t i = s->nevents; i < n; i++)
        s->places[i] = (struct steps_place){.region = &s->root};
    s->nevents = n;
}

static size_t id_of(json_object *event, const char *name)
{
    int64_t id = json_object_get_int64(json_object_object_get(event, name));
    return id > 0 && id < EVENTS_MAX ? (size_t)id : 0;
}

bool steps_apply(struct steps *s, json_object *event)
{
    size_t id = id_of(event, "id"), cause = id_of(event, "previousEventId");
    struct happening h = {.type = text_of(event, "type"), .details = details(event)};
    if (!h.type)
        return false;
    h.name = h.details ? text_of(h.details, "name") : NULL;
    h.at_us = (int64_t)(json_object_get_double(json_object_object_get(event, "timestamp")) * 1e6 + 0.5);
    make_room(s, id > cause ? id : cause);
    h.here = &s->places[id];
    h.opens = s->places[cause].opens;
    *h.here = (struct steps_place){.region = s->places[cause].region};

    if (!strcmp(h.type, "ExecutionStarted"))
        s->started_us = h.at_us;
    if (!begins_with(h.type, "Execution")) {
        apply(s, &h);
        return false;
    }
    bool last = ends_with(h.type, "Succeeded") || ends_with(h.type, "Failed") ||
                ends_with(h.type, "Aborted") || ends_with(h.type, "TimedOut");
    s->ended_us = last ? h.at_us : 0;
    return last;
}

/* Is the run of branches or items over that the region belongs to? */
static bool run_over(const struct region *r)
{
    return r->owner && r->attempt && r->owner->attempts[r->attempt - 1].ended_us;
}

enum step_status steps_status(const struct steps *s, const struct step *step)
{
    const struct step_attempt *last = step->nattempts ? &step->attempts[step->nattempts - 1] : NULL;
    if (step->left_us)
        return step->status;
    if (!s->ended_us && !run_over(step->in))
        return STEP_RUNNING;
    return last && last->ended_us && !last->ok ? STEP_FAILED : STEP_ABORTED;
}

static void each(const struct region *r, steps_visit visit, void *arg);

static void each_attempt(const struct step *step, unsigned attempt, steps_visit visit, void *arg)
{
    visit(arg, step, attempt);
    for (unsigned i = 0; i < step->nregions; i++)
        if (step->regions[i]->attempt == attempt)
            each(step->regions[i], visit, arg);
}

static void each(const struct region *r, steps_visit visit, void *arg)
{
    for (unsigned i = 0; i < r->nsteps; i++) {
        unsigned n = r->steps[i]->nattempts;
        for (unsigned attempt = n ? 1 : 0; attempt <= n; attempt++)
            each_attempt(r->steps[i], attempt, visit, arg);
    }
}

void steps_each(const struct steps *s, steps_visit visit, void *arg)
{
    each(&s->root, visit, arg);
}
