/*
 * Mocked results against what services answer.
 *
 * Fields are written as they stand in a state's data, with a capital; what is not named may stand beside them
 * (recorded).  Of a row in TRIAL_APIS:
 *
 *   fields   Name:kind Name!:kind ...      "!": required
 *   kind     s  n  b  *                    text, number, boolean, anything
 *            s(1,256)  n(0,)               a text's characters, a number's bounds
 *            s=ONE|OTHER                   words
 *            [kind]  {fields}              list, object
 */
#include "asl/trial_priv.h"

#include <stdarg.h>
#include <string.h>

struct check {
    const char *p; /* in the row, which is well formed */
    bool strict;   /* required fields must be there */
    bool failed;
    struct err *err;
};

/* The first error counts. */
__attribute__((format(printf, 2, 3))) static void fail(struct check *c, const char *fmt, ...)
{
    char text[256];
    va_list args;

    if (c->failed)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    err_set(c->err, ERR_VALIDATION, "Mock result schema validation error: %s", text);
    c->failed = true;
}

struct field {
    const char *name;
    int len;
};

static void field_fails(struct check *c, struct field f, const char *why)
{
    fail(c, "Field '%.*s' %s", f.len, f.name, why);
}

/* ---- scalars ---- */

/* "(MIN,MAX)" behind a kind, each perhaps left out. */
static void read_bounds(struct check *c, double *min, double *max)
{
    char *end;

    *min = -1e300;
    *max = 1e300;
    if (*c->p != '(')
        return;
    if (c->p[1] != ',')
        *min = strtod(c->p + 1, NULL);
    c->p = strchr(c->p, ',') + 1;
    if (*c->p != ')') {
        *max = strtod(c->p, &end);
        c->p = end;
    }
    c->p++;
}

/* "=ONE|OTHER" behind a kind: is the word among them? */
static bool read_words(struct check *c, const char *word)
{
    size_t len = word ? strlen(word) : 0;
    bool found = false;

    while (*c->p == '=' || *c->p == '|') {
        size_t n = strcspn(++c->p, "| ]}");
        found = found || (n == len && word && memcmp(c->p, word, n) == 0);
        c->p += n;
    }
    return found;
}

static void check_text(struct check *c, struct field f, json_object *v)
{
    bool is_text = json_object_is_type(v, json_type_string), words = *c->p == '=';
    const char *text = is_text ? json_object_get_string(v) : NULL;
    double chars = text ? (double)js_chars(text, (size_t)json_object_get_string_len(v)) : 0, min, max;

    read_bounds(c, &min, &max);
    bool found = read_words(c, text);
    if (!v)
        return;
    if (!is_text)
        field_fails(c, f, "must be a string");
    else if (chars < min)
        field_fails(c, f, "is smaller than the minimum length");
    else if (chars > max)
        field_fails(c, f, "exceeds the maximum length");
    else if (words && !found)
        field_fails(c, f, "is not an expected value");
}

static void check_number(struct check *c, struct field f, json_object *v)
{
    double n = json_object_get_double(v), min, max;

    read_bounds(c, &min, &max);
    if (!v)
        return;
    if (!js_is_number(v))
        field_fails(c, f, "must be a number");
    else if (n < min)
        field_fails(c, f, "is less than the minimum value");
    else if (n > max)
        field_fails(c, f, "exceeds the maximum value");
}

static void check_boolean(struct check *c, struct field f, json_object *v)
{
    if (v && !json_object_is_type(v, json_type_boolean))
        field_fails(c, f, "must be a boolean");
}

/* ---- lists and objects ---- */

static void check_kind(struct check *c, struct field f, json_object *v);

static void check_list(struct check *c, struct field f, json_object *v)
{
    bool is_list = json_object_is_type(v, json_type_array);
    size_t n = is_list ? json_object_array_length(v) : 0;
    const char *kind = c->p;

    if (v && !is_list)
        field_fails(c, f, "must be an array");
    for (size_t i = 0; i < n && !c->failed; i++) {
        c->p = kind;
        check_kind(c, f, json_object_array_get_idx(v, i));
    }
    c->p = kind;
    check_kind(c, f, NULL);
    c->p++; /* ] */
}

/* Up to the end of the row, or of the object's fields. object NULL: they are only read. */
static void check_fields(struct check *c, json_object *object)
{
    char name[64];

    while (*c->p && *c->p != '}') {
        struct field f = {c->p, (int)strcspn(c->p, "!:")};
        json_object *v = NULL;
        snprintf(name, sizeof name, "%.*s", f.len, f.name);
        bool there = object && json_object_object_get_ex(object, name, &v);
        c->p += f.len;
        if (*c->p == '!' && object && !there && c->strict)
            fail(c, "Required field '%s' is missing", name);
        c->p += *c->p == '!' ? 2 : 1;
        check_kind(c, f, v);
        c->p += *c->p == ' ';
    }
}

static void check_object(struct check *c, struct field f, json_object *v)
{
    bool is_object = json_object_is_type(v, json_type_object);

    if (v && !is_object)
        field_fails(c, f, "must be an object");
    check_fields(c, is_object ? v : NULL);
    c->p++; /* } */
}

/* v NULL: absent or null, so there is nothing to be wrong. */
static void check_kind(struct check *c, struct field f, json_object *v)
{
    switch (*c->p++) {
    case 's':
        check_text(c, f, v);
        break;
    case 'n':
        check_number(c, f, v);
        break;
    case 'b':
        check_boolean(c, f, v);
        break;
    case '[':
        check_list(c, f, v);
        break;
    case '{':
        check_object(c, f, v);
        break;
    }
}

/* ---- which API ---- */

/* Is the word among words that blanks separate? */
static bool among(const char *words, const char *word, size_t len)
{
    for (const char *p = words; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, word, len) == 0)
            return true;
        p += n;
    }
    return false;
}

/* "s3:getObject" of "aws-sdk", "putItem" of "dynamodb". */
static const struct trial_api *find_api(const struct asl_task *task)
{
    const char *service = task->resource_type, *action = task->resource_name;
    size_t len = service ? strlen(service) : 0;

    if (task->kind != ASL_LAMBDA_INVOKE && task->kind != ASL_SERVICE)
        return NULL;
    if (strcmp(service, "aws-sdk") == 0) {
        service = action;
        len = strcspn(action, ":");
        action += len + (action[len] == ':');
    }
    for (size_t i = 0; i < TRIAL_NAPIS; i++)
        if (among(TRIAL_APIS[i].services, service, len) &&
            among(TRIAL_APIS[i].actions, action, strlen(action)))
            return &TRIAL_APIS[i];
    return NULL; /* not known; or a job's or a callback's answer, which may be anything */
}

int trial_check_result(const struct asl_task *task, json_object *result, enum trial_fields fields,
                       struct err *err)
{
    const struct trial_api *api = fields == TRIAL_NONE ? NULL : find_api(task);

    if (!api)
        return 0;
    if (!json_object_is_type(result, json_type_object))
        return err_set(err, ERR_VALIDATION, "Mocked result must be a JSON object.");
    struct check c = {.p = api->fields, .strict = fields == TRIAL_STRICT, .err = err};
    check_fields(&c, result);
    PAWL_ASSERT(c.failed || !*c.p);
    return c.failed ? -1 : 0;
}
