#include "asl/interp_priv.h"

#include <string.h>

typedef const char *bounded_fn(struct step *s, const char *text, size_t len);

static const char *text(struct scope *sc, json_object *o, bounded_fn *bounded)
{
    return bounded(sc->s, json_object_get_string(o), (size_t)json_object_get_string_len(o));
}

/* In JSONata: a string that an expression gives. */
static int text_by_query(struct scope *sc, const struct query *q, const char *field, bounded_fn *bounded,
                         const char **out, struct err *err)
{
    json_object *o;

    if (!q)
        return 0;
    if (scope_query_as(sc, q, field, json_type_string, &o, err) < 0)
        return -1;
    *out = text(sc, o, bounded);
    json_object_put(o);
    return 0;
}

/* A constant, or a string that a path or an intrinsic function gives; NULL when both are absent. */
static int text_of(struct scope *sc, const char *constant, const struct tmpl_expr *by, const char *field,
                   bounded_fn *bounded, const char **out, struct err *err)
{
    json_object *o;
    int rc = 0;

    *out = constant ? bounded(sc->s, constant, strlen(constant)) : NULL;
    if (!by)
        return 0;
    if (tmpl_expr_eval(by, field, &sc->env, &o, err) < 0)
        return -1;
    if (!json_object_is_type(o, json_type_string))
        rc = err_set(err, ERR_RUNTIME, "The %s field must give a string, found: %.200s", field,
                     js_text(o, NULL));
    else
        *out = text(sc, o, bounded);
    json_object_put(o);
    return rc;
}

/* "Fail: stops an execution, or a branch or iteration, and marks it as failed." */
void fail_begin(struct step *s, struct frame *f)
{
    const struct asl_fail *fail = &f->state->u.fail;
    struct failure why = {.event_id = f->last_id};
    struct scope sc;
    struct err err;

    if (!f->state->jsonata)
        stage_seen(s, INSPECT_INPUT_PATH, f->input);
    scope_init(&sc, s, f, f->input);
    int rc = text_of(&sc, fail->error, fail->error_path, "ErrorPath", error_text, &why.error, &err);
    if (rc == 0)
        rc = text_of(&sc, fail->cause, fail->cause_path, "CausePath", cause_text, &why.cause, &err);
    if (rc == 0)
        rc = text_by_query(&sc, fail->error_query, "Error", error_text, &why.error, &err);
    if (rc == 0)
        rc = text_by_query(&sc, fail->cause_query, "Cause", cause_text, &why.cause, &err);
    scope_fini(&sc);
    if (rc < 0)
        return state_broken(s, f, &err);
    why.match = why.error;
    frame_failed(s, f, &why);
}
