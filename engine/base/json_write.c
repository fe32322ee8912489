#include "base/json.h"

#include <math.h>
#include <string.h>

#define DOUBLE_INTEGERS 9007199254740992.0 /* 2^53: beyond it a double no longer counts in ones */

const char *js_double_format(char buf[JS_DOUBLE_BYTES], double d)
{
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(buf, JS_DOUBLE_BYTES, "%.*g", precision, d);
        if (strtod(buf, NULL) == d)
            break;
    }
    return buf;
}

json_object *js_number(double d)
{
    char buf[JS_DOUBLE_BYTES];

    PAWL_ASSERT(isfinite(d));
    if (d == floor(d) && fabs(d) < DOUBLE_INTEGERS)
        return json_object_new_int64((int64_t)d);
    return json_object_new_double_s(d, js_double_format(buf, d));
}

static void write_double(struct js_buf *b, json_object *o)
{
    char buf[JS_DOUBLE_BYTES];
    const char *source = json_object_get_userdata(o);
    double d = json_object_get_double(o);

    if (source)
        js_buf_str(b, source);
    else
        js_buf_str(b, isfinite(d) ? js_double_format(buf, d) : "null");
}

static void write_int(struct js_buf *b, json_object *o)
{
    int64_t n = json_object_get_int64(o);

    if (n < INT64_MAX) {
        js_buf_int(b, n);
    } else {
        char buf[24];
        snprintf(buf, sizeof buf, "%llu", (unsigned long long)json_object_get_uint64(o));
        js_buf_str(b, buf);
    }
}

static void write_array(struct js_buf *b, json_object *o)
{
    size_t n = json_object_array_length(o);

    js_buf_add(b, "[", 1);
    for (size_t i = 0; i < n; i++) {
        if (i)
            js_buf_add(b, ",", 1);
        js_write(b, json_object_array_get_idx(o, i));
    }
    js_buf_add(b, "]", 1);
}

static void write_object(struct js_buf *b, json_object *o)
{
    bool first = true;

    js_buf_add(b, "{", 1);
    json_object_object_foreach(o, key, member)
    {
        if (!first)
            js_buf_add(b, ",", 1);
        first = false;
        js_buf_quoted(b, key, strlen(key));
        js_buf_add(b, ":", 1);
        js_write(b, member);
    }
    js_buf_add(b, "}", 1);
}

void js_write(struct js_buf *b, json_object *o)
{
    switch (json_object_get_type(o)) {
    case json_type_null:
        js_buf_add(b, "null", 4);
        break;
    case json_type_boolean:
        js_buf_str(b, json_object_get_boolean(o) ? "true" : "false");
        break;
    case json_type_int:
        write_int(b, o);
        break;
    case json_type_double:
        write_double(b, o);
        break;
    case json_type_string:
        js_buf_quoted(b, json_object_get_string(o), (size_t)json_object_get_string_len(o));
        break;
    case json_type_array:
        write_array(b, o);
        break;
    case json_type_object:
        write_object(b, o);
        break;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_sorted(struct js_buf *b, json_object *o)
{
    size_t n = (size_t)json_object_object_length(o), i = 0;
    const char **keys = mem_alloc(n * sizeof *keys);

    json_object_object_foreach(o, key, ignored)
    {
        (void)ignored;
        keys[i++] = key;
    }
    qsort(keys, n, sizeof *keys, by_name);
    js_buf_add(b, "{", 1);
    for (i = 0; i < n; i++) {
        js_buf_add(b, ",", i > 0);
        js_buf_quoted(b, keys[i], strlen(keys[i]));
        js_buf_add(b, ":", 1);
        js_write_canonical(b, json_object_object_get(o, keys[i]));
    }
    js_buf_add(b, "}", 1);
    free(keys);
}

void js_write_canonical(struct js_buf *b, json_object *o)
{
    if (json_object_is_type(o, json_type_object)) {
        write_sorted(b, o);
    } else if (json_object_is_type(o, json_type_array)) {
        js_buf_add(b, "[", 1);
        for (size_t i = 0; i < json_object_array_length(o); i++) {
            js_buf_add(b, ",", i > 0);
            js_write_canonical(b, json_object_array_get_idx(o, i));
        }
        js_buf_add(b, "]", 1);
    } else if (js_is_number(o)) {
        char text[JS_DOUBLE_BYTES];
        double d = json_object_get_double(o);
        bool whole = json_object_is_type(o, json_type_int);
        if (whole && fabs(d) >= DOUBLE_INTEGERS)
            write_int(b, o);
        else
            js_buf_str(b, js_double_format(text, d == 0 ? 0 : d));
    } else {
        js_write(b, o);
    }
}

const char *js_text(json_object *o, size_t *len)
{
    return json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, len);
}
