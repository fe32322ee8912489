/* choice_priv.h -- what choice.c compiles and choice_logic.c compares. */
#pragma once

#include "asl/choice.h"

enum choice_type {
    STRING,
    PATTERN,
    NUMBER,
    BOOLEAN,
    TIMESTAMP,
    IS_NULL,
    IS_PRESENT,
    IS_NUMERIC,
    IS_STRING,
    IS_BOOLEAN,
    IS_TIMESTAMP
};

/* Which results of a comparison are true. */
enum relation { LESS = 1, EQUAL = 2, GREATER = 4 };

struct choice_operator {
    const char *name;
    enum choice_type type;
    unsigned relation; /* 0: not a comparison, there is no ...Path twin */
};

struct choice_text {
    const char *p;
    size_t len;
};

/* One side of a comparison, of the operator's type. */
struct choice_operand {
    bool whole;      /* a number: an integer */
    int64_t integer; /* that integer; a timestamp's microseconds; a boolean */
    double number;
    struct choice_text text;
};

struct choice_test {
    enum { TEST_AND, TEST_OR, TEST_NOT, TEST_OPERATOR } kind;
    const struct choice_test **parts; /* And, Or: nparts; Not: one */
    size_t nparts;
    const struct choice_operator *op;
    const struct jpath *variable;
    const struct jpath *path; /* a ...Path twin: where the other side comes from; else NULL: it is right */
    struct choice_operand right;
    const struct choice_text *pieces; /* StringMatches: what stands between its stars */
    size_t npieces;
};
