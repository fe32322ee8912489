/*
 * choice.h -- choice rules: compiled once, evaluated against the state's input.
 *
 * Pure.  Source: Amazon States Language, "Choice State".
 */
#pragma once

#include "asl/read.h"

struct asl_state;
struct asl_assign;
struct choice_test; /* And, Or, Not or one comparison; choice.c's own */

struct choice_rule {
    const struct choice_test *test; /* JSONPath */
    const struct query *condition;  /* JSONata */
    const struct query *output;     /* NULL: the input */
    const struct asl_state *next;
    const struct asl_assign *assign; /* NULL: nothing */
};

/*
 * Compiles the test of one element of "Choices" (its Next, Comment and Assign are the caller's).
 * NULL with findings.
 */
const struct choice_test *choice_parse(const struct read_in *rule);

/* 1 true, 0 false (values of another type than the operator's are false), -1 with err: a path finds nothing.
 */
int choice_eval(const struct choice_test *t, const struct jpath_env *env, struct err *err);

/*
 * For who looks at a list of rules.  Both answer false where they cannot tell, and when the budget of
 * comparisons, which they count down, is used up: they are sound, not complete.
 */
/* Whenever b holds, so does a: behind a rule with the test a, one with b is never reached. */
bool choice_implied(const struct choice_test *a, const struct choice_test *b, unsigned *budget);
/* One of both always holds. */
bool choice_covered(const struct choice_test *a, const struct choice_test *b, unsigned *budget);
