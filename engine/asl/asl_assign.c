/*
 * Assign, and the scopes of variables.
 *
 * A scope is a block: the machine, a branch, an item processor.  Within it states read its variables and
 * those of the blocks around it, and set its own alone: no name is set both in a block and in one around it.
 * Around the processor of a distributed Map there is nothing.
 * Source: the service's developer guide, "Passing data between states with variables".
 */
#include "asl/asl_priv.h"

#include "asl/name.h"

#include <string.h>

/* ---- one Assign ---- */

/* Published definitions in JSONata have "top-level": it is set, and nothing can read it. */
static bool is_difference(const struct read_in *in, const char *key, const char *name)
{
    const struct place at = {.up = in->at, .key = key};
    char *plain = arena_strndup(in->r->scratch, name, strlen(name));

    for (char *p = strchr(plain, '-'); p; p = strchr(p, '-'))
        *p = '_';
    if (strcmp(plain, name) == 0 || !name_identifier(plain, strlen(plain)))
        return false;
    finding_warning(in->r->findings, &at, FINDING_UNREADABLE,
                    "No expression can read this variable: in JSONata $%.160s is a difference", name);
    return true;
}

static bool check_name(const struct asl_reader *s, const struct read_in *in, const char *key,
                       const char *name)
{
    size_t len = strlen(name);

    if (strcmp(name, "states") == 0)
        return read_error(in, key, "The variable name 'states' is reserved") == 0;
    if (s->jsonata && js_chars(name, len) <= ASL_VARIABLE_CHARS_MAX && is_difference(in, key, name))
        return true;
    if (name_identifier(name, len) && js_chars(name, len) <= ASL_VARIABLE_CHARS_MAX)
        return true;
    return read_error(in, key,
                      "The name of a variable begins with a letter and has letters, digits and '_', %d "
                      "characters at most",
                      ASL_VARIABLE_CHARS_MAX) == 0;
}

/* "name.$" is the variable "name", in JSONPath. */
static const char *name_of(const struct asl_reader *s, const char *key)
{
    size_t len = strlen(key);

    if (!s->jsonata && len >= 2 && strcmp(key + len - 2, ".$") == 0)
        len -= 2;
    return arena_strndup(s->c->r.arena, key, len);
}

static void add_set(struct asl_compile *c, const char *name, const struct asl_block *scope,
                    const struct place *at)
{
    if (c->nsets == c->cap_sets) {
        c->cap_sets = c->cap_sets ? 2 * c->cap_sets : 16;
        c->sets = mem_realloc(c->sets, c->cap_sets * sizeof *c->sets);
    }
    c->sets[c->nsets] = (struct asl_set){name, scope, at, c->nsets};
    c->nsets++;
}

const struct asl_assign *asl_assign_parse(struct asl_reader *s, const struct read_in *in)
{
    struct asl_assign *assign = arena_alloc(s->c->r.arena, sizeof *assign);
    struct read_in members;

    if (!read_inner(&members, in, "Assign"))
        return NULL;
    size_t n = (size_t)json_object_object_length(members.obj);
    if (s->jsonata)
        assign->queries = arena_alloc(s->c->r.arena, n * sizeof *assign->queries);
    else
        assign->values = read_template(in, "Assign");
    assign->names = arena_alloc(s->c->r.arena, n * sizeof *assign->names);
    json_object_object_foreach(members.obj, key, value)
    {
        (void)value;
        if (s->jsonata)
            assign->queries[assign->n] = read_query(&members, key);
        const char *name = assign->names[assign->n++] = name_of(s, key);
        if (check_name(s, &members, key, name))
            add_set(s->c, name, s->st->block, read_member(&s->c->r, members.at, key));
    }
    return assign;
}

/* ---- all of them ---- */

/* By name, then in the order of the document. */
static int by_set(const void *a, const void *b)
{
    const struct asl_set *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : (x->place > y->place) - (x->place < y->place);
}

/* By name, then by reader, then in the order of the document. */
static int by_read(const void *a, const void *b)
{
    const struct read_variable *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    if (order == 0)
        order = (x->reader > y->reader) - (x->reader < y->reader);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static const struct asl_block *around(const struct asl_block *b)
{
    return b->owner && !b->apart ? b->owner->block : NULL;
}

/* One name at a time: those who set it, those who read it, and marks on the blocks in which it is set. */
struct variables {
    struct asl_compile *c;
    const char **set_in; /* by block: the name that marks it */
    size_t set, read;    /* in c->sets and c->reads.list, sorted: where the next name begins */
};

static const struct asl_block *scope_of(const struct variables *v, const struct asl_block *b,
                                        const char *name)
{
    while (b && v->set_in[b->index] != name)
        b = around(b);
    return b;
}

/* The sets of this name. */
static void check_sets(struct variables *v, const char *name)
{
    const struct asl_set *sets = v->c->sets;
    size_t first = v->set;

    for (; v->set < v->c->nsets && strcmp(sets[v->set].name, name) == 0; v->set++)
        v->set_in[sets[v->set].scope->index] = name;
    for (size_t i = first; i < v->set; i++)
        if (scope_of(v, around(sets[i].scope), name))
            finding_error(v->c->r.findings, sets[i].at, FINDING_SCHEMA,
                          "The variable '%.320s' belongs to an outer scope, and cannot be assigned here",
                          name);
    if (v->set > first)
        v->c->asl->variables[v->c->asl->nvariables++] = name;
}

static void add_read(struct asl_compile *c, struct asl_state *st, const char *name)
{
    if ((st->nreads & (st->nreads - 1)) == 0) { /* full: its room doubles */
        const char **more = arena_alloc(c->r.arena, (st->nreads ? 2 * st->nreads : 1) * sizeof *more);
        if (st->nreads)
            memcpy(more, st->reads, st->nreads * sizeof *more);
        st->reads = more;
    }
    st->reads[st->nreads++] = name;
}

/* The reads of this name: the first one of each state counts. */
static void check_reads(struct variables *v, const char *name)
{
    const struct read_variables *reads = &v->c->reads;
    struct asl_state *last = NULL;

    for (; v->read < reads->n && strcmp(reads->list[v->read].name, name) == 0; v->read++) {
        const struct read_variable *r = &reads->list[v->read];
        struct asl_state *st = v->c->states[r->reader].st;
        if (st == last)
            continue;
        last = st;
        add_read(v->c, st, name);
        if (v->c->r.findings->nerrors == 0 && !scope_of(v, st->block, name))
            finding_warning(v->c->r.findings, r->at, FINDING_UNSET,
                            "No state of this scope, or of one around it, assigns the variable '%.320s'",
                            name);
    }
}

static const char *next_name(const struct variables *v)
{
    const char *set = v->set < v->c->nsets ? v->c->sets[v->set].name : NULL,
               *read = v->read < v->c->reads.n ? v->c->reads.list[v->read].name : NULL;

    return !set || (read && strcmp(read, set) < 0) ? read : set;
}

void asl_variables_check(struct asl_compile *c)
{
    struct variables v = {.c = c, .set_in = arena_alloc(c->r.scratch, c->nblocks * sizeof *v.set_in)};

    if (c->nsets)
        qsort(c->sets, c->nsets, sizeof *c->sets, by_set);
    if (c->reads.n)
        qsort(c->reads.list, c->reads.n, sizeof *c->reads.list, by_read);
    c->asl->variables = arena_alloc(c->r.arena, c->nsets * sizeof *c->asl->variables);
    for (const char *name; (name = next_name(&v)) != NULL;) {
        check_sets(&v, name);
        check_reads(&v, name);
    }
}
