/*
 * The expressions of templates: a path, or a call of an intrinsic function.
 *
 * Arguments are paths, 'texts', numbers, true, false, null and other calls.
 * Source: Amazon States Language, "Intrinsic Functions".
 */
#include "lang/template_priv.h"

#include <string.h>

static const struct {
    char letter;
    const char *words;
} TYPES[] = {{'a', "an array"}, {'b', "a boolean"}, {'n', "a number"}, {'o', "an object"}, {'s', "a string"}};

static char type_letter(const struct intrinsic *f, size_t i)
{
    size_t n = strlen(f->types);
    return f->types[i < n ? i : n - 1];
}

static bool type_fits(char letter, json_object *o)
{
    switch (letter) {
    case 'a':
        return json_object_is_type(o, json_type_array);
    case 'b':
        return json_object_is_type(o, json_type_boolean);
    case 'n':
        return js_is_number(o);
    case 'o':
        return json_object_is_type(o, json_type_object);
    case 's':
        return json_object_is_type(o, json_type_string);
    default:
        return true;
    }
}

/* ---- parsing ---- */

struct reader {
    struct arena *arena;
    const char *text; /* NUL-terminated */
    size_t len, at;
    unsigned depth; /* calls within each other */
    struct err *err;
};

static struct tmpl_expr *parse_expr(struct reader *r);

static struct tmpl_expr *refuse(struct reader *r, const char *what)
{
    err_set(r->err, ERR_VALIDATION, "%s at character %zu", what, js_chars(r->text, r->at));
    return NULL;
}

static char peek(struct reader *r)
{
    while (r->text[r->at] == ' ' || r->text[r->at] == '\t' || r->text[r->at] == '\n' ||
           r->text[r->at] == '\r')
        r->at++;
    return r->text[r->at];
}

static bool take(struct reader *r, char c)
{
    if (peek(r) != c)
        return false;
    r->at++;
    return true;
}

static struct tmpl_expr *new_expr(struct reader *r, enum tmpl_expr_kind kind)
{
    struct tmpl_expr *e = arena_alloc(r->arena, sizeof *e);
    e->kind = kind;
    return e;
}

static struct tmpl_expr *literal(struct reader *r, json_object *taken)
{
    struct tmpl_expr *e = new_expr(r, EXPR_LITERAL);
    e->literal = arena_adopt(r->arena, taken);
    return e;
}

/* 'It\'s \{here\}': a backslash stands before ', {, } and itself, and nowhere else. */
static struct tmpl_expr *parse_text(struct reader *r)
{
    size_t from = ++r->at;
    struct js_buf b = {0};

    for (; r->at < r->len && r->text[r->at] != '\''; r->at++) {
        if (r->text[r->at] == '\\' && !memchr("'{}\\", r->text[++r->at], 4)) {
            js_buf_fini(&b);
            return refuse(r, "only \\', \\{, \\} and \\\\ are escapes");
        }
        js_buf_add(&b, r->text + r->at, 1);
    }
    struct tmpl_expr *e = new_expr(r, EXPR_LITERAL);
    e->raw = arena_strndup(r->arena, r->text + from, r->at - from);
    e->literal = arena_adopt(r->arena, json_object_new_string_len(b.p ? b.p : "", (int)b.len));
    js_buf_fini(&b);
    if (r->at == r->len)
        return refuse(r, "a closing quote is missing");
    r->at++;
    return e;
}

/* The end of the path at from: the "," or ")" that stands in none of its brackets and quotes. */
static size_t path_end(const struct reader *r, size_t from)
{
    unsigned open = 0;

    for (size_t i = from; i < r->len; i++) {
        char c = r->text[i];
        if (c == '\'' || c == '"') {
            for (i++; i < r->len && r->text[i] != c; i++)
                i += r->text[i] == '\\';
        } else if (open == 0 && (c == ',' || c == ')')) {
            return i;
        } else if (c == '[' || c == '(') {
            open++;
        } else if (open && (c == ']' || c == ')')) {
            open--;
        }
    }
    return r->len;
}

static struct tmpl_expr *parse_path(struct reader *r)
{
    size_t from = r->at, end = r->depth ? path_end(r, from) : r->len;
    struct tmpl_expr *e = new_expr(r, EXPR_PATH);

    e->path = jpath_parse(r->arena, r->text + from, end - from, r->err);
    r->at = end;
    return e->path ? e : NULL;
}

static struct tmpl_expr *parse_number(struct reader *r)
{
    size_t from = r->at;

    while (r->at < r->len && memchr("0123456789-+.eE", r->text[r->at], 15))
        r->at++;
    if (js_scan(r->text + from, r->at - from, NULL) < 0)
        return refuse(r, "not a number");
    return literal(r, js_number_text(r->text + from, r->at - from));
}

/* What is known already: a literal's type. */
static bool may_fit(const struct intrinsic *f, size_t i, const struct tmpl_expr *arg)
{
    return arg->kind != EXPR_LITERAL || type_fits(type_letter(f, i), arg->literal);
}

static int parse_arguments(struct reader *r, struct tmpl_expr *e)
{
    struct js_buf list = {0}; /* pointers, gathered as bytes */
    int rc = -1;

    if (!take(r, ')')) {
        do {
            const struct tmpl_expr *arg =
                e->nargs < e->function->max_args ? parse_expr(r) : refuse(r, "too many arguments");
            if (arg && !may_fit(e->function, e->nargs, arg))
                arg = refuse(r, "the argument has the wrong type");
            if (!arg)
                goto out;
            js_buf_add(&list, (const char *)&arg, sizeof arg);
            e->nargs++;
        } while (take(r, ','));
        if (!take(r, ')')) {
            refuse(r, "expected ',' or ')'");
            goto out;
        }
    }
    if (e->nargs < e->function->min_args) {
        refuse(r, "too few arguments");
        goto out;
    }
    e->args = arena_alloc(r->arena, list.len);
    if (list.len)
        memcpy(e->args, list.p, list.len);
    rc = 0;
out:
    js_buf_fini(&list);
    return rc;
}

static struct tmpl_expr *parse_call(struct reader *r)
{
    struct tmpl_expr *e = new_expr(r, EXPR_CALL);

    size_t len = strcspn(r->text + r->at, "( ");

    e->function = intrinsic_find(r->text + r->at, len);
    if (!e->function)
        return refuse(r, "not an intrinsic function");
    r->at += len;
    if (!take(r, '('))
        return refuse(r, "'(' is missing");
    if (r->depth == TMPL_CALLS_NESTED_MAX)
        return refuse(r, "too many functions within each other");
    r->depth++;
    int rc = parse_arguments(r, e);
    r->depth--;
    return rc < 0 ? NULL : e;
}

static bool take_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(r->text + r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

static struct tmpl_expr *parse_argument(struct reader *r)
{
    if (r->text[r->at] == '\'')
        return parse_text(r);
    if (take_word(r, "true"))
        return literal(r, json_object_new_boolean(true));
    if (take_word(r, "false"))
        return literal(r, json_object_new_boolean(false));
    if (take_word(r, "null"))
        return literal(r, NULL);
    return parse_number(r);
}

static struct tmpl_expr *parse_expr(struct reader *r)
{
    char c = peek(r);
    size_t from = r->at;
    struct tmpl_expr *e;

    if (c == '$')
        e = parse_path(r);
    else if (!strncmp(r->text + r->at, "States.", 7))
        e = parse_call(r);
    else
        e = r->depth ? parse_argument(r) : refuse(r, "expected a path or an intrinsic function");
    if (e)
        e->text = arena_strndup(r->arena, r->text + from, r->at - from);
    return e;
}

const struct tmpl_expr *tmpl_expr_parse(struct arena *a, const char *text, size_t len, struct err *err)
{
    struct reader r = {.arena = a, .text = arena_strndup(a, text, len), .len = len, .err = err};

    if (memchr(text, '\0', len) || !js_is_utf8(text, len)) {
        err_set(err, ERR_VALIDATION, "an expression is valid UTF-8 without U+0000");
        return NULL;
    }
    const struct tmpl_expr *e = parse_expr(&r);
    if (e && peek(&r))
        return refuse(&r, "nothing can follow");
    return e;
}

const struct jpath *tmpl_expr_path(const struct tmpl_expr *e)
{
    return e->path;
}

void tmpl_expr_each_path(const struct tmpl_expr *e, tmpl_path_fn fn, void *arg)
{
    if (e->path)
        fn(arg, e->path);
    for (size_t i = 0; i < e->nargs; i++)
        tmpl_expr_each_path(e->args[i], fn, arg);
}

/* ---- evaluation ---- */

static int eval(const struct tmpl_expr *e, const struct jpath_env *env, json_object **out, struct err *err);

/* The data in which a path has found nothing, for a message. */
static char *shown_root(const struct jpath *p, const struct jpath_env *env)
{
    const struct jpath all = {.text = p->text, .root = p->root, .variable = p->variable, .whole = true};
    struct js_buf b = {0};
    json_object *root;
    struct err ignored;

    if (env->root(env->self, &all, &root, &ignored) < 0)
        return NULL;
    if (js_within(root, ERR_CAUSE_BYTES, JS_DEPTH_MAX))
        js_write(&b, root);
    else
        js_buf_str(&b, "...");
    return b.p;
}

static int path_missing(const struct tmpl_expr *e, const char *field, const struct jpath_env *env,
                        struct err *err)
{
    char *root = shown_root(e->path, env);
    struct err inner = *err;

    if (root)
        err_set(err, ERR_RUNTIME,
                "The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'",
                e->path->text, field, root);
    else /* there is no such root: a variable without a value */
        err_set(err, ERR_RUNTIME, "The JSONPath '%s' specified for the field '%s' could not be found: %s",
                e->path->text, field, inner.cause);
    free(root);
    return -1;
}

static int argument_missing(struct intrinsic_call *c, const struct tmpl_expr *arg)
{
    char *root = shown_root(arg->path, c->env);
    struct err inner = *c->err;

    err_set(c->err, ERR_RUNTIME,
            "The function '%s' had the following error: The JsonPath argument for the field '%s' could "
            "not be found%s%s%s",
            c->e->text, arg->path->text, root ? " in the input '" : ": ", root ? root : inner.cause,
            root ? "'" : "");
    free(root);
    return -1;
}

static int eval_argument(struct intrinsic_call *c, size_t i)
{
    const struct tmpl_expr *arg = c->e->args[i];

    if (eval(arg, c->env, &c->args[i], c->err) < 0)
        return arg->kind == EXPR_PATH && !strcmp(c->err->name, ERR_RUNTIME) ? argument_missing(c, arg) : -1;
    c->nargs++;

    char letter = type_letter(c->e->function, i);
    if (type_fits(letter, c->args[i]))
        return 0;
    for (size_t t = 0; t < sizeof TYPES / sizeof *TYPES; t++)
        if (TYPES[t].letter == letter)
            return err_set(c->err, ERR_INTRINSIC,
                           "The function '%s' had the following error: argument %zu must be %s, but was %s",
                           c->e->text, i + 1, TYPES[t].words,
                           json_type_to_name(json_object_get_type(c->args[i])));
    return -1;
}

static int eval_call(const struct tmpl_expr *e, const struct jpath_env *env, json_object **out,
                     struct err *err)
{
    struct intrinsic_call c = {.e = e, .env = env, .err = err};
    int rc = 0;

    c.args = mem_calloc(e->nargs, sizeof *c.args);
    for (size_t i = 0; i < e->nargs && rc == 0; i++)
        rc = eval_argument(&c, i);
    *out = NULL;
    if (rc == 0)
        rc = e->function->apply(&c, out);
    if (rc < 0) {
        json_object_put(*out);
        *out = NULL;
    }
    for (size_t i = 0; i < c.nargs; i++)
        json_object_put(c.args[i]);
    free(c.args);
    return rc;
}

static int eval(const struct tmpl_expr *e, const struct jpath_env *env, json_object **out, struct err *err)
{
    switch (e->kind) {
    case EXPR_PATH:
        return jpath_eval(e->path, env, out, err);
    case EXPR_LITERAL:
        *out = json_object_get(e->literal);
        return 0;
    case EXPR_CALL:
        break;
    }
    return eval_call(e, env, out, err);
}

int tmpl_expr_eval(const struct tmpl_expr *e, const char *field, const struct jpath_env *env,
                   json_object **out, struct err *err)
{
    size_t visits = TMPL_VISITS_MAX;
    struct jpath_env bounded = *env;
    struct err own;

    err = err ? err : &own;
    if (!bounded.visits_left)
        bounded.visits_left = &visits;
    if (eval(e, &bounded, out, err) == 0)
        return 0;
    return e->kind == EXPR_PATH && !strcmp(err->name, ERR_RUNTIME) ? path_missing(e, field, env, err) : -1;
}
