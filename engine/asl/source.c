#include "asl/source.h"

#include "base/json.h"

#include <string.h>

/* ---- walking valid JSON ---- */

struct walk {
    const char *start, *p, *end;
    struct arena *arena; /* for names with escapes */
};

static void skip_blanks(struct walk *w)
{
    while (w->p < w->end && memchr(" \n\r\t,:", *w->p, 6))
        w->p++; /* js_scan has seen that commas and colons stand where they must */
}

static void skip_string(struct walk *w) /* at its opening quote */
{
    for (w->p++; *w->p != '"'; w->p++)
        if (*w->p == '\\')
            w->p++;
    w->p++;
}

static void skip_scalar(struct walk *w)
{
    if (*w->p == '"') {
        skip_string(w);
        return;
    }
    while (w->p < w->end && !memchr(" \n\r\t,:]}", *w->p, 8))
        w->p++;
}

static void skip_value(struct walk *w)
{
    size_t depth = 0;

    do {
        skip_blanks(w);
        if (*w->p == '{' || *w->p == '[') {
            depth++;
            w->p++;
        } else if (*w->p == '}' || *w->p == ']') {
            depth--;
            w->p++;
        } else {
            skip_scalar(w);
        }
    } while (depth);
}

struct name {
    const char *text;
    size_t len, offset;
};

/* As the tree has it: escapes undone. */
static void undo_escapes(struct walk *w, struct name *n)
{
    struct js_buf b = {0};
    json_object *o = NULL;

    js_buf_str(&b, "{\"");
    js_buf_add(&b, n->text, n->len);
    js_buf_str(&b, "\":0}");
    if (js_parse(b.p, b.len, &o, NULL) == 0) {
        struct json_object_iterator first = json_object_iter_begin(o);
        n->text = json_object_iter_peek_name(&first);
        n->len = strlen(n->text);
        arena_adopt(w->arena, o);
    }
    js_buf_fini(&b);
}

static struct name read_name(struct walk *w)
{
    const char *from = w->p;

    skip_string(w);
    struct name n = {from + 1, (size_t)(w->p - from) - 2, (size_t)(from - w->start)};
    if (memchr(n.text, '\\', n.len))
        undo_escapes(w, &n);
    return n;
}

static bool same_text(const struct name *n, const char *text, size_t len)
{
    return n->len == len && memcmp(n->text, text, len) == 0;
}

/* ---- duplicates ---- */

/* What a container is to a machine: only names of states are names of states, a Pass may have any data. */
enum role { DATA, BLOCK, STATES, STATE, BRANCHES };

static enum role role_of(enum role up, const struct name *n)
{
    static const struct {
        enum role up;
        const char *key;
        enum role role;
    } FIELDS[] = {
        {BLOCK, "States", STATES},
        {STATE, "Branches", BRANCHES},
        {STATE, "ItemProcessor", BLOCK},
        {STATE, "Iterator", BLOCK},
    };

    if (up == STATES)
        return STATE;
    if (up == BRANCHES)
        return BLOCK;
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if (FIELDS[i].up == up && same_text(n, FIELDS[i].key, strlen(FIELDS[i].key)))
            return FIELDS[i].role;
    return DATA;
}

struct container {
    bool object;
    enum role role;
    size_t names;       /* where its names begin in the stack of names */
    size_t values;      /* seen so far */
    struct place place; /* its own */
};

struct duplicates {
    struct walk walk;
    struct asl_findings *findings;
    struct name *names; /* of all open objects, the innermost last */
    size_t nnames, cap;
    struct container open[JS_DEPTH_MAX + 1];
    size_t depth;
};

static int by_text(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->len < y->len ? x->len : y->len);

    if (order == 0)
        order = (x->len > y->len) - (x->len < y->len);
    return order ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

static void report(struct duplicates *d, const struct container *in, const struct name *n)
{
    const char *key = arena_strndup(d->walk.arena, n->text, n->len);
    const struct place at = {.up = &in->place, .key = key};

    if (in->role == STATES)
        finding_error(d->findings, &at, FINDING_DUPLICATE, "Duplicate State name: %.320s", key);
    else
        finding_error(d->findings, &at, FINDING_JSON, "Duplicate field '%.320s'", key);
}

/* An object closes: its names lie on top of the stack. */
static void compare_names(struct duplicates *d, const struct container *in)
{
    size_t n = d->nnames - in->names;

    if (n < 2)
        return;
    struct name *names = d->names + in->names;
    qsort(names, n, sizeof *names, by_text);
    for (size_t i = 1; i < n; i++)
        if (same_text(&names[i - 1], names[i].text, names[i].len))
            report(d, in, &names[i]);
}

static void close_container(struct duplicates *d)
{
    struct container *in = &d->open[--d->depth];

    if (in->object)
        compare_names(d, in);
    d->nnames = in->names;
    d->walk.p++;
}

static void open_container(struct duplicates *d, struct container *up)
{
    struct container *c = &d->open[d->depth++];

    *c = (struct container){.object = *d->walk.p == '{', .names = d->nnames, .role = BLOCK};
    if (up) {
        const struct name *n = up->object ? &d->names[d->nnames - 1] : NULL;
        c->role = role_of(up->role, n ? n : &(struct name){"", 0, 0});
        c->place = (struct place){.up = &up->place,
                                  .key = n ? arena_strndup(d->walk.arena, n->text, n->len) : NULL,
                                  .index = up->values};
    }
    d->walk.p++;
}

static void push_name(struct duplicates *d)
{
    if (d->nnames == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 64;
        d->names = mem_realloc(d->names, d->cap * sizeof *d->names);
    }
    d->names[d->nnames++] = read_name(&d->walk);
    skip_blanks(&d->walk);
}

/* One member or element, as far as its first character if it is a container. */
static void visit(struct duplicates *d, struct container *in)
{
    if (in && in->object)
        push_name(d);
    if (*d->walk.p == '{' || *d->walk.p == '[')
        open_container(d, in);
    else
        skip_scalar(&d->walk);
    if (in)
        in->values++;
}

void source_duplicates(const char *text, size_t len, struct asl_findings *findings)
{
    struct duplicates *d = mem_calloc(1, sizeof *d); /* its stack is too large for a thread's */
    struct walk *w = &d->walk;

    *w = (struct walk){.start = text, .p = text, .end = text + len, .arena = arena_new()};
    d->findings = findings;
    for (skip_blanks(w); w->p < w->end; skip_blanks(w)) {
        if (*w->p == '}' || *w->p == ']')
            close_container(d);
        else
            visit(d, d->depth ? &d->open[d->depth - 1] : NULL);
    }
    free(d->names);
    arena_free(w->arena);
    free(d);
}

/* ---- positions ---- */

/* The next token of a JSON pointer, "~1" and "~0" undone; NULL at its end. */
static const char *next_token(const char **pointer, struct arena *a, size_t *len)
{
    if (**pointer != '/')
        return NULL;

    const char *from = *pointer + 1, *end = from + strcspn(from, "/");
    char *token = arena_strndup(a, from, (size_t)(end - from));
    char *to = token;
    for (const char *p = from; p < end; p++) {
        if (*p == '~' && p + 1 < end)
            *to++ = *++p == '1' ? '/' : '~';
        else
            *to++ = *p;
    }
    *len = (size_t)(to - token);
    *pointer = end;
    return token;
}

static bool is_index(const char *token, size_t len, size_t index)
{
    char text[24];

    return (size_t)snprintf(text, sizeof text, "%zu", index) == len && memcmp(text, token, len) == 0;
}

/* Goes from a container to the value that the token names. *offset: of the member or element. */
static bool descend(struct walk *w, const char *token, size_t len, size_t *offset)
{
    bool object = *w->p == '{', found = false;
    const char *value = NULL;

    if (!object && *w->p != '[')
        return false;
    w->p++;
    skip_blanks(w);
    for (size_t i = 0; *w->p != '}' && *w->p != ']'; i++, skip_blanks(w)) {
        struct name n = {.offset = (size_t)(w->p - w->start)};
        if (object) {
            n = read_name(w);
            skip_blanks(w);
        }
        if (object ? same_text(&n, token, len) : is_index(token, len, i)) {
            found = true;
            value = w->p;
            *offset = n.offset;
        }
        skip_value(w);
    }
    w->p = value;
    return found;
}

size_t source_find(const char *text, size_t len, const char *pointer)
{
    struct walk w = {.start = text, .p = text, .end = text + len, .arena = arena_new()};
    const char *token;
    size_t token_len;

    skip_blanks(&w);
    size_t offset = (size_t)(w.p - w.start);
    if (strcmp(pointer, "/") == 0)
        pointer = "";
    while (w.p && (token = next_token(&pointer, w.arena, &token_len)) != NULL)
        if (!descend(&w, token, token_len, &offset))
            break;
    arena_free(w.arena);
    return offset;
}

void source_position(const char *text, size_t offset, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else {
            *column += (text[i] & 0xC0) != 0x80; /* a character's later bytes */
        }
    }
}
