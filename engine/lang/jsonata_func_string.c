/* Functions of strings, but for those that match patterns. Characters are code points. */
#include "lang/jsonata_func.h"
#include "base/digest.h"

#include <math.h>
#include <string.h>

int jsonata_f_string(struct call *c, struct jv *out)
{
    struct jv pretty = arg(c, 1);
    return jv_string(c->run, arg(c, 0), pretty.kind == JV_BOOL && pretty.boolean, out);
}

int jsonata_f_length(struct call *c, struct jv *out)
{
    if (given(c, 0))
        *out = jv_number((double)js_chars(arg(c, 0).text, arg(c, 0).len));
    return charge(c->run, arg(c, 0).kind == JV_STRING ? arg(c, 0).len / STEP_READ : 0);
}

/* The byte at which the n-th character begins, or the end. */
static uint32_t byte_of(struct jv s, double n)
{
    uint32_t i = 0;

    for (double k = 0; i < s.len && k < n; k++)
        do
            i++;
        while (i < s.len && ((unsigned char)s.text[i] & 0xC0) == 0x80);
    return i;
}

/* As slices of JavaScript count: to the left of 0 from the end, never beyond either. */
static double slice_place(double place, double len)
{
    place = isnan(place) ? 0 : trunc(place);
    if (place < 0)
        return place + len > 0 ? place + len : 0;
    return place < len ? place : len;
}

static struct jv slice(struct jv s, double len, double from, double to)
{
    uint32_t start = byte_of(s, slice_place(from, len)), end = byte_of(s, slice_place(to, len));
    return end > start ? jv_text(s.text + start, end - start) : jv_text("", 0);
}

int jsonata_f_substring(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0);
    double start = given(c, 1) ? arg(c, 1).number : (double)NAN, length = arg(c, 2).number;

    if (!given(c, 0))
        return 0;
    if (charge(c->run, s.len / STEP_READ) < 0)
        return -1;
    double len = (double)js_chars(s.text, s.len), end = len;
    if (len + start < 0)
        start = 0;
    if (given(c, 2)) {
        end = start >= 0 ? start + length : len + start + length;
        if (length <= 0)
            end = start = 0;
    }
    *out = slice(s, len, start, end);
    return 0;
}

/* Where part begins in s, or NULL; an absent one is nowhere. */
static const char *find(struct jv s, struct jv part)
{
    return part.kind == JV_STRING ? memmem(s.text, s.len, part.text, part.len) : NULL;
}

int jsonata_f_substringBefore(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0);
    const char *at = given(c, 0) ? find(s, arg(c, 1)) : NULL;

    *out = at ? jv_text(s.text, (size_t)(at - s.text)) : s;
    return charge(c->run, s.kind == JV_STRING ? s.len / STEP_SEARCHED : 0);
}

int jsonata_f_substringAfter(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0), part = arg(c, 1);
    const char *at = given(c, 0) ? find(s, part) : NULL;

    *out = at ? jv_text(at + part.len, s.len - (size_t)(at - s.text) - part.len) : s;
    return charge(c->run, s.kind == JV_STRING ? s.len / STEP_SEARCHED : 0);
}

static bool is_trimmed(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

/* No blanks at the ends, and one where there were several. */
int jsonata_f_trim(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0);
    struct text t = {0};

    if (!given(c, 0))
        return 0;
    if (jv_text_reserve(c->run, &t, s.len) < 0 || charge(c->run, s.len / STEP_READ) < 0)
        return -1;
    for (uint32_t i = 0; i < s.len; i++) {
        bool blank = is_trimmed(s.text[i]);
        if (blank && (t.len == 0 || t.p[t.len - 1] == ' '))
            continue;
        t.p[t.len++] = blank ? ' ' : s.text[i];
    }
    if (t.len && t.p[t.len - 1] == ' ')
        t.len--;
    *out = text_value(&t);
    return 0;
}

/* width characters of pad, again and again: what is there already, twice. */
static int padding(struct run *r, struct jv pad, double width, struct text *t)
{
    double chars = (double)js_chars(pad.text, pad.len), whole = floor(width / chars);
    double bytes = whole * pad.len + byte_of(pad, width - whole * chars);

    if (jsonata_spend(r, bytes < (double)UINT32_MAX ? 0 : SIZE_MAX) < 0 ||
        charge(r, (uint64_t)bytes / STEP_COPIED + pad.len / STEP_READ) < 0 ||
        jv_text_reserve(r, t, (size_t)bytes) < 0)
        return -1;
    t->len = (uint32_t)bytes;
    uint32_t filled = t->len < pad.len ? t->len : pad.len;
    memcpy(t->p, pad.text, filled);
    for (uint32_t n; filled < t->len; filled += n) {
        n = filled < t->len - filled ? filled : t->len - filled;
        memcpy(t->p + filled, t->p, n);
    }
    return 0;
}

int jsonata_f_pad(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0), pad = arg(c, 2);
    double width = trunc(arg(c, 1).number);
    struct text t = {0}, fill = {0};

    *out = s;
    if (!given(c, 0) || !given(c, 1))
        return 0;
    if (charge(c->run, s.len / STEP_READ) < 0)
        return -1;
    if (!given(c, 2) || pad.len == 0)
        pad = jv_text(" ", 1);
    double more = fabs(width) - (double)js_chars(s.text, s.len);
    if (!(more > 0))
        return 0;
    if (padding(c->run, pad, more, &fill) < 0 || jv_text_reserve(c->run, &t, (size_t)s.len + fill.len) < 0)
        return -1;
    if (width < 0)
        jv_text_add(c->run, &t, fill.p, fill.len);
    jv_text_add(c->run, &t, s.text, s.len);
    if (width > 0)
        jv_text_add(c->run, &t, fill.p, fill.len);
    *out = text_value(&t);
    return 0;
}

int jsonata_f_join(struct call *c, struct jv *out)
{
    struct jv array = arg(c, 0), separator = given(c, 1) ? arg(c, 1) : jv_text("", 0);
    struct text t = {0};
    size_t bytes = 0;

    if (!given(c, 0))
        return 0;
    for (uint32_t i = 0; i < array.len; i++)
        bytes += (i ? separator.len : 0) + (size_t)jv_at(array, i).len;
    if (charge(c->run, array.len + bytes / STEP_COPIED) < 0 || jv_text_reserve(c->run, &t, bytes) < 0)
        return -1;
    for (uint32_t i = 0; i < array.len; i++)
        if ((i && jv_text_add_jv(c->run, &t, separator) < 0) ||
            jv_text_add_jv(c->run, &t, jv_at(array, i)) < 0)
            return -1;
    *out = text_value(&t);
    return 0;
}

/* ---- Base64: of bytes 0 to 255, each a character ---- */

/* The code point at *i, which moves behind it; of a lone surrogate as well. */
static uint32_t next_char(struct jv s, uint32_t *i)
{
    unsigned char lead = (unsigned char)s.text[(*i)++];
    uint32_t code = lead < 0x80 ? lead : lead < 0xE0 ? lead & 0x1F : lead < 0xF0 ? lead & 0x0F : lead & 0x07;

    while (*i < s.len && ((unsigned char)s.text[*i] & 0xC0) == 0x80)
        code = code << 6 | ((unsigned char)s.text[(*i)++] & 0x3F);
    return code;
}

/* The low byte of each UTF-16 unit, as the reference has it. */
int jsonata_f_base64encode(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0);
    size_t n = 0;

    if (!given(c, 0))
        return 0;
    char *bytes = jsonata_take_room(c->run, (size_t)s.len + 1),
         *text = jsonata_take_room(c->run, ((size_t)s.len + 2) / 3 * 4 + 1);
    if (!bytes || !text || charge(c->run, s.len / STEP_READ) < 0)
        return -1;
    for (uint32_t i = 0; i < s.len;) {
        uint32_t code = next_char(s, &i);
        if (code > 0xFFFF)
            bytes[n++] = (char)((code - 0x10000) >> 10);
        bytes[n++] = (char)code;
    }
    *out = jv_text(text, base64_encode(text, bytes, n));
    return 0;
}

static int sextet(char ch)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *at = ch ? strchr(letters, ch) : NULL;

    if (at)
        return (int)(at - letters);
    return ch == '+' || ch == '-' ? 62 : ch == '/' || ch == '_' ? 63 : -1;
}

/* What is no letter of it is passed over. */
int jsonata_f_base64decode(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0);
    struct text t = {0};
    uint32_t bits = 0;
    int n = 0;

    if (!given(c, 0))
        return 0;
    if (jv_text_reserve(c->run, &t, (size_t)s.len * 3 / 2 + 4) < 0 ||
        charge(c->run, s.len / STEP_CHANGED) < 0)
        return -1;
    for (uint32_t i = 0; i < s.len && s.text[i] != '='; i++) {
        int six = sextet(s.text[i]);
        if (six < 0)
            continue;
        bits = bits << 6 | (uint32_t)six;
        n += 6;
        if (n < 8)
            continue;
        n -= 8;
        unsigned char byte = (unsigned char)(bits >> n);
        if (byte >= 0x80)
            t.p[t.len++] = (char)(0xC0 | byte >> 6);
        t.p[t.len++] = (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3F));
    }
    *out = text_value(&t);
    return 0;
}

/* ---- URLs ---- */

#define RESERVED "#;/?:@&=+$,"

static int refuse_url(struct call *c, const char *function)
{
    jsonata_fail_value(c->run, "D3140", arg(c, 0));
    c->run->fault.function = function;
    return -1;
}

static bool stays(char ch, const char *more)
{
    bool word = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9');
    return word || (ch && (strchr("-_.!~*'()", ch) || strchr(more, ch)));
}

static int encode(struct call *c, const char *keep, const char *function, struct jv *out)
{
    static const char hex[] = "0123456789ABCDEF";
    struct jv s = arg(c, 0);
    struct text t = {0};

    if (!given(c, 0))
        return 0;
    if (jv_has_lone_surrogate(s.text, s.len))
        return refuse_url(c, function);
    if (jv_text_reserve(c->run, &t, (size_t)s.len * 3) < 0 || charge(c->run, s.len / STEP_CHANGED) < 0)
        return -1;
    for (uint32_t i = 0; i < s.len; i++) {
        unsigned char byte = (unsigned char)s.text[i];
        if (stays(s.text[i], keep)) {
            t.p[t.len++] = s.text[i];
        } else {
            t.p[t.len++] = '%';
            t.p[t.len++] = hex[byte >> 4];
            t.p[t.len++] = hex[byte & 15];
        }
    }
    *out = text_value(&t);
    return 0;
}

static int hex_digit(char ch)
{
    char l = (char)(ch | 0x20);
    return ch >= '0' && ch <= '9' ? ch - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* "%XX" at i: its byte, or -1. */
static int escaped_byte(struct jv s, uint32_t i)
{
    if (i + 2 >= s.len || s.text[i] != '%')
        return -1;
    int high = hex_digit(s.text[i + 1]), low = hex_digit(s.text[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* The character of "%XX%XX..." at i: its bytes, and their count; 0: it is none. */
static size_t escaped_char(struct jv s, uint32_t i, char utf8[4])
{
    int first = escaped_byte(s, i);
    size_t n = first < 0 ? 0 : first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    for (size_t k = 0; k < n; k++) {
        int byte = escaped_byte(s, i + 3 * (uint32_t)k);
        if (byte < 0)
            return 0;
        utf8[k] = (char)byte;
    }
    return n && js_utf8(utf8, n) == n ? n : 0;
}

static int decode(struct call *c, const char *keep, const char *function, struct jv *out)
{
    struct jv s = arg(c, 0);
    struct text t = {0};
    char utf8[4];

    if (!given(c, 0))
        return 0;
    if (jv_text_reserve(c->run, &t, s.len) < 0 || charge(c->run, s.len / STEP_CHANGED) < 0)
        return -1;
    for (uint32_t i = 0; i < s.len;) {
        size_t n = s.text[i] == '%' ? escaped_char(s, i, utf8) : 0;
        if (s.text[i] == '%' && n == 0)
            return refuse_url(c, function);
        bool kept = n == 1 && utf8[0] && strchr(keep, utf8[0]);
        size_t from = n ? 3 * n : 1;
        if (jv_text_add(c->run, &t, n && !kept ? utf8 : s.text + i, n && !kept ? n : from) < 0)
            return -1;
        i += (uint32_t)from;
    }
    *out = text_value(&t);
    return 0;
}

int jsonata_f_encodeUrlComponent(struct call *c, struct jv *out)
{
    return encode(c, "", "encodeUrlComponent", out);
}

int jsonata_f_encodeUrl(struct call *c, struct jv *out)
{
    return encode(c, RESERVED, "encodeUrl", out);
}

int jsonata_f_decodeUrlComponent(struct call *c, struct jv *out)
{
    return decode(c, "", "decodeUrlComponent", out);
}

int jsonata_f_decodeUrl(struct call *c, struct jv *out)
{
    return decode(c, RESERVED, "decodeUrl", out);
}

/* ---- $hash, $uuid, $parse ---- */

int jsonata_f_hash(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0), name = given(c, 1) ? arg(c, 1) : jv_text("SHA-256", 7);
    unsigned char bytes[DIGEST_BYTES_MAX];

    if (!given(c, 0))
        return 0;
    int algorithm = digest_find(name.text, name.len);
    if (algorithm < 0)
        return jsonata_fail_text(
            c->run, "D3152",
            "The algorithm of the hash function must be one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512");
    if (charge(c->run, s.len / STEP_CHANGED + 20) < 0)
        return -1;
    size_t n = digest((enum digest_algorithm)algorithm, s.text, s.len, bytes);
    char *hex = jsonata_take(c->run, 2 * n + 1);
    *out = jv_text(digest_hex(hex, bytes, n), 2 * n);
    return 0;
}

int jsonata_f_uuid(struct call *c, struct jv *out)
{
    unsigned char bytes[16];
    char hex[33], *uuid = jsonata_take(c->run, 37);

    for (size_t half = 0; half < 2; half++) {
        uint64_t dice;
        if (jsonata_dice(c->run, &dice) < 0)
            return -1;
        for (size_t i = 0; i < 8; i++)
            bytes[8 * half + i] = (unsigned char)(dice >> (8 * i));
    }
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40); /* version 4: random */
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80);
    digest_hex(hex, bytes, sizeof bytes);
    snprintf(uuid, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    *out = jv_text(uuid, 36);
    return 0;
}

/* What its tree takes: json-c needs about so much for a value, and for an array or object, even an empty one.
 */
static int pay_for_json(struct run *r, struct jv s)
{
    enum { VALUE_BYTES = 64, CONTAINER_BYTES = 1024, VALUE_STEPS = 4, CONTAINER_STEPS = 12 };
    size_t containers = 0, values = 1;

    for (uint32_t i = 0; i < s.len; i++) {
        containers += s.text[i] == '{' || s.text[i] == '[';
        values += s.text[i] == ',' || s.text[i] == ':';
    }
    if (charge(r, s.len / STEP_CHANGED + values * VALUE_STEPS + containers * CONTAINER_STEPS) < 0)
        return -1;
    return jsonata_spend(r, s.len + values * VALUE_BYTES + containers * CONTAINER_BYTES);
}

int jsonata_f_parse(struct call *c, struct jv *out)
{
    struct jv s = arg(c, 0);
    struct err err;
    json_object *o = NULL;

    if (!given(c, 0))
        return 0;
    if (pay_for_json(c->run, s) < 0)
        return -1;
    if (js_parse(s.text, s.len, &o, &err) < 0)
        return jsonata_fail_text(
            c->run, "D3153",
            arena_printf(c->run->arena, "The argument of the parse function must be JSON: %s", err.cause));
    *out = jv_from_json(arena_adopt(c->run->arena, o));
    return 0;
}
