/* From text to tree, from tree to result, and what can be said of a tree without evaluating it. */
#include "lang/jsonata.h"
#include "lang/jsonata_priv.h"

#include <string.h>

/* ---- compiling ---- */

int jsonata_compile(struct arena *a, const char *text, size_t len, const struct symbols *known,
                    struct fault *fault, struct jsonata **out)
{
    struct jsonata *x = arena_alloc(a, sizeof *x);
    struct compiler c = {.arena = a, .fault = fault, .symbols = &x->symbols};

    if (len > JSONATA_TEXT_BYTES_MAX) {
        *fault = (struct fault){.code = "U1002", .at = 0};
        return -1;
    }
    x->text = c.text = arena_strndup(a, text, len);
    x->len = c.len = (uint32_t)len;
    for (uint32_t i = 0; known && i < known->n; i++)
        jsonata_symbol_copy(&c, known->at[i]);
    x->whole = jsonata_symbol_intern(&c, "$", 1);
    struct node *raw = jsonata_parse_tree(&c);
    x->root = raw ? jsonata_resolve_tree(&c, raw) : NULL;
    *out = x;
    return x->root ? 0 : -1;
}

const struct jsonata *jsonata_parse(struct arena *a, const char *text, size_t len, struct err *err,
                                    struct jsonata_place *place)
{
    struct fault fault = {0};
    struct jsonata *x;

    if (jsonata_compile(a, text, len, NULL, &fault, &x) == 0)
        return x;
    jsonata_fault_report(&fault, text, (uint32_t)(len < UINT32_MAX ? len : UINT32_MAX), err, place);
    return NULL;
}

/* ---- evaluating ---- */

static void set_limits(struct run *r, const struct jsonata_env *env)
{
    const struct jsonata_limits *l = &env->limits;

    r->steps = l->steps ? l->steps : JSONATA_STEPS_DEFAULT;
    r->overworked = "Expression evaluation timeout: Check for infinite loop";
    if (env->steps_left && *env->steps_left < r->steps) {
        r->steps = *env->steps_left;
        r->overworked = "Expression evaluation timeout: The expressions that are evaluated together take too "
                        "many steps";
    }
    r->memory = l->memory_bytes ? l->memory_bytes : JSONATA_MEMORY_DEFAULT;
    r->depth_max = l->depth && l->depth < JSONATA_DEPTH_MAX ? l->depth : JSONATA_DEPTH_MAX;
}

/* An array as input is one item, not many. */
static struct jv wrapped(struct run *r, struct jv input)
{
    if (input.kind != JV_ARRAY)
        return input;
    struct jv outer = jv_single(r, input);
    outer.flags |= JV_OUTER;
    return outer;
}

static int finish(struct run *r, struct jv v, enum jsonata_kind *kind, json_object **out)
{
    *out = NULL;
    *kind = v.kind == JV_UNDEFINED  ? JSONATA_UNDEFINED
            : v.kind == JV_FUNCTION ? JSONATA_FUNCTION
                                    : JSONATA_JSON;
    return *kind == JSONATA_JSON ? jv_to_json(r, v, out) : 0;
}

int jsonata_eval(const struct jsonata *x, const struct jsonata_env *env, enum jsonata_kind *kind,
                 json_object **out, struct err *err, struct jsonata_place *place)
{
    struct run r = {.env = env, .arena = env->scratch, .symbols = &x->symbols};
    struct jv v;

    if (!r.arena)
        r.arena = arena_new();
    set_limits(&r, env);
    r.whole = env->has_input ? jv_from_json(env->input) : UNDEFINED;
    r.globals = jsonata_take(&r, x->symbols.n * sizeof *r.globals);
    uint64_t granted = r.steps;
    int rc = jsonata_eval_node(&r, x->root, wrapped(&r, r.whole), jsonata_frame_new(&r, NULL, 0), &v);
    if (rc == 0)
        rc = finish(&r, v, kind, out);
    if (env->steps_left)
        *env->steps_left -= granted - r.steps;
    if (rc < 0)
        jsonata_fault_report(&r.fault, x->text, x->len, err, place);
    jsonata_regex_release(&r);
    if (env->scratch)
        arena_reset(r.arena);
    else
        arena_free(r.arena);
    return rc;
}

/* ---- checks ---- */

void jsonata_variables(const struct jsonata *x,
                       void (*see)(void *self, const char *name, bool read, bool bound), void *self)
{
    for (uint32_t i = 0; i < x->symbols.n; i++) {
        const struct symbol *s = x->symbols.at[i];
        bool input = s->len == 0 || *s->name == '$' || *s->name == '%';
        if (!input && (s->bound || (s->read && !s->predefined)))
            see(self, s->name, s->read, s->bound);
    }
}

static bool reads(const struct node *n);

static bool any_reads(const struct nodes *list)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (reads(list->at[i]))
            return true;
    return false;
}

static bool pairs_read(const struct pairs *pairs)
{
    for (uint32_t i = 0; i < pairs->n; i++)
        if (reads(pairs->at[i].key) || reads(pairs->at[i].value))
            return true;
    return false;
}

/* Does n, in the context of the input, look at it? "$$" elsewhere is not seen here. */
static bool reads(const struct node *n)
{
    switch (n->type) {
    case NODE_NAME:
    case NODE_WILDCARD:
    case NODE_DESCENDANTS:
    case NODE_PARENT:
        return true;
    case NODE_VARIABLE:
        return n->symbol->len == 0 || (n->symbol->len == 1 && *n->symbol->name == '$');
    case NODE_PATH:
        return reads(n->list.at[0]); /* further steps have a context of their own */
    case NODE_BINARY:
    case NODE_APPLY:
        return reads(n->lhs) || reads(n->rhs);
    case NODE_BIND:
        return reads(n->rhs);
    case NODE_NEGATE:
        return reads(n->operand);
    case NODE_ARRAY:
    case NODE_BLOCK:
        return any_reads(&n->list);
    case NODE_OBJECT:
        return pairs_read(&n->members);
    case NODE_CALL:
    case NODE_PARTIAL:
        return reads(n->procedure) || any_reads(&n->arguments);
    case NODE_LAMBDA:
        return reads(n->procedure);
    case NODE_CONDITION:
        return reads(n->subject) || reads(n->first) || (n->second && reads(n->second));
    default:
        return false;
    }
}

bool jsonata_reads_input(const struct jsonata *x)
{
    return x->whole->read || reads(x->root);
}
