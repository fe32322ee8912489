/* Values of JSONata states: strings "{% ... %}", at any depth, are expressions. */
#include "asl/read.h"

#include "lang/jsonata.h"

#include <string.h>

bool read_is_expression(json_object *o)
{
    if (!json_object_is_type(o, json_type_string))
        return false;

    const char *text = json_object_get_string(o);
    size_t len = (size_t)json_object_get_string_len(o);
    return len >= 4 && memcmp(text, "{%", 2) == 0 && memcmp(text + len - 2, "%}", 2) == 0;
}

/* The field under way. */
struct walk {
    const struct read_in *in;
    const char *field;
};

static void see_variable(void *self, const char *name, bool read, bool bound)
{
    const struct walk *w = self;

    if (read && !bound && strcmp(name, "states") != 0) /* bound: it may be that of a function */
        read_variable(w->in, w->field, name);
}

/* What stands between "{%" and "%}". */
static void check_expression(struct walk *w, json_object *o, const struct place *at)
{
    const struct reading *r = w->in->r;
    const char *text = json_object_get_string(o);
    size_t len = (size_t)json_object_get_string_len(o);
    struct err err = {0};

    const struct jsonata *x = jsonata_parse(r->scratch, text + 2, len - 4, &err, NULL);
    if (!x) {
        finding_error(r->findings, at, FINDING_SCHEMA, "Value is not a valid JSONata expression: %s",
                      err.cause);
        return;
    }
    jsonata_variables(x, see_variable, w);
    if (jsonata_reads_input(x))
        finding_warning(
            r->findings, at, FINDING_INPUT,
            "There is no input here: \"$\", \"$$\" and names alone find nothing; $states.input does");
}

static void check_value(struct walk *w, json_object *o, const struct place *at)
{
    if (read_is_expression(o))
        check_expression(w, o, at);
    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            check_value(w, json_object_array_get_idx(o, i), &(struct place){.up = at, .index = i});
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value)
    {
        check_value(w, value, &(struct place){.up = at, .key = key});
    }
}

bool read_jsonata(const struct read_in *in, const char *field)
{
    const struct place at = {.up = in->at, .key = field};
    json_object *o;

    if (!json_object_object_get_ex(in->obj, field, &o))
        return false;
    check_value(&(struct walk){in, field}, o, &at);
    return true;
}

bool read_expression_instead(const struct read_in *in, bool jsonata, const char *field)
{
    return jsonata && read_is_expression(json_object_object_get(in->obj, field)) && read_jsonata(in, field);
}
