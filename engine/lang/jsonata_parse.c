/*
 * Tokens to a tree, by operator precedence (Pratt 1973): every token knows what it means where an operand
 * is expected (operand_...) and behind one (infix_...), and how strongly it binds.
 */
#include "lang/jsonata_priv.h"

#include <string.h>

/* ---- growing lists, in the arena ---- */

static void *grow(struct arena *a, void *at, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return at;
    *cap = *cap ? *cap * 2 : 4;
    void *bigger = arena_alloc(a, *cap * size);
    if (n)
        memcpy(bigger, at, n * size);
    return bigger;
}

void jsonata_nodes_add(struct arena *a, struct nodes *list, struct node *n)
{
    list->at = grow(a, list->at, list->n, &list->cap, sizeof *list->at);
    list->at[list->n++] = n;
}

void jsonata_pairs_add(struct arena *a, struct pairs *list, struct pair p)
{
    list->at = grow(a, list->at, list->n, &list->cap, sizeof *list->at);
    list->at[list->n++] = p;
}

void jsonata_terms_add(struct arena *a, struct terms *list, struct term t)
{
    list->at = grow(a, list->at, list->n, &list->cap, sizeof *list->at);
    list->at[list->n++] = t;
}

void jsonata_stages_add(struct arena *a, struct stages *list, struct stage s)
{
    list->at = grow(a, list->at, list->n, &list->cap, sizeof *list->at);
    list->at[list->n++] = s;
}

void jsonata_slots_add(struct arena *a, struct slots *list, struct slot *s)
{
    list->at = grow(a, list->at, list->n, &list->cap, sizeof *list->at);
    list->at[list->n++] = s;
}

/* ---- nodes and symbols ---- */

struct node *jsonata_node(struct compiler *c, enum node_type type, uint32_t at)
{
    struct node *n = arena_alloc(c->arena, sizeof *n);

    n->type = type;
    n->at = at;
    return n;
}

struct symbol *jsonata_symbol_new(struct compiler *c, const char *name, uint32_t len)
{
    struct symbol *s = arena_alloc(c->arena, sizeof *s);
    struct symbols *all = c->symbols;

    s->name = name;
    s->len = len;
    s->id = all->n;
    all->at = grow(c->arena, all->at, all->n, &all->cap, sizeof *all->at);
    all->at[all->n++] = s;
    return s;
}

static uint32_t hash(const char *name, uint32_t len)
{
    uint32_t h = UINT32_C(0x811c9dc5);

    for (uint32_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)name[i]) * UINT32_C(0x01000193);
    return h ^ h >> 15;
}

/* The place in the index where a symbol of that name is, or where it would go. */
static uint32_t *index_slot(struct compiler *c, const char *name, uint32_t len)
{
    const struct symbols *all = c->symbols;
    uint32_t i = hash(name, len) & (all->room - 1);

    for (;; i = (i + 1) & (all->room - 1), c->work++) {
        const struct symbol *s = all->index[i] ? all->at[all->index[i] - 1] : NULL;
        if (!s || (s->len == len && !memcmp(s->name, name, len)))
            return &all->index[i];
    }
}

/* Room for one symbol more, where half of the places stay free. */
static void reserve_index(struct compiler *c)
{
    struct symbols *all = c->symbols;
    uint32_t room = all->room ? all->room * 2 : 16, *smaller = all->index, places = all->room;

    if (2 * (all->n + 1) <= all->room)
        return;
    all->index = arena_alloc(c->arena, room * sizeof *all->index);
    all->room = room;
    for (uint32_t i = 0; i < places; i++) {
        if (smaller[i]) {
            const struct symbol *s = all->at[smaller[i] - 1];
            *index_slot(c, s->name, s->len) = smaller[i];
        }
    }
}

struct symbol *jsonata_symbol_copy(struct compiler *c, const struct symbol *s)
{
    reserve_index(c);
    struct symbol *copy = jsonata_symbol_new(c, s->name, s->len);

    *index_slot(c, s->name, s->len) = copy->id + 1;
    copy->bound = true; /* perhaps there */
    copy->predefined = s->predefined;
    return copy;
}

static void predefine(struct compiler *c, struct symbol *s)
{
    const struct builtin *b = jsonata_builtin(s->name, s->len);

    if (!b)
        return;
    struct function *f = arena_alloc(c->arena, sizeof *f);
    f->kind = FUNCTION_BUILTIN;
    f->builtin = b;
    f->arity = b->arity;
    f->signature = jsonata_signature_parse(c->arena, c->fault, b->signature, strlen(b->signature), 0);
    PAWL_ASSERT(f->signature != NULL);
    s->predefined = f;
}

struct symbol *jsonata_symbol_intern(struct compiler *c, const char *name, uint32_t len)
{
    reserve_index(c);
    uint32_t *slot = index_slot(c, name, len);

    if (*slot)
        return c->symbols->at[*slot - 1];
    struct symbol *s = jsonata_symbol_new(c, arena_strndup(c->arena, name, len), len);
    *slot = s->id + 1;
    predefine(c, s);
    return s;
}

/* ---- the reader ---- */

static struct node *refuse(struct compiler *c, const char *code, uint32_t at, const char *token, size_t len)
{
    *c->fault = (struct fault){.code = code, .at = at, .token = token, .token_len = (uint32_t)len};
    return NULL;
}

static struct node *refuse_token(struct compiler *c, const char *code)
{
    refuse(c, code, c->token.at, c->token.text, c->token.len);
    c->fault->token_literal = c->token.type == TOKEN_NUMBER || c->token.type == TOKEN_VALUE;
    return NULL;
}

static struct node *refuse_node(struct compiler *c, const char *code, const struct node *n)
{
    bool named = n->type == NODE_NAME || n->type == NODE_STRING || n->type == NODE_VALUE ||
                 n->type == NODE_PLACEHOLDER;
    const char *token = n->type == NODE_VARIABLE ? n->symbol->name : named ? n->text : NULL;

    refuse(c, code, n->at, token, token ? strlen(token) : 0);
    c->fault->token_literal = n->type == NODE_VALUE;
    return NULL;
}

static int advance(struct compiler *c)
{
    return jsonata_lex(c, true, &c->token);
}

/* Behind an operand: a "/" divides. */
static int advance_behind_operand(struct compiler *c)
{
    return jsonata_lex(c, false, &c->token);
}

static bool at(const struct compiler *c, enum operator op)
{
    return c->token.type == TOKEN_OPERATOR && c->token.op == op;
}

/* 0, or -1 unless op stands here. */
static int require(struct compiler *c, enum operator op)
{
    if (at(c, op))
        return 0;
    const char *code = c->token.type == TOKEN_END ? "S0203" : "S0202";
    refuse_token(c, code);
    c->fault->value = jv_text(jsonata_operator_text(op), strlen(jsonata_operator_text(op)));
    return -1;
}

static int expect(struct compiler *c, enum operator op)
{
    return require(c, op) < 0 ? -1 : advance(c);
}

/* For what closes an operand. */
static int expect_end(struct compiler *c, enum operator op)
{
    return require(c, op) < 0 ? -1 : advance_behind_operand(c);
}

static struct node *expression(struct compiler *c, unsigned power);

/* "," and whether there is more. */
static bool more(struct compiler *c, int *rc)
{
    if (!at(c, OP_COMMA))
        return false;
    *rc = advance(c);
    return *rc == 0;
}

/* ---- operands ---- */

static struct node *block(struct compiler *c, struct node *n)
{
    n->type = NODE_BLOCK;
    while (!at(c, OP_PAREN_END)) {
        struct node *e = expression(c, 0);
        if (!e)
            return NULL;
        jsonata_nodes_add(c->arena, &n->list, e);
        if (!at(c, OP_SEMICOLON))
            break;
        if (advance(c) < 0)
            return NULL;
    }
    return expect_end(c, OP_PAREN_END) < 0 ? NULL : n;
}

/* An item of an array constructor: a value or a range. */
static struct node *item(struct compiler *c)
{
    struct node *first = expression(c, 0);

    if (!first || !at(c, OP_RANGE))
        return first;
    struct node *range = jsonata_node(c, NODE_BINARY, c->token.at);
    range->op = OP_RANGE;
    range->lhs = first;
    if (advance(c) < 0 || !(range->rhs = expression(c, 0)))
        return NULL;
    return range;
}

static struct node *array(struct compiler *c, struct node *n)
{
    int rc = 0;

    n->type = NODE_ARRAY;
    if (!at(c, OP_BRACKET_END)) {
        do {
            struct node *e = item(c);
            if (!e)
                return NULL;
            jsonata_nodes_add(c->arena, &n->list, e);
        } while (more(c, &rc));
    }
    return rc < 0 || expect_end(c, OP_BRACKET_END) < 0 ? NULL : n;
}

/* Behind "{": members, up to "}". */
static int pairs(struct compiler *c, struct pairs *list)
{
    int rc = 0;

    if (!at(c, OP_BRACE_END)) {
        do {
            struct pair p;
            if (!(p.key = expression(c, 0)) || expect(c, OP_COLON) < 0 || !(p.value = expression(c, 0)))
                return -1;
            jsonata_pairs_add(c->arena, list, p);
        } while (more(c, &rc));
    }
    return rc < 0 ? -1 : expect_end(c, OP_BRACE_END);
}

static struct node *object(struct compiler *c, struct node *n)
{
    n->type = NODE_OBJECT;
    n->members.position = n->at;
    return pairs(c, &n->members) < 0 ? NULL : n;
}

static struct node *negation(struct compiler *c, struct node *n)
{
    n->type = NODE_NEGATE;
    n->operand = expression(c, 70);
    return n->operand ? n : NULL;
}

/* |pattern|update, deletion| */
static struct node *transform(struct compiler *c, struct node *n)
{
    n->type = NODE_TRANSFORM;
    n->clone = jsonata_symbol_intern(c, "clone", 5);
    if (!(n->subject = expression(c, 0)) || expect(c, OP_BAR) < 0 || !(n->first = expression(c, 0)))
        return NULL;
    if (at(c, OP_COMMA) && (advance(c) < 0 || !(n->second = expression(c, 0))))
        return NULL;
    return expect(c, OP_BAR) < 0 ? NULL : n;
}

static struct node *operand_text(struct compiler *c, const struct token *t, enum node_type type)
{
    struct node *n = jsonata_node(c, type, t->at);

    n->text = t->text;
    n->len = t->len;
    return n;
}

static struct node *operand_operator(struct compiler *c, const struct token *t)
{
    struct node *n = jsonata_node(c, NODE_END, t->at);

    switch (t->op) {
    case OP_AND:
    case OP_OR:
    case OP_IN: /* names of fields here */
        return operand_text(c, t, NODE_NAME);
    case OP_TIMES:
        n->type = NODE_WILDCARD;
        return n;
    case OP_DESCENDANTS:
        n->type = NODE_DESCENDANTS;
        return n;
    case OP_REMAINDER:
        n->type = NODE_PARENT;
        return n;
    case OP_MINUS:
        return negation(c, n);
    case OP_PAREN:
        return block(c, n);
    case OP_BRACKET:
        return array(c, n);
    case OP_BRACE:
        return object(c, n);
    case OP_BAR:
        return transform(c, n);
    default:
        return refuse(c, "S0211", t->at, t->text, t->len);
    }
}

/* t where an operand is expected; the reader stands behind it. */
static struct node *operand(struct compiler *c, const struct token *t)
{
    struct node *n;

    switch (t->type) {
    case TOKEN_END:
        return jsonata_node(c, NODE_END, t->at);
    case TOKEN_OPERATOR:
        return operand_operator(c, t);
    case TOKEN_NAME:
        return operand_text(c, t, NODE_NAME);
    case TOKEN_STRING:
        return operand_text(c, t, NODE_STRING);
    case TOKEN_VALUE:
        return operand_text(c, t, NODE_VALUE);
    case TOKEN_VARIABLE:
        n = jsonata_node(c, NODE_VARIABLE, t->at);
        n->symbol = jsonata_symbol_intern(c, t->text, t->len);
        return n;
    case TOKEN_NUMBER:
        n = jsonata_node(c, NODE_NUMBER, t->at);
        n->number = t->number;
        return n;
    case TOKEN_REGEX:
        break;
    }
    n = jsonata_node(c, NODE_REGEX, t->at);
    n->regex = t->regex;
    return n;
}

/* ---- what stands behind an operand ---- */

static struct node *infix_binary(struct compiler *c, struct node *n, struct node *left, unsigned power)
{
    n->lhs = left;
    n->rhs = expression(c, power);
    return n->rhs ? n : NULL;
}

static bool is_function_word(const struct node *n)
{
    return n->type == NODE_NAME && (!strcmp(n->text, "function") || !strcmp(n->text, "\xCE\xBB"));
}

/* "?" stands for an argument that is still to come. */
static struct node *argument(struct compiler *c, bool *partial)
{
    if (!at(c, OP_QUESTION))
        return expression(c, 0);
    struct node *n = operand_text(c, &c->token, NODE_PLACEHOLDER);
    *partial = true;
    return advance(c) < 0 ? NULL : n;
}

/* Behind "<" of a function's definition: its tokens, without blanks, up to the ">" that closes it. */
static int signature(struct compiler *c, const struct signature **out)
{
    struct js_buf b = {0};
    uint32_t start = c->token.at;
    int depth = 1, rc = 0;

    js_buf_str(&b, "<");
    while (rc == 0 && depth > 0 && !at(c, OP_BRACE) && c->token.type != TOKEN_END) {
        rc = advance(c);
        depth += at(c, OP_LESS) - at(c, OP_GREATER);
        if (rc == 0 && c->token.type != TOKEN_REGEX)
            js_buf_add(&b, c->token.text, c->token.len);
    }
    if (rc == 0)
        rc = expect(c, OP_GREATER);
    if (rc == 0)
        *out = jsonata_signature_parse(c->arena, c->fault, b.p, b.len, start);
    js_buf_fini(&b);
    return rc == 0 && *out ? 0 : -1;
}

/* function(...) behind its ")": [<signature>] {body}. */
static struct node *lambda(struct compiler *c, struct node *n)
{
    n->type = NODE_LAMBDA;
    for (uint32_t i = 0; i < n->arguments.n; i++) {
        if (n->arguments.at[i]->type != NODE_VARIABLE) {
            refuse_node(c, "S0208", n->arguments.at[i]);
            c->fault->value = jv_number(i + 1);
            return NULL;
        }
        n->arguments.at[i]->symbol->bound = true;
    }
    if (at(c, OP_LESS) && signature(c, &n->signature) < 0)
        return NULL;
    if (expect(c, OP_BRACE) < 0 || !(n->procedure = expression(c, 0)))
        return NULL;
    return expect(c, OP_BRACE_END) < 0 ? NULL : n;
}

static struct node *infix_call(struct compiler *c, struct node *n, struct node *left)
{
    bool partial = false;
    int rc = 0;

    n->procedure = left;
    n->arguments = (struct nodes){0};
    n->signature = NULL;
    if (!at(c, OP_PAREN_END)) {
        do {
            struct node *a = argument(c, &partial);
            if (!a)
                return NULL;
            jsonata_nodes_add(c->arena, &n->arguments, a);
        } while (more(c, &rc));
    }
    if (rc < 0 || expect_end(c, OP_PAREN_END) < 0)
        return NULL;
    n->type = partial ? NODE_PARTIAL : NODE_CALL;
    return is_function_word(left) ? lambda(c, n) : n;
}

/* "[]" says of the step before it that a single result stays an array. */
static struct node *infix_bracket(struct compiler *c, struct node *n, struct node *left)
{
    if (!at(c, OP_BRACKET_END)) {
        n->lhs = left;
        n->rhs = expression(c, 0);
        return !n->rhs || expect_end(c, OP_BRACKET_END) < 0 ? NULL : n;
    }
    struct node *step = left;
    while (step->type == NODE_BINARY && step->op == OP_BRACKET)
        step = step->lhs;
    step->keep_array = true;
    return advance(c) < 0 ? NULL : left;
}

static struct node *infix_sort(struct compiler *c, struct node *n, struct node *left)
{
    int rc = 0;

    n->lhs = left;
    n->rhs = NULL;
    if (expect(c, OP_PAREN) < 0)
        return NULL;
    do {
        struct term t = {.descending = at(c, OP_GREATER)};
        if ((at(c, OP_LESS) || at(c, OP_GREATER)) && advance(c) < 0)
            return NULL;
        if (!(t.expression = expression(c, 0)))
            return NULL;
        jsonata_terms_add(c->arena, &n->raw_terms, t);
    } while (more(c, &rc));
    return rc < 0 || expect(c, OP_PAREN_END) < 0 ? NULL : n;
}

static struct node *infix_group(struct compiler *c, struct node *n, struct node *left)
{
    n->lhs = left;
    n->rhs = NULL;
    n->pairs = arena_alloc(c->arena, sizeof *n->pairs);
    n->pairs->position = n->at;
    return pairs(c, n->pairs) < 0 ? NULL : n;
}

static struct node *infix_assign(struct compiler *c, struct node *n, struct node *left)
{
    if (left->type != NODE_VARIABLE)
        return refuse_node(c, "S0212", left);
    left->symbol->bound = true;
    return infix_binary(c, n, left, jsonata_operator_power(OP_ASSIGN) - 1); /* from right to left */
}

/* "@$name", "#$name" */
static struct node *infix_variable(struct compiler *c, struct node *n, struct node *left)
{
    if (!infix_binary(c, n, left, jsonata_operator_power(n->op)))
        return NULL;
    if (n->rhs->type != NODE_VARIABLE)
        return refuse(c, "S0214", n->rhs->at, jsonata_operator_text(n->op), 1);
    n->rhs->symbol->bound = true;
    return n;
}

static struct node *infix_condition(struct compiler *c, struct node *n, struct node *left)
{
    n->type = NODE_CONDITION;
    n->second = NULL;
    n->subject = left;
    if (!(n->first = expression(c, 0)))
        return NULL;
    if (at(c, OP_COLON) && (advance(c) < 0 || !(n->second = expression(c, 0))))
        return NULL;
    return n;
}

/* The operator t behind left; the reader stands behind t. */
static struct node *infix(struct compiler *c, const struct token *t, struct node *left)
{
    struct node *n = jsonata_node(c, NODE_BINARY, t->at);

    n->op = t->op;
    switch (t->op) {
    case OP_PAREN:
        return infix_call(c, n, left);
    case OP_BRACKET:
        return infix_bracket(c, n, left);
    case OP_BRACE:
        return infix_group(c, n, left);
    case OP_CARET:
        return infix_sort(c, n, left);
    case OP_ASSIGN:
        return infix_assign(c, n, left);
    case OP_AT:
    case OP_HASH:
        return infix_variable(c, n, left);
    case OP_QUESTION:
        return infix_condition(c, n, left);
    default:
        return infix_binary(c, n, left, jsonata_operator_power(t->op));
    }
}

static unsigned power_of(const struct token *t)
{
    return t->type == TOKEN_OPERATOR ? jsonata_operator_power(t->op) : 0;
}

/* A token that is no operator at all where one could stand. */
static bool is_unknown(const struct token *t)
{
    return t->type == TOKEN_OPERATOR && (t->op == OP_BANG || t->op == OP_TILDE);
}

/* Reads as long as what follows binds more strongly than power. */
static struct node *expression(struct compiler *c, unsigned power)
{
    struct token t = c->token;

    if (++c->depth > JSONATA_NESTING_MAX || c->work > COMPILE_WORK_MAX)
        return refuse(c, "U1002", t.at, t.text, t.len);
    if (is_unknown(&t))
        return refuse_token(c, "S0204");
    if (advance_behind_operand(c) < 0)
        return NULL;
    struct node *left = operand(c, &t);
    while (left && power < power_of(&c->token)) {
        t = c->token;
        if (advance(c) < 0)
            return NULL;
        left = infix(c, &t, left);
    }
    if (left && is_unknown(&c->token))
        return refuse_token(c, "S0204");
    c->depth--;
    return left;
}

struct node *jsonata_parse_tree(struct compiler *c)
{
    if (advance(c) < 0)
        return NULL;
    struct node *root = expression(c, 0);
    if (root && c->token.type != TOKEN_END)
        return refuse_token(c, "S0201");
    return root;
}
