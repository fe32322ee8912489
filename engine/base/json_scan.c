#include "base/json.h"

#include <endian.h>
#include <string.h>

/*
 * The grammar of RFC 8259 without recursion: one bit for each open array or object remembers what it is.  A
 * function that reads gets the place where it begins, and gives the place behind what it has read, or NULL
 * when it has refused.
 */
struct scan {
    const unsigned char *start, *end;
    struct err *err;
    unsigned depth;
    uint64_t is_object[(JS_DEPTH_MAX + 63) / 64];
};

static const unsigned char *expected(const struct scan *s, const unsigned char *p, const char *what)
{
    size_t at = (size_t)(p - s->start);

    if (p == s->end)
        err_set(s->err, ERR_INVALID_INPUT, "byte %zu: expected %s, found the end of the text", at, what);
    else if (*p > 0x20 && *p < 0x7F)
        err_set(s->err, ERR_INVALID_INPUT, "byte %zu: expected %s, found '%c'", at, what, *p);
    else
        err_set(s->err, ERR_INVALID_INPUT, "byte %zu: expected %s, found the byte 0x%02x", at, what, *p);
    return NULL;
}

static inline const unsigned char *skip_blanks(const unsigned char *p, const unsigned char *end)
{
    while (p < end && *p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static inline bool stands(const unsigned char *p, const unsigned char *end, unsigned char c)
{
    return p < end && *p == c;
}

/* Eight bytes at a time: a byte below 0x20, a quote, a backslash or a byte above 0x7F stops the run. */
static inline const unsigned char *skip_plain(const unsigned char *p, const unsigned char *end)
{
    const uint64_t each = UINT64_C(0x0101010101010101), high = each * 0x80;

    for (; end - p >= 8; p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        w = le64toh(w);
        uint64_t stops =
            (((w ^ (each * '"')) - each) | ((w ^ (each * '\\')) - each) | (w - each * 0x20) | w) & high;
        if (stops)
            return p + __builtin_ctzll(stops) / 8; /* the lowest bit is exact, higher ones may be borrows */
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

size_t js_utf8(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t want;
    unsigned char low = 0x80, top = 0xBF; /* bounds of the second byte: no overlong form, no surrogate */

    if (len == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        want = 2;
    else if (p[0] >= 0xE0 && p[0] <= 0xEF)
        want = 3;
    else if (p[0] >= 0xF0 && p[0] <= 0xF4)
        want = 4;
    else
        return 0;
    if (p[0] == 0xE0)
        low = 0xA0;
    else if (p[0] == 0xED)
        top = 0x9F;
    else if (p[0] == 0xF0)
        low = 0x90;
    else if (p[0] == 0xF4)
        top = 0x8F;
    if (len < want || p[1] < low || p[1] > top)
        return 0;
    for (size_t i = 2; i < want; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return want;
}

static bool is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const unsigned char *scan_escape(const struct scan *s,
                                        const unsigned char *p) /* behind the backslash */
{
    if (p == s->end || !memchr("\"\\/bfnrtu", *p, 9))
        return expected(s, p, "one of \"\\/bfnrtu after a backslash");
    if (*p++ != 'u')
        return p;
    for (int i = 0; i < 4; i++, p++)
        if (p == s->end || !is_hex(*p))
            return expected(s, p, "four hexadecimal digits after \\u");
    return p;
}

/* What stops a run within a string, but its end. */
static const unsigned char *scan_special(const struct scan *s, const unsigned char *p)
{
    if (p == s->end)
        return expected(s, p, "a closing quote");
    if (*p == '\\')
        return scan_escape(s, p + 1);
    if (*p < 0x20)
        return expected(s, p, "no raw control character within a string");
    size_t len = js_utf8((const char *)p, (size_t)(s->end - p));
    return len ? p + len : expected(s, p, "valid UTF-8");
}

/* A string goes on at p, behind a plain run that is not all of it. */
static const unsigned char *scan_runs(const struct scan *s, const unsigned char *p)
{
    while (p && !stands(p, s->end, '"')) {
        p = scan_special(s, p);
        if (p)
            p = skip_plain(p, s->end);
    }
    return p ? p + 1 : NULL;
}

/* Behind the opening quote. */
static inline const unsigned char *scan_string(const struct scan *s, const unsigned char *p)
{
    p = skip_plain(p, s->end);
    return stands(p, s->end, '"') ? p + 1 : scan_runs(s, p);
}

static const unsigned char *skip_digits(const unsigned char *p, const unsigned char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* One digit at least. */
static const unsigned char *scan_digits(const struct scan *s, const unsigned char *p, const char *what)
{
    const unsigned char *behind = skip_digits(p, s->end);
    return behind > p ? behind : expected(s, p, what);
}

static const unsigned char *scan_number(const struct scan *s, const unsigned char *from)
{
    bool negative = stands(from, s->end, '-');
    const unsigned char *p = from + negative;

    p = stands(p, s->end, '0') ? p + 1 : scan_digits(s, p, negative ? "a digit" : "a value");
    if (p && stands(p, s->end, '.'))
        p = scan_digits(s, p + 1, "a digit after the decimal point");
    if (p && p < s->end && (*p | 0x20) == 'e') {
        p++;
        p += stands(p, s->end, '+') || stands(p, s->end, '-');
        p = scan_digits(s, p, "a digit in the exponent");
    }
    if (!p || p - from <= JS_NUMBER_BYTES_MAX)
        return p;
    err_set(s->err, ERR_INVALID_INPUT, "byte %zu: a number of more than %d characters",
            (size_t)(from - s->start), JS_NUMBER_BYTES_MAX);
    return NULL;
}

static const unsigned char *scan_word(const struct scan *s, const unsigned char *p, const char *word,
                                      size_t len)
{
    if ((size_t)(s->end - p) < len || memcmp(p, word, len) != 0)
        return expected(s, p, "a value");
    return p + len;
}

static inline const unsigned char *scan_scalar(const struct scan *s, const unsigned char *p)
{
    switch (*p) {
    case '"':
        return scan_string(s, p + 1);
    case 't':
        return scan_word(s, p, "true", 4);
    case 'f':
        return scan_word(s, p, "false", 5);
    case 'n':
        return scan_word(s, p, "null", 4);
    default:
        return scan_number(s, p);
    }
}

static bool in_object(const struct scan *s)
{
    return s->is_object[(s->depth - 1) / 64] >> ((s->depth - 1) % 64) & 1;
}

/* Where a container's next element must begin: in an object its name comes first. */
static const unsigned char *scan_name(const struct scan *s, const unsigned char *p)
{
    if (!in_object(s))
        return p;
    p = skip_blanks(p, s->end);
    if (!stands(p, s->end, '"'))
        return expected(s, p, "a member's name in quotes");
    p = scan_string(s, p + 1);
    if (!p)
        return NULL;
    p = skip_blanks(p, s->end);
    return stands(p, s->end, ':') ? p + 1 : expected(s, p, "':'");
}

static const unsigned char *open_container(struct scan *s, const unsigned char *p)
{
    bool object = *p++ == '{';

    if (s->depth == JS_DEPTH_MAX) {
        err_set(s->err, ERR_INVALID_INPUT, "byte %zu: more than %d arrays and objects within each other",
                (size_t)(p - s->start), JS_DEPTH_MAX);
        return NULL;
    }
    uint64_t bit = UINT64_C(1) << (s->depth % 64);
    if (object)
        s->is_object[s->depth / 64] |= bit;
    else
        s->is_object[s->depth / 64] &= ~bit;
    s->depth++;
    return p;
}

/* A value without parts, or the beginning of one up to where its first part must begin. */
static const unsigned char *scan_value(struct scan *s, const unsigned char *p, bool *whole)
{
    p = skip_blanks(p, s->end);
    if (p == s->end)
        return expected(s, p, "a value");
    *whole = *p != '{' && *p != '[';
    if (*whole)
        return scan_scalar(s, p);

    unsigned char close = *p == '{' ? '}' : ']';
    p = open_container(s, p);
    if (!p)
        return NULL;
    *whole = stands(skip_blanks(p, s->end), s->end, close); /* it is empty, and as good as over */
    return *whole ? p : scan_name(s, p);
}

/* Behind a value: up to where the next must begin, or to the end of the outermost. */
static const unsigned char *scan_behind(struct scan *s, const unsigned char *p)
{
    while (s->depth) {
        bool object = in_object(s);
        p = skip_blanks(p, s->end);
        if (stands(p, s->end, ','))
            return scan_name(s, p + 1);
        if (!stands(p, s->end, object ? '}' : ']'))
            return expected(s, p, object ? "',' or '}'" : "',' or ']'");
        p++;
        s->depth--;
    }
    return p;
}

int js_scan(const char *text, size_t len, struct err *err)
{
    struct scan s; /* is_object needs no zeroes: each bit is set when its container opens */
    const unsigned char *p = s.start = (const unsigned char *)text;
    bool whole = false;

    s.end = p + len;
    s.err = err;
    s.depth = 0;
    do {
        p = scan_value(&s, p, &whole);
        if (p && whole)
            p = scan_behind(&s, p);
        if (!p)
            return -1;
    } while (s.depth);
    p = skip_blanks(p, s.end);
    return p == s.end ? 0 : (expected(&s, p, "nothing behind the value"), -1);
}
