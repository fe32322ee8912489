/*
 * Numbers and moments by picture. The first line is a picture, the second a text to parse by it, the third a
 * time zone, or the value of an option named by the fourth; the number to print comes from the text.
 */
#include "base/json.h"
#include "lang/jsonata_picture.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 4 };

/* Bounded, and UTF-8 that other doors would take: lone surrogates aside. */
static void check_text(struct jsonata_text text)
{
    PAWL_ASSERT(text.len < 200000);
    PAWL_ASSERT(text.p[text.len] == '\0');
}

static void check(int rc, const struct err *err)
{
    PAWL_ASSERT(rc >= 0 || (err->name && err->cause[0] && js_is_utf8(err->cause, strlen(err->cause))));
}

static struct jsonata_text line(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size ? memchr(*data, '\n', *size) : NULL;
    struct jsonata_text text = {(const char *)*data, end ? (size_t)(end - *data) : *size};

    *data += text.len + (end != NULL);
    *size -= text.len + (end != NULL);
    return text;
}

static double number_from(struct arena *a, struct jsonata_text text)
{
    double d;

    if (jsonata_number_parse(text, &d, NULL) == 0 && !isnan(d))
        return d;
    d = 0;
    memcpy(&d, text.p, text.len < sizeof d ? text.len : sizeof d);
    return d;
}

static void numbers(struct arena *a, double d)
{
    struct jsonata_text out;
    struct err err = {.name = NULL};
    char text[JSONATA_NUMBER_BYTES];

    PAWL_ASSERT(jsonata_number_text(text, d) < sizeof text);
    PAWL_ASSERT(!isfinite(d) || strtod(text, NULL) == d);
    jsonata_number_15(d);
    jsonata_round(d, 2);
    jsonata_round(2.5, d);
    for (double radix = 2; radix <= 36; radix += 17) {
        check(jsonata_format_base(a, d, radix, &out, &err), &err);
        check_text(out);
    }
    if (jsonata_format_base(a, 1, d, &out, &err) < 0)
        check(-1, &err);
    jsonata_number_fixed(a, d, 3);
}

static void by_picture(struct arena *a, const struct jsonata_text *lines, double d)
{
    struct jsonata_option option = {lines[3], lines[2]};
    struct jsonata_text out = {"", 0};
    struct err err = {.name = NULL};
    double n;
    int rc;

    check(rc = jsonata_format_integer(a, d, lines[0], &out, &err), &err);
    check_text(out);
    if (rc == 0)
        check(jsonata_parse_integer(a, out, lines[0], &n, &err), &err);
    check(jsonata_parse_integer(a, lines[1], lines[0], &n, &err), &err);
    check(jsonata_format_number(a, d, lines[0], &option, 1, &out, &err), &err);
    check_text(out);
    check(rc = jsonata_from_millis(a, d, &lines[0], lines[2].len ? &lines[2] : NULL, &out, &err), &err);
    check_text(out);
    if (rc == 0)
        check(jsonata_to_millis(a, out, &lines[0], 1700000000000, &n, &err), &err);
    check(jsonata_to_millis(a, lines[1], &lines[0], 1700000000000, &n, &err), &err);
    check(jsonata_to_millis(a, lines[1], NULL, 0, &n, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct jsonata_text lines[LINES];

    for (int i = 0; i < LINES; i++)
        lines[i] = line(&data, &size);
    double d = number_from(a, lines[1]);
    numbers(a, d);
    by_picture(a, lines, d);
    arena_free(a);
    return 0;
}
