#include "asl/query.h"

#include <string.h>

enum kind { CONSTANT, EXPRESSION, OBJECT, ARRAY };

struct part {         /* a member of an object, an element of an array */
    const char *name; /* NULL in arrays */
    const struct query *value;
};

struct query {
    enum kind kind;
    json_object *constant;      /* borrowed: the arena keeps the whole source */
    const struct jsonata *expr; /* EXPRESSION; NULL: it did not parse, and is among the findings */
    const char *text;           /* the expression without its marks and the blanks around it */
    const struct part *parts;   /* OBJECT, ARRAY */
    size_t nparts;
};

/* ---- compiling ---- */

enum { MARK = 2 }; /* bytes of "{%" and of "%}" */

bool query_is_expression(json_object *o)
{
    if (!json_object_is_type(o, json_type_string))
        return false;

    const char *text = json_object_get_string(o);
    size_t len = (size_t)json_object_get_string_len(o);
    return len >= 2 * MARK && memcmp(text, "{%", MARK) == 0 && memcmp(text + len - MARK, "%}", MARK) == 0;
}

struct compile {
    struct arena *arena;
    struct asl_findings *findings;
};

static const struct query *parse(const struct compile *c, json_object *src, const struct place *at);

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void parse_expression(const struct compile *c, json_object *src, const struct place *at,
                             struct query *q)
{
    const char *text = json_object_get_string(src) + MARK;
    size_t len = (size_t)json_object_get_string_len(src) - (size_t)(2 * MARK);
    struct err err = {0};

    while (len && is_blank(*text))
        text++, len--;
    while (len && is_blank(text[len - 1]))
        len--;
    q->kind = EXPRESSION;
    q->text = arena_strndup(c->arena, text, len);
    q->expr = jsonata_parse(c->arena, text, len, &err, NULL);
    if (!q->expr)
        finding_error(c->findings, at, FINDING_SCHEMA, "Value is not a valid JSONata expression: %.500s",
                      err.cause);
    else if (jsonata_reads_input(q->expr))
        finding_warning(
            c->findings, at, FINDING_INPUT,
            "There is no input here: \"$\", \"$$\" and names alone find nothing; $states.input does");
}

static void parse_members(const struct compile *c, json_object *src, const struct place *at,
                          struct part *parts)
{
    size_t n = 0;

    json_object_object_foreach(src, key, value)
    {
        const char *name = arena_strndup(c->arena, key, strlen(key));
        parts[n++] = (struct part){name, parse(c, value, &(struct place){.up = at, .key = name})};
    }
}

static void parse_elements(const struct compile *c, json_object *src, const struct place *at,
                           struct part *parts)
{
    for (size_t i = 0; i < json_object_array_length(src); i++)
        parts[i].value = parse(c, json_object_array_get_idx(src, i), &(struct place){.up = at, .index = i});
}

static bool all_constant(const struct query *q)
{
    for (size_t i = 0; i < q->nparts; i++)
        if (!query_constant(q->parts[i].value))
            return false;
    return true;
}

static void parse_container(const struct compile *c, json_object *src, const struct place *at,
                            struct query *q)
{
    bool object = json_object_is_type(src, json_type_object);

    q->nparts = object ? (size_t)json_object_object_length(src) : json_object_array_length(src);
    struct part *parts = arena_alloc(c->arena, q->nparts * sizeof *parts);
    (object ? parse_members : parse_elements)(c, src, at, parts);
    q->parts = parts;
    if (!all_constant(q))
        q->kind = object ? OBJECT : ARRAY;
}

static const struct query *parse(const struct compile *c, json_object *src, const struct place *at)
{
    struct query *q = arena_alloc(c->arena, sizeof *q);

    q->kind = CONSTANT;
    q->constant = src;
    if (query_is_expression(src))
        parse_expression(c, src, at, q);
    else if (json_object_is_type(src, json_type_object) || json_object_is_type(src, json_type_array))
        parse_container(c, src, at, q);
    return q;
}

const struct query *query_parse(struct arena *a, json_object *src, const struct place *at,
                                struct asl_findings *f)
{
    struct compile c = {a, f};

    arena_adopt(a, json_object_get(src));
    return parse(&c, src, at);
}

bool query_constant(const struct query *q)
{
    return q->kind == CONSTANT;
}

/* ---- evaluating ---- */

struct evaluation {
    const struct jsonata_env *env;
    struct arena *arena;
    const char **location;
    struct err *err;
};

static void write_location(struct js_buf *b, const struct place *at)
{
    if (at->up) {
        write_location(b, at->up);
        js_buf_str(b, "/");
    }
    if (at->key)
        js_buf_str(b, at->key);
    else
        js_buf_int(b, (int64_t)at->index);
}

static const char *location_of(const struct evaluation *e, const struct place *at)
{
    struct js_buf b = {0};

    write_location(&b, at);
    const char *text = arena_strndup(e->arena, b.p, b.len);
    js_buf_fini(&b);
    return text;
}

static int failed(const struct evaluation *e, const struct query *q, const struct place *at, const char *what)
{
    *e->location = location_of(e, at);
    return err_set(e->err, ERR_QUERY, "The JSONata expression '%.600s' specified for the field '%.300s' %s",
                   q->text, *e->location, what);
}

static int eval_expression(const struct evaluation *e, const struct query *q, const struct place *at,
                           json_object **out)
{
    enum jsonata_kind kind;
    struct err err = {0};
    char what[1024];

    if (jsonata_eval(q->expr, e->env, &kind, out, &err, NULL) < 0) {
        snprintf(what, sizeof what, "threw an error during evaluation. %s: %.900s", err.name, err.cause);
        return failed(e, q, at, what);
    }
    if (kind == JSONATA_JSON)
        return 0;
    return failed(e, q, at,
                  kind == JSONATA_FUNCTION ? "returned an unsupported result type."
                                           : "returned nothing (undefined).");
}

static int eval(const struct evaluation *e, const struct query *q, const struct place *at, json_object **out)
{
    json_object *made, *value;

    if (q->kind == CONSTANT) {
        *out = json_object_get(q->constant);
        return 0;
    }
    if (q->kind == EXPRESSION)
        return eval_expression(e, q, at, out);
    made = q->kind == OBJECT ? json_object_new_object() : json_object_new_array_ext((int)q->nparts);
    for (size_t i = 0; i < q->nparts; i++) {
        const struct part *part = &q->parts[i];
        if (eval(e, part->value, &(struct place){.up = at, .key = part->name, .index = i}, &value) < 0) {
            json_object_put(made);
            return -1;
        }
        if (q->kind == OBJECT)
            json_object_object_add(made, part->name, value);
        else
            json_object_array_add(made, value);
    }
    *out = made;
    return 0;
}

int query_eval(const struct query *q, const char *field, const struct jsonata_env *env, struct arena *a,
               json_object **out, const char **location, struct err *err)
{
    struct evaluation e = {env, a, location, err};

    *location = NULL;
    return eval(&e, q, &(struct place){.key = field}, out);
}

static const char *type_name(enum json_type type)
{
    switch (type) {
    case json_type_int:
    case json_type_double:
        return "number";
    default:
        return json_type_to_name(type);
    }
}

static bool fits(json_object *o, enum json_type type)
{
    return json_object_is_type(o, type) || (type == json_type_double && js_is_number(o));
}

int query_expect(const struct query *q, const char *field, json_object *o, enum json_type type,
                 struct err *err)
{
    if (fits(o, type))
        return 0;
    return err_set(
        err, ERR_QUERY,
        "The JSONata expression '%.600s' specified for the field '%s' returned an unexpected result "
        "type. Expected '%s', but was '%s' for value: %.300s",
        q->text ? q->text : js_text(q->constant, NULL), field, type_name(type),
        type_name(json_object_get_type(o)), js_text(o, NULL));
}

void query_variables(const struct query *q, void (*see)(void *self, const char *name, bool read, bool bound),
                     void *self)
{
    if (q->kind == EXPRESSION && q->expr)
        jsonata_variables(q->expr, see, self);
    for (size_t i = 0; i < q->nparts; i++)
        query_variables(q->parts[i].value, see, self);
}
