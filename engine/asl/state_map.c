#include "asl/interp_priv.h"

/*
 * "Map: runs its processor once for each item."  The items are not journaled a second time: they are a pure
 * function of the state's input and definition, so a recovery makes them out again when an iteration needs
 * one (map_items).  An iteration costs the same however many there are.
 */

/* In JSONata: Items, or the input. */
static int query_items(struct step *s, struct frame *f, struct value **items, struct err *err)
{
    const struct query *q = f->state->u.map.items_query;
    struct scope sc;
    json_object *o;

    if (!q) {
        *items = value_ref(f->input);
        if (json_object_is_type(value_tree(f->input), json_type_array))
            return 0;
        value_unref(*items);
        return err_set(err, ERR_QUERY, "Map state input must be an array but was: %.1000s",
                       value_text(f->input, NULL));
    }
    scope_init(&sc, s, f, f->input);
    sc.again = true;
    int rc = scope_query_as(&sc, q, "Items", json_type_array, &o, err);
    scope_fini(&sc);
    return rc < 0 ? -1 : value_made(f->state->name, o, items, err);
}

static int find_items(struct step *s, struct frame *f, struct value *in, struct value **items,
                      struct err *err)
{
    const struct asl_path *path = &f->state->u.map.items;
    struct scope sc;

    if (f->state->u.map.distributed.reads)
        return map_read(s, f, in, items, err);
    if (f->state->jsonata)
        return query_items(s, f, items, err);
    scope_init(&sc, s, f, in);
    int rc = scope_path(&sc, path, items, err);
    scope_fini(&sc);
    if (rc < 0)
        return -1;
    if (json_object_is_type(value_tree(*items), json_type_array)) {
        stage_seen(s, INSPECT_ITEMS_PATH, *items);
        return 0;
    }
    value_unref(*items);
    /* "$$.x" is told as "$.x" (recorded). */
    const char *text = path->path ? path->path->text : "$";
    return err_set(err, ERR_RUNTIME, "Reference path \"%s\" must point to array.",
                   path->path && path->path->root == JPATH_CONTEXT ? text + 1 : text);
}

/* How many iterations may run at once. */
static int find_limit(struct step *s, struct frame *f, struct value *in, uint32_t *limit, struct err *err)
{
    const struct asl_map *map = &f->state->u.map;
    int64_t n = map->max_concurrency;
    struct scope sc;
    int rc = 0;

    scope_init(&sc, s, f, in);
    if (map->concurrency)
        rc = scope_count(&sc, map->concurrency, "MaxConcurrency", &n, err);
    else if (map->concurrency_query)
        rc = scope_query_int(&sc, map->concurrency_query, "MaxConcurrency", 0, INT32_MAX, &n, err);
    scope_fini(&sc);
    if (rc == 0 && s->ex->inspection)
        s->ex->inspection->max_concurrency = n;
    *limit = n > 0 && n < ASL_MAP_CONCURRENCY_MAX ? (uint32_t)n : ASL_MAP_CONCURRENCY_MAX;
    return rc;
}

json_object *map_items(struct step *s, struct frame *map, struct err *err)
{
    struct children *c = map->children;

    if (!c->items) {
        value_unref(c->input);
        c->input = NULL;
        if (dataflow_input(s, map, &c->input, err) < 0 || find_items(s, map, c->input, &c->items, err) < 0)
            return NULL;
    }
    if (json_object_array_length(value_tree(c->items)) == c->n)
        return value_tree(c->items);
    err_set(err, ERR_RUNTIME, "The items are not those that the Map began with.");
    return NULL;
}

/* ---- iterations ---- */

/* What ItemSelector makes of the Map's input and the item. */
static int select_item(struct step *s, struct frame *map, int32_t index, struct value **out, struct err *err)
{
    const struct asl_map *m = &map->state->u.map;
    json_object *made;
    struct scope sc;
    int rc;

    scope_init(&sc, s, map, map->children->input);
    sc.map = map;
    sc.item = index;
    if (m->selector)
        rc = scope_template(&sc, m->selector, out, err);
    else if ((rc = scope_query(&sc, m->selector_query, "ItemSelector", &made, err)) == 0)
        rc = value_made(map->state->name, made, out, err);
    scope_fini(&sc);
    return rc;
}

int map_item_input(struct step *s, struct frame *map, int32_t index, struct value **out, struct err *err)
{
    const struct asl_map *m = &map->state->u.map;
    json_object *items = map_items(s, map, err);
    int rc;

    if (!items)
        return -1;
    if (m->selector || m->selector_query)
        rc = select_item(s, map, index, out, err);
    else
        rc = value_made(map->state->name, json_object_get(json_object_array_get_idx(items, (size_t)index)),
                        out, err);
    return value_fitting(rc, map->state->name, out, err);
}

/* false: something failed, and map may be gone. */
static bool start_iteration(struct step *s, struct frame *map, int32_t prev)
{
    int32_t index = (int32_t)map->children->opened;
    struct value *input;
    struct err err;

    if (!emit_after(s, map, prev,
                    (struct event){.type = EV_ITERATION_STARTED, .state = map->state, .index = index}))
        return false;
    if (map_item_input(s, map, index, &input, &err) < 0) {
        state_broken(s, map, &err);
        return false;
    }
    step_start(s, map->children->list->prev, input);
    value_unref(input);
    return true;
}

/* ---- the state ---- */

static void start_map(struct step *s, struct frame *f, struct value *in, struct value *items, uint32_t limit)
{
    size_t n = json_object_array_length(value_tree(items));

    if (!emit(s, f, (struct event){.type = EV_MAP_STARTED, .index = (int32_t)n}))
        return;
    f->children->input = value_ref(in);
    f->children->items = value_ref(items);
    if (s->ex->inspection)
        return map_tried(s, f);
    if (n == 0)
        return children_done(s, f, EV_MAP_SUCCEEDED);
    int32_t started_id = f->last_id;
    bool going = true;
    /* Where an ItemSelector is that much work fewer iterations run at once: a step stays bounded. */
    for (uint32_t i = 0; i < limit && i < n && going && (i == 0 || s->visits < STEP_VISITS); i++)
        going = start_iteration(s, f, started_id);
}

void map_begin(struct step *s, struct frame *f)
{
    struct value *in, *items;
    uint32_t limit;
    struct err err;

    if (dataflow_input(s, f, &in, &err) < 0)
        return state_broken(s, f, &err);
    int rc = find_items(s, f, in, &items, &err);
    if (rc == 0) {
        rc = find_limit(s, f, in, &limit, &err);
        if (rc == 0 && s->ex->inspection)
            rc = map_tolerance(s, f, in, &err);
        if (rc == 0)
            start_map(s, f, in, items, limit);
        value_unref(items);
    }
    value_unref(in);
    if (rc < 0)
        state_broken(s, f, &err);
}

/* One ends, the next begins: it follows from what the ended one did last. */
void iteration_done(struct step *s, struct frame *iteration)
{
    struct frame *map = iteration->parent;
    int32_t last_id = iteration->last_id;

    if (!emit(s, iteration,
              (struct event){.type = EV_ITERATION_SUCCEEDED, .state = map->state, .index = iteration->index}))
        return;
    if (map->children->opened < map->children->n)
        start_iteration(s, map, last_id);
    else if (map->children->open == 0)
        children_done(s, map, EV_MAP_SUCCEEDED);
}
