#include "base/json.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

void js_fail(struct js_in *in, const char *key, const char *fmt, ...)
{
    char text[1024];

    if (in->failed)
        return;
    in->failed = true;

    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    err_set(in->err, in->name ? in->name : ERR_VALIDATION, "%s/%s: %s", in->at ? in->at : "", key, text);
}

bool js_has(const struct js_in *in, const char *key)
{
    return json_object_is_type(in->obj, json_type_object) && json_object_object_get_ex(in->obj, key, NULL);
}

json_object *js_get(struct js_in *in, const char *key)
{
    json_object *o = NULL;

    if (json_object_is_type(in->obj, json_type_object))
        json_object_object_get_ex(in->obj, key, &o);
    return o;
}

static const char *kind(json_object *o)
{
    switch (json_object_get_type(o)) {
    case json_type_boolean:
        return "a boolean";
    case json_type_int:
    case json_type_double:
        return "a number";
    case json_type_string:
        return "a string";
    case json_type_array:
        return "an array";
    case json_type_object:
        return "an object";
    default:
        return "null";
    }
}

const char *js_str(struct js_in *in, const char *key, bool required)
{
    json_object *o = js_get(in, key);

    if (!o) {
        if (required)
            js_fail(in, key, "expected a string, found %s", js_has(in, key) ? "null" : "nothing");
        return NULL;
    }
    if (!json_object_is_type(o, json_type_string)) {
        js_fail(in, key, "expected a string, found %s", kind(o));
        return NULL;
    }

    const char *text = json_object_get_string(o);
    if (strlen(text) != (size_t)json_object_get_string_len(o)) {
        js_fail(in, key, "U+0000 is not allowed here");
        return NULL;
    }
    return text;
}

bool js_bool(struct js_in *in, const char *key, bool otherwise)
{
    json_object *o = js_get(in, key);

    if (!o)
        return otherwise;
    if (!json_object_is_type(o, json_type_boolean)) {
        js_fail(in, key, "expected true or false, found %s", kind(o));
        return otherwise;
    }
    return json_object_get_boolean(o);
}

double js_num(struct js_in *in, const char *key, double min, double max, double otherwise)
{
    json_object *o = js_get(in, key);

    if (!o)
        return otherwise;
    if (!js_is_number(o)) {
        js_fail(in, key, "expected a number, found %s", kind(o));
        return otherwise;
    }

    double d = json_object_get_double(o);
    if (!(d >= min)) {
        js_fail(in, key, "%.15g is below %.15g", d, min);
        return otherwise;
    }
    if (!(d <= max)) {
        js_fail(in, key, "%.15g is above %.15g", d, max);
        return otherwise;
    }
    return d;
}

/* 3.0 is the integer 3, as JSON Schema has it. */
static bool integer(json_object *o, int64_t *n)
{
    if (json_object_is_type(o, json_type_int)) {
        *n = json_object_get_int64(o);
        return true;
    }
    double d = json_object_is_type(o, json_type_double) ? json_object_get_double(o) : 0.5;
    if (d != floor(d) || fabs(d) > 9007199254740992.0)
        return false;
    *n = (int64_t)d;
    return true;
}

int64_t js_int(struct js_in *in, const char *key, int64_t min, int64_t max, int64_t otherwise)
{
    json_object *o = js_get(in, key);
    int64_t n;

    if (!o)
        return otherwise;
    if (!integer(o, &n)) {
        js_fail(in, key, "expected an integer, found %s",
                js_is_number(o) ? json_object_get_string(o) : kind(o));
        return otherwise;
    }
    if (n < min) {
        js_fail(in, key, "%lld is below %lld", (long long)n, (long long)min);
        return otherwise;
    }
    if (n > max) {
        js_fail(in, key, "%lld is above %lld", (long long)n, (long long)max);
        return otherwise;
    }
    return n;
}
