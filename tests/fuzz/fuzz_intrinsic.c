/* The first line is an expression of a template, the rest the data. */
#include "base/clock.h"
#include "base/json.h"
#include "lang/template.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int root(void *self, const struct jpath *p, json_object **to, struct err *err)
{
    *to = self;
    return p->root == JPATH_VARIABLE ? err_set(err, ERR_RUNTIME, "There is no variable '%s'", p->variable)
                                     : 0;
}

static uint64_t dice(void *self)
{
    (void)self;
    return clock_dice(1, 1);
}

static void evaluate(const struct tmpl_expr *e, json_object *data)
{
    struct jpath_env env = {.root = root, .dice = dice, .self = data};
    json_object *out = NULL;
    struct err err = {.name = NULL};

    if (tmpl_expr_eval(e, "field.$", &env, &out, &err) == 0) {
        struct js_buf b = {0};
        js_write(&b, out);
        PAWL_ASSERT(!js_within(out, SIZE_MAX, JS_DEPTH_MAX) || js_scan(b.p, b.len, &err) == 0);
        js_buf_fini(&b);
    } else {
        PAWL_ASSERT(err.name && err.cause[0]);
    }
    json_object_put(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char fallback[] =
        "{\"a\":[1,{\"b\":\"x\"},[\"y\"],1],\"b\":{\"a\":2.5},\"s\":\"QUI=\",\"n\":3,\"j\":\"[1]\"}";
    const uint8_t *end = memchr(data, '\n', size);
    size_t len = end ? (size_t)(end - data) : size, rest = size - len;
    struct arena *a = arena_new();
    json_object *o = NULL;
    struct err err = {.name = NULL};

    const struct tmpl_expr *e = tmpl_expr_parse(a, (const char *)data, len, &err);
    if (!e) {
        PAWL_ASSERT(err.name && err.cause[0]);
    } else {
        if (rest == 0 || js_parse((const char *)data + len, rest, &o, &err) < 0)
            js_parse(fallback, sizeof fallback - 1, &o, &err);
        evaluate(e, o);
        json_object_put(o);
    }
    arena_free(a);
    return 0;
}
