#include "asl/interp_priv.h"

/* Where it goes, and what it makes (JSONata) and sets on its way. */
struct way {
    const struct asl_state *next;
    const struct query *output;
    const struct asl_assign *assign;
};

/* 1, 0, or -1 with err. */
static int holds(struct scope *sc, const struct choice_rule *rule, struct err *err)
{
    json_object *o;

    if (!rule->condition)
        return choice_eval(rule->test, &sc->env, err);
    if (scope_query_as(sc, rule->condition, "Condition", json_type_boolean, &o, err) < 0)
        return -1;
    int rc = json_object_get_boolean(o);
    json_object_put(o);
    return rc;
}

/* The first rule that is true says where to go. */
static int choose(struct step *s, struct frame *f, struct value *in, struct way *way, struct err *err)
{
    const struct asl_choice *c = &f->state->u.choice;
    struct scope sc;
    int found = 0;

    *way = (struct way){c->otherwise, f->state->output, f->state->assign};
    scope_init(&sc, s, f, in);
    for (size_t i = 0; i < c->nrules && found == 0; i++) {
        const struct choice_rule *rule = &c->rules[i];
        found = holds(&sc, rule, err);
        if (found > 0)
            *way = (struct way){rule->next, rule->output, rule->assign};
    }
    scope_fini(&sc);
    if (found < 0)
        return -1;
    return way->next
               ? 0
               : err_set(err, ERR_NO_CHOICE, "No choice rule matches the input, and there is no Default.");
}

static int leave_by(struct step *s, struct frame *f, struct value *in, const struct way *way,
                    struct leaving *l, struct err *err)
{
    if (!f->state->jsonata)
        return dataflow_pass(s, f, in, way->assign, l, err);
    return jsonata_leave(
        s, f, &(struct jsonata_exit){.output = way->output, .assign = way->assign, .otherwise = in}, l, err);
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
        rc = leave_by(s, f, in, &way, &l, &err);
    value_unref(in);
    if (rc < 0)
        return state_broken(s, f, &err);
    state_leave(s, f, way.next, &l);
    leaving_fini(&l);
}
