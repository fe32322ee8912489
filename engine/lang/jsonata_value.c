/* Values: arrays, objects and text while they grow, and what all of the evaluation asks of them. */
#include "lang/jsonata_number.h"
#include "lang/jsonata_priv.h"

#include <math.h>
#include <string.h>

enum { SMALL_BYTES = 4096, MEMBERS_PLAIN = 8, WALK_DEPTH_MAX = JS_DEPTH_MAX };

/* ---- memory ---- */

void *jsonata_take(struct run *r, size_t size)
{
    r->memory -= size < r->memory ? size : r->memory;
    owe(r, size / STEP_COPIED);
    return arena_alloc(r->arena, size);
}

int jsonata_spend(struct run *r, size_t bytes)
{
    if (bytes <= r->memory) {
        r->memory -= bytes;
        owe(r, bytes / STEP_COPIED);
        return 0;
    }
    r->memory = 0;
    return jsonata_fail_text(r, "U1001", "Expression evaluation needs too much memory");
}

void *jsonata_take_room(struct run *r, size_t size)
{
    return jsonata_spend(r, size) < 0 ? NULL : arena_alloc(r->arena, size);
}

/* ---- arrays ---- */

struct jv jv_single(struct run *r, struct jv v)
{
    struct jv *items = jsonata_take(r, sizeof *items);

    *items = v;
    return jv_array(items, 1, JV_SEQUENCE);
}

int jv_list_reserve(struct run *r, struct list *l, uint32_t n)
{
    if (n <= l->cap - l->n)
        return 0;
    uint64_t cap = (uint64_t)l->cap * 2 > (uint64_t)l->n + n ? (uint64_t)l->cap * 2 : (uint64_t)l->n + n;
    if (cap < 4)
        cap = 4;
    struct jv *bigger =
        cap < UINT32_MAX ? jsonata_take_room(r, cap * sizeof *bigger) : jsonata_take_room(r, SIZE_MAX);
    if (!bigger)
        return -1;
    if (l->n)
        memcpy(bigger, l->items, l->n * sizeof *bigger);
    l->items = bigger;
    l->cap = (uint32_t)cap;
    return 0;
}

int jv_list_add(struct run *r, struct list *l, struct jv v)
{
    if (l->n == l->cap && jv_list_reserve(r, l, 1) < 0)
        return -1;
    l->items[l->n++] = v;
    return 0;
}

int jv_list_add_items(struct run *r, struct list *l, struct jv array)
{
    if (jv_list_reserve(r, l, array.len) < 0 || charge(r, array.len / 8) < 0)
        return -1;
    if (array.form == FORM_OWN && array.len)
        memcpy(l->items + l->n, array.items, array.len * sizeof *l->items);
    else
        for (uint32_t i = 0; i < array.len; i++)
            l->items[l->n + i] = jv_at(array, i);
    l->n += array.len;
    return 0;
}

/* ---- text ---- */

int jv_text_reserve(struct run *r, struct text *t, size_t len)
{
    if (len <= t->cap - t->len)
        return 0;
    uint64_t need = (uint64_t)t->len + len, cap = need > (uint64_t)t->cap * 2 ? need : (uint64_t)t->cap * 2;
    char *bigger = jsonata_take_room(r, cap < UINT32_MAX ? cap : SIZE_MAX);
    if (!bigger)
        return -1;
    if (t->len)
        memcpy(bigger, t->p, t->len);
    t->p = bigger;
    t->cap = (uint32_t)cap;
    return 0;
}

int jv_text_add(struct run *r, struct text *t, const char *p, size_t len)
{
    if (jv_text_reserve(r, t, len) < 0)
        return -1;
    if (len)
        memcpy(t->p + t->len, p, len);
    t->len += (uint32_t)len;
    return 0;
}

/* Half of a surrogate pair at p: ED A0..AF xx is the first half, ED B0..BF xx the second. */
static bool is_half(const char *p, unsigned char from, unsigned char to)
{
    unsigned char second = (unsigned char)p[1];
    return (unsigned char)p[0] == 0xED && second >= from && second <= to;
}

static uint32_t half_bits(const char *p)
{
    return ((uint32_t)(unsigned char)p[1] & 0x0F) << 6 | ((uint32_t)(unsigned char)p[2] & 0x3F);
}

bool jv_joins_surrogates(struct jv a, struct jv b)
{
    return a.len >= 3 && b.len >= 3 && is_half(a.text + a.len - 3, 0xA0, 0xAF) && is_half(b.text, 0xB0, 0xBF);
}

int jv_text_add_jv(struct run *r, struct text *t, struct jv s)
{
    if (!jv_joins_surrogates(text_value(t), s))
        return jv_text_add(r, t, s.text, s.len);
    uint32_t c = 0x10000 + (half_bits(t->p + t->len - 3) << 10 | half_bits(s.text));
    char utf8[4] = {(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3F)), (char)(0x80 | (c >> 6 & 0x3F)),
                    (char)(0x80 | (c & 0x3F))};
    t->len -= 3;
    return jv_text_add(r, t, utf8, 4) < 0 ? -1 : jv_text_add(r, t, s.text + 3, s.len - 3);
}

const char *jv_cstring(struct run *r, struct jv s)
{
    char *copy = jsonata_take_room(r, (size_t)s.len + 1);

    if (copy) {
        memcpy(copy, s.text, s.len);
        copy[s.len] = '\0';
    }
    return copy;
}

bool jv_has_lone_surrogate(const char *text, size_t len)
{
    const char *p = text;

    while ((p = memchr(p, 0xED, len - (size_t)(p - text))) != NULL) {
        if ((unsigned char)p[1] >= 0xA0)
            return true;
        p++;
    }
    return false;
}

size_t jv_units(const char *text, size_t len)
{
    size_t units = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        units += ((c & 0xC0) != 0x80) + (c >= 0xF0);
    }
    return units;
}

size_t jv_units_to_bytes(const char *text, size_t len, double units)
{
    size_t i = 0;

    while (i < len && units >= 1) {
        units -= (unsigned char)text[i] >= 0xF0 ? 2 : 1;
        do
            i++;
        while (i < len && ((unsigned char)text[i] & 0xC0) == 0x80);
    }
    return i;
}

void jv_mark_move(struct run *r, struct mark *m, struct jv text, uint32_t byte)
{
    owe(r, (byte - m->byte) / STEP_READ);
    m->unit += jv_units(text.text + m->byte, byte - m->byte);
    m->byte = byte;
}

/* ---- objects ---- */

static uint64_t hash_bytes(const char *p, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)p[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

/* The place in the index where key is, or where it would go. Keys may be made so that all want one place. */
static uint32_t *index_slot(struct run *r, const struct object *o, const char *key, uint32_t len)
{
    uint32_t mask = 2 * o->cap - 1, i = (uint32_t)hash_bytes(key, len) & mask, from = i;

    for (;; i = (i + 1) & mask) {
        uint32_t at = o->index[i];
        const struct member *m = &o->members[at ? at - 1 : 0];
        if (at == 0 || (m->len == len && !memcmp(m->key, key, len)))
            break;
    }
    owe(r, ((i - from) & mask) / STEP_ITEMS + len / STEP_READ);
    return &o->index[i];
}

static struct member *find_member(struct run *r, const struct object *o, const char *key, uint32_t len)
{
    if (o->index) {
        uint32_t at = *index_slot(r, o, key, len);
        return at ? &o->members[at - 1] : NULL;
    }
    owe(r, (o->n + len / STEP_READ) / STEP_ITEMS);
    for (uint32_t i = 0; i < o->n; i++)
        if (o->members[i].len == len && !memcmp(o->members[i].key, key, len))
            return &o->members[i];
    return NULL;
}

static int build_index(struct run *r, struct object *o)
{
    o->index = jsonata_take_room(r, 2 * (size_t)o->cap * sizeof *o->index);
    if (!o->index)
        return -1;
    for (uint32_t i = 0; i < o->n; i++)
        *index_slot(r, o, o->members[i].key, o->members[i].len) = i + 1;
    return 0;
}

/* Room for more than n members. */
static int grow_object(struct run *r, struct object *o, uint32_t n)
{
    uint32_t cap = 4;
    while (cap <= n)
        cap *= 2;
    struct member *bigger = jsonata_take_room(r, cap * sizeof *bigger);

    if (!bigger)
        return -1;
    if (o->n)
        memcpy(bigger, o->members, o->n * sizeof *bigger);
    o->members = bigger;
    o->cap = cap;
    return cap > MEMBERS_PLAIN ? build_index(r, o) : 0;
}

struct object *jv_object_new(struct run *r, uint32_t room)
{
    struct object *o = jsonata_take(r, sizeof *o);

    return grow_object(r, o, room ? room - 1 : 0) < 0 ? NULL : o;
}

int jv_object_set(struct run *r, struct object *o, const char *key, uint32_t len, struct jv value)
{
    struct member *m = find_member(r, o, key, len);

    if (m) {
        m->value = value;
        return 0;
    }
    if (o->n == o->cap && grow_object(r, o, o->n) < 0)
        return -1;
    o->members[o->n++] = (struct member){.key = key, .len = len, .value = value};
    if (o->index)
        *index_slot(r, o, key, len) = o->n;
    return 0;
}

/* Deletions are rare (a transform's): what follows moves up, and the index goes until it grows again. */
void jv_object_delete(struct run *r, struct object *o, const char *key, uint32_t len)
{
    struct member *m = find_member(r, o, key, len);

    if (!m)
        return;
    owe(r, o->n / STEP_ITEMS);
    memmove(m, m + 1, (size_t)(o->members + o->n - (m + 1)) * sizeof *m);
    o->n--;
    o->index = NULL;
}

bool jv_object_get_name(struct run *r, struct jv object, const char *key, uint32_t len, struct jv *out)
{
    if (object.form == FORM_JSON) {
        json_object *found;
        owe(r, len / STEP_READ);
        if (strlen(key) != len || !json_object_object_get_ex(object.json, key, &found))
            return false;
        *out = jv_from_json(found);
        return true;
    }
    const struct member *m = find_member(r, object.object, key, len);
    if (m)
        *out = m->value;
    return m != NULL;
}

bool jv_object_get(struct run *r, struct jv object, const char *key, uint32_t len, struct jv *out)
{
    char small[64];

    if (object.form == FORM_OWN)
        return jv_object_get_name(r, object, key, len, out);
    char *name = len < sizeof small ? small : jsonata_take(r, (size_t)len + 1);
    memcpy(name, key, len);
    name[len] = '\0';
    return jv_object_get_name(r, object, name, len, out);
}

/* The members, the order and the index of another object of the same room. */
static void copy_members(struct object *to, const struct object *from)
{
    memcpy(to->members, from->members, from->n * sizeof *from->members);
    if (from->index)
        memcpy(to->index, from->index, 2 * (size_t)from->cap * sizeof *from->index);
    to->n = from->n;
}

int jv_object_add_members(struct run *r, struct object *o, struct jv from)
{
    bool alike = from.form == FORM_OWN && from.object->cap == o->cap && !from.object->index == !o->index;

    if (o->n == 0 && alike) {
        copy_members(o, from.object);
        return charge(r, o->n / STEP_ITEMS);
    }
    for (struct members m = jv_members(from); jv_members_next(&m);)
        if (charge(r, 1) < 0 || jv_object_set(r, o, m.key, m.len, m.value) < 0)
            return -1;
    return 0;
}

uint32_t jv_object_size(struct jv object)
{
    return object.form == FORM_JSON ? (uint32_t)json_object_object_length(object.json) : object.object->n;
}

struct members jv_members(struct jv object)
{
    struct members m = {.of = object};

    if (object.form == FORM_JSON)
        m.entry = json_object_get_object(object.json)->head;
    return m;
}

bool jv_members_next(struct members *m)
{
    if (m->of.form == FORM_JSON) {
        if (!m->entry)
            return false;
        m->key = lh_entry_k(m->entry);
        m->len = (uint32_t)strlen(m->key);
        m->value = jv_from_json((json_object *)lh_entry_v(m->entry));
        m->entry = m->entry->next;
        return true;
    }
    if (m->i == m->of.object->n)
        return false;
    const struct member *one = &m->of.object->members[m->i++];
    m->key = one->key;
    m->len = one->len;
    m->value = one->value;
    return true;
}

/* ---- json-c ---- */

struct jv jv_from_json(json_object *o)
{
    switch (json_object_get_type(o)) {
    case json_type_null:
        break;
    case json_type_boolean:
        return jv_bool(json_object_get_boolean(o));
    case json_type_int:
    case json_type_double:
        return jv_number(json_object_get_double(o));
    case json_type_string:
        return jv_text(json_object_get_string(o), (size_t)json_object_get_string_len(o));
    case json_type_array:
        return (struct jv){
            .kind = JV_ARRAY, .form = FORM_JSON, .len = (uint32_t)json_object_array_length(o), .json = o};
    case json_type_object:
        return (struct jv){.kind = JV_OBJECT, .form = FORM_JSON, .json = o};
    }
    return jv_null();
}

/* ---- truth, equality, order ---- */

int jv_is_number(struct run *r, struct jv v, bool *out)
{
    *out = v.kind == JV_NUMBER && !isnan(v.number);
    return *out && isinf(v.number) ? jsonata_fail_value(r, "D1001", v) : 0;
}

static int boolean(struct run *r, struct jv v, bool *out, unsigned depth)
{
    *out = false;
    switch (v.kind) {
    case JV_BOOL:
        *out = v.boolean;
        return 0;
    case JV_STRING:
        *out = v.len > 0;
        return 0;
    case JV_NUMBER:
        if (jv_is_number(r, v, out) < 0)
            return -1;
        *out = *out && v.number != 0;
        return 0;
    case JV_OBJECT:
        *out = jv_object_size(v) > 0;
        return 0;
    case JV_FUNCTION: /* in the reference an object with members, but for these */
        *out = v.function->kind != FUNCTION_REGEX && v.function->kind != FUNCTION_NEXT;
        return 0;
    case JV_ARRAY: /* some item is true */
        for (uint32_t i = 0; i < v.len && !*out && depth < WALK_DEPTH_MAX; i++)
            if (charge(r, 1) < 0 || boolean(r, jv_at(v, i), out, depth + 1) < 0)
                return -1;
        return 0;
    default:
        return 0;
    }
}

int jv_boolean(struct run *r, struct jv v, bool *out)
{
    return boolean(r, v, out, 0);
}

bool jv_same(struct jv a, struct jv b)
{
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case JV_BOOL:
        return a.boolean == b.boolean;
    case JV_NUMBER:
        return a.number == b.number;
    case JV_STRING:
        return a.len == b.len && !memcmp(a.text, b.text, a.len);
    case JV_ARRAY:
        return a.form != FORM_COUNT && a.form == b.form && a.len == b.len && a.len && a.items == b.items;
    case JV_OBJECT:
    case JV_FUNCTION:
        return a.form == b.form && a.object == b.object;
    default:
        return true;
    }
}

static int equal(struct run *r, struct jv a, struct jv b, bool *out, unsigned depth);

static int equal_arrays(struct run *r, struct jv a, struct jv b, bool *out, unsigned depth)
{
    *out = a.len == b.len;
    for (uint32_t i = 0; i < a.len && *out; i++)
        if (charge(r, 1) < 0 || equal(r, jv_at(a, i), jv_at(b, i), out, depth + 1) < 0)
            return -1;
    return 0;
}

static int equal_objects(struct run *r, struct jv a, struct jv b, bool *out, unsigned depth)
{
    *out = jv_object_size(a) == jv_object_size(b);
    for (struct members m = jv_members(a); *out && jv_members_next(&m);) {
        struct jv other;
        *out = jv_object_get(r, b, m.key, m.len, &other);
        if (charge(r, 2) < 0)
            return -1;
        if (*out && equal(r, m.value, other, out, depth + 1) < 0)
            return -1;
    }
    return 0;
}

static int equal(struct run *r, struct jv a, struct jv b, bool *out, unsigned depth)
{
    owe(r, comparing(a, b));
    *out = jv_same(a, b);
    if (*out || a.kind != b.kind || (a.kind != JV_ARRAY && a.kind != JV_OBJECT))
        return 0;
    if (depth > WALK_DEPTH_MAX)
        return jsonata_fail_deep(r);
    return a.kind == JV_ARRAY ? equal_arrays(r, a, b, out, depth) : equal_objects(r, a, b, out, depth);
}

int jv_equal(struct run *r, struct jv a, struct jv b, bool *out)
{
    return equal(r, a, b, out, 0);
}

/* By UTF-16 units what lies beyond U+FFFF (F0 and above) comes before U+E000 to U+FFFF (EE and EF). */
static int unit_order(unsigned char a, unsigned char b)
{
    bool high_a = a >= 0xF0, high_b = b >= 0xF0;

    if (a >= 0xEE && b >= 0xEE && high_a != high_b)
        return high_a ? -1 : 1;
    return a < b ? -1 : 1;
}

int jv_compare_text(struct jv a, struct jv b)
{
    uint32_t common = a.len < b.len ? a.len : b.len, i = 0;

    if (memcmp(a.text, b.text, common) == 0)
        return (a.len > b.len) - (a.len < b.len);
    while (a.text[i] == b.text[i])
        i++;
    return unit_order((unsigned char)a.text[i], (unsigned char)b.text[i]);
}

static uint64_t mix(uint64_t h, uint64_t with)
{
    h = (h ^ with) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

static uint64_t hash_text(struct run *r, const char *text, uint32_t len)
{
    owe(r, len / STEP_READ);
    return hash_bytes(text, len);
}

/* Ends early when no steps are left: the evaluation is over then. */
static uint64_t hash(struct run *r, struct jv v, unsigned depth)
{
    uint64_t h = v.kind;

    owe(r, 1);
    switch (v.kind) {
    case JV_BOOL:
        return mix(h, v.boolean);
    case JV_NUMBER: {
        double d = v.number == 0 ? 0 : v.number;
        uint64_t bits;
        memcpy(&bits, &d, sizeof bits);
        return mix(h, bits);
    }
    case JV_STRING:
        return mix(h, hash_text(r, v.text, v.len));
    case JV_ARRAY: /* some items are enough: the rest is compared */
        for (uint32_t i = 0; i < v.len && i < (depth ? 8 : 1000) && depth < 4 && r->steps; i++)
            h = mix(h, hash(r, jv_at(v, i), depth + 1));
        return mix(h, v.len);
    case JV_OBJECT: /* members in any order */
        if (depth < 4) {
            uint64_t sum = 0;
            for (struct members m = jv_members(v); r->steps && jv_members_next(&m);)
                sum += mix(hash_text(r, m.key, m.len), hash(r, m.value, depth + 1));
            h = mix(h, sum);
        }
        return mix(h, jv_object_size(v));
    case JV_FUNCTION:
        return mix(h, (uint64_t)(uintptr_t)v.function);
    default:
        return h;
    }
}

uint64_t jv_hash(struct run *r, struct jv v)
{
    return hash(r, v, 0);
}

/* ---- looking up ---- */

static int lookup_into(struct run *r, struct jv in, const char *key, uint32_t len, struct list *l,
                       unsigned depth)
{
    struct jv found;

    if (charge(r, 1) < 0)
        return -1;
    if (in.kind == JV_OBJECT) {
        if (!jv_object_get_name(r, in, key, len, &found) || found.kind == JV_UNDEFINED)
            return 0;
        return found.kind == JV_ARRAY ? jv_list_add_items(r, l, found) : jv_list_add(r, l, found);
    }
    if (in.kind != JV_ARRAY)
        return 0;
    if (depth > WALK_DEPTH_MAX)
        return jsonata_fail_deep(r);
    for (uint32_t i = 0; i < in.len; i++)
        if (lookup_into(r, jv_at(in, i), key, len, l, depth + 1) < 0)
            return -1;
    return 0;
}

int jv_lookup(struct run *r, struct jv in, const char *key, uint32_t len, struct jv *out)
{
    struct list l = {0};

    *out = UNDEFINED;
    if (in.kind == JV_OBJECT) {
        jv_object_get_name(r, in, key, len, out);
        return 0;
    }
    if (in.kind != JV_ARRAY)
        return 0;
    if (lookup_into(r, in, key, len, &l, 0) < 0)
        return -1;
    *out = list_array(&l, JV_SEQUENCE);
    return 0;
}

/* ---- text of a value ---- */

struct writer {
    struct run *run;
    struct text text;
    bool pretty;
};

static int put(struct writer *w, const char *p, size_t len)
{
    return jv_text_add(w->run, &w->text, p, len);
}

static int put_plain(struct writer *w, const char *p, size_t len)
{
    owe(w->run, len / STEP_READ);
    if (jv_text_reserve(w->run, &w->text, js_quoted_bytes(p, len)) < 0)
        return -1;
    w->text.len += (uint32_t)js_quote(w->text.p + w->text.len, p, len);
    return 0;
}

/* The quotes go, the escapes stay. */
static int put_unquoted(struct writer *w, const char *p, size_t len)
{
    uint32_t from = w->text.len;

    if (put_plain(w, p, len) < 0)
        return -1;
    memmove(w->text.p + from, w->text.p + from + 1, w->text.len - from - 2);
    w->text.len -= 2;
    return 0;
}

static int put_surrogate(struct writer *w, const char *p)
{
    char escape[8];

    snprintf(escape, sizeof escape, "\\ud%x%02x", (unsigned char)p[1] >> 2 & 15,
             ((unsigned char)p[1] & 3u) << 6 | ((unsigned char)p[2] & 63u));
    return put(w, escape, 6);
}

/* As JSON; a lone surrogate, which no UTF-8 can hold, as an escape. */
static int put_quoted(struct writer *w, const char *p, size_t len)
{
    const char *end = p + len;

    if (!jv_has_lone_surrogate(p, len))
        return put_plain(w, p, len);
    if (put(w, "\"", 1) < 0)
        return -1;
    while (p < end) {
        size_t run = 0;
        while (p + run < end && !is_half(p + run, 0xA0, 0xBF))
            run++;
        if (put_unquoted(w, p, run) < 0 || (p + run < end && put_surrogate(w, p + run) < 0))
            return -1;
        p += p + run < end ? run + 3 : run;
    }
    return put(w, "\"", 1);
}

static int put_number(struct writer *w, double d)
{
    char buf[JSONATA_NUMBER_BYTES];

    if (isnan(d))
        return put(w, "null", 4);
    if (isinf(d))
        return jsonata_fail_value(w->run, "D1001", jv_number(d));
    owe(w->run, d == floor(d) ? 1 : 8);
    return put(w, buf, jsonata_number_text_15(buf, d));
}

static int put_line(struct writer *w, unsigned depth)
{
    if (!w->pretty)
        return 0;
    if (jv_text_reserve(w->run, &w->text, 1 + 2 * (size_t)depth) < 0)
        return -1;
    w->text.p[w->text.len] = '\n';
    memset(w->text.p + w->text.len + 1, ' ', 2 * depth);
    w->text.len += 1 + 2 * depth;
    return 0;
}

static int put_value(struct writer *w, struct jv v, unsigned depth);

static int put_array(struct writer *w, struct jv v, unsigned depth)
{
    if (put(w, "[", 1) < 0)
        return -1;
    for (uint32_t i = 0; i < v.len; i++) {
        struct jv item = jv_at(v, i);
        if ((i && put(w, ",", 1) < 0) || put_line(w, depth + 1) < 0 ||
            put_value(w, item.kind == JV_UNDEFINED ? jv_null() : item, depth + 1) < 0)
            return -1;
    }
    return (v.len && put_line(w, depth) < 0) ? -1 : put(w, "]", 1);
}

static int put_object(struct writer *w, struct jv v, unsigned depth)
{
    bool first = true;

    if (put(w, "{", 1) < 0)
        return -1;
    for (struct members m = jv_members(v); jv_members_next(&m);) {
        if ((!first && put(w, ",", 1) < 0) || put_line(w, depth + 1) < 0 || put_quoted(w, m.key, m.len) < 0 ||
            put(w, w->pretty ? ": " : ":", w->pretty ? 2 : 1) < 0 || put_value(w, m.value, depth + 1) < 0)
            return -1;
        first = false;
    }
    return (!first && put_line(w, depth) < 0) ? -1 : put(w, "}", 1);
}

static int put_value(struct writer *w, struct jv v, unsigned depth)
{
    if (charge(w->run, 1) < 0)
        return -1;
    switch (v.kind) {
    case JV_BOOL:
        return v.boolean ? put(w, "true", 4) : put(w, "false", 5);
    case JV_NUMBER:
        return put_number(w, v.number);
    case JV_STRING:
        return put_quoted(w, v.text, v.len);
    case JV_FUNCTION:
        return put(w, "\"\"", 2);
    case JV_ARRAY:
        return depth > WALK_DEPTH_MAX ? jsonata_fail_deep(w->run) : put_array(w, v, depth);
    case JV_OBJECT:
        return depth > WALK_DEPTH_MAX ? jsonata_fail_deep(w->run) : put_object(w, v, depth);
    default:
        return put(w, "null", 4);
    }
}

int jv_json(struct run *r, struct jv v, struct jv *out)
{
    struct writer w = {.run = r};

    if (jv_text_reserve(r, &w.text, 64) < 0 || put_value(&w, v, 0) < 0)
        return -1;
    *out = text_value(&w.text);
    return 0;
}

int jv_string(struct run *r, struct jv v, bool pretty, struct jv *out)
{
    struct writer w = {.run = r, .pretty = pretty};

    if (v.kind == JV_UNDEFINED || v.kind == JV_STRING) {
        *out = v;
        return 0;
    }
    if (v.kind == JV_FUNCTION) {
        *out = jv_text("", 0);
        return 0;
    }
    if (v.kind == JV_NUMBER && !isfinite(v.number))
        return jsonata_fail_value(r, "D3001", v);
    if (v.kind == JV_ARRAY && (v.flags & JV_OUTER))
        v = jv_at(v, 0);
    if (jv_text_reserve(r, &w.text, 64) < 0 || put_value(&w, v, 0) < 0)
        return -1;
    *out = text_value(&w.text);
    return 0;
}

static int put_script_text(struct writer *w, struct jv v, unsigned depth);

static int put_joined(struct writer *w, struct jv array, unsigned depth)
{
    for (uint32_t i = 0; i < array.len; i++) {
        struct jv item = jv_at(array, i);
        if (i && put(w, ",", 1) < 0)
            return -1;
        if (item.kind != JV_UNDEFINED && item.kind != JV_NULL && put_script_text(w, item, depth + 1) < 0)
            return -1;
    }
    return 0;
}

static int put_script_text(struct writer *w, struct jv v, unsigned depth)
{
    char buf[JSONATA_NUMBER_BYTES];

    if (charge(w->run, 1) < 0)
        return -1;
    switch (v.kind) {
    case JV_STRING:
        return put(w, v.text, v.len);
    case JV_NUMBER:
        return put(w, buf, jsonata_number_text(buf, v.number));
    case JV_ARRAY:
        return depth > WALK_DEPTH_MAX ? jsonata_fail_deep(w->run) : put_joined(w, v, depth);
    case JV_OBJECT:
    case JV_FUNCTION:
        return put(w, "[object Object]", 15);
    default:
        return put_value(w, v, depth);
    }
}

int jv_script_text(struct run *r, struct jv v, struct jv *out)
{
    struct writer w = {.run = r};

    *out = v;
    if (v.kind == JV_STRING)
        return 0;
    if (jv_text_reserve(r, &w.text, 64) < 0 || put_script_text(&w, v, 0) < 0)
        return -1;
    *out = text_value(&w.text);
    return 0;
}

/* ---- copies ---- */

static int clone(struct run *r, struct jv v, struct jv *out, unsigned depth);

static int clone_array(struct run *r, struct jv v, struct jv *out, unsigned depth)
{
    struct list l = {0};
    struct jv item;

    if (jv_list_reserve(r, &l, v.len) < 0)
        return -1;
    for (uint32_t i = 0; i < v.len; i++)
        if (clone(r, jv_at(v, i), &item, depth + 1) < 0 || jv_list_add(r, &l, item) < 0)
            return -1;
    *out = list_array(&l, 0);
    return 0;
}

static int clone_object(struct run *r, struct jv v, struct jv *out, unsigned depth)
{
    struct object *o = jv_object_new(r, 0);
    struct jv copy;

    if (!o)
        return -1;
    for (struct members m = jv_members(v); jv_members_next(&m);)
        if (clone(r, m.value, &copy, depth + 1) < 0 || jv_object_set(r, o, m.key, m.len, copy) < 0)
            return -1;
    *out = jv_object(o);
    return 0;
}

static int clone(struct run *r, struct jv v, struct jv *out, unsigned depth)
{
    if (charge(r, 2) < 0)
        return -1;
    if (depth > WALK_DEPTH_MAX)
        return jsonata_fail_deep(r);
    switch (v.kind) {
    case JV_ARRAY:
        return clone_array(r, v, out, depth);
    case JV_OBJECT:
        return clone_object(r, v, out, depth);
    case JV_FUNCTION:
        *out = jv_text("", 0);
        return 0;
    case JV_UNDEFINED:
        *out = jv_null();
        return 0;
    case JV_NUMBER:
        if (isinf(v.number))
            return jsonata_fail_value(r, "D1001", v);
        *out = isnan(v.number) ? jv_null() : jv_number(jsonata_number_15(v.number));
        return 0;
    default:
        *out = v;
        return 0;
    }
}

/* A copy by way of text, as the reference makes it: numbers of 15 digits, functions as "". */
int jv_clone(struct run *r, struct jv v, struct jv *out)
{
    if (v.kind == JV_ARRAY && (v.flags & JV_OUTER))
        v = jv_at(v, 0);
    return clone(r, v, out, 0);
}

/* ---- the result ---- */

struct maker {
    struct run *run;
    size_t left; /* bytes of the result */
};

static int spend(struct maker *m, size_t bytes)
{
    if (bytes > m->left)
        return jsonata_fail_text(m->run, "U1001", "The result of the expression is too large");
    m->left -= bytes;
    return 0;
}

/* Lone surrogates, which UTF-8 has no place for, become U+FFFD. */
static void put_whole(struct js_buf *b, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i < len;) {
        size_t n = js_utf8(text + i, len - i);
        js_buf_add(b, n ? text + i : "\xEF\xBF\xBD", n ? n : 3);
        i += n ? (uint32_t)n : 3;
    }
}

/* To be freed. Names of json-c end at a NUL. */
static char *member_name(const char *key, uint32_t len)
{
    struct js_buf whole = {0};

    if (!jv_has_lone_surrogate(key, len))
        return js_clean(key, len, SIZE_MAX);
    put_whole(&whole, key, len);
    char *name = js_clean(whole.p, whole.len, SIZE_MAX);
    js_buf_fini(&whole);
    return name;
}

static int make(struct maker *m, struct jv v, json_object **out, unsigned depth);

static int make_array(struct maker *m, struct jv v, json_object *array, unsigned depth)
{
    for (uint32_t i = 0; i < v.len; i++) {
        json_object *item = NULL;
        if (make(m, jv_at(v, i), &item, depth + 1) < 0)
            return -1;
        json_object_array_add(array, item);
    }
    return 0;
}

/* Names of json-c end at a NUL. */
static void add_member(json_object *object, const char *key, uint32_t len, json_object *value)
{
    char small[64], *clean = NULL;

    if (len < sizeof small && !memchr(key, '\0', len) && !jv_has_lone_surrogate(key, len)) {
        memcpy(small, key, len);
        small[len] = '\0';
    } else {
        clean = member_name(key, len);
    }
    json_object_object_add(object, clean ? clean : small, value);
    free(clean);
}

static int make_object(struct maker *m, struct jv v, json_object *object, unsigned depth)
{
    for (struct members i = jv_members(v); jv_members_next(&i);) {
        json_object *value = NULL;
        if (i.value.kind == JV_FUNCTION || i.value.kind == JV_UNDEFINED)
            continue;
        if (spend(m, (size_t)i.len + 4) < 0 || make(m, i.value, &value, depth + 1) < 0)
            return -1;
        add_member(object, i.key, i.len, value);
    }
    return 0;
}

static int make_container(struct maker *m, struct jv v, json_object **out, unsigned depth)
{
    if (depth >= JS_DEPTH_MAX)
        return jsonata_fail_deep(m->run);
    if (v.form == FORM_JSON) { /* what was given goes on as it is */
        size_t bytes = js_weigh(v.json, m->left, JS_DEPTH_MAX - depth);
        if (bytes == SIZE_MAX)
            return spend(m, SIZE_MAX);
        *out = json_object_get(v.json);
        return spend(m, bytes);
    }
    if (charge(m->run, 10) < 0 || spend(m, v.kind == JV_ARRAY ? (size_t)v.len + 2 : 2) < 0)
        return -1;
    *out = v.kind == JV_ARRAY ? json_object_new_array_ext(v.len ? (int)v.len : 1) : json_object_new_object();
    int rc = v.kind == JV_ARRAY ? make_array(m, v, *out, depth) : make_object(m, v, *out, depth);
    if (rc < 0) {
        json_object_put(*out);
        *out = NULL;
    }
    return rc;
}

static int make_string(struct maker *m, struct jv v, json_object **out)
{
    if (spend(m, (size_t)v.len + 2) < 0)
        return -1;
    if (!jv_has_lone_surrogate(v.text, v.len)) {
        *out = json_object_new_string_len(v.text, (int)v.len);
        return 0;
    }
    struct js_buf b = {0};
    put_whole(&b, v.text, v.len);
    *out = json_object_new_string_len(b.p, (int)b.len);
    js_buf_fini(&b);
    return 0;
}

/* The same text as JSON.stringify's; what it writes as null is null. */
static json_object *make_number(double d)
{
    char text[JSONATA_NUMBER_BYTES];

    if (!isfinite(d))
        return NULL;
    return js_number_text(text, jsonata_number_text(text, d));
}

static int make(struct maker *m, struct jv v, json_object **out, unsigned depth)
{
    *out = NULL;
    if (charge(m->run, 2) < 0)
        return -1;
    switch (v.kind) {
    case JV_BOOL:
        if (spend(m, 4) < 0)
            return -1;
        *out = json_object_new_boolean(v.boolean);
        return 0;
    case JV_NUMBER:
        if (spend(m, 1) < 0)
            return -1;
        *out = make_number(v.number);
        return 0;
    case JV_STRING:
        return make_string(m, v, out);
    case JV_FUNCTION:
        return make_string(m, jv_text("", 0), out);
    case JV_ARRAY:
    case JV_OBJECT:
        return make_container(m, v, out, depth);
    default:
        return spend(m, 4);
    }
}

int jv_to_json(struct run *r, struct jv v, json_object **out)
{
    struct maker m = {.run = r, .left = r->env->limits.result_bytes};

    if (m.left == 0)
        m.left = JSONATA_RESULT_DEFAULT;
    if (v.kind == JV_ARRAY && (v.flags & JV_OUTER))
        v = jv_at(v, 0);
    if (make(&m, v, out, 0) == 0)
        return 0;
    json_object_put(*out);
    *out = NULL;
    return -1;
}
