/*
 * The intrinsic functions.  The table at the end says what each takes; a function gets arguments of those
 * types. Source: Amazon States Language, "Intrinsic Functions"; the service's developer guide for limits and
 * rounding.
 */
#include "base/clock.h"
#include "base/digest.h"
#include "lang/template_priv.h"

#include <math.h>
#include <string.h>

enum {
    CONTAINER_BYTES = 100, /* charged for an array or object, which takes far more memory than text */
    RANGE_ITEMS_MAX = 1000,
    TEXT_CHARS_MAX = 10000, /* of what Hash, Base64Encode and Base64Decode take */
};

/* ---- what functions share ---- */

static int fail(struct intrinsic_call *c, const char *what)
{
    return err_set(c->err, ERR_INTRINSIC, "The function '%s' had the following error: %s", c->e->text, what);
}

/* Pays for bytes that a function is about to make. */
static int charge(struct intrinsic_call *c, size_t bytes)
{
    size_t cost = 1 + bytes / 4;

    if (cost <= *c->env->visits_left) {
        *c->env->visits_left -= cost;
        return 0;
    }
    return err_set(c->err, ERR_DATA_LIMIT, "The functions of a template make more than %d bytes",
                   TMPL_VISITS_MAX * 4);
}

/* Of an argument, in bytes; SIZE_MAX, which nobody can pay, when it is too large. */
static size_t weight(json_object *o)
{
    return js_weigh(o, TMPL_BYTES_MAX, JS_DEPTH_MAX);
}

static const char *text_of(json_object *o, size_t *len)
{
    *len = (size_t)json_object_get_string_len(o);
    return json_object_get_string(o);
}

static json_object *new_text(const struct js_buf *b)
{
    return json_object_new_string_len(b->p ? b->p : "", (int)b->len);
}

/* Arguments are rounded to the nearest integer, halves upwards, as Java's Math.round does. */
static int integer(struct intrinsic_call *c, size_t i, int64_t *n)
{
    double d = json_object_get_double(c->args[i]);

    if (json_object_is_type(c->args[i], json_type_int)) {
        *n = json_object_get_int64(c->args[i]);
        return 0;
    }
    if (!(fabs(d) < 9007199254740992.0))
        return fail(c, "a number is too large");
    *n = (int64_t)floor(d + 0.5);
    return 0;
}

static size_t array_length(json_object *o)
{
    return json_object_array_length(o);
}

static json_object *ref_element(json_object *array, size_t i)
{
    return json_object_get(json_object_array_get_idx(array, i));
}

/* ---- arrays ---- */

static int apply_array(struct intrinsic_call *c, json_object **out)
{
    if (charge(c, c->nargs * 8) < 0)
        return -1;
    *out = json_object_new_array_ext((int)c->nargs + 1);
    for (size_t i = 0; i < c->nargs; i++)
        json_object_array_add(*out, json_object_get(c->args[i]));
    return 0;
}

static int apply_array_partition(struct intrinsic_call *c, json_object **out)
{
    size_t n = array_length(c->args[0]);
    json_object *chunk = NULL;
    int64_t size;

    if (integer(c, 1, &size) < 0)
        return -1;
    if (size < 1)
        return fail(c, "the size of the chunks must be a positive integer");
    if (charge(c, n * 8 + n / (uint64_t)size * CONTAINER_BYTES) < 0)
        return -1;
    *out = json_object_new_array_ext(8);
    for (size_t i = 0; i < n; i++) {
        if (i % (uint64_t)size == 0) {
            chunk = json_object_new_array_ext(size < 8 ? (int)size : 8);
            json_object_array_add(*out, chunk);
        }
        json_object_array_add(chunk, ref_element(c->args[0], i));
    }
    return 0;
}

static int apply_array_contains(struct intrinsic_call *c, json_object **out)
{
    size_t n = array_length(c->args[0]);
    bool found = false;

    if (charge(c, weight(c->args[0])) < 0)
        return -1;
    for (size_t i = 0; i < n && !found; i++)
        found = js_equal(json_object_array_get_idx(c->args[0], i), c->args[1]);
    *out = json_object_new_boolean(found);
    return 0;
}

static int apply_array_range(struct intrinsic_call *c, json_object **out)
{
    int64_t from, to, step;

    if (integer(c, 0, &from) < 0 || integer(c, 1, &to) < 0 || integer(c, 2, &step) < 0)
        return -1;
    if (step == 0)
        return fail(c, "the increment must not be 0");

    bool some = step > 0 ? from <= to : from >= to;
    uint64_t width = step > 0 ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
    uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    if (some && width / stride >= RANGE_ITEMS_MAX)
        return fail(c, "the range holds more than 1000 items");

    int items = some ? (int)(width / stride) + 1 : 0;
    *out = json_object_new_array_ext(items + 1);
    for (int i = 0; i < items; i++)
        json_object_array_add(*out, json_object_new_int64(from + i * step));
    return charge(c, (size_t)items * 8);
}

static int apply_array_get_item(struct intrinsic_call *c, json_object **out)
{
    int64_t index;

    if (integer(c, 1, &index) < 0)
        return -1;
    if (index < 0 || (uint64_t)index >= array_length(c->args[0]))
        return fail(c, "the index lies outside the array");
    *out = ref_element(c->args[0], (size_t)index);
    return 0;
}

static int apply_array_length(struct intrinsic_call *c, json_object **out)
{
    *out = json_object_new_int64((int64_t)array_length(c->args[0]));
    return 0;
}

struct keyed {
    struct js_buf key; /* the element's canonical text */
    size_t index;
    bool again; /* an equal one stands before it */
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    size_t common = x->key.len < y->key.len ? x->key.len : y->key.len;
    int order = memcmp(x->key.p, y->key.p, common);

    if (order == 0)
        order = (x->key.len > y->key.len) - (x->key.len < y->key.len);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

static bool same_key(const struct keyed *a, const struct keyed *b)
{
    return a->key.len == b->key.len && !memcmp(a->key.p, b->key.p, a->key.len);
}

/* Sorted by their canonical texts equal elements stand together; sorted back, the first of each stays. */
static int apply_array_unique(struct intrinsic_call *c, json_object **out)
{
    size_t n = array_length(c->args[0]);

    if (charge(c, n * sizeof(struct keyed)) < 0 || charge(c, weight(c->args[0])) < 0)
        return -1;
    struct keyed *list = mem_calloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        list[i].index = i;
        js_write_canonical(&list[i].key, json_object_array_get_idx(c->args[0], i));
    }
    qsort(list, n, sizeof *list, by_key);
    for (size_t i = 1; i < n; i++)
        list[i].again = same_key(&list[i - 1], &list[i]);
    qsort(list, n, sizeof *list, by_index);
    *out = json_object_new_array_ext(8);
    for (size_t i = 0; i < n; i++) {
        if (!list[i].again)
            json_object_array_add(*out, ref_element(c->args[0], i));
        js_buf_fini(&list[i].key);
    }
    free(list);
    return 0;
}

/* ---- encodings ---- */

static int short_text(struct intrinsic_call *c, size_t i, const char **text, size_t *len)
{
    *text = text_of(c->args[i], len);
    return js_chars(*text, *len) <= TEXT_CHARS_MAX ? 0 : fail(c, "the text is longer than 10000 characters");
}

static int apply_base64_encode(struct intrinsic_call *c, json_object **out)
{
    const char *text;
    size_t len;

    if (short_text(c, 0, &text, &len) < 0 || charge(c, len * 2) < 0)
        return -1;
    char *encoded = mem_alloc(4 * ((len + 2) / 3) + 1);
    size_t n = base64_encode(encoded, text, len);
    *out = json_object_new_string_len(encoded, (int)n);
    free(encoded);
    return 0;
}

/* Bytes as text: what is not UTF-8 becomes U+FFFD. */
static json_object *text_from_bytes(const char *bytes, size_t len)
{
    struct js_buf b = {0};

    for (size_t i = 0; i < len;) {
        size_t n = js_utf8(bytes + i, len - i);
        if (n)
            js_buf_add(&b, bytes + i, n);
        else
            js_buf_char(&b, 0xFFFD);
        i += n ? n : 1;
    }
    json_object *o = new_text(&b);
    js_buf_fini(&b);
    return o;
}

static int apply_base64_decode(struct intrinsic_call *c, json_object **out)
{
    const char *text;
    size_t len;

    if (short_text(c, 0, &text, &len) < 0 || charge(c, len) < 0)
        return -1;
    char *bytes = mem_alloc(len + 2);
    ssize_t n = base64_decode(bytes, text, len);
    if (n >= 0)
        *out = text_from_bytes(bytes, (size_t)n);
    free(bytes);
    return n >= 0 ? 0 : fail(c, "the text is not Base64");
}

static int apply_hash(struct intrinsic_call *c, json_object **out)
{
    unsigned char bytes[DIGEST_BYTES_MAX];
    char hex[2 * DIGEST_BYTES_MAX + 1];
    struct js_buf json = {0};
    const char *name, *data;
    size_t name_len, len;

    name = text_of(c->args[1], &name_len);
    int algorithm = digest_find(name, name_len);
    if (algorithm < 0)
        return fail(c, "the algorithm must be one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512");
    if (charge(c, weight(c->args[0])) < 0)
        return -1;

    bool text = json_object_is_type(c->args[0], json_type_string);
    if (!text)
        js_write(&json, c->args[0]);
    data = text ? text_of(c->args[0], &len) : json.p;
    len = text ? len : json.len;
    bool fits = js_chars(data, len) <= TEXT_CHARS_MAX;
    size_t n = digest((enum digest_algorithm)algorithm, data, len, bytes);
    js_buf_fini(&json);
    if (!fits)
        return fail(c, "the data is longer than 10000 characters");
    *out = json_object_new_string(digest_hex(hex, bytes, n));
    return 0;
}

/* ---- JSON ---- */

static int apply_json_merge(struct intrinsic_call *c, json_object **out)
{
    if (json_object_get_boolean(c->args[2]))
        return fail(c, "deep merging is not supported: the third argument must be false");
    if (charge(c, (size_t)(json_object_object_length(c->args[0]) + json_object_object_length(c->args[1])) *
                      16) < 0)
        return -1;
    *out = json_object_new_object();
    for (size_t i = 0; i < 2; i++) {
        json_object_object_foreach(c->args[i], key, member)
            json_object_object_add(*out, key, json_object_get(member));
    }
    return 0;
}

/* An empty text, or one of blanks, is null: as it is to the service's parser. */
static int apply_string_to_json(struct intrinsic_call *c, json_object **out)
{
    size_t len, containers = 0;
    const char *text = text_of(c->args[0], &len);
    struct err parse;

    for (size_t i = 0; i < len; i++)
        containers += text[i] == '{' || text[i] == '[';
    if (charge(c, len + containers * CONTAINER_BYTES) < 0)
        return -1;
    if (strspn(text, " \t\n\r") == len)
        return 0;
    return js_parse(text, len, out, &parse) == 0 ? 0 : fail(c, parse.cause);
}

static int apply_json_to_string(struct intrinsic_call *c, json_object **out)
{
    struct js_buf b = {0};

    if (charge(c, weight(c->args[0])) < 0)
        return -1;
    js_write(&b, c->args[0]);
    *out = new_text(&b);
    js_buf_fini(&b);
    return 0;
}

/* ---- numbers ---- */

static int apply_math_add(struct intrinsic_call *c, json_object **out)
{
    int64_t a, b, sum;

    if (integer(c, 0, &a) < 0 || integer(c, 1, &b) < 0)
        return -1;
    if (__builtin_add_overflow(a, b, &sum))
        return fail(c, "the sum is beyond 64 bits");
    *out = json_object_new_int64(sum);
    return 0;
}

/* From start up to end, without end. With a seed always the same, as the service promises. */
static int apply_math_random(struct intrinsic_call *c, json_object **out)
{
    int64_t start, end, seed;

    if (integer(c, 0, &start) < 0 || integer(c, 1, &end) < 0)
        return -1;
    if (start >= end)
        return fail(c, "the start must be below the end");
    if (c->nargs == 2 && !c->env->dice)
        return fail(c, "there is no chance here");
    if (c->nargs == 3 && integer(c, 2, &seed) < 0)
        return -1;
    uint64_t dice = c->nargs == 3 ? clock_dice((uint64_t)seed, 0) : c->env->dice(c->env->self);
    uint64_t width = (uint64_t)end - (uint64_t)start;
    *out = json_object_new_int64((int64_t)((uint64_t)start + dice % width));
    return 0;
}

/* ---- text ---- */

/* Any character of the second text separates; empty pieces are left out. */
static int apply_string_split(struct intrinsic_call *c, json_object **out)
{
    size_t len, nseparators, from = 0;
    const char *text = text_of(c->args[0], &len), *separators = text_of(c->args[1], &nseparators);

    if (charge(c, len * 8 + len * nseparators / 16) < 0)
        return -1;
    *out = json_object_new_array_ext(8);
    for (size_t i = 0; i <= len;) {
        size_t n = i < len ? js_utf8(text + i, len - i) : 1;
        if (i == len || memmem(separators, nseparators, text + i, n)) {
            if (i > from)
                json_object_array_add(*out, json_object_new_string_len(text + from, (int)(i - from)));
            from = i + n;
        }
        i += n;
    }
    return 0;
}

static int apply_uuid(struct intrinsic_call *c, json_object **out)
{
    unsigned char bytes[16];
    char hex[33], uuid[37];

    if (!c->env->dice)
        return fail(c, "there is no chance here");
    for (size_t half = 0; half < 2; half++) {
        uint64_t dice = c->env->dice(c->env->self);
        for (size_t i = 0; i < 8; i++)
            bytes[8 * half + i] = (unsigned char)(dice >> (8 * i));
    }
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40); /* version 4: random */
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    digest_hex(hex, bytes, sizeof bytes);
    snprintf(uuid, sizeof uuid, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    *out = json_object_new_string(uuid);
    return 0;
}

/* A value within a text, as the service shows it: {Id=arn:..., Tags=[a, b]}. */
static void show(struct js_buf *b, json_object *o)
{
    bool first = true;

    if (json_object_is_type(o, json_type_object)) {
        js_buf_str(b, "{");
        json_object_object_foreach(o, key, member)
        {
            js_buf_str(b, first ? "" : ", ");
            first = false;
            js_buf_str(b, key);
            js_buf_str(b, "=");
            show(b, member);
        }
        js_buf_str(b, "}");
    } else if (json_object_is_type(o, json_type_array)) {
        js_buf_str(b, "[");
        for (size_t i = 0; i < array_length(o); i++) {
            js_buf_str(b, i ? ", " : "");
            show(b, json_object_array_get_idx(o, i));
        }
        js_buf_str(b, "]");
    } else if (json_object_is_type(o, json_type_string)) {
        js_buf_add(b, json_object_get_string(o), (size_t)json_object_get_string_len(o));
    } else {
        js_write(b, o);
    }
}

/* Fills "{}" in, one argument after another; raw: "\{" and the like are still escaped. -1: counts differ. */
static int fill(struct intrinsic_call *c, const char *text, size_t len, bool raw, struct js_buf *b)
{
    size_t next = 1;

    for (size_t i = 0; i < len; i++) {
        if (raw && text[i] == '\\' && i + 1 < len) {
            js_buf_add(b, text + ++i, 1);
        } else if (text[i] == '{' && i + 1 < len && text[i + 1] == '}') {
            if (next == c->nargs)
                return -1;
            show(b, c->args[next++]);
            i++;
        } else {
            js_buf_add(b, text + i, 1);
        }
    }
    return next == c->nargs ? 0 : -1;
}

static int apply_format(struct intrinsic_call *c, json_object **out)
{
    const char *raw = c->e->args[0]->raw;
    struct js_buf b = {0};
    size_t len;
    const char *text = text_of(c->args[0], &len);

    for (size_t i = 0; i < c->nargs; i++)
        if (charge(c, weight(c->args[i])) < 0)
            return -1;
    int rc = raw ? fill(c, raw, strlen(raw), true, &b) : fill(c, text, len, false, &b);
    if (rc == 0)
        *out = new_text(&b);
    js_buf_fini(&b);
    return rc == 0 ? 0 : fail(c, "the number of arguments does not match the occurrences of {} in the text");
}

/* ---- the table ---- */

static const struct intrinsic FUNCTIONS[] = {
    {"States.Array", 0, TMPL_ARGUMENTS_MAX, "*", apply_array},
    {"States.ArrayPartition", 2, 2, "an", apply_array_partition},
    {"States.ArrayContains", 2, 2, "a*", apply_array_contains},
    {"States.ArrayRange", 3, 3, "nnn", apply_array_range},
    {"States.ArrayGetItem", 2, 2, "an", apply_array_get_item},
    {"States.ArrayLength", 1, 1, "a", apply_array_length},
    {"States.ArrayUnique", 1, 1, "a", apply_array_unique},
    {"States.Base64Encode", 1, 1, "s", apply_base64_encode},
    {"States.Base64Decode", 1, 1, "s", apply_base64_decode},
    {"States.Hash", 2, 2, "*s", apply_hash},
    {"States.JsonMerge", 3, 3, "oob", apply_json_merge},
    {"States.StringToJson", 1, 1, "s", apply_string_to_json},
    {"States.JsonToString", 1, 1, "*", apply_json_to_string},
    {"States.MathRandom", 2, 3, "nnn", apply_math_random},
    {"States.MathAdd", 2, 2, "nn", apply_math_add},
    {"States.StringSplit", 2, 2, "ss", apply_string_split},
    {"States.UUID", 0, 0, "", apply_uuid},
    {"States.Format", 1, TMPL_ARGUMENTS_MAX, "s*", apply_format},
};

const struct intrinsic *intrinsic_find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (strlen(FUNCTIONS[i].name) == len && !memcmp(FUNCTIONS[i].name, name, len))
            return &FUNCTIONS[i];
    return NULL;
}
