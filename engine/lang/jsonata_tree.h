/*
 * jsonata_tree.h -- the compiled expression, for jsonata*.c only.
 *
 * Text becomes tokens (jsonata_lex.c), tokens a tree by operator precedence (jsonata_parse.c), and that tree
 * is resolved in place (jsonata_resolve.c): chains of "." become paths with steps, predicates go to their
 * steps, "%" finds the step whose input it means, calls at the end of functions are marked.  After that
 * nothing changes it any more.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct builtin;
struct function;
struct signature;
struct regex;

enum operator{
    OP_NONE,
    OP_DOT,
    OP_BRACKET,
    OP_BRACKET_END,
    OP_BRACE,
    OP_BRACE_END,
    OP_PAREN,
    OP_PAREN_END,
    OP_COMMA,
    OP_AT,
    OP_HASH,
    OP_SEMICOLON,
    OP_COLON,
    OP_QUESTION,
    OP_PLUS,
    OP_MINUS,
    OP_TIMES,
    OP_DIVIDE,
    OP_REMAINDER,
    OP_BAR,
    OP_EQUAL,
    OP_LESS,
    OP_GREATER,
    OP_CARET,
    OP_DESCENDANTS,
    OP_RANGE,
    OP_ASSIGN,
    OP_NOT_EQUAL,
    OP_LESS_EQUAL,
    OP_GREATER_EQUAL,
    OP_APPLY,
    OP_AND,
    OP_OR,
    OP_IN,
    OP_AMPERSAND,
    OP_BANG,  /* no operator, but it ends a name */
    OP_TILDE, /* the same */
};

/* ---- tokens ---- */

enum token_type {
    TOKEN_END,
    TOKEN_OPERATOR,
    TOKEN_NAME,
    TOKEN_VARIABLE,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_VALUE, /* true, false, null: op tells by its first letter, see text */
    TOKEN_REGEX,
};

struct token {
    enum token_type type;
    enum operator op;
    const char *text; /* the operator, name, variable without its "$", string without its escapes */
    uint32_t len;
    uint32_t at; /* where the token ends, in bytes: this is how the reference counts */
    double number;
    const struct regex *regex;
};

/* ---- variables ---- */

/* A name of a variable; "" is the context ("$"), "$" the whole input ("$$"). */
struct symbol {
    const char *name; /* NUL-terminated */
    uint32_t len;
    uint32_t id;                       /* counts from 0 in one expression */
    bool bound;                        /* some part of the expression assigns or declares it */
    bool read;                         /* some part reads it */
    const struct function *predefined; /* the function of that name, or NULL */
};

struct symbols {
    struct symbol **at; /* by id */
    uint32_t n, cap;
    uint32_t *index, room; /* those that text can name, id + 1 each: open addressing */
};

/* ---- nodes ---- */

enum node_type {
    NODE_END,         /* where an operand should stand */
    NODE_PLACEHOLDER, /* "?" as an argument */
    NODE_NAME,
    NODE_STRING,
    NODE_NUMBER,
    NODE_VALUE,
    NODE_VARIABLE,
    NODE_REGEX,
    NODE_WILDCARD,
    NODE_DESCENDANTS,
    NODE_PARENT,
    NODE_BINARY, /* until it is resolved "." "[" "{" "^" ":=" "@" "#" "~>", too */
    NODE_NEGATE,
    NODE_ARRAY,
    NODE_OBJECT,
    NODE_CALL,
    NODE_PARTIAL,
    NODE_LAMBDA,
    NODE_CONDITION,
    NODE_BLOCK,
    NODE_TRANSFORM,
    /* made while it is resolved: */
    NODE_PATH,
    NODE_BIND,
    NODE_APPLY,
    NODE_SORT, /* a step of a path */
};

struct node;

struct nodes {
    struct node **at;
    uint32_t n, cap;
};

struct pair { /* of an object constructor or a grouping */
    struct node *key, *value;
};

struct pairs {
    struct pair *at;
    uint32_t n, cap;
    uint32_t position;
};

struct term { /* of a sort */
    struct node *expression;
    bool descending;
};

struct terms {
    struct term *at;
    uint32_t n, cap;
};

struct stage {           /* behind a step: a predicate, or "#$name" that counts what has come so far */
    struct node *filter; /* or NULL */
    struct symbol *index;
};

struct stages {
    struct stage *at;
    uint32_t n, cap;
};

/* A "%" that looks for the step whose input it stands for: level steps up. */
struct slot {
    struct symbol *label; /* under this name that step's tuples carry their input */
    int level;
};

struct slots {
    struct slot **at;
    uint32_t n, cap;
};

struct node {
    enum node_type type;
    enum operator op;     /* NODE_BINARY */
    uint32_t at;          /* position, in bytes */
    bool keep_array;      /* "[]" stands behind it: a single result stays an array */
    bool keep_singletons; /* NODE_PATH: some step of it has that */
    bool cons_array;      /* an array constructor whose result is one item, not flattened */
    bool tuple;           /* as a step, and as a path: variables are bound along the way */
    bool tail;            /* NODE_CALL: the last thing that its function does */
    bool frame;           /* NODE_BLOCK: it assigns variables */

    struct symbol *focus, *index; /* "@$name", "#$name" */
    struct slot *ancestor;        /* whose label this step's tuples bind to its input */
    struct slots seeking;         /* "%"s within that must still find their step */
    struct stages stages;         /* as a step: what follows it */
    struct stages predicates;     /* elsewhere */
    struct pairs *group;

    union {
        struct {              /* NODE_NAME, NODE_STRING, NODE_VALUE */
            const char *text; /* NUL-terminated */
            uint32_t len;
        };
        double number;              /* NODE_NUMBER */
        struct symbol *symbol;      /* NODE_VARIABLE */
        const struct regex *regex;  /* NODE_REGEX */
        struct slot *slot;          /* NODE_PARENT */
        struct {                    /* NODE_BINARY, NODE_BIND (lhs is a variable), NODE_APPLY */
            struct node *lhs, *rhs; /* rhs of ":=" and of all others; NULL with pairs or terms */
            struct pairs *pairs;    /* of a grouping, before it is resolved */
            struct terms raw_terms; /* of a sort, before it is resolved */
        };
        struct node *operand;       /* NODE_NEGATE */
        struct nodes list;          /* NODE_ARRAY, NODE_BLOCK: expressions; NODE_PATH: steps */
        struct pairs members;       /* NODE_OBJECT */
        struct terms terms;         /* NODE_SORT */
        struct {                    /* NODE_CALL, NODE_PARTIAL, NODE_LAMBDA */
            struct node *procedure; /* NODE_LAMBDA: the body */
            struct nodes arguments; /* NODE_LAMBDA: variables */
            const struct signature *signature;
        };
        struct { /* NODE_CONDITION: then and otherwise; NODE_TRANSFORM: update and deletion */
            struct node *subject, *first, *second; /* second may be NULL */
            struct symbol *clone;                  /* NODE_TRANSFORM: $clone, which copies the subject */
        };
    };
};

struct jsonata {
    const char *text; /* NUL-terminated */
    uint32_t len;
    struct node *root;
    struct symbols symbols;
    const struct symbol *whole; /* "$$" */
};

/* ---- compiling ---- */

/* What went wrong: for the message and the place. */
struct fault;

struct compiler {
    struct arena *arena;
    struct fault *fault;
    const char *text;
    uint32_t len;
    uint32_t next;      /* the lexer stands here */
    struct token token; /* the parser looks at this one */
    unsigned depth;
    struct symbols *symbols;
    uint64_t work; /* of the kind that could grow with the square of the text */
};

enum { COMPILE_WORK_MAX = 4000000 }; /* more of it: U1002 */

/* The next token; operand: a "/" here begins a regular expression. */
int jsonata_lex(struct compiler *c, bool operand, struct token *t);
const char *jsonata_operator_text(enum operator op);
unsigned jsonata_operator_power(enum operator op); /* how strongly it binds what stands on its left */

struct symbol *jsonata_symbol_intern(struct compiler *c, const char *name, uint32_t len);
struct symbol *jsonata_symbol_copy(struct compiler *c,
                                   const struct symbol *s); /* of an expression around this one */
struct symbol *jsonata_symbol_new(struct compiler *c, const char *name,
                                  uint32_t len); /* that no text can name */

struct node *jsonata_node(struct compiler *c, enum node_type type, uint32_t at);
void jsonata_nodes_add(struct arena *a, struct nodes *list, struct node *n);
void jsonata_pairs_add(struct arena *a, struct pairs *list, struct pair p);
void jsonata_terms_add(struct arena *a, struct terms *list, struct term t);
void jsonata_stages_add(struct arena *a, struct stages *list, struct stage s);
void jsonata_slots_add(struct arena *a, struct slots *list, struct slot *s);

/* The tree by operator precedence, then resolved; NULL with a fault. */
struct node *jsonata_parse_tree(struct compiler *c);
struct node *jsonata_resolve_tree(struct compiler *c, struct node *raw);
