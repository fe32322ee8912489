/*
 * Appending to arrays and strings.
 *
 * Values never change, and yet a loop that appends to what it made last must not copy all of it each time. So
 * what is made here has room behind its end, and a note in front of it says how much of that is taken: a
 * value that ends where the note says may take the room behind it.  One that ends earlier is copied.
 */
#include "lang/jsonata_priv.h"

#include <string.h>

struct room {
    _Alignas(struct jv) uint32_t cap; /* items, or bytes */
    uint32_t used;
};

_Static_assert(sizeof(struct room) <= sizeof(struct jv), "a note fits in front of the items");

enum { ROOM_FROM_ITEMS = 8, ROOM_FROM_BYTES = 64 }; /* shorter ones are copied faster than noted */

static struct room *note_of(struct jv v)
{
    return (struct room *)((char *)(uintptr_t)v.items - sizeof(struct jv));
}

static bool has_room(struct jv v, uint32_t more)
{
    return (v.flags & JV_ROOMY) && note_of(v)->used == v.len && more <= note_of(v)->cap - v.len;
}

/* Memory for cap units of size bytes, behind a note that says that used of them are taken. */
static void *with_note(struct run *r, uint64_t cap, size_t size, uint32_t used)
{
    char *p = jsonata_take_room(r, cap < UINT32_MAX ? sizeof(struct jv) + cap * size : SIZE_MAX);

    if (!p)
        return NULL;
    *(struct room *)p = (struct room){.cap = (uint32_t)cap, .used = used};
    return p + sizeof(struct jv);
}

/* ---- arrays ---- */

static struct jv as_array(const struct jv *v)
{
    return v->kind == JV_ARRAY ? *v : jv_array(v, 1, 0);
}

static void copy_items(struct jv *to, struct jv array)
{
    if (array.form == FORM_OWN && array.len)
        memcpy(to, array.items, array.len * sizeof *to);
    else
        for (uint32_t i = 0; i < array.len; i++)
            to[i] = jv_at(array, i);
}

static int join_arrays(struct run *r, struct jv a, struct jv b, struct jv *out)
{
    uint64_t total = (uint64_t)a.len + b.len;
    bool roomy = a.len >= ROOM_FROM_ITEMS;

    if (charge(r, (a.len + (uint64_t)b.len) / 8) < 0)
        return -1;
    struct jv *items = with_note(r, roomy ? total * 2 : total, sizeof *items, (uint32_t)total);
    if (!items)
        return -1;
    copy_items(items, a);
    copy_items(items + a.len, b);
    *out = jv_array(items, total, roomy ? JV_ROOMY : 0);
    return 0;
}

int jv_append(struct run *r, struct jv a, struct jv b, struct jv *out)
{
    if (a.kind == JV_UNDEFINED || b.kind == JV_UNDEFINED) {
        *out = a.kind == JV_UNDEFINED ? b : a;
        return 0;
    }
    struct jv left = as_array(&a), right = as_array(&b);
    if (left.form == FORM_OWN && has_room(left, right.len)) {
        copy_items((struct jv *)(uintptr_t)left.items + left.len, right);
        note_of(left)->used += right.len;
        *out = jv_array(left.items, (size_t)left.len + right.len, JV_ROOMY);
        return charge(r, right.len / 8);
    }
    if ((left.len == 0 && b.kind == JV_ARRAY) || (right.len == 0 && a.kind == JV_ARRAY)) {
        *out = left.len ? left : right; /* the same items */
        out->flags &= JV_ROOMY;
        return 0;
    }
    return join_arrays(r, left, right, out);
}

/* ---- strings ---- */

static int join_strings(struct run *r, struct jv a, struct jv b, struct jv *out)
{
    uint64_t total = (uint64_t)a.len + b.len;
    bool roomy = a.len >= ROOM_FROM_BYTES;

    if (charge(r, total / 64) < 0)
        return -1;
    char *p = with_note(r, roomy ? total * 2 : total, 1, (uint32_t)total);
    if (!p)
        return -1;
    memcpy(p, a.text, a.len);
    memcpy(p + a.len, b.text, b.len);
    *out = jv_text(p, total);
    out->flags = roomy ? JV_ROOMY : 0;
    return 0;
}

int jv_concat(struct run *r, struct jv a, struct jv b, struct jv *out)
{
    struct text t = {0};

    if (jv_joins_surrogates(a, b)) {
        if (jv_text_add(r, &t, a.text, a.len) < 0 || jv_text_add_jv(r, &t, b) < 0)
            return -1;
        *out = text_value(&t);
        return 0;
    }
    if (!has_room(a, b.len))
        return join_strings(r, a, b, out);
    memcpy((char *)(uintptr_t)a.text + a.len, b.text, b.len);
    note_of(a)->used += b.len;
    *out = jv_text(a.text, (size_t)a.len + b.len);
    out->flags = JV_ROOMY;
    return charge(r, b.len / 64);
}
