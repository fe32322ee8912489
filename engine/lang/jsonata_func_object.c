/* Functions of objects. */
#include "lang/jsonata_func.h"

#include <string.h>

/* ---- $keys ---- */

/* The names of v's members, of all items of an array, each once. */
static int collect_keys(struct run *r, struct jv v, struct object *found, unsigned depth)
{
    if (charge(r, 1) < 0)
        return -1;
    if (depth > JS_DEPTH_MAX)
        return jsonata_fail_deep(r);
    for (uint32_t i = 0; v.kind == JV_ARRAY && i < v.len; i++)
        if (collect_keys(r, jv_at(v, i), found, depth + 1) < 0)
            return -1;
    if (v.kind != JV_OBJECT)
        return 0;
    for (struct members m = jv_members(v); jv_members_next(&m);)
        if (charge(r, 1) < 0 || jv_object_set(r, found, m.key, m.len, jv_null()) < 0)
            return -1;
    return 0;
}

int jsonata_f_keys(struct call *c, struct jv *out)
{
    struct object *found = jv_object_new(c->run, 0);
    struct list l = {0};

    if (!found || collect_keys(c->run, arg(c, 0), found, 0) < 0 || jv_list_reserve(c->run, &l, found->n) < 0)
        return -1;
    for (uint32_t i = 0; i < found->n; i++)
        jv_list_add(c->run, &l, jv_text(found->members[i].key, found->members[i].len));
    *out = list_array(&l, JV_SEQUENCE);
    return 0;
}

int jsonata_f_lookup(struct call *c, struct jv *out)
{
    const char *key;

    if (!given(c, 1))
        return 0;
    if (!(key = jv_cstring(c->run, arg(c, 1))))
        return -1;
    return jv_lookup(c->run, arg(c, 0), key, arg(c, 1).len, out);
}

/* ---- $spread, $merge ---- */

static int spread_object(struct run *r, struct jv v, struct list *l)
{
    for (struct members m = jv_members(v); jv_members_next(&m);) {
        struct object *o = jv_object_new(r, 1);
        if (!o || charge(r, 1) < 0 || jv_object_set(r, o, m.key, m.len, m.value) < 0 ||
            jv_list_add(r, l, jv_object(o)) < 0)
            return -1;
    }
    return 0;
}

static int spread_into(struct run *r, struct jv v, struct list *l, unsigned depth)
{
    if (charge(r, 1) < 0)
        return -1;
    if (depth > JS_DEPTH_MAX)
        return jsonata_fail_deep(r);
    for (uint32_t i = 0; v.kind == JV_ARRAY && i < v.len; i++)
        if (spread_into(r, jv_at(v, i), l, depth + 1) < 0)
            return -1;
    if (v.kind == JV_OBJECT)
        return spread_object(r, v, l);
    return v.kind == JV_ARRAY || v.kind == JV_UNDEFINED ? 0 : jv_list_add(r, l, v);
}

/* An object as sequence of objects of one member each; of an array all of them, as an array. */
int jsonata_f_spread(struct call *c, struct jv *out)
{
    struct jv v = arg(c, 0);
    struct list l = {0};

    *out = v;
    if (v.kind != JV_OBJECT && v.kind != JV_ARRAY)
        return 0;
    if (spread_into(c->run, v, &l, 0) < 0)
        return -1;
    *out = list_array(&l, v.kind == JV_OBJECT || l.n == 0 ? JV_SEQUENCE : 0);
    return 0;
}

static uint32_t members_in(struct jv array)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < array.len; i++)
        n += jv_object_size(jv_at(array, i));
    return n < UINT32_MAX / 4 ? (uint32_t)n : UINT32_MAX / 4;
}

int jsonata_f_merge(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0);

    if (!given(c, 0))
        return 0;
    if (charge(c->run, array.len / 4) < 0)
        return -1;
    struct object *o = jv_object_new(c->run, members_in(array));
    if (!o)
        return -1;
    for (uint32_t i = 0; i < array.len; i++)
        if (jv_object_add_members(c->run, o, jv_at(array, i)) < 0)
            return -1;
    *out = jv_object(o);
    return 0;
}

int jsonata_f_clone(struct call *c, struct jv *out)
{
    return given(c, 0) ? jv_clone(c->run, arg(c, 0), out) : 0;
}
