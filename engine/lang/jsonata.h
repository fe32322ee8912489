/*
 * jsonata.h -- JSONata: queries and transformations of JSON.
 *
 * An expression is compiled once into an immutable tree; any number of evaluations share it, one after
 * another or nested.  Pure: the time, chance and the values of variables are inputs.  Knows nothing of
 * workflows.  Source: https://docs.jsonata.org, level 2.0.6; where the page leaves a question open, the
 * reference implementation answers it (but for what is plainly a slip of JavaScript there: an object's
 * prototype, members that look like integers and come first).
 *
 * Beyond the reference: $partition, $range, $hash, $uuid, $parse and $random(seed), as AWS Step Functions
 * has them.
 *
 * Every evaluation is bounded: in steps, in depth (and so in C's stack), in memory and in the bytes of its
 * result.  Who meets a bound gets the error U1001: by default within a tenth of a second, whatever it did
 * (tests/bench/jsonata.json has the worst that we know).
 *
 * Errors: err->name is the code of the reference ("T2001"), err->cause its message.
 */
#pragma once

#include "base/arena.h"
#include "base/json.h"

enum {
    JSONATA_TEXT_BYTES_MAX = 1048576, /* of an expression */
    JSONATA_NESTING_MAX = 400,        /* parentheses, calls, functions within each other; U1002 */
    JSONATA_HEIGHT_MAX = 1500,        /* operators in a row count here, too; U1002 */
};

struct jsonata;

/* Where an error is, beside struct err. */
struct jsonata_place {
    int64_t
        position; /* UTF-16 units of the expression up to the end of the token, as the reference counts; -1 */
    char token[64]; /* the operator, name or function it happened at; "" */
};

/*
 * Compiles text (UTF-8; copied) into the arena. NULL with an error S0xxx or U1002. place may be NULL.
 * A lone surrogate may stand in text as three bytes, as "\ud800" gives one within a string.
 */
const struct jsonata *jsonata_parse(struct arena *a, const char *text, size_t len, struct err *err,
                                    struct jsonata_place *place);

/* What one evaluation may use; 0: the default. */
struct jsonata_limits {
    uint64_t steps;      /* nodes of the tree that are evaluated; bulk work by its size: 20 to 50 ns each */
    uint32_t depth;      /* evaluations within each other, at most JSONATA_DEPTH_MAX */
    size_t memory_bytes; /* of everything that the evaluation makes */
    size_t result_bytes; /* of the result as text, about */
};

#define JSONATA_STEPS_DEFAULT  UINT64_C(2000000)
#define JSONATA_MEMORY_DEFAULT ((size_t)128 << 20)
#define JSONATA_RESULT_DEFAULT ((size_t)4 << 20)
enum {
    JSONATA_DEPTH_MAX = 3000, /* also the default; 4 MiB of stack are enough for it */
    JSONATA_CALLS_MAX = 1000, /* calls within each other */
};

/*
 * What an evaluation takes from outside. Trees that are given are read in place and must stay until
 * jsonata_eval returns.
 */
struct jsonata_env {
    json_object *input; /* "$" and "$$"; NULL is JSON null ... */
    bool has_input;     /* ... or, when this is false, there is none: undefined */
    /*
     * The value of the free variable $name, borrowed, in *value: 1; 0: there is no such variable; -1 with
     * err.  Asked at most once a name and evaluation; a variable hides the function of its name. May be NULL.
     */
    int (*variable)(void *self, const char *name, json_object **value, struct err *err);
    uint64_t (*dice)(void *self); /* 64 uniform bits, for $random, $shuffle and $uuid; NULL: those fail */
    void *self;
    int64_t now_ms;        /* since 1970: $now and $millis */
    bool eval;             /* is there a function $eval? */
    struct arena *scratch; /* for the evaluation, which resets it at its end; NULL: one of its own */
    struct jsonata_limits limits;
    size_t *steps_left; /* shared by several evaluations, each takes its own away; NULL: as limits say */
};

enum jsonata_kind {
    JSONATA_JSON,
    JSONATA_UNDEFINED,
    JSONATA_FUNCTION, /* no JSON value. Within arrays a function is "", within objects it is left out */
};

/*
 * 0: *kind, and for JSONATA_JSON a new reference in *out, which may share parts with the trees that were
 * given.  Infinite numbers are null there.  -1 with err; place may be NULL.
 */
int jsonata_eval(const struct jsonata *x, const struct jsonata_env *env, enum jsonata_kind *kind,
                 json_object **out, struct err *err, struct jsonata_place *place);

/*
 * Static checks. see is called once for each variable that the expression takes from outside somewhere (read)
 * or assigns or declares somewhere (bound; those of other scopes of the same name included), functions of the
 * language left out.
 */
void jsonata_variables(const struct jsonata *x,
                       void (*see)(void *self, const char *name, bool read, bool bound), void *self);

/* Does it look at the input by "$", "$$", a name, a wildcard or "%" that no surrounding path explains? */
bool jsonata_reads_input(const struct jsonata *x);
