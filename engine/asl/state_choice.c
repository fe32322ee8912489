#include "asl/interp_priv.h"

/* Where it goes, and what it sets on its way. */
struct way {
    const struct asl_state *next;
    const struct asl_assign *assign;
};

/* The first rule that is true says where to go. */
static int choose(struct step *s, struct frame *f, struct value *in, struct way *way, struct err *err)
{
    const struct asl_choice *c = &f->state->u.choice;
    struct scope sc;
    int found = 0;

    *way = (struct way){c->otherwise, f->state->assign};
    scope_init(&sc, s, f, in);
    for (size_t i = 0; i < c->nrules && found == 0; i++) {
        found = choice_eval(c->rules[i].test, &sc.env, err);
        if (found > 0)
            *way = (struct way){c->rules[i].next, c->rules[i].assign};
    }
    scope_fini(&sc);
    if (found < 0)
        return -1;
    return way->next
               ? 0
               : err_set(err, ERR_NO_CHOICE, "No choice rule matches the input, and there is no Default.");
}

void choice_begin(struct step *s, struct frame *f)
{
    struct leaving l = {0};
    struct way way;
    struct value *in;
    struct err err;

    if (dataflow_input(s, f, &in, &err) < 0)
        return state_broken(s, f, &err);
    int rc = choose(s, f, in, &way, &err);
    if (rc == 0)
        rc = dataflow_pass(s, f, in, way.assign, &l, &err);
    value_unref(in);
    if (rc < 0)
        return state_broken(s, f, &err);
    state_leave(s, f, way.next, &l);
    leaving_fini(&l);
}
