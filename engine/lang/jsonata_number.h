/*
 * jsonata_number.h -- numbers in JSONata: their text, their text in other bases, rounding.
 *
 * Numbers are doubles and print as JavaScript prints them.  Pure; knows nothing of values or evaluation.
 * Source: https://docs.jsonata.org/numeric-functions, level 2.0.6, and the reference implementation where
 * the page is silent.
 *
 * Errors: err->name is the code of the reference ("D3030"), err->cause its message with the values filled in.
 * Where a result "may be NaN" the reference gives NaN as well: a number that no JSON can hold.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stddef.h>

/* Borrowed UTF-8, not NUL-terminated; a lone surrogate may stand in it as three bytes. */
struct jsonata_text {
    const char *p;
    size_t len;
};

enum { JSONATA_NUMBER_BYTES = 32 };

/*
 * The fewest digits that read back, laid out as in JavaScript: "1e+21", "-1.5e-7", "NaN", "-Infinity"; -0 is
 * "0".  Returns the length; buf is NUL-terminated.
 */
size_t jsonata_number_text(char buf[JSONATA_NUMBER_BYTES], double d);

/* The number nearest to the first 15 digits of d: what $string and "&" print. Others than finite as they are.
 */
double jsonata_number_15(double d);

/*
 * $number of a string: decimal, or 0x, 0o, 0b.  0, or -1 with D3030.  *out may be NaN, for what only begins
 * like one of the latter ("0x1g").
 */
int jsonata_number_parse(struct jsonata_text text, double *out, struct err *err);

/* $round: halves to the even neighbour, in decimal. precision: places behind the point, or before it. Never
 * -0; may be NaN. */
double jsonata_round(double d, double precision);

/* $power: -1 with D3061 when the result is not finite. */
int jsonata_power(double base, double exponent, double *out, struct err *err);

/* $sqrt: -1 with D3060 below 0. */
int jsonata_sqrt(double d, double *out, struct err *err);

/* $formatBase; both are rounded first. The default radix is 10. -1 with D3100 beyond 2 to 36. */
int jsonata_format_base(struct arena *a, double value, double radix, struct jsonata_text *out,
                        struct err *err);
