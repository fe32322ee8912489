/*
 * Paths: steps one after another, each over all items that the step before it has found.
 *
 * A step's results are flattened into one sequence, but for arrays that a constructor made.  A single item
 * goes from step to step without an array around it.  Once a step binds variables ("@", "#", or a "%" behind
 * it that means its input) the items are tuples: the item and the variables bound on its way.
 */
#include "lang/jsonata_priv.h"

#include <math.h>
#include <string.h>

/* What goes from step to step: many items, those of an array; or one. */
struct items {
    struct jv value;
    bool many;
    bool bare; /* neither: what a constructor with a predicate left, see take_constructor */
};

static uint32_t count(const struct items *in)
{
    return in->many ? in->value.len : 1;
}

static struct jv item_at(const struct items *in, uint32_t i)
{
    return in->many ? jv_at(in->value, i) : in->value;
}

/* ---- predicates ---- */

static double from_end(double index, uint32_t len)
{
    index = floor(index);
    return index < 0 ? index + len : index;
}

static struct jv array_of(struct jv v, struct jv *one)
{
    if (v.kind == JV_ARRAY)
        return v;
    *one = v;
    return jv_array(one, 1, 0);
}

/* [3], [-1]: that item. An array among the items is the result itself. */
static int filter_by_literal(struct run *r, double number, struct jv in, struct jv *out)
{
    struct jv one, array = array_of(in, &one);
    double index = from_end(number, array.len);
    struct jv item = index >= 0 && index < array.len ? jv_at(array, (uint32_t)index) : UNDEFINED;

    if (item.kind == JV_UNDEFINED)
        *out = jv_array(NULL, 0, JV_SEQUENCE | (array.flags & JV_TUPLES));
    else if (item.kind == JV_TUPLE) {
        *out = jv_single(r, item);
        out->flags |= JV_TUPLES;
    } else {
        *out = item;
    }
    return 0;
}

static bool all_numbers(struct jv v)
{
    for (uint32_t i = 0; i < v.len; i++)
        if (jv_at(v, i).kind != JV_NUMBER)
            return false;
    return true;
}

/* How often the predicate's result res lets the index-th of len items through. */
static int admits(struct run *r, struct jv res, uint32_t index, uint32_t len, uint32_t *times)
{
    struct jv one, numbers = array_of(res, &one);
    bool truth;

    *times = 0;
    if (charge(r, numbers.len / 2) < 0)
        return -1;
    if (res.kind != JV_NUMBER && !(res.kind == JV_ARRAY && all_numbers(res))) {
        if (jv_boolean(r, res, &truth) < 0)
            return -1;
        *times = truth;
        return 0;
    }
    for (uint32_t i = 0; i < numbers.len; i++) {
        bool number;
        if (jv_is_number(r, jv_at(numbers, i), &number) < 0)
            return -1;
        *times += number && from_end(jv_at(numbers, i).number, len) == index;
    }
    return 0;
}

int jsonata_eval_filter(struct run *r, const struct node *predicate, struct jv in, struct frame *f,
                        struct jv *out)
{
    struct list kept = {0};

    if (predicate->type == NODE_NUMBER)
        return filter_by_literal(r, predicate->number, in, out);

    struct jv one, array = array_of(in, &one), res;
    for (uint32_t i = 0; i < array.len; i++) {
        struct jv item = jv_at(array, i);
        bool tuple = item.kind == JV_TUPLE;
        struct frame *inner = tuple ? jsonata_frame_of_tuple(r, f, item.tuple) : f;
        uint32_t times;
        if (jsonata_eval_node(r, predicate, tuple ? item.tuple->item : item, inner, &res) < 0 ||
            admits(r, res, i, array.len, &times) < 0)
            return -1;
        while (times--)
            if (jv_list_add(r, &kept, item) < 0)
                return -1;
    }
    *out = list_array(&kept, JV_SEQUENCE | (array.flags & JV_TUPLES));
    return 0;
}

/* ---- plain steps ---- */

/* A step for one item, with the predicates behind it. */
static int step_item(struct run *r, const struct node *step, struct jv item, struct frame *f, struct jv *out)
{
    if (jsonata_eval_node(r, step, item, f, out) < 0)
        return -1;
    for (uint32_t i = 0; i < step->stages.n; i++)
        if (step->stages.at[i].filter && jsonata_eval_filter(r, step->stages.at[i].filter, *out, f, out) < 0)
            return -1;
    return 0;
}

static int flatten(struct run *r, struct list *l, struct jv v)
{
    return v.kind == JV_ARRAY && !(v.flags & JV_CONS) ? jv_list_add_items(r, l, v) : jv_list_add(r, l, v);
}

/* The only result of a step. As the path's last one an array of the data stays as it is. */
static struct items only_result(struct jv v, bool last)
{
    if (v.kind != JV_ARRAY)
        return (struct items){.value = v};
    if (last && !(v.flags & JV_SEQUENCE))
        return (struct items){.value = v, .many = true};
    if (v.flags & JV_CONS)
        return (struct items){.value = v};
    v.flags = JV_SEQUENCE;
    return (struct items){.value = v, .many = true};
}

static int add_characters(struct run *r, struct list *l, struct jv s)
{
    for (uint32_t from = 0, i = 1; i <= s.len; i++) {
        if (i < s.len && ((unsigned char)s.text[i] & 0xC0) == 0x80)
            continue;
        if (charge(r, 1) < 0 || jv_list_add(r, l, jv_text(s.text + from, i - from)) < 0)
            return -1;
        from = i;
    }
    return 0;
}

/* The reference looks for items in any value: a string has its characters, others none. */
static int spread_bare(struct run *r, struct items *items)
{
    struct list l = {0};

    if (items->value.kind == JV_STRING && add_characters(r, &l, items->value) < 0)
        return -1;
    *items = (struct items){.value = list_array(&l, JV_SEQUENCE), .many = true};
    return 0;
}

static int take_step(struct run *r, const struct node *step, struct items *items, struct frame *f, bool last)
{
    struct list all = {0};
    struct jv first = UNDEFINED, v;
    uint32_t results = 0;

    if (items->bare && spread_bare(r, items) < 0)
        return -1;
    for (uint32_t i = 0; i < count(items); i++) {
        if (step_item(r, step, item_at(items, i), f, &v) < 0)
            return -1;
        if (v.kind == JV_UNDEFINED)
            continue;
        if (++results == 1) {
            first = v;
            continue;
        }
        if ((results == 2 && flatten(r, &all, first) < 0) || flatten(r, &all, v) < 0)
            return -1;
    }
    if (results == 1)
        *items = only_result(first, last);
    else
        *items = (struct items){.value = list_array(&all, JV_SEQUENCE), .many = true};
    return 0;
}

/* All items, as the array that sorting and grouping look at. */
static struct jv as_array(struct run *r, const struct items *items)
{
    return items->many ? items->value : jv_single(r, items->value);
}

static int take_sort(struct run *r, const struct node *step, struct items *items, struct frame *f)
{
    if (items->bare)
        return 0;

    struct jv v = as_array(r, items);
    if (jsonata_eval_sort(r, step, v, f, &v) < 0)
        return -1;
    for (uint32_t i = 0; i < step->stages.n; i++)
        if (step->stages.at[i].filter && jsonata_eval_filter(r, step->stages.at[i].filter, v, f, &v) < 0)
            return -1;
    *items = (struct items){.value = v, .many = v.kind == JV_ARRAY};
    return 0;
}

/*
 * A constructor as first step is not asked for each item of the context, but once.  Where a predicate behind
 * it leaves no array, that is the result, but for a further step it has no items.
 */
static int take_constructor(struct run *r, const struct node *step, struct items *items, struct frame *f)
{
    struct jv v;

    if (jsonata_eval_node(r, step, as_array(r, items), f, &v) < 0)
        return -1;
    bool none = v.kind == JV_UNDEFINED, array = v.kind == JV_ARRAY;
    *items = (struct items){
        .value = none ? jv_array(NULL, 0, JV_SEQUENCE) : v, .many = none || array, .bare = !none && !array};
    return 0;
}

/* ---- steps that bind variables ---- */

static struct tuple *tuple_new(struct run *r, const struct tuple *from, uint32_t more)
{
    struct tuple *t = jsonata_take(r, sizeof *t);

    if (from) {
        t->item = from->item;
        t->bound.cap = from->bound.n + more;
        t->bound.n = from->bound.n;
        t->bound.at = jsonata_take(r, t->bound.cap * sizeof *t->bound.at);
        owe(r, t->bound.n / STEP_ITEMS);
        if (t->bound.n)
            memcpy(t->bound.at, from->bound.at, t->bound.n * sizeof *t->bound.at);
    }
    return t;
}

static struct jv tuple_value(struct tuple *t)
{
    return (struct jv){.kind = JV_TUPLE, .tuple = t};
}

/* What a path or block within gave are tuples already: their variables join those of before. */
static struct tuple *joined(struct run *r, const struct tuple *before, const struct tuple *found)
{
    struct tuple *t = tuple_new(r, before, found->bound.n);

    owe(r, (uint64_t)before->bound.n * found->bound.n / STEP_ITEMS);
    for (uint32_t i = 0; i < found->bound.n; i++)
        jsonata_bindings_set(r, &t->bound, found->bound.at[i].symbol, found->bound.at[i].value);
    t->item = found->item;
    return t;
}

static struct tuple *bound(struct run *r, const struct node *step, const struct tuple *before, struct jv v,
                           uint32_t i)
{
    struct tuple *t = tuple_new(r, before, 3);

    if (step->focus)
        jsonata_bindings_set(r, &t->bound, step->focus, v); /* "@" leaves the context where it was */
    else
        t->item = v;
    if (step->index)
        jsonata_bindings_set(r, &t->bound, step->index, jv_number(i));
    if (step->ancestor)
        jsonata_bindings_set(r, &t->bound, step->ancestor->label, before->item);
    return t;
}

static int step_tuple(struct run *r, const struct node *step, const struct tuple *before, struct frame *f,
                      struct list *l)
{
    struct jv v, one;

    if (jsonata_eval_tuples(r, step, before->item, jsonata_frame_of_tuple(r, f, before), &v) < 0)
        return -1;
    if (v.kind == JV_UNDEFINED)
        return 0;
    struct jv array = array_of(v, &one);
    if (charge(r, array.len) < 0)
        return -1;
    for (uint32_t i = 0; i < array.len; i++) {
        struct jv item = jv_at(array, i);
        struct tuple *t =
            item.kind == JV_TUPLE ? joined(r, before, item.tuple) : bound(r, step, before, item, i);
        if (jv_list_add(r, l, tuple_value(t)) < 0)
            return -1;
    }
    return 0;
}

/* Behind the step: predicates, and "#" that counts what they have left. */
static int take_stages(struct run *r, const struct node *step, struct frame *f, struct jv *tuples)
{
    for (uint32_t s = 0; s < step->stages.n; s++) {
        const struct stage *stage = &step->stages.at[s];
        if (stage->filter && jsonata_eval_filter(r, stage->filter, *tuples, f, tuples) < 0)
            return -1;
        for (uint32_t i = 0; stage->index && i < tuples->len; i++)
            jsonata_bindings_set(r, &jv_at(*tuples, i).tuple->bound, stage->index, jv_number(i));
    }
    return 0;
}

static int to_tuples(struct run *r, struct jv array, const struct symbol *index, struct jv *out)
{
    struct list l = {0};

    if (jv_list_reserve(r, &l, array.len) < 0 || charge(r, array.len) < 0)
        return -1;
    for (uint32_t i = 0; i < array.len; i++) {
        struct tuple *t = tuple_new(r, NULL, 0);
        t->item = jv_at(array, i);
        if (index)
            jsonata_bindings_set(r, &t->bound, index, jv_number(i));
        if (jv_list_add(r, &l, tuple_value(t)) < 0)
            return -1;
    }
    *out = list_array(&l, JV_SEQUENCE | JV_TUPLES);
    return 0;
}

static int take_tuple_sort(struct run *r, const struct node *step, struct jv *tuples, struct frame *f)
{
    bool already = tuples->flags & JV_TUPLES;

    if (jsonata_eval_sort(r, step, *tuples, f, tuples) < 0)
        return -1;
    if (!already && to_tuples(r, *tuples, step->index, tuples) < 0)
        return -1;
    tuples->flags |= JV_TUPLES;
    return take_stages(r, step, f, tuples);
}

static int take_tuple_step(struct run *r, const struct node *step, struct jv *tuples, struct frame *f)
{
    struct list l = {0};

    if (step->type == NODE_SORT)
        return take_tuple_sort(r, step, tuples, f);
    if (!(tuples->flags & JV_TUPLES) && to_tuples(r, *tuples, NULL, tuples) < 0)
        return -1;
    for (uint32_t i = 0; i < tuples->len; i++)
        if (step_tuple(r, step, jv_at(*tuples, i).tuple, f, &l) < 0)
            return -1;
    *tuples = list_array(&l, JV_SEQUENCE | JV_TUPLES);
    return take_stages(r, step, f, tuples);
}

int jsonata_untuple(struct run *r, struct jv tuples, struct jv *out)
{
    struct list l = {0};

    if (charge(r, tuples.len / STEP_ITEMS) < 0 || jv_list_reserve(r, &l, tuples.len) < 0)
        return -1;
    for (uint32_t i = 0; i < tuples.len; i++)
        jv_list_add(r, &l, jv_at(tuples, i).tuple->item);
    *out = list_array(&l, JV_SEQUENCE);
    return 0;
}

/* The steps from the i-th on, which is the first that binds. */
static int eval_tuple_path(struct run *r, const struct node *n, uint32_t i, const struct items *items,
                           struct frame *f, struct jv *out)
{
    struct jv tuples = as_array(r, items), plain;

    for (; i < n->list.n; i++)
        if (take_tuple_step(r, n->list.at[i], &tuples, f) < 0)
            return -1;
    plain = tuples;
    if (!n->tuple && jsonata_untuple(r, tuples, &plain) < 0)
        return -1;
    if (n->keep_singletons)
        plain.flags |= JV_KEEP;
    *out = plain;
    return n->group ? jsonata_eval_group(r, n->group, tuples, f, out) : 0;
}

/* ---- the path ---- */

static int finish(struct run *r, const struct node *n, const struct items *items, struct frame *f,
                  struct jv *out)
{
    struct jv v = items->value;

    if (n->keep_singletons) {
        bool constructed = items->many && (v.flags & JV_CONS) && !(v.flags & JV_SEQUENCE);
        if (!items->many || constructed)
            v = jv_single(r, v);
        v.flags |= JV_KEEP;
    } else if (n->group) {
        v = as_array(r, items);
    }
    *out = v;
    return n->group ? jsonata_eval_group(r, n->group, v, f, out) : 0;
}

static bool is_empty(const struct items *items)
{
    return items->many && items->value.len == 0;
}

static int take_plain_step(struct run *r, const struct node *n, uint32_t i, struct items *items,
                           struct frame *f)
{
    const struct node *step = n->list.at[i];
    bool last = i + 1 == n->list.n;

    if (i == 0 && step->cons_array)
        return take_constructor(r, step, items, f);
    if (step->type == NODE_SORT)
        return take_sort(r, step, items, f);
    return take_step(r, step, items, f, last);
}

/* A constructor that is to bind variables as first step binds none, in the reference. */
static int skip_constructor(struct run *r, const struct node *n, struct items *items, struct frame *f)
{
    const struct node *step = n->list.at[0];
    struct items made = *items;

    if (take_constructor(r, step, &made, f) < 0)
        return -1;
    if (!step->focus)
        *items = made;
    return 0;
}

int jsonata_eval_path(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    bool spread = in.kind == JV_ARRAY && n->list.at[0]->type != NODE_VARIABLE;
    struct items items = {.value = in, .many = spread};

    for (uint32_t i = 0; i < n->list.n; i++) {
        const struct node *step = n->list.at[i];
        if (step->tuple && i == 0 && step->cons_array && n->list.n > 1)
            return skip_constructor(r, n, &items, f) < 0 ? -1 : eval_tuple_path(r, n, 1, &items, f, out);
        if (step->tuple)
            return eval_tuple_path(r, n, i, &items, f, out);
        if (take_plain_step(r, n, i, &items, f) < 0)
            return -1;
        if (is_empty(&items))
            break;
    }
    return finish(r, n, &items, f, out);
}

/* ---- wildcards ---- */

static int flatten_deep(struct run *r, struct list *l, struct jv v, unsigned depth)
{
    if (v.kind != JV_ARRAY)
        return jv_list_add(r, l, v);
    if (depth > JS_DEPTH_MAX)
        return jsonata_fail_deep(r);
    for (uint32_t i = 0; i < v.len; i++)
        if (charge(r, 1) < 0 || flatten_deep(r, l, jv_at(v, i), depth + 1) < 0)
            return -1;
    return 0;
}

static int wildcard_member(struct run *r, struct list *l, struct jv v, uint8_t *flags)
{
    if (v.kind == JV_ARRAY)
        *flags = 0; /* appending an array makes one: a single item in it stays in it */
    return charge(r, 1) < 0 ? -1 : flatten_deep(r, l, v, 0);
}

int jsonata_eval_wildcard(struct run *r, struct jv in, struct jv *out)
{
    uint8_t flags = JV_SEQUENCE;
    struct list l = {0};

    if (in.kind == JV_ARRAY && (in.flags & JV_OUTER))
        in = jv_at(in, 0);
    for (uint32_t i = 0; in.kind == JV_ARRAY && i < in.len; i++)
        if (wildcard_member(r, &l, jv_at(in, i), &flags) < 0)
            return -1;
    if (in.kind == JV_OBJECT)
        for (struct members m = jv_members(in); jv_members_next(&m);)
            if (wildcard_member(r, &l, m.value, &flags) < 0)
                return -1;
    *out = list_array(&l, flags);
    return 0;
}

static int descend(struct run *r, struct list *l, struct jv v, unsigned depth)
{
    if (charge(r, 1) < 0)
        return -1;
    if (depth > JS_DEPTH_MAX)
        return jsonata_fail_deep(r);
    if (v.kind != JV_ARRAY && jv_list_add(r, l, v) < 0)
        return -1;
    for (uint32_t i = 0; v.kind == JV_ARRAY && i < v.len; i++)
        if (descend(r, l, jv_at(v, i), depth + 1) < 0)
            return -1;
    if (v.kind == JV_OBJECT)
        for (struct members m = jv_members(v); jv_members_next(&m);)
            if (descend(r, l, m.value, depth + 1) < 0)
                return -1;
    return 0;
}

int jsonata_eval_descendants(struct run *r, struct jv in, struct jv *out)
{
    struct list l = {0};

    if (in.kind == JV_UNDEFINED)
        return 0;
    if (descend(r, &l, in, 0) < 0)
        return -1;
    *out = l.n == 1 ? l.items[0] : list_array(&l, JV_SEQUENCE);
    return 0;
}
