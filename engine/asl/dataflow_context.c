/*
 * The context object: "$$".  It is made from the execution's state alone, part by part as paths ask for it:
 * an ItemSelector asks for a Map's item a thousand times, and seldom for more.
 */
#include "asl/interp_priv.h"
#include "asl/token.h"

#include <string.h>

static json_object *text_of(struct js_buf *buf)
{
    json_object *o = json_object_new_string_len(buf->p, (int)buf->len);
    js_buf_fini(buf);
    return o;
}

static json_object *moment(int64_t us)
{
    char text[CLOCK_TEXT_BYTES];
    return json_object_new_string(clock_format(text, us));
}

static json_object *execution_context(const struct exec *ex)
{
    json_object *o = json_object_new_object();
    struct js_buf arn = {0};

    interp_execution_arn(ex, &arn);
    json_object_object_add(o, "Id", text_of(&arn));
    json_object_object_add(o, "Input", json_object_get(value_tree(ex->input)));
    json_object_object_add(o, "StartTime", moment(ex->started_us));
    json_object_object_add(o, "Name", json_object_new_string(ex->name));
    json_object_object_add(o, "RoleArn", json_object_new_string(ex->role_arn ? ex->role_arn : ""));
    return o;
}

static json_object *machine_context(const struct exec *ex)
{
    json_object *o = json_object_new_object();
    struct js_buf arn = {0};

    interp_machine_arn(ex, &arn);
    json_object_object_add(o, "Id", text_of(&arn));
    json_object_object_add(o, "Name", json_object_new_string(ex->machine));
    return o;
}

static json_object *state_context(const struct frame *f)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, "Name", json_object_new_string(f->state->name));
    json_object_object_add(o, "EnteredTime", moment(f->entered_us));
    json_object_object_add(o, "RetryCount", json_object_new_int64(f->retry_count));
    return o;
}

static json_object *task_context(const struct exec *ex)
{
    json_object *o = json_object_new_object();
    char token[TOKEN_TEXT_BYTES];

    token_mint(token, ex->token_key, ex->id, ex->last_event_id + 1);
    json_object_object_add(o, "Token", json_object_new_string(token));
    return o;
}

static int map_context(struct scope *sc, struct frame *map, int32_t index, json_object **out, struct err *err)
{
    json_object *items = map_items(sc->s, map, err);
    if (!items)
        return -1;
    json_object *item = json_object_new_object(), *value = json_object_array_get_idx(items, (size_t)index);

    json_object_object_add(item, "Index", json_object_new_int64(index));
    json_object_object_add(item, "Value", json_object_get(value));
    *out = json_object_new_object();
    json_object_object_add(*out, "Item", item);
    return 0;
}

/* The innermost iteration that the scope stands in. */
static struct frame *innermost_map(const struct scope *sc, int32_t *index)
{
    if (sc->map) {
        *index = sc->item;
        return sc->map;
    }
    for (struct frame *f = sc->f; f->parent; f = f->parent)
        if (f->parent->state->type == ASL_MAP) {
            *index = f->index;
            return f->parent;
        }
    return NULL;
}

enum context_part { EXECUTION, STATE_MACHINE, STATE, TASK, MAP, CONTEXT_PARTS };

static const char *const CONTEXT_NAMES[] = {
    [EXECUTION] = "Execution",
    [STATE_MACHINE] = "StateMachine",
    [STATE] = "State",
    [TASK] = "Task",
    [MAP] = "Map",
};

/* NULL, and 0: it has no such part here. */
static int make_part(struct scope *sc, enum context_part part, json_object **out, struct err *err)
{
    const struct exec *ex = sc->s->ex;
    struct frame *map;
    int32_t index;

    *out = NULL;
    switch (part) {
    case EXECUTION:
        *out = execution_context(ex);
        return 0;
    case STATE_MACHINE:
        *out = machine_context(ex);
        return 0;
    case STATE:
        *out = state_context(sc->f);
        return 0;
    case TASK:
        if (sc->scheduling && sc->f->state->u.task.pattern == ASL_WAIT_FOR_TOKEN)
            *out = task_context(ex);
        return 0;
    default:
        map = innermost_map(sc, &index);
        return map ? map_context(sc, map, index, out, err) : 0;
    }
}

static int add_part(struct scope *sc, enum context_part part, struct err *err)
{
    json_object *made;

    if (json_object_object_get_ex(sc->context, CONTEXT_NAMES[part], NULL))
        return 0;
    if (make_part(sc, part, &made, err) < 0)
        return -1;
    if (made)
        json_object_object_add(sc->context, CONTEXT_NAMES[part], made);
    return 0;
}

/* What a trial was given, and the Map's part of its own. */
static int given_context(struct scope *sc, json_object *given, struct err *err)
{
    json_object_object_foreach(given, name, part)
        json_object_object_add(sc->context, name, json_object_get(part));
    if (!innermost_map(sc, &(int32_t){0}))
        return 0;
    json_object_object_del(sc->context, CONTEXT_NAMES[MAP]);
    return add_part(sc, MAP, err);
}

int scope_context(struct scope *sc, const char *member, struct err *err)
{
    const struct inspection *trial = sc->s->ex->inspection;
    int rc = 0;

    if (sc->whole_context)
        return 0;
    if (!member || !sc->context) {
        json_object_put(sc->context);
        sc->context = json_object_new_object();
    }
    if (trial && trial->context)
        rc = given_context(sc, trial->context, err);
    else
        for (int i = 0; i < CONTEXT_PARTS && rc == 0; i++)
            if (!member || strcmp(member, CONTEXT_NAMES[i]) == 0)
                rc = add_part(sc, i, err);
    sc->whole_context = rc == 0 && (!member || (trial && trial->context));
    return rc;
}
