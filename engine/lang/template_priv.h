/* template_priv.h -- what template_expr.c and intrinsic.c share: expressions, and calls under way. */
#pragma once

#include "base/json.h"
#include "lang/template.h"

struct intrinsic_call;

struct intrinsic {
    const char *name;
    size_t min_args, max_args;
    const char *types; /* a letter for each argument, the last one for all that follow: s, n, a, o, b: a
                          string, number, array, object, boolean; *: any */
    int (*apply)(struct intrinsic_call *c, json_object **out);
};

enum tmpl_expr_kind { EXPR_PATH, EXPR_LITERAL, EXPR_CALL };

struct tmpl_expr {
    enum tmpl_expr_kind kind;
    const char *text; /* as written */
    const struct jpath *path;
    json_object *literal;
    const char *raw; /* of a text literal: with its escapes, for States.Format */
    const struct intrinsic *function;
    const struct tmpl_expr **args;
    size_t nargs;
};

/* One call that is under way. */
struct intrinsic_call {
    const struct tmpl_expr *e;
    const struct jpath_env *env;
    json_object **args; /* nargs references */
    size_t nargs;
    struct err *err;
};

/* The function of that name, "States.Array" for example; NULL: there is none. */
const struct intrinsic *intrinsic_find(const char *name, size_t len);
