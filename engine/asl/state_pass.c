#include "asl/interp_priv.h"

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

    if (f->state->u.pass.result) {
        result = value_copy(f->state->u.pass.result); /* of the definition: its text alone may be shared */
        stage_seen(s, INSPECT_RESULT, result);
    } else if (shape_input(s, f, &result, &err) < 0) {
        return state_broken(s, f, &err);
    }
    state_done(s, f, result);
    value_unref(result);
}
