/*
 * jsonata_picture_priv.h -- what the files jsonata_picture_*.c share.
 */
#pragma once

#include "lang/jsonata_picture.h"

/* A picture as code points; -1 with U1001 when it is too long. */
int picture_chars(struct arena *a, struct jsonata_text picture, struct jsonata_chars *to, struct err *err);
/* The same for a text of at most max_chars that is parsed. */
int picture_parsed_chars(struct arena *a, struct jsonata_text text, size_t max_chars,
                         struct jsonata_chars *to, struct err *err);

/* ---- jsonata_picture_words.c: numbers as words, roman numerals and letters ---- */

enum letter_case { CASE_LOWER, CASE_UPPER, CASE_TITLE };

/* value: an integer, not negative, finite. */
void picture_format_words(struct jsonata_build *to, double value, bool ordinal, enum letter_case letter_case);
int picture_format_roman(struct jsonata_build *to, double value, bool upper,
                         struct err *err); /* U1001: too large */
void picture_format_letters(struct jsonata_build *to, double value, bool upper);

/* NaN for what is no such number. */
double picture_parse_words(struct jsonata_chars text);
double picture_parse_roman(struct jsonata_chars text, bool upper);
double picture_parse_letters(struct jsonata_chars text, bool upper);

/*
 * The length of the next word of numbers that text goes on with at `at`, from the *i-th of the list on; 0:
 * there is no more.  *i begins with 0.  "and", commas, hyphens and blanks are words here.
 */
size_t picture_next_word(struct jsonata_chars text, size_t at, size_t *i);

/* ---- jsonata_picture_integer.c ---- */

enum primary_format { FORMAT_DECIMAL, FORMAT_LETTERS, FORMAT_ROMAN, FORMAT_WORDS, FORMAT_SEQUENCE };

struct separator {
    size_t position; /* digits to its right */
    uint32_t c;
};

struct integer_picture {
    enum primary_format primary;
    enum letter_case letter_case;
    bool ordinal;
    struct jsonata_chars sequence; /* FORMAT_SEQUENCE: what names it; such formats are not supported */

    /* FORMAT_DECIMAL */
    uint32_t zero; /* of the family of digits */
    size_t mandatory, optional;
    bool regular;                       /* one separator, again and again, each `position` digits */
    const struct separator *separators; /* the rightmost first */
    size_t nseparators;
};

/* The distance of separators when it is always the same: positions are its multiples from 1 on; else 0. */
size_t picture_regular(const size_t *positions, size_t n);

/* D3131: digits of several families. */
int picture_analyse_integer(struct arena *a, struct jsonata_chars picture, struct integer_picture *p,
                            struct err *err);
/* Appends value (an integer; D1001 when it is not finite) to the text. D3130. */
int picture_format_integer(struct jsonata_build *to, double value, const struct integer_picture *p,
                           struct err *err);
/* *out may be NaN. D3130, D3131. */
int picture_parse_integer(struct arena *a, struct jsonata_chars text, const struct integer_picture *p,
                          double *out, struct err *err);
int picture_no_sequence(struct arena *a, const struct integer_picture *p, struct err *err); /* D3130 */

/* ---- jsonata_picture_moment.c ---- */

enum names { NAMES_NONE, NAMES_LOWER, NAMES_UPPER, NAMES_TITLE };

struct picture_part { /* a marker "[...]", or literal text */
    char component;   /* 'Y', 'M', ...; 0: a literal */
    struct jsonata_chars literal;
    enum names names;
    bool has_integer;
    struct integer_picture integer;
    bool zulu;      /* offset 0 is "Z" */
    int width_max;  /* characters of a name; -1: any */
    int year_width; /* Y, M, D: so many digits and no more; -1: any */
};

struct moment_picture {
    const struct picture_part *parts;
    size_t n;
};

/* D3131, D3132, D3135; U1001: too many markers, too wide. */
int picture_analyse_moment(struct arena *a, struct jsonata_chars picture, struct moment_picture *to,
                           struct err *err);

int picture_has_no_names(char component, struct err *err); /* D3133 */

extern const char *const PICTURE_MONTHS[13], *const PICTURE_DAYS[8]; /* from 1: January, Monday */

#define DAY_MS        INT64_C(86400000)
#define MOMENT_MS_MAX 8.64e15 /* of JavaScript's dates, on either side of 1970 */

struct moment {
    int64_t ms, days; /* since 1970 */
    int64_t year;
    int month, day;    /* from 1 */
    int64_t ms_of_day; /* since midnight */
};

/* ms: within MOMENT_MS_MAX. */
struct moment picture_moment(int64_t ms);
/* A component's value: Y M D d F W w X x H h m s f, and P as 0 or 1. */
double picture_fragment(const struct moment *m, char component);
/* Days from 1970 to a date as JavaScript's Date.UTC takes it: month from 0, 0 to 99 are years of the last
 * century. */
int64_t picture_days(int64_t year, int64_t month, int64_t day);
