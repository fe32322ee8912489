/*
 * Expressions of templates: intrinsic functions and their arguments.
 *
 *   data JSON        what "$" stands for in the next lines
 *   context JSON     "$$"
 *   variables JSON   an object: "$name"
 *   call EXPR        a path or a call ...
 *     gives JSON       ... with this result, or
 *     fails NAME TEXT  ... with this error
 *   malformed EXPR   does not compile
 */
#include "base/clock.h"
#include "base/json.h"
#include "cases.h"
#include "lang/template.h"

#include <string.h>

struct world {
    json_object *data, *context, *variables;
    uint64_t draws;
};

static int root(void *self, const struct jpath *p, json_object **to, struct err *err)
{
    struct world *w = self;

    if (p->root != JPATH_VARIABLE) {
        *to = p->root == JPATH_DATA ? w->data : w->context;
        return 0;
    }
    if (w->variables && json_object_object_get_ex(w->variables, p->variable, to))
        return 0;
    return err_set(err, ERR_RUNTIME, "There is no variable '%s'", p->variable);
}

static uint64_t dice(void *self)
{
    struct world *w = self;
    return clock_dice(7, w->draws++);
}

static json_object *parse(struct cases *c, const char *text)
{
    struct err err = {0};
    json_object *o = NULL;

    if (js_parse(text, strlen(text), &o, &err) < 0)
        cases_result(c, false, "not JSON: %s", err.cause);
    return o;
}

/* The result as text: Format shows numbers as they were written, so 3 is not 3.0 here. */
static void expect_result(struct cases *c, const char *want, json_object *got, const char *cause)
{
    json_object *o = parse(c, want);
    struct js_buf b = {0}, wanted = {0};

    js_write(&b, got);
    js_write(&wanted, o);
    cases_result(c, !cause && !strcmp(b.p, wanted.p), "got %s%s", cause ? "the error " : "",
                 cause ? cause : b.p);
    js_buf_fini(&b);
    js_buf_fini(&wanted);
    json_object_put(o);
}

static void expect_error(struct cases *c, const char *want, const struct err *err)
{
    char got[ERR_CAUSE_BYTES + 100];

    snprintf(got, sizeof got, "%s %s", err->name ? err->name : "", err->cause);
    cases_result(c, !strcmp(got, want), "got the error %s", got);
}

static void expect(struct cases *c, const char *expr, struct world *w)
{
    struct arena *a = arena_new();
    struct jpath_env env = {.root = root, .dice = dice, .self = w};
    struct err err = {0};
    json_object *got = NULL;
    const struct tmpl_expr *e = tmpl_expr_parse(a, expr, strlen(expr), &err);
    bool good = e && tmpl_expr_eval(e, "field.$", &env, &got, &err) == 0;
    char *line = cases_line(c), *want;

    if (line && (want = cases_after(line, "gives")) != NULL)
        expect_result(c, want, got, good ? NULL : err.cause);
    else if (line && (want = cases_after(line, "fails")) != NULL && !good)
        expect_error(c, want, &err);
    else
        cases_result(c, false, "it does not fail: %s", expr);
    json_object_put(got);
    arena_free(a);
}

static void expect_malformed(struct cases *c, const char *expr)
{
    struct arena *a = arena_new();
    struct err err = {0};

    cases_result(c, !tmpl_expr_parse(a, expr, strlen(expr), &err), "it compiles: %s", expr);
    arena_free(a);
}

static void replace(struct cases *c, json_object **o, const char *text)
{
    json_object_put(*o);
    *o = parse(c, text);
}

static void run(struct cases *c)
{
    struct world w = {0};
    char *line, *rest;

    while ((line = cases_line(c)) != NULL) {
        if ((rest = cases_after(line, "data")) != NULL)
            replace(c, &w.data, rest);
        else if ((rest = cases_after(line, "context")) != NULL)
            replace(c, &w.context, rest);
        else if ((rest = cases_after(line, "variables")) != NULL)
            replace(c, &w.variables, rest);
        else if ((rest = cases_after(line, "call")) != NULL)
            expect(c, rest, &w);
        else if ((rest = cases_after(line, "malformed")) != NULL)
            expect_malformed(c, rest);
        else
            cases_result(c, false, "unknown line: %s", line);
    }
    json_object_put(w.data);
    json_object_put(w.context);
    json_object_put(w.variables);
}

int main(int argc, char **argv)
{
    return cases_main(argc, argv, run);
}
