/*
 * Paths against data, in Jayway's dialect.
 *
 *   data JSON       what the next lines are about
 *   path PATH       selected from it ...
 *     gives JSON      ... with this result, or
 *     lacks TEXT      ... with this error
 *   malformed PATH  does not compile
 */
#include "base/json.h"
#include "cases.h"
#include "lang/jpath.h"

#include <string.h>

static json_object *parse(struct cases *c, const char *text)
{
    struct err err = {0};
    json_object *o = NULL;

    if (js_parse(text, strlen(text), &o, &err) < 0)
        cases_result(c, false, "not JSON: %s", err.cause);
    return o;
}

static void expect_result(struct cases *c, const char *want, json_object *got, const char *cause)
{
    json_object *o = parse(c, want);
    struct js_buf b = {0};

    js_write(&b, got);
    cases_result(c, !cause && js_equal(o, got), "got %s%s", cause ? "the error " : "", cause ? cause : b.p);
    js_buf_fini(&b);
    json_object_put(o);
}

static void expect(struct cases *c, const char *path, json_object *data)
{
    struct arena *a = arena_new();
    struct err err = {0};
    json_object *got = NULL;
    const struct jpath *p = jpath_parse(a, path, strlen(path), &err);
    bool good = p && jpath_select(p, data, &got, &err) == 0;
    char *line = cases_line(c), *want;

    if (line && (want = cases_after(line, "gives")) != NULL)
        expect_result(c, want, got, good ? NULL : err.cause);
    else if (line && (want = cases_after(line, "lacks")) != NULL)
        cases_result(c, p && !good && !strcmp(err.cause, want), "%s: %s", path, good ? "found" : err.cause);
    else
        cases_result(c, false, "expected a line: gives JSON, or: lacks TEXT");
    json_object_put(got);
    arena_free(a);
}

static void expect_malformed(struct cases *c, const char *path)
{
    struct arena *a = arena_new();
    struct err err = {0};

    cases_result(c, !jpath_parse(a, path, strlen(path), &err), "it compiles: %s", path);
    arena_free(a);
}

static void run(struct cases *c)
{
    json_object *data = NULL;
    char *line, *rest;

    while ((line = cases_line(c)) != NULL) {
        if ((rest = cases_after(line, "data")) != NULL) {
            json_object_put(data);
            data = parse(c, rest);
        } else if ((rest = cases_after(line, "path")) != NULL) {
            expect(c, rest, data);
        } else if ((rest = cases_after(line, "malformed")) != NULL) {
            expect_malformed(c, rest);
        } else {
            cases_result(c, false, "unknown line: %s", line);
        }
    }
    json_object_put(data);
}

int main(int argc, char **argv)
{
    return cases_main(argc, argv, run);
}
