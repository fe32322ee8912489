/*
 * template.h -- payload templates: Parameters, ResultSelector, ItemSelector.
 *
 * A template is JSON in which a member "name.$" holds a path, a context path, a variable or an
 * intrinsic function; everything else stands for itself.  Compiled once with the definition.
 * Pure.  Source: Amazon States Language, "Payload Template" and "Intrinsic Functions".
 *
 * Filling in is bounded: in the values that all its paths together look at, in the bytes of its result
 * (ERR_DATA_LIMIT), and in depth.
 */
#pragma once

#include "lang/jpath.h"

enum {
    TMPL_VISITS_MAX =
        4 * JPATH_VISITS_MAX,   /* by all the paths of one template; 4 bytes that a function makes are one */
    TMPL_BYTES_MAX = 4194304,   /* of the result as text, about */
    TMPL_CALLS_NESTED_MAX = 10, /* intrinsic functions within each other */
    TMPL_ARGUMENTS_MAX = 1000,  /* of one function */
};

struct tmpl;

/* One "...$" string: a path or an intrinsic call. Also ErrorPath and CausePath take these. */
struct tmpl_expr;

/*
 * Compiles src (borrowed, only during the call) into the arena. at: the JSON pointer of src, for errors:
 * err->cause is "<text> at <pointer>" as the service words it.  NULL with err.
 */
const struct tmpl *tmpl_parse(struct arena *a, json_object *src, const char *at, struct err *err);

/* True when the template holds no path: its value is always the same. */
bool tmpl_constant(const struct tmpl *t);

/*
 * Fills the template in. 0, a new reference and about how many bytes its text has (js_weigh), or -1 with
 * ERR_RUNTIME or ERR_INTRINSIC; the cause of a path that finds nothing is the service's: "The JSONPath '$.x'
 * specified for the field 'y.$' could not be found in the input '{...}'"
 */
int tmpl_eval(const struct tmpl *t, const struct jpath_env *env, json_object **out, size_t *bytes,
              struct err *err);

/* NULL with err for what is neither a path nor a call of an intrinsic function with fitting arguments. */
const struct tmpl_expr *tmpl_expr_parse(struct arena *a, const char *text, size_t len, struct err *err);
/*
 * field: the name that the cause shows, "ErrorPath" for example.  A failing function is ERR_INTRINSIC, or
 * ERR_RUNTIME when a path among its arguments finds nothing:
 *   "The function 'States.Hash($.x, 'MD6')' had the following error: ..."
 */
int tmpl_expr_eval(const struct tmpl_expr *e, const char *field, const struct jpath_env *env,
                   json_object **out, struct err *err);
/* The path when the expression is a plain path, else NULL. */
const struct jpath *tmpl_expr_path(const struct tmpl_expr *e);
