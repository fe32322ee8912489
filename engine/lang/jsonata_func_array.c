/* Functions of arrays. */
#include "lang/jsonata_func.h"

#include <math.h>
#include <string.h>

/* ---- numbers together ---- */

int jsonata_f_count(struct call *c, struct jv *out)
{
    *out = jv_number(given(c, 0) ? arg(c, 0).len : 0);
    return 0;
}

int jsonata_f_sum(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0);
    double total = 0;

    if (!given(c, 0))
        return 0;
    if (charge(c->run, array.len / STEP_ITEMS) < 0)
        return -1;
    for (uint32_t i = 0; i < array.len; i++)
        total += jv_at(array, i).number;
    *out = jv_number(total);
    return 0;
}

int jsonata_f_average(struct call *c, struct jv *out)
{
    if (!given(c, 0) || arg(c, 0).len == 0)
        return 0;
    if (jsonata_f_sum(c, out) < 0)
        return -1;
    out->number /= arg(c, 0).len;
    return 0;
}

/* The last one in an order: sign 1 the greatest, -1 the least. */
static int extreme(struct call *c, double sign, struct jv *out)
{
    struct jv array = arg(c, 0);

    if (!given(c, 0) || array.len == 0)
        return 0;
    if (charge(c->run, array.len / STEP_ITEMS) < 0)
        return -1;
    double found = jv_at(array, 0).number;
    for (uint32_t i = 1; i < array.len; i++) {
        double d = jv_at(array, i).number;
        if (isnan(d) || sign * d > sign * found)
            found = d;
    }
    *out = jv_number(found);
    return 0;
}

int jsonata_f_max(struct call *c, struct jv *out)
{
    return extreme(c, 1, out);
}

int jsonata_f_min(struct call *c, struct jv *out)
{
    return extreme(c, -1, out);
}

/* ---- arrays from arrays ---- */

int jsonata_f_append(struct call *c, struct jv *out)
{
    return jv_append(c->run, arg(c, 0), arg(c, 1), out);
}

int jsonata_f_reverse(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0);
    struct list l = {0};

    *out = array;
    if (!given(c, 0) || array.len <= 1)
        return 0;
    if (jv_list_reserve(c->run, &l, array.len) < 0 || charge(c->run, array.len / STEP_ITEMS) < 0)
        return -1;
    for (uint32_t i = array.len; i-- > 0;)
        jv_list_add(c->run, &l, jv_at(array, i));
    *out = list_array(&l, 0);
    return 0;
}

/* From the inside out (Fisher and Yates). */
int jsonata_f_shuffle(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0);
    struct list l = {0};

    *out = array;
    if (!given(c, 0) || array.len <= 1)
        return 0;
    if (jv_list_reserve(c->run, &l, array.len) < 0)
        return -1;
    for (uint32_t i = 0; i < array.len; i++) {
        uint64_t dice;
        if (charge(c->run, 1) < 0 || jsonata_dice(c->run, &dice) < 0)
            return -1;
        uint32_t j = (uint32_t)(dice % (i + 1));
        jv_list_add(c->run, &l, l.items[j]);
        l.items[i] = l.items[j];
        l.items[j] = jv_at(array, i);
    }
    *out = list_array(&l, 0);
    return 0;
}

int jsonata_f_zip(struct call *c, struct jv *out)
{
    uint32_t len = UINT32_MAX;
    struct list all = {0};

    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t n = arg(c, i).kind == JV_ARRAY ? arg(c, i).len : 0;
        len = n < len ? n : len;
    }
    if (charge(c->run, (uint64_t)len * c->n / 2) < 0)
        return -1;
    for (uint32_t i = 0; i < len; i++) {
        struct list l = {0};
        for (uint32_t k = 0; k < c->n; k++)
            if (jv_list_add(c->run, &l, jv_at(arg(c, k), i)) < 0)
                return -1;
        if (jv_list_add(c->run, &all, list_array(&l, 0)) < 0)
            return -1;
    }
    *out = list_array(&all, 0);
    return 0;
}

/* ---- $distinct: a table of what has been seen ---- */

struct seen {
    struct run *run;
    uint32_t *slots; /* place in the list, from 1; open addressing */
    uint32_t mask;
    struct list list;
};

static int see(struct seen *s, struct jv v)
{
    uint32_t i = (uint32_t)jv_hash(s->run, v) & s->mask;
    bool equal = false;

    for (; s->slots[i]; i = (i + 1) & s->mask) {
        if (charge(s->run, 1) < 0 || jv_equal(s->run, v, s->list.items[s->slots[i] - 1], &equal) < 0)
            return -1;
        if (equal)
            return 0;
    }
    if (jv_list_add(s->run, &s->list, v) < 0)
        return -1;
    s->slots[i] = s->list.n;
    return 0;
}

int jsonata_f_distinct(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0);
    struct seen s = {.run = c->run};
    uint64_t size = 8;

    *out = array;
    if (array.kind != JV_ARRAY || array.len <= 1)
        return 0;
    while (size < 2 * (uint64_t)array.len)
        size *= 2;
    if (!(s.slots = jsonata_take_room(c->run, size * sizeof *s.slots)))
        return -1;
    s.mask = (uint32_t)size - 1;
    for (uint32_t i = 0; i < array.len; i++)
        if (charge(c->run, 1) < 0 || see(&s, jv_at(array, i)) < 0)
            return -1;
    *out = list_array(&s.list, array.flags & JV_SEQUENCE);
    return 0;
}

/* ---- $sort ---- */

/* As JavaScript takes a value for a condition. */
static bool is_truthy(struct jv v)
{
    switch (v.kind) {
    case JV_BOOL:
        return v.boolean;
    case JV_NUMBER:
        return v.number != 0 && !isnan(v.number);
    case JV_STRING:
        return v.len > 0;
    case JV_ARRAY:
    case JV_OBJECT:
    case JV_FUNCTION:
        return true;
    default:
        return false;
    }
}

static int by_function(void *self, const void *a, const void *b, bool *out)
{
    const struct jv pair[] = {*(const struct jv *)a, *(const struct jv *)b};
    struct jv v;

    if (call_arg(self, 1, pair, 2, &v) < 0)
        return -1;
    *out = is_truthy(v);
    return 0;
}

static int by_value(void *self, const void *a, const void *b, bool *out)
{
    const struct jv *x = a, *y = b;

    owe(((struct call *)self)->run, comparing(*x, *y));
    *out = x->kind == JV_STRING ? jv_compare_text(*x, *y) > 0 : x->number > y->number;
    return 0;
}

static bool all_of(struct jv array, enum jv_kind kind)
{
    for (uint32_t i = 0; i < array.len; i++)
        if (jv_at(array, i).kind != kind)
            return false;
    return true;
}

int jsonata_f_sort(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0);
    struct list from = {0}, to = {0};

    *out = array;
    if (!given(c, 0) || array.len <= 1)
        return 0;
    if (charge(c->run, array.len / 2) < 0)
        return -1;
    if (!given(c, 1) && !all_of(array, JV_NUMBER) && !all_of(array, JV_STRING))
        return jsonata_fail(c->run, "D3070");
    const void **items = jsonata_take_room(c->run, array.len * sizeof *items);
    if (!items || jv_list_add_items(c->run, &from, array) < 0 || jv_list_reserve(c->run, &to, array.len) < 0)
        return -1;
    for (uint32_t i = 0; i < array.len; i++)
        items[i] = &from.items[i];
    if (jsonata_sort(c->run, items, array.len, given(c, 1) ? by_function : by_value, c) < 0)
        return -1;
    for (uint32_t i = 0; i < array.len; i++)
        jv_list_add(c->run, &to, *(const struct jv *)items[i]);
    *out = list_array(&to, 0);
    return 0;
}

/* ---- $partition, $range ---- */

int jsonata_f_partition(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0), size = arg(c, 1);
    struct list parts = {0};

    if (!given(c, 0) || !given(c, 1))
        return 0;
    if (!(size.number >= 1 && size.number == floor(size.number)))
        return jsonata_fail_text(c->run, "D3150",
                                 "The second argument of the partition function must be a positive integer");
    uint32_t step = size.number < array.len ? (uint32_t)size.number : array.len ? array.len : 1;
    for (uint32_t i = 0; i < array.len; i += step) {
        struct list l = {0};
        for (uint32_t k = i; k < array.len && k - i < step; k++)
            if (jv_list_add(c->run, &l, jv_at(array, k)) < 0)
                return -1;
        if (charge(c->run, 1 + l.n / 4) < 0 || jv_list_add(c->run, &parts, list_array(&l, 0)) < 0)
            return -1;
    }
    *out = list_array(&parts, 0);
    return 0;
}

enum { RANGE_ITEMS_MAX = 10000000 };

int jsonata_f_range(struct call *c, struct jv *out)
{
    double first = arg(c, 0).number, last = arg(c, 1).number, step = arg(c, 2).number;
    struct list l = {0};

    if (!given(c, 0) || !given(c, 1) || !given(c, 2))
        return 0;
    if (!isfinite(first) || !isfinite(last) || !isfinite(step) || step == 0)
        return jsonata_fail_text(c->run, "D3151",
                                 "The third argument of the range function must be a number other than 0");
    double items = floor((last - first) / step) + 1;
    if (items > RANGE_ITEMS_MAX)
        return jsonata_fail_value(c->run, "D2014", jv_number(items));
    uint32_t n = items > 0 ? (uint32_t)items : 0;
    if (jv_list_reserve(c->run, &l, n) < 0 || charge(c->run, n / 4) < 0)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        jv_list_add(c->run, &l, jv_number(first + i * step));
    *out = list_array(&l, JV_SEQUENCE);
    return 0;
}
