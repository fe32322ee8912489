/*
 * Of a Map in a trial: what would be given to iterations and children, and what becomes of failures.
 *
 * ItemReader, ItemBatcher and the tolerance of failures belong to distributed Map, which is not built: trials
 * alone come here.
 */
#include "asl/interp_priv.h"

/* ---- ItemReader ---- */

static void limit_items(json_object **items, int64_t max)
{
    json_object *list = *items;

    if (max == 0 || json_object_array_length(list) <= (size_t)max)
        return;
    *items = json_object_new_array();
    for (int64_t i = 0; i < max; i++)
        json_object_array_add(*items, json_object_get(json_object_array_get_idx(list, (size_t)i)));
    json_object_put(list);
}

/* A number that is not set leaves *n as it is. */
static int find_number(struct step *s, struct frame *f, struct value *in, const struct asl_number *field,
                       const char *name, int64_t *n, struct err *err)
{
    struct scope sc;
    int rc = 0;

    if (!field->present)
        return 0;
    *n = (int64_t)field->constant;
    scope_init(&sc, s, f, in);
    if (field->path)
        rc = scope_count(&sc, field->path, name, n, err);
    else if (field->query)
        rc = scope_query_int(&sc, field->query, name, 0, INT32_MAX, n, err);
    scope_fini(&sc);
    return rc;
}

int map_read(struct step *s, struct frame *f, struct value *in, struct value **items, struct err *err)
{
    const struct asl_distributed *d = &f->state->u.map.distributed;
    const struct inspection *given = s->ex->inspection;
    json_object *list = NULL;
    int64_t max = 0;

    if (find_number(s, f, in, &d->max_items, "MaxItems", &max, err) < 0)
        return -1;
    if (!given->file)
        list = json_object_new_array();
    else if (items_read(&d->format, given->file, given->file_len, &list, err) < 0)
        return -1;
    limit_items(&list, max);
    if (value_made(f->state->name, list, items, err) < 0)
        return -1;
    if (d->format.pointer)
        stage_seen(s, INSPECT_ITEMS_POINTER, *items);
    return 0;
}

/* ---- tolerated failures ---- */

int map_tolerance(struct step *s, struct frame *f, struct value *in, struct err *err)
{
    const struct asl_distributed *d = &f->state->u.map.distributed;
    const struct asl_number *percentage = &d->tolerated_percentage;
    struct inspection *seen = s->ex->inspection;
    struct scope sc;
    int rc = 0;

    if (find_number(s, f, in, &d->tolerated_count, "ToleratedFailureCount", &seen->tolerated_count, err) < 0)
        return -1;
    if (!percentage->present)
        return 0;
    seen->tolerated_percentage = percentage->constant;
    scope_init(&sc, s, f, in);
    if (percentage->path || percentage->query)
        rc =
            scope_percentage(&sc, percentage, "ToleratedFailurePercentage", &seen->tolerated_percentage, err);
    scope_fini(&sc);
    return rc;
}

/* More have failed than may. Where nothing is set, a mocked result stands (recorded). */
static bool too_many_failed(const struct inspection *in, uint32_t iterations)
{
    int64_t failed = in->iteration_failures;

    if (failed <= 0)
        return false;
    if (in->tolerated_count >= 0 && failed > in->tolerated_count)
        return true;
    return in->tolerated_percentage >= 0 && (double)failed * 100 > in->tolerated_percentage * iterations;
}

/* ---- the inputs of iterations and children ---- */

static void put_value(struct js_buf *text, struct value *v)
{
    size_t len;
    const char *one = value_text(v, &len);

    js_buf_add(text, one, len);
}

/* Of all iterations, as an array; NULL: together they are more than a payload may be, and are not shown. */
static int all_inputs(struct step *s, struct frame *map, struct value **all, struct err *err)
{
    struct js_buf text = {0};
    struct value *input;
    int rc = 0;

    *all = NULL;
    js_buf_str(&text, "[");
    for (uint32_t i = 0; i < map->children->n && text.len <= VALUE_BYTES_MAX && s->visits < STEP_VISITS;
         i++) {
        if ((rc = map_item_input(s, map, (int32_t)i, &input, err)) < 0)
            break;
        js_buf_str(&text, i ? "," : "");
        put_value(&text, input);
        value_unref(input);
    }
    js_buf_str(&text, "]");
    if (rc == 0)
        value_spliced(map->state->name, text.p, text.len, all, NULL);
    js_buf_fini(&text);
    return rc;
}

struct batch_limits {
    int64_t items, bytes; /* of one batch; 0: no limit */
};

/* How many of the inputs, from this one, make the next batch: one at least. */
static size_t batch_size(json_object *inputs, size_t from, size_t frame_bytes, const struct batch_limits *max)
{
    size_t n = json_object_array_length(inputs), bytes = frame_bytes, i = from, len;

    for (; i < n; i++) {
        if (max->items && i - from == (size_t)max->items)
            break;
        js_text(json_object_array_get_idx(inputs, i), &len);
        bytes += len + (i > from);
        if (max->bytes && bytes > (size_t)max->bytes && i > from)
            break;
    }
    return i - from;
}

static void put_batch(struct js_buf *text, json_object *inputs, size_t from, size_t n, struct value *input)
{
    js_buf_str(text, from ? ",{" : "{");
    if (input) {
        js_buf_str(text, "\"BatchInput\":");
        put_value(text, input);
        js_buf_str(text, ",");
    }
    js_buf_str(text, "\"Items\":[");
    for (size_t i = from; i < from + n; i++) {
        js_buf_str(text, i > from ? "," : "");
        js_write(text, json_object_array_get_idx(inputs, i));
    }
    js_buf_str(text, "]}");
}

/* Of all children, as an array; NULL as above. */
static void all_batches(struct frame *map, json_object *inputs, struct value *input,
                        const struct batch_limits *max, struct value **all)
{
    size_t n = json_object_array_length(inputs), size;
    size_t frame_bytes = sizeof "{\"Items\":[]}" - 1;
    struct js_buf text = {0};

    if (input)
        frame_bytes += sizeof "\"BatchInput\":," - 1 + value_bytes(input);
    js_buf_str(&text, "[");
    for (size_t from = 0; from < n && text.len <= VALUE_BYTES_MAX; from += size) {
        size = batch_size(inputs, from, frame_bytes, max);
        put_batch(&text, inputs, from, size, input);
    }
    js_buf_str(&text, "]");
    value_spliced(map->state->name, text.p, text.len, all, NULL);
    js_buf_fini(&text);
}

static int batch(struct step *s, struct frame *map, struct value *inputs, struct err *err)
{
    const struct asl_distributed *d = &map->state->u.map.distributed;
    struct value *in = map->children->input, *input = NULL, *all = NULL;
    struct batch_limits max = {0};
    struct scope sc;
    int rc = 0;

    if (find_number(s, map, in, &d->batch_items, "MaxItemsPerBatch", &max.items, err) < 0 ||
        find_number(s, map, in, &d->batch_bytes, "MaxInputBytesPerBatch", &max.bytes, err) < 0)
        return -1;
    if (d->batch_input) {
        scope_init(&sc, s, map, in);
        rc = scope_template(&sc, d->batch_input, &input, err);
        scope_fini(&sc);
    }
    if (rc < 0)
        return -1;
    all_batches(map, value_tree(inputs), input, &max, &all);
    if (all)
        stage_seen(s, INSPECT_ITEM_BATCHER, all);
    value_unref(all);
    value_unref(input);
    return 0;
}

/* ---- the state ---- */

static int show_inputs(struct step *s, struct frame *f, struct err *err)
{
    const struct asl_map *map = &f->state->u.map;
    struct value *inputs = NULL;
    int rc = 0;

    if (map->selector && all_inputs(s, f, &inputs, err) < 0)
        return -1;
    if (inputs)
        stage_seen(s, INSPECT_ITEM_SELECTOR, inputs);
    else if (!map->selector)
        inputs = value_ref(f->children->items);
    if (inputs && map->distributed.batches)
        rc = batch(s, f, inputs, err);
    value_unref(inputs);
    return rc;
}

void map_tried(struct step *s, struct frame *f)
{
    const struct inspection *in = s->ex->inspection;
    struct err err;

    if (show_inputs(s, f, &err) < 0)
        return state_broken(s, f, &err);
    if (in->result && too_many_failed(in, f->children->n))
        return state_failed(
            s, f,
            &(struct failure){.error = ERR_TOLERATED_FAILURES,
                              .cause = "The specified tolerated failure threshold was exceeded",
                              .match = ERR_TOLERATED_FAILURES,
                              .event_id = f->last_id});
    state_mocked(s, f);
}
