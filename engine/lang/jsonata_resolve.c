/*
 * The tree by precedence to the tree that is evaluated: paths with their steps, predicates and groupings
 * where they belong, "%" tied to the step whose input it means, last calls marked.
 */
#include "lang/jsonata_priv.h"

#include <string.h>

static struct node *resolve(struct compiler *c, struct node *n);

static struct node *refuse(struct compiler *c, const char *code, uint32_t at, const char *token)
{
    *c->fault = (struct fault){
        .code = code, .at = at, .token = token, .token_len = token ? (uint32_t)strlen(token) : 0};
    return NULL;
}

static struct node *last_step(const struct node *path)
{
    return path->list.at[path->list.n - 1];
}

static struct node *path_of(struct compiler *c, struct node *first)
{
    struct node *path = jsonata_node(c, NODE_PATH, first->at);

    jsonata_nodes_add(c->arena, &path->list, first);
    return path;
}

/* ---- "%" ---- */

static const char *type_name(const struct node *n)
{
    static const char *const names[] = {
        [NODE_END] = "(end)",           [NODE_PLACEHOLDER] = "operator",
        [NODE_NAME] = "name",           [NODE_STRING] = "string",
        [NODE_NUMBER] = "number",       [NODE_VALUE] = "value",
        [NODE_VARIABLE] = "variable",   [NODE_REGEX] = "regex",
        [NODE_WILDCARD] = "wildcard",   [NODE_DESCENDANTS] = "descendant",
        [NODE_PARENT] = "parent",       [NODE_BINARY] = "binary",
        [NODE_NEGATE] = "unary",        [NODE_ARRAY] = "unary",
        [NODE_OBJECT] = "unary",        [NODE_CALL] = "function",
        [NODE_PARTIAL] = "partial",     [NODE_LAMBDA] = "lambda",
        [NODE_CONDITION] = "condition", [NODE_BLOCK] = "block",
        [NODE_TRANSFORM] = "transform", [NODE_PATH] = "path",
        [NODE_BIND] = "bind",           [NODE_APPLY] = "apply",
        [NODE_SORT] = "sort",
    };
    return names[n->type];
}

/* Is step the one that slot looks for? It counts its level down on the way. -1: there can be none. */
static int seek(struct compiler *c, struct node *step, struct slot *slot);

static int seek_in_path(struct compiler *c, struct node *path, struct slot *slot)
{
    uint32_t i = path->list.n;

    path->tuple = true;
    do {
        if (seek(c, path->list.at[--i], slot) < 0)
            return -1;
    } while (slot->level > 0 && i > 0);
    return 0;
}

static int seek(struct compiler *c, struct node *step, struct slot *slot)
{
    c->work++;
    switch (step->type) {
    case NODE_NAME:
    case NODE_WILDCARD:
        if (--slot->level > 0)
            return 0;
        if (step->ancestor)
            slot->label = step->ancestor->label; /* another "%" means the same step */
        step->ancestor = slot;
        step->tuple = true;
        return 0;
    case NODE_PARENT:
        slot->level++;
        return 0;
    case NODE_BLOCK:
        if (step->list.n == 0)
            return 0;
        step->tuple = true;
        return seek(c, step->list.at[step->list.n - 1], slot);
    case NODE_PATH:
        return seek_in_path(c, step, slot);
    default:
        refuse(c, "S0217", step->at, type_name(step));
        return -1;
    }
}

/* What a part still seeks, the whole seeks. */
static void inherit(struct compiler *c, struct node *whole, const struct node *part)
{
    c->work += part->seeking.n;
    for (uint32_t i = 0; i < part->seeking.n; i++)
        jsonata_slots_add(c->arena, &whole->seeking, part->seeking.at[i]);
    if (part->type == NODE_PARENT)
        jsonata_slots_add(c->arena, &whole->seeking, part->slot);
}

/* The step before i, where several that bind "@" in a row count as one. */
static struct node *step_before(const struct node *path, uint32_t *i)
{
    struct node *step = path->list.at[--*i];

    while (*i > 0 && step->focus && path->list.at[*i - 1]->focus)
        step = path->list.at[--*i];
    return step;
}

/* Looks through the steps before the last one for what the last one seeks. */
static int seek_ancestors(struct compiler *c, struct node *path)
{
    struct node *last = last_step(path);
    struct slots wanted = {0};

    for (uint32_t i = 0; i < last->seeking.n; i++)
        jsonata_slots_add(c->arena, &wanted, last->seeking.at[i]);
    if (last->type == NODE_PARENT)
        jsonata_slots_add(c->arena, &wanted, last->slot);
    for (uint32_t s = 0; s < wanted.n; s++) {
        uint32_t i = path->list.n - 1;
        while (wanted.at[s]->level > 0 && i > 0)
            if (seek(c, step_before(path, &i), wanted.at[s]) < 0)
                return -1;
        if (wanted.at[s]->level > 0)
            jsonata_slots_add(c->arena, &path->seeking, wanted.at[s]);
    }
    return 0;
}

/* ---- paths ---- */

static bool is_constructor(const struct node *n)
{
    return n->type == NODE_ARRAY;
}

/* Steps, those from the first on: fields, calls, blocks...; no numbers, and a string is a name. */
static int check_steps(struct compiler *c, struct node *path, uint32_t first)
{
    for (uint32_t i = first; i < path->list.n; i++) {
        struct node *step = path->list.at[i];
        if (step->type == NODE_NUMBER || step->type == NODE_VALUE) {
            refuse(c, "S0213", step->at, NULL);
            c->fault->value = jsonata_literal_value(step);
            return -1;
        }
        if (step->type == NODE_STRING)
            step->type = NODE_NAME;
        path->keep_singletons = path->keep_singletons || step->keep_array;
    }
    return 0;
}

static void add_steps(struct compiler *c, struct node *path, struct node *rest)
{
    if (rest->type == NODE_PATH) {
        for (uint32_t i = 0; i < rest->list.n; i++)
            jsonata_nodes_add(c->arena, &path->list, rest->list.at[i]);
        return;
    }
    if (rest->predicates.n) {
        rest->stages = rest->predicates;
        rest->predicates = (struct stages){0};
    }
    jsonata_nodes_add(c->arena, &path->list, rest);
}

/* lhs.rhs */
static struct node *resolve_dot(struct compiler *c, struct node *n)
{
    struct node *left = resolve(c, n->lhs), *rest;

    if (!left)
        return NULL;
    bool goes_on = left->type == NODE_PATH;
    struct node *path = goes_on ? left : path_of(c, left);
    uint32_t unchecked = goes_on ? path->list.n : 0;
    if (left->type == NODE_PARENT)
        jsonata_slots_add(c->arena, &path->seeking, left->slot);
    if (!(rest = resolve(c, n->rhs)))
        return NULL;
    add_steps(c, path, rest);
    if (check_steps(c, path, unchecked) < 0)
        return NULL;
    if (is_constructor(path->list.at[0]))
        path->list.at[0]->cons_array = true;
    if (is_constructor(last_step(path)))
        last_step(path)->cons_array = true;
    return seek_ancestors(c, path) < 0 ? NULL : path;
}

/* A "%" in a predicate means the input of the step that the predicate belongs to, or of one before it. */
static int seek_from_predicate(struct compiler *c, struct node *step, const struct node *predicate)
{
    for (uint32_t i = 0; i < predicate->seeking.n; i++) {
        struct slot *slot = predicate->seeking.at[i];
        if (slot->level != 1)
            slot->level--;
        else if (seek(c, step, slot) < 0)
            return -1;
    }
    if (predicate->seeking.n)
        inherit(c, step, predicate);
    return 0;
}

/* lhs[rhs] */
static struct node *resolve_predicate(struct compiler *c, struct node *n)
{
    struct node *result = resolve(c, n->lhs), *predicate;

    if (!result)
        return NULL;
    bool in_path = result->type == NODE_PATH;
    struct node *step = in_path ? last_step(result) : result;
    if (step->group)
        return refuse(c, "S0209", n->at, NULL);
    if (!(predicate = resolve(c, n->rhs)) || seek_from_predicate(c, step, predicate) < 0)
        return NULL;
    jsonata_stages_add(c->arena, in_path ? &step->stages : &step->predicates,
                       (struct stage){.filter = predicate});
    return result;
}

static int resolve_pairs(struct compiler *c, struct pairs *list, struct node *owner)
{
    for (uint32_t i = 0; i < list->n; i++) {
        struct pair *p = &list->at[i];
        if (!(p->key = resolve(c, p->key)) || !(p->value = resolve(c, p->value)))
            return -1;
        if (owner) {
            inherit(c, owner, p->key);
            inherit(c, owner, p->value);
        }
    }
    return 0;
}

/* lhs{pairs} */
static struct node *resolve_grouping(struct compiler *c, struct node *n)
{
    struct node *result = resolve(c, n->lhs);

    if (!result)
        return NULL;
    if (result->group)
        return refuse(c, "S0210", n->at, NULL);
    if (resolve_pairs(c, n->pairs, NULL) < 0)
        return NULL;
    result->group = n->pairs;
    return result;
}

/* lhs^(terms) */
static struct node *resolve_sort(struct compiler *c, struct node *n)
{
    struct node *result = resolve(c, n->lhs), *sort = jsonata_node(c, NODE_SORT, n->at);

    if (!result)
        return NULL;
    if (result->type != NODE_PATH)
        result = path_of(c, result);
    sort->terms = n->raw_terms;
    for (uint32_t i = 0; i < sort->terms.n; i++) {
        struct term *t = &sort->terms.at[i];
        if (!(t->expression = resolve(c, t->expression)))
            return NULL;
        inherit(c, sort, t->expression);
    }
    jsonata_nodes_add(c->arena, &result->list, sort);
    return seek_ancestors(c, result) < 0 ? NULL : result;
}

/* lhs@$name */
static struct node *resolve_focus(struct compiler *c, struct node *n)
{
    struct node *result = resolve(c, n->lhs);

    if (!result)
        return NULL;
    struct node *step = result->type == NODE_PATH ? last_step(result) : result;
    if (step->stages.n || step->predicates.n)
        return refuse(c, "S0215", n->at, NULL);
    if (step->type == NODE_SORT)
        return refuse(c, "S0216", n->at, NULL);
    step->keep_array = step->keep_array || n->keep_array;
    step->focus = n->rhs->symbol;
    step->tuple = true;
    return result;
}

/* lhs#$name */
static struct node *resolve_index(struct compiler *c, struct node *n)
{
    struct node *result = resolve(c, n->lhs);

    if (!result)
        return NULL;
    struct node *step = result;
    if (result->type == NODE_PATH) {
        step = last_step(result);
    } else {
        result = path_of(c, step);
        if (step->predicates.n) {
            step->stages = step->predicates;
            step->predicates = (struct stages){0};
        }
    }
    if (step->stages.n)
        jsonata_stages_add(c->arena, &step->stages, (struct stage){.index = n->rhs->symbol});
    else
        step->index = n->rhs->symbol;
    step->tuple = true;
    return result;
}

/* ---- the other nodes ---- */

static int resolve_both(struct compiler *c, struct node *n)
{
    n->lhs = resolve(c, n->lhs);
    return n->lhs && (n->rhs = resolve(c, n->rhs)) ? 0 : -1;
}

static struct node *resolve_binary(struct compiler *c, struct node *n)
{
    switch (n->op) {
    case OP_DOT:
        return resolve_dot(c, n);
    case OP_BRACKET:
        return resolve_predicate(c, n);
    case OP_BRACE:
        return resolve_grouping(c, n);
    case OP_CARET:
        return resolve_sort(c, n);
    case OP_AT:
        return resolve_focus(c, n);
    case OP_HASH:
        return resolve_index(c, n);
    case OP_ASSIGN:
        n->type = NODE_BIND;
        if (!(n->rhs = resolve(c, n->rhs)))
            return NULL;
        inherit(c, n, n->rhs);
        return n;
    case OP_APPLY:
        n->type = NODE_APPLY;
        if (resolve_both(c, n) < 0)
            return NULL;
        n->keep_array = n->keep_array || n->lhs->keep_array || n->rhs->keep_array;
        return n;
    default:
        if (resolve_both(c, n) < 0)
            return NULL;
        inherit(c, n, n->lhs);
        inherit(c, n, n->rhs);
        return n;
    }
}

static struct node *resolve_negation(struct compiler *c, struct node *n)
{
    struct node *operand = resolve(c, n->operand);

    if (!operand)
        return NULL;
    if (operand->type == NODE_NUMBER) {
        operand->number = -operand->number;
        return operand;
    }
    n->operand = operand;
    inherit(c, n, operand);
    return n;
}

static int resolve_list(struct compiler *c, struct nodes *list, struct node *owner)
{
    for (uint32_t i = 0; i < list->n; i++) {
        if (!(list->at[i] = resolve(c, list->at[i])))
            return -1;
        inherit(c, owner, list->at[i]);
    }
    return 0;
}

static struct node *resolve_block(struct compiler *c, struct node *n)
{
    if (resolve_list(c, &n->list, n) < 0)
        return NULL;
    for (uint32_t i = 0; i < n->list.n; i++) {
        const struct node *e = n->list.at[i];
        if (e->cons_array || (e->type == NODE_PATH && e->list.at[0]->cons_array))
            n->cons_array = true;
    }
    n->frame = true;
    return n;
}

static struct node *resolve_call(struct compiler *c, struct node *n)
{
    if (resolve_list(c, &n->arguments, n) < 0)
        return NULL;
    n->procedure = resolve(c, n->procedure);
    if (n->procedure && n->procedure->type == NODE_PATH) { /* perhaps its "$" was forgotten */
        const struct node *first = n->procedure->list.at[0];
        if (first->type == NODE_NAME)
            jsonata_symbol_intern(c, first->text, first->len);
    }
    return n->procedure ? n : NULL;
}

/* A call that is the last thing a function does needs no place on the stack: it is made by its caller. */
static void mark_tail(struct node *n)
{
    if (n->predicates.n || n->group)
        return;
    if (n->type == NODE_CALL) {
        n->tail = true;
    } else if (n->type == NODE_CONDITION) {
        mark_tail(n->first);
        if (n->second)
            mark_tail(n->second);
    } else if (n->type == NODE_BLOCK && n->list.n) {
        mark_tail(n->list.at[n->list.n - 1]);
    }
}

static struct node *resolve_lambda(struct compiler *c, struct node *n)
{
    if (!(n->procedure = resolve(c, n->procedure)))
        return NULL;
    mark_tail(n->procedure);
    return n;
}

static struct node *resolve_condition(struct compiler *c, struct node *n)
{
    if (!(n->subject = resolve(c, n->subject)))
        return NULL;
    inherit(c, n, n->subject);
    if (!(n->first = resolve(c, n->first)))
        return NULL;
    inherit(c, n, n->first);
    if (n->second) {
        if (!(n->second = resolve(c, n->second)))
            return NULL;
        inherit(c, n, n->second);
    }
    return n;
}

static struct node *resolve_transform(struct compiler *c, struct node *n)
{
    if (!(n->subject = resolve(c, n->subject)) || !(n->first = resolve(c, n->first)))
        return NULL;
    if (n->second && !(n->second = resolve(c, n->second)))
        return NULL;
    return n;
}

static struct node *resolve_name(struct compiler *c, struct node *n)
{
    struct node *path = path_of(c, n);
    path->keep_singletons = path->keep_array = n->keep_array;
    return path;
}

static struct node *resolve_parent(struct compiler *c, struct node *n)
{
    n->slot = arena_alloc(c->arena, sizeof *n->slot);
    n->slot->level = 1;
    n->slot->label = jsonata_symbol_new(c, "%", 1);
    n->slot->label->bound = true;
    return n;
}

static struct node *resolve_type(struct compiler *c, struct node *n)
{
    switch (n->type) {
    case NODE_BINARY:
        return resolve_binary(c, n);
    case NODE_NEGATE:
        return resolve_negation(c, n);
    case NODE_ARRAY:
        return resolve_list(c, &n->list, n) < 0 ? NULL : n;
    case NODE_OBJECT:
        return resolve_pairs(c, &n->members, n) < 0 ? NULL : n;
    case NODE_CALL:
    case NODE_PARTIAL:
        return resolve_call(c, n);
    case NODE_LAMBDA:
        return resolve_lambda(c, n);
    case NODE_CONDITION:
        return resolve_condition(c, n);
    case NODE_TRANSFORM:
        return resolve_transform(c, n);
    case NODE_BLOCK:
        return resolve_block(c, n);
    case NODE_NAME:
        return resolve_name(c, n);
    case NODE_PARENT:
        return resolve_parent(c, n);
    case NODE_VARIABLE:
        n->symbol->read = true;
        return n;
    case NODE_END:
        return refuse(c, "S0207", n->at, "(end)");
    default:
        return n;
    }
}

static struct node *resolve(struct compiler *c, struct node *n)
{
    bool keep = n->keep_array;

    if (++c->depth > JSONATA_HEIGHT_MAX)
        return refuse(c, "U1002", n->at, NULL);
    struct node *result = resolve_type(c, n);
    if (result && c->work > COMPILE_WORK_MAX)
        return refuse(c, "U1002", n->at, NULL);
    c->depth--;
    if (result && keep)
        result->keep_array = true;
    return result;
}

struct node *jsonata_resolve_tree(struct compiler *c, struct node *raw)
{
    c->depth = 0;
    struct node *root = resolve(c, raw);

    if (root && (root->type == NODE_PARENT || root->seeking.n))
        return refuse(c, "S0217", root->at, type_name(root));
    return root;
}
