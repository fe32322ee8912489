/* Functions that take functions. */
#include "lang/jsonata_func.h"

int jsonata_call_with(struct call *c, uint32_t i, struct jv value, struct jv key, struct jv whole,
                      struct jv *out)
{
    const struct jv args[] = {value, key, whole};
    uint32_t takes = arg(c, i).function->arity;

    if (charge(c->run, 1) < 0)
        return -1;
    return call_arg(c, i, args, takes < 2 ? 1 : takes < 3 ? 2 : 3, out);
}

int jsonata_f_map(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0), v;
    struct list l = {0};

    if (!given(c, 0))
        return 0;
    for (uint32_t i = 0; i < array.len; i++) {
        if (jsonata_call_with(c, 1, jv_at(array, i), jv_number(i), array, &v) < 0)
            return -1;
        if (v.kind != JV_UNDEFINED && jv_list_add(c->run, &l, v) < 0)
            return -1;
    }
    *out = list_array(&l, JV_SEQUENCE);
    return 0;
}

/* Does the function say yes to that item? */
static int holds(struct call *c, struct jv value, struct jv key, struct jv whole, bool *out)
{
    struct jv v;

    if (jsonata_call_with(c, 1, value, key, whole, &v) < 0)
        return -1;
    return jv_boolean(c->run, v, out);
}

int jsonata_f_filter(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0);
    struct list l = {0};
    bool keep;

    if (!given(c, 0))
        return 0;
    for (uint32_t i = 0; i < array.len; i++) {
        if (holds(c, jv_at(array, i), jv_number(i), array, &keep) < 0)
            return -1;
        if (keep && jv_list_add(c->run, &l, jv_at(array, i)) < 0)
            return -1;
    }
    *out = list_array(&l, JV_SEQUENCE);
    return 0;
}

int jsonata_f_single(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0);
    uint32_t found = 0;
    bool fits = true;

    if (!given(c, 0))
        return 0;
    for (uint32_t i = 0; i < array.len; i++) {
        if (given(c, 1) && holds(c, jv_at(array, i), jv_number(i), array, &fits) < 0)
            return -1;
        if (fits && ++found > 1)
            return jsonata_fail(c->run, "D3138");
        if (fits)
            *out = jv_at(array, i);
    }
    return found ? 0 : jsonata_fail(c->run, "D3139");
}

int jsonata_f_reduce(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0), args[4] = {arg(c, 2)}, v;

    if (!given(c, 0))
        return 0;
    uint32_t takes = arg(c, 1).function->arity, i = 0;
    if (takes < 2)
        return jsonata_fail(c->run, "D3050");
    if (!given(c, 2) && array.len > 0)
        args[0] = jv_at(array, i++);
    for (; i < array.len; i++) {
        args[1] = jv_at(array, i);
        args[2] = jv_number(i);
        args[3] = array;
        if (charge(c->run, 1) < 0 || call_arg(c, 1, args, takes < 4 ? takes : 4, &v) < 0)
            return -1;
        args[0] = v;
    }
    *out = args[0];
    return 0;
}

int jsonata_f_each(struct call *c, struct jv *out)
{
    struct list l = {0};
    struct jv v;

    if (!given(c, 0))
        return 0;
    for (struct members m = jv_members(arg(c, 0)); jv_members_next(&m);) {
        if (jsonata_call_with(c, 1, m.value, jv_text(m.key, m.len), arg(c, 0), &v) < 0)
            return -1;
        if (v.kind != JV_UNDEFINED && jv_list_add(c->run, &l, v) < 0)
            return -1;
    }
    *out = list_array(&l, JV_SEQUENCE);
    return 0;
}

int jsonata_f_sift(struct call *c, struct jv *out)
{
    struct object *o = jv_object_new(c->run, 0);
    bool keep;

    if (!o)
        return -1;
    if (!given(c, 0))
        return 0;
    if (!given(c, 1))
        return jsonata_fail(c->run, "T1006");
    for (struct members m = jv_members(arg(c, 0)); jv_members_next(&m);) {
        if (holds(c, m.value, jv_text(m.key, m.len), arg(c, 0), &keep) < 0)
            return -1;
        if (keep && jv_object_set(c->run, o, m.key, m.len, m.value) < 0)
            return -1;
    }
    if (o->n)
        *out = jv_object(o);
    return 0;
}
