/* The whole of a definition: names, transitions, what is reachable. */
#include "asl/asl_priv.h"

#include <string.h>

/* ---- names ---- */

/* Of one name (that is an error) the one in the outer block comes first. */
static int order_states(const char *name, const struct asl_block *block, const struct asl_state *st)
{
    int order = strcmp(name, st->name);

    return order ? order : (block->index > st->block->index) - (block->index < st->block->index);
}

static int by_name(const void *a, const void *b)
{
    const struct asl_state *x = *(const struct asl_state *const *)a;

    return order_states(x->name, x->block, *(const struct asl_state *const *)b);
}

static void check_names(struct asl_compile *c)
{
    struct asl *asl = c->asl;

    asl->nstates = c->nstates;
    asl->states = arena_alloc(c->r.arena, c->nstates * sizeof *asl->states);
    asl->by_name = arena_alloc(c->r.arena, c->nstates * sizeof *asl->by_name);
    for (size_t i = 0; i < c->nstates; i++)
        asl->states[i] = asl->by_name[i] = c->states[i].st;
    if (c->nstates)
        qsort(asl->by_name, c->nstates, sizeof *asl->by_name, by_name);
    for (size_t i = 1; i < c->nstates; i++) {
        const struct asl_state *st = asl->by_name[i];
        if (strcmp(asl->by_name[i - 1]->name, st->name) == 0)
            finding_error(c->r.findings, c->states[st->index].at, FINDING_DUPLICATE,
                          "Duplicate State name: %.320s", st->name);
    }
}

/* ---- labels ---- */

static int by_label(const void *a, const void *b)
{
    return strcmp(((const struct asl_label *)a)->text, ((const struct asl_label *)b)->text);
}

static void check_labels(struct asl_compile *c)
{
    if (c->nlabels > 1)
        qsort(c->labels, c->nlabels, sizeof *c->labels, by_label);
    for (size_t i = 1; i < c->nlabels; i++) {
        const struct place at = {.up = c->labels[i].at, .key = "Label"};
        if (strcmp(c->labels[i - 1].text, c->labels[i].text) == 0)
            finding_error(c->r.findings, &at, FINDING_SCHEMA, "Another Map has this label: %.160s",
                          c->labels[i].text);
    }
}

/* ---- transitions ---- */

static int to_link(const void *key, const void *element)
{
    const struct asl_link *l = key;

    return order_states(l->target, l->block, *(const struct asl_state *const *)element);
}

static const struct asl_state *find_target(const struct asl *asl, const struct asl_link *l)
{
    if (memchr(l->target, '\0', l->len) || asl->nstates == 0)
        return NULL;
    const struct asl_state **found = bsearch(l, asl->by_name, asl->nstates, sizeof *asl->by_name, to_link);
    return found ? *found : NULL;
}

/* Where a lone state would go: only its name is known. */
static const struct asl_state *stand_in(struct asl_compile *c, const struct asl_link *l)
{
    struct asl_state *st = arena_alloc(c->r.arena, sizeof *st);

    st->name = arena_strndup(c->r.arena, l->target, l->len);
    st->type = ASL_SUCCEED;
    st->block = l->block;
    c->torn = true;
    return st;
}

static void resolve(struct asl_compile *c, const struct asl_link *l)
{
    const struct place at = {.up = l->at, .key = l->field};

    *l->slot = find_target(c->asl, l);
    if (!*l->slot && c->lone && !l->block->owner && l->len && !memchr(l->target, '\0', l->len))
        *l->slot = stand_in(c, l);
    if (*l->slot || l->block->nstates == 0)
        return;
    finding_error(c->r.findings, &at, FINDING_TARGET, "Missing '%s' target: %.320s", l->field, l->target);
    if (strcmp(l->field, "StartAt") == 0)
        c->torn = true;
}

/* ---- what is reachable ---- */

struct reach {
    bool *seen;                     /* by index */
    const struct asl_state **queue; /* every state at most once */
    size_t n;
};

static void reach(struct reach *r, const struct asl_state *st)
{
    if (!st || r->seen[st->index])
        return;
    r->seen[st->index] = true;
    r->queue[r->n++] = st;
}

static void reach_next(struct reach *r, const struct asl_state *st)
{
    reach(r, st->next);
    for (size_t i = 0; i < st->ncatchers; i++)
        reach(r, st->catchers[i].next);
    if (st->type != ASL_CHOICE)
        return;
    for (size_t i = 0; i < st->u.choice.nrules; i++)
        reach(r, st->u.choice.rules[i].next);
    reach(r, st->u.choice.otherwise);
}

static void check_block(struct asl_compile *c, struct reach *r, size_t index)
{
    const struct asl_block *b = c->blocks[index];

    r->n = 0;
    reach(r, b->start);
    for (size_t i = 0; i < r->n; i++)
        reach_next(r, r->queue[i]);
    for (size_t i = 0; i < b->nstates; i++)
        if (!r->seen[b->states[i]->index])
            finding_error(c->r.findings, c->states[b->states[i]->index].at, FINDING_TARGET,
                          "State \"%.320s\" is not reachable.", b->states[i]->name);
}

static void check_reachable(struct asl_compile *c)
{
    struct reach r = {
        .seen = arena_alloc(c->r.scratch, c->nstates * sizeof *r.seen),
        .queue = arena_alloc(c->r.scratch, c->nstates * sizeof *r.queue),
    };

    for (size_t i = 0; i < c->nblocks; i++)
        check_block(c, &r, i);
}

void asl_check(struct asl_compile *c)
{
    check_names(c);
    check_labels(c);
    for (size_t i = 0; i < c->nlinks; i++)
        resolve(c, &c->links[i]);
    if (!c->torn)
        check_reachable(c);
}
