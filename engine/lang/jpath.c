/* Evaluation: from a value to what a path selects of it. */
#include "lang/jpath_priv.h"

#include <string.h>

/* ---- messages ---- */

static void describe_step(struct js_buf *b, const struct jpath_step *step)
{
    if (step->kind == STEP_INDEX) {
        js_buf_add(b, "[", 1);
        js_buf_int(b, step->indexes[0]);
        js_buf_add(b, "]", 1);
    } else if (step->kind == STEP_CALL) {
        js_buf_add(b, ".", 1);
        js_buf_str(b, jpath_call_name(step->call));
        js_buf_add(b, "()", 2);
    } else {
        js_buf_add(b, "[", 1);
        for (size_t i = 0; i < step->n; i++) {
            js_buf_add(b, i ? ",'" : "'", i ? 2 : 1);
            js_buf_str(b, step->names[i]);
            js_buf_add(b, "'", 1);
        }
        js_buf_add(b, "]", 1);
    }
}

char *jpath_describe(const struct jpath *p, size_t n)
{
    struct js_buf b = {0};

    js_buf_add(&b, "$", 1);
    for (size_t i = 0; i < n; i++)
        describe_step(&b, &p->steps[i]);
    return b.p;
}

/* "<before><the first n steps><behind>"; filters pass no err, for theirs are never shown. */
static int missing(struct err *err, const char *before, const struct jpath *p, size_t n, const char *behind)
{
    if (!err)
        return PATH_MISSING;
    char *place = jpath_describe(p, n);
    err_set(err, ERR_RUNTIME, "%s%s%s", before, place, behind);
    free(place);
    return PATH_MISSING;
}

static int wrong_type(struct err *err, int rc, const char *what, json_object *model)
{
    if (!err)
        return rc;
    struct js_buf b = {0};
    if (js_within(model, 512, JS_DEPTH_MAX))
        js_write(&b, model);
    else
        js_buf_str(&b, "a large value");
    err_set(err, ERR_RUNTIME, "%s can only be applied to %s. Current context is: %s", what,
            rc == PATH_UNFIT ? "objects and arrays" : "arrays", b.p);
    js_buf_fini(&b);
    return rc;
}

/* ---- reading ---- */

enum { VISIT_BYTES = 64 }; /* looking at so many bytes is as much work as visiting a value */

int jpath_charge(struct jpath_work *w, size_t bytes)
{
    size_t cost = 1 + bytes / VISIT_BYTES;

    if (cost <= w->left) {
        w->left -= cost;
        return 0;
    }
    w->left = 0;
    err_set(w->err, ERR_DATA_LIMIT, "A path looks at more than %d values", JPATH_VISITS_MAX);
    return PATH_FATAL;
}

struct run {
    const struct jpath *p;
    bool strict;
    struct jpath_work *work;
    struct err *err;
    json_object *matches; /* of an indefinite path; NULL: definite */
    json_object *one;     /* of a definite path, a reference */
    bool found;
};

static int visit(struct run *r, size_t i, json_object *model);

static int match(struct run *r, json_object *value)
{
    if (r->matches) {
        json_object_array_add(r->matches, json_object_get(value));
    } else {
        json_object_put(r->one);
        r->one = json_object_get(value);
    }
    r->found = true;
    return 0;
}

static int missing_name(struct run *r, size_t i)
{
    bool last = i + 1 == r->p->nsteps;

    if (r->strict)
        return PATH_MISSING;
    if (last || !r->p->steps[i].after_definite)
        return 0;
    return missing(r->err, "Missing property in path ", r->p, i + 1, "");
}

static int no_object(struct run *r, size_t i, json_object *model)
{
    const struct jpath *p = r->p;

    if (!p->steps[i].after_definite)
        return 0;
    if (!r->err)
        return PATH_MISSING;
    char *place = jpath_describe(p, i);
    err_set(r->err, ERR_RUNTIME, "Expected to find an object with property ['%s'] in path %s but found '%s'.",
            p->steps[i].names[0], place, json_type_to_name(json_object_get_type(model)));
    free(place);
    return PATH_MISSING;
}

/* Is model an array? 1, 0 (what is not is passed over), or an error where the way there was definite. */
static int want_array(struct run *r, size_t i, json_object *model)
{
    if (json_object_is_type(model, json_type_array))
        return 1;
    if (!r->p->steps[i].after_definite)
        return 0;
    if (!model)
        return missing(r->err, "The path ", r->p, i, " is null");
    return wrong_type(r->err, PATH_MISSING, "An index or slice", model);
}

/* The member of that name: its hash was taken when the path was compiled. */
static bool find_member(json_object *object, const struct jpath_step *step, size_t n, json_object **member)
{
    struct lh_entry *e =
        lh_table_lookup_entry_w_hash(json_object_get_object(object), step->names[n], step->hashes[n]);

    if (e)
        *member = (json_object *)lh_entry_v(e);
    return e != NULL;
}

static int visit_names(struct run *r, size_t i, json_object *model)
{
    const struct jpath_step *step = &r->p->steps[i];
    bool last = i + 1 == r->p->nsteps;
    json_object *merged = last ? json_object_new_object() : NULL;
    int rc = 0;

    for (size_t n = 0; n < step->n && rc == 0; n++) {
        json_object *member;
        if (!find_member(model, step, n, &member))
            rc = last && !r->strict ? 0 : missing_name(r, i);
        else if (last)
            json_object_object_add(merged, step->names[n], json_object_get(member));
        else
            rc = visit(r, i + 1, member);
    }
    if (last && rc == 0)
        rc = match(r, merged);
    json_object_put(merged);
    return rc;
}

static int visit_index(struct run *r, size_t i, json_object *model, int64_t index)
{
    int64_t len = (int64_t)json_object_array_length(model);

    if (index < 0)
        index += len;
    if (index < 0 || index >= len)
        return 0;
    return visit(r, i + 1, json_object_array_get_idx(model, (size_t)index));
}

/*
 * Jayway's slices: [from:to] counts from from up to to, each index for itself, so negative ones that
 * begin before the array run into its end; a negative to with a from that is not selects nothing.
 */
static int visit_slice(struct run *r, size_t i, json_object *model)
{
    const struct jpath_step *step = &r->p->steps[i];
    int64_t len = (int64_t)json_object_array_length(model);
    int64_t from = step->has_from ? step->from : 0;
    int64_t to = step->has_to && step->to < len ? step->to : len;
    int rc = 0;

    if (!step->has_to && from < 0)
        from = from + len > 0 ? from + len : 0;
    if (!step->has_from && to < 0)
        to += len;
    if (from < -len)
        from = -len;
    for (; from < to && rc == 0; from++)
        rc = visit_index(r, i, model, from);
    return rc;
}

static int visit_members(struct run *r, size_t i, json_object *model)
{
    int rc = 0;

    if (json_object_is_type(model, json_type_object)) {
        json_object_object_foreach(model, key, member)
        {
            (void)key;
            if (rc == 0)
                rc = visit(r, i + 1, member);
            if (rc == PATH_MISSING && !r->strict)
                rc = 0;
        }
    } else if (json_object_is_type(model, json_type_array)) {
        size_t len = json_object_array_length(model);
        for (size_t n = 0; n < len && rc == 0; n++) {
            rc = visit(r, i + 1, json_object_array_get_idx(model, n));
            if (rc == PATH_MISSING && !r->strict)
                rc = 0;
        }
    }
    return rc;
}

static int visit_filter(struct run *r, size_t i, json_object *model)
{
    const struct jpath_step *step = &r->p->steps[i];
    int rc = 0;

    if (json_object_is_type(model, json_type_object)) {
        rc = jpath_filter_accept(step->filter, model, r->work);
        return rc == 1 ? visit(r, i + 1, model) : rc;
    }
    if (json_object_is_type(model, json_type_array)) {
        size_t len = json_object_array_length(model);
        for (size_t n = 0; n < len && rc >= 0; n++) {
            json_object *item = json_object_array_get_idx(model, n);
            rc = jpath_filter_accept(step->filter, item, r->work);
            if (rc == 1)
                rc = visit(r, i + 1, item);
        }
        return rc < 0 ? rc : 0;
    }
    return step->after_definite ? wrong_type(r->err, PATH_UNFIT, "A filter", model) : 0;
}

/* May the step behind ".." apply to this value at all? A union of names at the end wants all of them. */
static bool scan_fits(const struct run *r, size_t i, json_object *model)
{
    const struct jpath_step *step = &r->p->steps[i];
    bool object = json_object_is_type(model, json_type_object),
         array = json_object_is_type(model, json_type_array);
    json_object *member;

    switch (step->kind) {
    case STEP_NAME:
    case STEP_NAMES:
        if (!object)
            return false;
        if (step->kind == STEP_NAMES && i + 1 < r->p->nsteps)
            return true;
        for (size_t n = 0; n < step->n; n++)
            if (!find_member(model, step, n, &member))
                return false;
        return true;
    case STEP_INDEX:
    case STEP_INDEXES:
    case STEP_SLICE:
        return array;
    default:
        return object || array;
    }
}

/* Of a union each name or index is looked up, whether it is there or not: in bytes, to be charged. */
static size_t looked_up(const struct jpath_step *step)
{
    return step->n > 1 ? step->n * VISIT_BYTES : 0;
}

/* The steps from i on at model and at everything below it, parents first. */
static int visit_below(struct run *r, size_t i, json_object *model)
{
    int rc = jpath_charge(r->work, looked_up(&r->p->steps[i]));

    if (rc == 0 && scan_fits(r, i, model))
        rc = visit(r, i, model);
    if (json_object_is_type(model, json_type_object)) {
        json_object_object_foreach(model, key, member)
        {
            (void)key;
            if (rc == 0)
                rc = visit_below(r, i, member);
        }
    } else if (json_object_is_type(model, json_type_array)) {
        size_t len = json_object_array_length(model);
        for (size_t n = 0; n < len && rc == 0; n++)
            rc = visit_below(r, i, json_object_array_get_idx(model, n));
    }
    return rc;
}

static int visit_call(struct run *r, size_t i, json_object *model)
{
    json_object *result = NULL;
    int rc = jpath_call_apply(r->p->steps[i].call, model, NULL, r->work, &result);

    if (rc == 0)
        rc = match(r, result);
    json_object_put(result);
    return rc;
}

static int visit_indexes(struct run *r, size_t i, json_object *model)
{
    const struct jpath_step *step = &r->p->steps[i];
    int rc = 0;

    for (size_t n = 0; n < step->n && rc == 0; n++)
        rc = visit_index(r, i, model, step->indexes[n]);
    return rc;
}

static int visit_step(struct run *r, size_t i, json_object *model)
{
    const struct jpath_step *step = &r->p->steps[i];
    json_object *member;
    int rc = step->n > 1 ? jpath_charge(r->work, looked_up(step)) : 0;

    if (rc < 0)
        return rc;
    switch (step->kind) {
    case STEP_NAME:
        if (!json_object_is_type(model, json_type_object))
            return no_object(r, i, model);
        if (!find_member(model, step, 0, &member))
            return missing_name(r, i);
        return visit(r, i + 1, member);
    case STEP_NAMES:
        return json_object_is_type(model, json_type_object) ? visit_names(r, i, model)
                                                            : no_object(r, i, model);
    case STEP_INDEX:
    case STEP_INDEXES:
        rc = want_array(r, i, model);
        return rc == 1 ? visit_indexes(r, i, model) : rc;
    case STEP_SLICE:
        rc = want_array(r, i, model);
        return rc == 1 ? visit_slice(r, i, model) : rc;
    case STEP_WILDCARD:
        return visit_members(r, i, model);
    case STEP_SCAN:
        return visit_below(r, i + 1, model);
    case STEP_FILTER:
        return visit_filter(r, i, model);
    case STEP_CALL:
        return visit_call(r, i, model);
    }
    return PATH_FATAL;
}

static int visit(struct run *r, size_t i, json_object *model)
{
    int rc = jpath_charge(r->work, 0);

    if (rc < 0)
        return rc;
    return i == r->p->nsteps ? match(r, model) : visit_step(r, i, model);
}

/* What an indefinite path has found shares its parts with the data, and can be far larger as text. */
static int bounded(const struct jpath *p, json_object *matches, struct jpath_work *w)
{
    size_t bytes = js_weigh(matches, JPATH_RESULT_BYTES_MAX, JS_DEPTH_MAX);

    if (bytes < SIZE_MAX)
        return jpath_charge(w, bytes);
    err_set(w->err, ERR_DATA_LIMIT, "The path '%s' selects more than %d bytes", p->text,
            JPATH_RESULT_BYTES_MAX);
    return PATH_FATAL;
}

/* "$..a.max()": Jayway turns it around, into max($..a). */
static int run_turned(const struct jpath *p, json_object *model, struct jpath_work *w, json_object **out,
                      struct err *err)
{
    struct jpath inner = *p;
    const struct jpath_call *call = p->steps[p->nsteps - 1].call;
    json_object *list = NULL;

    if (jpath_charge(w, p->nsteps * sizeof *p->steps) < 0)
        return PATH_FATAL;
    struct jpath_step *steps = mem_alloc((p->nsteps + 1) * sizeof *steps);
    memcpy(steps, p->steps, p->nsteps * sizeof *steps);
    inner.steps = steps;
    inner.nsteps = p->nsteps - 1;
    inner.definite = false;
    if (jpath_call_is_length(call)) /* counts the members of what is found, not the findings */
        steps[inner.nsteps++] = (struct jpath_step){.kind = STEP_WILDCARD};
    int rc = jpath_run(&inner, model, false, w, &list, err);
    if (rc == 0)
        rc = jpath_call_apply(call, model, list, w, out);
    json_object_put(list);
    free(steps);
    return rc;
}

int jpath_run(const struct jpath *p, json_object *model, bool strict, struct jpath_work *w, json_object **out,
              struct err *err)
{
    if (p->definite && p->nsteps && p->steps[0].kind == STEP_SCAN)
        return run_turned(p, model, w, out, err);

    struct run r = {.p = p, .strict = strict, .work = w, .err = err};
    if (!p->definite)
        r.matches = json_object_new_array_ext(8);
    int rc = visit(&r, 0, model);
    if (rc == 0 && p->definite && !r.found)
        rc = missing(err, "No results for path: ", p, p->nsteps, "");
    if (rc == 0 && !p->definite)
        rc = bounded(p, r.matches, w);
    if (rc < 0) {
        json_object_put(r.matches);
        json_object_put(r.one);
        return rc;
    }
    *out = p->definite ? r.one : r.matches;
    return 0;
}

int jpath_select(const struct jpath *p, json_object *root, json_object **out, struct err *err)
{
    if (p->whole) {
        *out = json_object_get(root);
        return 0;
    }
    struct jpath_work work = {.doc = root, .left = JPATH_VISITS_MAX, .err = err};
    return jpath_run(p, root, false, &work, out, err) < 0 ? -1 : 0;
}

int jpath_eval(const struct jpath *p, const struct jpath_env *env, json_object **out, struct err *err)
{
    json_object *root;

    if (env->root(env->self, p, &root, err) < 0)
        return -1;
    if (p->whole) {
        *out = json_object_get(root);
        return 0;
    }

    struct jpath_work work = {.doc = root, .left = JPATH_VISITS_MAX, .err = err};
    if (env->visits_left && *env->visits_left < work.left)
        work.left = *env->visits_left;
    size_t before = work.left;
    int rc = jpath_run(p, root, false, &work, out, err);
    if (env->visits_left)
        *env->visits_left -= before - work.left;
    if (rc == PATH_MISSING &&
        !p->definite) { /* the service does not ask whether the way to a wildcard is there */
        *out = json_object_new_array_ext(1);
        rc = 0;
    }
    return rc < 0 ? -1 : 0;
}
