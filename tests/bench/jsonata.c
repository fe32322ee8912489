/*
 * jsonata.c -- what expressions in JSONata cost: parsed, and evaluated, apart.
 *
 *   jsonata FILE SECONDS     for each case of FILE, a JSON array of {"name", "expr", "data"?, "bindings"?}, a
 * line
 *                            {"name", "parse", "evaluate", "steps", "result" | "undefined" | "error"}:
 * microseconds of CPU, medians of what SECONDS allow jsonata --once FILE      evaluates each case once, as a
 * state would at most: "evaluate" is then that one time
 *
 * jsonata.js is the same for the reference on Node; jsonata.py runs both and compares.
 */
#include "base/clock.h"
#include "base/json.h"
#include "lang/jsonata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCHES_MAX = 1000 };

struct a_case {
    const char *name, *expr;
    json_object *bindings;
    struct jsonata_env env;
    size_t steps; /* that the last evaluation has left */
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int variable(void *self, const char *name, json_object **value, struct err *err)
{
    const struct a_case *c = self;

    (void)err;
    return c->bindings && json_object_object_get_ex(c->bindings, name, value);
}

static uint64_t dice(void *self)
{
    (void)self;
    return clock_dice(1, 1);
}

/* ---- what is measured ---- */

static void parse(struct a_case *c)
{
    struct arena *a = arena_new();
    struct err err;

    jsonata_parse(a, c->expr, strlen(c->expr), &err, NULL);
    arena_free(a);
}

static int evaluate(const struct jsonata *x, struct a_case *c, enum jsonata_kind *kind, json_object **out,
                    struct err *err)
{
    c->steps = JSONATA_STEPS_DEFAULT;
    return jsonata_eval(x, &c->env, kind, out, err, NULL);
}

static void evaluate_only(const struct jsonata *x, struct a_case *c)
{
    enum jsonata_kind kind;
    json_object *out = NULL;
    struct err err;

    evaluate(x, c, &kind, &out, &err);
    json_object_put(out);
}

/* x NULL: parses. Returns how long that takes n times. */
static double batch(const struct jsonata *x, struct a_case *c, unsigned n)
{
    double start = seconds();

    for (unsigned i = 0; i < n; i++) {
        if (x)
            evaluate_only(x, c);
        else
            parse(c);
    }
    return seconds() - start;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Microseconds each, the median over batches of a hundredth of the time. */
static double measure(const struct jsonata *x, struct a_case *c, double time)
{
    double took[BATCHES_MAX], start = seconds();
    unsigned n = 1, batches = 0;

    while (batch(x, c, n) < time / 100 && n < 1u << 30)
        n *= 2;
    while (batches < BATCHES_MAX && (batches < 3 || seconds() - start < time))
        took[batches++] = batch(x, c, n) / n * 1e6;
    qsort(took, batches, sizeof *took, by_size);
    return took[batches / 2];
}

/* ---- cases ---- */

static void say_outcome(struct js_buf *b, int rc, enum jsonata_kind kind, json_object *out,
                        const struct err *err)
{
    if (rc < 0) {
        js_buf_str(b, ",\"error\":");
        js_buf_quoted(b, err->name, strlen(err->name));
        js_buf_str(b, ",\"cause\":");
        js_buf_quoted(b, err->cause, strlen(err->cause));
    } else if (kind != JSONATA_JSON) {
        js_buf_str(b, ",\"undefined\":true");
    } else {
        js_buf_str(b, ",\"result\":");
        js_write(b, out);
    }
}

/* time 0: once. */
static void run(struct a_case *c, double time)
{
    struct arena *a = arena_new();
    struct js_buf b = {0};
    enum jsonata_kind kind = JSONATA_UNDEFINED;
    json_object *out = NULL;
    struct err err = {0};
    char figures[256];

    double start = seconds();
    const struct jsonata *x = jsonata_parse(a, c->expr, strlen(c->expr), &err, NULL);
    double parsed = (seconds() - start) * 1e6;
    start = seconds();
    int rc = x ? evaluate(x, c, &kind, &out, &err) : -1;
    double evaluated = (seconds() - start) * 1e6;
    size_t used = JSONATA_STEPS_DEFAULT - c->steps;
    if (time > 0) {
        parsed = measure(NULL, c, time);
        evaluated = x ? measure(x, c, time) : 0;
    }
    js_buf_str(&b, "{\"name\":");
    js_buf_quoted(&b, c->name, strlen(c->name));
    snprintf(figures, sizeof figures, ",\"parse\":%.3f,\"evaluate\":%.3f,\"steps\":%zu", parsed, evaluated,
             used);
    js_buf_str(&b, figures);
    say_outcome(&b, rc, kind, out, &err);
    js_buf_str(&b, "}");
    puts(b.p);
    json_object_put(out);
    js_buf_fini(&b);
    arena_free(a);
}

static void run_case(json_object *o, double time)
{
    struct a_case c = {.name = json_object_get_string(json_object_object_get(o, "name")),
                       .expr = json_object_get_string(json_object_object_get(o, "expr")),
                       .bindings = json_object_object_get(o, "bindings"),
                       .steps = JSONATA_STEPS_DEFAULT};

    c.env = (struct jsonata_env){.variable = variable,
                                 .dice = dice,
                                 .self = &c,
                                 .now_ms = INT64_C(1700000000000),
                                 .scratch = arena_new(),
                                 .steps_left = &c.steps};
    c.env.has_input = json_object_object_get_ex(o, "data", &c.env.input);
    run(&c, time);
    arena_free(c.env.scratch);
}

int main(int argc, char **argv)
{
    bool once = argc == 3 && !strcmp(argv[1], "--once");
    json_object *cases = argc == 3 ? json_object_from_file(argv[once ? 2 : 1]) : NULL;

    if (!json_object_is_type(cases, json_type_array)) {
        fprintf(stderr, "usage: jsonata FILE SECONDS | jsonata --once FILE\n");
        return 2;
    }
    for (size_t i = 0; i < json_object_array_length(cases); i++)
        run_case(json_object_array_get_idx(cases, i), once ? 0 : strtod(argv[2], NULL));
    json_object_put(cases);
    return 0;
}
