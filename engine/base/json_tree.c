#include "base/json.h"

#include <string.h>

/* ---- measuring ---- */

static bool spend(size_t *left, size_t bytes)
{
    if (bytes > *left)
        return false;
    *left -= bytes;
    return true;
}

static bool within(json_object *o, size_t *left, unsigned depth)
{
    switch (json_object_get_type(o)) {
    case json_type_string:
        return spend(left, (size_t)json_object_get_string_len(o) + 2);
    case json_type_array: {
        size_t n = json_object_array_length(o);
        if (depth == 0 || !spend(left, n + 1))
            return false;
        for (size_t i = 0; i < n; i++)
            if (!within(json_object_array_get_idx(o, i), left, depth - 1))
                return false;
        return true;
    }
    case json_type_object: {
        if (depth == 0 || !spend(left, 1))
            return false;
        json_object_object_foreach(o, key, member)
        {
            if (!spend(left, strlen(key) + 4) || !within(member, left, depth - 1))
                return false;
        }
        return true;
    }
    case json_type_double: {
        const char *source = json_object_get_userdata(o);
        return spend(left, source ? strlen(source) : 1);
    }
    default:
        return spend(left, 1);
    }
}

size_t js_weigh(json_object *o, size_t max_bytes, unsigned max_depth)
{
    size_t left = max_bytes;
    return within(o, &left, max_depth) ? max_bytes - left : SIZE_MAX;
}

bool js_within(json_object *o, size_t max_bytes, unsigned max_depth)
{
    return within(o, &max_bytes, max_depth);
}

/* ---- comparing and copying ---- */

static bool equal_numbers(json_object *a, json_object *b)
{
    if (json_object_is_type(a, json_type_int) && json_object_is_type(b, json_type_int))
        return json_object_get_int64(a) == json_object_get_int64(b) &&
               json_object_get_uint64(a) == json_object_get_uint64(b);
    return json_object_get_double(a) == json_object_get_double(b);
}

static bool equal_arrays(json_object *a, json_object *b)
{
    size_t n = json_object_array_length(a);

    if (json_object_array_length(b) != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!js_equal(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
            return false;
    return true;
}

static bool equal_objects(json_object *a, json_object *b)
{
    if (json_object_object_length(a) != json_object_object_length(b))
        return false;
    json_object_object_foreach(a, key, member)
    {
        json_object *other;
        if (!json_object_object_get_ex(b, key, &other) || !js_equal(member, other))
            return false;
    }
    return true;
}

bool js_is_number(json_object *o)
{
    return json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double);
}

bool js_equal(json_object *a, json_object *b)
{
    if (a == b)
        return true;
    if (js_is_number(a) && js_is_number(b))
        return equal_numbers(a, b);
    if (json_object_get_type(a) != json_object_get_type(b))
        return false;
    switch (json_object_get_type(a)) {
    case json_type_boolean:
        return json_object_get_boolean(a) == json_object_get_boolean(b);
    case json_type_string:
        return json_object_get_string_len(a) == json_object_get_string_len(b) &&
               !memcmp(json_object_get_string(a), json_object_get_string(b),
                       (size_t)json_object_get_string_len(a));
    case json_type_array:
        return equal_arrays(a, b);
    case json_type_object:
        return equal_objects(a, b);
    default:
        return false; /* null is NULL: seen above */
    }
}

static json_object *copy_int(json_object *o)
{
    int64_t n = json_object_get_int64(o);
    return n < INT64_MAX ? json_object_new_int64(n) : json_object_new_uint64(json_object_get_uint64(o));
}

static json_object *copy_double(json_object *o)
{
    const char *source = json_object_get_userdata(o);
    double d = json_object_get_double(o);
    return source ? json_object_new_double_s(d, source) : json_object_new_double(d);
}

json_object *js_copy(json_object *o)
{
    json_object *copy;

    switch (json_object_get_type(o)) {
    case json_type_boolean:
        return json_object_new_boolean(json_object_get_boolean(o));
    case json_type_int:
        return copy_int(o);
    case json_type_double:
        return copy_double(o);
    case json_type_string:
        return json_object_new_string_len(json_object_get_string(o), json_object_get_string_len(o));
    case json_type_array: {
        size_t n = json_object_array_length(o);
        copy = json_object_new_array_ext(n ? (int)n : 1);
        for (size_t i = 0; i < n; i++)
            json_object_array_add(copy, js_copy(json_object_array_get_idx(o, i)));
        return copy;
    }
    case json_type_object: {
        copy = json_object_new_object();
        json_object_object_foreach(o, key, member) json_object_object_add(copy, key, js_copy(member));
        return copy;
    }
    default:
        return NULL;
    }
}
