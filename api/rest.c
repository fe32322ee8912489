#include "rest.h"

#include <ctype.h>
#include <string.h>

/* ---- text of a URI ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Percent-decoded, NUL-terminated; NULL: a bad escape, U+0000 or bad UTF-8. The caller frees it. */
static char *decode(const char *text, size_t len, bool plus)
{
    char *out = mem_alloc(len + 1), *to = out;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            if (len - i < 3 || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
                goto bad;
            c = (char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0')
            goto bad;
        *to++ = c;
    }
    *to = '\0';
    for (const char *p = out; p < to;) {
        size_t n = js_utf8(p, (size_t)(to - p));
        if (n == 0)
            goto bad;
        p += n;
    }
    return out;

bad:
    free(out);
    return NULL;
}

/* ---- which operation ---- */

static size_t segment(const char *path, const char *end)
{
    const char *slash = memchr(path, '/', (size_t)(end - path));

    return (size_t)((slash ? slash : end) - path);
}

/* Does the path fit the pattern?  What stands in its {places} is kept when c is given. */
static bool fits(const char *pattern, const char *path, const char *end, struct op_call *c, bool *bad)
{
    const char *pattern_end = pattern + strlen(pattern);

    while (pattern < pattern_end && path < end) {
        if (*pattern != '/' || *path != '/')
            return false;
        pattern++, path++;
        size_t want = segment(pattern, pattern_end), got = segment(path, end);
        if (*pattern != '{') {
            if (want != got || memcmp(pattern, path, want))
                return false;
        } else if (got == 0) {
            return false;
        } else if (c) {
            char **to = pattern[1] == 'm' ? &c->machine : pattern[1] == 'e' ? &c->execution : &c->item;
            *to = decode(path, got, false);
            *bad |= !*to;
        }
        pattern += want;
        path += got;
    }
    return pattern == pattern_end && path == end;
}

static const char *path_end(const char *uri)
{
    return uri + strcspn(uri, "?#");
}

void rest_allow(const char *uri, char allow[64])
{
    const char *end = path_end(uri);

    allow[0] = '\0';
    for (size_t i = 0; i < NOPS; i++)
        if (OPS[i].path && !strstr(allow, OPS[i].method) && fits(OPS[i].path, uri, end, NULL, NULL))
            snprintf(allow + strlen(allow), 64 - strlen(allow), "%s%s", *allow ? ", " : "", OPS[i].method);
}

static int find(struct op_call *c, const char *method, const char *uri, char allow[64], struct err *err)
{
    const char *end = path_end(uri);
    bool bad = false;

    if (!strcmp(method, "HEAD"))
        method = "GET";
    for (size_t i = 0; i < NOPS && !c->op; i++)
        if (OPS[i].path && !strcmp(OPS[i].method, method) && fits(OPS[i].path, uri, end, NULL, NULL))
            c->op = &OPS[i];
    if (c->op) {
        fits(c->op->path, uri, end, c, &bad);
        return bad ? err_set(err, ERR_VALIDATION, "The path is not percent-encoded UTF-8") : 0;
    }
    rest_allow(uri, allow);
    if (*allow)
        return err_set(err, ERR_METHOD, "%.*s has no method %.20s, only %s",
                       (int)(end - uri < 300 ? end - uri : 300), uri, method, allow);
    return err_set(err, ERR_NOT_FOUND, "There is nothing at %.*s", (int)(end - uri < 300 ? end - uri : 300),
                   uri);
}

/* ---- the query ---- */

static const struct op_member *query_member(const struct op *op, const char *name)
{
    for (const struct op_member *m = op->members; m && m->name; m++)
        if (m->flags & OP_QUERY && !strcmp(m->rest ? m->rest : m->name, name))
            return m;
    return NULL;
}

static int wrong_value(const char *name, const char *value, const char *wanted, struct err *err)
{
    return err_set(err, ERR_VALIDATION, "Query parameter %s: '%.100s' is not %s", name, value, wanted);
}

static int query_value(const struct op_member *m, const char *name, const char *value, json_object **out,
                       struct err *err)
{
    if (m->type == OP_INTEGER) {
        char *rest;
        long long n = strtoll(value, &rest, 10);
        if (!isdigit((unsigned char)value[0]) || *rest || n > 1000000000)
            return wrong_value(name, value, "a whole number", err);
        *out = json_object_new_int64(n);
    } else if (m->type == OP_BOOLEAN) {
        if (strcmp(value, "true") && strcmp(value, "false"))
            return wrong_value(name, value, "true or false", err);
        *out = json_object_new_boolean(value[0] == 't');
    } else {
        *out = json_object_new_string(value);
    }
    return 0;
}

static int query_pair(struct op_call *c, char *name, char *value, struct err *err)
{
    json_object *v = NULL;

    if (!name || !value)
        return err_set(err, ERR_VALIDATION, "The query is not percent-encoded UTF-8");
    const struct op_member *m = query_member(c->op, name);
    if (!m)
        return err_set(err, ERR_VALIDATION, "Unknown query parameter '%.100s'", name);
    if (query_value(m, name, value, &v, err) < 0)
        return -1;
    json_object_object_add(c->in, m->name, v);
    return 0;
}

static int read_uri_query(struct op_call *c, const char *uri, struct err *err)
{
    const char *p = path_end(uri);
    int rc = 0;

    if (*p++ != '?')
        return 0;
    while (*p && *p != '#' && rc == 0) {
        size_t len = strcspn(p, "&#"), name_len = strcspn(p, "=&#");
        char *name = decode(p, name_len, true);
        char *value =
            name_len < len ? decode(p + name_len + 1, len - name_len - 1, true) : mem_strndup("", 0);
        if (len > 0)
            rc = query_pair(c, name, value, err);
        free(name);
        free(value);
        p += len + (p[len] == '&');
    }
    return rc;
}

/* ---- the body ---- */

static const struct op_member *whole_body(const struct op *op)
{
    for (const struct op_member *m = op->members; m && m->name; m++)
        if (m->flags & OP_BODY)
            return m;
    return NULL;
}

static const struct op_member *body_member(const struct op *op, const char *name)
{
    for (const struct op_member *m = op->members; m && m->name; m++)
        if (!(m->flags & (OP_QUERY | OP_AWS)) && !strcmp(m->rest ? m->rest : m->name, name))
            return m;
    return NULL;
}

/* The members of an object: those that the operation knows and no others.  JSON within them becomes text. */
static int take_members(struct op_call *c, json_object *body, struct err *err)
{
    json_object_object_foreach(body, name, value)
    {
        const struct op_member *m = body_member(c->op, name);
        if (!m)
            return err_set(err, ERR_VALIDATION, "Unknown member '%.100s' in the body", name);
        if (m->type == OP_JSON) {
            struct js_buf text = {0};
            js_write(&text, value);
            json_object_object_add(c->in, m->name, json_object_new_string_len(text.p, (int)text.len));
            js_buf_fini(&text);
        } else {
            json_object_object_add(c->in, m->name, json_object_get(value));
        }
    }
    return 0;
}

static int read_body(struct op_call *c, const char *body, size_t len, struct err *err)
{
    const struct op_member *whole = whole_body(c->op);
    json_object *tree = NULL;
    struct err cause;

    if (whole && len > 0)
        json_object_object_add(c->in, whole->name, json_object_new_string_len(body, (int)len));
    if (whole || len == 0 || !strcmp(c->op->method, "GET") || !strcmp(c->op->method, "DELETE"))
        return 0;

    if (js_parse(body, len, &tree, &cause) < 0)
        return err_set(err, ERR_SERIALIZATION, "The body is not JSON: %s", cause.cause);
    int rc = json_object_is_type(tree, json_type_object)
                 ? take_members(c, tree, err)
                 : err_set(err, ERR_SERIALIZATION, "The body is not a JSON object");
    json_object_put(tree);
    return rc;
}

int rest_read(struct op_call *c, const char *method, const char *uri, const char *body, size_t len,
              char allow[64], struct err *err)
{
    if (find(c, method, uri, allow, err) < 0)
        return -1;
    c->in = json_object_new_object();
    if (read_uri_query(c, uri, err) < 0 || read_body(c, body, len, err) < 0)
        return -1;
    return op_check(c->op, SKIN_REST, c->in, err);
}

/* ---- errors ---- */

static int status_of(const char *name)
{
    static const struct {
        const char *name;
        int status;
    } OTHER[] = {
        {ERR_NOT_FOUND, 404},        {ERR_MACHINE_MISSING, 404}, {ERR_EXECUTION_MISSING, 404},
        {ERR_TASK_MISSING, 404},     {ERR_MACHINE_EXISTS, 409},  {ERR_EXECUTION_EXISTS, 409},
        {ERR_MACHINE_DELETING, 409}, {ERR_TASK_TIMED_OUT, 409},  {ERR_MACHINE_TYPE, 409},
    };
    for (size_t i = 0; i < sizeof OTHER / sizeof *OTHER; i++)
        if (!strcmp(OTHER[i].name, name))
            return OTHER[i].status;
    return err_http_status(name);
}

void rest_error(struct op_call *c)
{
    c->status = status_of(c->err.name);
    c->content_type = NULL;
    c->out.len = 0;
    op_open(c, NULL, '{');
    op_put(c, "error", c->err.name);
    op_put_clean(c, "message", c->err.cause);
    op_close(c, '}');
}
