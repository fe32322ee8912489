/*
 * What the service's own parser (Jackson's, of Java) says of a text that is no JSON.
 *
 * A small parser that only finds the first mistake; the texts and offsets are Jackson's.
 */
#include "base/json.h"

#include <string.h>

enum expecting { A_VALUE, A_VALUE_OR_END, A_NAME, A_NAME_OR_END, A_COLON, A_COMMA_OR_END };

struct reader {
    const char *text;
    size_t len, at;
    struct js_complaint *to;
    size_t *open; /* offsets of the containers that are open, JS_DEPTH_MAX at most */
    size_t depth;
};

/* ---- complaints: always true ---- */

static bool complain(struct reader *r, size_t offset, const char *words)
{
    snprintf(r->to->words, sizeof r->to->words, "%s", words);
    r->to->offset = offset;
    return true;
}

static uint32_t decode(const char *text, size_t bytes)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t c = bytes == 1 ? p[0] : p[0] & (0x7Fu >> bytes);

    for (size_t i = 1; i < bytes; i++)
        c = c << 6 | (p[i] & 0x3Fu);
    return c;
}

/* "'x' (code 120)" */
static void describe(const struct reader *r, size_t at, char buf[48])
{
    size_t bytes = js_utf8(r->text + at, r->len - at);
    uint32_t c = bytes ? decode(r->text + at, bytes) : (unsigned char)r->text[at];

    if (c < 0x20 || (c >= 0x7F && c < 0xA0) || bytes == 0)
        snprintf(buf, 48, "(CTRL-CHAR, code %u)", c);
    else if (c > 0xFF)
        snprintf(buf, 48, "'%.*s' (code %u / 0x%x)", (int)bytes, r->text + at, c, c);
    else
        snprintf(buf, 48, "'%.*s' (code %u)", (int)bytes, r->text + at, c);
}

static bool unexpected(struct reader *r, const char *what)
{
    char c[48], words[256];

    describe(r, r->at, c);
    snprintf(words, sizeof words, "Unexpected character (%s): %s", c, what);
    return complain(r, r->at + 1, words);
}

static bool in_object(const struct reader *r)
{
    return r->depth > 0 && r->text[r->open[r->depth - 1]] == '{';
}

static const char *container(const struct reader *r)
{
    return in_object(r) ? "Object" : "Array";
}

static void mark(struct reader *r, const char *marker)
{
    snprintf(r->to->marker, sizeof r->to->marker, "%s", marker);
    r->to->opened = r->open[r->depth - 1];
}

static bool mismatch(struct reader *r)
{
    char words[96], marker[48];

    snprintf(words, sizeof words, "Unexpected close marker '%c': expected '%c'", r->text[r->at],
             in_object(r) ? '}' : ']');
    snprintf(marker, sizeof marker, "for %s starting at", container(r));
    mark(r, marker);
    return complain(r, r->at + 1, words);
}

static bool ended(struct reader *r, enum expecting what)
{
    char words[96];

    if (r->depth == 0)
        return false;
    if (what == A_VALUE || what == A_NAME || what == A_COLON) {
        snprintf(words, sizeof words, "Unexpected end-of-input within/between %s entries", container(r));
    } else {
        snprintf(words, sizeof words, "Unexpected end-of-input: expected close marker for %s", container(r));
        mark(r, "start marker at");
    }
    return complain(r, r->len, words);
}

/* ---- scalars: true with a complaint ---- */

static bool wrong_string(struct reader *r, bool name)
{
    char c[48], words[160];

    for (r->at++; r->at < r->len && r->text[r->at] != '"'; r->at++) {
        describe(r, r->at, c);
        if ((unsigned char)r->text[r->at] < 0x20) {
            snprintf(
                words, sizeof words,
                "Illegal unquoted character (%s): has to be escaped using backslash to be included in %s", c,
                name ? "name" : "string value");
            return complain(r, r->at + 1, words);
        }
        if (r->text[r->at] != '\\' || ++r->at == r->len)
            continue;
        if (strchr("\"\\/bfnrtu", r->text[r->at]))
            continue;
        describe(r, r->at, c);
        snprintf(words, sizeof words, "Unrecognized character escape %s", c);
        return complain(r, r->at + 1, words);
    }
    if (r->at++ < r->len)
        return false;
    return complain(r, r->len,
                    name ? "Unexpected end-of-input in field name"
                         : "Unexpected end-of-input: was expecting closing quote for a string value");
}

static bool of_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

static bool wrong_word(struct reader *r)
{
    static const char *const KNOWN[] = {"true", "false", "null"};
    size_t from = r->at;
    char words[400];

    while (r->at < r->len && of_word(r->text[r->at]))
        r->at++;
    size_t len = r->at - from;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strlen(KNOWN[i]) == len && memcmp(KNOWN[i], r->text + from, len) == 0)
            return false;
    snprintf(words, sizeof words,
             "Unrecognized token '%.*s': was expecting (JSON String, Number, Array, Object or token 'null', "
             "'true' "
             "or 'false')",
             (int)(len < 256 ? len : 256), r->text + from);
    return complain(r, r->at, words);
}

static void skip_number(struct reader *r)
{
    while (r->at < r->len && memchr("0123456789+-.eE", r->text[r->at], 15))
        r->at++;
}

/* ---- structure ---- */

static bool wrong_value(struct reader *r, enum expecting *next)
{
    char c = r->text[r->at];

    *next = A_COMMA_OR_END;
    if (c == '{' || c == '[') {
        if (r->depth == JS_DEPTH_MAX)
            return false;
        r->open[r->depth++] = r->at++;
        *next = c == '{' ? A_NAME_OR_END : A_VALUE_OR_END;
        return false;
    }
    if (c == '"')
        return wrong_string(r, false);
    if (c == '-' || (c >= '0' && c <= '9')) {
        skip_number(r);
        return false;
    }
    if (of_word(c))
        return wrong_word(r);
    return unexpected(
        r, "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')");
}

static bool wrong_end(struct reader *r)
{
    if ((r->text[r->at] == '}') != in_object(r))
        return mismatch(r);
    r->depth--;
    r->at++;
    return false;
}

static bool wrong_comma(struct reader *r, enum expecting *next)
{
    char words[64];

    if (r->text[r->at] != ',') {
        snprintf(words, sizeof words, "was expecting comma to separate %s entries", container(r));
        return unexpected(r, words);
    }
    r->at++;
    *next = in_object(r) ? A_NAME : A_VALUE;
    return false;
}

static bool wrong_name(struct reader *r, enum expecting *next)
{
    *next = A_COLON;
    return r->text[r->at] == '"' ? wrong_string(r, true)
                                 : unexpected(r, "was expecting double-quote to start field name");
}

static bool wrong_colon(struct reader *r, enum expecting *next)
{
    *next = A_VALUE;
    if (r->text[r->at] == ':') {
        r->at++;
        return false;
    }
    return unexpected(r, "was expecting a colon to separate field name and value");
}

/* One token. True: a complaint. */
static bool wrong(struct reader *r, enum expecting *next)
{
    char c = r->text[r->at];
    enum expecting what = *next;

    if ((c == '}' || c == ']') &&
        (what == A_VALUE_OR_END || what == A_NAME_OR_END || what == A_COMMA_OR_END)) {
        *next = A_COMMA_OR_END;
        return wrong_end(r);
    }
    switch (what) {
    case A_NAME:
    case A_NAME_OR_END:
        return wrong_name(r, next);
    case A_COLON:
        return wrong_colon(r, next);
    case A_COMMA_OR_END:
        return wrong_comma(r, next);
    default:
        return wrong_value(r, next);
    }
}

bool js_complaint(const char *text, size_t len, struct js_complaint *to)
{
    struct reader r = {.text = text, .len = len, .to = to};
    enum expecting next = A_VALUE;
    bool found = false;

    *to = (struct js_complaint){0};
    r.open = mem_calloc(JS_DEPTH_MAX, sizeof *r.open);
    for (;;) {
        while (r.at < len && memchr(" \t\r\n", text[r.at], 4))
            r.at++;
        if (r.at == len || (r.depth == 0 && next == A_COMMA_OR_END))
            break;
        size_t from = r.at;
        found = wrong(&r, &next);
        if (found || r.at == from) /* too deep */
            break;
    }
    if (!found && r.at == len)
        found = ended(&r, next);
    free(r.open);
    return found;
}
