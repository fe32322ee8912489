/*
 * asl_priv.h -- what is under way while a definition is compiled: for asl_parse.c, asl_state.c,
 * asl_resource.c and asl_check.c.
 *
 * asl_parse.c goes through the blocks (the machine, branches, item processors), asl_state.c through the
 * fields of each state; both leave links, which asl_check.c turns into pointers at the end.
 */
#pragma once

#include "asl/asl.h"

/* "Next": NAME and its like, until every state is known. */
struct asl_link {
    const struct asl_state **slot; /* to be filled in */
    const char *target;            /* the name */
    size_t len;
    const struct asl_block *block; /* where the target must be */
    const struct place *at;        /* the object that holds the field */
    const char *field;
};

struct asl_compile {
    struct reading r;
    struct asl *asl;
    bool express;
    bool jsonata; /* the machine's QueryLanguage */
    bool torn;    /* some transitions could not be read: who is reachable cannot be told */
    struct asl_state **states;
    const struct place **state_places; /* of each state */
    size_t nstates, cap_states;
    struct asl_link *links;
    size_t nlinks, cap_links;
    struct asl_block **blocks;
    const struct place **block_places;
    size_t nblocks, cap_blocks;
};

/* One state under way. */
struct asl_reader {
    struct asl_compile *c;
    struct read_in in;
    struct asl_state *st;
    bool jsonata;   /* its QueryLanguage: the fields with expressions are not read */
    unsigned depth; /* of its block */
};

/* A branch or an item processor: its StartAt and States. NULL with findings. */
const struct asl_block *asl_block_parse(struct asl_compile *c, const struct read_in *in,
                                        const struct asl_state *owner, unsigned depth);

/* All fields of a state but its Type. type_known false: only the transitions. */
void asl_state_parse(struct asl_reader *s, bool type_known);

/* Resource, and what follows from it. */
void asl_resource_parse(struct asl_reader *s);

/* The field names a state of the block: *slot is filled in at the end. */
void asl_link(struct asl_compile *c, const struct read_in *in, const char *field,
              const struct asl_block *block, const struct asl_state **slot);

/* The whole: names, transitions, what is reachable. */
void asl_check(struct asl_compile *c);
