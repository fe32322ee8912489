/* Objects by grouping, sorting, and transforms. */
#include "lang/jsonata_priv.h"

#include <string.h>

/* ---- objects: {key: value, ...} over one context, or over many items grouped by their keys ---- */

struct group {
    struct jv key;
    const struct pair *pair;
    struct jv first;   /* the only item so far ... */
    struct list items; /* ... or all, once there are more; arrays among them flattened */
    struct list tuples;
};

struct grouping {
    struct run *run;
    const struct pairs *pairs;
    struct frame *frame;
    struct object *groups; /* key: the number of its group */
    struct group *at;
    uint32_t n, cap;
};

static int grow(struct grouping *g)
{
    uint32_t cap = g->cap ? g->cap * 2 : g->pairs->n;
    struct group *bigger = jsonata_take_room(g->run, cap * sizeof *bigger);

    if (!bigger)
        return -1;
    if (g->n)
        memcpy(bigger, g->at, g->n * sizeof *bigger);
    g->at = bigger;
    g->cap = cap;
    return 0;
}

static int add_to_group(struct run *r, struct group *g, struct jv item)
{
    if (item.kind == JV_TUPLE)
        return (g->tuples.n == 0 && jv_list_add(r, &g->tuples, g->first) < 0)
                   ? -1
                   : jv_list_add(r, &g->tuples, item);
    if (item.kind == JV_UNDEFINED)
        return 0;
    if (g->items.n == 0) {
        if (g->first.kind == JV_UNDEFINED) {
            g->first = item;
            return 0;
        }
        if ((g->first.kind == JV_ARRAY ? jv_list_add_items(r, &g->items, g->first)
                                       : jv_list_add(r, &g->items, g->first)) < 0)
            return -1;
    }
    return item.kind == JV_ARRAY ? jv_list_add_items(r, &g->items, item) : jv_list_add(r, &g->items, item);
}

static int join_group(struct grouping *g, struct jv key, const struct pair *pair, struct jv item)
{
    struct jv number;

    if (jv_object_get(g->run, jv_object(g->groups), key.text, key.len, &number)) {
        struct group *there = &g->at[(uint32_t)number.number];
        if (there->pair != pair) {
            jsonata_fail_value(g->run, "D1009", key);
            return jsonata_fail_at(g->run, g->pairs->position, NULL, 0);
        }
        return add_to_group(g->run, there, item);
    }
    if (g->n == g->cap && grow(g) < 0)
        return -1;
    g->at[g->n] = (struct group){.key = key, .pair = pair, .first = item};
    return jv_object_set(g->run, g->groups, key.text, key.len, jv_number(g->n++));
}

static int group_item(struct grouping *g, struct jv item)
{
    bool tuple = item.kind == JV_TUPLE;
    struct frame *f = tuple ? jsonata_frame_of_tuple(g->run, g->frame, item.tuple) : g->frame;
    struct jv key;

    for (uint32_t i = 0; i < g->pairs->n; i++) {
        const struct pair *pair = &g->pairs->at[i];
        if (jsonata_eval_node(g->run, pair->key, tuple ? item.tuple->item : item, f, &key) < 0)
            return -1;
        if (key.kind == JV_UNDEFINED)
            continue;
        if (key.kind != JV_STRING) {
            jsonata_fail_value(g->run, "T1003", key);
            return jsonata_fail_at(g->run, g->pairs->position, NULL, 0);
        }
        if (join_group(g, key, pair, item) < 0)
            return -1;
    }
    return 0;
}

/* The tuples of one group as one: each variable has the values of all. */
static int reduce(struct run *r, const struct list *tuples, struct tuple **out)
{
    struct tuple *t = jsonata_take(r, sizeof *t);

    for (uint32_t i = 0; i < tuples->n; i++) {
        const struct tuple *one = tuples->items[i].tuple;
        if (jv_append(r, t->item, one->item, &t->item) < 0)
            return -1;
        for (uint32_t b = 0; b < one->bound.n; b++) {
            const struct jv *there = jsonata_bindings_find(&t->bound, one->bound.at[b].symbol);
            struct jv all = there ? *there : UNDEFINED;
            if (jv_append(r, all, one->bound.at[b].value, &all) < 0)
                return -1;
            jsonata_bindings_set(r, &t->bound, one->bound.at[b].symbol, all);
        }
    }
    *out = t;
    return 0;
}

static int group_value(struct grouping *g, const struct group *one, struct jv *out)
{
    struct jv context = one->items.n ? list_array(&one->items, 0) : one->first;
    struct frame *f = g->frame;

    if (one->first.kind == JV_TUPLE) {
        struct tuple *t = one->first.tuple;
        if (one->tuples.n && reduce(g->run, &one->tuples, &t) < 0)
            return -1;
        context = t->item;
        f = jsonata_frame_of_tuple(g->run, g->frame, t);
    }
    return jsonata_eval_node(g->run, one->pair->value, context, f, out);
}

static int group_values(struct grouping *g, struct jv *out)
{
    struct object *o = jv_object_new(g->run, g->n);
    struct jv value;

    if (!o)
        return -1;
    for (uint32_t i = 0; i < g->n; i++) {
        if (group_value(g, &g->at[i], &value) < 0)
            return -1;
        if (value.kind != JV_UNDEFINED &&
            jv_object_set(g->run, o, g->at[i].key.text, g->at[i].key.len, value) < 0)
            return -1;
    }
    *out = jv_object(o);
    return 0;
}

int jsonata_eval_group(struct run *r, const struct pairs *pairs, struct jv in, struct frame *f,
                       struct jv *out)
{
    struct grouping g = {.run = r, .pairs = pairs, .frame = f, .groups = jv_object_new(r, pairs->n)};
    bool nothing = in.kind == JV_ARRAY && in.len == 0;

    if (!g.groups)
        return -1;
    if (in.kind != JV_ARRAY && group_item(&g, in) < 0)
        return -1;
    if (nothing && !(in.flags & JV_TUPLES) && group_item(&g, UNDEFINED) < 0)
        return -1;
    for (uint32_t i = 0; in.kind == JV_ARRAY && i < in.len; i++)
        if (group_item(&g, jv_at(in, i)) < 0)
            return -1;
    return group_values(&g, out);
}

/* ---- sorting: lhs^(terms) ---- */

struct keys { /* of one item, by term; each evaluated when it is first needed */
    struct jv item;
    struct jv *key;
    uint32_t known;
};

struct sorting {
    struct run *run;
    const struct node *node;
    struct frame *frame;
};

static int key_of(struct sorting *s, struct keys *k, uint32_t term, struct jv *out)
{
    if (term >= k->known) {
        bool tuple = k->item.kind == JV_TUPLE;
        struct frame *f = tuple ? jsonata_frame_of_tuple(s->run, s->frame, k->item.tuple) : s->frame;
        struct jv context = tuple ? k->item.tuple->item : k->item;
        if (jsonata_eval_node(s->run, s->node->terms.at[term].expression, context, f, &k->key[term]) < 0)
            return -1;
        k->known = term + 1;
    }
    *out = k->key[term];
    return 0;
}

static bool is_sortable(struct jv v)
{
    return v.kind == JV_NUMBER || v.kind == JV_STRING;
}

/* What is undefined comes last, whichever way the term sorts. */
static int compare_keys(struct sorting *s, const struct term *term, struct jv a, struct jv b, int *order)
{
    *order = (a.kind == JV_UNDEFINED) - (b.kind == JV_UNDEFINED);
    if (a.kind == JV_UNDEFINED || b.kind == JV_UNDEFINED)
        return 0;
    if (!is_sortable(a) || !is_sortable(b)) {
        jsonata_fail_value(s->run, "T2008", is_sortable(a) ? b : a);
        return jsonata_fail_at(s->run, s->node->at, NULL, 0);
    }
    if (a.kind != b.kind) {
        jsonata_fail_value(s->run, "T2007", a);
        s->run->fault.value2 = b;
        return jsonata_fail_at(s->run, s->node->at, NULL, 0);
    }
    owe(s->run, comparing(a, b));
    if (a.kind == JV_STRING)
        *order = jv_compare_text(a, b);
    else
        *order = a.number == b.number ? 0 : a.number < b.number ? -1 : 1;
    if (term->descending)
        *order = -*order;
    return 0;
}

static int is_behind(void *self, const void *a, const void *b, bool *out)
{
    struct sorting *s = self;
    int order = 0;

    for (uint32_t t = 0; t < s->node->terms.n && order == 0; t++) {
        struct jv x, y;
        if (key_of(s, (struct keys *)a, t, &x) < 0 || key_of(s, (struct keys *)b, t, &y) < 0 ||
            compare_keys(s, &s->node->terms.at[t], x, y, &order) < 0)
            return -1;
    }
    *out = order > 0;
    return 0;
}

struct merging {
    struct run *run;
    behind_fn *behind;
    void *self;
};

/* Merges the sorted parts from[lo, mid) and from[mid, hi). */
static int merge(const struct merging *m, const void **from, const void **to, uint32_t lo, uint32_t mid,
                 uint32_t hi)
{
    uint32_t left = lo, right = mid;

    for (uint32_t i = lo; i < hi; i++) {
        bool swap = left == mid;
        if (left < mid && right < hi &&
            (charge(m->run, 1) < 0 || m->behind(m->self, from[left], from[right], &swap) < 0))
            return -1;
        to[i] = swap ? from[right++] : from[left++];
    }
    return 0;
}

/* Sorts items[lo, hi) with the help of space, which holds the same. */
static int sort_part(const struct merging *m, const void **space, const void **items, uint32_t lo,
                     uint32_t hi)
{
    uint32_t mid = lo + (hi - lo) / 2;

    if (hi - lo < 2)
        return 0;
    if (sort_part(m, items, space, lo, mid) < 0 || sort_part(m, items, space, mid, hi) < 0)
        return -1;
    return merge(m, space, items, lo, mid, hi);
}

int jsonata_sort(struct run *r, const void **items, uint32_t n, behind_fn *behind, void *self)
{
    const struct merging m = {r, behind, self};
    const void **space = jsonata_take_room(r, (size_t)n * sizeof *space);

    if (!space)
        return -1;
    memcpy(space, items, (size_t)n * sizeof *space);
    return sort_part(&m, space, items, 0, n);
}

/* Each item with room for its keys. */
static const void **with_keys(struct sorting *s, struct jv in)
{
    size_t terms = s->node->terms.n;
    const void **items =
        charge(s->run, in.len / 2) < 0 ? NULL : jsonata_take_room(s->run, in.len * sizeof *items);
    struct keys *keys = jsonata_take_room(s->run, in.len * sizeof *keys);
    struct jv *key = jsonata_take_room(s->run, in.len * terms * sizeof *key);

    for (uint32_t i = 0; items && keys && key && i < in.len; i++) {
        keys[i] = (struct keys){.item = jv_at(in, i), .key = key + i * terms};
        items[i] = &keys[i];
    }
    return items && keys && key ? items : NULL;
}

int jsonata_eval_sort(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    struct sorting s = {.run = r, .node = n, .frame = f};
    struct list l = {0};

    *out = in;
    if (in.len <= 1)
        return 0;
    const void **items = with_keys(&s, in);
    if (!items || jsonata_sort(r, items, in.len, is_behind, &s) < 0 || jv_list_reserve(r, &l, in.len) < 0)
        return -1;
    for (uint32_t i = 0; i < in.len; i++)
        jv_list_add(r, &l, ((const struct keys *)items[i])->item);
    *out = list_array(&l, in.flags & JV_TUPLES);
    return 0;
}

/* ---- transforms: |pattern|update, deletion| ---- */

static int update(struct run *r, const struct node *n, struct jv match, struct frame *f)
{
    struct jv changes;

    if (jsonata_eval_node(r, n->first, match, f, &changes) < 0)
        return -1;
    if (changes.kind == JV_UNDEFINED)
        return 0;
    if (changes.kind != JV_OBJECT) {
        jsonata_fail_value(r, "T2011", changes);
        return jsonata_fail_at(r, n->first->at, NULL, 0);
    }
    if (match.kind != JV_OBJECT || match.form != FORM_OWN)
        return 0; /* what was given from outside stays */
    return jv_object_add_members(r, match.object, changes);
}

static int refuse_deletion(struct run *r, const struct node *n, struct jv deletions)
{
    jsonata_fail_value(r, "T2012", deletions);
    return jsonata_fail_at(r, n->second->at, NULL, 0);
}

static int delete (struct run *r, const struct node *n, struct jv match, struct frame *f)
{
    struct jv deletions, array;

    if (jsonata_eval_node(r, n->second, match, f, &deletions) < 0)
        return -1;
    if (deletions.kind == JV_UNDEFINED)
        return 0;
    array = deletions.kind == JV_ARRAY ? deletions : jv_array(&deletions, 1, 0);
    for (uint32_t i = 0; i < array.len; i++)
        if (jv_at(array, i).kind != JV_STRING)
            return refuse_deletion(r, n, deletions);
    for (uint32_t i = 0; i < array.len && match.kind == JV_OBJECT && match.form == FORM_OWN; i++) {
        if (charge(r, 1) < 0)
            return -1;
        jv_object_delete(r, match.object, jv_at(array, i).text, jv_at(array, i).len);
    }
    return 0;
}

/* The copy that is changed: by $clone, which an expression may define anew. */
static int copy(struct run *r, const struct function *fn, struct jv subject, struct jv *out)
{
    struct jv cloner;

    if (jsonata_frame_lookup(r, fn->frame, fn->node->clone, &cloner) < 0)
        return -1;
    if (cloner.kind != JV_FUNCTION) {
        jsonata_fail(r, "T2013");
        return jsonata_fail_at(r, fn->node->at, NULL, 0);
    }
    return jsonata_apply(r, cloner, &subject, 1, jv_null(), fn->frame, out);
}

int jsonata_eval_transform(struct run *r, const struct function *fn, struct jv subject, struct jv *out)
{
    const struct node *n = fn->node;
    struct jv matches, array;

    if (subject.kind == JV_UNDEFINED)
        return 0;
    if (copy(r, fn, subject, out) < 0 || jsonata_eval_node(r, n->subject, *out, fn->frame, &matches) < 0)
        return -1;
    array = matches.kind == JV_ARRAY ? matches : jv_array(&matches, matches.kind != JV_UNDEFINED, 0);
    for (uint32_t i = 0; i < array.len; i++) {
        struct jv match = jv_at(array, i);
        if (update(r, n, match, fn->frame) < 0 || (n->second && delete (r, n, match, fn->frame) < 0))
            return -1;
    }
    return 0;
}
