/*
 * The functions of JSONata that write and read numbers and moments.
 *
 *   FUNCTION [ARGUMENTS]   a function without its "$", and JSON; null: the argument is left out
 *     gives JSON             its result; undefined, NaN or Infinity, too
 *     fails CODE MESSAGE     its error
 *
 * text is no function of the language: a number with all its digits, as in the text of results.  toMillis
 * takes one argument more, the moment of the evaluation.
 */
#include "base/json.h"
#include "cases.h"
#include "lang/jsonata_picture.h"

#include <math.h>
#include <string.h>

struct call {
    struct arena *arena;
    json_object *args;
    struct jsonata_text texts[3];
    struct err err;

    bool defined;
    bool is_text;
    struct jsonata_text text;
    double number;
};

static json_object *arg(struct call *c, size_t i)
{
    return json_object_array_get_idx(c->args, i);
}

static double number(struct call *c, size_t i, double otherwise)
{
    return arg(c, i) ? json_object_get_double(arg(c, i)) : otherwise;
}

static struct jsonata_text text_of(json_object *o)
{
    return (struct jsonata_text){json_object_get_string(o), (size_t)json_object_get_string_len(o)};
}

static struct jsonata_text text(struct call *c, size_t i)
{
    return text_of(arg(c, i));
}

static const struct jsonata_text *optional_text(struct call *c, size_t i)
{
    c->texts[i] = text(c, i);
    return arg(c, i) ? &c->texts[i] : NULL;
}

static int print(struct call *c, double d)
{
    char *buf = arena_alloc(c->arena, JSONATA_NUMBER_BYTES);

    c->is_text = true;
    c->text = (struct jsonata_text){buf, jsonata_number_text(buf, d)};
    return 0;
}

static int format_number(struct call *c)
{
    struct jsonata_option options[10];
    size_t n = 0;

    if (arg(c, 2)) {
        json_object_object_foreach(arg(c, 2), key, value)
        {
            options[n++] = (struct jsonata_option){{key, strlen(key)}, text_of(value)};
        }
    }
    return jsonata_format_number(c->arena, number(c, 0, 0), text(c, 1), options, n, &c->text, &c->err);
}

static int from_millis(struct call *c)
{
    return jsonata_from_millis(c->arena, number(c, 0, 0), optional_text(c, 1), optional_text(c, 2), &c->text,
                               &c->err);
}

static int to_millis(struct call *c)
{
    int rc = jsonata_to_millis(c->arena, text(c, 0), optional_text(c, 1), json_object_get_int64(arg(c, 2)),
                               &c->number, &c->err);

    c->defined = rc > 0;
    return rc;
}

static int call(struct call *c, const char *function)
{
    c->defined = true;
    c->is_text = !strncmp(function, "format", 6) || !strcmp(function, "fromMillis");
    if (!strcmp(function, "formatNumber"))
        return format_number(c);
    if (!strcmp(function, "formatInteger"))
        return jsonata_format_integer(c->arena, number(c, 0, 0), text(c, 1), &c->text, &c->err);
    if (!strcmp(function, "parseInteger"))
        return jsonata_parse_integer(c->arena, text(c, 0), text(c, 1), &c->number, &c->err);
    if (!strcmp(function, "fromMillis"))
        return from_millis(c);
    if (!strcmp(function, "toMillis"))
        return to_millis(c);
    if (!strcmp(function, "formatBase"))
        return jsonata_format_base(c->arena, number(c, 0, 0), number(c, 1, 10), &c->text, &c->err);
    if (!strcmp(function, "number"))
        return jsonata_number_parse(text(c, 0), &c->number, &c->err);
    if (!strcmp(function, "power"))
        return jsonata_power(number(c, 0, 0), number(c, 1, 0), &c->number, &c->err);
    if (!strcmp(function, "sqrt"))
        return jsonata_sqrt(number(c, 0, 0), &c->number, &c->err);
    if (!strcmp(function, "string"))
        return print(c, jsonata_number_15(number(c, 0, 0)));
    if (!strcmp(function, "text"))
        return print(c, number(c, 0, 0));
    c->number = jsonata_round(number(c, 0, 0), number(c, 1, 0));
    return 0;
}

/* The result as the cases write it. */
static const char *written(struct call *c)
{
    struct js_buf b = {0};

    if (!c->defined)
        return "undefined";
    if (!c->is_text)
        print(c, c->number);
    else
        js_buf_quoted(&b, c->text.p, c->text.len);
    const char *copy = b.p ? arena_strndup(c->arena, b.p, b.len) : c->text.p;
    js_buf_fini(&b);
    return copy;
}

static void expect(struct cases *cases, struct call *c, const char *function)
{
    bool good = call(c, function) >= 0;
    char got[ERR_CAUSE_BYTES + 100], *line = cases_line(cases), *want;

    snprintf(got, sizeof got, "%s %s", good ? "" : c->err.name, c->err.cause);
    if (line && good && (want = cases_after(line, "gives")) != NULL) {
        const char *result = written(c);
        cases_result(cases, !strcmp(want, result), "got %s", result);
    } else if (line && !good && (want = cases_after(line, "fails")) != NULL) {
        cases_result(cases, !strcmp(want, got), "got the error %s", got);
    } else {
        cases_result(cases, false, "got %s", good ? written(c) : got);
    }
}

static void run(struct cases *cases)
{
    char *line;

    while ((line = cases_line(cases)) != NULL) {
        struct call c = {.arena = arena_new()};
        char *args = strchr(line, ' ');
        if (args && js_parse(args, strlen(args), &c.args, NULL) == 0) {
            *args = '\0';
            expect(cases, &c, line);
        } else {
            cases_result(cases, false, "unknown line: %s", line);
        }
        json_object_put(c.args);
        arena_free(c.arena);
    }
}

int main(int argc, char **argv)
{
    return cases_main(argc, argv, run);
}
