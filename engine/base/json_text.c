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

size_t js_quoted_bytes(const char *text, size_t len)
{
    size_t bytes = len + 2;

    for (size_t i = 0; i < len; i++) {
        char letter = escape_letter((unsigned char)text[i]);
        if (letter)
            bytes += letter == 'u' ? 5 : 1;
    }
    return bytes;
}

size_t js_quote(char *to, const char *text, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    char *p = to;

    *p++ = '"';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        char letter = escape_letter(c);
        if (!letter) {
            *p++ = (char)c;
            continue;
        }
        *p++ = '\\';
        *p++ = letter;
        if (letter == 'u') {
            *p++ = '0';
            *p++ = '0';
            *p++ = hex[c >> 4];
            *p++ = hex[c & 15];
        }
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

static char *room(struct js_buf *b, size_t len) /* for len bytes and a NUL */
{
    if (b->cap - b->len <= len) {
        PAWL_ASSERT(len < SIZE_MAX / 4 && b->len < SIZE_MAX / 4);
        size_t cap = b->cap ? b->cap * 2 : 64;
        while (cap - b->len <= len)
            cap *= 2;
        b->p = mem_realloc(b->p, cap);
        b->cap = cap;
    }
    return b->p + b->len;
}

void js_buf_add(struct js_buf *b, const char *text, size_t len)
{
    char *to = room(b, len);
    if (len)
        memcpy(to, text, len);
    to[len] = '\0';
    b->len += len;
}

void js_buf_str(struct js_buf *b, const char *text)
{
    js_buf_add(b, text, strlen(text));
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
    char *to = room(b, js_quoted_bytes(text, len));
    b->len += js_quote(to, text, len);
    b->p[b->len] = '\0';
}

void js_buf_fini(struct js_buf *b)
{
    free(b->p);
    *b = (struct js_buf){0};
}
