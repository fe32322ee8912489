/* $formatInteger, $parseInteger, and the integers within pictures of moments. XPath Functions 3.1, 4.6. */
#include "base/json.h"
#include "lang/jsonata_picture_priv.h"

#include <math.h>
#include <string.h>

int picture_parsed_chars(struct arena *a, struct jsonata_text text, size_t max_chars,
                         struct jsonata_chars *to, struct err *err)
{
    if (js_chars(text.p, text.len) > max_chars)
        return err_set(err, "U1001", "A text that is parsed by a picture has at most %zu characters",
                       max_chars);
    *to = jsonata_chars(a, text);
    return 0;
}

int picture_chars(struct arena *a, struct jsonata_text picture, struct jsonata_chars *to, struct err *err)
{
    if (js_chars(picture.p, picture.len) > JSONATA_PICTURE_CHARS_MAX)
        return err_set(err, "U1001", "A picture string has at most %d characters", JSONATA_PICTURE_CHARS_MAX);
    *to = jsonata_chars(a, picture);
    return 0;
}

/* ---- the picture ---- */

/* The zeros of the families of digits, as Unicode had them in the reference. */
static const uint16_t ZEROS[] = {
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
};

/* The zero of c's family; 0: c is no digit. */
static uint32_t zero_of(uint32_t c)
{
    for (size_t i = 0; i < sizeof ZEROS / sizeof ZEROS[0]; i++) {
        if (c >= ZEROS[i] && c <= ZEROS[i] + 9u)
            return ZEROS[i];
    }
    return 0;
}

static size_t common_divisor(size_t a, size_t b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

static bool is_among(const size_t *positions, size_t n, size_t position)
{
    for (size_t i = 0; i < n; i++) {
        if (positions[i] == position)
            return true;
    }
    return false;
}

size_t picture_regular(const size_t *positions, size_t n)
{
    size_t distance = n ? positions[0] : 0;

    for (size_t i = 1; i < n; i++)
        distance = common_divisor(distance, positions[i]);
    for (size_t i = 1; i <= n; i++) {
        if (!is_among(positions, n, i * distance))
            return 0;
    }
    return distance;
}

/* The distance of separators that are all the same and equally far from each other; else 0. */
static size_t regular_distance(struct arena *a, const struct integer_picture *p)
{
    size_t *positions = arena_alloc(a, p->nseparators * sizeof *positions);

    for (size_t i = 0; i < p->nseparators; i++) {
        if (p->separators[i].c != p->separators[0].c)
            return 0;
        positions[i] = p->separators[i].position;
    }
    return picture_regular(positions, p->nseparators);
}

/* Counts digits and finds separators, from the right. */
static int read_digits(struct arena *a, struct jsonata_chars picture, struct integer_picture *p,
                       struct err *err)
{
    struct separator *separators = arena_alloc(a, picture.n * sizeof *separators);

    p->separators = separators;
    for (size_t i = picture.n; i-- > 0;) {
        uint32_t c = picture.c[i], zero = zero_of(c);
        if (zero) {
            if (p->mandatory++ == 0)
                p->zero = zero;
            else if (zero != p->zero)
                return err_set(err, "D3131",
                               "In a decimal digit pattern, all digits must be from the same decimal group");
        } else if (c == '#') {
            p->optional++;
        } else {
            separators[p->nseparators++] = (struct separator){p->mandatory + p->optional, c};
        }
    }
    return 0;
}

static int analyse_decimal(struct arena *a, struct jsonata_chars picture, struct integer_picture *p,
                           struct err *err)
{
    if (read_digits(a, picture, p, err) < 0)
        return -1;
    if (p->mandatory == 0) {
        p->primary = FORMAT_SEQUENCE;
        p->sequence = picture;
        return 0;
    }
    size_t distance = regular_distance(a, p);
    if (distance > 0) {
        struct separator *one = arena_alloc(a, sizeof *one);
        *one = (struct separator){distance, p->separators[0].c};
        p->regular = true;
        p->separators = one;
        p->nseparators = 1;
    }
    return 0;
}

static const struct {
    const char *token;
    enum primary_format primary;
    enum letter_case letter_case;
} TOKENS[] = {
    {"A", FORMAT_LETTERS, CASE_UPPER}, {"a", FORMAT_LETTERS, CASE_LOWER}, {"I", FORMAT_ROMAN, CASE_UPPER},
    {"i", FORMAT_ROMAN, CASE_LOWER},   {"W", FORMAT_WORDS, CASE_UPPER},   {"Ww", FORMAT_WORDS, CASE_TITLE},
    {"w", FORMAT_WORDS, CASE_LOWER},
};

int picture_analyse_integer(struct arena *a, struct jsonata_chars picture, struct integer_picture *p,
                            struct err *err)
{
    size_t semicolon = picture.n;

    while (semicolon > 0 && picture.c[semicolon - 1] != ';')
        semicolon--;
    *p = (struct integer_picture){
        .primary = FORMAT_DECIMAL,
        .ordinal = semicolon > 0 && semicolon < picture.n && picture.c[semicolon] == 'o',
    };
    if (semicolon > 0)
        picture = jsonata_chars_part(picture, 0, semicolon - 1);
    for (size_t i = 0; i < sizeof TOKENS / sizeof TOKENS[0]; i++) {
        if (jsonata_chars_are(picture, TOKENS[i].token)) {
            p->primary = TOKENS[i].primary;
            p->letter_case = TOKENS[i].letter_case;
            return 0;
        }
    }
    return analyse_decimal(a, picture, p, err);
}

/* ---- to text ---- */

int picture_no_sequence(struct arena *a, const struct integer_picture *p, struct err *err)
{
    return jsonata_refuse(err, "D3130", "Formatting or parsing an integer as a sequence starting with ",
                          jsonata_chars_text(a, p->sequence), " is not supported by this implementation");
}

static void add_digits(struct jsonata_build *to, double value, const struct integer_picture *p)
{
    char digits[JSONATA_NUMBER_BYTES];
    size_t n = jsonata_number_text(digits, value);

    for (size_t missing = p->mandatory > n ? p->mandatory - n : 0; missing > 0; missing--)
        jsonata_add_char(to, p->zero);
    for (size_t i = 0; i < n; i++)
        jsonata_add_char(to, (unsigned char)digits[i] - '0' + p->zero);
}

static void group_regularly(struct jsonata_build *to, const struct separator *s)
{
    struct jsonata_chars sign = {&s->c, 1};
    size_t digits = to->n;

    for (size_t left = s->position; left < digits; left += s->position)
        jsonata_insert(to, digits - left, sign);
}

/*
 * Each sign where the picture has it, as far as there are digits to its left; what begins the picture begins
 * shorter numbers, too: "INV-0000".  (The reference puts other signs in front of them as well, and some take
 * digits away.)
 */
static void group_as_shown(struct jsonata_build *to, const struct integer_picture *p)
{
    size_t digits = to->n, begin = p->mandatory + p->optional;

    for (size_t i = 0; i < p->nseparators; i++) {
        const struct separator *s = &p->separators[i];
        if (s->position < digits || s->position == begin)
            jsonata_insert(to, s->position < digits ? digits - s->position : 0,
                           (struct jsonata_chars){&s->c, 1});
    }
}

/* "th", "st", "nd" or "rd". */
static const char *ordinal_ending(struct jsonata_chars number)
{
    uint32_t last = number.c[number.n - 1];

    if (number.n > 1 && number.c[number.n - 2] == '1')
        return "th";
    return last == '1' ? "st" : last == '2' ? "nd" : last == '3' ? "rd" : "th";
}

static void format_decimal(struct jsonata_build *to, double value, const struct integer_picture *p)
{
    struct jsonata_build number = {.arena = to->arena};

    add_digits(&number, value, p);
    if (p->regular)
        group_regularly(&number, p->separators);
    else
        group_as_shown(&number, p);
    if (p->ordinal)
        jsonata_add_ascii(&number, ordinal_ending(jsonata_built(&number)));
    jsonata_add(to, jsonata_built(&number));
}

int picture_format_integer(struct jsonata_build *to, double value, const struct integer_picture *p,
                           struct err *err)
{
    if (!isfinite(value))
        return err_set(err, "D1001", "Number out of range: null");
    if (value < 0)
        jsonata_add_char(to, '-');
    value = fabs(value);
    switch (p->primary) {
    case FORMAT_LETTERS:
        picture_format_letters(to, value, p->letter_case == CASE_UPPER);
        return 0;
    case FORMAT_ROMAN:
        return picture_format_roman(to, value, p->letter_case == CASE_UPPER, err);
    case FORMAT_WORDS:
        picture_format_words(to, value, p->ordinal, p->letter_case);
        return 0;
    case FORMAT_DECIMAL:
        format_decimal(to, value, p);
        return 0;
    case FORMAT_SEQUENCE:
        break;
    }
    return picture_no_sequence(to->arena, p, err);
}

int jsonata_format_integer(struct arena *a, double value, struct jsonata_text picture,
                           struct jsonata_text *out, struct err *err)
{
    struct jsonata_build to = {.arena = a};
    struct integer_picture p;
    struct jsonata_chars chars;

    if (picture_chars(a, picture, &chars, err) < 0 || picture_analyse_integer(a, chars, &p, err) < 0 ||
        picture_format_integer(&to, floor(value), &p, err) < 0)
        return -1;
    *out = jsonata_chars_text(a, jsonata_built(&to));
    return 0;
}

/* ---- from text ---- */

/* Regular separators are taken for commas, as the reference does. */
static bool is_separator(const struct integer_picture *p, uint32_t c)
{
    if (p->regular)
        return c == ',';
    for (size_t i = 0; i < p->nseparators; i++) {
        if (p->separators[i].c == c)
            return true;
    }
    return false;
}

static int parse_decimal(struct arena *a, struct jsonata_chars text, const struct integer_picture *p,
                         double *out, struct err *err)
{
    struct jsonata_build digits = {.arena = a};
    size_t ending = p->ordinal ? 2 : 0;

    for (size_t i = 0; i + ending < text.n; i++) {
        uint32_t c = text.c[i];
        if (is_separator(p, c))
            continue;
        if (c + '0' < p->zero)
            return err_set(err, "D3131",
                           "In a decimal digit pattern, all digits must be from the same decimal group");
        jsonata_add_char(&digits, c + '0' - p->zero);
    }
    *out = jsonata_number_prefix(jsonata_built(&digits));
    return 0;
}

int picture_parse_integer(struct arena *a, struct jsonata_chars text, const struct integer_picture *p,
                          double *out, struct err *err)
{
    bool upper = p->letter_case == CASE_UPPER;

    switch (p->primary) {
    case FORMAT_LETTERS:
        *out = picture_parse_letters(text, upper);
        return 0;
    case FORMAT_ROMAN:
        *out = picture_parse_roman(text, upper);
        return 0;
    case FORMAT_WORDS:
        *out = picture_parse_words(text);
        return 0;
    case FORMAT_DECIMAL:
        return parse_decimal(a, text, p, out, err);
    case FORMAT_SEQUENCE:
        break;
    }
    return picture_no_sequence(a, p, err);
}

int jsonata_parse_integer(struct arena *a, struct jsonata_text text, struct jsonata_text picture, double *out,
                          struct err *err)
{
    struct integer_picture p;
    struct jsonata_chars chars, shape;

    if (picture_chars(a, picture, &shape, err) < 0 ||
        picture_parsed_chars(a, text, JSONATA_INTEGER_CHARS_MAX, &chars, err) < 0 ||
        picture_analyse_integer(a, shape, &p, err) < 0)
        return -1;
    return picture_parse_integer(a, chars, &p, out, err);
}
