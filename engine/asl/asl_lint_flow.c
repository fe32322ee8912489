/* Warnings about the ways through a block: loops that nothing leaves, loops in which the payload only grows.
 */
#include "asl/asl_priv.h"

#include <string.h>

/* ---- transitions ---- */

/* The transitions of a state, one after another: at starts as 0. NULL: no more. */
static const struct asl_state *successor(const struct asl_state *st, size_t *at)
{
    size_t i = (*at)++;

    if (i == 0)
        return st->next ? st->next : successor(st, at);
    if (i - 1 < st->ncatchers)
        return st->catchers[i - 1].next;
    i -= 1 + st->ncatchers;
    if (st->type != ASL_CHOICE)
        return NULL;
    if (i < st->u.choice.nrules)
        return st->u.choice.rules[i].next;
    return i == st->u.choice.nrules ? st->u.choice.otherwise : NULL;
}

static bool ends(const struct asl_state *st)
{
    return !st->next && st->type != ASL_CHOICE;
}

/* ---- what can end ---- */

/* The transitions of all states, backwards: those into the state i are from[first[i]] up to from[first[i +
 * 1]]. */
struct backwards {
    size_t *first;
    const struct asl_state **from;
};

static struct backwards turn_around(const struct asl_compile *c)
{
    struct backwards b = {.first = arena_alloc(c->r.scratch, (c->nstates + 2) * sizeof *b.first)};
    const struct asl_state *to;
    size_t *first = b.first + 1; /* counts, then where the next one of a state goes */

    for (size_t i = 0; i < c->nstates; i++)
        for (size_t at = 0; (to = successor(c->states[i].st, &at)) != NULL;)
            first[to->index + 1]++;
    for (size_t i = 1; i <= c->nstates; i++)
        first[i] += first[i - 1];
    b.from = arena_alloc(c->r.scratch, (first[c->nstates] + 1) * sizeof *b.from);
    for (size_t i = 0; i < c->nstates; i++)
        for (size_t at = 0; (to = successor(c->states[i].st, &at)) != NULL;)
            b.from[first[to->index]++] = c->states[i].st;
    return b;
}

/* By index: does some way lead from the state to the end of its block? */
static bool *find_ending(const struct asl_compile *c)
{
    struct backwards b = turn_around(c);
    const struct asl_state **queue = arena_alloc(c->r.scratch, (c->nstates + 1) * sizeof *queue);
    bool *ending = arena_alloc(c->r.scratch, c->nstates + 1);
    size_t n = 0;

    for (size_t i = 0; i < c->nstates; i++)
        if (ends(c->states[i].st)) {
            ending[i] = true;
            queue[n++] = c->states[i].st;
        }
    for (size_t i = 0; i < n; i++)
        for (size_t k = b.first[queue[i]->index]; k < b.first[queue[i]->index + 1]; k++)
            if (!ending[b.from[k]->index]) {
                ending[b.from[k]->index] = true;
                queue[n++] = b.from[k];
            }
    return ending;
}

/* One warning a block: at the block when nothing in it ends, else at the first state behind which nothing
 * does. */
static void check_endless(const struct asl_compile *c, size_t block, const bool *ending)
{
    const struct asl_block *b = c->blocks[block];
    const struct asl_state *first = NULL;
    size_t trapped = 0;

    for (size_t i = 0; i < b->nstates; i++)
        if (!ending[b->states[i]->index]) {
            first = first ? first : b->states[i];
            trapped++;
        }
    if (trapped == b->nstates)
        finding_warning(c->r.findings, c->block_places[block], FINDING_TERMINAL,
                        "No state ends this: it runs forever");
    else if (first)
        finding_warning(c->r.findings, c->states[first->index].at, FINDING_ENDLESS,
                        "From here no way leads to a state that ends this: it runs forever");
}

/* ---- what only grows ---- */

/* Does the whole input of the state stand in its output? */
static bool keeps_input(const struct asl_draft *d)
{
    const struct asl_state *st = d->st;

    if (d->st->jsonata || st->output_path.path || st->output_path.null)
        return false;
    switch (st->type) {
    case ASL_CHOICE:
    case ASL_WAIT:
        return !st->input_path.path && !st->input_path.null;
    case ASL_PASS:
        if (!st->u.pass.result && !st->parameters && !st->result_path.path)
            return !st->input_path.path && !st->input_path.null;
        return st->result_path.path || st->result_path.null;
    case ASL_TASK:
    case ASL_PARALLEL:
    case ASL_MAP:
        return st->result_path.path || st->result_path.null;
    default:
        return false;
    }
}

/* Is "$" a value of the template, a JSON value, at any depth? */
static bool takes_all(json_object *o)
{
    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            if (takes_all(json_object_array_get_idx(o, i)))
                return true;
    if (!json_object_is_type(o, json_type_object))
        return false;
    json_object_object_foreach(o, key, value)
    {
        size_t len = strlen(key);
        bool path = len > 2 && strcmp(key + len - 2, ".$") == 0;
        if (path && json_object_is_type(value, json_type_string) &&
            strcmp(json_object_get_string(value), "$") == 0)
            return true;
        if (takes_all(value))
            return true;
    }
    return false;
}

/* A Pass that puts its whole input below itself: what it put there before goes along. */
static bool nests_input(const struct asl_draft *d)
{
    const struct asl_state *st = d->st;

    return st->type == ASL_PASS && keeps_input(d) && st->result_path.path && !st->u.pass.result &&
           !st->input_path.path && !st->input_path.null &&
           (!st->parameters || takes_all(json_object_object_get(d->obj, "Parameters")));
}

/* Does a way lead from the state back to itself on which every state keeps its input? Catchers are left out.
 */
static bool comes_back_whole(const struct asl_compile *c, const struct asl_state *st, unsigned *seen,
                             unsigned mark)
{
    const struct asl_state **queue = arena_alloc(c->r.scratch, (st->block->nstates + 1) * sizeof *queue), *to;
    size_t n = 0;

    queue[n++] = st;
    for (size_t i = 0; i < n; i++) {
        if (!keeps_input(&c->states[queue[i]->index]))
            continue;
        for (size_t at = 0; (to = successor(queue[i], &at)) != NULL;) {
            bool caught = at > 1 && at - 2 < queue[i]->ncatchers;
            if (caught || seen[to->index] == mark)
                continue;
            if (to == st)
                return true;
            seen[to->index] = mark;
            queue[n++] = to;
        }
    }
    return false;
}

static void check_growing(const struct asl_compile *c)
{
    enum { LOOKED_AT_MAX = 20 };
    unsigned *seen = arena_alloc(c->r.scratch, (c->nstates + 1) * sizeof *seen), mark = 0;

    for (size_t i = 0; i < c->nstates && mark < LOOKED_AT_MAX; i++) {
        const struct asl_draft *d = &c->states[i];
        if (!nests_input(d) || !comes_back_whole(c, d->st, seen, ++mark))
            continue;
        const struct place at = {.up = d->at, .key = "ResultPath"};
        finding_warning(
            c->r.findings, &at, FINDING_GROWS,
            "Each turn of this loop puts the whole input below itself once more: the payload grows until "
            "States.DataLimitExceeded");
    }
}

void asl_lint_flow(struct asl_compile *c)
{
    const bool *ending = find_ending(c);

    for (size_t i = 0; i < c->nblocks; i++)
        check_endless(c, i, ending);
    check_growing(c);
}
