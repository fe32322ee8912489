/*
 * cli_jsonata.c -- `pawl jsonata`: tries expressions out, without a server.
 *
 *   pawl jsonata EXPR        evaluates with the JSON value on standard input
 *   pawl jsonata             answers {"expr", "data", "bindings", "timelimit", "depth"} lines:
 *                            {"result"}, {"undefined": true} or {"error": {"code", "message", ...}}
 *   pawl jsonata --eval ...  the same, with the function $eval, which workflows lack
 */
#include "base/clock.h"
#include "base/json.h"
#include "cli_jsonata.h"
#include "lang/jsonata.h"

#include <string.h>
#include <time.h>

enum {
    STEPS_OF_A_MS = 10000, /* about what a slow machine makes */
    STEPS_MAX = 200000000,
    MEMORY_BYTES_MAX = 1 << 30,
    RESULT_BYTES_MAX = 1 << 28,
};

struct session {
    bool eval;
    uint64_t seed, draws;
    json_object *bindings;
};

static int find_binding(void *self, const char *name, json_object **value, struct err *err)
{
    const struct session *s = self;

    (void)err;
    return s->bindings && json_object_object_get_ex(s->bindings, name, value) ? 1 : 0;
}

static uint64_t throw_dice(void *self)
{
    struct session *s = self;
    return clock_dice(s->seed, s->draws++);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct jsonata_env env_of(struct session *s)
{
    return (struct jsonata_env){
        .variable = find_binding,
        .dice = throw_dice,
        .self = s,
        .now_ms = now_ms(),
        .eval = s->eval,
        .limits = {.steps = STEPS_MAX, .memory_bytes = MEMORY_BYTES_MAX, .result_bytes = RESULT_BYTES_MAX},
    };
}

static int evaluate(const char *expr, size_t len, const struct jsonata_env *env, enum jsonata_kind *kind,
                    json_object **out, struct err *err, struct jsonata_place *place)
{
    struct arena *a = arena_new();
    const struct jsonata *x = jsonata_parse(a, expr, len, err, place);
    int rc = x ? jsonata_eval(x, env, kind, out, err, place) : -1;

    arena_free(a);
    return rc;
}

/* ---- a request a line ---- */

static void add_error(struct js_buf *b, const char *code, const char *message,
                      const struct jsonata_place *place)
{
    js_buf_str(b, "{\"error\":{\"code\":");
    js_buf_quoted(b, code, strlen(code));
    js_buf_str(b, ",\"message\":");
    js_buf_quoted(b, message, strlen(message));
    if (place && place->position >= 0) {
        js_buf_str(b, ",\"position\":");
        js_buf_int(b, place->position);
    }
    if (place && place->token[0]) {
        js_buf_str(b, ",\"token\":");
        js_buf_quoted(b, place->token, strlen(place->token));
    }
    js_buf_str(b, "}}");
}

static void add_result(struct js_buf *b, enum jsonata_kind kind, json_object *result)
{
    if (kind != JSONATA_JSON) {
        js_buf_str(b, "{\"undefined\":true}");
        return;
    }
    js_buf_str(b, "{\"result\":");
    js_write(b, result);
    js_buf_str(b, "}");
}

static uint64_t number_of(json_object *request, const char *name, uint64_t most)
{
    json_object *o;

    if (!json_object_object_get_ex(request, name, &o) || !js_is_number(o))
        return 0;
    double d = json_object_get_double(o);
    return d >= 1 ? d < (double)most ? (uint64_t)d : most : 1;
}

static void answer(struct session *s, json_object *request, json_object *expr, struct js_buf *b)
{
    struct jsonata_env env = env_of(s);
    struct jsonata_place place;
    enum jsonata_kind kind;
    json_object *result = NULL;
    struct err err;

    env.has_input = json_object_object_get_ex(request, "data", &env.input);
    uint64_t ms = number_of(request, "timelimit", STEPS_MAX / STEPS_OF_A_MS);
    if (ms)
        env.limits.steps = ms * STEPS_OF_A_MS;
    env.limits.depth = (uint32_t)number_of(request, "depth", JSONATA_DEPTH_MAX);
    if (evaluate(json_object_get_string(expr), (size_t)json_object_get_string_len(expr), &env, &kind, &result,
                 &err, &place) < 0)
        add_error(b, err.name, err.cause, &place);
    else
        add_result(b, kind, result);
    json_object_put(result);
}

/*
 * json-c's strings are UTF-8, so a lone surrogate in the request's JSON would be lost.  Outside of strings it
 * means nothing in an expression, and within one JSONata's own escape gives it: the backslash of such an
 * escape is doubled.
 */
static void keep_lone_surrogates(const char *line, size_t len, struct js_buf *b)
{
    for (size_t i = 0; i < len; i++) {
        unsigned code = 0, low = 0;
        bool escape = line[i] == '\\' && i + 1 < len;
        if (escape && line[i + 1] == 'u')
            sscanf(line + i, "\\u%4x\\u%4x", &code, &low);
        bool pair = code >= 0xD800 && code <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF;
        if (!pair && code >= 0xD800 && code <= 0xDFFF)
            js_buf_str(b, "\\");
        size_t n = pair ? 12 : escape ? 2 : 1;
        js_buf_add(b, line + i, n);
        i += n - 1;
    }
}

/* The member "expr" of the request on that line: a new reference, or NULL. */
static json_object *expression_of(const char *line, size_t len)
{
    json_object *request = NULL, *expr = NULL;
    struct js_buf b = {0};

    keep_lone_surrogates(line, len, &b);
    if (js_parse(b.p, b.len, &request, NULL) == 0 && json_object_is_type(request, json_type_object))
        expr = json_object_get(json_object_object_get(request, "expr"));
    json_object_put(request);
    js_buf_fini(&b);
    return expr;
}

static void answer_line(struct session *s, const char *line, size_t len, struct js_buf *b)
{
    json_object *request = NULL, *expr = expression_of(line, len);

    if (!json_object_is_type(expr, json_type_string)) {
        add_error(b, "REQUEST", "expected a line with an object: {\"expr\": text, \"data\": value}", NULL);
    } else {
        js_parse(line, len, &request, NULL);
        json_object_object_get_ex(request, "bindings", &s->bindings);
        answer(s, request, expr, b);
    }
    s->bindings = NULL;
    json_object_put(request);
    json_object_put(expr);
}

static int answer_lines(struct session *s)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    while ((len = getline(&line, &cap, stdin)) > 0) {
        struct js_buf b = {0};
        answer_line(s, line, (size_t)len, &b);
        puts(b.p);
        fflush(stdout);
        js_buf_fini(&b);
    }
    free(line);
    return 0;
}

/* ---- one expression ---- */

static void read_all(FILE *in, struct js_buf *b)
{
    char part[65536];
    size_t n;

    while ((n = fread(part, 1, sizeof part, in)) > 0)
        js_buf_add(b, part, n);
}

static int show(const char *expr, const struct jsonata_env *env)
{
    struct jsonata_place place;
    enum jsonata_kind kind;
    json_object *result = NULL;
    struct js_buf out = {0};
    struct err err;

    if (evaluate(expr, strlen(expr), env, &kind, &result, &err, &place) < 0) {
        fprintf(stderr, "pawl jsonata: %s: %s", err.name, err.cause);
        if (place.position >= 0)
            fprintf(stderr, " (up to character %lld)", (long long)place.position);
        fputc('\n', stderr);
        return 1;
    }
    if (kind == JSONATA_JSON)
        js_write(&out, result);
    puts(kind == JSONATA_JSON ? out.p : kind == JSONATA_FUNCTION ? "(a function)" : "(undefined)");
    js_buf_fini(&out);
    json_object_put(result);
    return 0;
}

static int answer_one(struct session *s, const char *expr)
{
    struct jsonata_env env = env_of(s);
    struct js_buf in = {0};
    struct err err;
    int status = 1;

    js_buf_str(&in, "");
    read_all(stdin, &in);
    env.has_input = strspn(in.p, " \t\r\n") < in.len;
    if (env.has_input && js_parse(in.p, in.len, &env.input, &err) < 0)
        fprintf(stderr, "pawl jsonata: standard input is not JSON: %s\n", err.cause);
    else
        status = show(expr, &env);
    json_object_put(env.input);
    js_buf_fini(&in);
    return status;
}

int cli_jsonata(int argc, char **argv)
{
    struct session s = {.seed = (uint64_t)now_ms()};

    if (argc > 1 && !strcmp(argv[1], "--eval")) {
        s.eval = true;
        argc--;
        argv++;
    }
    if (argc > 2 || (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))) {
        fprintf(stderr, "usage: pawl jsonata [--eval] [EXPRESSION] < JSON\n");
        return 2;
    }
    return argc == 2 ? answer_one(&s, argv[1]) : answer_lines(&s);
}
