/*
 * jsonata_number.h -- numbers in JSONata: their text, their text in other bases, rounding.
 *
 * Numbers are doubles and print as JavaScript prints them.  Pure; knows nothing of values or evaluation.
 * Source: https://docs.jsonata.org/numeric-functions, level 2.0.6, and the reference implementation where
 * the page is silent.
 *
 * Errors: err->name is the code of the reference ("D3030"), err->cause its message with the values filled in.
 * Where a result "may not be finite" the reference gives NaN or an infinity as well: what no JSON can hold.
 */
#pragma once

#include "lang/jsonata_chars.h"

enum { JSONATA_NUMBER_BYTES = 32 };

/*
 * The fewest digits that read back, laid out as in JavaScript: "1e+21", "-1.5e-7", "NaN", "-Infinity"; -0 is
 * "0".  Returns the length; buf is NUL-terminated.
 */
size_t jsonata_number_text(char buf[JSONATA_NUMBER_BYTES], double d);

/* d rounded to 15 figures: 0.1 + 0.2 is 0.3 then.  May not be finite: the largest numbers round upwards. */
double jsonata_number_15(double d);

/* Its text, as $string and "&" print a number. */
size_t jsonata_number_text_15(char buf[JSONATA_NUMBER_BYTES], double d);

/* Math.abs(d).toFixed(places), places 0 to 100: halves upwards, the exponent form from 1e21. In the arena. */
const char *jsonata_number_fixed(struct arena *a, double d, int places);

/*
 * $number of a string: decimal, or 0x, 0o, 0b.  0, or -1 with D3030.  May not be finite: for what is too
 * long, or only begins like one of the latter ("0x1g").
 */
int jsonata_number_parse(struct jsonata_text text, double *out, struct err *err);

/* Number.parseInt: the digits at the beginning, 0x allowed; NaN when there are none. */
double jsonata_number_prefix(struct jsonata_chars text);

/*
 * $round: halves to the even neighbour, in decimal.  precision: places behind the point, or before it; not an
 * integer: NaN.  Never -0.  May not be finite.
 */
double jsonata_round(double d, double precision);

/* $power: -1 with D3061 when the result is not finite. */
int jsonata_power(double base, double exponent, double *out, struct err *err);

/* $sqrt: -1 with D3060 below 0. */
int jsonata_sqrt(double d, double *out, struct err *err);

/* $formatBase; both are rounded first. The default radix is 10. -1 with D3100 when it is not 2 to 36. */
int jsonata_format_base(struct arena *a, double value, double radix, struct jsonata_text *out,
                        struct err *err);
