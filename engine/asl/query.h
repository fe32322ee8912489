/*
 * query.h -- values of states in JSONata: JSON in which strings "{% ... %}" are expressions, at any depth.
 *
 * Everything else stands for itself.  Compiled once with the definition; evaluated where Arguments, Output,
 * Assign, Items, Condition and the like are.  Pure.
 * Source: Amazon States Language, "Using JSONata expressions".
 */
#pragma once

#include "asl/finding.h"
#include "lang/jsonata.h"

struct query;

/* A string "{% ... %}"? */
bool query_is_expression(json_object *o);

/*
 * Compiles src into the arena, which keeps src alive.  Never NULL: expressions that do not parse are among
 * the findings, at their places.
 */
const struct query *query_parse(struct arena *a, json_object *src, const struct place *at,
                                struct asl_findings *f);

/* True when there is no expression in it. */
bool query_constant(const struct query *q);

/*
 * The value. 0 and a new reference in *out; or -1 with ERR_QUERY and the service's words in err->cause, and
 * the place in *location: "Output/total" (allocated from a). field: the name of the whole, "Output".
 */
int query_eval(const struct query *q, const char *field, const struct jsonata_env *env, struct arena *a,
               json_object **out, const char **location, struct err *err);

/*
 * For fields that take one type only: was o what the field takes?  -1 with ERR_QUERY: "The JSONata expression
 * '...' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was ...".
 */
int query_expect(const struct query *q, const char *field, json_object *o, enum json_type type,
                 struct err *err);

/* Calls see for each variable that an expression in it reads, "states" among them. */
void query_variables(const struct query *q, void (*see)(void *self, const char *name, bool read, bool bound),
                     void *self);
