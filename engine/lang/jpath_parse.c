/*
 * The grammar of a path, as Jayway's compiler reads it: character by character, with its leniencies
 * ("$.a.[0]", one character behind a closing bracket is ignored).
 */
#include "lang/jpath_priv.h"

#include <string.h>

struct steps {
    struct jpath_step *list;
    size_t n, cap;
};

int jpath_refuse(const struct jpath_reader *r, const char *what)
{
    return err_set(r->err, ERR_VALIDATION, "%s at character %zu", what,
                   js_chars(r->text, r->at < r->len ? r->at : r->len));
}

static char peek(const struct jpath_reader *r)
{
    return r->text[r->at];
}

static size_t skip_spaces(const struct jpath_reader *r, size_t at)
{
    while (r->text[at] == ' ')
        at++;
    return at;
}

/* Jayway stops at the last character, not behind it: what stands there is never read. */
static bool at_tail(const struct jpath_reader *r)
{
    return r->at >= r->len || r->at + js_utf8(r->text + r->at, r->len - r->at) >= r->len;
}

static struct jpath_step *add_step(struct steps *s, enum step_kind kind)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 8;
        s->list = mem_realloc(s->list, s->cap * sizeof *s->list);
    }
    struct jpath_step *step = &s->list[s->n++];
    *step = (struct jpath_step){.kind = kind, .quote = '\''};
    return step;
}

static int32_t hex_digits(const char *text, size_t at, size_t to)
{
    int32_t code = 0;

    if (to - at < 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

/* The code point of "\uXXXX" (at is behind the "u"), a pair of escapes being one. U+0000 and halves give
 * U+FFFD. */
static uint32_t unicode_escape(const char *text, size_t *at, size_t to)
{
    int32_t code = hex_digits(text, *at, to);
    if (code < 0)
        return 'u';
    *at += 4;
    if (code >= 0xD800 && code <= 0xDBFF && to - *at >= 6 && text[*at] == '\\' && text[*at + 1] == 'u') {
        int32_t low = hex_digits(text, *at + 2, to);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *at += 6;
            return 0x10000 + ((uint32_t)(code - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
        }
    }
    return code == 0 || (code >= 0xD800 && code <= 0xDFFF) ? 0xFFFD : (uint32_t)code;
}

static uint32_t escape(const char *text, size_t *at, size_t to)
{
    char c = text[(*at)++];

    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        return unicode_escape(text, at, to);
    default:
        return (unsigned char)c;
    }
}

/* In a name only these are escapes; before any other character a backslash stands for itself (recorded). */
static bool escapes_in_name(char c, char quote)
{
    return c == quote || memchr("\\bfnrtu", c, 7) != NULL;
}

const char *jpath_unescape(struct arena *a, const char *text, size_t from, size_t to, char name_quote,
                           size_t *len)
{
    struct js_buf b = {0};

    js_buf_str(&b, "");
    while (from < to) {
        if (text[from] != '\\' || (name_quote && !escapes_in_name(text[from + 1], name_quote))) {
            js_buf_add(&b, text + from++, 1);
        } else if (from + 1 < to && (unsigned char)text[from + 1] < 0x80) {
            from++;
            js_buf_char(&b, escape(text, &from, to));
        } else {
            from++; /* before a character that is not ASCII, or the last one: dropped */
        }
    }
    char *copy = arena_strndup(a, b.p, b.len);
    if (len)
        *len = b.len;
    js_buf_fini(&b);
    return copy;
}

/* ---- quotes and brackets ---- */

/* Behind the quote at i: the place of the closing one. A "/" opens a regular expression only behind "=~". */
static size_t skip_quoted(const struct jpath_reader *r, size_t i)
{
    char quote = r->text[i];

    for (i++; i < r->len && r->text[i] != quote; i++)
        i += r->text[i] == '\\' && i + 1 < r->len;
    return i;
}

static bool opens_pattern(const struct jpath_reader *r, size_t i)
{
    while (i > 0 && r->text[i - 1] == ' ')
        i--;
    return i >= 2 && r->text[i - 1] == '~' && r->text[i - 2] == '=';
}

size_t jpath_closing(const struct jpath_reader *r, size_t from)
{
    char open = r->text[from], close = open == '(' ? ')' : open == '[' ? ']' : '}';
    unsigned depth = 0;

    for (size_t i = from; i < r->len; i++) {
        char c = r->text[i];
        if (c == '\'' || c == '"' || (c == '/' && opens_pattern(r, i)))
            i = skip_quoted(r, i);
        else if (c == open)
            depth++;
        else if (c == close && --depth == 0)
            return i;
    }
    return 0;
}

/* JSON's quotes instead of the single ones. */
static void requote(struct js_buf *b, const struct jpath_reader *r, size_t from, size_t to)
{
    js_buf_add(b, "\"", 1);
    for (size_t i = from; i < to; i++) {
        if (r->text[i] == '"')
            js_buf_add(b, "\\", 1);
        if (r->text[i] == '\\' && i + 1 < to && r->text[i + 1] != '\'')
            js_buf_add(b, r->text + i++, 1);
        else if (r->text[i] == '\\')
            continue;
        js_buf_add(b, r->text + i, 1);
    }
    js_buf_add(b, "\"", 1);
}

int jpath_literal(const struct jpath_reader *r, size_t from, size_t to, json_object **out)
{
    struct js_buf b = {0};

    js_buf_str(&b, "");
    for (size_t i = from; i < to; i++) {
        if (r->text[i] == '\'' || r->text[i] == '"') {
            size_t close = skip_quoted(r, i);
            close = close < to ? close : to;
            if (r->text[i] == '\'')
                requote(&b, r, i + 1, close);
            else
                js_buf_add(&b, r->text + i, close - i + (close < to));
            i = close;
        } else {
            js_buf_add(&b, r->text + i, 1);
        }
    }
    int rc = js_parse(b.p, b.len, out, NULL);
    if (rc == 0)
        arena_adopt(r->arena, *out);
    js_buf_fini(&b);
    return rc;
}

/* ---- one step ---- */

static int name_step(struct steps *s, struct jpath_reader *r, size_t from, size_t to)
{
    struct jpath_step *step = add_step(s, STEP_NAME);

    step->n = 1;
    step->names = arena_alloc(r->arena, sizeof *step->names);
    step->names[0] = arena_strndup(r->arena, r->text + from, to - from);
    r->at = to;
    return 0;
}

static int call_step(struct steps *s, struct jpath_reader *r, size_t from, size_t open)
{
    size_t close = jpath_closing(r, open);

    if (!close)
        return jpath_refuse(r, "a function's arguments are not closed");
    if (close + 1 < r->len)
        return jpath_refuse(r, "nothing can follow a function");
    const struct jpath_call *call = jpath_call_parse(r, from, open, close);
    if (!call)
        return -1;
    add_step(s, STEP_CALL)->call = call;
    r->at = r->len;
    return 0;
}

static int read_property(struct steps *s, struct jpath_reader *r)
{
    size_t from = r->at, to = from;

    if (strchr("[*. ", peek(r))) /* the end of the text as well */
        return jpath_refuse(r, "a member's name is missing");
    for (; to < r->len; to++) {
        char c = r->text[to];
        if (c == ' ')
            return jpath_refuse(r, "a name with blanks needs the form ['my name']");
        if (c == '(')
            return call_step(s, r, from, to);
        if (c == '.' || c == '[')
            break;
    }
    return name_step(s, r, from, to);
}

/* ['a', "b"]: all in the same quotes. */
static int read_names(struct steps *s, struct jpath_reader *r)
{
    struct js_buf list = {0}; /* pointers, gathered as bytes */
    size_t at = skip_spaces(r, r->at + 1), n = 0;
    char quote = r->text[at];
    int rc = -1;

    for (;;) {
        if (r->text[at] != quote) {
            jpath_refuse(r, "a name in quotes is missing");
            goto out;
        }
        size_t from = ++at;
        while (at < r->len && r->text[at] != quote)
            at += r->text[at] == '\\' && at + 1 < r->len ? 2 : 1;
        if (at >= r->len) {
            jpath_refuse(r, "a name's closing quote is missing");
            goto out;
        }
        const char *name = jpath_unescape(r->arena, r->text, from, at, quote, NULL);
        js_buf_add(&list, (const char *)&name, sizeof name);
        n++;
        at = skip_spaces(r, at + 1);
        if (r->text[at] == ']')
            break;
        if (r->text[at] != ',') {
            jpath_refuse(r, "',' or ']' is missing behind a name");
            goto out;
        }
        at = skip_spaces(r, at + 1);
    }

    struct jpath_step *step = add_step(s, n == 1 ? STEP_NAME : STEP_NAMES);
    step->n = n;
    step->quote = quote;
    step->names = arena_alloc(r->arena, list.len);
    memcpy(step->names, list.p, list.len);
    r->at = at + 1;
    rc = 0;
out:
    js_buf_fini(&list);
    return rc;
}

/* A 32-bit integer at *at, as Java's Integer.parseInt reads it, or false. */
static bool read_int(const char *text, size_t *at, size_t to, int32_t *out)
{
    size_t i = *at;
    bool negative = i < to && text[i] == '-';
    int64_t n = 0;

    i += negative;
    size_t from = i;
    for (; i < to && text[i] >= '0' && text[i] <= '9'; i++) {
        n = n * 10 + (text[i] - '0');
        if (n > INT64_C(2147483648))
            return false;
    }
    if (i == from || (n == INT64_C(2147483648) && !negative))
        return false;
    *out = (int32_t)(negative ? -n : n);
    *at = i;
    return true;
}

/* [a:b], [a:], [:b]; a third part is read and ignored. */
static int read_slice(struct steps *s, struct jpath_reader *r, size_t at, size_t to)
{
    struct jpath_step slice = {0};

    slice.has_from = read_int(r->text, &at, to, &slice.from);
    if (r->text[at++] != ':')
        return jpath_refuse(r, "a slice is [from:to]");
    slice.has_to = read_int(r->text, &at, to, &slice.to);
    if (at < to && r->text[at] != ':')
        return jpath_refuse(r, "a slice is [from:to]");
    for (; at < to; at++)
        if (!strchr("0123456789-:", r->text[at]))
            return jpath_refuse(r, "a slice is [from:to]");
    if (!slice.has_from && !slice.has_to)
        return jpath_refuse(r, "a slice needs a from or a to");

    struct jpath_step *step = add_step(s, STEP_SLICE);
    step->has_from = slice.has_from;
    step->has_to = slice.has_to;
    step->from = slice.from;
    step->to = slice.to;
    return 0;
}

/* [1] or [0, -2]. */
static int read_indexes(struct steps *s, struct jpath_reader *r, size_t at, size_t to)
{
    size_t n = 1, i = 0;

    for (size_t c = at; c < to; c++)
        n += r->text[c] == ',';
    int32_t *indexes = arena_alloc(r->arena, n * sizeof *indexes);
    for (;; at++) {
        at = skip_spaces(r, at);
        if (!read_int(r->text, &at, to, &indexes[i++]))
            return jpath_refuse(r, "an array index is missing or beyond 32 bits");
        at = skip_spaces(r, at);
        if (at >= to)
            break;
        if (r->text[at] != ',')
            return jpath_refuse(r, "',' or ']' is missing behind an array index");
    }

    struct jpath_step *step = add_step(s, n == 1 ? STEP_INDEX : STEP_INDEXES);
    step->n = n;
    step->indexes = indexes;
    return 0;
}

static int read_array(struct steps *s, struct jpath_reader *r)
{
    size_t from = skip_spaces(r, r->at + 1);
    const char *close = strchr(r->text + from, ']');

    if (!close)
        return jpath_refuse(r, "']' is missing");
    size_t end = (size_t)(close - r->text), to = end;
    while (to > from && r->text[to - 1] == ' ')
        to--;
    bool slice = memchr(r->text + from, ':', to - from) != NULL;
    if ((slice ? read_slice : read_indexes)(s, r, from, to) < 0)
        return -1;
    r->at = end + 1;
    return 0;
}

static int read_bracket_wildcard(struct steps *s, struct jpath_reader *r)
{
    size_t at = skip_spaces(r, skip_spaces(r, r->at + 1) + 1);

    if (r->text[at] != ']')
        return jpath_refuse(r, "']' is missing behind '*'");
    add_step(s, STEP_WILDCARD);
    r->at = at + 1;
    return 0;
}

static int read_filter(struct steps *s, struct jpath_reader *r)
{
    size_t open = r->at, close = jpath_closing(r, open);

    if (!close)
        return jpath_refuse(r, "']' is missing behind a filter");
    const struct jpath_filter *filter = jpath_filter_parse(r, open, close);
    if (!filter)
        return -1;
    add_step(s, STEP_FILTER)->filter = filter;
    r->at = close + 1;
    return 0;
}

static bool take_token(const struct jpath_reader *r, size_t *at, const char *token)
{
    size_t from = skip_spaces(r, *at), len = strlen(token);

    if (strncmp(r->text + from, token, len) != 0)
        return false;
    *at = skip_spaces(r, from + len);
    return true;
}

/* [(@.length-1)]: the last element; all that published definitions make of script expressions. */
static int read_script(struct steps *s, struct jpath_reader *r)
{
    int32_t *index = arena_alloc(r->arena, sizeof *index);
    size_t at = r->at;

    if (!take_token(r, &at, "[") || !take_token(r, &at, "(") || !take_token(r, &at, "@.length") ||
        !take_token(r, &at, "-") || !read_int(r->text, &at, r->len, index) || *index < 1 ||
        !take_token(r, &at, ")") || !take_token(r, &at, "]"))
        return jpath_refuse(r, "of script expressions only [(@.length-1)] and its like are known");

    struct jpath_step *step = add_step(s, STEP_INDEX);
    *index = -*index;
    step->n = 1;
    step->indexes = index;
    r->at = at;
    return 0;
}

static int read_bracket(struct steps *s, struct jpath_reader *r)
{
    char c = r->text[skip_spaces(r, r->at + 1)];

    if (c == '\'' || c == '"')
        return read_names(s, r);
    if ((c >= '0' && c <= '9') || c == '-' || c == ':')
        return read_array(s, r);
    if (c == '*')
        return read_bracket_wildcard(s, r);
    if (c == '?')
        return read_filter(s, r);
    if (c == '(')
        return read_script(s, r);
    return jpath_refuse(r, "'[' needs a quoted name, an index, a slice, '*' or a filter");
}

static int read_dots(struct steps *s, struct jpath_reader *r)
{
    r->at++;
    if (peek(r) == '.') {
        add_step(s, STEP_SCAN);
        r->at++;
    }
    return peek(r) == '.' ? jpath_refuse(r, "a '.' too many") : 0;
}

static int read_step(struct steps *s, struct jpath_reader *r)
{
    if (peek(r) == '.' && read_dots(s, r) < 0)
        return -1;
    if (peek(r) == '[')
        return read_bracket(s, r);
    if (peek(r) == '*') {
        add_step(s, STEP_WILDCARD);
        r->at++;
        return 0;
    }
    return read_property(s, r);
}

static int read_steps(struct steps *s, struct jpath_reader *r)
{
    if (r->at == r->len)
        return 0;
    if (peek(r) != '.' && peek(r) != '[')
        return jpath_refuse(r, "expected '.' or '['");
    if (r->text[r->len - 1] == '.')
        return jpath_refuse(r, "a path cannot end with '.':");
    do {
        if (s->n >= JPATH_STEPS_MAX)
            return jpath_refuse(r, "too many steps");
        if (read_step(s, r) < 0)
            return -1;
    } while (!at_tail(r));
    return 0;
}

/* ---- the whole path ---- */

static bool step_definite(const struct jpath_step *step, bool last)
{
    return step->kind == STEP_NAME || step->kind == STEP_INDEX || step->kind == STEP_CALL ||
           (step->kind == STEP_NAMES && last);
}

static bool step_writable(const struct jpath_step *step)
{
    return step->kind == STEP_NAME || (step->kind == STEP_INDEX && step->indexes[0] >= 0);
}

static void classify(struct jpath *p, struct jpath_step *steps, bool read_to_the_end)
{
    p->definite = true;
    p->reference = read_to_the_end;
    p->whole = p->nsteps == 0;
    p->member = p->nsteps && steps[0].kind == STEP_NAME ? steps[0].names[0] : NULL;
    for (size_t i = 0; i < p->nsteps; i++) {
        if (steps[i].kind == STEP_FILTER || steps[i].kind == STEP_CALL) /* there may be a "$" within */
            p->member = NULL;
        steps[i].after_definite = p->definite;
        p->definite = p->definite && step_definite(&steps[i], i + 1 == p->nsteps);
        p->reference = p->reference && step_writable(&steps[i]);
    }
    /* "$..a.max()" is max of all that "$..a" finds: one value */
    if (p->nsteps > 1 && steps[0].kind == STEP_SCAN && steps[p->nsteps - 1].kind == STEP_CALL)
        p->definite = true;
}

static bool name_char(unsigned char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80 ||
           (!first && c >= '0' && c <= '9');
}

/* "$", "$$" or "$name"; the reader comes to stand behind it. */
static int read_root(struct jpath *p, struct jpath_reader *r)
{
    if (peek(r) != '$')
        return jpath_refuse(r, "a path starts with '$'");
    r->at++;
    if (peek(r) == '$') {
        p->root = JPATH_CONTEXT;
        r->at++;
        return 0;
    }
    size_t from = r->at;
    while (name_char((unsigned char)peek(r), r->at == from))
        r->at++;
    if (r->at == from)
        return 0;
    p->root = JPATH_VARIABLE;
    p->variable = arena_strndup(r->arena, r->text + from, r->at - from);
    return js_chars(p->variable, r->at - from) <= JPATH_VARIABLE_CHARS_MAX
               ? 0
               : jpath_refuse(r, "a variable's name has at most 80 characters");
}

/* A path is compiled once and looks its names up often. */
static void hash_names(struct arena *a, struct jpath_step *steps, size_t nsteps)
{
    json_object *any = json_object_new_object(); /* has a table: all of them hash alike */

    for (size_t i = 0; i < nsteps; i++) {
        unsigned long *hashes = steps[i].names ? arena_alloc(a, steps[i].n * sizeof *hashes) : NULL;
        for (size_t n = 0; hashes && n < steps[i].n; n++)
            hashes[n] = lh_get_hash(json_object_get_object(any), steps[i].names[n]);
        steps[i].hashes = hashes;
    }
    json_object_put(any);
}

static int finish(struct jpath *p, struct jpath_reader *r)
{
    struct steps s = {0};
    int rc = read_steps(&s, r);

    if (rc == 0 && s.n) {
        struct jpath_step *steps = arena_alloc(r->arena, s.n * sizeof *steps);
        memcpy(steps, s.list, s.n * sizeof *steps);
        p->steps = steps;
        p->nsteps = s.n;
        hash_names(r->arena, steps, s.n);
        classify(p, steps, r->at >= r->len);
    } else {
        classify(p, NULL, true);
    }
    free(s.list);
    return rc;
}

const struct jpath *jpath_parse_inner(const struct jpath_reader *outer, size_t from, size_t to)
{
    struct jpath_reader r = *outer;

    r.at = from;
    if (++r.depth > JPATH_NESTING_MAX) {
        jpath_refuse(&r, "too many paths within each other");
        return NULL;
    }
    r.len = to - from;
    r.text = arena_strndup(r.arena, outer->text + from, r.len);
    r.at = 1; /* behind "$" or "@" */

    struct jpath *p = arena_alloc(r.arena, sizeof *p);
    p->text = r.text;
    p->text_len = r.len;
    return finish(p, &r) < 0 ? NULL : p;
}

const struct jpath *jpath_parse(struct arena *a, const char *text, size_t len, struct err *err)
{
    while (len && text[len - 1] == ' ')
        len--;
    if (len > JPATH_BYTES_MAX) {
        err_set(err, ERR_VALIDATION, "a path of more than %d bytes", JPATH_BYTES_MAX);
        return NULL;
    }
    if (memchr(text, '\0', len) || !js_is_utf8(text, len)) {
        err_set(err, ERR_VALIDATION, "a path is valid UTF-8 without U+0000");
        return NULL;
    }

    struct jpath *p = arena_alloc(a, sizeof *p);
    p->text = arena_strndup(a, text, len);
    p->text_len = len;
    struct jpath_reader r = {.arena = a, .text = p->text, .len = len, .err = err};
    r.at = skip_spaces(&r, 0);
    return read_root(p, &r) < 0 || finish(p, &r) < 0 ? NULL : p;
}
