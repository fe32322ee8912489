/* Values of JSONata states: strings "{% ... %}", at any depth, are expressions. */
#include "asl/read.h"

#include <string.h>

bool read_is_expression(json_object *o)
{
    if (!json_object_is_type(o, json_type_string))
        return false;

    const char *text = json_object_get_string(o);
    size_t len = (size_t)json_object_get_string_len(o);
    return len >= 4 && memcmp(text, "{%", 2) == 0 && memcmp(text + len - 2, "%}", 2) == 0;
}

/* The hook for the parser of JSONata: -1 with err when what stands between "{%" and "%}" is no expression. */
static int check_syntax(const char *text, size_t len, struct err *err)
{
    (void)text, (void)len, (void)err;
    return 0;
}

static void check_expression(const struct reading *r, json_object *o, const struct place *at)
{
    const char *text = json_object_get_string(o);
    size_t len = (size_t)json_object_get_string_len(o);
    struct err err = {0};

    if (check_syntax(text + 2, len - 4, &err) < 0)
        finding_error(r->findings, at, FINDING_SCHEMA, "Value is not a valid JSONata expression: %s",
                      err.cause);
}

static void check_value(const struct reading *r, json_object *o, const struct place *at)
{
    if (read_is_expression(o))
        check_expression(r, o, at);
    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            check_value(r, json_object_array_get_idx(o, i), &(struct place){.up = at, .index = i});
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value)
    {
        check_value(r, value, &(struct place){.up = at, .key = key});
    }
}

bool read_jsonata(const struct read_in *in, const char *field)
{
    const struct place at = {.up = in->at, .key = field};
    json_object *o;

    if (!json_object_object_get_ex(in->obj, field, &o))
        return false;
    check_value(in->r, o, &at);
    return true;
}

bool read_expression_instead(const struct read_in *in, bool jsonata, const char *field)
{
    const struct place at = {.up = in->at, .key = field};
    json_object *o;

    if (!jsonata || !json_object_object_get_ex(in->obj, field, &o) || !read_is_expression(o))
        return false;
    check_expression(in->r, o, &at);
    return true;
}
