#include "asl/interp_priv.h"

#include <utlist.h>

/* "Parallel: runs its branches at the same time", each with a copy of the same input. */
void parallel_begin(struct step *s, struct frame *f)
{
    struct value *in, *args;
    struct frame *branch;
    struct err err;

    if (dataflow_input(s, f, &in, &err) < 0)
        return state_broken(s, f, &err);
    int rc = dataflow_args(s, f, in, false, &args, &err);
    value_unref(in);
    if (rc < 0)
        return state_broken(s, f, &err);
    if (!state_mocked(s, f) && emit(s, f, (struct event){.type = EV_PARALLEL_STARTED}))
        DL_FOREACH (f->children->list, branch)
            step_start(s, branch, args);
    value_unref(args);
}

static int children_results(const struct frame *f, struct value **out, struct err *err)
{
    const struct children *c = f->children;
    struct js_buf text = {0};
    size_t len;

    js_buf_add(&text, "[", 1);
    for (uint32_t i = 0; i < c->n && text.len <= VALUE_BYTES_MAX; i++) {
        if (i)
            js_buf_add(&text, ",", 1);
        const char *result = value_text(c->results[i], &len);
        js_buf_add(&text, result, len);
    }
    js_buf_add(&text, "]", 1);
    int rc = value_spliced(f->state->name, text.p, text.len, out, err);
    js_buf_fini(&text);
    return rc;
}

/* The state's output is made before it is said to have succeeded: it may still be too large. */
void children_done(struct step *s, struct frame *f, enum event_type succeeded)
{
    struct leaving l = {0};
    struct value *result;
    struct err err;

    if (children_results(f, &result, &err) < 0)
        return state_broken(s, f, &err);
    int rc = dataflow_output(s, f, result, &l, &err);
    value_unref(result);
    if (rc < 0)
        return state_broken(s, f, &err);
    emit(s, f, (struct event){.type = succeeded});
    state_leave(s, f, f->state->next, &l);
    leaving_fini(&l);
}

void branch_done(struct step *s, struct frame *parallel)
{
    if (parallel->children->open == 0)
        children_done(s, parallel, EV_PARALLEL_SUCCEEDED);
}
