/*
 * Expressions in JSONata.
 *
 *   input JSON            what "$" is in the next lines; "input" alone: nothing
 *   variables JSON        an object: "$name"
 *   limits STEPS DEPTH KB what an evaluation may use in the next lines; "limits" alone: the default
 *   expr EXPRESSION       ... evaluated from it ...
 *     gives JSON            ... with this result, or
 *     nothing               ... which is undefined, or
 *     function              ... a function, or
 *     fails CODE MESSAGE    ... with this error; an expression that does not compile as well, or
 *     fails CODE at POSITION MESSAGE
 */
#include "base/clock.h"
#include "base/json.h"
#include "cases.h"
#include "lang/jsonata.h"

#include <string.h>

struct world {
    bool has_input;
    json_object *input, *variables;
    struct jsonata_limits limits;
    uint64_t draws;
};

struct outcome {
    bool good;
    enum jsonata_kind kind;
    json_object *json;
    struct err err;
    struct jsonata_place place;
};

static int variable(void *self, const char *name, json_object **value, struct err *err)
{
    const struct world *w = self;

    (void)err;
    return w->variables && json_object_object_get_ex(w->variables, name, value) ? 1 : 0;
}

static uint64_t dice(void *self)
{
    struct world *w = self;
    return clock_dice(7, w->draws++);
}

static void evaluate(const char *expr, struct world *w, struct outcome *o)
{
    struct jsonata_env env = {.input = w->input,
                              .has_input = w->has_input,
                              .variable = variable,
                              .dice = dice,
                              .self = w,
                              .now_ms = INT64_C(1700000000123),
                              .eval = true,
                              .limits = w->limits};
    struct arena *a = arena_new();
    const struct jsonata *x = jsonata_parse(a, expr, strlen(expr), &o->err, &o->place);

    o->good = x && jsonata_eval(x, &env, &o->kind, &o->json, &o->err, &o->place) == 0;
    arena_free(a);
}

static json_object *parse(struct cases *c, const char *text)
{
    struct err err = {0};
    json_object *o = NULL;

    if (js_parse(text, strlen(text), &o, &err) < 0)
        cases_result(c, false, "not JSON: %s", err.cause);
    return o;
}

static const char *said(const struct outcome *o, struct js_buf *b)
{
    js_buf_str(b, "");
    if (!o->good) {
        js_buf_str(b, o->err.name);
        js_buf_str(b, " at ");
        js_buf_int(b, o->place.position);
        js_buf_str(b, " ");
        js_buf_str(b, o->err.cause);
    } else if (o->kind == JSONATA_JSON) {
        js_write(b, o->json);
    } else {
        js_buf_str(b, o->kind == JSONATA_UNDEFINED ? "nothing" : "a function");
    }
    return b->p;
}

/* "CODE MESSAGE" or "CODE at POSITION MESSAGE" */
static bool fails_so(const struct outcome *o, const char *want)
{
    char with[ERR_CAUSE_BYTES + 100], without[ERR_CAUSE_BYTES + 100];

    if (o->good)
        return false;
    snprintf(with, sizeof with, "%s at %lld %s", o->err.name, (long long)o->place.position, o->err.cause);
    snprintf(without, sizeof without, "%s %s", o->err.name, o->err.cause);
    return !strcmp(want, with) || !strcmp(want, without);
}

static bool gives(struct cases *c, const struct outcome *o, const char *want)
{
    json_object *wanted = parse(c, want);
    bool same = o->good && o->kind == JSONATA_JSON && js_equal(wanted, o->json);

    json_object_put(wanted);
    return same;
}

static void expect(struct cases *c, const char *expr, struct world *w)
{
    struct outcome o = {0};
    struct js_buf b = {0};
    char *line, *want;
    bool good = false;

    evaluate(expr, w, &o);
    if ((line = cases_line(c)) == NULL)
        good = false;
    else if ((want = cases_after(line, "gives")) != NULL)
        good = gives(c, &o, want);
    else if (cases_after(line, "nothing"))
        good = o.good && o.kind == JSONATA_UNDEFINED;
    else if (cases_after(line, "function"))
        good = o.good && o.kind == JSONATA_FUNCTION;
    else if ((want = cases_after(line, "fails")) != NULL)
        good = fails_so(&o, want);
    cases_result(c, good, "%s\n    got %s", expr, said(&o, &b));
    js_buf_fini(&b);
    json_object_put(o.json);
}

static void replace(struct cases *c, json_object **o, const char *text)
{
    json_object_put(*o);
    *o = *text ? parse(c, text) : NULL;
}

static void set_limits(struct world *w, const char *text)
{
    unsigned long long steps = 0, kb = 0;
    unsigned depth = 0;

    sscanf(text, "%llu %u %llu", &steps, &depth, &kb);
    w->limits = (struct jsonata_limits){.steps = steps, .depth = depth, .memory_bytes = (size_t)kb * 1024};
}

static void run(struct cases *c)
{
    struct world w = {0};
    char *line, *rest;

    while ((line = cases_line(c)) != NULL) {
        if ((rest = cases_after(line, "input")) != NULL) {
            replace(c, &w.input, rest);
            w.has_input = *rest != '\0';
        } else if ((rest = cases_after(line, "variables")) != NULL) {
            replace(c, &w.variables, rest);
        } else if ((rest = cases_after(line, "limits")) != NULL) {
            set_limits(&w, rest);
        } else if ((rest = cases_after(line, "expr")) != NULL) {
            expect(c, rest, &w);
        } else {
            cases_result(c, false, "unknown line: %s", line);
        }
    }
    json_object_put(w.input);
    json_object_put(w.variables);
}

int main(int argc, char **argv)
{
    return cases_main(argc, argv, run);
}
