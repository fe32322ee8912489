/*
 * The first line is a payload template, the second the data, the third the context object: what is filled in
 * is JSON within its bounds, and the same again.
 */
#include "base/clock.h"
#include "lang/template.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    json_object *data, *context;
    uint64_t draws;
};

static int root(void *self, const struct jpath *p, json_object **to, struct err *err)
{
    struct world *w = self;

    if (p->root == JPATH_VARIABLE)
        return err_set(err, ERR_RUNTIME, "There is no variable '%s'", p->variable);
    *to = p->root == JPATH_DATA ? w->data : w->context;
    return 0;
}

static uint64_t dice(void *self)
{
    struct world *w = self;
    return clock_dice(1, w->draws++);
}

/* The text of the result, or of the error: empty when there is neither. */
static int filled(const struct tmpl *t, struct world *w, struct js_buf *text)
{
    struct jpath_env env = {.root = root, .dice = dice, .self = w};
    struct err err = {.name = NULL};
    json_object *out = NULL;
    size_t bytes;

    w->draws = 0;
    int rc = tmpl_eval(t, &env, &out, &bytes, &err);
    if (rc == 0) {
        js_write(text, out);
        PAWL_ASSERT(bytes <= text->len && bytes <= TMPL_BYTES_MAX);
        PAWL_ASSERT(js_scan(text->p, text->len, &err) == 0);
        if (tmpl_constant(t))
            PAWL_ASSERT(w->draws == 0);
    } else {
        PAWL_ASSERT(err.name && err.cause[0]);
        js_buf_str(text, err.cause);
    }
    json_object_put(out);
    return rc;
}

static void fill_in(const struct tmpl *t, struct world *w)
{
    struct js_buf first = {0}, second = {0};
    int rc = filled(t, w, &first);

    PAWL_ASSERT(filled(t, w, &second) == rc);
    PAWL_ASSERT(first.len == second.len && !memcmp(first.p, second.p, first.len));
    js_buf_fini(&first);
    js_buf_fini(&second);
}

/* The next line as JSON, or what stands in for it. */
static json_object *next_line(const char **at, const char *end, const char *otherwise)
{
    const char *from = *at, *stop = memchr(from, '\n', (size_t)(end - from));
    json_object *o = NULL;

    if (!stop)
        stop = end;
    *at = stop < end ? stop + 1 : end;
    if (js_parse(from, (size_t)(stop - from), &o, NULL) < 0)
        o = js_tree(otherwise, strlen(otherwise));
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    json_object *src = next_line(&at, end, "{}");
    struct world w = {
        .data = next_line(
            &at, end, "{\"a\":[1,{\"b\":\"x\"},[\"y\"],1],\"b\":{\"a\":2.5},\"s\":\"QUI=\",\"j\":\"[1]\"}"),
        .context = next_line(&at, end, "{\"Execution\":{\"Input\":{\"a\":null}},\"State\":{\"Name\":\"S\"}}"),
    };
    struct arena *a = arena_new();
    struct err err = {.name = NULL};
    const struct tmpl *t = tmpl_parse(a, src, "/States/S/Parameters", &err);

    if (t)
        fill_in(t, &w);
    else
        PAWL_ASSERT(err.name && err.cause[0]);
    arena_free(a);
    json_object_put(src);
    json_object_put(w.data);
    json_object_put(w.context);
    return 0;
}
