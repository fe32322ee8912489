/*
 * choice.h -- choice rules: compiled once, evaluated against the state's input.
 *
 * Pure.  Source: Amazon States Language, "Choice State".
 */
#pragma once

#include "base/json.h"
#include "lang/jpath.h"

struct asl_state;
struct choice_test; /* And, Or, Not or one comparison; choice.c's own */

struct choice_rule {
    const struct choice_test *test;
    const struct asl_state *next;
};

/* Compiles one rule's test (not its Next). obj is borrowed. -1 with err, whose cause ends in " at <pointer>". */
int choice_parse(struct arena *a, json_object *obj, const char *at, const struct choice_test **out,
                 struct err *err);

/* 1 true, 0 false, -1 with err: a path that finds nothing (ERR_RUNTIME). */
int choice_eval(const struct choice_test *t, const struct jpath_env *env, struct err *err);
