/* What each kind of node means. Paths are jsonata_path.c's, calls jsonata_call.c's. */
#include "lang/jsonata_priv.h"

#include <math.h>
#include <string.h>

/* ---- operators ---- */

static int arithmetic(struct run *r, enum operator op, struct jv a, struct jv b, struct jv *out)
{
    bool number;

    if (a.kind != JV_UNDEFINED &&
        (jv_is_number(r, a, &number) < 0 || (!number && jsonata_fail_value(r, "T2001", a) < 0)))
        return -1;
    if (b.kind != JV_UNDEFINED &&
        (jv_is_number(r, b, &number) < 0 || (!number && jsonata_fail_value(r, "T2002", b) < 0)))
        return -1;
    if (a.kind == JV_UNDEFINED || b.kind == JV_UNDEFINED)
        return 0;
    switch (op) {
    case OP_PLUS:
        *out = jv_number(a.number + b.number);
        return 0;
    case OP_MINUS:
        *out = jv_number(a.number - b.number);
        return 0;
    case OP_TIMES:
        *out = jv_number(a.number * b.number);
        return 0;
    case OP_DIVIDE:
        *out = jv_number(a.number / b.number);
        return 0;
    default:
        *out = jv_number(fmod(a.number, b.number));
        return 0;
    }
}

static bool is_ordered(struct jv v)
{
    return v.kind == JV_NUMBER || v.kind == JV_STRING;
}

static int comparison(struct run *r, enum operator op, struct jv a, struct jv b, struct jv *out)
{
    bool number_or_text = is_ordered(a);

    if ((a.kind != JV_UNDEFINED && !number_or_text) || (b.kind != JV_UNDEFINED && !is_ordered(b)))
        return jsonata_fail_value(r, "T2010", number_or_text ? b : a);
    if (a.kind == JV_UNDEFINED || b.kind == JV_UNDEFINED)
        return 0;
    if (a.kind != b.kind) {
        jsonata_fail_value(r, "T2009", a);
        r->fault.value2 = b;
        return -1;
    }
    owe(r, comparing(a, b));
    int order = a.kind == JV_STRING ? jv_compare_text(a, b) : (a.number > b.number) - (a.number < b.number);
    bool comparable = a.kind == JV_STRING || (!isnan(a.number) && !isnan(b.number));
    bool holds = op == OP_LESS         ? order < 0
                 : op == OP_LESS_EQUAL ? order <= 0
                 : op == OP_GREATER    ? order > 0
                                       : order >= 0;
    *out = jv_bool(comparable && holds);
    return 0;
}

static int equality(struct run *r, enum operator op, struct jv a, struct jv b, struct jv *out)
{
    bool equal = false;

    *out = jv_bool(false);
    if (a.kind == JV_UNDEFINED || b.kind == JV_UNDEFINED)
        return 0;
    if (jv_equal(r, a, b, &equal) < 0)
        return -1;
    *out = jv_bool(equal == (op == OP_EQUAL));
    return 0;
}

static int concatenation(struct run *r, struct jv a, struct jv b, struct jv *out)
{
    if (jv_string(r, a, false, &a) < 0 || jv_string(r, b, false, &b) < 0)
        return -1;
    return jv_concat(r, a.kind == JV_STRING ? a : jv_text("", 0), b.kind == JV_STRING ? b : jv_text("", 0),
                     out);
}

static bool is_integer(struct jv v)
{
    return v.kind == JV_NUMBER && isfinite(v.number) && v.number == floor(v.number);
}

enum { RANGE_ITEMS_MAX = 10000000 };

/* Counts, and holds no items until somebody asks. */
static int range(struct run *r, struct jv a, struct jv b, struct jv *out)
{
    if (a.kind != JV_UNDEFINED && !is_integer(a))
        return jsonata_fail_value(r, "T2003", a);
    if (b.kind != JV_UNDEFINED && !is_integer(b))
        return jsonata_fail_value(r, "T2004", b);
    if (a.kind == JV_UNDEFINED || b.kind == JV_UNDEFINED || a.number > b.number)
        return 0;
    double size = b.number - a.number + 1;
    if (size > RANGE_ITEMS_MAX)
        return jsonata_fail_value(r, "D2014", jv_number(size));
    *out = (struct jv){.kind = JV_ARRAY,
                       .form = FORM_COUNT,
                       .flags = JV_SEQUENCE,
                       .len = (uint32_t)size,
                       .number = a.number};
    return 0;
}

static int inclusion(struct run *r, struct jv a, struct jv b, struct jv *out)
{
    bool found = false;

    if (a.kind != JV_UNDEFINED && b.kind != JV_UNDEFINED) {
        found = b.kind != JV_ARRAY && jv_same(a, b);
        if (b.kind == JV_ARRAY && charge(r, b.len / 4) < 0)
            return -1;
        for (uint32_t i = 0; b.kind == JV_ARRAY && i < b.len && !found; i++) {
            struct jv item = jv_at(b, i);
            if (charge(r, comparing(a, item)) < 0)
                return -1;
            found = jv_same(a, item);
        }
    }
    *out = jv_bool(found);
    return 0;
}

static int operate(struct run *r, enum operator op, struct jv a, struct jv b, struct jv *out)
{
    switch (op) {
    case OP_EQUAL:
    case OP_NOT_EQUAL:
        return equality(r, op, a, b, out);
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
        return comparison(r, op, a, b, out);
    case OP_AMPERSAND:
        return concatenation(r, a, b, out);
    case OP_RANGE:
        return range(r, a, b, out);
    case OP_IN:
        return inclusion(r, a, b, out);
    default:
        return arithmetic(r, op, a, b, out);
    }
}

static int eval_boolean(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    const char *token = jsonata_operator_text(n->op);
    struct jv v;
    bool truth;

    if (jsonata_eval_node(r, n->lhs, in, f, &v) < 0)
        return -1;
    if (jv_boolean(r, v, &truth) < 0)
        return jsonata_fail_at(r, n->at, token, (uint32_t)strlen(token));
    if (truth == (n->op == OP_AND) &&
        (jsonata_eval_node(r, n->rhs, in, f, &v) < 0 || jv_boolean(r, v, &truth) < 0))
        return jsonata_fail_at(r, n->at, token, (uint32_t)strlen(token));
    *out = jv_bool(truth);
    return 0;
}

static int eval_binary(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    struct jv a, b;

    if (n->op == OP_AND || n->op == OP_OR)
        return eval_boolean(r, n, in, f, out);
    if (jsonata_eval_node(r, n->lhs, in, f, &a) < 0 || jsonata_eval_node(r, n->rhs, in, f, &b) < 0)
        return -1;
    if (operate(r, n->op, a, b, out) == 0)
        return 0;
    return jsonata_fail_at(r, n->at, jsonata_operator_text(n->op),
                           (uint32_t)strlen(jsonata_operator_text(n->op)));
}

static int eval_negate(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    bool number;

    if (jsonata_eval_node(r, n->operand, in, f, out) < 0)
        return -1;
    if (out->kind == JV_UNDEFINED)
        return 0;
    if (jv_is_number(r, *out, &number) < 0)
        return -1;
    if (!number) {
        jsonata_fail_value(r, "D1002", *out);
        return jsonata_fail_at(r, n->at, "-", 1);
    }
    out->number = -out->number;
    return 0;
}

/* ---- constructors ---- */

/* What one item adds: an array its items, but an array constructor one item. */
static int eval_item(struct run *r, const struct node *item, struct jv v, struct list *l)
{
    if (v.kind == JV_UNDEFINED)
        return 0;
    if (v.kind == JV_ARRAY && item->type != NODE_ARRAY)
        return jv_list_add_items(r, l, v);
    return jv_list_add(r, l, v);
}

/* The first item's array is what the others are appended to. */
static int eval_array(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    struct jv v, first = UNDEFINED;
    struct list rest = {0};

    for (uint32_t i = 0; i < n->list.n; i++) {
        const struct node *item = n->list.at[i];
        if (jsonata_eval_node(r, item, in, f, &v) < 0)
            return -1;
        if (i == 0 && v.kind == JV_ARRAY && item->type != NODE_ARRAY)
            first = v;
        else if (eval_item(r, item, v, &rest) < 0)
            return -1;
    }
    if (first.kind != JV_ARRAY)
        *out = list_array(&rest, 0);
    else if (jv_append(r, first, list_array(&rest, 0), out) < 0)
        return -1;
    out->flags |= n->cons_array ? JV_CONS : 0;
    return 0;
}

/* ---- variables, blocks, conditions ---- */

static int eval_variable(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    if (n->symbol->len)
        return jsonata_frame_lookup(r, f, n->symbol, out);
    *out = in.kind == JV_ARRAY && (in.flags & JV_OUTER) ? jv_at(in, 0) : in;
    return 0;
}

static int eval_bind(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    if (jsonata_eval_node(r, n->rhs, in, f, out) < 0)
        return -1;
    jsonata_frame_bind(r, f, n->lhs->symbol, *out);
    return 0;
}

static int eval_block(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    struct frame *inner = n->frame ? jsonata_frame_new(r, f, 0) : f;

    for (uint32_t i = 0; i < n->list.n; i++)
        if (jsonata_eval_tuples(r, n->list.at[i], in, inner, out) < 0)
            return -1;
    return 0;
}

static int eval_condition(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    struct jv v;
    bool truth;

    if (jsonata_eval_node(r, n->subject, in, f, &v) < 0 || jv_boolean(r, v, &truth) < 0)
        return -1;
    if (truth)
        return jsonata_eval_node(r, n->first, in, f, out);
    return n->second ? jsonata_eval_node(r, n->second, in, f, out) : 0;
}

struct jv jsonata_literal_value(const struct node *n)
{
    if (n->type == NODE_NUMBER)
        return jv_number(n->number);
    if (n->type == NODE_STRING)
        return jv_text(n->text, n->len);
    return *n->text == 'n' ? jv_null() : jv_bool(*n->text == 't');
}

static struct jv regex_value(struct run *r, const struct node *n)
{
    struct function *fn = jsonata_take(r, sizeof *fn);

    fn->kind = FUNCTION_REGEX;
    fn->arity = 2;
    fn->regex = n->regex;
    return jsonata_function_value(fn);
}

static struct jv transform_value(struct run *r, const struct node *n, struct jv in, struct frame *f)
{
    struct function *fn = jsonata_take(r, sizeof *fn);

    fn->kind = FUNCTION_TRANSFORM;
    fn->arity = 1;
    fn->node = n;
    fn->input = in;
    fn->frame = f;
    return jsonata_function_value(fn);
}

/* ---- every node ---- */

static int eval_type(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    switch (n->type) {
    case NODE_PATH:
        return jsonata_eval_path(r, n, in, f, out);
    case NODE_NAME:
        return jv_lookup(r, in, n->text, n->len, out);
    case NODE_VARIABLE:
        return eval_variable(r, n, in, f, out);
    case NODE_CALL:
        return jsonata_eval_call(r, n, in, f, NULL, out);
    case NODE_BINARY:
        return eval_binary(r, n, in, f, out);
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_VALUE:
        *out = jsonata_literal_value(n);
        return 0;
    case NODE_OBJECT:
        return jsonata_eval_group(r, &n->members, in, f, out);
    case NODE_ARRAY:
        return eval_array(r, n, in, f, out);
    case NODE_CONDITION:
        return eval_condition(r, n, in, f, out);
    case NODE_BLOCK:
        return eval_block(r, n, in, f, out);
    case NODE_BIND:
        return eval_bind(r, n, in, f, out);
    case NODE_NEGATE:
        return eval_negate(r, n, in, f, out);
    case NODE_WILDCARD:
        return jsonata_eval_wildcard(r, in, out);
    case NODE_DESCENDANTS:
        return jsonata_eval_descendants(r, in, out);
    case NODE_PARENT:
        return jsonata_frame_lookup(r, f, n->slot->label, out);
    case NODE_LAMBDA:
        *out = jsonata_lambda_value(r, n, in, f);
        return 0;
    case NODE_PARTIAL:
        return jsonata_eval_partial(r, n, in, f, out);
    case NODE_APPLY:
        return jsonata_eval_apply(r, n, in, f, out);
    case NODE_TRANSFORM:
        *out = transform_value(r, n, in, f);
        return 0;
    case NODE_REGEX:
        *out = regex_value(r, n);
        return 0;
    case NODE_PLACEHOLDER:
    case NODE_SORT:
    case NODE_END:
        break;
    }
    return 0;
}

/* Predicates and the grouping of what is no path: a path does its own. */
static int eval_rest(struct run *r, const struct node *n, struct frame *f, struct jv *out)
{
    for (uint32_t i = 0; i < n->predicates.n; i++)
        if (jsonata_eval_filter(r, n->predicates.at[i].filter, *out, f, out) < 0)
            return -1;
    if (n->predicates.n && n->keep_array && out->kind != JV_UNDEFINED && out->kind != JV_ARRAY)
        *out = jv_single(r, *out);
    if (n->group && n->type != NODE_PATH)
        return jsonata_eval_group(r, n->group, *out, f, out);
    return 0;
}

/* A sequence of one is that one, a sequence of none nothing. */
static void settle(const struct node *n, struct jv *out)
{
    if (out->kind != JV_ARRAY || !(out->flags & JV_SEQUENCE) || (out->flags & JV_TUPLES))
        return;
    if (n->keep_array)
        out->flags |= JV_KEEP;
    if (out->len == 0)
        *out = UNDEFINED;
    else if (out->len == 1 && !(out->flags & JV_KEEP))
        *out = jv_at(*out, 0);
}

static int enter(struct run *r)
{
    if (charge(r, 1) < 0)
        return -1;
    if (r->memory == 0)
        return jsonata_spend(r, 1);
    if (r->depth >= r->depth_max)
        return jsonata_fail_deep(r);
    r->depth++;
    return 0;
}

int jsonata_eval_tuples(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    *out = UNDEFINED;
    if (enter(r) < 0 || eval_type(r, n, in, f, out) < 0)
        return -1;
    if ((n->predicates.n || n->group) && eval_rest(r, n, f, out) < 0)
        return -1;
    r->depth--;
    settle(n, out);
    return 0;
}

int jsonata_eval_node(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    if (jsonata_eval_tuples(r, n, in, f, out) < 0)
        return -1;
    return out->flags & JV_TUPLES ? jsonata_untuple(r, *out, out) : 0;
}
