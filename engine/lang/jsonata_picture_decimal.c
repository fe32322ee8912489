/*
 * $formatNumber: numbers by picture.  XPath Functions 3.1, 4.7, which numbers the steps below ("bullets") and
 * gives the parts of a picture their names.
 */
#include "lang/jsonata_picture_priv.h"

#include <math.h>
#include <string.h>

enum { PLACES_MAX = 100, EXPONENT_DIGITS_MAX = 300 };

/* The names of options and the texts that they have by themselves. */
enum {
    DECIMAL_SEPARATOR,
    GROUPING_SEPARATOR,
    EXPONENT_SEPARATOR,
    MINUS_SIGN,
    PERCENT,
    PER_MILLE,
    ZERO_DIGIT,
    DIGIT,
    PATTERN_SEPARATOR,
    NSYMBOLS
};

static const struct {
    const char *name, *text;
    bool any_length;
} SYMBOLS[NSYMBOLS] = {
    {"decimal-separator", ".", false},
    {"grouping-separator", ",", false},
    {"exponent-separator", "e", false},
    {"minus-sign", "-", true},
    {"percent", "%", true},
    {"per-mille", "\u2030", true},
    {"zero-digit", "0", false},
    {"digit", "#", false},
    {"pattern-separator", ";", false},
};

struct subpicture {
    struct jsonata_chars all, prefix, suffix, active, mantissa, exponent, integer, fraction;
    bool has_exponent;

    /* what it asks for */
    size_t integer_min, fraction_min, fraction_max, exponent_min, scale;
    size_t *groups, *fraction_groups; /* digits to the right, and to the left, of each separator */
    size_t ngroups, nfraction_groups;
    size_t regular; /* the distance of separators that are equally far from each other; else 0 */
};

struct format {
    struct arena *arena;
    struct jsonata_chars symbols[NSYMBOLS];
    uint32_t zero;
    struct subpicture pictures[2]; /* for positive and for negative numbers */
    size_t npictures;
    struct err *err;
};

/* ---- characters ---- */

static bool is(const struct format *f, uint32_t c, int symbol)
{
    return f->symbols[symbol].c[0] == c;
}

static bool is_digit(const struct format *f, uint32_t c)
{
    return c >= f->zero && c <= f->zero + 9;
}

static bool is_digit_place(const struct format *f, uint32_t c)
{
    return is_digit(f, c) || is(f, c, DIGIT);
}

static bool is_active(const struct format *f, uint32_t c)
{
    return is_digit_place(f, c) || is(f, c, DECIMAL_SEPARATOR) || is(f, c, EXPONENT_SEPARATOR) ||
           is(f, c, GROUPING_SEPARATOR) || is(f, c, PATTERN_SEPARATOR);
}

static size_t count(const struct format *f, struct jsonata_chars chars,
                    bool (*which)(const struct format *, uint32_t))
{
    size_t n = 0;

    for (size_t i = 0; i < chars.n; i++)
        n += which(f, chars.c[i]);
    return n;
}

static bool has(const struct format *f, struct jsonata_chars chars, int symbol)
{
    return jsonata_chars_find(chars, f->symbols[symbol], 0) != JSONATA_NOWHERE;
}

static bool has_two(const struct format *f, struct jsonata_chars chars, int symbol)
{
    return jsonata_chars_find(chars, f->symbols[symbol], 0) !=
           jsonata_chars_find_last(chars, f->symbols[symbol]);
}

/* ---- the parts of a subpicture ---- */

/* Active characters, the exponent's separator left out, divide prefix and suffix from the rest. */
static void find_active(const struct format *f, struct subpicture *s)
{
    size_t from = 0, to = s->all.n;

    while (from < to && !(is_active(f, s->all.c[from]) && !is(f, s->all.c[from], EXPONENT_SEPARATOR)))
        from++;
    while (to > from && !(is_active(f, s->all.c[to - 1]) && !is(f, s->all.c[to - 1], EXPONENT_SEPARATOR)))
        to--;
    if (from == to) { /* none: it is refused later */
        from = 0;
        to = s->all.n;
    }
    s->prefix = jsonata_chars_part(s->all, 0, from);
    s->active = jsonata_chars_part(s->all, from, to);
    s->suffix = jsonata_chars_part(s->all, to, s->all.n);
}

static void split(const struct format *f, struct subpicture *s)
{
    find_active(f, s);
    size_t e = jsonata_chars_find(s->all, f->symbols[EXPONENT_SEPARATOR], s->prefix.n);
    s->has_exponent = e != JSONATA_NOWHERE && e <= s->all.n - s->suffix.n;
    s->mantissa = s->active;
    if (s->has_exponent) {
        /* e counts the prefix, too: so does the reference, and refuses most pictures with both. */
        s->mantissa = jsonata_chars_part(s->active, 0, e);
        s->exponent = jsonata_chars_part(s->active, e + 1, s->active.n);
    }
    size_t point = jsonata_chars_find(s->mantissa, f->symbols[DECIMAL_SEPARATOR], 0);
    s->integer = jsonata_chars_part(s->mantissa, 0, point);
    s->fraction =
        point == JSONATA_NOWHERE ? s->suffix : jsonata_chars_part(s->mantissa, point + 1, s->mantissa.n);
}

/* ---- is it a picture? 4.7.3 ---- */

static bool has_digit_before_optional(const struct format *f, struct jsonata_chars integer)
{
    size_t at = jsonata_chars_find(integer, f->symbols[DIGIT], 0);
    return at != JSONATA_NOWHERE && count(f, jsonata_chars_part(integer, 0, at), is_digit) > 0;
}

static bool has_digit_behind_optional(const struct format *f, struct jsonata_chars fraction)
{
    size_t at = jsonata_chars_find_last(fraction, f->symbols[DIGIT]);
    return at != JSONATA_NOWHERE && count(f, jsonata_chars_part(fraction, at, fraction.n), is_digit) > 0;
}

static bool has_grouping_beside_point(const struct format *f, struct jsonata_chars all, size_t point)
{
    return (point > 0 && is(f, all.c[point - 1], GROUPING_SEPARATOR)) ||
           (point + 1 < all.n && is(f, all.c[point + 1], GROUPING_SEPARATOR));
}

static bool has_grouping_twice(const struct format *f, struct jsonata_chars all)
{
    struct jsonata_build twice = {.arena = f->arena};

    jsonata_add(&twice, f->symbols[GROUPING_SEPARATOR]);
    jsonata_add(&twice, f->symbols[GROUPING_SEPARATOR]);
    return jsonata_chars_find(all, jsonata_built(&twice), 0) != JSONATA_NOWHERE;
}

static bool ends_with_grouping(const struct format *f, struct jsonata_chars integer)
{
    return integer.n > 0 && is(f, integer.c[integer.n - 1], GROUPING_SEPARATOR);
}

static const struct {
    const char *code, *message;
} FAULTS[] = {
    {"D3080", "The picture string must only contain a maximum of two sub-pictures"},
    {"D3081", "The sub-picture must not contain more than one instance of the 'decimal-separator' character"},
    {"D3082", "The sub-picture must not contain more than one instance of the 'percent' character"},
    {"D3083", "The sub-picture must not contain more than one instance of the 'per-mille' character"},
    {"D3084", "The sub-picture must not contain both a 'percent' and a 'per-mille' character"},
    {"D3085", "The mantissa part of a sub-picture must contain at least one character that is either an "
              "'optional digit character' or a member of the 'decimal digit family'"},
    {"D3086",
     "The sub-picture must not contain a passive character that is preceded by an active character and "
     "that is followed by another active character"},
    {"D3087", "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a "
              "'decimal-separator' character"},
    {"D3088", "The sub-picture must not contain a 'grouping-separator' at the end of the integer part"},
    {"D3089",
     "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character"},
    {"D3090",
     "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that "
     "is followed by an instance of the 'optional digit character'"},
    {"D3091", "The fractional part of the sub-picture must not contain an instance of the 'optional digit "
              "character' that is followed by a member of the 'decimal digit family'"},
    {"D3092", "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character "
              "treated as an 'exponent-separator'"},
    {"D3093", "The exponent part of the sub-picture must comprise only of one or more characters that are "
              "members of the 'decimal digit family'"},
};

/* fault: 80 for D3080. */
static int refuse(struct err *err, int fault)
{
    return err_set(err, FAULTS[fault - 80].code, "%s", FAULTS[fault - 80].message);
}

/* Of several faults the last one is reported. */
static int validate(const struct format *f, const struct subpicture *s)
{
    size_t point = jsonata_chars_find(s->all, f->symbols[DECIMAL_SEPARATOR], 0);
    bool percent = has(f, s->all, PERCENT), per_mille = has(f, s->all, PER_MILLE);

    if (s->has_exponent && (s->exponent.n == 0 || count(f, s->exponent, is_digit) < s->exponent.n))
        return refuse(f->err, 93);
    if (s->has_exponent && (percent || per_mille))
        return refuse(f->err, 92);
    if (has_digit_behind_optional(f, s->fraction))
        return refuse(f->err, 91);
    if (has_digit_before_optional(f, s->integer))
        return refuse(f->err, 90);
    if (has_grouping_twice(f, s->all))
        return refuse(f->err, 89);
    if (point == JSONATA_NOWHERE && ends_with_grouping(f, s->integer))
        return refuse(f->err, 88);
    if (point != JSONATA_NOWHERE && has_grouping_beside_point(f, s->all, point))
        return refuse(f->err, 87);
    if (count(f, s->active, is_active) < s->active.n)
        return refuse(f->err, 86);
    if (count(f, s->mantissa, is_digit_place) == 0)
        return refuse(f->err, 85);
    if (percent && per_mille)
        return refuse(f->err, 84);
    if (has_two(f, s->all, PER_MILLE))
        return refuse(f->err, 83);
    if (has_two(f, s->all, PERCENT))
        return refuse(f->err, 82);
    if (has_two(f, s->all, DECIMAL_SEPARATOR))
        return refuse(f->err, 81);
    return 0;
}

/* ---- what does it ask for? 4.7.4 ---- */

/* Later separators are looked for in the integer part, in both cases: so does the reference. */
static size_t find_groups(const struct format *f, const struct subpicture *s, struct jsonata_chars part,
                          bool to_left, size_t **groups)
{
    size_t n = 0, at = jsonata_chars_find(part, f->symbols[GROUPING_SEPARATOR], 0);

    *groups = arena_alloc(f->arena, (part.n + s->integer.n) * sizeof **groups);
    while (at != JSONATA_NOWHERE) {
        struct jsonata_chars side =
            to_left ? jsonata_chars_part(part, 0, at) : jsonata_chars_part(part, at, part.n);
        (*groups)[n++] = count(f, side, is_digit_place);
        at = jsonata_chars_find(s->integer, f->symbols[GROUPING_SEPARATOR], at + 1);
    }
    return n;
}

static void measure(const struct format *f, struct subpicture *s)
{
    s->ngroups = find_groups(f, s, s->integer, false, &s->groups);
    s->nfraction_groups = find_groups(f, s, s->fraction, true, &s->fraction_groups);
    s->regular = picture_regular(s->groups, s->ngroups);
    s->integer_min = s->scale = count(f, s->integer, is_digit);
    s->fraction_min = count(f, s->fraction, is_digit);
    s->fraction_max = count(f, s->fraction, is_digit_place);
    s->exponent_min = s->exponent.n;
    if (s->integer_min == 0 && s->fraction_max == 0) {
        if (s->has_exponent)
            s->fraction_min = s->fraction_max = 1;
        else
            s->integer_min = 1;
    }
    if (s->has_exponent && s->integer_min == 0 && has(f, s->integer, DIGIT))
        s->integer_min = 1;
    if (s->integer_min == 0 && s->fraction_min == 0)
        s->fraction_min = 1;
}

static int check_bounds(const struct format *f, const struct subpicture *s)
{
    if (s->fraction_max > PLACES_MAX)
        return err_set(f->err, "U1001", "A sub-picture has at most %d digits behind the point", PLACES_MAX);
    if (s->has_exponent && s->scale > EXPONENT_DIGITS_MAX)
        return err_set(f->err, "U1001",
                       "A sub-picture with an exponent has at most %d digits before the point",
                       EXPONENT_DIGITS_MAX);
    return 0;
}

static int analyse(struct format *f, struct jsonata_chars picture)
{
    struct jsonata_chars between = f->symbols[PATTERN_SEPARATOR];

    for (size_t from = 0; from != JSONATA_NOWHERE;) {
        size_t end = jsonata_chars_find(picture, between, from);
        if (f->npictures == 2)
            return refuse(f->err, 80);
        struct subpicture *s = &f->pictures[f->npictures++];
        s->all = jsonata_chars_part(picture, from, end);
        from = end == JSONATA_NOWHERE ? end : end + between.n;
    }
    for (size_t i = 0; i < f->npictures; i++) {
        split(f, &f->pictures[i]);
        if (validate(f, &f->pictures[i]) < 0)
            return -1;
        measure(f, &f->pictures[i]);
        if (check_bounds(f, &f->pictures[i]) < 0)
            return -1;
    }
    return 0;
}

/* ---- the number ---- */

/* Bullet 5: as many digits before the point as the picture has. */
static double scaled(double value, size_t scale, int *exponent)
{
    double max = pow(10, (double)scale), min = pow(10, (double)scale - 1);

    *exponent = 0;
    if (value == 0 || !isfinite(value))
        return value;
    for (; fabs(value) < min; value *= 10)
        --*exponent;
    for (; fabs(value) > max; value /= 10)
        ++*exponent;
    return value;
}

static void add_number(const struct format *f, struct jsonata_build *to, double value, size_t places)
{
    const char *text = jsonata_number_fixed(f->arena, value, (int)places);

    for (; *text; text++) {
        if (*text >= '0' && *text <= '9')
            jsonata_add_char(to, (uint32_t)(*text - '0') + f->zero);
        else if (*text == '.')
            jsonata_add(to, f->symbols[DECIMAL_SEPARATOR]);
        else
            jsonata_add_char(to, (unsigned char)*text);
    }
}

static void remove_chars(struct jsonata_build *b, size_t from, size_t n)
{
    memmove(b->c + from, b->c + from + n, (b->n - from - n) * sizeof *b->c);
    b->n -= n;
}

static void insert_zeros(struct jsonata_build *to, size_t at, size_t have, size_t want, uint32_t zero)
{
    for (; have < want; have++)
        jsonata_insert(to, at, (struct jsonata_chars){&zero, 1});
}

static size_t point_of(const struct format *f, const struct jsonata_build *number)
{
    size_t at = jsonata_chars_find(jsonata_built(number), f->symbols[DECIMAL_SEPARATOR], 0);

    PAWL_ASSERT(at != JSONATA_NOWHERE);
    return at;
}

/* Bullets 7 to 9: exactly the digits that the picture asks for, around a decimal separator. */
static void add_digits(const struct format *f, const struct subpicture *s, struct jsonata_build *to,
                       double value)
{
    size_t point, separator = f->symbols[DECIMAL_SEPARATOR].n;

    add_number(f, to, value, s->fraction_max);
    if (jsonata_chars_find(jsonata_built(to), f->symbols[DECIMAL_SEPARATOR], 0) == JSONATA_NOWHERE)
        jsonata_add(to, f->symbols[DECIMAL_SEPARATOR]);
    while (to->n > 0 && to->c[0] == f->zero)
        remove_chars(to, 0, 1);
    while (to->n > 0 && to->c[to->n - 1] == f->zero)
        to->n--;
    point = point_of(f, to);
    insert_zeros(to, to->n, to->n - point - separator, s->fraction_min, f->zero);
    insert_zeros(to, 0, point, s->integer_min, f->zero);
}

/* Bullet 10. Separators without a digit to their left are left out. (The reference puts them somewhere.) */
static void group_integer(const struct format *f, const struct subpicture *s, struct jsonata_build *to)
{
    struct jsonata_chars sign = f->symbols[GROUPING_SEPARATOR];
    size_t digits = point_of(f, to);

    for (size_t left = s->regular; s->regular > 0 && left < digits; left += s->regular)
        jsonata_insert(to, digits - left, sign);
    for (size_t i = s->ngroups; s->regular == 0 && i-- > 0;) {
        if (s->groups[i] < digits)
            jsonata_insert(to, digits - s->groups[i], sign);
    }
}

/* Bullets 11 and 12. */
static void group_fraction(const struct format *f, const struct subpicture *s, struct jsonata_build *to)
{
    size_t point = point_of(f, to);

    for (size_t i = 0; i < s->nfraction_groups; i++) {
        size_t at = point + 1 + s->fraction_groups[i];
        jsonata_insert(to, at < to->n ? at : to->n, f->symbols[GROUPING_SEPARATOR]);
    }
    if (!has(f, s->all, DECIMAL_SEPARATOR) || point_of(f, to) == to->n - 1)
        to->n--;
}

/* Bullet 13. */
static void add_exponent(const struct format *f, const struct subpicture *s, struct jsonata_build *to,
                         int exponent)
{
    struct jsonata_build digits = {.arena = f->arena};

    add_number(f, &digits, exponent, 0);
    insert_zeros(&digits, 0, digits.n, s->exponent_min, f->zero);
    jsonata_add(to, f->symbols[EXPONENT_SEPARATOR]);
    if (exponent < 0)
        jsonata_add(to, f->symbols[MINUS_SIGN]);
    jsonata_add(to, jsonata_built(&digits));
}

static struct jsonata_text format_value(const struct format *f, double value)
{
    bool negative = !(value >= 0);
    const struct subpicture *s = &f->pictures[negative ? f->npictures - 1 : 0];
    struct jsonata_build number = {.arena = f->arena}, text = {.arena = f->arena};
    int exponent = 0;

    if (has(f, s->all, PERCENT))
        value *= 100;
    else if (has(f, s->all, PER_MILLE))
        value *= 1000;
    if (s->has_exponent)
        value = scaled(value, s->scale, &exponent);
    add_digits(f, s, &number, jsonata_round(value, (double)s->fraction_max));
    group_integer(f, s, &number);
    group_fraction(f, s, &number);
    if (s->has_exponent)
        add_exponent(f, s, &number, exponent);

    if (negative && f->npictures == 1)
        jsonata_add(&text, f->symbols[MINUS_SIGN]);
    jsonata_add(&text, s->prefix);
    jsonata_add(&text, jsonata_built(&number));
    jsonata_add(&text, s->suffix);
    return jsonata_chars_text(f->arena, jsonata_built(&text));
}

/* ---- options ---- */

static int set_symbol(struct format *f, const struct jsonata_option *o)
{
    size_t i = 0;

    while (i < NSYMBOLS &&
           (o->name.len != strlen(SYMBOLS[i].name) || memcmp(o->name.p, SYMBOLS[i].name, o->name.len) != 0))
        i++;
    if (i == NSYMBOLS)
        return 0;
    if (picture_chars(f->arena, o->value, &f->symbols[i], f->err) < 0)
        return -1;
    if (f->symbols[i].n == 1 || SYMBOLS[i].any_length)
        return 0;
    return err_set(f->err, "T0410", "The option '%s' of the formatNumber function must be a single character",
                   SYMBOLS[i].name);
}

static int read_options(struct format *f, const struct jsonata_option *options, size_t n)
{
    for (size_t i = 0; i < NSYMBOLS; i++)
        f->symbols[i] =
            jsonata_chars(f->arena, (struct jsonata_text){SYMBOLS[i].text, strlen(SYMBOLS[i].text)});
    for (size_t i = 0; i < n; i++) {
        if (set_symbol(f, &options[i]) < 0)
            return -1;
    }
    f->zero = f->symbols[ZERO_DIGIT].c[0];
    if (is_digit(f, f->symbols[DECIMAL_SEPARATOR].c[0]))
        return err_set(f->err, "T0410",
                       "The option 'decimal-separator' of the formatNumber function must not be a digit");
    return 0;
}

int jsonata_format_number(struct arena *a, double value, struct jsonata_text picture,
                          const struct jsonata_option *options, size_t noptions, struct jsonata_text *out,
                          struct err *err)
{
    struct format f = {.arena = a, .err = err};
    struct jsonata_chars chars;

    if (picture_chars(a, picture, &chars, err) < 0 || read_options(&f, options, noptions) < 0)
        return -1;
    if (analyse(&f, chars) < 0)
        return -1;
    *out = format_value(&f, value);
    return 0;
}
