/* The first line is a path, the rest the data: what a reference path has written is what it reads. */
#include "base/json.h"
#include "lang/jpath.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text is written into as a tree is; out: what became of the tree, or NULL. */
static void write_text(const struct jpath *p, json_object *root, json_object *value, json_object *out)
{
    struct js_buf from = {0}, what = {0}, got = {0}, want = {0};

    js_write(&from, root);
    js_write(&what, value);
    PAWL_ASSERT(jpath_write_text(p, from.p, from.len, what.p, what.len, &got) == (out != NULL));
    if (out) {
        js_write(&want, out);
        PAWL_ASSERT(got.len == want.len && !memcmp(got.p, want.p, got.len));
    }
    js_buf_fini(&from);
    js_buf_fini(&what);
    js_buf_fini(&got);
    js_buf_fini(&want);
}

static void write_and_read(const struct jpath *p, json_object *root)
{
    json_object *value = json_object_new_string("written"), *out = NULL, *back = NULL;
    struct err err;

    int rc = jpath_write(p, root, value, &out, &err);
    write_text(p, root, value, out);
    if (rc == 0) {
        PAWL_ASSERT(jpath_select(p, out, &back, &err) == 0);
        PAWL_ASSERT(back == value);
    }
    json_object_put(back);
    json_object_put(out);
    json_object_put(value);
}

static void select_from(const struct jpath *p, json_object *root)
{
    json_object *out = NULL;
    struct err err = {.name = NULL};

    if (jpath_select(p, root, &out, &err) == 0) {
        struct js_buf b = {0};
        js_write(&b, out);
        PAWL_ASSERT(p->definite || json_object_is_type(out, json_type_array));
        PAWL_ASSERT(js_scan(b.p, b.len, &err) == 0);
        js_buf_fini(&b);
    } else {
        PAWL_ASSERT(err.name && err.cause[0]);
    }
    json_object_put(out);
    if (p->reference)
        write_and_read(p, root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char fallback[] =
        "{\"a\":[1,{\"b\":\"x\",\"c\":[true,null]},[\"y\"]],\"b\":{\"a\":2.5},\"c\":\"5\"}";
    const uint8_t *end = memchr(data, '\n', size);
    size_t len = end ? (size_t)(end - data) : size, rest = size - len;
    struct arena *a = arena_new();
    json_object *root = NULL;
    struct err err = {.name = NULL};

    const struct jpath *p = jpath_parse(a, (const char *)data, len, &err);
    if (!p) {
        PAWL_ASSERT(err.name && err.cause[0]);
    } else {
        if (rest == 0 || js_parse((const char *)data + len, rest, &root, &err) < 0)
            js_parse(fallback, sizeof fallback - 1, &root, &err);
        select_from(p, root);
        json_object_put(root);
    }
    arena_free(a);
    return 0;
}
