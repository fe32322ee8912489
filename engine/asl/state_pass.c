#include "asl/interp_priv.h"

/* "Pass: passes its input to its output", or Result, or what Parameters make of the input. */
void pass_begin(struct step *s, struct frame *f)
{
    struct value *in, *result, *fixed = f->state->u.pass.result;
    struct err err;
    size_t len;

    if (dataflow_input(s, f, &in, &err) < 0)
        return state_broken(s, f, &err);
    int rc = dataflow_args(s, f, in, false, &result, &err);
    value_unref(in);
    if (rc < 0)
        return state_broken(s, f, &err);
    if (fixed) { /* of the definition: its text alone may be shared */
        value_unref(result);
        const char *text = value_text(fixed, &len);
        result = value_new(text, len);
    }
    state_done(s, f, result);
    value_unref(result);
}
