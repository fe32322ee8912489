#include "base/json.h"

#include <string.h>

/* For a byte that a JSON string must escape: the letter behind the backslash, 'u' for \u00XX; else 0. */
static char escape_letter(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return c < 0x20 ? 'u' : 0;
    }
}

/* Of eight bytes: a high bit is set if one of them must be escaped. */
static inline uint64_t escapes_among(const char *text)
{
    const uint64_t each = UINT64_C(0x0101010101010101), high = each * 0x80;
    uint64_t w;

    memcpy(&w, text, 8);
    uint64_t quote = w ^ (each * '"'), backslash = w ^ (each * '\\');
    return (((quote - each) & ~quote) | ((backslash - each) & ~backslash) | ((w - each * 0x20) & ~w)) & high;
}

static const bool MUST_ESCAPE[256] = {[0 ... 0x1F] = true, ['"'] = true, ['\\'] = true};

/* How many bytes stand before the first that must be escaped? */
static size_t plain_run(const char *text, size_t len)
{
    size_t i = 0;

    while (len - i >= 8 && !escapes_among(text + i))
        i += 8;
    if (len >= 8 && i > len - 8 && !escapes_among(text + len - 8))
        return len;
    while (i < len && !MUST_ESCAPE[(unsigned char)text[i]])
        i++;
    return i;
}

size_t js_quoted_bytes(const char *text, size_t len)
{
    size_t bytes = len + 2;

    for (size_t i = plain_run(text, len); i < len; i += 1 + plain_run(text + i + 1, len - i - 1))
        bytes += escape_letter((unsigned char)text[i]) == 'u' ? 5 : 1;
    return bytes;
}

static char *escape(char *p, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char letter = escape_letter(c);

    *p++ = '\\';
    *p++ = letter;
    if (letter == 'u') {
        memcpy(p, "00", 2);
        p[2] = hex[c >> 4];
        p[3] = hex[c & 15];
        p += 4;
    }
    return p;
}

size_t js_quote(char *to, const char *text, size_t len)
{
    char *p = to;

    *p++ = '"';
    for (size_t i = 0; i < len; i++) {
        size_t run = plain_run(text + i, len - i);
        memcpy(p, text + i, run);
        p += run;
        i += run;
        if (i < len)
            p = escape(p, (unsigned char)text[i]);
    }
    *p++ = '"';
    return (size_t)(p - to);
}

bool js_is_utf8(const char *text, size_t len)
{
    for (size_t i = 0, n; i < len; i += n) {
        n = js_utf8(text + i, len - i);
        if (n == 0)
            return false;
    }
    return true;
}

size_t js_chars(const char *text, size_t len)
{
    size_t chars = 0;

    for (size_t i = 0; i < len; i++)
        chars += ((unsigned char)text[i] & 0xC0) != 0x80;
    return chars;
}

char *js_clean(const char *text, size_t len, size_t max_bytes)
{
    static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
    struct js_buf b = {0};

    js_buf_str(&b, "");
    for (size_t i = 0; i < len;) {
        size_t n = js_utf8(text + i, len - i);
        bool bad = n == 0 || text[i] == '\0';
        size_t add = bad ? 3 : n;
        if (max_bytes - b.len < add)
            break;
        js_buf_add(&b, bad ? replacement : text + i, add);
        i += n ? n : 1;
    }
    return b.p;
}

/* ---- growing text ---- */

void js_buf_grow(struct js_buf *b, size_t len)
{
    PAWL_ASSERT(len < SIZE_MAX / 4 && b->len < SIZE_MAX / 4);
    size_t cap = b->cap ? b->cap * 2 : 64;
    while (cap - b->len <= len)
        cap *= 2;
    b->p = mem_realloc(b->p, cap);
    b->cap = cap;
}

void js_buf_int(struct js_buf *b, int64_t n)
{
    char digits[24], *end = digits + sizeof digits, *p = end;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0)
        *--p = '-';
    js_buf_add(b, p, (size_t)(end - p));
}

void js_buf_quoted(struct js_buf *b, const char *text, size_t len)
{
    size_t plain = plain_run(text, len);
    char *to = js_buf_room(b, plain == len ? len + 2 : js_quoted_bytes(text, len));

    if (plain == len) { /* mostly: nothing to escape */
        *to = '"';
        memcpy(to + 1, text, len);
        to[len + 1] = '"';
        b->len += len + 2;
    } else {
        b->len += js_quote(to, text, len);
    }
    b->p[b->len] = '\0';
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

void js_buf_fini(struct js_buf *b)
{
    free(b->p);
    *b = (struct js_buf){0};
}
