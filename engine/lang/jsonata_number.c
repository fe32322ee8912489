#include "lang/jsonata_number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- as text ---- */

enum {
    FIGURES_FIT = 15,     /* as many decimal figures survive in a double */
    FIGURES_ENOUGH = 17,  /* tell any two doubles apart */
    FIGURES_EXACT = 800,  /* more than any double has */
    FIXED_BYTES = 128,    /* below 1e21, with 100 places */
    BASE_BYTES_MAX = 1100 /* of the largest double in base 2 */
};

#define LEAST_NORMAL 0x1p-1022 /* smaller numbers have fewer bits, and fewer figures */

struct decimal { /* 0.DIGITS times ten to the power of point */
    char digits[FIGURES_ENOUGH + 1];
    int n, point;
};

static struct decimal decimal_near(double d, int figures)
{
    struct decimal to = {.n = figures};
    char text[JSONATA_NUMBER_BYTES];

    snprintf(text, sizeof text, "%.*e", figures - 1, d); /* "1.234e-05", "1e+00" */
    to.digits[0] = text[0];
    if (figures > 1)
        memcpy(to.digits + 1, text + 2, (size_t)figures - 1);
    to.point = 1 + (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    return to;
}

static void decimal_next(struct decimal *d)
{
    int i = d->n - 1;

    while (i > 0 && d->digits[i] == '9')
        d->digits[i--] = '0';
    if (d->digits[i] < '9') {
        d->digits[i]++;
    } else {
        d->digits[i] = '1';
        d->point++;
    }
}

static void decimal_cut(struct decimal *d, int figures)
{
    d->n = figures;
    d->digits[figures] = '\0';
}

static void drop_zeros(struct decimal *d)
{
    while (d->n > 1 && d->digits[d->n - 1] == '0')
        d->n--;
}

static double decimal_value(const struct decimal *d)
{
    char text[2 * JSONATA_NUMBER_BYTES];

    snprintf(text, sizeof text, "0.%se%d", d->digits, d->point);
    return strtod(text, NULL);
}

/*
 * Is d (positive) a whole number or one with few places, as counts and prices are?  No other decimal of up to
 * 15 figures reads back as the same double, so this one is the shortest, and the one of 15 figures as well.
 */
static bool is_plain(double d, struct decimal *to)
{
    static const double tens[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};

    for (int places = 0; places <= 6; places++) {
        double scaled = round(d * tens[places]);
        if (scaled < 1 || scaled >= 1e15 || scaled / tens[places] != d)
            continue;
        char digits[FIGURES_FIT + 1], *from = digits + FIGURES_FIT;
        for (uint64_t n = (uint64_t)scaled; n; n /= 10)
            *--from = (char)('0' + n % 10);
        to->n = (int)(digits + FIGURES_FIT - from);
        to->point = to->n - places;
        memcpy(to->digits, from, (size_t)to->n);
        return true;
    }
    return false;
}

/*
 * d is positive. Below a power of two doubles lie closer than above it: there the nearest decimal can be
 * another number's already, while the next one upwards still is d's.
 */
static struct decimal shortest(double d)
{
    struct decimal to = {.n = 0};

    if (is_plain(d, &to))
        return to;
    for (int figures = d < LEAST_NORMAL ? 1 : FIGURES_FIT; figures <= FIGURES_ENOUGH; figures++) {
        to = decimal_near(d, figures);
        if (decimal_value(&to) == d)
            break;
        decimal_next(&to);
        if (decimal_value(&to) == d)
            break;
    }
    drop_zeros(&to);
    return to;
}

static char *put(char *p, const char *text, int n)
{
    memcpy(p, text, (size_t)n);
    return p + n;
}

static char *put_zeros(char *p, int n)
{
    memset(p, '0', (size_t)n);
    return p + n;
}

static char *put_exponent_form(char *p, const struct decimal *d)
{
    *p++ = d->digits[0];
    if (d->n > 1) {
        *p++ = '.';
        p = put(p, d->digits + 1, d->n - 1);
    }
    return p + snprintf(p, 8, "e%+d", d->point - 1);
}

/* Source: ECMAScript, Number::toString. */
static char *put_decimal(char *p, const struct decimal *d)
{
    if (d->point > 21 || d->point <= -6)
        return put_exponent_form(p, d);
    if (d->point <= 0) {
        p = put(p, "0.", 2);
        p = put_zeros(p, -d->point);
        return put(p, d->digits, d->n);
    }
    if (d->n <= d->point) {
        p = put(p, d->digits, d->n);
        return put_zeros(p, d->point - d->n);
    }
    p = put(p, d->digits, d->point);
    *p++ = '.';
    return put(p, d->digits + d->point, d->n - d->point);
}

size_t jsonata_number_text(char buf[JSONATA_NUMBER_BYTES], double d)
{
    char *p = buf;

    if (isnan(d)) {
        p = put(p, "NaN", 3);
    } else {
        if (d < 0)
            *p++ = '-';
        if (isinf(d)) {
            p = put(p, "Infinity", 8);
        } else if (d == 0) {
            *p++ = '0';
        } else {
            struct decimal decimal = shortest(fabs(d));
            p = put_decimal(p, &decimal);
        }
    }
    *p = '\0';
    return (size_t)(p - buf);
}

/* Of d (positive), printed with so many figures: is a 5 all that stands behind the first ones? */
static bool half_behind(double d, int first, int figures)
{
    char text[FIGURES_EXACT + 16];

    snprintf(text, sizeof text, "%.*e", figures - 1, d);
    text[1] = text[0]; /* over the point */
    const char *rest = text + 1 + first;
    return *rest == '5' && strspn(rest + 1, "0") == (size_t)(figures - first - 1);
}

/*
 * Is d (positive) exactly in the middle between two numbers of so many figures? JavaScript goes up there,
 * printf to the even one.  Few figures more tell it of nearly all.
 */
static bool in_the_middle(double d, int figures)
{
    enum { MORE = 8 };

    return figures >= 0 && figures + MORE < FIGURES_EXACT && half_behind(d, figures, figures + MORE) &&
           half_behind(d, figures, FIGURES_EXACT);
}

/* d is positive. */
static struct decimal of_15_figures(double d)
{
    struct decimal rounded = decimal_near(d, FIGURES_FIT + 1);

    if (rounded.digits[FIGURES_FIT] != '5' || !in_the_middle(d, FIGURES_FIT))
        return decimal_near(d, FIGURES_FIT);
    decimal_cut(&rounded, FIGURES_FIT);
    decimal_next(&rounded);
    return rounded;
}

size_t jsonata_number_text_15(char buf[JSONATA_NUMBER_BYTES], double d)
{
    double size = fabs(d);
    struct decimal decimal;

    if (!(size >= LEAST_NORMAL && size <= 1e308)) /* among those two of 15 figures can be one number */
        return jsonata_number_text(buf, jsonata_number_15(d));
    if (!is_plain(size, &decimal)) {
        decimal = of_15_figures(size);
        drop_zeros(&decimal);
    }
    char *p = buf;
    if (d < 0)
        *p++ = '-';
    p = put_decimal(p, &decimal);
    *p = '\0';
    return (size_t)(p - buf);
}

double jsonata_number_15(double d)
{
    struct decimal plain;

    if (!isfinite(d) || d == 0 || is_plain(fabs(d), &plain))
        return d;
    const struct decimal rounded = of_15_figures(fabs(d));
    return d < 0 ? -decimal_value(&rounded) : decimal_value(&rounded);
}

/* "9.99" becomes "10.00". */
static void increment(char *text)
{
    for (char *p = text + strlen(text); p-- > text;) {
        if (*p >= '0' && *p < '9') {
            ++*p;
            return;
        }
        if (*p == '9')
            *p = '0';
    }
    memmove(text + 1, text, strlen(text) + 1);
    *text = '1';
}

const char *jsonata_number_fixed(struct arena *a, double d, int places)
{
    char *text = arena_alloc(a, FIXED_BYTES);

    PAWL_ASSERT(places >= 0 && places <= 100);
    d = fabs(d);
    if (!(d < 1e21)) {
        jsonata_number_text(text, d);
    } else if (d > 0 && in_the_middle(d, decimal_near(d, FIGURES_ENOUGH).point + places)) {
        int len = snprintf(text, FIXED_BYTES, "%.*f", places + 1, d); /* exact: it ends with the 5 */
        text[len - (places > 0 ? 1 : 2)] = '\0';
        increment(text);
    } else {
        snprintf(text, FIXED_BYTES, "%.*f", places, d);
    }
    return text;
}

/* ---- from text ---- */

static size_t digits(const char *p, const char *end)
{
    const char *from = p;

    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return (size_t)(p - from);
}

/* -?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)? */
static bool is_decimal(struct jsonata_text text)
{
    const char *p = text.p, *end = p + text.len;
    size_t n;

    p += p < end && *p == '-';
    p += n = digits(p, end);
    if (n == 0)
        return false;
    if (p < end && *p == '.') {
        p += 1 + (n = digits(p + 1, end));
        if (n == 0)
            return false;
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '-' || *p == '+');
        p += n = digits(p, end);
        if (n == 0)
            return false;
    }
    return p == end;
}

static double value_of_text(struct jsonata_text text)
{
    char *copy = mem_strndup(text.p, text.len);
    double d = strtod(copy, NULL);

    free(copy);
    return d;
}

static unsigned digit_value(uint32_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
        return (c | 0x20) - 'a' + 10;
    return 99;
}

/* The bits of the digit behind the 0: 4 for 'x', 3 for 'o', 1 for 'b'; else 0. */
static unsigned bits_of_prefix(char c)
{
    return (c | 0x20) == 'x' ? 4 : (c | 0x20) == 'o' ? 3 : (c | 0x20) == 'b' ? 1 : 0;
}

/* The number that bits are, rounded to even: what does not fit into 64 of them leaves a trace in the last. */
struct bits {
    uint64_t first;
    bool more;   /* a bit that did not fit was set */
    int dropped; /* bits that did not fit */
};

static void add_bits(struct bits *b, unsigned digit, unsigned n)
{
    while (n-- > 0) {
        unsigned bit = digit >> n & 1;
        if (b->first >> 63) {
            b->more |= bit;
            if (b->dropped < 10000)
                b->dropped++;
        } else {
            b->first = b->first << 1 | bit;
        }
    }
}

static double bits_value(const struct bits *b)
{
    return (double)(b->first | b->more) * pow(2, b->dropped);
}

/* "0x1F", "0o17", "0b11", whole and without a sign; else NaN. */
static double prefixed_value(struct jsonata_text text)
{
    struct bits b = {0};
    unsigned bits = text.len > 2 && text.p[0] == '0' ? bits_of_prefix(text.p[1]) : 0;

    if (bits == 0)
        return NAN;
    for (size_t i = 2; i < text.len; i++) {
        unsigned digit = digit_value((unsigned char)text.p[i]);
        if (digit >> bits)
            return NAN;
        add_bits(&b, digit, bits);
    }
    return bits_value(&b);
}

static bool prefix_stands_at(struct jsonata_text text, size_t i, unsigned bits)
{
    return text.len - i > 2 && text.p[i] == '0' && bits_of_prefix(text.p[i + 1]) == bits &&
           digit_value((unsigned char)text.p[i + 2]) >> bits == 0;
}

/* ^(0[xX][0-9A-Fa-f]+)|(0[oO][0-7]+)|(0[bB][0-1]+)$: hexadecimal begins so, octal is anywhere, binary ends
 * so. */
static bool looks_prefixed(struct jsonata_text text)
{
    size_t binary_end = text.len;

    while (binary_end > 0 && (text.p[binary_end - 1] == '0' || text.p[binary_end - 1] == '1'))
        binary_end--;
    bool binary = binary_end > 1 && binary_end < text.len && prefix_stands_at(text, binary_end - 2, 1);
    bool hexadecimal = text.len > 0 && prefix_stands_at(text, 0, 4);
    for (size_t i = 0; !binary && !hexadecimal && i < text.len; i++) {
        if (prefix_stands_at(text, i, 3))
            return true;
    }
    return binary || hexadecimal;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct jsonata_text trimmed(struct jsonata_text text)
{
    for (; text.len > 0 && is_blank(*text.p); text.p++)
        text.len--;
    while (text.len > 0 && is_blank(text.p[text.len - 1]))
        text.len--;
    return text;
}

int jsonata_number_parse(struct jsonata_text text, double *out, struct err *err)
{
    if (is_decimal(text)) {
        *out = value_of_text(text);
        if (isfinite(*out))
            return 0;
    } else if (looks_prefixed(text)) {
        *out = prefixed_value(trimmed(text));
        return 0;
    }
    return jsonata_refuse(err, "D3030", "Unable to cast value to a number: ", text, "");
}

/* NaN without digits. */
static double digits_value(struct jsonata_chars chars, bool hexadecimal)
{
    struct bits b = {0};

    if (chars.n == 0)
        return NAN;
    if (!hexadecimal) {
        char *ascii = mem_alloc(chars.n + 1);
        for (size_t i = 0; i < chars.n; i++)
            ascii[i] = (char)chars.c[i];
        ascii[chars.n] = '\0';
        double d = strtod(ascii, NULL);
        free(ascii);
        return d;
    }
    for (size_t i = 0; i < chars.n; i++)
        add_bits(&b, digit_value(chars.c[i]), 4);
    return bits_value(&b);
}

double jsonata_number_prefix(struct jsonata_chars text)
{
    size_t i = 0, first;

    while (i < text.n && jsonata_is_space(text.c[i]))
        i++;
    bool negative = i < text.n && text.c[i] == '-';
    i += negative || (i < text.n && text.c[i] == '+');
    bool hexadecimal = text.n - i >= 2 && text.c[i] == '0' && (text.c[i + 1] | 0x20) == 'x';
    i += hexadecimal ? 2 : 0;
    for (first = i; i < text.n && digit_value(text.c[i]) < (hexadecimal ? 16 : 10);)
        i++;
    double d = digits_value(jsonata_chars_part(text, first, i), hexadecimal);
    return negative ? -d : d;
}

/* ---- rounding, powers ---- */

/* d times ten to the power of places, by moving the point of its text: a product would not be exact. */
static double shifted(double d, double places)
{
    char text[JSONATA_NUMBER_BYTES], moved[3 * JSONATA_NUMBER_BYTES];

    if (!isfinite(d) || places != floor(places) || fabs(places) >= 1e20)
        return NAN;
    jsonata_number_text(text, d);
    char *e = strchr(text, 'e');
    double exponent = e ? strtod(e + 1, NULL) : 0;
    if (e)
        *e = '\0';
    snprintf(moved, sizeof moved, "%se%.0f", text, exponent + places);
    return strtod(moved, NULL);
}

double jsonata_round(double d, double precision)
{
    double rounded;

    if (precision == 0 || isnan(precision))
        rounded = nearbyint(d);
    else
        rounded = shifted(nearbyint(shifted(d, precision)), -precision);
    return rounded == 0 ? 0 : rounded;
}

/* A number as JSON.stringify writes it. */
static const char *json_number(char buf[JSONATA_NUMBER_BYTES], double d)
{
    if (!isfinite(d))
        return "null";
    jsonata_number_text(buf, d);
    return buf;
}

int jsonata_power(double base, double exponent, double *out, struct err *err)
{
    char b[JSONATA_NUMBER_BYTES], e[JSONATA_NUMBER_BYTES];

    *out = pow(base, exponent);
    if (isfinite(*out))
        return 0;
    return err_set(err, "D3061",
                   "The power function has resulted in a value that cannot be represented as a JSON number: "
                   "base=%s, exponent=%s",
                   json_number(b, base), json_number(e, exponent));
}

int jsonata_sqrt(double d, double *out, struct err *err)
{
    char buf[JSONATA_NUMBER_BYTES];

    if (d < 0)
        return err_set(err, "D3060", "The sqrt function cannot be applied to a negative number: %s",
                       json_number(buf, d));
    *out = sqrt(d);
    return 0;
}

/* ---- bases ---- */

/* d is an integer, radix too. Digits that its 53 bits say nothing of are zeros. Returns where the text
 * begins. */
static char *put_in_base(char *end, double d, double radix)
{
    char *p = end;
    double rest = fabs(d);

    *--p = '\0';
    for (; rest / radix >= 0x1p53; rest /= radix)
        *--p = '0';
    do {
        double digit = fmod(rest, radix);
        *--p = "0123456789abcdefghijklmnopqrstuvwxyz"[(int)digit];
        rest = (rest - digit) / radix;
    } while (rest > 0);
    if (d < 0)
        *--p = '-';
    return p;
}

int jsonata_format_base(struct arena *a, double value, double radix, struct jsonata_text *out,
                        struct err *err)
{
    char text[BASE_BYTES_MAX], *p = text;

    value = jsonata_round(value, 0);
    radix = jsonata_round(radix, 0);
    if (!(radix >= 2 && radix <= 36))
        return err_set(err, "D3100",
                       "The radix of the formatBase function must be between 2 and 36.  It was given %s",
                       json_number(text, radix));
    if (radix == 10 || !isfinite(value))
        jsonata_number_text(text, value);
    else
        p = put_in_base(text + sizeof text, value, radix);
    out->len = strlen(p);
    out->p = arena_strndup(a, p, out->len);
    return 0;
}
