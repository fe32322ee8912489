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
    uint32_t kinds; /* a bit for each enum jv_kind that fits; undefined among them, but not for "f" */
    char type;      /* the letter in the signature; '(' for a choice */
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

static uint32_t kind(enum jv_kind k)
{
    return UINT32_C(1) << k;
}

/* What a letter stands for, alone or within a choice. */
static uint32_t kinds_of(char letter)
{
    const uint32_t json =
        kind(JV_STRING) | kind(JV_NUMBER) | kind(JV_BOOL) | kind(JV_NULL) | kind(JV_ARRAY) | kind(JV_OBJECT);

    switch (letter) {
    case 's':
        return kind(JV_STRING);
    case 'n':
        return kind(JV_NUMBER);
    case 'b':
        return kind(JV_BOOL);
    case 'l':
        return kind(JV_NULL);
    case 'o':
        return kind(JV_OBJECT);
    case 'a':
        return kind(JV_ARRAY);
    case 'f':
        return kind(JV_FUNCTION);
    case 'j':
        return json;
    case 'x':
        return json | kind(JV_FUNCTION);
    default:
        return 0;
    }
}

/* What a parameter of that letter takes: for an array anything, which becomes one. */
static uint32_t taken_by(char letter)
{
    if (letter == 'f')
        return kind(JV_FUNCTION);
    return kinds_of(letter == 'a' ? 'x' : letter) | kind(JV_UNDEFINED);
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

static void add(struct reader *r, char type, uint32_t kinds)
{
    r->parameters[r->n++] = (struct parameter){.type = type, .kinds = kinds};
}

/* "(nsb)" at i; the place of its end. */
static int read_choice(struct reader *r, size_t *i)
{
    size_t end = closing(r, *i, '(', ')');
    uint32_t kinds = kind(JV_UNDEFINED);

    if (memchr(r->text + *i, '<', end - *i))
        return refuse(r, "S0402", *i, arena_strndup(r->arena, r->text + *i + 1, end - *i - 1));
    for (size_t k = *i + 1; k < end; k++)
        kinds |= kinds_of(r->text[k]);
    add(r, '(', kinds);
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
        add(r, c, taken_by(c));
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

const struct signature *jsonata_signature_parse(struct arena *a, struct fault *fault, const char *text,
                                                size_t len, uint32_t at)
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

struct checking {
    struct run *run;
    const struct signature *signature;
    const struct jv *args;
    uint32_t n;
    struct jv context;
    bool direct; /* one argument each, and no more behind them */
    bool *fits;  /* [parameter][argument]: can the parameters from here on take the arguments from here on? */
    struct list out;
};

static bool accepts(const struct parameter *p, struct jv v)
{
    return p->kinds >> v.kind & 1;
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
    if (c->direct)
        return i < c->n;

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

/* The usual case: each parameter takes one argument, those without one are optional. */
static bool one_each(const struct checking *c)
{
    for (uint32_t p = 0; p < c->signature->n; p++) {
        const struct parameter *parameter = &c->signature->parameters[p];
        if (parameter->repeated || (p < c->n ? !accepts(parameter, c->args[p]) : !parameter->optional))
            return false;
    }
    return c->n <= c->signature->n;
}

/* 1: they fit; 0: they do not. */
static int match(struct checking *c)
{
    uint32_t params = c->signature->n;

    if ((c->direct = one_each(c)))
        return 1;

    if (c->n > 1000 || !(c->fits = jsonata_take_room(c->run, (size_t)(params + 1) * (c->n + 1))))
        return c->n > 1000
                   ? jsonata_fail_text(c->run, "U1001", "A function is called with more than 1000 arguments")
                   : -1;
    *fits_at(c, params, c->n) = true;
    if (charge(c->run, (uint64_t)params * c->n * (1 + c->n / STEP_ITEMS)) < 0)
        return -1;
    for (uint32_t p = params; p-- > 0;)
        for (uint32_t i = 0; i <= c->n; i++)
            *fits_at(c, p, i) = share(c, p, i) != UINT32_MAX;
    return *fits_at(c, 0, 0);
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

/* Are all items of these kinds? */
static bool holds(struct jv array, uint32_t kinds)
{
    for (uint32_t i = 0; i < array.len; i++)
        if (!(kinds >> jv_at(array, i).kind & 1))
            return false;
    return true;
}

/* An argument for "a": what is no array becomes one. */
static int take_array(struct checking *c, const struct parameter *p, uint32_t i, uint32_t n)
{
    struct jv v = c->args[i];

    if (v.kind == JV_UNDEFINED)
        return jv_list_add(c->run, &c->out, v);
    if (p->content) {
        uint32_t kinds = kinds_of(*p->content);
        if (v.kind == JV_ARRAY && charge(c->run, v.len / 8) < 0)
            return -1;
        bool good = v.kind == JV_ARRAY ? holds(v, kinds) : n == 1 && !p->content[1] && (kinds >> v.kind & 1);
        if (!good) {
            refuse_argument(c, "T0412", i, v);
            c->run->fault.type = plural(p->content);
            return -1;
        }
    }
    if (v.kind == JV_ARRAY)
        return jv_list_add(c->run, &c->out, v);
    struct jv single = jv_single(c->run, v);
    single.flags = 0;
    return jv_list_add(c->run, &c->out, single);
}

/* An absent argument: the context, where the signature says so. */
static int take_absent(struct checking *c, const struct parameter *p, uint32_t i)
{
    if (!p->context)
        return jv_list_add(c->run, &c->out, UNDEFINED);
    if (!accepts(p, c->context))
        return refuse_argument(c, "T0411", i, c->context);
    return jv_list_add(c->run, &c->out, c->context);
}

static int take_share(struct checking *c, uint32_t parameter, uint32_t *i)
{
    const struct parameter *p = &c->signature->parameters[parameter];
    uint32_t n = share(c, parameter, *i), end = *i + n;

    if (n == 0)
        return take_absent(c, p, *i);
    for (; *i < end; ++*i)
        if ((p->type == 'a' ? take_array(c, p, *i, n) : jv_list_add(c->run, &c->out, c->args[*i])) < 0)
            return -1;
    return 0;
}

int jsonata_signature_check(struct run *r, const struct signature *s, const struct jv **args, uint32_t *n,
                            struct jv context)
{
    struct checking c = {.run = r, .signature = s, .args = *args, .n = *n, .context = context};
    uint32_t i = 0;

    int rc = match(&c);
    if (rc <= 0)
        return rc < 0 ? -1 : refuse_first_bad(&c);
    if (jv_list_reserve(r, &c.out, s->n > c.n ? s->n : c.n) < 0)
        return -1;
    for (uint32_t p = 0; p < s->n; p++)
        if (take_share(&c, p, &i) < 0)
            return -1;
    *args = c.out.items;
    *n = c.out.n;
    return 0;
}
