#include "asl/interp_priv.h"

/* "Succeed: stops an execution, or a branch or iteration, successfully." */
void succeed_begin(struct step *s, struct frame *f)
{
    struct value *output;
    struct err err;

    if (dataflow_pass(s, f, &output, &err) < 0)
        return state_broken(s, f, &err);
    state_leave(s, f, NULL, output);
    value_unref(output);
}
