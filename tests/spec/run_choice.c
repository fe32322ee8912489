/*
 * Choice rules against inputs.
 *
 *   rule {...}      the rule that the next lines are about
 *   true {...}      with this input it is true
 *   false {...}
 *   error {...}     it fails; the next line has the cause
 *     says TEXT
 *   refused {...}   a rule that cannot be; the next line has the finding
 *     says TEXT at POINTER
 */
#include "asl/choice.h"
#include "cases.h"

#include <string.h>

static int root(void *self, const struct jpath *p, json_object **to, struct err *err)
{
    *to = self;
    return 0;
}

static json_object *parse(struct cases *c, const char *text)
{
    struct err err = {0};
    json_object *o = NULL;

    if (js_parse(text, strlen(text), &o, &err) < 0)
        cases_result(c, false, "not JSON: %s", err.cause);
    return o;
}

static const struct choice_test *compile(struct cases *c, const char *text, struct arena *a,
                                         struct asl_findings *findings)
{
    static const struct place whole;
    const struct reading r = {.arena = a, .scratch = a, .findings = findings};
    struct read_in in;
    json_object *o = arena_adopt(a, parse(c, text));

    return read_object(&in, &r, o, &whole) ? choice_parse(&in) : NULL;
}

static char *says(struct cases *c)
{
    char *line = cases_line(c);
    char *text = line ? cases_after(line, "says") : NULL;

    if (!text)
        cases_result(c, false, "expected a line: says TEXT");
    return text ? text : (char *)(uintptr_t) "";
}

static void expect(struct cases *c, const struct choice_test *rule, const char *input, int want)
{
    struct err err = {0};
    json_object *o = parse(c, input);
    struct jpath_env env = {.root = root, .self = o};

    if (!rule) {
        cases_result(c, false, "there is no rule");
    } else {
        int got = choice_eval(rule, &env, &err);
        if (want >= 0) {
            cases_result(c, got == want, "got %d, expected %d: %s %s", got, want, input, err.cause);
        } else {
            const char *cause = says(c);
            cases_result(c, got == -1 && strcmp(err.cause, cause) == 0, "got %d: %s", got, err.cause);
        }
    }
    json_object_put(o);
}

static void expect_refused(struct cases *c, const char *text)
{
    struct arena *a = arena_new();
    struct asl_findings f = {0};
    char got[512] = "";

    compile(c, text, a, &f);
    if (f.n)
        snprintf(got, sizeof got, "%s at %s", f.list[0].message, f.list[0].at);
    const char *want = says(c);
    cases_result(c, strcmp(got, want) == 0, "got \"%s\"", got);
    asl_findings_fini(&f);
    arena_free(a);
}

static void run(struct cases *c)
{
    struct arena *a = arena_new();
    struct asl_findings f = {0};
    const struct choice_test *rule = NULL;
    char *line, *rest;

    while ((line = cases_line(c)) != NULL) {
        if ((rest = cases_after(line, "rule")) != NULL) {
            rule = compile(c, rest, a, &f);
            if (!rule)
                cases_result(c, false, "refused: %s at %s", f.list[f.n - 1].message, f.list[f.n - 1].at);
        } else if ((rest = cases_after(line, "true")) != NULL) {
            expect(c, rule, rest, 1);
        } else if ((rest = cases_after(line, "false")) != NULL) {
            expect(c, rule, rest, 0);
        } else if ((rest = cases_after(line, "error")) != NULL) {
            expect(c, rule, rest, -1);
        } else if ((rest = cases_after(line, "refused")) != NULL) {
            expect_refused(c, rest);
        } else {
            cases_result(c, false, "unknown line: %s", line);
        }
    }
    asl_findings_fini(&f);
    arena_free(a);
}

int main(int argc, char **argv)
{
    return cases_main(argc, argv, run);
}
