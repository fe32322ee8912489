/* The data flow of states in JSONata: each field is an expression over $states and the variables. */
#include "asl/interp_priv.h"

#include <math.h>
#include <string.h>

/* ---- what expressions see ---- */

/* {"input", "context"}, and where there is one "result" or "errorOutput". */
static int make_states(struct scope *sc, struct err *err)
{
    if (scope_context(sc, NULL, err) < 0)
        return -1;
    sc->states = json_object_new_object();
    json_object_object_add(sc->states, "input", json_object_get(value_tree(sc->data)));
    json_object_object_add(sc->states, "context", json_object_get(sc->context));
    if (sc->result)
        json_object_object_add(sc->states, "result", json_object_get(value_tree(sc->result)));
    if (sc->error)
        json_object_object_add(sc->states, "errorOutput", json_object_get(value_tree(sc->error)));
    return 0;
}

static int variable(void *self, const char *name, json_object **value, struct err *err)
{
    struct scope *sc = self;

    if (strcmp(name, "states") != 0) {
        const struct variable *v = exec_variable(sc->f, name);
        *value = v ? value_tree(v->value) : NULL;
        return v != NULL;
    }
    if (!sc->states && make_states(sc, err) < 0)
        return -1;
    *value = sc->states;
    return 1;
}

/* Of this attempt of the state: a recovery draws alike. */
static uint64_t attempt_dice(struct scope *sc)
{
    const struct frame *f = sc->f;
    uint64_t attempt = ((uint64_t)(uint32_t)f->entered_id << 32) + f->retry_count;

    return clock_dice(clock_dice(~sc->s->ex->seed, attempt), sc->draws++);
}

static uint64_t dice(void *self)
{
    struct scope *sc = self;
    return sc->again ? attempt_dice(sc) : step_dice(sc->s);
}

/* ---- fields ---- */

int scope_query(struct scope *sc, const struct query *q, const char *field, json_object **out,
                struct err *err)
{
    const struct jsonata_env env = {
        .variable = variable,
        .dice = dice,
        .self = sc,
        .now_ms = (sc->again ? sc->f->entered_us : sc->s->now_us) / 1000,
        .steps_left = &sc->visits_left,
    };

    return query_eval(q, field, &env, sc->s->out->arena, out, &sc->s->location, err);
}

int scope_query_as(struct scope *sc, const struct query *q, const char *field, enum json_type type,
                   json_object **out, struct err *err)
{
    if (scope_query(sc, q, field, out, err) < 0)
        return -1;
    if (query_expect(q, field, *out, type, err) == 0)
        return 0;
    json_object_put(*out);
    sc->s->location = field;
    return -1;
}

int scope_query_int(struct scope *sc, const struct query *q, const char *field, int64_t min, int64_t max,
                    int64_t *n, struct err *err)
{
    json_object *o;

    if (scope_query_as(sc, q, field, json_type_double, &o, err) < 0)
        return -1;
    double d = json_object_get_double(o);
    json_object_put(o);
    *n = d >= (double)min && d <= (double)max ? (int64_t)d : min;
    if ((double)*n == d)
        return 0;
    sc->s->location = field;
    return err_set(err, ERR_QUERY, "The %s field must be a whole number between %lld and %lld but was: %.17g",
                   field, (long long)min, (long long)max, d);
}

/* ---- Arguments and Output ---- */

static int query_value(struct scope *sc, const struct query *q, const char *field, struct value **out,
                       struct err *err)
{
    const char *name = sc->f->state->name;
    json_object *o;

    if (scope_query(sc, q, field, &o, err) < 0)
        return -1;
    return value_fitting(value_made(name, o, out, err), name, out, err);
}

int jsonata_args(struct step *s, struct frame *f, bool scheduling, struct value **args, struct err *err)
{
    struct scope sc;

    if (!f->state->arguments) {
        *args = value_ref(f->input);
        return 0;
    }
    scope_init(&sc, s, f, f->input);
    sc.scheduling = scheduling;
    int rc = query_value(&sc, f->state->arguments, "Arguments", args, err);
    scope_fini(&sc);
    if (rc == 0)
        stage_seen(s, INSPECT_ARGUMENTS, *args);
    return rc;
}

int jsonata_leave(struct step *s, struct frame *f, const struct jsonata_exit *how, struct leaving *out,
                  struct err *err)
{
    struct scope sc;
    int rc = 0;

    scope_init(&sc, s, f, f->input);
    sc.result = how->result;
    sc.error = how->error;
    if (how->output)
        rc = query_value(&sc, how->output, "Output", &out->output, err);
    else
        out->output = value_ref(how->otherwise);
    if (rc == 0)
        rc = scope_assign(&sc, how->assign, &out->assigned, err);
    scope_fini(&sc);
    if (rc < 0)
        leaving_fini(out);
    return rc;
}
