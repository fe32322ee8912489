/*
 * json.h -- JSON at the doors and in definitions: a scanner, a sticky reader, small helpers.
 *
 * js_scan checks a text once, where it enters, and allocates nothing: valid UTF-8, valid JSON
 * (RFC 8259), bounded depth and bounded numbers.  What it accepts, PostgreSQL's json accepts too.
 * js_in reads the fields of one object of a definition or a request: it knows its place in the
 * document, keeps the first error and ignores what comes after.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    JS_DEPTH_MAX = 1000,        /* nested arrays and objects */
    JS_NUMBER_BYTES_MAX = 1000, /* characters of one number literal */
};

/*
 * Is text one JSON value?  Errors (name ERR_INVALID_INPUT unless the caller overwrites it) say the
 * byte offset and what was expected there.  Accepted: \u0000 and lone surrogate escapes, duplicate
 * keys (the last one wins when a tree is made, as in every common parser), empty keys.
 */
int js_scan(const char *text, size_t len, struct err *err);

/*
 * Scans and parses text. Every number is printed again as it was written: integers up to 64 bits are
 * json_type_int, all others json_type_double with their source text ("1e400" is infinite as a double,
 * and still "1e400" as text).  A lone surrogate escape becomes U+FFFD, and so does U+0000 in a member's
 * name; in a string it stays.  0, or -1 as js_scan; *out is the caller's, NULL for JSON null.
 */
int js_parse(const char *text, size_t len, json_object **out, struct err *err);
json_object *js_tree(const char *text, size_t len); /* the same for a text that js_scan has accepted */

/*
 * What the service's own parser, Jackson's, says of a text that js_scan refuses.  False: it has no words for
 * it (too deep, a number's form, not UTF-8, something behind the value).
 */
struct js_complaint {
    char words[400]; /* "Unexpected close marker ']': expected '}'" */
    size_t offset;   /* just behind what is wrong */
    char marker[48]; /* "for Object starting at": where stands in opened; else "" */
    size_t opened;
};
bool js_complaint(const char *text, size_t len, struct js_complaint *to);

/* A number: an int if it is one below 2^53, else a double with the shortest text that reads back. Finite. */
json_object *js_number(double d);
/* The value of a number's literal (RFC 8259, at most JS_NUMBER_BYTES_MAX). */
json_object *js_number_text(const char *text, size_t len);
bool js_is_number(json_object *o);

enum { JS_DOUBLE_BYTES = 32 };
const char *js_double_format(char buf[JS_DOUBLE_BYTES],
                             double d); /* the shortest that reads back; returns buf */

/*
 * Plain text without blanks or escaped slashes; borrowed from the object, until it is printed again.
 * js_write is faster and leaves nothing behind in the tree.
 */
const char *js_text(json_object *o, size_t *len);

/* Deep equality; 3 equals 3.0; the order of members does not matter. */
bool js_equal(json_object *a, json_object *b);

/* A deep copy. */
json_object *js_copy(json_object *o);

/*
 * About how many bytes o's text has (never counted too high), or SIZE_MAX when that is more than max_bytes or
 * more than max_depth containers lie within each other.  A tree whose parts are shared can be far larger
 * as text than in memory: ask before writing one that a path or function has made.
 */
size_t js_weigh(json_object *o, size_t max_bytes, unsigned max_depth);
bool js_within(json_object *o, size_t max_bytes, unsigned max_depth); /* is js_weigh below SIZE_MAX? */

/* ---- text ---- */

/* Bytes of the UTF-8 character at text, 1 to 4; 0 if none is there (RFC 3629). */
size_t js_utf8(const char *text, size_t len);
bool js_is_utf8(const char *text, size_t len);
/* Code points in valid UTF-8. */
size_t js_chars(const char *text, size_t len);

/* The length in bytes of text (UTF-8) as a JSON string, quotes included, and the string itself, without a
 * NUL. */
size_t js_quoted_bytes(const char *text, size_t len);
size_t js_quote(char *to, const char *text, size_t len);

/*
 * A copy of text that any JSON string and any text column can hold: valid UTF-8, no U+0000; what is
 * not becomes U+FFFD.  For error names and causes that come from outside.  The caller frees it; it ends
 * before the character that would pass max_bytes.
 */
char *js_clean(const char *text, size_t len, size_t max_bytes);

/* ---- growing text: starts as {0}; p is NULL before the first addition, then NUL-terminated ---- */
struct js_buf {
    char *p;
    size_t len, cap;
};
void js_buf_grow(struct js_buf *b, size_t len); /* js_buf_room's own */

/* Room for len bytes and a NUL. Whoever writes there adds to b->len, and ends with the NUL. */
static inline char *js_buf_room(struct js_buf *b, size_t len)
{
    if (b->cap - b->len <= len)
        js_buf_grow(b, len);
    return b->p + b->len;
}

static inline void js_buf_add(struct js_buf *b, const char *text, size_t len)
{
    char *to = js_buf_room(b, len);
    if (len)
        memcpy(to, text, len);
    to[len] = '\0';
    b->len += len;
}

static inline void js_buf_str(struct js_buf *b, const char *text)
{
    js_buf_add(b, text, strlen(text));
}

void js_buf_int(struct js_buf *b, int64_t n);
void js_buf_quoted(struct js_buf *b, const char *text, size_t len); /* as a JSON string */
void js_buf_char(struct js_buf *b, uint32_t code_point);            /* as UTF-8 */
void js_write(struct js_buf *b, json_object *o);                    /* a tree as plain text */
void js_write_canonical(struct js_buf *b, json_object *o); /* the same for all that is js_equal below 2^53 */
void js_buf_fini(struct js_buf *b);

/* ---- the sticky reader ---- */
struct js_in {
    json_object *obj; /* the object that is read */
    const char *at;   /* its JSON pointer, "" for the document */
    struct err *err;  /* the first error: "/States/Pay/Retry/0/BackoffRate: 0.5 is below 1" */
    const char *name; /* the error name to raise; NULL: ERR_VALIDATION */
    bool failed;
};

bool js_has(const struct js_in *in, const char *key);                 /* present, null included */
json_object *js_get(struct js_in *in, const char *key);               /* borrowed; NULL if absent or null */
const char *js_str(struct js_in *in, const char *key, bool required); /* borrowed */
bool js_bool(struct js_in *in, const char *key, bool otherwise);
/* 3.0 is the integer 3. */
int64_t js_int(struct js_in *in, const char *key, int64_t min, int64_t max, int64_t otherwise);
double js_num(struct js_in *in, const char *key, double min, double max, double otherwise);
void js_fail(struct js_in *in, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
