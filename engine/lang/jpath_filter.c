/* Filters: [?(@.price < 10 && !@.isbn)]. */
#include "lang/jpath_priv.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum jpath_operator op;
} OPERATORS[] = {
    {"==", OP_EQ},      {"!=", OP_NE},       {"===", OP_TSEQ},      {"!==", OP_TSNE},
    {"<", OP_LT},       {"<=", OP_LE},       {">", OP_GT},          {">=", OP_GE},
    {"=~", OP_MATCHES}, {"in", OP_IN},       {"nin", OP_NIN},       {"contains", OP_CONTAINS},
    {"all", OP_ALL},    {"anyof", OP_ANYOF}, {"noneof", OP_NONEOF}, {"subsetof", OP_SUBSETOF},
    {"size", OP_SIZE},  {"empty", OP_EMPTY},
};

/* A compiled regular expression has at most so many bytes, and so many more for each byte of its text. */
enum { PATTERN_BYTES_MAX = 2048, PATTERN_GROWTH_MAX = 64 };

enum operand_kind { OPERAND_ITEM_PATH, OPERAND_DOC_PATH, OPERAND_VALUE, OPERAND_PATTERN };

struct operand {
    enum operand_kind kind;
    bool negated; /* !@.a: it must not exist */
    const struct jpath *path;
    json_object *value;
    pcre2_code *pattern; /* in the arena */
};

enum node_kind { NODE_OR, NODE_AND, NODE_NOT, NODE_TEST };

struct jpath_filter {
    enum node_kind kind;
    const struct jpath_filter *a, *b; /* OR, AND; NOT has a alone */
    enum jpath_operator op;           /* TEST */
    struct operand left, right;
};

/* ---- parsing ---- */

static const struct jpath_filter *parse_or(struct jpath_reader *r);

static void skip_spaces(struct jpath_reader *r)
{
    while (r->at < r->len && r->text[r->at] == ' ')
        r->at++;
}

static char peek(struct jpath_reader *r) /* 0 at the end of the filter */
{
    skip_spaces(r);
    return r->at < r->len ? r->text[r->at] : '\0';
}

static bool take(struct jpath_reader *r, const char *token)
{
    size_t len = strlen(token);

    peek(r);
    if (r->len - r->at < len || memcmp(r->text + r->at, token, len) != 0)
        return false;
    r->at += len;
    return true;
}

static int parse_path(struct jpath_reader *r, struct operand *o)
{
    size_t from = r->at++;

    while (r->at < r->len && !strchr("<>=~! )", r->text[r->at])) {
        char c = r->text[r->at];
        if (c == '[' || c == '(')
            r->at = jpath_closing(r, r->at);
        if (!r->at) {
            r->at = from;
            return jpath_refuse(r, "a bracket is not closed");
        }
        r->at++;
    }
    o->kind = r->text[from] == '$' ? OPERAND_DOC_PATH : OPERAND_ITEM_PATH;
    o->path = jpath_parse_inner(r, from, r->at);
    return o->path ? 0 : -1;
}

static int parse_string(struct jpath_reader *r, struct operand *o)
{
    size_t from = r->at + 1, len;

    for (r->at++; r->at < r->len && r->text[r->at] != r->text[from - 1]; r->at++)
        r->at += r->text[r->at] == '\\' && r->at + 1 < r->len;
    if (r->at >= r->len)
        return jpath_refuse(r, "a closing quote is missing");
    const char *text = jpath_unescape(r->arena, r->text, from, r->at++, '\0', &len);
    o->value = arena_adopt(r->arena, json_object_new_string_len(text, (int)len));
    return 0;
}

static int parse_number(struct jpath_reader *r, struct operand *o)
{
    size_t from = r->at;

    while (r->at < r->len && memchr("0123456789-+.eE", r->text[r->at], 15))
        r->at++;
    o->value = jpath_decimal(r->text + from, r->at - from);
    if (!o->value) {
        r->at = from;
        return jpath_refuse(r, "a path, a number, a text or another value is missing");
    }
    arena_adopt(r->arena, o->value);
    return 0;
}

static int parse_list(struct jpath_reader *r, struct operand *o)
{
    size_t close = jpath_closing(r, r->at);

    if (!close || jpath_literal(r, r->at, close + 1, &o->value) < 0)
        return jpath_refuse(r, "not a JSON value");
    r->at = close + 1;
    return 0;
}

/*
 * "(?:ab){999}" compiles to a thousand times its length, so what it takes is asked first, outside of the
 * arena. There PCRE2 frees nothing: it goes with the rest.
 */
static void *arena_for_pcre(PCRE2_SIZE size, void *arena)
{
    return arena_alloc(arena, size);
}

static void leave_to_arena(void *block, void *arena)
{
    (void)block;
    (void)arena;
}

static pcre2_code *compile_in(pcre2_general_context *memory, const char *text, size_t len, uint32_t flags)
{
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    int error;
    PCRE2_SIZE place;

    PAWL_ASSERT(context != NULL);
    pcre2_set_parens_nest_limit(context, 50);
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)text, len, flags | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF, &error,
                      &place, context);
    pcre2_compile_context_free(context);
    return code;
}

static pcre2_code *compile_pattern(struct jpath_reader *r, size_t from, size_t to, uint32_t flags)
{
    const char *text = r->text + from;
    size_t len = to - from, bytes = 0;

    pcre2_code *tried = compile_in(NULL, text, len, flags);
    if (tried)
        pcre2_pattern_info(tried, PCRE2_INFO_SIZE, &bytes);
    pcre2_code_free(tried);
    if (!tried || bytes > PATTERN_BYTES_MAX + PATTERN_GROWTH_MAX * len) {
        jpath_refuse(r, tried ? "a regular expression that repeats too much" : "not a regular expression");
        return NULL;
    }
    return compile_in(pcre2_general_context_create(arena_for_pcre, leave_to_arena, r->arena), text, len,
                      flags);
}

static int parse_pattern(struct jpath_reader *r, struct operand *o)
{
    size_t from = ++r->at;
    uint32_t flags = 0;

    for (; r->at < r->len && r->text[r->at] != '/'; r->at++)
        r->at += r->text[r->at] == '\\' && r->at + 1 < r->len;
    if (r->at >= r->len)
        return jpath_refuse(r, "a regular expression is not closed");
    size_t to = r->at++;
    for (; r->at < r->len && strchr("imsxu", r->text[r->at]); r->at++)
        flags |= r->text[r->at] == 'i'   ? PCRE2_CASELESS
                 : r->text[r->at] == 'm' ? PCRE2_MULTILINE
                 : r->text[r->at] == 's' ? PCRE2_DOTALL
                 : r->text[r->at] == 'x' ? PCRE2_EXTENDED
                                         : 0;
    o->kind = OPERAND_PATTERN;
    o->pattern = compile_pattern(r, from, to, flags);
    return o->pattern ? 0 : -1;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* true, false, null; any other word is a text whose quotes were left out, as published definitions have it.
 */
static int parse_word(struct jpath_reader *r, struct operand *o)
{
    size_t from = r->at;

    while (r->at < r->len && (is_letter(r->text[r->at]) || memchr("0123456789-.", r->text[r->at], 12)))
        r->at++;
    const char *word = arena_strndup(r->arena, r->text + from, r->at - from);
    if (!strcmp(word, "null"))
        return 0;
    bool truth = !strcmp(word, "true");
    o->value =
        truth || !strcmp(word, "false") ? json_object_new_boolean(truth) : json_object_new_string(word);
    arena_adopt(r->arena, o->value);
    return 0;
}

static int parse_operand(struct jpath_reader *r, struct operand *o)
{
    *o = (struct operand){.kind = OPERAND_VALUE};
    if (take(r, "!")) {
        o->negated = true;
        if (peek(r) != '@' && peek(r) != '$')
            return jpath_refuse(r, "'!' needs a path or a parenthesis");
    }
    switch (peek(r)) {
    case '@':
    case '$':
        return parse_path(r, o);
    case '\'':
    case '"':
        return parse_string(r, o);
    case '[':
    case '{':
        return parse_list(r, o);
    case '/':
        return parse_pattern(r, o);
    }
    return is_letter(peek(r)) ? parse_word(r, o) : parse_number(r, o);
}

static int parse_operator(struct jpath_reader *r, enum jpath_operator *op)
{
    bool symbol = strchr("<>=~!", peek(r)) != NULL;
    size_t from = r->at, len;

    while (r->at < r->len && (symbol ? strchr("<>=~!", r->text[r->at]) != NULL : r->text[r->at] != ' '))
        r->at++;
    len = r->at - from;
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++)
        if (strlen(OPERATORS[i].name) == len && !strncasecmp(OPERATORS[i].name, r->text + from, len)) {
            *op = OPERATORS[i].op;
            return 0;
        }
    r->at = from;
    return jpath_refuse(r, "not an operator");
}

static bool at_end_of_test(struct jpath_reader *r)
{
    char c = peek(r);
    return c == '\0' || c == ')' ||
           (r->len - r->at >= 2 && (!memcmp(r->text + r->at, "&&", 2) || !memcmp(r->text + r->at, "||", 2)));
}

static bool is_path(const struct operand *o)
{
    return o->kind == OPERAND_ITEM_PATH || o->kind == OPERAND_DOC_PATH;
}

static int parse_test(struct jpath_reader *r, struct jpath_filter *f)
{
    f->kind = NODE_TEST;
    f->op = OP_EXISTS;
    if (parse_operand(r, &f->left) < 0)
        return -1;
    if (at_end_of_test(r))
        return is_path(&f->left) ? 0 : jpath_refuse(r, "an operator is missing");
    return parse_operator(r, &f->op) < 0 || parse_operand(r, &f->right) < 0 ? -1 : 0;
}

static int parse_factor(struct jpath_reader *r, struct jpath_filter *f);

static int parse_not(struct jpath_reader *r, struct jpath_filter *f)
{
    struct jpath_filter *inner = arena_alloc(r->arena, sizeof *inner);

    f->kind = NODE_NOT;
    f->a = inner;
    return parse_factor(r, inner);
}

static int parse_parentheses(struct jpath_reader *r, struct jpath_filter *f)
{
    const struct jpath_filter *inner = parse_or(r);

    if (!inner)
        return -1;
    *f = *inner;
    return take(r, ")") ? 0 : jpath_refuse(r, "')' is missing");
}

/* "!@.a" is a test, that a does not exist; "!(...)" turns around what is in the parentheses. */
static bool take_not(struct jpath_reader *r)
{
    size_t start = r->at;

    if (take(r, "!") && peek(r) != '@' && peek(r) != '$')
        return true;
    r->at = start;
    return false;
}

static int parse_factor(struct jpath_reader *r, struct jpath_filter *f)
{
    int rc;

    if (r->depth == JPATH_NESTING_MAX)
        return jpath_refuse(r, "too many parentheses within each other");
    r->depth++;
    if (take_not(r))
        rc = parse_not(r, f);
    else if (take(r, "("))
        rc = parse_parentheses(r, f);
    else
        rc = parse_test(r, f);
    r->depth--;
    return rc;
}

static const struct jpath_filter *join(struct jpath_reader *r, enum node_kind kind,
                                       const struct jpath_filter *a, const struct jpath_filter *b)
{
    struct jpath_filter *f = arena_alloc(r->arena, sizeof *f);

    f->kind = kind;
    f->a = a;
    f->b = b;
    return b ? f : NULL;
}

static const struct jpath_filter *parse_and(struct jpath_reader *r)
{
    const struct jpath_filter *all = NULL;

    do {
        struct jpath_filter *f = arena_alloc(r->arena, sizeof *f);
        if (parse_factor(r, f) < 0)
            return NULL;
        all = all ? join(r, NODE_AND, all, f) : f;
    } while (take(r, "&&"));
    return all;
}

static const struct jpath_filter *parse_or(struct jpath_reader *r)
{
    const struct jpath_filter *any = parse_and(r);

    while (any && take(r, "||"))
        any = join(r, NODE_OR, any, parse_and(r));
    return any;
}

const struct jpath_filter *jpath_filter_parse(const struct jpath_reader *outer, size_t open, size_t close)
{
    struct jpath_reader r = *outer;

    r.at = open + 1;
    r.len = close;
    if (!take(&r, "?") || !take(&r, "(")) {
        jpath_refuse(&r, "a filter is [?(...)]");
        return NULL;
    }
    const struct jpath_filter *f = parse_or(&r);
    if (f && (!take(&r, ")") || peek(&r))) {
        jpath_refuse(&r, "expected ')' and ']'");
        return NULL;
    }
    return f;
}

/* ---- evaluation ---- */

static int evaluate(const struct operand *operand, json_object *item, struct jpath_work *w,
                    struct jpath_side *side)
{
    *side = (struct jpath_side){.pattern = operand->pattern};
    if (!is_path(operand)) {
        side->o = json_object_get(operand->value);
        return 0;
    }
    json_object *from = operand->kind == OPERAND_DOC_PATH ? w->doc : item;
    int rc = jpath_run(operand->path, from, false, w, &side->o, NULL);
    side->undefined = rc == PATH_MISSING;
    return side->undefined ? 0 : rc;
}

static int exists(const struct operand *operand, json_object *item, struct jpath_work *w)
{
    json_object *found = NULL, *from = operand->kind == OPERAND_DOC_PATH ? w->doc : item;
    int rc = jpath_run(operand->path, from, true, w, &found, NULL);

    json_object_put(found);
    if (rc < 0 && rc != PATH_MISSING)
        return rc;
    return (rc == 0) != operand->negated;
}

static int test(const struct jpath_filter *f, json_object *item, struct jpath_work *w)
{
    struct jpath_side l, r = {0};

    if (f->op == OP_EXISTS)
        return exists(&f->left, item, w);
    int rc = evaluate(&f->left, item, w, &l);
    if (rc == 0)
        rc = evaluate(&f->right, item, w, &r);
    if (rc == 0)
        rc = jpath_compare(f->op, &l, &r, w);
    json_object_put(l.o);
    json_object_put(r.o);
    return rc;
}

static int accept(const struct jpath_filter *f, json_object *item, struct jpath_work *w)
{
    int rc = jpath_charge(w, 0);

    if (rc < 0)
        return rc;
    switch (f->kind) {
    case NODE_NOT:
        rc = accept(f->a, item, w);
        return rc < 0 ? rc : !rc;
    case NODE_AND:
        rc = accept(f->a, item, w);
        return rc == 1 ? accept(f->b, item, w) : rc;
    case NODE_OR:
        rc = accept(f->a, item, w);
        return rc == 0 ? accept(f->b, item, w) : rc;
    case NODE_TEST:
        break;
    }
    return test(f, item, w);
}

int jpath_filter_accept(const struct jpath_filter *f, json_object *item, struct jpath_work *w)
{
    int rc = accept(f, item, w);
    return rc == PATH_UNFIT ? 0 : rc;
}
