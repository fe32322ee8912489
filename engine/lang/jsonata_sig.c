/*
 * Signatures of functions: <s-nf?:b>.
 *
 * A letter is a parameter: s, n, b, l (null), o, a, f, j (any JSON), x (anything); (nsb) one of these. Behind
 * it: "-" the context takes its place when it is absent; "?" may be absent; "+" one or more; <...> what an
 * array holds.  Arguments are read as the reference reads them, as a text of letters against a regular
 * expression: each parameter takes as many as it can as long as the rest still fits.
 */
#include "lang/jsonata_priv.h"

#include <string.h>

struct parameter {
    const char *types; /* letters of what fits, "m" (missing) among them, but not for "f" */
    char type;         /* the letter in the signature; '(' for a choice */
    bool context, optional, repeated;
    const char *content; /* of an array; NULL: anything */
};

struct signature {
    struct parameter *parameters;
    uint32_t n;
};

/* ---- parsing ---- */

struct reader {
    struct arena *arena;
    struct fault *fault;
    const char *text;
    size_t len;
    uint32_t at;
    struct parameter *parameters;
    uint32_t n;
};

static const char *types_of(char letter)
{
    switch (letter) {
    case 's':
        return "sm";
    case 'n':
        return "nm";
    case 'b':
        return "bm";
    case 'l':
        return "lm";
    case 'o':
        return "om";
    case 'f':
        return "f";
    case 'j':
        return "asnblom";
    default: /* a, x */
        return "asnblfom";
    }
}

static size_t closing(const struct reader *r, size_t open, char opens, char closes)
{
    int depth = 1;
    size_t i = open;

    while (depth > 0 && ++i < r->len)
        depth += (r->text[i] == opens) - (r->text[i] == closes);
    return i;
}

static int refuse(struct reader *r, const char *code, size_t offset, const char *token)
{
    *r->fault =
        (struct fault){.code = code, .at = r->at + (int64_t)offset, .value = jv_text(token, strlen(token))};
    return -1;
}

static struct parameter *add(struct reader *r, char type, const char *types)
{
    struct parameter *p = &r->parameters[r->n++];

    p->type = type;
    p->types = types;
    return p;
}

/* "(nsb)" at i; the place of its end. */
static int read_choice(struct reader *r, size_t *i)
{
    size_t end = closing(r, *i, '(', ')'), len = end - *i - 1;
    char *types = arena_alloc(r->arena, len + 2);

    memcpy(types, r->text + *i + 1, len);
    if (memchr(types, '<', len))
        return refuse(r, "S0402", *i, types);
    types[len] = 'm';
    add(r, '(', types);
    *i = end;
    return 0;
}

/* "<n>" at i, behind an array or a function. */
static int read_content(struct reader *r, size_t *i)
{
    struct parameter *p = r->n ? &r->parameters[r->n - 1] : NULL;
    char type[2] = {p ? p->type : '\0', '\0'};
    size_t end = closing(r, *i, '<', '>');

    if (!p || (p->type != 'a' && p->type != 'f'))
        return refuse(r, "S0401", *i, arena_strndup(r->arena, type, strlen(type)));
    p->content = arena_strndup(r->arena, r->text + *i + 1, end - *i - 1);
    *i = end;
    return 0;
}

static int read_symbol(struct reader *r, size_t *i)
{
    struct parameter *last = r->n ? &r->parameters[r->n - 1] : NULL;
    char c = r->text[*i];

    if (strchr("snbloafjx", c))
        add(r, c, types_of(c));
    else if (c == '(')
        return read_choice(r, i);
    else if (c == '<')
        return read_content(r, i);
    else if (last && c == '-')
        last->context = last->optional = true;
    else if (last && c == '?')
        last->optional = true;
    else if (last && c == '+')
        last->repeated = true;
    return 0;
}

const struct signature *signature_parse(struct arena *a, struct fault *fault, const char *text, size_t len,
                                        uint32_t at)
{
    struct reader r = {.arena = a, .fault = fault, .text = text, .len = len, .at = at};
    struct signature *s = arena_alloc(a, sizeof *s);

    r.parameters = arena_alloc(a, (len + 1) * sizeof *r.parameters);
    for (size_t i = 1; i < len && text[i] && text[i] != ':' && !(text[i] == '>' && i + 1 == len); i++)
        if (read_symbol(&r, &i) < 0)
            return NULL;
    s->parameters = r.parameters;
    s->n = r.n;
    return s;
}

/* ---- checking ---- */

static char letter_of(struct jv v)
{
    static const char letters[] = {
        [JV_UNDEFINED] = 'm', [JV_NULL] = 'l',   [JV_BOOL] = 'b',     [JV_NUMBER] = 'n', [JV_STRING] = 's',
        [JV_ARRAY] = 'a',     [JV_OBJECT] = 'o', [JV_FUNCTION] = 'f', [JV_TUPLE] = 'o',  [JV_TAIL] = 'm',
    };
    return letters[v.kind];
}

struct checking {
    struct run *run;
    const struct signature *signature;
    const struct jv *args;
    uint32_t n;
    struct jv context;
    bool *fits; /* [parameter][argument]: can the parameters from here on take the arguments from here on? */
    struct list out;
};

static bool accepts(const struct parameter *p, struct jv v)
{
    return strchr(p->types, letter_of(v)) != NULL;
}

static bool *fits_at(const struct checking *c, uint32_t parameter, uint32_t argument)
{
    return &c->fits[parameter * (c->n + 1) + argument];
}

/* How many of the arguments from i on parameter p can take at most. */
static uint32_t run_length(const struct checking *c, uint32_t p, uint32_t i)
{
    const struct parameter *parameter = &c->signature->parameters[p];
    uint32_t n = 0, most = parameter->repeated ? c->n - i : c->n > i;

    while (n < most && accepts(parameter, c->args[i + n]))
        n++;
    return n;
}

/* How many it does take: as many as leave a rest that fits; UINT32_MAX: nothing does. */
static uint32_t share(const struct checking *c, uint32_t p, uint32_t i)
{
    uint32_t least = c->signature->parameters[p].optional ? 0 : 1, n = run_length(c, p, i);

    for (;; n--) {
        if (n < least)
            return UINT32_MAX;
        if (*fits_at(c, p + 1, i + n))
            return n;
        if (n == 0)
            return UINT32_MAX;
    }
}

static int prepare(struct checking *c)
{
    uint32_t params = c->signature->n;

    if (c->n > 1000 || !(c->fits = take_room(c->run, (size_t)(params + 1) * (c->n + 1))))
        return c->n > 1000 ? fail_text(c->run, "U1001", "A function is called with more than 1000 arguments")
                           : -1;
    *fits_at(c, params, c->n) = true;
    for (uint32_t p = params; p-- > 0;)
        for (uint32_t i = 0; i <= c->n; i++)
            *fits_at(c, p, i) = share(c, p, i) != UINT32_MAX;
    return charge(c->run, (uint64_t)params * c->n / 8);
}

static int refuse_argument(struct checking *c, const char *code, uint32_t i, struct jv value)
{
    c->run->fault = (struct fault){.code = code, .at = -1, .index = i + 1, .value = value};
    return -1;
}

/* Which argument is it that does not fit? Parameters take what they can, without a look at the rest. */
static int refuse_first_bad(struct checking *c)
{
    uint32_t i = 0;

    for (uint32_t p = 0; p < c->signature->n; p++) {
        uint32_t n = run_length(c, p, i);
        if (n == 0 && !c->signature->parameters[p].optional)
            break;
        i += n;
    }
    return refuse_argument(c, "T0410", i, i < c->n ? c->args[i] : UNDEFINED);
}

static const char *plural(const char *content)
{
    switch (*content) {
    case 'a':
        return "arrays";
    case 'b':
        return "booleans";
    case 'f':
        return "functions";
    case 'n':
        return "numbers";
    case 'o':
        return "objects";
    case 's':
        return "strings";
    default:
        return NULL;
    }
}

/* Are all items of the first one's type, and that the one asked for? */
static bool holds(struct jv array, const char *content)
{
    for (uint32_t i = 0; i < array.len; i++)
        if (letter_of(jv_at(array, i)) != *content)
            return false;
    return true;
}

/* An argument for "a": what is no array becomes one. */
static int take_array(struct checking *c, const struct parameter *p, uint32_t i, uint32_t n)
{
    struct jv v = c->args[i];

    if (v.kind == JV_UNDEFINED)
        return list_add(c->run, &c->out, v);
    if (p->content) {
        char letter[2] = {letter_of(v), '\0'};
        if (v.kind == JV_ARRAY && charge(c->run, v.len / 8) < 0)
            return -1;
        bool good = v.kind == JV_ARRAY ? holds(v, p->content) : n == 1 && !strcmp(letter, p->content);
        if (!good) {
            refuse_argument(c, "T0412", i, v);
            c->run->fault.type = plural(p->content);
            return -1;
        }
    }
    if (v.kind == JV_ARRAY)
        return list_add(c->run, &c->out, v);
    struct jv single = jv_single(c->run, v);
    single.flags = 0;
    return list_add(c->run, &c->out, single);
}

/* An absent argument: the context, where the signature says so. */
static int take_absent(struct checking *c, const struct parameter *p, uint32_t i)
{
    if (!p->context)
        return list_add(c->run, &c->out, UNDEFINED);
    if (!accepts(p, c->context))
        return refuse_argument(c, "T0411", i, c->context);
    return list_add(c->run, &c->out, c->context);
}

static int take_share(struct checking *c, uint32_t parameter, uint32_t *i)
{
    const struct parameter *p = &c->signature->parameters[parameter];
    uint32_t n = share(c, parameter, *i), end = *i + n;

    if (n == 0)
        return take_absent(c, p, *i);
    for (; *i < end; ++*i)
        if ((p->type == 'a' ? take_array(c, p, *i, n) : list_add(c->run, &c->out, c->args[*i])) < 0)
            return -1;
    return 0;
}

int signature_check(struct run *r, const struct signature *s, const struct jv **args, uint32_t *n,
                    struct jv context)
{
    struct checking c = {.run = r, .signature = s, .args = *args, .n = *n, .context = context};
    uint32_t i = 0;

    if (prepare(&c) < 0)
        return -1;
    if (!*fits_at(&c, 0, 0))
        return refuse_first_bad(&c);
    for (uint32_t p = 0; p < s->n; p++)
        if (take_share(&c, p, &i) < 0)
            return -1;
    *args = c.out.items;
    *n = c.out.n;
    return 0;
}
