/* Functions: calls, partial application, chains, and calls at the end of functions that need no stack. */
#include "lang/jsonata_priv.h"

#include <string.h>

struct jv jsonata_function_value(const struct function *f)
{
    return (struct jv){.kind = JV_FUNCTION, .function = f};
}

static const struct symbol *parameter(const struct node *lambda, uint32_t i)
{
    return lambda->arguments.at[i]->symbol;
}

struct jv jsonata_lambda_value(struct run *r, const struct node *n, struct jv in, struct frame *f)
{
    struct function *fn = jsonata_take(r, sizeof *fn);

    fn->kind = FUNCTION_LAMBDA;
    fn->arity = n->arguments.n;
    fn->signature = n->signature;
    fn->node = n;
    fn->input = in;
    fn->frame = f;
    return jsonata_function_value(fn);
}

/* ---- the kinds of functions ---- */

static int call_lambda(struct run *r, const struct function *fn, const struct jv *args, uint32_t n,
                       struct jv *out)
{
    struct frame *f = jsonata_frame_new(r, fn->frame, fn->arity);

    for (uint32_t i = fn->arity;
         i-- > 0;) /* of two parameters of one name the last one counts: found first */
        f->bound.at[f->bound.n++] =
            (struct binding){.symbol = parameter(fn->node, i), .value = i < n ? args[i] : UNDEFINED};
    return jsonata_eval_node(r, fn->node->procedure, fn->input, f, out);
}

/* The holes of a partial application, filled in one after another. */
static int call_partial(struct run *r, const struct function *fn, const struct jv *args, uint32_t n,
                        struct jv input, struct frame *f, struct jv *out)
{
    struct jv *all = jsonata_take(r, fn->nfixed * sizeof *all);

    for (uint32_t i = 0, next = 0; i < fn->nfixed; i++) {
        all[i] = fn->fixed[i];
        if (all[i].kind == JV_TAIL) {
            all[i] = next < n ? args[next] : UNDEFINED;
            next++;
        }
    }
    if (fn->first->kind == FUNCTION_LAMBDA) /* its signature does not count here */
        return call_lambda(r, fn->first, all, fn->nfixed, out);
    return jsonata_apply(r, jsonata_function_value(fn->first), all, fn->nfixed, input, f, out);
}

static int call_chain(struct run *r, const struct function *fn, const struct jv *args, uint32_t n,
                      struct frame *f, struct jv *out)
{
    struct jv between, first = n ? args[0] : UNDEFINED;

    if (jsonata_apply(r, jsonata_function_value(fn->first), &first, 1, jv_null(), f, &between) < 0)
        return -1;
    return jsonata_apply(r, jsonata_function_value(fn->second), &between, 1, jv_null(), f, out);
}

/* Applied to what is no text it sees its text; in what is undefined it finds nothing. */
static int call_regex(struct run *r, const struct function *fn, const struct jv *args, uint32_t n,
                      struct jv *out)
{
    struct mark at = {0};
    struct match m;
    struct jv text;

    if (n == 0 || args[0].kind == JV_UNDEFINED)
        return 0;
    if (jv_script_text(r, args[0], &text) < 0)
        return -1;
    if (n > 1 && args[1].kind == JV_NUMBER)
        jv_mark_move(r, &at, text, (uint32_t)jv_units_to_bytes(text.text, text.len, args[1].number));
    int rc = jsonata_regex_match(r, fn->regex, text, at.byte, &m);
    return rc > 0 ? jsonata_regex_describe(r, fn->regex, text, &m, &at, out) : rc;
}

static int call_next(struct run *r, const struct function *fn, struct jv *out)
{
    struct mark at = fn->from;
    struct match m;

    if (at.byte >= fn->input.len)
        return 0;
    int rc = jsonata_regex_match(r, fn->regex, fn->input, at.byte, &m);
    if (rc <= 0)
        return rc;
    if (m.to == m.from) {
        jsonata_fail(r, "D1004");
        return jsonata_fail_at(r, fn->regex->at, NULL, 0);
    }
    return jsonata_regex_describe(r, fn->regex, fn->input, &m, &at, out);
}

static int call_inner(struct run *r, struct jv callee, const struct jv *args, uint32_t n, struct jv input,
                      struct frame *f, struct jv *out)
{
    const struct function *fn = callee.function;

    *out = UNDEFINED;
    if (callee.kind != JV_FUNCTION)
        return jsonata_fail(r, "T1006");
    if (fn->signature && jsonata_signature_check(r, fn->signature, &args, &n, input) < 0)
        return -1;
    switch (fn->kind) {
    case FUNCTION_BUILTIN:
        return fn->builtin->fn(&(struct call){.run = r, .args = args, .n = n, .input = input, .frame = f},
                               out);
    case FUNCTION_LAMBDA:
        return call_lambda(r, fn, args, n, out);
    case FUNCTION_PARTIAL:
        return call_partial(r, fn, args, n, input, f, out);
    case FUNCTION_CHAIN:
        return call_chain(r, fn, args, n, f, out);
    case FUNCTION_TRANSFORM:
        return jsonata_eval_transform(r, fn, n ? args[0] : UNDEFINED, out);
    case FUNCTION_REGEX:
        return call_regex(r, fn, args, n, out);
    case FUNCTION_NEXT:
        return call_next(r, fn, out);
    }
    return 0;
}

/* ---- calling ---- */

static int eval_arguments(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *args)
{
    for (uint32_t i = 0; i < n->arguments.n; i++)
        if (jsonata_eval_node(r, n->arguments.at[i], in, f, &args[i]) < 0)
            return -1;
    return 0;
}

/* The name that a call goes by, for messages. */
static void name_of(const struct node *procedure, const char **name, uint32_t *len)
{
    *name = NULL;
    *len = 0;
    if (procedure->type == NODE_PATH)
        procedure = procedure->list.at[0];
    if (procedure->type == NODE_VARIABLE) {
        *name = procedure->symbol->name;
        *len = procedure->symbol->len;
    } else if (procedure->type == NODE_NAME || procedure->type == NODE_STRING) {
        *name = procedure->text;
        *len = procedure->len;
    }
}

static int failed_call(struct run *r, const struct node *n)
{
    const char *name;
    uint32_t len;

    name_of(n->procedure, &name, &len);
    if (!r->fault.token) {
        r->fault.token = name;
        r->fault.token_len = len;
    }
    r->fault.at = n->at;
    return -1;
}

/* A call that a function made at its very end is made here, by whoever called the function. */
static int make_tail_call(struct run *r, struct jv input, struct frame *f, struct jv *out)
{
    const struct tail tail = r->tail;
    const struct node *n = tail.node;
    struct jv callee, *args = jsonata_take(r, (n->arguments.n ? n->arguments.n : 1) * sizeof *args);

    if (jsonata_eval_node(r, n->procedure, tail.input, tail.frame, &callee) < 0 ||
        eval_arguments(r, n, tail.input, tail.frame, args) < 0)
        return -1;
    return call_inner(r, callee, args, n->arguments.n, input, f, out) < 0 ? failed_call(r, n) : 0;
}

static int apply_all(struct run *r, struct jv fn, const struct jv *args, uint32_t n, struct jv input,
                     struct frame *f, struct jv *out)
{
    if (call_inner(r, fn, args, n, input, f, out) < 0)
        return -1;
    while (out->kind == JV_TAIL)
        if (make_tail_call(r, input, f, out) < 0)
            return -1;
    return 0;
}

int jsonata_apply(struct run *r, struct jv fn, const struct jv *args, uint32_t n, struct jv input,
                  struct frame *f, struct jv *out)
{
    if (r->calls >= JSONATA_CALLS_MAX)
        return jsonata_fail_deep(r);
    r->calls++;
    int rc = apply_all(r, fn, args, n, input, f, out);
    r->calls--;
    return rc;
}

/* "Did you mean $name?", when a function of that name is there. */
static int refuse_name(struct run *r, const struct node *n, struct frame *f, const char *code)
{
    const char *name;
    uint32_t len;
    struct jv there = UNDEFINED;
    bool truth = false;

    name_of(n->procedure, &name, &len);
    for (uint32_t i = 0; name && i < r->symbols->n; i++) {
        const struct symbol *s = r->symbols->at[i];
        if (s->len == len && !memcmp(s->name, name, len) && jsonata_frame_lookup(r, f, s, &there) < 0)
            return -1;
    }
    if (jv_boolean(r, there, &truth) < 0)
        return -1;
    if (!truth)
        return 0;
    jsonata_fail(r, code);
    return jsonata_fail_at(r, n->at, name, len);
}

static bool is_name(const struct node *procedure)
{
    return procedure->type == NODE_PATH;
}

int jsonata_eval_call(struct run *r, const struct node *n, struct jv in, struct frame *f,
                      const struct jv *applied, struct jv *out)
{
    uint32_t first = applied ? 1 : 0, nargs = n->arguments.n + first;
    struct jv callee;

    if (n->tail && !applied) {
        r->tail = (struct tail){.node = n, .input = in, .frame = f};
        *out = (struct jv){.kind = JV_TAIL};
        return 0;
    }
    if (jsonata_eval_node(r, n->procedure, in, f, &callee) < 0)
        return -1;
    if (callee.kind == JV_UNDEFINED && is_name(n->procedure) && refuse_name(r, n, f, "T1005") < 0)
        return -1;
    struct jv *args = jsonata_take(r, (nargs ? nargs : 1) * sizeof *args);
    if (applied)
        args[0] = *applied;
    if (eval_arguments(r, n, in, f, args + first) < 0)
        return -1;
    return jsonata_apply(r, callee, args, nargs, in, f, out) < 0 ? failed_call(r, n) : 0;
}

/* ---- ~> ---- */

static struct jv chain(struct run *r, struct jv first, struct jv second)
{
    struct function *fn = jsonata_take(r, sizeof *fn);

    fn->kind = FUNCTION_CHAIN;
    fn->arity = 1;
    fn->first = first.function;
    fn->second = second.function;
    return jsonata_function_value(fn);
}

int jsonata_eval_apply(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    struct jv left, fn;

    if (jsonata_eval_node(r, n->lhs, in, f, &left) < 0)
        return -1;
    if (n->rhs->type == NODE_CALL)
        return jsonata_eval_call(r, n->rhs, in, f, &left, out);
    if (jsonata_eval_node(r, n->rhs, in, f, &fn) < 0)
        return -1;
    if (fn.kind != JV_FUNCTION) {
        jsonata_fail_value(r, "T2006", fn);
        return jsonata_fail_at(r, n->at, NULL, 0);
    }
    if (left.kind == JV_FUNCTION) {
        *out = chain(r, left, fn);
        return 0;
    }
    return jsonata_apply(r, fn, &left, 1, jv_null(), f, out);
}

/* ---- f(?, x) ---- */

static int eval_fixed(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *fixed)
{
    for (uint32_t i = 0; i < n->arguments.n; i++) {
        const struct node *a = n->arguments.at[i];
        if (a->type == NODE_PLACEHOLDER)
            fixed[i] = (struct jv){.kind = JV_TAIL};
        else if (jsonata_eval_node(r, a, in, f, &fixed[i]) < 0)
            return -1;
    }
    return 0;
}

static struct jv partial(struct run *r, const struct function *of, const struct jv *fixed, uint32_t n)
{
    struct function *fn = jsonata_take(r, sizeof *fn);

    fn->kind = FUNCTION_PARTIAL;
    fn->first = of;
    fn->fixed = fixed;
    fn->nfixed = n;
    for (uint32_t i = 0; i < n; i++)
        fn->arity += fixed[i].kind == JV_TAIL;
    return jsonata_function_value(fn);
}

int jsonata_eval_partial(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out)
{
    struct jv callee, *fixed = jsonata_take(r, n->arguments.n * sizeof *fixed);
    const char *name;
    uint32_t len;

    if (eval_fixed(r, n, in, f, fixed) < 0 || jsonata_eval_node(r, n->procedure, in, f, &callee) < 0)
        return -1;
    if (callee.kind == JV_UNDEFINED && is_name(n->procedure) && refuse_name(r, n, f, "T1007") < 0)
        return -1;
    if (callee.kind == JV_FUNCTION) {
        *out = partial(r, callee.function, fixed, n->arguments.n);
        return 0;
    }
    name_of(n->procedure, &name, &len);
    jsonata_fail(r, "T1008");
    return jsonata_fail_at(r, n->at, name, len);
}
