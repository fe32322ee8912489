#include "asl/interp_priv.h"

/* "Succeed: stops an execution, or a branch or iteration, successfully." */
void succeed_begin(struct step *s, struct frame *f)
{
    struct leaving l = {0};
    struct value *in;
    struct err err;

    if (dataflow_input(s, f, &in, &err) < 0)
        return state_broken(s, f, &err);
    int rc = dataflow_pass(s, f, in, NULL, &l, &err);
    value_unref(in);
    if (rc < 0)
        return state_broken(s, f, &err);
    state_leave(s, f, NULL, &l);
    leaving_fini(&l);
}
