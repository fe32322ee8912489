#include "asl/interp_priv.h"

/* In JSONata a Pass has no result: Output is all. */
static void pass_on(struct step *s, struct frame *f)
{
    struct leaving l = {0};
    struct err err;

    if (dataflow_pass(s, f, f->input, f->state->assign, &l, &err) < 0)
        return state_broken(s, f, &err);
    state_leave(s, f, f->state->next, &l);
    leaving_fini(&l);
}

/* What Parameters make of the input. */
static int shape_input(struct step *s, struct frame *f, struct value **result, struct err *err)
{
    struct value *in;

    if (dataflow_input(s, f, &in, err) < 0)
        return -1;
    int rc = dataflow_args(s, f, in, false, result, err);
    value_unref(in);
    return rc;
}

/* "Pass: passes its input to its output", or Result: then nobody looks at the input (recorded by trials). */
void pass_begin(struct step *s, struct frame *f)
{
    struct value *result;
    struct err err;

    if (f->state->jsonata)
        return pass_on(s, f);
    if (f->state->u.pass.result) {
        result = value_copy(f->state->u.pass.result); /* of the definition: its text alone may be shared */
        stage_seen(s, INSPECT_RESULT, result);
    } else if (shape_input(s, f, &result, &err) < 0) {
        return state_broken(s, f, &err);
    }
    state_done(s, f, result);
    value_unref(result);
}
