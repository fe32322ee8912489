#include "lang/template.h"
#include "base/json.h"

#include <string.h>

enum node_kind { NODE_CONSTANT, NODE_OBJECT, NODE_ARRAY };

/* One member of an object or element of an array: a template of its own, or an expression ("name.$"). */
struct part {
    const char *name;  /* without ".$"; NULL in arrays */
    const char *field; /* as written, for messages */
    const struct tmpl *node;
    const struct tmpl_expr *expr;
};

struct tmpl {
    enum node_kind kind;
    json_object *constant; /* borrowed: the arena keeps the whole source */
    const struct part *parts;
    size_t nparts;
};

/* ---- compiling ---- */

/* Where the parser is: a pointer's text is made only for an error. */
struct place {
    const struct place *up;
    const char *key; /* NULL: element index of an array; without up: the pointer of the whole */
    size_t index;
};

struct parse {
    struct arena *arena;
    struct err *err;
};

static const struct tmpl *parse_node(struct parse *p, json_object *src, const struct place *at);

static void write_place(struct js_buf *b, const struct place *at)
{
    if (at->up) {
        write_place(b, at->up);
        js_buf_add(b, "/", 1);
    }
    if (at->key)
        js_buf_str(b, at->key);
    else
        js_buf_int(b, (int64_t)at->index);
}

static int refuse(struct parse *p, const struct place *at, const char *before, const char *field,
                  const char *behind)
{
    struct js_buf b = {0};

    write_place(&b, at);
    err_set(p->err, ERR_VALIDATION, "%s '%s' %s at %s", before, field, behind, b.p);
    js_buf_fini(&b);
    return -1;
}

/* Of "name.$" the name: what follows is ".$" or nothing. */
static size_t stem_length(const char *key)
{
    size_t len = strlen(key);
    return len >= 2 && !memcmp(key + len - 2, ".$", 2) ? len - 2 : len;
}

static int parse_expression(struct parse *p, const char *key, json_object *value, const struct place *at,
                            struct part *part)
{
    if (json_object_is_type(value, json_type_string))
        part->expr = tmpl_expr_parse(p->arena, json_object_get_string(value),
                                     (size_t)json_object_get_string_len(value), NULL);
    return part->expr ? 0
                      : refuse(p, at, "The value for the field", key,
                               "must be a valid JSONPath or a valid intrinsic function call");
}

static int parse_member(struct parse *p, json_object *src, const char *key, json_object *value,
                        const struct place *at, struct part *part)
{
    size_t stem = stem_length(key);

    part->name = arena_strndup(p->arena, key, stem);
    if (!key[stem]) {
        part->node = parse_node(p, value, &(struct place){.up = at, .key = key});
        return part->node ? 0 : -1;
    }
    if (json_object_object_get_ex(src, part->name, NULL))
        return refuse(p, at, "Two fields have the name", part->name, "once its \".$\" is taken off");
    part->field = arena_strndup(p->arena, key, strlen(key));
    return parse_expression(p, key, value, at, part);
}

static int parse_members(struct parse *p, json_object *src, const struct place *at, struct part *parts)
{
    size_t n = 0;

    json_object_object_foreach(src, key, value)
    {
        if (parse_member(p, src, key, value, at, &parts[n++]) < 0)
            return -1;
    }
    return 0;
}

static int parse_elements(struct parse *p, json_object *src, const struct place *at, struct part *parts)
{
    for (size_t i = 0; i < json_object_array_length(src); i++) {
        parts[i].node =
            parse_node(p, json_object_array_get_idx(src, i), &(struct place){.up = at, .index = i});
        if (!parts[i].node)
            return -1;
    }
    return 0;
}

static bool all_constant(const struct tmpl *t)
{
    for (size_t i = 0; i < t->nparts; i++)
        if (!t->parts[i].node || t->parts[i].node->kind != NODE_CONSTANT)
            return false;
    return true;
}

static const struct tmpl *parse_node(struct parse *p, json_object *src, const struct place *at)
{
    struct tmpl *t = arena_alloc(p->arena, sizeof *t);
    bool object = json_object_is_type(src, json_type_object);

    if (object || json_object_is_type(src, json_type_array)) {
        t->kind = object ? NODE_OBJECT : NODE_ARRAY;
        t->nparts = object ? (size_t)json_object_object_length(src) : json_object_array_length(src);
        struct part *parts = arena_alloc(p->arena, t->nparts * sizeof *parts);
        t->parts = parts;
        if ((object ? parse_members : parse_elements)(p, src, at, parts) < 0)
            return NULL;
    }
    if (all_constant(t)) {
        t->kind = NODE_CONSTANT;
        t->constant = src; /* tmpl_parse keeps the whole source */
    }
    return t;
}

const struct tmpl *tmpl_parse(struct arena *a, json_object *src, const char *at, struct err *err)
{
    struct parse p = {.arena = a, .err = err};

    arena_adopt(a, json_object_get(src));
    return parse_node(&p, src, &(struct place){.key = at});
}

bool tmpl_constant(const struct tmpl *t)
{
    return t->kind == NODE_CONSTANT;
}

/* ---- filling in ---- */

static int eval_node(const struct tmpl *t, const struct jpath_env *env, json_object **out, struct err *err);

static int eval_part(const struct part *part, const struct jpath_env *env, json_object **out, struct err *err)
{
    return part->expr ? tmpl_expr_eval(part->expr, part->field, env, out, err)
                      : eval_node(part->node, env, out, err);
}

static int eval_node(const struct tmpl *t, const struct jpath_env *env, json_object **out, struct err *err)
{
    json_object *value, *made;

    if (t->kind == NODE_CONSTANT) {
        *out = json_object_get(t->constant);
        return 0;
    }
    made = t->kind == NODE_OBJECT ? json_object_new_object()
                                  : json_object_new_array_ext(t->nparts ? (int)t->nparts : 1);
    for (size_t i = 0; i < t->nparts; i++) {
        const struct part *part = &t->parts[i];
        if (eval_part(part, env, &value, err) < 0) {
            json_object_put(made);
            return -1;
        }
        if (t->kind == NODE_OBJECT)
            json_object_object_add_ex(made, part->name, value, JSON_C_OBJECT_ADD_KEY_IS_NEW);
        else
            json_object_array_add(made, value);
    }
    *out = made;
    return 0;
}

/* The whole, or a part of one. */
static int fill_in(const struct tmpl *t, const struct part *part, const struct jpath_env *env,
                   json_object **out, size_t *bytes, struct err *err)
{
    size_t visits = TMPL_VISITS_MAX;
    struct jpath_env bounded = *env;

    if (!bounded.visits_left)
        bounded.visits_left = &visits;
    if ((part ? eval_part(part, &bounded, out, err) : eval_node(t, &bounded, out, err)) < 0)
        return -1;
    *bytes = js_weigh(*out, TMPL_BYTES_MAX, JS_DEPTH_MAX);
    if (*bytes < SIZE_MAX)
        return 0;
    json_object_put(*out);
    *out = NULL;
    return err_set(err, ERR_DATA_LIMIT,
                   "a template's result is larger than %d bytes or deeper than %d levels", TMPL_BYTES_MAX,
                   JS_DEPTH_MAX);
}

int tmpl_eval(const struct tmpl *t, const struct jpath_env *env, json_object **out, size_t *bytes,
              struct err *err)
{
    return fill_in(t, NULL, env, out, bytes, err);
}

/* ---- what is in it ---- */

size_t tmpl_members(const struct tmpl *t)
{
    return t->nparts;
}

const char *tmpl_member_name(const struct tmpl *t, size_t i)
{
    return t->parts[i].name;
}

const struct jpath *tmpl_member_path(const struct tmpl *t, size_t i)
{
    return t->parts[i].expr ? tmpl_expr_path(t->parts[i].expr) : NULL;
}

int tmpl_member_eval(const struct tmpl *t, size_t i, const struct jpath_env *env, json_object **out,
                     size_t *bytes, struct err *err)
{
    return fill_in(t, &t->parts[i], env, out, bytes, err);
}

void tmpl_each_path(const struct tmpl *t, tmpl_path_fn fn, void *arg)
{
    for (size_t i = 0; i < t->nparts; i++)
        if (t->parts[i].expr)
            tmpl_expr_each_path(t->parts[i].expr, fn, arg);
        else
            tmpl_each_path(t->parts[i].node, fn, arg);
}
