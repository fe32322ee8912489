#include "asl/choice_priv.h"

#include "base/clock.h"

#include <string.h>

static const struct choice_operator OPERATORS[] = {
    {"StringEquals", STRING, EQUAL},
    {"StringLessThan", STRING, LESS},
    {"StringGreaterThan", STRING, GREATER},
    {"StringLessThanEquals", STRING, LESS | EQUAL},
    {"StringGreaterThanEquals", STRING, GREATER | EQUAL},
    {"StringMatches", PATTERN, 0},
    {"NumericEquals", NUMBER, EQUAL},
    {"NumericLessThan", NUMBER, LESS},
    {"NumericGreaterThan", NUMBER, GREATER},
    {"NumericLessThanEquals", NUMBER, LESS | EQUAL},
    {"NumericGreaterThanEquals", NUMBER, GREATER | EQUAL},
    {"BooleanEquals", BOOLEAN, EQUAL},
    {"TimestampEquals", TIMESTAMP, EQUAL},
    {"TimestampLessThan", TIMESTAMP, LESS},
    {"TimestampGreaterThan", TIMESTAMP, GREATER},
    {"TimestampLessThanEquals", TIMESTAMP, LESS | EQUAL},
    {"TimestampGreaterThanEquals", TIMESTAMP, GREATER | EQUAL},
    {"IsNull", IS_NULL, 0},
    {"IsPresent", IS_PRESENT, 0},
    {"IsNumeric", IS_NUMERIC, 0},
    {"IsString", IS_STRING, 0},
    {"IsBoolean", IS_BOOLEAN, 0},
    {"IsTimestamp", IS_TIMESTAMP, 0},
};

/* ---- compiling ---- */

static const struct choice_test *parse_test(const struct read_in *in, bool top);

/* The operator that a field names, and whether it is its ...Path twin; NULL: none. */
static const struct choice_operator *find_operator(const char *field, bool *twin)
{
    size_t len = strlen(field);

    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++) {
        const struct choice_operator *op = &OPERATORS[i];
        size_t n = strlen(op->name);
        if (len < n || memcmp(op->name, field, n) != 0)
            continue;
        *twin = op->relation && strcmp(field + n, "Path") == 0;
        if (len == n || *twin)
            return op;
    }
    return NULL;
}

/* A JSON value as the operator's type; false: it is of another. */
static bool operand_of(enum choice_type type, json_object *o, struct choice_operand *to)
{
    switch (type) {
    case STRING:
    case PATTERN:
    case TIMESTAMP:
        if (!json_object_is_type(o, json_type_string))
            return false;
        to->text.p = json_object_get_string(o);
        to->text.len = (size_t)json_object_get_string_len(o);
        return type != TIMESTAMP || clock_parse(to->text.p, to->text.len, &to->integer) == 0;
    case NUMBER:
        if (!js_is_number(o))
            return false;
        to->whole = json_object_is_type(o, json_type_int);
        to->integer = to->whole ? json_object_get_int64(o) : 0;
        to->number = json_object_get_double(o);
        return true;
    default:
        to->integer = json_object_get_boolean(o);
        return json_object_is_type(o, json_type_boolean);
    }
}

static struct choice_text keep(struct arena *a, struct choice_text t)
{
    return (struct choice_text){arena_strndup(a, t.p, t.len), t.len};
}

/* "a*b\\*" gives the pieces "a" and "b*": "\\*" is a star, "\\\\" a backslash. */
static void parse_pattern(struct arena *a, struct choice_test *t, struct choice_text pattern)
{
    char *plain = arena_alloc(a, pattern.len + 1);
    size_t used = 0, from = 0, n = 0, most = 1;

    for (size_t i = 0; i < pattern.len; i++)
        most += pattern.p[i] == '*';
    struct choice_text *pieces = arena_alloc(a, most * sizeof *pieces);
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.p[i];
        if (c == '*') {
            pieces[n++] = (struct choice_text){plain + from, used - from};
            from = used;
            continue;
        }
        if (c == '\\' && i + 1 < pattern.len && (pattern.p[i + 1] == '*' || pattern.p[i + 1] == '\\'))
            c = pattern.p[++i];
        plain[used++] = c;
    }
    pieces[n++] = (struct choice_text){plain + from, used - from};
    t->pieces = pieces;
    t->npieces = n;
}

static const char *expected(enum choice_type type)
{
    switch (type) {
    case STRING:
    case PATTERN:
        return "Expected value of type String";
    case NUMBER:
        return "Expected value of type Number";
    case TIMESTAMP:
        return "String does not match RFC3339 timestamp";
    default:
        return "Expected value of type Boolean";
    }
}

static int parse_operand(const struct read_in *in, const char *field, struct choice_test *t)
{
    struct arena *a = in->r->arena;
    json_object *o = json_object_object_get(in->obj, field);

    if (!operand_of(t->op->type, o, &t->right))
        return read_error(in, field, "%s", expected(t->op->type));
    if (t->op->type == PATTERN)
        parse_pattern(a, t, t->right.text);
    t->right.text = t->op->type == STRING ? keep(a, t->right.text) : (struct choice_text){0};
    return 0;
}

static int parse_operator(const struct read_in *in, const char *field, struct choice_test *t)
{
    bool twin;

    t->kind = TEST_OPERATOR;
    t->op = find_operator(field, &twin);
    if (!read_required(in, (const char *const[]){"Variable", NULL}))
        return -1;
    t->variable = read_path(in, "Variable", READ_REFERENCE);
    if (!twin)
        return parse_operand(in, field, t) < 0 || !t->variable ? -1 : 0;
    t->path = read_path(in, field, READ_REFERENCE);
    return t->path && t->variable ? 0 : -1;
}

static const struct choice_test *parse_nested(const struct read_in *in, json_object *o,
                                              const struct place *at)
{
    struct read_in nested;

    return read_object(&nested, in->r, o, at) ? parse_test(&nested, false) : NULL;
}

static int parse_parts(const struct read_in *in, const char *field, struct choice_test *t)
{
    const struct place *at = read_member(in->r, in->at, field);
    json_object *list;

    if (t->kind == TEST_NOT) {
        json_object_object_get_ex(in->obj, field, &list);
        t->parts = arena_alloc(in->r->arena, sizeof *t->parts);
        t->parts[0] = parse_nested(in, list, at);
        t->nparts = 1;
        return t->parts[0] ? 0 : -1;
    }

    int rc = 0;
    if (!read_array(in, field, &list))
        return -1;
    t->nparts = json_object_array_length(list);
    t->parts = arena_alloc(in->r->arena, t->nparts * sizeof *t->parts);
    for (size_t i = 0; i < t->nparts; i++) {
        t->parts[i] = parse_nested(in, json_object_array_get_idx(list, i), read_element(in->r, at, i));
        if (!t->parts[i])
            rc = -1;
    }
    return rc;
}

static int composite(const char *field)
{
    static const char *const NAMES[] = {"And", "Or", "Not"};

    for (int kind = TEST_AND; kind <= TEST_NOT; kind++)
        if (strcmp(field, NAMES[kind]) == 0)
            return kind;
    return -1;
}

/* The caller has read the other fields of a rule of "Choices"; within And, Or and Not there are none. */
static bool known_field(const char *field, bool top)
{
    return strcmp(field, "Variable") == 0 || strcmp(field, "Comment") == 0 ||
           (top && (strcmp(field, "Next") == 0 || strcmp(field, "Assign") == 0));
}

/* The one field that says what to test; NULL with a finding. */
static const char *operator_field(const struct read_in *in, bool top)
{
    const char *found = NULL;
    bool twin, good = true;

    json_object_object_foreach(in->obj, field, value)
    {
        (void)value;
        bool is_operator = composite(field) >= 0 || find_operator(field, &twin) != NULL;
        if (!is_operator && !known_field(field, top)) {
            read_error(in, field, "Field is not supported");
            good = false;
        } else if (is_operator && found) {
            read_error(in, field, "A choice rule has exactly one operator; there is %s already", found);
            good = false;
        } else if (is_operator) {
            found = field;
        }
    }
    if (!found && good)
        read_error(in, NULL, "A choice rule needs an operator, such as StringEquals, IsPresent or And");
    return good ? found : NULL;
}

static const struct choice_test *parse_test(const struct read_in *in, bool top)
{
    struct choice_test *t = arena_alloc(in->r->arena, sizeof *t);
    const char *field = operator_field(in, top);

    read_string(in, "Comment");
    if (!field)
        return NULL;
    int kind = composite(field);
    if (kind < 0)
        return parse_operator(in, field, t) < 0 ? NULL : t;
    t->kind = kind;
    if (read_has(in, "Variable"))
        read_error(in, "Variable", "Field is not supported");
    return parse_parts(in, field, t) < 0 ? NULL : t;
}

const struct choice_test *choice_parse(const struct read_in *rule)
{
    return parse_test(rule, true);
}

/* ---- evaluating ---- */

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int order_texts(const struct choice_text *a, const struct choice_text *b)
{
    int by_bytes = memcmp(a->p, b->p, a->len < b->len ? a->len : b->len);

    return by_bytes ? by_bytes : order((int64_t)a->len, (int64_t)b->len);
}

static bool compare(const struct choice_operator *op, const struct choice_operand *left,
                    const struct choice_operand *right)
{
    int by;

    if (op->type == STRING)
        by = order_texts(&left->text, &right->text);
    else if (op->type == NUMBER && !(left->whole && right->whole))
        by = (left->number > right->number) - (left->number < right->number);
    else
        by = order(left->integer, right->integer);
    return (by < 0 ? LESS : by > 0 ? GREATER : EQUAL) & op->relation;
}

/* The first piece begins the text, the last one ends it, the others follow each other in between. */
static bool matches(const struct choice_test *t, struct choice_text text)
{
    const struct choice_text *first = &t->pieces[0], *last = &t->pieces[t->npieces - 1];

    if (t->npieces == 1)
        return order_texts(first, &text) == 0;
    if (text.len < first->len + last->len || memcmp(text.p, first->p, first->len) != 0 ||
        memcmp(text.p + text.len - last->len, last->p, last->len) != 0)
        return false;

    const char *p = text.p + first->len, *end = text.p + text.len - last->len;
    for (const struct choice_text *piece = first + 1; piece < last; piece++) {
        p = memmem(p, (size_t)(end - p), piece->p, piece->len);
        if (!p)
            return false;
        p += piece->len;
    }
    return true;
}

static bool is_timestamp(json_object *o)
{
    struct choice_operand ignored;

    return operand_of(TIMESTAMP, o, &ignored);
}

static bool holds(const struct choice_test *t, json_object *value, json_object *other)
{
    struct choice_operand left, right = t->right;

    switch (t->op->type) {
    case IS_NULL:
        return (value == NULL) == (bool)right.integer;
    case IS_PRESENT:
        return right.integer;
    case IS_NUMERIC:
        return js_is_number(value) == (bool)right.integer;
    case IS_STRING:
        return (bool)json_object_is_type(value, json_type_string) == (bool)right.integer;
    case IS_BOOLEAN:
        return (bool)json_object_is_type(value, json_type_boolean) == (bool)right.integer;
    case IS_TIMESTAMP:
        return is_timestamp(value) == (bool)right.integer;
    case PATTERN:
        return operand_of(PATTERN, value, &left) && matches(t, left.text);
    default:
        if (t->path && !operand_of(t->op->type, other, &right))
            return false;
        return operand_of(t->op->type, value, &left) && compare(t->op, &left, &right);
    }
}

static int select_value(const struct jpath *p, const struct jpath_env *env, json_object **out,
                        struct err *err)
{
    if (jpath_eval(p, env, out, NULL) == 0)
        return 0;
    return err_set(err, ERR_RUNTIME,
                   "Invalid path '%s': The choice state's condition path references an invalid value.",
                   p->text);
}

static int eval_operator(const struct choice_test *t, const struct jpath_env *env, struct err *err)
{
    json_object *value = NULL, *other = NULL;
    int rc;

    if (t->op->type == IS_PRESENT && jpath_eval(t->variable, env, &value, NULL) < 0)
        return !t->right.integer;
    if (t->op->type != IS_PRESENT && select_value(t->variable, env, &value, err) < 0)
        return -1;
    if (t->path && select_value(t->path, env, &other, err) < 0)
        rc = -1;
    else
        rc = holds(t, value, other);
    json_object_put(value);
    json_object_put(other);
    return rc;
}

int choice_eval(const struct choice_test *t, const struct jpath_env *env, struct err *err)
{
    int rc = 0;

    switch (t->kind) {
    case TEST_AND:
    case TEST_OR: /* the first part that is not like the operator's neutral value decides */
        for (size_t i = 0; i < t->nparts; i++) {
            rc = choice_eval(t->parts[i], env, err);
            if (rc < 0 || rc == (t->kind == TEST_OR))
                break;
        }
        return rc;
    case TEST_NOT:
        rc = choice_eval(t->parts[0], env, err);
        return rc < 0 ? rc : !rc;
    default:
        return eval_operator(t, env, err);
    }
}
