/*
 * jsonata_picture.h -- numbers and moments by picture: $formatNumber, $formatInteger, $fromMillis and their
 * inverses.
 *
 * A picture is a text that shows how the result looks: "#,##0.00", "Ww;o", "[Y0001]-[M01]-[D01]".  Pure:
 * knows English and no other language, no locale, and offsets but no time zones; years are Gregorian, also
 * before 1582.  Source: https://docs.jsonata.org/date-time-functions and numeric-functions, level 2.0.6;
 * XPath Functions 3.1, 4.6 (integers), 4.7 (decimals), 9.8 (moments), as far as the reference implementation
 * goes.
 *
 * Where the reference slips, this follows XPath: a grouping separator needs a digit to its left; zero and
 * negative numbers can have exponents; an unknown component is refused always.
 *
 * Errors: err->name is the code of the reference ("D3132"), err->cause its message with the values filled in.
 * Longer pictures and texts than below, and numbers that make endless ones, are U1001.
 * Results lie in the arena, which is used for scratch as well: about 16 bytes for each character that comes
 * in or goes out, and in $toMillis a byte for each character and part of the picture.
 */
#pragma once

#include "lang/jsonata_number.h"

#include <stdint.h>

enum {
    JSONATA_PICTURE_CHARS_MAX = 1000, /* code points of a picture, and what one width asks for */
    JSONATA_MOMENT_CHARS_MAX = 500,   /* code points of a text that $toMillis reads, and of a time zone */
    JSONATA_INTEGER_CHARS_MAX = 4000, /* code points of a text that $parseInteger reads */
};

/* A member of $formatNumber's options: "decimal-separator", "zero-digit", ...; other names say nothing. */
struct jsonata_option {
    struct jsonata_text name, value;
};

/* -1 with D3080 to D3093 for a picture that is none, T0410 for an option that is not one character. */
int jsonata_format_number(struct arena *a, double value, struct jsonata_text picture,
                          const struct jsonata_option *options, size_t noptions, struct jsonata_text *out,
                          struct err *err);

/* value is rounded down first. -1 with D3130, D3131. */
int jsonata_format_integer(struct arena *a, double value, struct jsonata_text picture,
                           struct jsonata_text *out, struct err *err);

/* *out may be NaN: text is no such number. -1 with D3130, D3131. */
int jsonata_parse_integer(struct arena *a, struct jsonata_text text, struct jsonata_text picture, double *out,
                          struct err *err);

/*
 * ms: since 1970 UTC, as far as JavaScript's dates go (D1001 beyond).  picture NULL: ISO 8601, as
 * "2018-03-23T10:33:36.617Z".  timezone NULL: UTC; else an offset: "+0530", "-0500".  -1 with D3130 to D3135.
 */
int jsonata_from_millis(struct arena *a, double ms, const struct jsonata_text *picture,
                        const struct jsonata_text *timezone, struct jsonata_text *out, struct err *err);

/*
 * picture NULL: ISO 8601, where what is missing is the first (month, day) or 0, and UTC.
 * now_ms: the moment of the evaluation; years, months, ... that the picture leaves out on the left come from
 * it. 1 and *ms, which may be NaN: there is no such moment.  0: the text does not look like the picture, and
 * the result is undefined.  -1 with D3110, D3130 to D3136.
 */
int jsonata_to_millis(struct arena *a, struct jsonata_text text, const struct jsonata_text *picture,
                      int64_t now_ms, double *ms, struct err *err);
