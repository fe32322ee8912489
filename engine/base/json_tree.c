/*
 * Trees: made of scanned text, written, compared, copied.
 *
 * json-c's own tokener goes character by character, clamps integers beyond 64 bits and cuts names
 * at U+0000; what js_scan has accepted needs no second check, so building the tree is short.
 */
#include "base/json.h"

#include <math.h>
#include <string.h>

#define DOUBLE_INTEGERS 9007199254740992.0 /* 2^53: beyond it a double no longer counts in ones */

struct build {
    const char *p;
    struct js_buf key, string; /* the last member's name; a string with its escapes undone */
    json_object *root;
    json_object *open[JS_DEPTH_MAX];
    unsigned depth;
};

static void skip_blanks(struct build *b)
{
    while (*b->p == ' ' || *b->p == '\n' || *b->p == '\r' || *b->p == '\t' || *b->p == ',' || *b->p == ':')
        b->p++; /* the scanner has seen that commas and colons stand where they must */
}

static unsigned hex4(const char *p)
{
    unsigned code = 0;

    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i];
        code = code << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code;
}

void js_buf_char(struct js_buf *b, uint32_t c)
{
    char utf8[4];
    size_t len;

    if (c < 0x80) {
        utf8[0] = (char)c;
        len = 1;
    } else if (c < 0x800) {
        utf8[0] = (char)(0xC0 | c >> 6);
        len = 2;
    } else if (c < 0x10000) {
        utf8[0] = (char)(0xE0 | c >> 12);
        len = 3;
    } else {
        utf8[0] = (char)(0xF0 | c >> 18);
        len = 4;
    }
    for (size_t i = 1; i < len; i++)
        utf8[i] = (char)(0x80 | (c >> (6 * (len - 1 - i)) & 0x3F));
    js_buf_add(b, utf8, len);
}

/* Behind "\u": the code point, of two escapes when they are a pair; a lone surrogate gives U+FFFD. */
static uint32_t unicode_escape(const char **p)
{
    uint32_t code = hex4(*p);
    *p += 4;

    if (code < 0xD800 || code > 0xDFFF)
        return code;
    if (code <= 0xDBFF && (*p)[0] == '\\' && (*p)[1] == 'u') {
        uint32_t low = hex4(*p + 2);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *p += 6;
            return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return 0xFFFD;
}

static uint32_t simple_escape(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return (unsigned char)c;
    }
}

/* Copies the string at p (behind its quote) without its escapes; p comes to stand behind the closing quote.
 */
static void unescape(struct build *b, struct js_buf *to)
{
    to->len = 0;
    for (;;) {
        const char *from = b->p;
        while (*b->p != '"' && *b->p != '\\')
            b->p++;
        js_buf_add(to, from, (size_t)(b->p - from));
        if (*b->p++ == '"')
            return;
        char c = *b->p++;
        js_buf_char(to, c == 'u' ? unicode_escape(&b->p) : simple_escape(c));
    }
}

static json_object *build_string(struct build *b)
{
    const char *from = ++b->p;

    while (*b->p != '"' && *b->p != '\\')
        b->p++;
    if (*b->p == '"')
        return json_object_new_string_len(from, (int)(b->p++ - from));
    b->p = from;
    unescape(b, &b->string);
    return json_object_new_string_len(b->string.p, (int)b->string.len);
}

/* json-c holds names as C strings: a U+0000 within one becomes U+FFFD. */
static void build_key(struct build *b)
{
    b->p++;
    unescape(b, &b->key);
    if (!memchr(b->key.p, '\0', b->key.len))
        return;

    char *clean = js_clean(b->key.p, b->key.len, SIZE_MAX);
    b->key.len = 0;
    js_buf_str(&b->key, clean);
    free(clean);
}

/* An integer of at most 64 bits, or false. "-0" is none: its sign would be lost. */
static bool small_integer(const char *text, size_t len, json_object **out)
{
    bool negative = *text == '-';
    uint64_t n = 0;

    for (size_t i = negative; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (unsigned)(text[i] - '0'), &n))
            return false;
    }
    if (negative && (n == 0 || n > (uint64_t)INT64_MAX + 1))
        return false;
    if (negative)
        *out = json_object_new_int64((int64_t)(0 - n));
    else
        *out = n > INT64_MAX ? json_object_new_uint64(n) : json_object_new_int64((int64_t)n);
    return true;
}

json_object *js_number_text(const char *text, size_t len)
{
    json_object *o;
    char copy[JS_NUMBER_BYTES_MAX + 1];

    if (small_integer(text, len, &o))
        return o;
    PAWL_ASSERT(len <= JS_NUMBER_BYTES_MAX);
    memcpy(copy, text, len);
    copy[len] = '\0';
    return json_object_new_double_s(strtod(copy, NULL), copy);
}

static json_object *build_number(struct build *b)
{
    const char *from = b->p;

    while ((*b->p >= '0' && *b->p <= '9') || *b->p == '-' || *b->p == '+' || *b->p == '.' ||
           (*b->p | 0x20) == 'e')
        b->p++;
    return js_number_text(from, (size_t)(b->p - from));
}

static json_object *build_scalar(struct build *b)
{
    switch (*b->p) {
    case '"':
        return build_string(b);
    case 't':
        b->p += 4;
        return json_object_new_boolean(true);
    case 'f':
        b->p += 5;
        return json_object_new_boolean(false);
    case 'n':
        b->p += 4;
        return NULL;
    default:
        return build_number(b);
    }
}

static void attach(struct build *b, json_object *taken)
{
    json_object *parent = b->depth ? b->open[b->depth - 1] : NULL;

    if (!parent)
        b->root = taken;
    else if (json_object_is_type(parent, json_type_array))
        json_object_array_add(parent, taken);
    else
        json_object_object_add(parent, b->key.p, taken);
}

static void build_open(struct build *b)
{
    json_object *o = *b->p++ == '{' ? json_object_new_object() : json_object_new_array_ext(4);

    PAWL_ASSERT(o != NULL && b->depth < JS_DEPTH_MAX);
    attach(b, o);
    b->open[b->depth++] = o;
}

static bool in_object(const struct build *b)
{
    return b->depth && json_object_is_type(b->open[b->depth - 1], json_type_object);
}

static void build_tree(struct build *b)
{
    do {
        skip_blanks(b);
        if (*b->p == '}' || *b->p == ']') {
            b->p++;
            b->depth--;
            continue;
        }
        if (in_object(b)) {
            build_key(b);
            skip_blanks(b);
        }
        if (*b->p == '{' || *b->p == '[')
            build_open(b);
        else
            attach(b, build_scalar(b));
    } while (b->depth);
}

int js_parse(const char *text, size_t len, json_object **out, struct err *err)
{
    if (js_scan(text, len, err) < 0)
        return -1;

    struct build b;
    b.key = b.string = (struct js_buf){0};
    b.root = NULL;
    b.depth = 0;
    /* The builder reads up to a closing quote or bracket; only a number at the very end has none. */
    char *copy = NULL;
    bool bare = len && text[len - 1] >= '0' && text[len - 1] <= '9';
    b.p = bare ? (copy = mem_strndup(text, len)) : text;
    build_tree(&b);
    free(copy);
    js_buf_fini(&b.key);
    js_buf_fini(&b.string);
    *out = b.root;
    return 0;
}

/* ---- writing ---- */

const char *js_double_format(char buf[JS_DOUBLE_BYTES], double d)
{
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(buf, JS_DOUBLE_BYTES, "%.*g", precision, d);
        if (strtod(buf, NULL) == d)
            break;
    }
    return buf;
}

json_object *js_number(double d)
{
    char buf[JS_DOUBLE_BYTES];

    PAWL_ASSERT(isfinite(d));
    if (d == floor(d) && fabs(d) < DOUBLE_INTEGERS)
        return json_object_new_int64((int64_t)d);
    return json_object_new_double_s(d, js_double_format(buf, d));
}

static void write_double(struct js_buf *b, json_object *o)
{
    char buf[JS_DOUBLE_BYTES];
    const char *source = json_object_get_userdata(o);
    double d = json_object_get_double(o);

    if (source)
        js_buf_str(b, source);
    else
        js_buf_str(b, isfinite(d) ? js_double_format(buf, d) : "null");
}

static void write_int(struct js_buf *b, json_object *o)
{
    int64_t n = json_object_get_int64(o);

    if (n < INT64_MAX) {
        js_buf_int(b, n);
    } else {
        char buf[24];
        snprintf(buf, sizeof buf, "%llu", (unsigned long long)json_object_get_uint64(o));
        js_buf_str(b, buf);
    }
}

static void write_array(struct js_buf *b, json_object *o)
{
    size_t n = json_object_array_length(o);

    js_buf_add(b, "[", 1);
    for (size_t i = 0; i < n; i++) {
        if (i)
            js_buf_add(b, ",", 1);
        js_write(b, json_object_array_get_idx(o, i));
    }
    js_buf_add(b, "]", 1);
}

static void write_object(struct js_buf *b, json_object *o)
{
    bool first = true;

    js_buf_add(b, "{", 1);
    json_object_object_foreach(o, key, member)
    {
        if (!first)
            js_buf_add(b, ",", 1);
        first = false;
        js_buf_quoted(b, key, strlen(key));
        js_buf_add(b, ":", 1);
        js_write(b, member);
    }
    js_buf_add(b, "}", 1);
}

void js_write(struct js_buf *b, json_object *o)
{
    switch (json_object_get_type(o)) {
    case json_type_null:
        js_buf_add(b, "null", 4);
        break;
    case json_type_boolean:
        js_buf_str(b, json_object_get_boolean(o) ? "true" : "false");
        break;
    case json_type_int:
        write_int(b, o);
        break;
    case json_type_double:
        write_double(b, o);
        break;
    case json_type_string:
        js_buf_quoted(b, json_object_get_string(o), (size_t)json_object_get_string_len(o));
        break;
    case json_type_array:
        write_array(b, o);
        break;
    case json_type_object:
        write_object(b, o);
        break;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_sorted(struct js_buf *b, json_object *o)
{
    size_t n = (size_t)json_object_object_length(o), i = 0;
    const char **keys = mem_alloc(n * sizeof *keys);

    json_object_object_foreach(o, key, ignored)
    {
        (void)ignored;
        keys[i++] = key;
    }
    qsort(keys, n, sizeof *keys, by_name);
    js_buf_add(b, "{", 1);
    for (i = 0; i < n; i++) {
        js_buf_add(b, ",", i > 0);
        js_buf_quoted(b, keys[i], strlen(keys[i]));
        js_buf_add(b, ":", 1);
        js_write_canonical(b, json_object_object_get(o, keys[i]));
    }
    js_buf_add(b, "}", 1);
    free(keys);
}

void js_write_canonical(struct js_buf *b, json_object *o)
{
    if (json_object_is_type(o, json_type_object)) {
        write_sorted(b, o);
    } else if (json_object_is_type(o, json_type_array)) {
        js_buf_add(b, "[", 1);
        for (size_t i = 0; i < json_object_array_length(o); i++) {
            js_buf_add(b, ",", i > 0);
            js_write_canonical(b, json_object_array_get_idx(o, i));
        }
        js_buf_add(b, "]", 1);
    } else if (js_is_number(o)) {
        char text[JS_DOUBLE_BYTES];
        double d = json_object_get_double(o);
        bool whole = json_object_is_type(o, json_type_int);
        if (whole && fabs(d) >= DOUBLE_INTEGERS)
            write_int(b, o);
        else
            js_buf_str(b, js_double_format(text, d == 0 ? 0 : d));
    } else {
        js_write(b, o);
    }
}

const char *js_text(json_object *o, size_t *len)
{
    return json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, len);
}

/* ---- measuring ---- */

static bool spend(size_t *left, size_t bytes)
{
    if (bytes > *left)
        return false;
    *left -= bytes;
    return true;
}

static bool within(json_object *o, size_t *left, unsigned depth)
{
    switch (json_object_get_type(o)) {
    case json_type_string:
        return spend(left, (size_t)json_object_get_string_len(o) + 2);
    case json_type_array: {
        size_t n = json_object_array_length(o);
        if (depth == 0 || !spend(left, n + 1))
            return false;
        for (size_t i = 0; i < n; i++)
            if (!within(json_object_array_get_idx(o, i), left, depth - 1))
                return false;
        return true;
    }
    case json_type_object: {
        if (depth == 0 || !spend(left, 1))
            return false;
        json_object_object_foreach(o, key, member)
        {
            if (!spend(left, strlen(key) + 4) || !within(member, left, depth - 1))
                return false;
        }
        return true;
    }
    default:
        return spend(left, 1);
    }
}

size_t js_weigh(json_object *o, size_t max_bytes, unsigned max_depth)
{
    size_t left = max_bytes;
    return within(o, &left, max_depth) ? max_bytes - left : SIZE_MAX;
}

bool js_within(json_object *o, size_t max_bytes, unsigned max_depth)
{
    return within(o, &max_bytes, max_depth);
}

/* ---- comparing and copying ---- */

static bool equal_numbers(json_object *a, json_object *b)
{
    if (json_object_is_type(a, json_type_int) && json_object_is_type(b, json_type_int))
        return json_object_get_int64(a) == json_object_get_int64(b) &&
               json_object_get_uint64(a) == json_object_get_uint64(b);
    return json_object_get_double(a) == json_object_get_double(b);
}

static bool equal_arrays(json_object *a, json_object *b)
{
    size_t n = json_object_array_length(a);

    if (json_object_array_length(b) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!js_equal(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
            return false;
    return true;
}

static bool equal_objects(json_object *a, json_object *b)
{
    if (json_object_object_length(a) != json_object_object_length(b))
        return false;
    json_object_object_foreach(a, key, member)
    {
        json_object *other;
        if (!json_object_object_get_ex(b, key, &other) || !js_equal(member, other))
            return false;
    }
    return true;
}

bool js_is_number(json_object *o)
{
    return json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double);
}

bool js_equal(json_object *a, json_object *b)
{
    if (a == b)
        return true;
    if (js_is_number(a) && js_is_number(b))
        return equal_numbers(a, b);
    if (json_object_get_type(a) != json_object_get_type(b))
        return false;
    switch (json_object_get_type(a)) {
    case json_type_boolean:
        return json_object_get_boolean(a) == json_object_get_boolean(b);
    case json_type_string:
        return json_object_get_string_len(a) == json_object_get_string_len(b) &&
               !memcmp(json_object_get_string(a), json_object_get_string(b),
                       (size_t)json_object_get_string_len(a));
    case json_type_array:
        return equal_arrays(a, b);
    case json_type_object:
        return equal_objects(a, b);
    default:
        return false; /* null is NULL: seen above */
    }
}

static json_object *copy_int(json_object *o)
{
    int64_t n = json_object_get_int64(o);
    return n < INT64_MAX ? json_object_new_int64(n) : json_object_new_uint64(json_object_get_uint64(o));
}

static json_object *copy_double(json_object *o)
{
    const char *source = json_object_get_userdata(o);
    double d = json_object_get_double(o);
    return source ? json_object_new_double_s(d, source) : json_object_new_double(d);
}

json_object *js_copy(json_object *o)
{
    json_object *copy;

    switch (json_object_get_type(o)) {
    case json_type_boolean:
        return json_object_new_boolean(json_object_get_boolean(o));
    case json_type_int:
        return copy_int(o);
    case json_type_double:
        return copy_double(o);
    case json_type_string:
        return json_object_new_string_len(json_object_get_string(o), json_object_get_string_len(o));
    case json_type_array: {
        size_t n = json_object_array_length(o);
        copy = json_object_new_array_ext(n ? (int)n : 1);
        for (size_t i = 0; i < n; i++)
            json_object_array_add(copy, js_copy(json_object_array_get_idx(o, i)));
        return copy;
    }
    case json_type_object: {
        copy = json_object_new_object();
        json_object_object_foreach(o, key, member) json_object_object_add(copy, key, js_copy(member));
        return copy;
    }
    default:
        return NULL;
    }
}
