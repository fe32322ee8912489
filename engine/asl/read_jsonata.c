/* Values of JSONata states: strings "{% ... %}", at any depth, are expressions. */
#include "asl/read.h"

#include <string.h>

struct field {
    const struct read_in *in;
    const char *name;
};

static void note_variable(void *arg, const char *name, bool read, bool bound)
{
    const struct field *f = arg;

    if (read && !bound && strcmp(name, "states") != 0) /* bound: it may be that of a function */
        read_variable(f->in, f->name, name);
}

const struct query *read_query(const struct read_in *in, const char *field)
{
    const struct place at = {.up = in->at, .key = field};
    struct field f = {in, field};
    json_object *o;

    if (!json_object_object_get_ex(in->obj, field, &o))
        return NULL;
    const struct query *q = query_parse(in->r->arena, o, &at, in->r->findings);
    query_variables(q, note_variable, &f);
    return q;
}

const struct query *read_query_instead(const struct read_in *in, bool jsonata, const char *field)
{
    return jsonata && query_is_expression(json_object_object_get(in->obj, field)) ? read_query(in, field)
                                                                                  : NULL;
}
