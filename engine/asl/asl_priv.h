/*
 * asl_priv.h -- what is under way while a definition is compiled: for the asl_*.c.
 *
 * asl_parse.c goes through the blocks (the machine, branches, item processors), asl_state.c through the
 * fields of each state; both leave links, which asl_check.c turns into pointers at the end.
 */
#pragma once

#include "asl/asl.h"

/* A list of fields, ended by NULL. */
#define NAMES(...)                                                                                           \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

/* "Next": NAME and its like, until every state is known. */
struct asl_link {
    const struct asl_state **slot; /* to be filled in */
    const char *target;            /* the name */
    size_t len;
    const struct asl_block *block; /* where the target must be */
    const struct place *at;        /* the object that holds the field */
    const char *field;
};

/* A Map's Label. */
struct asl_label {
    const char *text;
    const struct place *at; /* the Map */
};

/* A state, and where it comes from. */
struct asl_draft {
    struct asl_state *st;
    const struct place *at;
    json_object *obj; /* borrowed; NULL: it is no object */
};

/* A variable that is set, until every scope is known. */
struct asl_set {
    const char *name;
    const struct asl_block *scope;
    const struct place *at; /* the member of Assign */
    size_t place;           /* in the document's order */
};

struct asl_compile {
    struct reading r;
    struct asl *asl;
    bool express, portable;
    bool lone;    /* the document is one state, to be tried: its targets need not be there */
    bool jsonata; /* the machine's QueryLanguage */
    bool torn;    /* some transitions could not be read: who is reachable cannot be told */
    struct asl_draft *states;
    size_t nstates, cap_states;
    struct asl_link *links;
    size_t nlinks, cap_links;
    struct asl_label *labels;
    size_t nlabels, cap_labels;
    struct asl_block **blocks;
    const struct place **block_places;
    size_t nblocks, cap_blocks;
    struct asl_set *sets;
    size_t nsets, cap_sets;
    struct read_variables reads;
};

/* One state under way. */
struct asl_reader {
    struct asl_compile *c;
    struct read_in in;
    struct asl_state *st;
    bool jsonata;   /* its QueryLanguage */
    unsigned depth; /* of its block */
};

/* A branch or an item processor: its StartAt and States. NULL with findings. */
const struct asl_block *asl_block_parse(struct asl_compile *c, const struct read_in *in,
                                        const struct asl_state *owner, unsigned depth);

/* All fields of a state but its Type. type_known false: only the transitions. */
void asl_state_parse(struct asl_reader *s, bool type_known);

/* What the field holds is pawl's own: an error to whom wants a portable definition. */
void asl_addition(struct asl_reader *s, const char *field, const char *what);

/* Resource of a Task, and what follows from it. */
void asl_resource_parse(struct asl_reader *s);
/* The finding of an ARN in "Resource" that names nothing; -1. */
int asl_resource_unknown(const struct read_in *in, const char *text);
/*
 * Are the required parameters (names separated by blanks) in Parameters or Arguments?  The object, if it is
 * there and one: an expression gives NULL without a finding.
 */
json_object *asl_parameters_check(const struct read_in *in, bool jsonata, const char *required);

/* The fields that only a Map has. */
void asl_map_parse(struct asl_reader *s);

/* Assign of a state, a rule or a catcher (whose reader in is). NULL: absent, or among the findings. */
const struct asl_assign *asl_assign_parse(struct asl_reader *s, const struct read_in *in);

/* The field names a state of the block: *slot is filled in at the end. */
void asl_link(struct asl_compile *c, const struct read_in *in, const char *field,
              const struct asl_block *block, const struct asl_state **slot);

/* A label, which must be the only one of its name in the machine. */
void asl_label(struct asl_compile *c, const struct read_in *in, const char *text);

/* The whole: names, labels, transitions, what is reachable. */
void asl_check(struct asl_compile *c);

/* What is allowed and worth a second look: the warnings. Only of a definition without errors. */
void asl_lint(struct asl_compile *c);
/* Its parts: a state's strings, a Choice, the ways through each block. */
void asl_lint_texts(struct asl_compile *c, const struct asl_draft *d);
void asl_lint_choice(struct asl_compile *c, const struct asl_draft *d);
void asl_lint_flow(struct asl_compile *c);
/* The whole: the scopes of variables, and who reads which. */
void asl_variables_check(struct asl_compile *c);
