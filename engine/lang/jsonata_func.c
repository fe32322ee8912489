/* The table of functions, and those that stand alone. */
#include "lang/jsonata_func.h"

#include <string.h>

static const struct builtin FUNCTIONS[] = {
#define X(name_, signature_, arity_)                                                                         \
    {.name = #name_,                                                                                         \
     .len = sizeof #name_ - 1,                                                                               \
     .signature = signature_,                                                                                \
     .arity = arity_,                                                                                        \
     .fn = jsonata_f_##name_,                                                                                \
     .evaluates = jsonata_f_##name_ == jsonata_f_eval},
    JSONATA_FUNCTIONS(X)
#undef X
};

const struct builtin *jsonata_builtin(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (FUNCTIONS[i].len == len && !memcmp(FUNCTIONS[i].name, name, len))
            return &FUNCTIONS[i];
    return NULL;
}

/* ---- truth ---- */

/* As an argument a function is false, other than as a condition: the reference wraps it up. */
int jsonata_f_boolean(struct call *c, struct jv *out)
{
    bool truth = false;

    if (!given(c, 0))
        return 0;
    if (arg(c, 0).kind != JV_FUNCTION && jv_boolean(c->run, arg(c, 0), &truth) < 0)
        return -1;
    *out = jv_bool(truth);
    return 0;
}

int jsonata_f_not(struct call *c, struct jv *out)
{
    if (jsonata_f_boolean(c, out) < 0)
        return -1;
    if (out->kind == JV_BOOL)
        out->boolean = !out->boolean;
    return 0;
}

int jsonata_f_exists(struct call *c, struct jv *out)
{
    *out = jv_bool(given(c, 0));
    return 0;
}

int jsonata_f_type(struct call *c, struct jv *out)
{
    static const char *const names[] = {
        [JV_NULL] = "null",   [JV_BOOL] = "boolean",  [JV_NUMBER] = "number",     [JV_STRING] = "string",
        [JV_ARRAY] = "array", [JV_OBJECT] = "object", [JV_FUNCTION] = "function",
    };
    const char *name = names[arg(c, 0).kind];

    if (name)
        *out = jv_text(name, strlen(name));
    return 0;
}

/* ---- errors ---- */

static int refuse(struct call *c, const char *code, struct jv message, const char *otherwise)
{
    if (message.kind != JV_STRING || message.len == 0)
        return jsonata_fail_text(c->run, code, otherwise);
    char *clean = js_clean(message.text, message.len, ERR_CAUSE_BYTES);
    jsonata_fail_text(c->run, code, arena_strndup(c->run->arena, clean, strlen(clean)));
    free(clean);
    return -1;
}

int jsonata_f_error(struct call *c, struct jv *out)
{
    (void)out;
    return refuse(c, "D3137", arg(c, 0), "$error() function evaluated");
}

int jsonata_f_assert(struct call *c, struct jv *out)
{
    (void)out;
    if (arg(c, 0).kind == JV_BOOL && arg(c, 0).boolean)
        return 0;
    return refuse(c, "D3141", arg(c, 1), "$assert() statement failed");
}

/* ---- $eval ---- */

/* The message of a fault, as value of the one that tells of it. */
static int refuse_eval(struct run *r, const char *code, const struct fault *inner, const char *text,
                       uint32_t len)
{
    struct err err;

    jsonata_fault_report(inner, text, len, &err, NULL);
    const char *message = arena_strndup(r->arena, err.cause, strlen(err.cause));
    return jsonata_fail_value(r, code, jv_text(message, strlen(message)));
}

/* The expression within sees the variables around it: it goes on counting their symbols. */
static int eval_inner(struct call *c, struct jsonata *x, struct jv in, struct jv *out)
{
    struct run *r = c->run;
    const struct symbols *outer = r->symbols;
    struct global *globals = jsonata_take_room(r, x->symbols.n * sizeof *globals);

    if (!globals)
        return -1;
    memcpy(globals, r->globals, outer->n * sizeof *globals);
    struct global *before = r->globals;
    r->globals = globals;
    r->symbols = &x->symbols;
    int rc = jsonata_eval_node(r, x->root, in, c->frame, out);
    r->globals = before;
    r->symbols = outer;
    return rc;
}

int jsonata_f_eval(struct call *c, struct jv *out)
{
    struct run *r = c->run;
    struct jv text = arg(c, 0), in = given(c, 1) ? arg(c, 1) : c->input;
    struct fault fault = {0};
    struct jsonata *x;

    if (text.kind != JV_STRING)
        return 0;
    if (charge(r, text.len) < 0 || jsonata_spend(r, (size_t)text.len * sizeof(struct node) + 4096) < 0)
        return -1;
    if (jsonata_compile(r->arena, text.text, text.len, r->symbols, &fault, &x) < 0)
        return refuse_eval(r, "D3120", &fault, text.text, text.len);
    if (given(c, 1) && in.kind == JV_ARRAY && !(in.flags & JV_SEQUENCE)) {
        in = jv_single(r, in);
        in.flags |= JV_OUTER;
    }
    if (eval_inner(c, x, in, out) == 0)
        return 0;
    if (!strcmp(r->fault.code, "U1001"))
        return -1; /* a bound of the whole evaluation */
    const struct fault inner = r->fault;
    return refuse_eval(r, "D3121", &inner, text.text, text.len);
}
