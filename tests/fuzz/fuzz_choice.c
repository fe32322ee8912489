/*
 * The first two lines are choice rules, the third is an input: And, Or and Not of rules are what they are
 * made of, and what choice_implied and choice_covered say of two rules is true of every input.
 */
#include "asl/choice.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int root(void *self, const struct jpath *p, json_object **to, struct err *err)
{
    if (p->root != JPATH_DATA)
        return err_set(err, ERR_RUNTIME, "There is data alone");
    *to = self;
    return 0;
}

static const struct choice_test *compile(struct arena *a, json_object *rule)
{
    static const struct place whole;
    struct asl_findings findings = {0};
    const struct reading r = {.arena = a, .scratch = a, .findings = &findings};
    struct read_in in;
    const struct choice_test *t = read_object(&in, &r, rule, &whole) ? choice_parse(&in) : NULL;

    PAWL_ASSERT(t || findings.n);
    asl_findings_fini(&findings);
    return t;
}

static int evaluate(const struct choice_test *t, json_object *input)
{
    const struct jpath_env env = {.root = root, .self = input};
    struct err err = {.name = NULL};
    int rc = choice_eval(t, &env, &err);

    PAWL_ASSERT(rc == 0 || rc == 1 || (rc == -1 && err.name && err.cause[0]));
    return rc;
}

/* {"And": [rule, rule]} and its like, of one rule or two. */
static int evaluate_made(struct arena *a, const char *name, json_object *rule, json_object *other,
                         json_object *input)
{
    json_object *made = arena_adopt(a, json_object_new_object());
    json_object *parts = other ? json_object_new_array() : json_object_get(rule);

    if (other) {
        json_object_array_add(parts, json_object_get(rule));
        json_object_array_add(parts, json_object_get(other));
    }
    json_object_object_add(made, name, parts);
    const struct choice_test *t = compile(a, made);
    return t ? evaluate(t, input) : -2; /* a rule with Next is none within others */
}

static void combine(struct arena *a, json_object *x, int rx, json_object *y, int ry, json_object *input)
{
    int not_x = evaluate_made(a, "Not", x, NULL, input), and = evaluate_made(a, "And", x, y, input),
        or = evaluate_made(a, "Or", x, y, input);

    PAWL_ASSERT(not_x == -2 || not_x == (rx < 0 ? -1 : !rx));
    if (and == -2)
        return;
    PAWL_ASSERT(and == (rx == 1 ? ry : rx)); /* the second is not asked when the first has decided */
    PAWL_ASSERT(or == (rx == 0 ? ry : rx));
}

static void compare(const struct choice_test *x, int rx, const struct choice_test *y, int ry)
{
    unsigned budget = 10000;

    if (choice_implied(x, y, &budget))
        PAWL_ASSERT(ry != 1 || rx != 0);
    budget = 10000;
    if (choice_covered(x, y, &budget))
        PAWL_ASSERT(rx != 0 || ry != 0);
}

static json_object *next_line(struct arena *a, const char **at, const char *end)
{
    const char *from = *at, *stop = memchr(from, '\n', (size_t)(end - from));
    json_object *o = NULL;

    if (!stop)
        stop = end;
    *at = stop < end ? stop + 1 : end;
    js_parse(from, (size_t)(stop - from), &o, NULL);
    return arena_adopt(a, o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    struct arena *a = arena_new();
    json_object *first = next_line(a, &at, end), *second = next_line(a, &at, end),
                *input = next_line(a, &at, end);
    const struct choice_test *x = compile(a, first), *y = compile(a, second);

    if (x && y) {
        int rx = evaluate(x, input), ry = evaluate(y, input);
        combine(a, first, rx, second, ry, input);
        compare(x, rx, y, ry);
    }
    arena_free(a);
    return 0;
}
