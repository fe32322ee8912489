/* What filters compare by: Jayway's evaluators, coercions between numbers and texts included. */
#include "lang/jpath_priv.h"

#include <math.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

json_object *jpath_decimal(const char *text, size_t len)
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

static bool is(json_object *o, json_type type)
{
    return json_object_is_type(o, type);
}

static bool is_json(json_object *o)
{
    return is(o, json_type_object) || is(o, json_type_array);
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
    json_object *other = jpath_decimal(json_object_get_string(string), length(string));
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

static int sides_equal(const struct jpath_side *l, const struct jpath_side *r, struct jpath_work *w)
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
static int ordered(enum jpath_operator op, json_object *a, json_object *b, struct jpath_work *w)
{
    int order;

    if (js_is_number(a) && js_is_number(b))
        order = compare_numbers(a, b);
    else if (!is(a, json_type_string) || !is(b, json_type_string))
        return 0;
    else if (jpath_charge(w, length(a)) < 0)
        return PATH_FATAL;
    else
        order = compare_strings(a, b);
    return op == OP_LT ? order < 0 : op == OP_LE ? order <= 0 : op == OP_GT ? order > 0 : order >= 0;
}

/* Is value one of list's elements? */
static int among(json_object *list, json_object *value, struct jpath_work *w)
{
    size_t n = json_object_array_length(list);

    for (size_t i = 0; i < n; i++) {
        json_object *element = json_object_array_get_idx(list, i);
        int rc = sides_equal(&(struct jpath_side){.o = element}, &(struct jpath_side){.o = value}, w);
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

static int compare_lists(enum jpath_operator op, json_object *left, json_object *right, struct jpath_work *w)
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

static int has_size(json_object *left, json_object *right, struct jpath_work *w)
{
    int64_t size = -1;

    if (!js_is_number(right))
        return 0;
    if (is(left, json_type_string) && jpath_charge(w, length(left)) < 0)
        return PATH_FATAL;
    if (is(left, json_type_string))
        size = (int64_t)js_chars(json_object_get_string(left), length(left));
    else if (is(left, json_type_array))
        size = (int64_t)json_object_array_length(left);
    return (double)size == trunc(json_object_get_double(right)); /* may be beyond any integer */
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

static int matches(const struct jpath_side *l, const struct jpath_side *r, struct jpath_work *w)
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

int jpath_compare(enum jpath_operator op, const struct jpath_side *l, const struct jpath_side *r,
                  struct jpath_work *w)
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
        return has_size(l->o, r->o, w);
    case OP_EMPTY:
        return is_empty(l->o, r->o);
    default:
        return l->undefined || r->undefined ? 0 : ordered(op, l->o, r->o, w);
    }
}
