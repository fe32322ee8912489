/*
 * Making trees of scanned text.
 *
 * json-c's own tokener goes character by character, clamps integers beyond 64 bits and cuts names
 * at U+0000; what js_scan has accepted needs no second check, so building the tree is short.
 */
#include "base/json.h"

#include <string.h>

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

json_object *js_tree(const char *text, size_t len)
{
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
    return b.root;
}

int js_parse(const char *text, size_t len, json_object **out, struct err *err)
{
    if (js_scan(text, len, err) < 0)
        return -1;
    *out = js_tree(text, len);
    return 0;
}
