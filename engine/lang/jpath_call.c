#include "lang/jpath_priv.h"

struct jpath_call {
    const char *name;
};

const struct jpath_call *jpath_call_parse(struct jpath_reader *r, size_t from, size_t open, size_t close)
{
    (void)from, (void)open, (void)close;
    jpath_refuse(r, "functions are not built yet");
    return NULL;
}

int jpath_call_apply(const struct jpath_call *c, json_object *model, json_object *more, struct jpath_work *w,
                     json_object **out, struct err *err)
{
    (void)c, (void)model, (void)more, (void)w, (void)out;
    err_set(err, ERR_RUNTIME, "functions are not built yet");
    return PATH_FATAL;
}

bool jpath_call_is_length(const struct jpath_call *c)
{
    (void)c;
    return false;
}

const char *jpath_call_name(const struct jpath_call *c)
{
    return c->name;
}
