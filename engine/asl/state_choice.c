#include "asl/interp_priv.h"

/* The first rule that is true says where to go. */
static int choose(struct step *s, struct frame *f, struct value *in, const struct asl_state **next,
                  struct err *err)
{
    const struct asl_choice *c = &f->state->u.choice;
    struct scope sc;
    int found = 0;

    *next = c->otherwise;
    scope_init(&sc, s, f, in);
    for (size_t i = 0; i < c->nrules && found == 0; i++) {
        found = choice_eval(c->rules[i].test, &sc.env, err);
        if (found > 0)
            *next = c->rules[i].next;
    }
    scope_fini(&sc);
    if (found < 0)
        return -1;
    return *next ? 0
                 : err_set(err, ERR_NO_CHOICE, "No choice rule matches the input, and there is no Default.");
}

void choice_begin(struct step *s, struct frame *f)
{
    const struct asl_state *next;
    struct value *in, *output;
    struct err err;

    if (dataflow_input(s, f, &in, &err) < 0)
        return state_broken(s, f, &err);
    int rc = choose(s, f, in, &next, &err);
    value_unref(in);
    if (rc < 0 || dataflow_pass(s, f, &output, &err) < 0)
        return state_broken(s, f, &err);
    state_leave(s, f, next, output);
    value_unref(output);
}
