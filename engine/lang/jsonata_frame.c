/* Variables: frames of bindings within each other, and what comes from outside. */
#include "lang/jsonata_priv.h"

#include <string.h>

const struct jv *jsonata_bindings_find(const struct bindings *b, const struct symbol *s)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (b->at[i].symbol == s || b->at[i].symbol->id == s->id)
            return &b->at[i].value;
    return NULL;
}

static void grow(struct run *r, struct bindings *b, uint32_t cap)
{
    struct binding *bigger = jsonata_take(r, cap * sizeof *bigger);

    if (b->n)
        memcpy(bigger, b->at, b->n * sizeof *bigger);
    b->at = bigger;
    b->cap = cap;
}

void jsonata_bindings_set(struct run *r, struct bindings *b, const struct symbol *s, struct jv value)
{
    struct jv *there = (struct jv *)jsonata_bindings_find(b, s);

    owe(r, b->n / STEP_ITEMS);
    if (there) {
        *there = value;
        return;
    }
    if (b->n == b->cap)
        grow(r, b, b->cap ? b->cap * 2 : 4);
    b->at[b->n++] = (struct binding){.symbol = s, .value = value};
}

struct frame *jsonata_frame_new(struct run *r, struct frame *up, uint32_t room)
{
    struct frame *f = jsonata_take(r, sizeof *f + room * sizeof *f->bound.at);

    f->up = up;
    f->bound.at = (struct binding *)(f + 1);
    f->bound.cap = room;
    return f;
}

struct frame *jsonata_frame_of_tuple(struct run *r, struct frame *up, const struct tuple *t)
{
    struct frame *f = jsonata_frame_new(r, up, 0);

    f->bound = t->bound;
    f->shared = true;
    return f;
}

void jsonata_frame_bind(struct run *r, struct frame *f, const struct symbol *s, struct jv value)
{
    if (f->shared) {
        grow(r, &f->bound, f->bound.n + 4);
        f->shared = false;
    }
    jsonata_bindings_set(r, &f->bound, s, value);
}

/* ---- from outside ---- */

static struct jv predefined(struct run *r, const struct symbol *s)
{
    const struct function *f = s->predefined;
    return f && (r->env->eval || !f->builtin->evaluates) ? jsonata_function_value(f) : UNDEFINED;
}

static int ask(struct run *r, const struct symbol *s, struct jv *out)
{
    json_object *given = NULL;
    struct err err;
    bool label = *s->name == '%'; /* of an ancestor: no name of the outside */
    int found = r->env->variable && !label ? r->env->variable(r->env->self, s->name, &given, &err) : 0;

    if (found < 0)
        return jsonata_fail_text(r, err.name, arena_strndup(r->arena, err.cause, strlen(err.cause)));
    *out = found ? jv_from_json(given) : predefined(r, s);
    return 0;
}

static int global(struct run *r, const struct symbol *s, struct jv *out)
{
    struct global *g = &r->globals[s->id];

    if (!g->known) {
        g->known = true;
        if (s->len == 1 && *s->name == '$')
            g->value = r->whole;
        else if (ask(r, s, &g->value) < 0)
            return -1;
    }
    *out = g->value;
    return 0;
}

int jsonata_frame_lookup(struct run *r, struct frame *f, const struct symbol *s, struct jv *out)
{
    if (s->bound) {
        for (; f; f = f->up) {
            owe(r, f->bound.n / STEP_ITEMS);
            const struct jv *found = jsonata_bindings_find(&f->bound, s);
            if (found) {
                *out = *found;
                return 0;
            }
        }
    }
    return global(r, s, out);
}
