/* jpath_priv.h -- what jpath*.c share: the compiled steps of a path, and one evaluation. */
#pragma once

#include "base/json.h"
#include "lang/jpath.h"

struct jpath_filter;
struct jpath_call;

enum step_kind {
    STEP_NAME,
    STEP_NAMES, /* ['a','b']: at the end one object of those members, before other steps each of them */
    STEP_INDEX,
    STEP_INDEXES,
    STEP_SLICE,
    STEP_WILDCARD,
    STEP_SCAN, /* "..": the step behind it, at every depth */
    STEP_FILTER,
    STEP_CALL, /* .length(): always the last step */
};

struct jpath_step {
    enum step_kind kind;
    bool after_definite; /* every step before this one is definite: what is missing is an error */
    char quote;          /* the quote that names were written in, for messages */
    bool has_from, has_to;
    int32_t from, to;
    size_t n; /* of names or indexes */
    const char **names;
    const unsigned long *hashes; /* of the names, as json-c's tables have them */
    const int32_t *indexes;
    const struct jpath_filter *filter;
    const struct jpath_call *call;
};

/* How an evaluation can end, besides well. All are negative. */
enum {
    PATH_MISSING = -1, /* Jayway's PathNotFoundException: a filter takes it for "not there" */
    PATH_UNFIT = -2,   /* Jayway's InvalidPathException: a filter takes it for "no match" */
    PATH_FATAL =
        -3, /* nothing catches this: too much work, an aggregate of nothing. Its text is in work->err */
};

/* What all evaluations of one select share. */
struct jpath_work {
    json_object *doc; /* "$", within filters as well */
    size_t left;      /* visits that may still be made */
    struct err *err;
};

/* Pays for looking at one value and at bytes of it. 0 or PATH_FATAL. */
int jpath_charge(struct jpath_work *w, size_t bytes);

/* ---- parsing: jpath_parse.c ---- */

struct jpath_reader {
    struct arena *arena;
    const char *text; /* NUL-terminated */
    size_t len, at;
    unsigned depth; /* of paths within filters and calls */
    struct err *err;
};

/* Says what is wrong where the reader stands; returns -1. */
int jpath_refuse(const struct jpath_reader *r, const char *what);
/* A path within a filter or a call, text[from, to): starts with "$" or "@". */
const struct jpath *jpath_parse_inner(const struct jpath_reader *r, size_t from, size_t to);
/*
 * text[from, to) without its escapes, in the arena.  name_quote: the quote around it, when it is a member's
 * name; else 0: the text of a filter.
 */
const char *jpath_unescape(struct arena *a, const char *text, size_t from, size_t to, char name_quote,
                           size_t *len);
/* The "]" of the "[" at from (also "}" of "{", ")" of "("): what stands in quotes or slashes doesn't count.
 * 0: none. */
size_t jpath_closing(const struct jpath_reader *r, size_t from);
/* A JSON value as filters write it, strings in either quote; in the arena. -1 if it is none. */
int jpath_literal(const struct jpath_reader *r, size_t from, size_t to, json_object **out);

/* ---- filters and calls: jpath_filter.c, jpath_call.c ---- */

/* "[?(...)]" from open up to its "]" at close. */
const struct jpath_filter *jpath_filter_parse(const struct jpath_reader *r, size_t open, size_t close);
/* 1, 0 or PATH_FATAL. */
int jpath_filter_accept(const struct jpath_filter *f, json_object *item, struct jpath_work *w);

enum jpath_operator {
    OP_EXISTS,
    OP_EQ,
    OP_NE,
    OP_TSEQ,
    OP_TSNE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_MATCHES,
    OP_IN,
    OP_NIN,
    OP_CONTAINS,
    OP_ALL,
    OP_SUBSETOF,
    OP_ANYOF,
    OP_NONEOF,
    OP_SIZE,
    OP_EMPTY,
};

/* What stands on one side of an operator, for one item. */
struct jpath_side {
    bool undefined; /* a path that leads nowhere */
    json_object *o; /* a reference of the filter's own */
    struct pcre2_real_code_8 *pattern;
};

/* 1, 0, or PATH_FATAL. */
int jpath_compare(enum jpath_operator op, const struct jpath_side *l, const struct jpath_side *r,
                  struct jpath_work *w);
/* A number as Java's BigDecimal reads it, or NULL: "+5", "1." and ".5" are numbers. The caller's. */
json_object *jpath_decimal(const char *text, size_t len);

/* "name(" ... ")": name is text[from, open), the arguments text(open, close). */
const struct jpath_call *jpath_call_parse(const struct jpath_reader *r, size_t from, size_t open,
                                          size_t close);
/* more: a value that stands for the arguments, or NULL. 0 and a new reference, or PATH_... */
int jpath_call_apply(const struct jpath_call *c, json_object *model, json_object *more, struct jpath_work *w,
                     json_object **out);
bool jpath_call_is_length(const struct jpath_call *c);
const char *jpath_call_name(const struct jpath_call *c);

/* ---- evaluation: jpath.c ---- */

/* The first n steps, all definite, as Jayway shows them: $['a'][0]['b']. The caller frees it. */
char *jpath_describe(const struct jpath *p, size_t n);

/*
 * Evaluates p against model. 0 and a new reference, or PATH_...  strict: nothing that a name asks for may be
 * missing.  err: for the words of what is missing; NULL where nobody will read them.
 */
int jpath_run(const struct jpath *p, json_object *model, bool strict, struct jpath_work *w, json_object **out,
              struct err *err);
