#include "lang/jsonata_chars.h"
#include "base/json.h"

#include <string.h>

enum { REPLACEMENT = 0xFFFD };

/* Bytes of the character at p; *c is it. Unlike js_utf8 this takes surrogates. */
static size_t decode(const unsigned char *p, size_t len, uint32_t *c)
{
    size_t want = *p < 0x80 ? 1 : *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : *p >= 0xC0 ? 2 : 0;

    *c = REPLACEMENT;
    if (want == 0 || want > len)
        return 1;
    uint32_t point = want == 1 ? *p : *p & (0x7Fu >> want);
    for (size_t i = 1; i < want; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 1;
        point = point << 6 | (p[i] & 0x3F);
    }
    if (point <= 0x10FFFF)
        *c = point;
    return want;
}

struct jsonata_chars jsonata_chars(struct arena *a, struct jsonata_text text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    uint32_t *c = arena_alloc(a, text.len * sizeof *c);
    size_t n = 0;

    for (size_t i = 0; i < text.len;)
        i += decode(p + i, text.len - i, &c[n++]);
    return (struct jsonata_chars){c, n};
}

struct jsonata_text jsonata_chars_text(struct arena *a, struct jsonata_chars chars)
{
    struct js_buf b = {0};

    js_buf_str(&b, "");
    for (size_t i = 0; i < chars.n; i++)
        js_buf_char(&b, chars.c[i]);
    struct jsonata_text text = {arena_strndup(a, b.p, b.len), b.len};
    js_buf_fini(&b);
    return text;
}

struct jsonata_chars jsonata_chars_part(struct jsonata_chars chars, size_t from, size_t to)
{
    to = to < chars.n ? to : chars.n;
    from = from < to ? from : to;
    return (struct jsonata_chars){chars.n ? chars.c + from : NULL, to - from};
}

static bool stands_at(struct jsonata_chars chars, size_t at, struct jsonata_chars needle)
{
    return needle.n <= chars.n - at &&
           (needle.n == 0 || !memcmp(chars.c + at, needle.c, needle.n * sizeof *needle.c));
}

size_t jsonata_chars_find(struct jsonata_chars chars, struct jsonata_chars needle, size_t from)
{
    for (size_t at = from < chars.n ? from : chars.n; at + needle.n <= chars.n; at++) {
        if (stands_at(chars, at, needle))
            return at;
    }
    return JSONATA_NOWHERE;
}

size_t jsonata_chars_find_last(struct jsonata_chars chars, struct jsonata_chars needle)
{
    for (size_t at = chars.n + 1; at-- > 0;) {
        if (stands_at(chars, at, needle))
            return at;
    }
    return JSONATA_NOWHERE;
}

bool jsonata_chars_are(struct jsonata_chars chars, const char *ascii)
{
    size_t i = 0;

    while (i < chars.n && ascii[i] && chars.c[i] == (unsigned char)ascii[i])
        i++;
    return i == chars.n && !ascii[i];
}

bool jsonata_is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

static void reserve(struct jsonata_build *b, size_t more)
{
    if (b->cap - b->n >= more)
        return;
    size_t cap = b->cap ? b->cap * 2 : 64;
    while (cap - b->n < more)
        cap *= 2;
    uint32_t *c = arena_alloc(b->arena, cap * sizeof *c);
    if (b->n)
        memcpy(c, b->c, b->n * sizeof *c);
    b->c = c;
    b->cap = cap;
}

void jsonata_add_char(struct jsonata_build *b, uint32_t c)
{
    reserve(b, 1);
    b->c[b->n++] = c;
}

void jsonata_add_times(struct jsonata_build *b, uint32_t c, size_t times)
{
    while (times-- > 0)
        jsonata_add_char(b, c);
}

void jsonata_insert(struct jsonata_build *b, size_t at, struct jsonata_chars chars)
{
    PAWL_ASSERT(at <= b->n);
    if (chars.n == 0)
        return;
    reserve(b, chars.n);
    memmove(b->c + at + chars.n, b->c + at, (b->n - at) * sizeof *b->c);
    memcpy(b->c + at, chars.c, chars.n * sizeof *b->c);
    b->n += chars.n;
}

void jsonata_add(struct jsonata_build *b, struct jsonata_chars chars)
{
    jsonata_insert(b, b->n, chars);
}

void jsonata_add_ascii(struct jsonata_build *b, const char *ascii)
{
    for (; *ascii; ascii++)
        jsonata_add_char(b, (unsigned char)*ascii);
}

struct jsonata_chars jsonata_built(const struct jsonata_build *b)
{
    return (struct jsonata_chars){b->c, b->n};
}

int jsonata_refuse(struct err *err, const char *code, const char *before, struct jsonata_text value,
                   const char *after)
{
    struct js_buf quoted = {0};
    char *clean = js_clean(value.p, value.len, ERR_CAUSE_BYTES); /* the cause is cut anyway */

    js_buf_quoted(&quoted, clean, strlen(clean));
    err_set(err, code, "%s%s%s", before, quoted.p, after);
    js_buf_fini(&quoted);
    free(clean);
    return -1;
}
