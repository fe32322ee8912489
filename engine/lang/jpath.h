/*
 * jpath.h -- JSONPath in the dialect of the States Language (Jayway's), compiled once.
 *
 * A path names its root: "$" the data, "$$" the context object, "$name" a variable.  What follows is
 * Jayway's dialect.  Definite paths (names, single indexes) give the value itself or an error; others
 * an array.  Reference paths (ResultPath, Variable of some fields) are definite and can be written.
 * Pure.  Source: Amazon States Language, "Paths" and "Reference Paths"; Jayway JsonPath 2.9.
 *
 * A path is bounded in its text, its steps, the paths within its filters, the values that one selection
 * visits and the size of what it selects: a hostile path or value costs milliseconds, and then fails.
 */
#pragma once

#include "base/json.h"

#include <json-c/json.h>
#include <stdbool.h>

enum {
    JPATH_BYTES_MAX = 8192,
    JPATH_STEPS_MAX = 1000,
    JPATH_NESTING_MAX = 16,           /* paths, parentheses and negations within filters */
    JPATH_ARGUMENTS_MAX = 64,         /* of one function */
    JPATH_VARIABLE_CHARS_MAX = 80,    /* code points */
    JPATH_VISITS_MAX = 1000000,       /* values looked at by one selection */
    JPATH_RESULT_BYTES_MAX = 4194304, /* of an indefinite path's array as text, about */
};

enum jpath_root { JPATH_DATA, JPATH_CONTEXT, JPATH_VARIABLE };

struct jpath {
    const char *text; /* as written, NUL-terminated */
    size_t text_len;
    enum jpath_root root;
    const char *variable;           /* JPATH_VARIABLE: its name */
    bool definite;                  /* gives one value, not an array of matches */
    bool reference;                 /* only names and single non-negative indexes: can be written */
    bool whole;                     /* nothing behind the root: "$", "$$", "$name" */
    const char *member;             /* the only member of the root that it looks into; NULL: it may be any */
    const struct jpath_step *steps; /* jpath.c's own */
    size_t nsteps;
};

/*
 * Compiles text into the arena. NULL with err (ERR_VALIDATION; cause: what is wrong and where) for a path
 * that does not parse.  Blanks around it are ignored.
 */
const struct jpath *jpath_parse(struct arena *a, const char *text, size_t len, struct err *err);

/*
 * Selects from root (the value that the path's "$" stands for; NULL is JSON null). 0 and a new
 * reference in *out, or -1: ERR_RUNTIME with Jayway's words in cause:
 *   "No results for path: $['x']"  "Missing property in path $['a']"
 * or ERR_DATA_LIMIT: more work, or a larger result, than the limits above.
 * Callers add "Invalid path '...' : " and the like in front, as the field at hand requires.
 */
int jpath_select(const struct jpath *p, json_object *root, json_object **out, struct err *err);

/*
 * A copy of root in which the place that the reference path names holds value (borrowed; copied or
 * referenced); missing members on the way are made.  -1 with ERR_RESULT_PATH when the way leads
 * through something that is not an object, or an index that is not there.
 */
int jpath_write(const struct jpath *p, json_object *root, json_object *value, json_object **out,
                struct err *err);

/*
 * The same in texts that js_write has made, appended to out: the text of what jpath_write makes, at the cost
 * of finding the place.  False, and nothing appended, where jpath_write refuses, and so says why.
 */
bool jpath_write_text(const struct jpath *p, const char *root, size_t root_len, const char *value,
                      size_t value_len, struct js_buf *out);

/* Where roots come from: a root is built only when a path asks for it. */
struct jpath_env {
    /*
     * The root for p, borrowed, in *root; with p->member that member is enough of it. -1 with err: an unknown
     * variable.
     */
    int (*root)(void *self, const struct jpath *p, json_object **root, struct err *err);
    /* 64 uniform bits for States.UUID and States.MathRandom; NULL where those are not allowed. */
    uint64_t (*dice)(void *self);
    void *self;
    size_t *visits_left; /* shared by several selections; NULL: JPATH_VISITS_MAX for each */
};

/*
 * Selects from the root that env gives, as the fields of a state do: like jpath_select, but an indefinite
 * path whose way is missing gives [] as the service does (Jayway by itself, and jpath_select, refuse).
 */
int jpath_eval(const struct jpath *p, const struct jpath_env *env, json_object **out, struct err *err);
