/* What goes wrong, in words: the codes and messages of the reference. */
#include "lang/jsonata_priv.h"

#include <string.h>

/* {{name}} is the field as JSON, {{{name}}} as plain text. By code. */
static const struct {
    const char *code, *text;
} MESSAGES[] = {
    {"D1001", "Number out of range: {{value}}"},
    {"D1002", "Cannot negate a non-numeric value: {{value}}"},
    {"D1004", "Regular expression matches zero length string"},
    {"D1009", "Multiple key definitions evaluate to same key: {{value}}"},
    {"D2014", "The size of the sequence allocated by the range operator (..) must not exceed 1e6.  Attempted "
              "to allocate {{value}}."},
    {"D3001", "Attempting to invoke string function on Infinity or NaN"},
    {"D3010", "Second argument of replace function cannot be an empty string"},
    {"D3011", "Fourth argument of replace function must evaluate to a positive number"},
    {"D3012", "Attempted to replace a matched string with a non-string value"},
    {"D3020", "Third argument of split function must evaluate to a positive number"},
    {"D3030", "Unable to cast value to a number: {{value}}"},
    {"D3040", "Third argument of match function must evaluate to a positive number"},
    {"D3050", "The second argument of reduce function must be a function with at least two arguments"},
    {"D3060", "The sqrt function cannot be applied to a negative number: {{value}}"},
    {"D3061", "The power function has resulted in a value that cannot be represented as a JSON number: "
              "base={{value}}, exponent={{exp}}"},
    {"D3070", "The single argument form of the sort function can only be applied to an array of strings or "
              "an array of numbers.  Use the second argument to specify a comparison function"},
    {"D3080", "The picture string must only contain a maximum of two sub-pictures"},
    {"D3081", "The sub-picture must not contain more than one instance of the 'decimal-separator' character"},
    {"D3082", "The sub-picture must not contain more than one instance of the 'percent' character"},
    {"D3083", "The sub-picture must not contain more than one instance of the 'per-mille' character"},
    {"D3084", "The sub-picture must not contain both a 'percent' and a 'per-mille' character"},
    {"D3085", "The mantissa part of a sub-picture must contain at least one character that is either an "
              "'optional digit character' or a member of the 'decimal digit family'"},
    {"D3086", "The sub-picture must not contain a passive character that is preceded by an active character "
              "and that is followed by another active character"},
    {"D3087", "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a "
              "'decimal-separator' character"},
    {"D3088", "The sub-picture must not contain a 'grouping-separator' at the end of the integer part"},
    {"D3089",
     "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character"},
    {"D3090", "The integer part of the sub-picture must not contain a member of the 'decimal digit family' "
              "that is followed by an instance of the 'optional digit character'"},
    {"D3091", "The fractional part of the sub-picture must not contain an instance of the 'optional digit "
              "character' that is followed by a member of the 'decimal digit family'"},
    {"D3092", "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character "
              "treated as an 'exponent-separator'"},
    {"D3093", "The exponent part of the sub-picture must comprise only of one or more characters that are "
              "members of the 'decimal digit family'"},
    {"D3100", "The radix of the formatBase function must be between 2 and 36.  It was given {{value}}"},
    {"D3110",
     "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given {{value}}"},
    {"D3120", "Syntax error in expression passed to function eval: {{value}}"},
    {"D3121", "Dynamic error evaluating the expression passed to function eval: {{value}}"},
    {"D3130", "Formatting or parsing an integer as a sequence starting with {{value}} is not supported by "
              "this implementation"},
    {"D3131", "In a decimal digit pattern, all digits must be from the same decimal group"},
    {"D3132", "Unknown component specifier {{value}} in date/time picture string"},
    {"D3133", "The 'name' modifier can only be applied to months and days in the date/time picture string, "
              "not {{value}}"},
    {"D3134", "The timezone integer format specifier cannot have more than four digits"},
    {"D3135", "No matching closing bracket ']' in date/time picture string"},
    {"D3136", "The date/time picture string is missing specifiers required to parse the timestamp"},
    {"D3137", "{{{message}}}"},
    {"D3138", "The $single() function expected exactly 1 matching result.  Instead it matched more."},
    {"D3139", "The $single() function expected exactly 1 matching result.  Instead it matched 0."},
    {"D3140", "Malformed URL passed to ${{{functionName}}}(): {{value}}"},
    {"D3141", "{{{message}}}"},
    {"S0101", "String literal must be terminated by a matching quote"},
    {"S0102", "Number out of range: {{token}}"},
    {"S0103", "Unsupported escape sequence: \\{{token}}"},
    {"S0104", "The escape sequence \\u must be followed by 4 hex digits"},
    {"S0105", "Quoted property name must be terminated with a backquote (`)"},
    {"S0106", "Comment has no closing tag"},
    {"S0201", "Syntax error: {{token}}"},
    {"S0202", "Expected {{value}}, got {{token}}"},
    {"S0203", "Expected {{value}} before end of expression"},
    {"S0204", "Unknown operator: {{token}}"},
    {"S0207", "Unexpected end of expression"},
    {"S0208", "Parameter {{value}} of function definition must be a variable name (start with $)"},
    {"S0209", "A predicate cannot follow a grouping expression in a step"},
    {"S0210", "Each step can only have one grouping expression"},
    {"S0211", "The symbol {{token}} cannot be used as a unary operator"},
    {"S0212", "The left side of := must be a variable name (start with $)"},
    {"S0213", "The literal value {{value}} cannot be used as a step within a path expression"},
    {"S0214", "The right side of {{token}} must be a variable name (start with $)"},
    {"S0215", "A context variable binding must precede any predicates on a step"},
    {"S0216", "A context variable binding must precede the 'order-by' clause on a step"},
    {"S0217", "The object representing the 'parent' cannot be derived from this expression"},
    {"S0301", "Empty regular expressions are not allowed"},
    {"S0302", "No terminating / in regular expression"},
    {"S0401", "Type parameters can only be applied to functions and arrays"},
    {"S0402", "Choice groups containing parameterized types are not supported"},
    {"T0410", "Argument {{index}} of function {{token}} does not match function signature"},
    {"T0411", "Context value is not a compatible type with argument {{index}} of function {{token}}"},
    {"T0412", "Argument {{index}} of function {{token}} must be an array of {{type}}"},
    {"T1003", "Key in object structure must evaluate to a string; got: {{value}}"},
    {"T1005", "Attempted to invoke a non-function. Did you mean ${{{token}}}?"},
    {"T1006", "Attempted to invoke a non-function"},
    {"T1007", "Attempted to partially apply a non-function. Did you mean ${{{token}}}?"},
    {"T1008", "Attempted to partially apply a non-function"},
    {"T1010", "The matcher function argument passed to function {{token}} does not return the correct object "
              "structure"},
    {"T2001", "The left side of the {{token}} operator must evaluate to a number"},
    {"T2002", "The right side of the {{token}} operator must evaluate to a number"},
    {"T2003", "The left side of the range operator (..) must evaluate to an integer"},
    {"T2004", "The right side of the range operator (..) must evaluate to an integer"},
    {"T2006", "The right side of the function application operator ~> must be a function"},
    {"T2007", "Type mismatch when comparing values {{value}} and {{value2}} in order-by clause"},
    {"T2008", "The expressions within an order-by clause must evaluate to numeric or string values"},
    {"T2009",
     "The values {{value}} and {{value2}} either side of operator {{token}} must be of the same data type"},
    {"T2010", "The expressions either side of operator {{token}} must evaluate to numeric or string values"},
    {"T2011", "The insert/update clause of the transform expression must evaluate to an object: {{value}}"},
    {"T2012", "The delete clause of the transform expression must evaluate to a string or array of strings: "
              "{{value}}"},
    {"T2013", "The transform expression clones the input object using the $clone() function.  This has been "
              "overridden in the current scope by a non-function."},
    {"U1002", "The expression is nested too deeply or too long"},
};

int jsonata_fail(struct run *r, const char *code)
{
    r->fault = (struct fault){.code = code, .at = -1};
    return -1;
}

int jsonata_fail_value(struct run *r, const char *code, struct jv value)
{
    jsonata_fail(r, code);
    r->fault.value = value;
    return -1;
}

int jsonata_fail_text(struct run *r, const char *code, const char *cause)
{
    jsonata_fail(r, code);
    r->fault.cause = cause;
    return -1;
}

int jsonata_fail_deep(struct run *r)
{
    return jsonata_fail_text(
        r, "U1001",
        "Stack overflow error: Check for non-terminating recursive function.  Consider rewriting as "
        "tail-recursive.");
}

int jsonata_fail_at(struct run *r, uint32_t at, const char *token, uint32_t len)
{
    r->fault.at = at;
    r->fault.token = token;
    r->fault.token_len = len;
    return -1;
}

/* ---- filling in ---- */

static const char *template_of(const char *code)
{
    size_t lo = 0, hi = sizeof MESSAGES / sizeof *MESSAGES;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int order = strcmp(code, MESSAGES[mid].code);
        if (order == 0)
            return MESSAGES[mid].text;
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return code;
}

enum { VALUE_BYTES_MAX = 1024 }; /* of a value within a message */

/* A value as JSON, by an evaluation of its own that may use little. */
static void add_value(struct js_buf *b, struct jv v)
{
    const struct jsonata_env none = {0};
    struct arena *scratch = arena_new();
    struct run r = {.env = &none, .arena = scratch, .steps = 10000, .memory = 65536};
    struct jv text;

    if (v.kind == JV_STRING && v.len > VALUE_BYTES_MAX)
        v.len = VALUE_BYTES_MAX;
    if (jv_json(&r, v, &text) == 0)
        js_buf_add(b, text.text, text.len < VALUE_BYTES_MAX ? text.len : VALUE_BYTES_MAX);
    else
        js_buf_str(b, "null");
    arena_free(scratch);
}

static void add_text(struct js_buf *b, const char *text, size_t len, bool plain)
{
    if (plain)
        js_buf_add(b, text, len);
    else
        js_buf_quoted(b, text, len);
}

static bool is(const char *name, size_t len, const char *word)
{
    return strlen(word) == len && !memcmp(name, word, len);
}

static void add_field(struct js_buf *b, const struct fault *f, const char *name, size_t len, bool plain)
{
    if (is(name, len, "value"))
        add_value(b, f->value);
    else if (is(name, len, "value2") || is(name, len, "exp"))
        add_value(b, f->value2);
    else if (is(name, len, "index"))
        js_buf_int(b, f->index);
    else if (is(name, len, "token") && f->token)
        add_text(b, f->token, f->token_len, plain || f->token_literal);
    else if (is(name, len, "type") && f->type)
        add_text(b, f->type, strlen(f->type), plain);
    else if (is(name, len, "functionName") && f->function)
        add_text(b, f->function, strlen(f->function), plain);
    else
        js_buf_str(b, "undefined");
}

static void fill_in(struct js_buf *b, const char *template, const struct fault *f)
{
    const char *p = template, *open;

    while ((open = strstr(p, "{{")) != NULL) {
        bool plain = open[2] == '{';
        const char *name = open + (plain ? 3 : 2), *end = strstr(name, plain ? "}}}" : "}}");
        js_buf_add(b, p, (size_t)(open - p));
        add_field(b, f, name, (size_t)(end - name), plain);
        p = end + (plain ? 3 : 2);
    }
    js_buf_str(b, p);
}

static void place_of(const struct fault *f, const char *text, uint32_t len, struct jsonata_place *place)
{
    size_t token = f->token_len < sizeof place->token ? f->token_len : sizeof place->token - 1;

    place->position = -1;
    if (f->at >= 0)
        place->position = (int64_t)jv_units(text, f->at < len ? (size_t)f->at : len);
    memset(place->token, 0, sizeof place->token);
    if (f->token)
        memcpy(place->token, f->token, token);
}

int jsonata_fault_report(const struct fault *f, const char *text, uint32_t len, struct err *err,
                         struct jsonata_place *place)
{
    struct js_buf b = {0};

    if (f->cause)
        js_buf_str(&b, f->cause);
    else
        fill_in(&b, template_of(f->code), f);
    char *clean = js_clean(b.p, b.len, ERR_CAUSE_BYTES - 1);
    err_set(err, f->code, "%s", clean);
    free(clean);
    js_buf_fini(&b);
    if (place)
        place_of(f, text, len, place);
    return -1;
}
