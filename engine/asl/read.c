#include "asl/read.h"

#include <stdarg.h>
#include <string.h>

/* ---- places ---- */

static const struct place *place(const struct reading *r, const struct place *up, const char *key,
                                 size_t index)
{
    struct place *p = arena_alloc(r->scratch, sizeof *p);

    *p = (struct place){.up = up, .key = key, .index = index};
    return p;
}

const struct place *read_member(const struct reading *r, const struct place *up, const char *key)
{
    return place(r, up, key, 0);
}

const struct place *read_element(const struct reading *r, const struct place *up, size_t index)
{
    return place(r, up, NULL, index);
}

/* ---- findings ---- */

int read_error(const struct read_in *in, const char *field, const char *fmt, ...)
{
    const struct place inside = {.up = in->at, .key = field};
    char text[1024];

    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    finding_error(in->r->findings, field ? &inside : in->at, FINDING_SCHEMA, "%s", text);
    return -1;
}

int read_unsupported(const struct read_in *in, const char *field, const char *what)
{
    const struct place inside = {.up = in->at, .key = field};

    finding_unbuilt(in->r->findings, field ? &inside : in->at, what);
    return -1;
}

int read_mockable(const struct read_in *in, const char *field, const char *what)
{
    return in->r->trial ? 0 : read_unsupported(in, field, what);
}

/* "[States, StartAt]" */
static const char *names_text(const struct read_in *in, const char *const *names, bool absent_only)
{
    struct js_buf b = {0};

    js_buf_str(&b, "[");
    for (size_t i = 0; names[i]; i++) {
        if (absent_only && read_has(in, names[i]))
            continue;
        if (b.len > 1)
            js_buf_str(&b, ", ");
        js_buf_str(&b, names[i]);
    }
    js_buf_str(&b, "]");
    const char *text = arena_strndup(in->r->scratch, b.p, b.len);
    js_buf_fini(&b);
    return text;
}

/* ---- objects ---- */

bool read_object(struct read_in *in, const struct reading *r, json_object *o, const struct place *at)
{
    *in = (struct read_in){.r = r, .obj = o, .at = at};
    if (json_object_is_type(o, json_type_object))
        return true;
    read_error(in, NULL, "Expected value of type Object");
    return false;
}

bool read_inner(struct read_in *to, const struct read_in *in, const char *field)
{
    json_object *o;

    return json_object_object_get_ex(in->obj, field, &o) &&
           read_object(to, in->r, o, read_member(in->r, in->at, field));
}

static size_t present(const struct read_in *in, const char *const *names)
{
    size_t n = 0;

    for (size_t i = 0; names[i]; i++)
        n += read_has(in, names[i]);
    return n;
}

bool read_required(const struct read_in *in, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        if (!read_has(in, names[i])) {
            read_error(in, NULL, "These fields are required: %s", names_text(in, names, true));
            return false;
        }
    }
    return true;
}

bool read_at_most_one(const struct read_in *in, const char *const *names)
{
    if (present(in, names) <= 1)
        return true;
    read_error(in, NULL, "Only one of these fields is allowed: %s", names_text(in, names, false));
    return false;
}

bool read_at_least_one(const struct read_in *in, const char *const *names)
{
    if (present(in, names) >= 1)
        return true;
    read_error(in, NULL, "At least one of these fields is required: %s", names_text(in, names, false));
    return false;
}

bool read_exactly_one(const struct read_in *in, const char *const *names)
{
    if (present(in, names) == 1)
        return true;
    read_error(in, NULL, "Exactly one of these fields is required: %s", names_text(in, names, false));
    return false;
}

static bool among(const char *const *names, const char *name)
{
    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

void read_only(const struct read_in *in, const char *const *names)
{
    json_object *o;

    if (among(names, "Comment"))
        read_typed(in, "Comment", json_type_string, &o);
    json_object_object_foreach(in->obj, field, value)
    {
        (void)value;
        if (!among(names, field))
            read_error(in, field, "Field is not supported");
    }
}

/* ---- fields ---- */

bool read_has(const struct read_in *in, const char *field)
{
    return json_object_object_get_ex(in->obj, field, NULL);
}

static const char *type_name(enum json_type type)
{
    switch (type) {
    case json_type_boolean:
        return "Boolean";
    case json_type_int:
        return "Integer";
    case json_type_double:
        return "Number";
    case json_type_string:
        return "String";
    case json_type_array:
        return "Array";
    default:
        return "Object";
    }
}

bool read_typed(const struct read_in *in, const char *field, enum json_type type, json_object **to)
{
    if (!json_object_object_get_ex(in->obj, field, to))
        return false;
    if (json_object_is_type(*to, type))
        return true;
    read_error(in, field, "Expected value of type %s", type_name(type));
    return false;
}

bool read_array(const struct read_in *in, const char *field, json_object **to)
{
    if (!read_typed(in, field, json_type_array, to))
        return false;
    if (json_object_array_length(*to) > 0)
        return true;
    read_error(in, field, "Value cannot be empty");
    return false;
}

const char *read_string(const struct read_in *in, const char *field)
{
    json_object *o;

    if (!read_typed(in, field, json_type_string, &o))
        return NULL;

    const char *text = json_object_get_string(o);
    size_t len = (size_t)json_object_get_string_len(o);
    if (memchr(text, '\0', len)) {
        read_error(in, field, "U+0000 is not allowed here");
        return NULL;
    }
    return arena_strndup(in->r->arena, text, len);
}

bool read_bool(const struct read_in *in, const char *field, bool otherwise)
{
    json_object *o;

    return read_typed(in, field, json_type_boolean, &o) ? json_object_get_boolean(o) : otherwise;
}

bool read_int(const struct read_in *in, const char *field, int64_t min, int64_t max, int64_t *to)
{
    json_object *o;

    if (!read_typed(in, field, json_type_int, &o))
        return false;
    *to = json_object_get_int64(o);
    if (*to >= min && *to <= max)
        return true;
    read_error(in, field, "Value should be between %lld and %lld", (long long)min, (long long)max);
    return false;
}

bool read_number(const struct read_in *in, const char *field, double min, double max, double *to)
{
    json_object *o;

    if (!json_object_object_get_ex(in->obj, field, &o))
        return false;
    if (!js_is_number(o)) {
        read_error(in, field, "Expected value of type Number");
        return false;
    }
    *to = json_object_get_double(o);
    if (*to >= min && *to <= max)
        return true;
    if (*to < min)
        read_error(in, field, "Value should be at least %g", min);
    else
        read_error(in, field, "Value should be at most %g", max);
    return false;
}

int read_word(const struct read_in *in, const char *field, const char *const *words, int otherwise)
{
    json_object *o;

    if (!json_object_object_get_ex(in->obj, field, &o))
        return otherwise;
    if (json_object_is_type(o, json_type_string)) {
        size_t len = (size_t)json_object_get_string_len(o);
        for (int i = 0; words[i]; i++)
            if (strlen(words[i]) == len && memcmp(words[i], json_object_get_string(o), len) == 0)
                return i;
    }
    read_error(in, field, "The field '%s' should have one of these values: %s", field,
               names_text(in, words, false));
    return otherwise;
}

/* ---- paths and templates ---- */

static bool fits(const struct jpath *p, enum read_path kind)
{
    switch (kind) {
    case READ_REFERENCE:
        return p->definite;
    case READ_WRITABLE:
        return p->reference && p->root == JPATH_DATA;
    default:
        return true;
    }
}

void read_variable(const struct read_in *in, const char *field, const char *name)
{
    struct read_variables *v = in->r->variables;

    if (!v)
        return;
    if (v->n == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 16;
        v->list = mem_realloc(v->list, v->cap * sizeof *v->list);
    }
    v->list[v->n] = (struct read_variable){name, v->reader, read_member(in->r, in->at, field), v->n};
    v->n++;
}

struct field {
    const struct read_in *in;
    const char *name;
};

static void note_variable(void *arg, const struct jpath *p)
{
    const struct field *f = arg;

    if (p->root == JPATH_VARIABLE)
        read_variable(f->in, f->name, p->variable);
}

const struct jpath *read_path(const struct read_in *in, const char *field, enum read_path kind)
{
    struct err err = {0};
    json_object *o;

    if (!read_typed(in, field, json_type_string, &o))
        return NULL;

    const char *text = json_object_get_string(o);
    size_t len = (size_t)json_object_get_string_len(o);
    const struct jpath *p = jpath_parse(in->r->arena, text, len, &err);
    if (!p)
        read_error(in, field, "Value is not a valid JSONPath: %.500s", err.cause);
    else if (!fits(p, kind))
        read_error(in, field, "Value is not a Reference Path: %.300s", text);
    else
        return note_variable(&(struct field){in, field}, p), p;
    return NULL;
}

const struct jpath *read_path_or_null(const struct read_in *in, const char *field, enum read_path kind,
                                      bool *null)
{
    json_object *o = in->obj;

    *null = json_object_object_get_ex(in->obj, field, &o) && o == NULL;
    return *null ? NULL : read_path(in, field, kind);
}

/* The template's cause ends in " at " and our mark, and perhaps the way to a place deeper within it. */
#define MARK "\x01"

static void template_error(const struct read_in *in, const char *field, char *cause)
{
    const struct place *at = read_member(in->r, in->at, field);
    char *mark = strstr(cause, " at " MARK);

    if (mark) {
        *mark = '\0';
        for (char *key = mark + strlen(" at " MARK), *end; *key == '/'; key = end) {
            end = key + 1 + strcspn(key + 1, "/");
            at = read_member(in->r, at, arena_strndup(in->r->scratch, key + 1, (size_t)(end - key - 1)));
        }
    }
    finding_error(in->r->findings, at, FINDING_SCHEMA, "%s", cause);
}

const struct tmpl *read_template(const struct read_in *in, const char *field)
{
    struct err err = {0};
    json_object *o;

    if (!json_object_object_get_ex(in->obj, field, &o))
        return NULL;

    const struct tmpl *t = tmpl_parse(in->r->arena, o, MARK, &err);
    if (t)
        tmpl_each_path(t, note_variable, &(struct field){in, field});
    else
        template_error(in, field, err.cause);
    return t;
}

const struct tmpl_expr *read_expression(const struct read_in *in, const char *field)
{
    json_object *o;

    if (!read_typed(in, field, json_type_string, &o))
        return NULL;

    const char *text = json_object_get_string(o);
    size_t len = (size_t)json_object_get_string_len(o);
    const struct tmpl_expr *e = tmpl_expr_parse(in->r->arena, text, len, NULL);
    if (!e)
        read_error(in, field,
                   "The value for the field '%s' must be a valid JSONPath or a valid intrinsic function call",
                   field);
    else
        tmpl_expr_each_path(e, note_variable, &(struct field){in, field});
    return e;
}
