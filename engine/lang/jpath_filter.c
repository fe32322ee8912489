/* Filters: [?(@.price < 10 && !@.isbn)]. Comparisons follow Jayway's evaluators, coercions included. */
#include "lang/jpath_priv.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>
#include <strings.h>

enum operator_kind {
    OP_EXISTS,
    OP_EQ,
    OP_NE,
    OP_TSEQ,
    OP_TSNE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_MATCHES,
    OP_IN,
    OP_NIN,
    OP_CONTAINS,
    OP_ALL,
    OP_SUBSETOF,
    OP_ANYOF,
    OP_NONEOF,
    OP_SIZE,
    OP_EMPTY,
};

static const struct {
    const char *name;
    enum operator_kind op;
} OPERATORS[] = {
    {"==", OP_EQ},      {"!=", OP_NE},       {"===", OP_TSEQ},      {"!==", OP_TSNE},
    {"<", OP_LT},       {"<=", OP_LE},       {">", OP_GT},          {">=", OP_GE},
    {"=~", OP_MATCHES}, {"in", OP_IN},       {"nin", OP_NIN},       {"contains", OP_CONTAINS},
    {"all", OP_ALL},    {"anyof", OP_ANYOF}, {"noneof", OP_NONEOF}, {"subsetof", OP_SUBSETOF},
    {"size", OP_SIZE},  {"empty", OP_EMPTY},
};

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
    enum operator_kind op;            /* TEST */
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
    const char *text = jpath_unescape(r->arena, r->text, from, r->at++, &len);
    o->value = arena_adopt(r->arena, json_object_new_string_len(text, (int)len));
    return 0;
}

/* A number as Java's BigDecimal reads it, or NULL: "+5", "1." and ".5" are numbers. The caller's. */
static json_object *decimal(const char *text, size_t len)
{
    size_t i = 0, digits = 0;
    bool plain = true;

    if (len > JS_NUMBER_BYTES_MAX)
        return NULL;
    if (i < len && (text[i] == '-' || text[i] == '+'))
        plain = text[i++] == '-';
    for (; i < len && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && plain)); i++) {
        digits += text[i] != '.';
        plain = plain && text[i] != '.';
    }
    if (digits && i < len && (text[i] | 0x20) == 'e') {
        plain = false;
        i += i + 1 < len && (text[i + 1] == '-' || text[i + 1] == '+') ? 2 : 1;
        for (digits = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++)
            digits++;
    }
    return digits && i == len ? js_number_text(text + (text[0] == '+'), len - (text[0] == '+')) : NULL;
}

static int parse_number(struct jpath_reader *r, struct operand *o)
{
    size_t from = r->at;

    while (r->at < r->len && memchr("0123456789-+.eE", r->text[r->at], 15))
        r->at++;
    o->value = decimal(r->text + from, r->at - from);
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

/* PCRE2 compiles into the arena; what it frees goes with the rest. */
static void *arena_for_pcre(PCRE2_SIZE size, void *arena)
{
    return arena_alloc(arena, size);
}

static void leave_to_arena(void *block, void *arena)
{
    (void)block;
    (void)arena;
}

static pcre2_code *compile_pattern(struct jpath_reader *r, size_t from, size_t to, uint32_t flags)
{
    pcre2_general_context *memory = pcre2_general_context_create(arena_for_pcre, leave_to_arena, r->arena);
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    int error;
    PCRE2_SIZE place;

    pcre2_set_parens_nest_limit(context, 50);
    return pcre2_compile((PCRE2_SPTR)r->text + from, to - from,
                         flags | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF, &error, &place, context);
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
    return o->pattern ? 0 : jpath_refuse(r, "not a regular expression");
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

static int parse_operator(struct jpath_reader *r, enum operator_kind *op)
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

/* An operand's value for one item. */
struct side {
    bool undefined; /* a path that leads nowhere */
    json_object *o; /* a reference of our own */
    pcre2_code *pattern;
};

static bool is(json_object *o, json_type type)
{
    return json_object_is_type(o, type);
}

static bool is_json(json_object *o)
{
    return is(o, json_type_object) || is(o, json_type_array);
}

static int evaluate(const struct operand *operand, json_object *item, struct jpath_work *w, struct side *side)
{
    *side = (struct side){.pattern = operand->pattern};
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

static int compare_numbers(json_object *a, json_object *b)
{
    if (is(a, json_type_int) && is(b, json_type_int)) {
        int64_t x = json_object_get_int64(a), y = json_object_get_int64(b);
        return (x > y) - (x < y);
    }
    double x = json_object_get_double(a), y = json_object_get_double(b);
    return (x > y) - (x < y);
}

static size_t length(json_object *o)
{
    return (size_t)json_object_get_string_len(o);
}

static int compare_strings(json_object *a, json_object *b)
{
    size_t x = length(a), y = length(b), common = x < y ? x : y;
    int order = memcmp(json_object_get_string(a), json_object_get_string(b), common);

    return order ? order : (x > y) - (x < y);
}

/* 5 == '5.0': a number on the left makes a number of the string on the right. */
static bool number_equals_string(json_object *number, json_object *string)
{
    json_object *other = decimal(json_object_get_string(string), length(string));
    bool equal = other && compare_numbers(number, other) == 0;

    json_object_put(other);
    return equal;
}

/* '5' == 5, but not '5.0' == 5: a string on the left makes a string of the number on the right. */
static bool string_equals_number(json_object *string, json_object *number)
{
    struct js_buf b = {0};

    js_write(&b, number);
    bool equal = b.len == length(string) && !memcmp(b.p, json_object_get_string(string), b.len);
    js_buf_fini(&b);
    return equal;
}

static bool equal(json_object *a, json_object *b)
{
    if (js_is_number(a) && js_is_number(b))
        return compare_numbers(a, b) == 0;
    if (js_is_number(a) && is(b, json_type_string))
        return number_equals_string(a, b);
    if (is(a, json_type_string) && js_is_number(b))
        return string_equals_number(a, b);
    return js_equal(a, b);
}

static int sides_equal(const struct side *l, const struct side *r, struct jpath_work *w)
{
    if (l->undefined || r->undefined)
        return 0;
    if ((is_json(l->o) || is(l->o, json_type_string)) &&
        jpath_charge(w, js_weigh(l->o, SIZE_MAX - 1, JS_DEPTH_MAX)) < 0)
        return PATH_FATAL;
    return equal(l->o, r->o);
}

static bool same_type(json_object *a, json_object *b)
{
    return (js_is_number(a) && js_is_number(b)) || (is_json(a) && is_json(b)) ||
           json_object_get_type(a) == json_object_get_type(b);
}

/* Only numbers with numbers and strings with strings have an order. */
static int ordered(enum operator_kind op, json_object *a, json_object *b)
{
    int order;

    if (js_is_number(a) && js_is_number(b))
        order = compare_numbers(a, b);
    else if (is(a, json_type_string) && is(b, json_type_string))
        order = compare_strings(a, b);
    else
        return 0;
    return op == OP_LT ? order < 0 : op == OP_LE ? order <= 0 : op == OP_GT ? order > 0 : order >= 0;
}

/* Is value one of list's elements? */
static int among(json_object *list, json_object *value, struct jpath_work *w)
{
    size_t n = json_object_array_length(list);

    for (size_t i = 0; i < n; i++) {
        json_object *element = json_object_array_get_idx(list, i);
        int rc = sides_equal(&(struct side){.o = element}, &(struct side){.o = value}, w);
        if (rc == 0)
            rc = jpath_charge(w, 0);
        if (rc)
            return rc;
    }
    return 0;
}

/* How many elements of a are among b's? -1: too much work. */
static int64_t common(json_object *a, json_object *b, struct jpath_work *w)
{
    int64_t shared = 0;

    for (size_t i = 0; i < json_object_array_length(a); i++) {
        int rc = among(b, json_object_array_get_idx(a, i), w);
        if (rc < 0)
            return -1;
        shared += rc;
    }
    return shared;
}

static int compare_lists(enum operator_kind op, json_object *left, json_object *right, struct jpath_work *w)
{
    if (!is(left, json_type_array) || !is(right, json_type_array))
        return 0;
    json_object *part = op == OP_ALL ? right : left, *whole = op == OP_ALL ? left : right;
    int64_t shared = common(part, whole, w);
    if (shared < 0)
        return PATH_FATAL;
    if (op == OP_ANYOF)
        return shared > 0;
    if (op == OP_NONEOF)
        return shared == 0;
    return shared == (int64_t)json_object_array_length(part);
}

static int contains(json_object *left, json_object *right, struct jpath_work *w)
{
    if (is(left, json_type_array))
        return among(left, right, w);
    if (!is(left, json_type_string) || !is(right, json_type_string))
        return 0;
    if (jpath_charge(w, length(left) + length(right)) < 0)
        return PATH_FATAL;
    return memmem(json_object_get_string(left), length(left), json_object_get_string(right), length(right)) !=
           NULL;
}

static int has_size(json_object *left, json_object *right)
{
    int64_t size = -1;

    if (!js_is_number(right))
        return 0;
    if (is(left, json_type_string))
        size = (int64_t)js_chars(json_object_get_string(left), length(left));
    else if (is(left, json_type_array))
        size = (int64_t)json_object_array_length(left);
    return size == (int64_t)json_object_get_double(right);
}

static int is_empty(json_object *left, json_object *right)
{
    bool wanted = json_object_get_boolean(right);

    if (!is(right, json_type_boolean))
        return 0;
    if (is(left, json_type_string))
        return (length(left) == 0) == wanted;
    if (is(left, json_type_array))
        return (json_object_array_length(left) == 0) == wanted;
    if (is(left, json_type_object))
        return (json_object_object_length(left) == 0) == wanted;
    return 0;
}

enum { PATTERN_STEPS_MAX = 10000, PATTERN_COST_BYTES = 6400 }; /* at most a hundred visits' worth a match */

static int match_text(pcre2_code *pattern, const char *text, size_t len, struct jpath_work *w)
{
    if (jpath_charge(w, len + PATTERN_COST_BYTES) < 0)
        return PATH_FATAL;

    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    PAWL_ASSERT(context && data);
    pcre2_set_match_limit(context, PATTERN_STEPS_MAX);
    pcre2_set_depth_limit(context, PATTERN_STEPS_MAX);
    int rc = pcre2_match(pattern, (PCRE2_SPTR)text, len, 0, 0, data, context);
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    if (rc >= 0)
        return 1;
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    err_set(w->err, ERR_DATA_LIMIT, "A regular expression takes more than %d steps", PATTERN_STEPS_MAX);
    return PATH_FATAL;
}

static int match_value(pcre2_code *pattern, json_object *o, struct jpath_work *w)
{
    struct js_buf b = {0};

    if (is(o, json_type_string))
        return match_text(pattern, json_object_get_string(o), length(o), w);
    if (o && !is_json(o))
        js_write(&b, o);
    int rc = match_text(pattern, b.p ? b.p : "", b.len, w);
    js_buf_fini(&b);
    return rc;
}

static int matches(const struct side *l, const struct side *r, struct jpath_work *w)
{
    pcre2_code *pattern = l->pattern ? l->pattern : r->pattern;
    json_object *o = l->pattern ? r->o : l->o;

    if (!l->pattern == !r->pattern)
        return 0;
    if (!is(o, json_type_array))
        return match_value(pattern, o, w);
    for (size_t i = 0; i < json_object_array_length(o); i++) {
        int rc = match_value(pattern, json_object_array_get_idx(o, i), w);
        if (rc)
            return rc;
    }
    return 0;
}

static int negate(int rc)
{
    return rc < 0 ? rc : !rc;
}

static int compare(enum operator_kind op, const struct side *l, const struct side *r, struct jpath_work *w)
{
    switch (op) {
    case OP_EQ:
        return sides_equal(l, r, w);
    case OP_NE:
        return negate(sides_equal(l, r, w));
    case OP_TSEQ:
        return same_type(l->o, r->o) ? sides_equal(l, r, w) : 0;
    case OP_TSNE:
        return same_type(l->o, r->o) ? negate(sides_equal(l, r, w)) : 1;
    case OP_MATCHES:
        return matches(l, r, w);
    case OP_IN:
        return is(r->o, json_type_array) && !l->undefined ? among(r->o, l->o, w) : 0;
    case OP_NIN:
        return is(r->o, json_type_array) && !l->undefined ? negate(among(r->o, l->o, w)) : 1;
    case OP_CONTAINS:
        return r->undefined ? 0 : contains(l->o, r->o, w);
    case OP_ALL:
    case OP_SUBSETOF:
    case OP_ANYOF:
    case OP_NONEOF:
        return compare_lists(op, l->o, r->o, w);
    case OP_SIZE:
        return has_size(l->o, r->o);
    case OP_EMPTY:
        return is_empty(l->o, r->o);
    default:
        return l->undefined || r->undefined ? 0 : ordered(op, l->o, r->o);
    }
}

static int test(const struct jpath_filter *f, json_object *item, struct jpath_work *w)
{
    struct side l, r = {0};

    if (f->op == OP_EXISTS)
        return exists(&f->left, item, w);
    int rc = evaluate(&f->left, item, w, &l);
    if (rc == 0)
        rc = evaluate(&f->right, item, w, &r);
    if (rc == 0)
        rc = compare(f->op, &l, &r, w);
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
        return negate(accept(f->a, item, w));
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
