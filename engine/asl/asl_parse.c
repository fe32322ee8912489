#include "asl/asl_priv.h"

#include "asl/source.h"
#include "asl/unsupported.h"
#include "base/value.h"

#include <string.h>

static const char *const LANGUAGES[] = {"JSONPath", "JSONata", NULL};
static const char *const TYPES[] = {
    "Task",   "Wait",     "Pass", "Succeed", "Fail",
    "Choice", "Parallel", "Map",  NULL}; /* in the order of the service's text */
static const enum asl_type TYPE_VALUES[] = {ASL_TASK, ASL_WAIT,   ASL_PASS,     ASL_SUCCEED,
                                            ASL_FAIL, ASL_CHOICE, ASL_PARALLEL, ASL_MAP};

/* ---- what is under way ---- */

static void *grown(void *list, size_t n, size_t cap, size_t size)
{
    return n == cap ? mem_realloc(list, (cap ? cap * 2 : 16) * size) : list;
}

static struct asl_state *new_state(struct asl_compile *c, const char *name, const struct place *at)
{
    struct asl_state *st = arena_alloc(c->r.arena, sizeof *st);

    st->name = arena_strndup(c->r.arena, name, strlen(name));
    st->index = (uint32_t)c->nstates;
    c->states = grown(c->states, c->nstates, c->cap_states, sizeof *c->states);
    if (c->nstates == c->cap_states)
        c->cap_states = c->cap_states ? c->cap_states * 2 : 16;
    c->states[c->nstates++] = (struct asl_draft){.st = st, .at = at};
    return st;
}

static struct asl_block *new_block(struct asl_compile *c, const struct place *at)
{
    struct asl_block *b = arena_alloc(c->r.arena, sizeof *b);

    c->blocks = grown(c->blocks, c->nblocks, c->cap_blocks, sizeof *c->blocks);
    c->block_places = grown(c->block_places, c->nblocks, c->cap_blocks, sizeof *c->block_places);
    if (c->nblocks == c->cap_blocks)
        c->cap_blocks = c->cap_blocks ? c->cap_blocks * 2 : 16;
    b->index = (uint32_t)c->nblocks;
    c->blocks[c->nblocks] = b;
    c->block_places[c->nblocks++] = at;
    return b;
}

void asl_link(struct asl_compile *c, const struct read_in *in, const char *field,
              const struct asl_block *block, const struct asl_state **slot)
{
    json_object *o;

    if (!read_typed(in, field, json_type_string, &o)) {
        c->torn = true;
        return;
    }
    c->links = grown(c->links, c->nlinks, c->cap_links, sizeof *c->links);
    if (c->nlinks == c->cap_links)
        c->cap_links = c->cap_links ? c->cap_links * 2 : 16;
    c->links[c->nlinks++] = (struct asl_link){.slot = slot,
                                              .target = json_object_get_string(o),
                                              .len = (size_t)json_object_get_string_len(o),
                                              .block = block,
                                              .at = in->at,
                                              .field = field};
}

void asl_label(struct asl_compile *c, const struct read_in *in, const char *text)
{
    c->labels = grown(c->labels, c->nlabels, c->cap_labels, sizeof *c->labels);
    if (c->nlabels == c->cap_labels)
        c->cap_labels = c->cap_labels ? c->cap_labels * 2 : 16;
    c->labels[c->nlabels++] = (struct asl_label){.text = text, .at = in->at};
}

/* ---- states ---- */

static void check_name(const struct read_in *in, const char *name)
{
    size_t chars = js_chars(name, strlen(name));

    if (chars == 0 || chars > ASL_NAME_CHARS_MAX)
        read_error(in, NULL, "The name of a state has 1 to %d characters; this one has %zu",
                   ASL_NAME_CHARS_MAX, chars);
}

/* The state's language. A machine in JSONata has no states in JSONPath. */
static bool parse_language(struct asl_compile *c, const struct read_in *in)
{
    bool jsonata = read_word(in, "QueryLanguage", LANGUAGES, c->jsonata);

    if (c->jsonata && !jsonata)
        read_error(in, NULL,
                   "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
    return jsonata;
}

static void parse_state(struct asl_compile *c, struct asl_state *st, json_object *o, unsigned depth)
{
    struct asl_reader s = {.c = c, .st = st, .depth = depth};

    if (!read_object(&s.in, &c->r, o, c->states[st->index].at)) {
        c->torn = true;
        return;
    }
    c->states[st->index].obj = o;
    check_name(&s.in, st->name);
    read_required(&s.in, (const char *const[]){"Type", NULL});
    int type = read_word(&s.in, "Type", TYPES, -1);
    st->type = type < 0 ? ASL_PASS : TYPE_VALUES[type];
    st->jsonata = s.jsonata = parse_language(c, &s.in);
    uint32_t outer = c->reads.reader;
    c->reads.reader = st->index;
    asl_state_parse(&s, type >= 0);
    c->reads.reader = outer;
}

/* ---- blocks ---- */

static void parse_states(struct asl_compile *c, const struct read_in *in, struct asl_block *b, unsigned depth)
{
    const struct place *at = read_member(&c->r, in->at, "States");
    json_object *states;

    if (!read_typed(in, "States", json_type_object, &states)) {
        c->torn = true;
        return;
    }
    if (json_object_object_length(states) == 0) {
        read_error(in, "States", "Value cannot be empty");
        c->torn = true;
        return;
    }
    b->states = arena_alloc(c->r.arena, (size_t)json_object_object_length(states) * sizeof *b->states);
    json_object_object_foreach(states, name, state)
    {
        struct asl_state *st = new_state(c, name, read_member(&c->r, at, name));
        st->block = b;
        b->states[b->nstates++] = st;
        parse_state(c, st, state, depth);
    }
}

const struct asl_block *asl_block_parse(struct asl_compile *c, const struct read_in *in,
                                        const struct asl_state *owner, unsigned depth)
{
    struct asl_block *b = new_block(c, in->at);

    b->owner = owner;
    if (depth > ASL_NESTING_MAX) {
        read_error(in, NULL, "Parallel and Map states stand more than %d deep within each other",
                   ASL_NESTING_MAX);
        c->torn = true;
        return b;
    }
    if (!read_required(in, (const char *const[]){"States", "StartAt", NULL}))
        c->torn = true;
    if (read_has(in, "StartAt"))
        asl_link(c, in, "StartAt", b, &b->start);
    if (read_has(in, "States"))
        parse_states(c, in, b, depth);
    return b;
}

/* ---- the machine ---- */

static void parse_machine(struct asl_compile *c, const struct read_in *in)
{
    int64_t seconds;

    read_only(in, (const char *const[]){"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds",
                                        "Version", NULL});
    c->jsonata = read_word(in, "QueryLanguage", LANGUAGES, 0);
    read_word(in, "Version", (const char *const[]){"1.0", NULL}, 0);
    if (read_int(in, "TimeoutSeconds", 1, ASL_SECONDS_MAX, &seconds))
        c->asl->timeout_s = seconds;
    c->asl->root = asl_block_parse(c, in, NULL, 0);
    json_object *comment = json_object_object_get(in->obj, "Comment");
    if (json_object_is_type(comment, json_type_string))
        c->asl->comment = arena_strndup(c->r.arena, json_object_get_string(comment),
                                        (size_t)json_object_get_string_len(comment));
}

/* How a text is read. */
struct manner {
    bool express, portable, trial, lone;
};

static void compile(struct asl *asl, json_object *doc, struct manner how, struct asl_findings *findings)
{
    struct asl_compile c = {.asl = asl, .express = how.express, .portable = how.portable, .lone = how.lone};
    struct place *root;
    struct read_in in;

    c.r = (struct reading){.arena = asl->arena,
                           .scratch = arena_new(),
                           .findings = findings,
                           .variables = &c.reads,
                           .trial = how.trial};
    root = arena_alloc(c.r.scratch, sizeof *root);
    read_object(&in, &c.r, doc, root);
    parse_machine(&c, &in);
    asl_check(&c);
    asl_variables_check(&c);
    if (findings->nerrors == 0 && !how.trial)
        asl_lint(&c);
    arena_free(c.r.scratch);
    free(c.states);
    free(c.links);
    free(c.labels);
    free(c.blocks);
    free(c.block_places);
    free(c.sets);
    free(c.reads.list);
}

/* ---- the text ---- */

/* A place in the text, as the service shows it: [Source: (String)"..."; line: 1, column: 4] */
static const char *show_source(struct arena *a, const char *text, size_t len, size_t offset)
{
    enum { SHOWN = 500 };
    size_t shown = len < SHOWN ? len : SHOWN, line, column;
    char *clean = js_clean(text, shown, 3 * SHOWN);
    const char *rest = shown < len ? arena_printf(a, "[truncated %zu chars]", len - shown) : "";

    source_position(text, offset, &line, &column);
    const char *at =
        arena_printf(a, "[Source: (String)\"%s\"%s; line: %zu, column: %zu]", clean, rest, line, column);
    free(clean);
    return at;
}

/* The words of the service where it has some; else the scanner's. */
static void refuse_json(const char *text, size_t len, const struct err *err, struct asl_findings *findings)
{
    struct arena *scratch = arena_new();
    struct js_complaint c;
    const char *what;

    if (js_complaint(text, len, &c)) {
        what = *c.marker ? arena_printf(scratch, "%s (%s %s)", c.words, c.marker,
                                        show_source(scratch, text, len, c.opened))
                         : c.words;
    } else {
        c.offset = 0;
        sscanf(err->cause, "byte %zu", &c.offset);
        c.offset = c.offset < len ? c.offset : len;
        what = err->cause;
    }
    const char *at = show_source(scratch, text, len, c.offset);
    struct asl_finding *f = finding_error(findings, NULL, FINDING_JSON, "%s\n at %s", what, at);
    if (f)
        f->at = arena_strndup(findings->arena, at, strlen(at));
    arena_free(scratch);
}

static bool blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!text[i] || !strchr(" \t\r\n", text[i]))
            return false;
    return true;
}

/* The text as a tree; NULL with findings. */
static json_object *parse_document(const char *text, size_t len, struct asl_findings *findings)
{
    struct err err = {0};
    json_object *doc = NULL;

    if (len > ASL_DEFINITION_BYTES_MAX) {
        finding_error(findings, NULL, FINDING_SCHEMA, "Definition has %zu bytes; at most %d are allowed", len,
                      ASL_DEFINITION_BYTES_MAX);
        return NULL;
    }
    if (!blank(text, len) && js_parse(text, len, &doc, &err) < 0) {
        refuse_json(text, len, &err, findings);
        return NULL;
    }
    if (!json_object_is_type(doc, json_type_object)) {
        finding_error(findings, NULL, FINDING_SCHEMA, "Definition must be a valid JSON object");
        json_object_put(doc);
        return NULL;
    }
    return doc;
}

/* The machine that holds nothing but this state. */
static json_object *machine_around(json_object *state)
{
    json_object *machine = json_object_new_object(), *states = json_object_new_object();

    json_object_object_add(states, ASL_LONE_NAME, state);
    json_object_object_add(machine, "StartAt", json_object_new_string(ASL_LONE_NAME));
    json_object_object_add(machine, "States", states);
    return machine;
}

static struct asl *parse(const char *text, size_t len, struct manner how, struct asl_findings *findings)
{
    struct asl_findings own = {0}, *f = findings ? findings : &own;
    struct asl *asl = NULL;

    json_object *doc = parse_document(text, len, f);
    if (doc) {
        struct arena *arena = arena_new();
        asl = arena_alloc(arena, sizeof *asl);
        asl->arena = arena;
        source_duplicates(text, len, f);
        if (how.lone)
            doc = machine_around(doc);
        compile(asl, doc, how, f);
        json_object_put(doc);
    }
    if (asl && !asl_findings_good(f)) {
        asl_free(asl);
        asl = NULL;
    }
    asl_findings_fini(&own);
    return asl;
}

struct asl *asl_parse(const char *text, size_t len, unsigned rules, struct asl_findings *findings)
{
    return parse(text, len, (struct manner){.express = rules & ASL_EXPRESS, .portable = rules & ASL_PORTABLE},
                 findings);
}

struct asl *asl_parse_trial(const char *text, size_t len, bool lone, struct asl_findings *findings)
{
    return parse(text, len, (struct manner){.trial = true, .lone = lone}, findings);
}

/* ---- the compiled definition ---- */

void asl_free(struct asl *asl)
{
    if (!asl)
        return;
    for (size_t i = 0; i < asl->nstates; i++)
        if (asl->states[i]->type == ASL_PASS)
            value_unref(asl->states[i]->u.pass.result);
    arena_free(asl->arena);
}

struct sought {
    const char *name;
    size_t len;
};

static int order_name(const struct sought *sought, const char *name)
{
    size_t len = strnlen(name, sought->len + 1);
    int order = memcmp(sought->name, name, len < sought->len ? len : sought->len);

    return order ? order : (sought->len > len) - (sought->len < len);
}

static int by_name(const void *key, const void *element)
{
    return order_name(key, (*(const struct asl_state *const *)element)->name);
}

const struct asl_state *asl_find(const struct asl *asl, const char *name, size_t len)
{
    const struct sought sought = {name, len};
    const struct asl_state **found =
        bsearch(&sought, asl->by_name, asl->nstates, sizeof *asl->by_name, by_name);

    return found ? *found : NULL;
}

static int by_text(const void *key, const void *element)
{
    return order_name(key, *(const char *const *)element);
}

const char *asl_variable(const struct asl *asl, const char *name, size_t len)
{
    const struct sought sought = {name, len};
    const char **found = bsearch(&sought, asl->variables, asl->nvariables, sizeof *asl->variables, by_text);

    return found ? *found : NULL;
}

const char *asl_type_name(enum asl_type t)
{
    static const char *const NAMES[] = {
        [ASL_TASK] = "Task",       [ASL_PASS] = "Pass", [ASL_WAIT] = "Wait",         [ASL_CHOICE] = "Choice",
        [ASL_SUCCEED] = "Succeed", [ASL_FAIL] = "Fail", [ASL_PARALLEL] = "Parallel", [ASL_MAP] = "Map",
    };

    return NAMES[t];
}
