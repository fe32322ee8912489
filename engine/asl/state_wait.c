#include "asl/interp_priv.h"

static const char *shown(json_object *o)
{
    return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : js_text(o, NULL);
}

static int no_input(const char *field, const struct jpath *p, struct err *err)
{
    return err_set(err, ERR_RUNTIME, "The %s parameter does not reference an input value: %s", field,
                   p->text);
}

static int seconds_by_path(struct scope *sc, const struct jpath *p, int64_t *seconds, struct err *err)
{
    json_object *o;
    int rc = 0;

    if (scope_find(sc, p, &o, err) < 0)
        return no_input("SecondsPath", p, err);
    *seconds = json_object_get_int64(o);
    if (!json_object_is_type(o, json_type_int))
        rc = err_set(err, ERR_RUNTIME, "The SecondsPath parameter cannot be parsed as a long value: %s == %s",
                     p->text, shown(o));
    else if (*seconds < 0)
        rc = err_set(err, ERR_RUNTIME, "The SecondsPath parameter references a negative value: %s == %s",
                     p->text, shown(o));
    json_object_put(o);
    return rc;
}

static int timestamp_by_path(struct scope *sc, const struct jpath *p, int64_t *us, struct err *err)
{
    json_object *o;
    int rc = -1;

    if (scope_find(sc, p, &o, err) < 0)
        return no_input("TimestampPath", p, err);
    if (json_object_is_type(o, json_type_string))
        rc = clock_parse(json_object_get_string(o), (size_t)json_object_get_string_len(o), us);
    if (rc < 0)
        err_set(err, ERR_RUNTIME,
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time "
                "format string: %s == %s",
                p->text, shown(o));
    json_object_put(o);
    return rc;
}

static int timestamp_by_query(struct scope *sc, const struct query *q, int64_t *us, struct err *err)
{
    json_object *o;
    int rc;

    if (scope_query_as(sc, q, "Timestamp", json_type_string, &o, err) < 0)
        return -1;
    rc = clock_parse(json_object_get_string(o), (size_t)json_object_get_string_len(o), us);
    if (rc < 0) {
        err_set(
            err, ERR_QUERY,
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: "
            "%.300s",
            json_object_get_string(o));
        sc->s->location = "Timestamp";
    }
    json_object_put(o);
    return rc;
}

/* Until when? Past moments are as good as now. */
static int moment(struct scope *sc, int64_t *due_us, struct err *err)
{
    const struct asl_wait *w = &sc->f->state->u.wait;
    int64_t now_us = sc->s->now_us, seconds = w->seconds.constant;

    if (w->absolute) {
        *due_us = w->timestamp_us;
        if (w->timestamp && timestamp_by_path(sc, w->timestamp, due_us, err) < 0)
            return -1;
        if (w->timestamp_query && timestamp_by_query(sc, w->timestamp_query, due_us, err) < 0)
            return -1;
        seconds = *due_us > now_us ? (*due_us - now_us) / CLOCK_SECOND : 0;
    } else if (w->seconds.query &&
               scope_query_int(sc, w->seconds.query, "Seconds", 0, ASL_SECONDS_MAX, &seconds, err) < 0) {
        return -1;
    } else if (w->seconds.path && seconds_by_path(sc, w->seconds.path, &seconds, err) < 0) {
        return -1;
    }
    if (seconds > WAIT_SECONDS_MAX)
        return err_set(err, ERR_RUNTIME, "Wait state delay is too long.");
    if (!w->absolute)
        *due_us = now_us + seconds * CLOCK_SECOND;
    return 0;
}

void wait_begin(struct step *s, struct frame *f)
{
    struct value *in;
    struct scope sc;
    struct err err;
    int64_t due_us;

    if (dataflow_input(s, f, &in, &err) < 0)
        return state_broken(s, f, &err);
    scope_init(&sc, s, f, in);
    int rc = moment(&sc, &due_us, &err);
    scope_fini(&sc);
    value_unref(in);
    if (rc < 0)
        return state_broken(s, f, &err);
    if (due_us <= s->now_us)
        return wait_over(s, f);
    emit(s, f, (struct event){.type = EV_WAIT_SCHEDULED, .due_us = due_us});
    waits_long(s, f);
}

void wait_over(struct step *s, struct frame *f)
{
    struct leaving l = {0};
    struct value *in;
    struct err err;

    if (dataflow_input(s, f, &in, &err) < 0)
        return state_broken(s, f, &err);
    int rc = dataflow_pass(s, f, in, f->state->assign, &l, &err);
    value_unref(in);
    if (rc < 0)
        return state_broken(s, f, &err);
    state_leave(s, f, f->state->next, &l);
    leaving_fini(&l);
}
