/*
 * template.h -- payload templates: Parameters, ResultSelector, ItemSelector, Assign.
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

/*
 * A template that is an object, member by member: for Assign, each of whose members is a value of its own.
 * tmpl_member_eval fills one in, within the bounds and with the errors of tmpl_eval.
 */
size_t tmpl_members(const struct tmpl *t);
const char *tmpl_member_name(const struct tmpl *t, size_t i);         /* without its ".$" */
const struct jpath *tmpl_member_path(const struct tmpl *t, size_t i); /* NULL: it is more than a path */
int tmpl_member_eval(const struct tmpl *t, size_t i, const struct jpath_env *env, json_object **out,
                     size_t *bytes, struct err *err);

/* Calls fn for every path, at any depth and among the arguments of functions. */
typedef void (*tmpl_path_fn)(void *arg, const struct jpath *p);
void tmpl_each_path(const struct tmpl *t, tmpl_path_fn fn, void *arg);

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
void tmpl_expr_each_path(const struct tmpl_expr *e, tmpl_path_fn fn, void *arg);
