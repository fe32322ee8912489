#include "base/json.h"

#include <string.h>

/*
 * The grammar of RFC 8259 without recursion: what may come next is a state, and one bit for each open
 * array or object remembers what it is.
 */
enum want { WANT_VALUE, WANT_VALUE_OR_END, WANT_KEY, WANT_KEY_OR_END, WANT_COMMA_OR_END };

struct scan {
    const unsigned char *start, *p, *end;
    struct err *err;
    unsigned depth;
    uint64_t is_object[(JS_DEPTH_MAX + 63) / 64];
};

static int expected(const struct scan *s, const char *what)
{
    size_t at = (size_t)(s->p - s->start);

    if (s->p == s->end)
        return err_set(s->err, ERR_INVALID_INPUT, "byte %zu: expected %s, found the end of the text", at,
                       what);
    if (*s->p > 0x20 && *s->p < 0x7F)
        return err_set(s->err, ERR_INVALID_INPUT, "byte %zu: expected %s, found '%c'", at, what, *s->p);
    return err_set(s->err, ERR_INVALID_INPUT, "byte %zu: expected %s, found the byte 0x%02x", at, what,
                   *s->p);
}

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
}

static bool take(struct scan *s, unsigned char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

/* Eight bytes at a time: a byte below 0x20, a quote, a backslash or a byte above 0x7F stops the run. */
static const unsigned char *skip_plain(const unsigned char *p, const unsigned char *end)
{
    const uint64_t each = UINT64_C(0x0101010101010101), high = each * 0x80;

    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t stops =
            (((w ^ (each * '"')) - each) | ((w ^ (each * '\\')) - each) | (w - each * 0x20) | w) & high;
        if (stops)
            break;
        p += 8;
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

static int scan_escape(struct scan *s) /* behind the backslash */
{
    if (s->p == s->end || !memchr("\"\\/bfnrtu", *s->p, 9))
        return expected(s, "one of \"\\/bfnrtu after a backslash");
    if (*s->p++ != 'u')
        return 0;
    for (int i = 0; i < 4; i++, s->p++)
        if (s->p == s->end || !is_hex(*s->p))
            return expected(s, "four hexadecimal digits after \\u");
    return 0;
}

static int scan_string(struct scan *s) /* behind the opening quote */
{
    for (;;) {
        s->p = skip_plain(s->p, s->end);
        if (s->p == s->end)
            return expected(s, "a closing quote");
        if (*s->p == '"') {
            s->p++;
            return 0;
        }
        if (*s->p == '\\') {
            s->p++;
            if (scan_escape(s) < 0)
                return -1;
        } else if (*s->p < 0x20) {
            return expected(s, "no raw control character within a string");
        } else {
            size_t len = js_utf8((const char *)s->p, (size_t)(s->end - s->p));
            if (len == 0)
                return expected(s, "valid UTF-8");
            s->p += len;
        }
    }
}

static bool digits(struct scan *s) /* one at least */
{
    const unsigned char *from = s->p;

    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > from;
}

static int scan_number(struct scan *s)
{
    const unsigned char *from = s->p;

    take(s, '-');
    if (!take(s, '0') && !digits(s))
        return expected(s, from == s->p ? "a value" : "a digit");
    if (take(s, '.') && !digits(s))
        return expected(s, "a digit after the decimal point");
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            take(s, '-');
        if (!digits(s))
            return expected(s, "a digit in the exponent");
    }
    if (s->p - from > JS_NUMBER_BYTES_MAX)
        return err_set(s->err, ERR_INVALID_INPUT, "byte %zu: a number of more than %d characters",
                       (size_t)(from - s->start), JS_NUMBER_BYTES_MAX);
    return 0;
}

static int scan_word(struct scan *s, const char *word, size_t len)
{
    if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
        return expected(s, "a value");
    s->p += len;
    return 0;
}

static int scan_scalar(struct scan *s)
{
    if (take(s, '"'))
        return scan_string(s);
    if (s->p == s->end)
        return expected(s, "a value");
    switch (*s->p) {
    case 't':
        return scan_word(s, "true", 4);
    case 'f':
        return scan_word(s, "false", 5);
    case 'n':
        return scan_word(s, "null", 4);
    default:
        return scan_number(s);
    }
}

static int open_container(struct scan *s, bool object)
{
    if (s->depth == JS_DEPTH_MAX)
        return err_set(s->err, ERR_INVALID_INPUT,
                       "byte %zu: more than %d arrays and objects within each other",
                       (size_t)(s->p - s->start), JS_DEPTH_MAX);

    uint64_t bit = UINT64_C(1) << (s->depth % 64);
    if (object)
        s->is_object[s->depth / 64] |= bit;
    else
        s->is_object[s->depth / 64] &= ~bit;
    s->depth++;
    return 0;
}

static bool in_object(const struct scan *s)
{
    return s->is_object[(s->depth - 1) / 64] >> ((s->depth - 1) % 64) & 1;
}

static int scan_key(struct scan *s)
{
    if (!take(s, '"'))
        return expected(s, "a member's name in quotes");
    if (scan_string(s) < 0)
        return -1;
    skip_blanks(s);
    return take(s, ':') ? 0 : expected(s, "':'");
}

static int scan_value(struct scan *s, enum want *want)
{
    if (take(s, '{')) {
        *want = WANT_KEY_OR_END;
        return open_container(s, true);
    }
    if (take(s, '[')) {
        *want = WANT_VALUE_OR_END;
        return open_container(s, false);
    }
    *want = WANT_COMMA_OR_END;
    return scan_scalar(s);
}

static int scan_comma_or_end(struct scan *s, enum want *want)
{
    bool object = in_object(s);

    if (take(s, ',')) {
        *want = object ? WANT_KEY : WANT_VALUE;
        return 0;
    }
    if (!take(s, object ? '}' : ']'))
        return expected(s, object ? "',' or '}'" : "',' or ']'");
    s->depth--;
    return 0;
}

int js_scan(const char *text, size_t len, struct err *err)
{
    struct scan s;
    s.start = s.p = (const unsigned char *)text;
    s.end = s.start + len;
    s.err = err;
    s.depth = 0; /* is_object needs no zeroes: each bit is set when its container opens */
    enum want want = WANT_VALUE;

    for (;;) {
        skip_blanks(&s);
        switch (want) {
        case WANT_VALUE_OR_END:
            if (take(&s, ']')) {
                s.depth--;
                want = WANT_COMMA_OR_END;
                break;
            }
            __attribute__((fallthrough));
        case WANT_VALUE:
            if (scan_value(&s, &want) < 0)
                return -1;
            break;
        case WANT_KEY_OR_END:
            if (take(&s, '}')) {
                s.depth--;
                want = WANT_COMMA_OR_END;
                break;
            }
            __attribute__((fallthrough));
        case WANT_KEY:
            if (scan_key(&s) < 0)
                return -1;
            want = WANT_VALUE;
            break;
        case WANT_COMMA_OR_END:
            if (s.depth == 0)
                return s.p == s.end ? 0 : expected(&s, "nothing behind the value");
            if (scan_comma_or_end(&s, &want) < 0)
                return -1;
            break;
        }
    }
}
