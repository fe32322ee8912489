/*
 * cli_jsonpath.c -- `pawl jsonpath`: tries paths out, without a server.
 *
 *   pawl jsonpath PATH       selects from the JSON value on standard input
 *   pawl jsonpath            answers {"path", "data"} lines: {"result"} or {"error": {"code", "message"}}
 */
#include "base/json.h"
#include "cli_jsonpath.h"
#include "lang/jpath.h"

#include <string.h>

/* 0, or -1 with code: INVALID (the path) or NOT_FOUND (in data). */
static int evaluate(const char *path, size_t len, json_object *data, json_object **out, const char **code,
                    struct err *err)
{
    struct arena *a = arena_new();
    const struct jpath *p = jpath_parse(a, path, len, err);
    int rc = -1;

    *code = "INVALID";
    if (p && p->root != JPATH_DATA) {
        err_set(err, ERR_VALIDATION, "there is no context object and no variable here");
    } else if (p) {
        rc = jpath_select(p, data, out, err);
        *code = "NOT_FOUND";
    }
    arena_free(a);
    return rc;
}

static void add_error(struct js_buf *b, const char *code, const char *message)
{
    js_buf_str(b, "{\"error\":{\"code\":\"");
    js_buf_str(b, code);
    js_buf_str(b, "\",\"message\":");
    js_buf_quoted(b, message, strlen(message));
    js_buf_str(b, "}}");
}

static void answer_line(const char *line, size_t len, struct js_buf *b)
{
    json_object *request = NULL, *path, *data = NULL, *result = NULL;
    const char *code;
    struct err err;

    if (js_parse(line, len, &request, &err) < 0 || !json_object_is_type(request, json_type_object) ||
        !json_object_object_get_ex(request, "path", &path) || !json_object_is_type(path, json_type_string)) {
        add_error(b, "REQUEST", "expected a line with an object: {\"path\": text, \"data\": value}");
        json_object_put(request);
        return;
    }
    json_object_object_get_ex(request, "data", &data);
    if (evaluate(json_object_get_string(path), (size_t)json_object_get_string_len(path), data, &result, &code,
                 &err) < 0) {
        add_error(b, code, err.cause);
    } else {
        js_buf_str(b, "{\"result\":");
        js_write(b, result);
        js_buf_str(b, "}");
    }
    json_object_put(result);
    json_object_put(request);
}

static int answer_lines(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    while ((len = getline(&line, &cap, stdin)) > 0) {
        struct js_buf b = {0};
        answer_line(line, (size_t)len, &b);
        puts(b.p);
        fflush(stdout);
        js_buf_fini(&b);
    }
    free(line);
    return 0;
}

static void read_all(FILE *in, struct js_buf *b)
{
    char part[65536];
    size_t n;

    while ((n = fread(part, 1, sizeof part, in)) > 0)
        js_buf_add(b, part, n);
}

static int answer_one(const char *path)
{
    struct js_buf in = {0}, out = {0};
    json_object *data = NULL, *result = NULL;
    const char *code;
    struct err err;
    int rc = -1;

    js_buf_str(&in, "");
    read_all(stdin, &in);
    if (js_parse(in.p, in.len, &data, &err) < 0) {
        fprintf(stderr, "pawl jsonpath: standard input is not JSON: %s\n", err.cause);
    } else if (evaluate(path, strlen(path), data, &result, &code, &err) < 0) {
        fprintf(stderr, "pawl jsonpath: %s: %s\n", path, err.cause);
    } else {
        js_write(&out, result);
        puts(out.p);
        rc = 0;
    }
    json_object_put(result);
    json_object_put(data);
    js_buf_fini(&in);
    js_buf_fini(&out);
    return rc < 0 ? 1 : 0;
}

int cli_jsonpath(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fprintf(stderr, "usage: pawl jsonpath [PATH] < JSON\n");
        return 2;
    }
    return argc == 2 ? answer_one(argv[1]) : answer_lines();
}
