/*
 * jsonata_priv.h -- values and their evaluation, for jsonata*.c only.
 *
 * A value (struct jv) is 16 bytes and travels by value.  What it points to lies in the evaluation's arena, in
 * the compiled expression, or in a tree of json-c that was given: such trees are read where they are.
 * Arrays never change once they are made; objects change only when a transform updates its own copy.
 */
#pragma once

#include "base/json.h"
#include "lang/jsonata.h"
#include "lang/jsonata_tree.h"

/* ---- values ---- */

enum jv_kind {
    JV_UNDEFINED, /* all zero */
    JV_NULL,
    JV_BOOL,
    JV_NUMBER,
    JV_STRING,
    JV_ARRAY,
    JV_OBJECT,
    JV_FUNCTION,
    JV_TUPLE, /* an item of a path that binds variables along the way; never leaves its path */
    JV_TAIL,  /* a call that is still to be made: struct run's tail */
};

enum jv_form { FORM_OWN, FORM_JSON, FORM_COUNT };

/* Flags, most of them of arrays. */
enum {
    JV_SEQUENCE = 1, /* results of a query: one alone is that one, none is undefined */
    JV_KEEP = 2,     /* but not this one */
    JV_CONS = 4,     /* from a constructor: an item of its own, not flattened into others */
    JV_OUTER = 8,    /* wraps the input when that is an array */
    JV_TUPLES = 16,  /* its items are tuples */
    JV_ROOMY = 32,   /* of strings, too: room behind the end may be free, see jsonata_append.c */
};

struct jv {
    uint8_t kind, form, flags;
    uint32_t len; /* bytes of a string, items of an array */
    union {
        bool boolean;
        double number;    /* FORM_COUNT: the first item of an array first, first + 1, ... */
        const char *text; /* UTF-8, not NUL-terminated; a lone surrogate is three bytes */
        const struct jv *items;
        struct object *object;
        struct json_object *json; /* FORM_JSON: an array or object of json-c */
        const struct function *function;
        struct tuple *tuple;
    };
};

struct member {
    const char *key;
    uint32_t len;
    struct jv value;
};

struct object {
    uint32_t n, cap;
    struct member *members; /* in the order in which they came */
    uint32_t *index;        /* open addressing, 2 * cap; NULL while there are few */
};

struct binding {
    const struct symbol *symbol;
    struct jv value;
};

struct bindings {
    struct binding *at;
    uint32_t n, cap;
};

struct tuple {
    struct jv item; /* "@": the context */
    struct bindings bound;
};

struct frame {
    struct frame *up;
    struct bindings bound;
    bool shared; /* bound.at is a tuple's: copied before it changes */
};

/* A place in a text: the bytes before it, and the UTF-16 units, which the language counts in. */
struct mark {
    uint32_t byte;
    size_t unit;
};

/* ---- functions ---- */

struct call;
typedef int builtin_fn(struct call *c, struct jv *out);

struct builtin {
    const char *name;
    size_t len;
    const char *signature;
    uint8_t arity; /* arguments that higher-order functions give it, at most */
    builtin_fn *fn;
    bool evaluates; /* $eval: only where the environment allows it */
};

enum function_kind {
    FUNCTION_BUILTIN,
    FUNCTION_LAMBDA,
    FUNCTION_REGEX,
    FUNCTION_NEXT,
    FUNCTION_PARTIAL,
    FUNCTION_TRANSFORM,
    FUNCTION_CHAIN
};

struct function {
    enum function_kind kind;
    uint32_t arity;
    const struct signature *signature; /* NULL: anything goes */
    const struct builtin *builtin;
    const struct node *node; /* of the lambda or transform */
    struct jv input;         /* where it was made: the context of its body; FUNCTION_NEXT: the text */
    struct frame *frame;
    const struct regex *regex;
    struct mark from;             /* FUNCTION_NEXT: where to go on in the text */
    const struct function *first; /* FUNCTION_PARTIAL: the function; FUNCTION_CHAIN: first, then second */
    const struct function *second;
    const struct jv *fixed; /* FUNCTION_PARTIAL: arguments, JV_TAIL where one is still to come */
    uint32_t nfixed;
    const struct symbol *const *parameters; /* FUNCTION_LAMBDA */
};

struct call {
    struct run *run;
    const struct jv *args;
    uint32_t n;
    struct jv input;     /* the context of the call */
    struct frame *frame; /* its variables */
};

/* The table of all functions of the language. */
const struct builtin *jsonata_builtin(const char *name, size_t len);

/* ---- faults ---- */

struct fault {
    const char *code; /* NULL: none */
    int64_t at;       /* bytes of the text, or -1 */
    const char *token;
    uint32_t token_len;
    bool token_literal;      /* a number, true, false or null: not quoted */
    const char *cause;       /* the message, when it does not come from the table */
    struct jv value, value2; /* {{value}}, {{value2}}, {{exp}} */
    uint32_t index;
    const char *type, *function;
};

/* Fills err and place; text is what positions count in. Always -1. */
int jsonata_fault_report(const struct fault *f, const char *text, uint32_t len, struct err *err,
                         struct jsonata_place *place);

/* ---- one evaluation ---- */

struct global {
    bool known;
    struct jv value;
};

struct tail { /* the call that JV_TAIL stands for */
    const struct node *node;
    struct jv input;
    struct frame *frame;
};

struct run {
    const struct jsonata_env *env;
    struct arena *arena;
    struct fault fault;
    uint64_t steps;         /* left */
    const char *overworked; /* the cause when there are none any more */
    size_t memory;          /* bytes left */
    uint32_t depth, depth_max;
    uint32_t calls;         /* within each other */
    struct jv whole;        /* "$$" */
    struct global *globals; /* by symbol */
    struct tail tail;
    struct matcher *matcher; /* of regular expressions, once one was used */
    const struct symbols *symbols;
};

/* All return -1, and the fault is set. */
int jsonata_fail(struct run *r, const char *code);
int jsonata_fail_value(struct run *r, const char *code, struct jv value);
int jsonata_fail_text(struct run *r, const char *code,
                      const char *cause); /* cause: constant, or in the arena */
/* Says where, when there is a fault: the token and position of an operator. Returns -1. */
int jsonata_fail_at(struct run *r, uint32_t at, const char *token, uint32_t len);

/* That there is too much within each other. */
int jsonata_fail_deep(struct run *r);

/*
 * Pays for n steps' worth of work.  A step is what an average node of the tree takes, 20 to 50 ns; bulk work
 * is charged by its size, so that no evaluation within its steps takes much longer than all others.
 */
static inline int charge(struct run *r, uint64_t n)
{
    if (n <= r->steps) {
        r->steps -= n;
        return 0;
    }
    r->steps = 0;
    return jsonata_fail_text(r, "U1001", r->overworked);
}

/* The same for work that is bounded by memory that there is anyway: the next step sees what is left. */
static inline void owe(struct run *r, uint64_t n)
{
    r->steps -= n < r->steps ? n : r->steps;
}

/* How much of it is one step. */
enum {
    STEP_COPIED = 64,  /* bytes of memory that is taken, or that memcpy, memcmp, memchr go over */
    STEP_READ = 16,    /* bytes that are looked at one by one */
    STEP_SEARCHED = 8, /* bytes in which a text is looked for, at the worst */
    STEP_CHANGED = 4,  /* bytes for each of which something is looked up or made */
    STEP_ITEMS = 8,    /* items of an array that are copied, or looked at shortly */
};

/* Small memory, always given: the next step sees that there is none left. */
void *jsonata_take(struct run *r, size_t size);
/* Memory whose size depends on data: NULL with a fault. */
void *jsonata_take_room(struct run *r, size_t size);
int jsonata_spend(struct run *r, size_t bytes); /* pays for memory that is taken elsewhere */

/* The value of n, in the context in and with the variables of f. */
int jsonata_eval_node(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out);
/* The same, but a path whose variables are wanted gives its tuples. */
int jsonata_eval_tuples(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out);
int jsonata_untuple(struct run *r, struct jv tuples, struct jv *out); /* just their items */
int jsonata_eval_path(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out);
int jsonata_eval_filter(struct run *r, const struct node *predicate, struct jv in, struct frame *f,
                        struct jv *out);
int jsonata_eval_group(struct run *r, const struct pairs *pairs, struct jv in, struct frame *f,
                       struct jv *out);
int jsonata_eval_sort(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out);
/* A stable merge sort of pointers; behind tells whether a belongs behind b. It asks as the reference does. */
typedef int behind_fn(void *self, const void *a, const void *b, bool *out);
int jsonata_sort(struct run *r, const void **items, uint32_t n, behind_fn *behind, void *self);
int jsonata_eval_transform(struct run *r, const struct function *fn, struct jv subject, struct jv *out);
int jsonata_eval_wildcard(struct run *r, struct jv in, struct jv *out);
int jsonata_eval_descendants(struct run *r, struct jv in, struct jv *out);

void jsonata_frame_bind(struct run *r, struct frame *f, const struct symbol *s, struct jv value);
int jsonata_frame_lookup(struct run *r, struct frame *f, const struct symbol *s, struct jv *out);
struct frame *jsonata_frame_new(struct run *r, struct frame *up, uint32_t room);
struct frame *jsonata_frame_of_tuple(struct run *r, struct frame *up, const struct tuple *t);
const struct jv *jsonata_bindings_find(const struct bindings *b, const struct symbol *s);
void jsonata_bindings_set(struct run *r, struct bindings *b, const struct symbol *s, struct jv value);

/* Calls fn (any value: what is no function is T1006). input: its context. */
int jsonata_apply(struct run *r, struct jv fn, const struct jv *args, uint32_t n, struct jv input,
                  struct frame *f, struct jv *out);
int jsonata_eval_call(struct run *r, const struct node *n, struct jv in, struct frame *f,
                      const struct jv *applied, struct jv *out);
int jsonata_eval_apply(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out);
int jsonata_eval_partial(struct run *r, const struct node *n, struct jv in, struct frame *f, struct jv *out);
struct jv jsonata_literal_value(const struct node *n); /* a string, number, true, false or null */
struct jv jsonata_function_value(const struct function *f);
struct jv jsonata_lambda_value(struct run *r, const struct node *n, struct jv in, struct frame *f);

/* Signatures: "<s-nf?:b>". NULL with a fault. */
const struct signature *jsonata_signature_parse(struct arena *a, struct fault *fault, const char *text,
                                                size_t len, uint32_t at);
int jsonata_signature_check(struct run *r, const struct signature *s, const struct jv **args, uint32_t *n,
                            struct jv context);

/* ---- values: jsonata_value.c ---- */

#define UNDEFINED ((struct jv){.kind = JV_UNDEFINED})

static inline struct jv jv_null(void)
{
    return (struct jv){.kind = JV_NULL};
}

static inline struct jv jv_bool(bool b)
{
    return (struct jv){.kind = JV_BOOL, .boolean = b};
}

static inline struct jv jv_number(double d)
{
    return (struct jv){.kind = JV_NUMBER, .number = d};
}

static inline struct jv jv_text(const char *text, size_t len)
{
    return (struct jv){.kind = JV_STRING, .len = (uint32_t)len, .text = text};
}

static inline struct jv jv_array(const struct jv *items, size_t n, uint8_t flags)
{
    return (struct jv){.kind = JV_ARRAY, .flags = flags, .len = (uint32_t)n, .items = items};
}

static inline struct jv jv_object(struct object *o)
{
    return (struct jv){.kind = JV_OBJECT, .object = o};
}

struct jv jv_from_json(struct json_object *o);

/* The i-th item of an array, i below its len. */
static inline struct jv jv_at(struct jv array, uint32_t i)
{
    if (array.form == FORM_OWN)
        return array.items[i];
    if (array.form == FORM_COUNT)
        return jv_number(array.number + i);
    return jv_from_json(json_object_array_get_idx(array.json, i));
}

/* An array of that one value: a sequence. */
struct jv jv_single(struct run *r, struct jv v);

/* Growing arrays; starts as {0}. */
struct list {
    struct jv *items;
    uint32_t n, cap;
};
int jv_list_add(struct run *r, struct list *l, struct jv v);
int jv_list_add_items(struct run *r, struct list *l, struct jv array); /* each of its items */
int jv_list_reserve(struct run *r, struct list *l, uint32_t more);
static inline struct jv list_array(const struct list *l, uint8_t flags)
{
    return jv_array(l->items, l->n, flags);
}

/* Growing text; starts as {0}. */
struct text {
    char *p;
    uint32_t len, cap;
};
int jv_text_reserve(struct run *r, struct text *t, size_t len); /* for so many bytes more */
int jv_text_add(struct run *r, struct text *t, const char *p, size_t len);
int jv_text_add_jv(struct run *r, struct text *t, struct jv string); /* joins halves of a surrogate pair */
bool jv_joins_surrogates(struct jv a, struct jv b); /* does b go on where a ends within a pair? */
static inline struct jv text_value(const struct text *t)
{
    return jv_text(t->p ? t->p : "", t->len);
}

/* Appending that does not copy what was appended to last: jsonata_append.c. */
int jv_append(struct run *r, struct jv a, struct jv b, struct jv *out); /* as $append does */
int jv_concat(struct run *r, struct jv a, struct jv b, struct jv *out); /* strings */

/* Objects, own or of json-c. */
struct object *jv_object_new(struct run *r, uint32_t room);
int jv_object_set(struct run *r, struct object *o, const char *key, uint32_t len, struct jv value);
int jv_object_add_members(struct run *r, struct object *o, struct jv from);
void jv_object_delete(struct run *r, struct object *o, const char *key, uint32_t len);
bool jv_object_get(struct run *r, struct jv object, const char *key, uint32_t len, struct jv *out);
/* The same when key[len] is NUL. */
bool jv_object_get_name(struct run *r, struct jv object, const char *key, uint32_t len, struct jv *out);
uint32_t jv_object_size(struct jv object);

/* Goes over members: for (m = members(o); member_next(&m);) m.key, m.len, m.value. */
struct members {
    struct jv of;
    uint32_t i;
    struct lh_entry *entry;
    const char *key;
    uint32_t len;
    struct jv value;
};
struct members jv_members(struct jv object);
bool jv_members_next(struct members *m);

/* Conversions and comparisons. */
int jv_boolean(struct run *r, struct jv v, bool *out);   /* undefined is false */
int jv_is_number(struct run *r, struct jv v, bool *out); /* NaN is none; infinite: D1001 */
int jv_equal(struct run *r, struct jv a, struct jv b, bool *out);
bool jv_same(struct jv a, struct jv b); /* as "===" has it; who compares long texts owes for it: */
/* Steps that comparing the two takes, if they are strings. */
static inline uint64_t comparing(struct jv a, struct jv b)
{
    return a.kind != JV_STRING || b.kind != JV_STRING ? 0 : (a.len < b.len ? a.len : b.len) / STEP_COPIED;
}
int jv_compare_text(struct jv a, struct jv b); /* < 0, 0, > 0, by UTF-16 units */
uint64_t jv_hash(struct run *r, struct jv v);
int jv_lookup(struct run *r, struct jv in, const char *key, uint32_t len,
              struct jv *out);                                          /* key[len] is NUL */
int jv_string(struct run *r, struct jv v, bool pretty, struct jv *out); /* undefined stays it */
/* As JavaScript's String has it: arrays are joined by commas, objects are "[object Object]". */
int jv_script_text(struct run *r, struct jv v, struct jv *out);
int jv_json(struct run *r, struct jv v, struct jv *out); /* a string in its quotes */
int jv_clone(struct run *r, struct jv v, struct jv *out);
int jv_to_json(struct run *r, struct jv v, struct json_object **out);
const char *jv_cstring(struct run *r, struct jv string); /* a copy that ends with NUL */

/* UTF-16 units of UTF-8 text, and back: the byte at which the unit-th begins. */
size_t jv_units(const char *text, size_t len);
size_t jv_units_to_bytes(const char *text, size_t len, double units);
void jv_mark_move(struct run *r, struct mark *m, struct jv text, uint32_t byte); /* on to byte */
bool jv_has_lone_surrogate(const char *text, size_t len);

/* ---- regular expressions: jsonata_regex.c ---- */

struct regex {
    struct pcre2_real_code_8 *code;
    uint32_t groups;
    uint32_t at;
    uint32_t weight, reach; /* steps of a try to match, and of its repetitions at least: jsonata_regex.c's */
    bool compares;          /* it has back references */
};

struct match {
    uint32_t from, to; /* bytes */
    uint32_t ngroups;
    const struct jv *groups; /* undefined where one took no part */
};

/* flags: "i", "m". NULL with a fault. */
const struct regex *jsonata_regex_compile(struct compiler *c, const char *source, size_t len,
                                          const char *flags, size_t nflags);
/* 1 and the first match at or behind from; 0: none. */
int jsonata_regex_match(struct run *r, const struct regex *re, struct jv text, uint32_t from,
                        struct match *m);
/* {match, start, end, groups, next} for a match; at is a place before it, and moves to its end. */
int jsonata_regex_describe(struct run *r, const struct regex *re, struct jv text, const struct match *m,
                           struct mark *at, struct jv *out);
void jsonata_regex_release(struct run *r);

int jsonata_compile(struct arena *a, const char *text, size_t len, const struct symbols *known,
                    struct fault *fault, struct jsonata **out);
