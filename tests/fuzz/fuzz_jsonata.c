/* The first line is an expression, the rest its input. */
#include "base/clock.h"
#include "base/json.h"
#include "lang/jsonata.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int variable(void *self, const char *name, json_object **value, struct err *err)
{
    (void)err;
    *value = self;
    return !strcmp(name, "states");
}

static uint64_t dice(void *self)
{
    (void)self;
    return clock_dice(1, 1);
}

static void evaluate(const struct jsonata *x, json_object *input)
{
    struct jsonata_env env = {.input = input,
                              .has_input = true,
                              .variable = variable,
                              .dice = dice,
                              .self = input,
                              .now_ms = 1700000000000,
                              .eval = true,
                              .limits = {.steps = 20000, .memory_bytes = 1 << 22, .result_bytes = 1 << 20}};
    enum jsonata_kind kind;
    json_object *out = NULL;
    struct err err = {.name = NULL};

    if (jsonata_eval(x, &env, &kind, &out, &err, NULL) < 0) {
        PAWL_ASSERT(err.name && err.cause[0] && !out);
    } else if (kind == JSONATA_JSON) {
        struct js_buf b = {0};
        js_write(&b, out);
        PAWL_ASSERT(js_scan(b.p, b.len, &err) == 0);
        js_buf_fini(&b);
    } else {
        PAWL_ASSERT(!out);
    }
    json_object_put(out);
}

static void see(void *self, const char *name, bool read, bool bound)
{
    (void)self;
    PAWL_ASSERT(name && (read || bound));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char fallback[] = "{\"a\":[1,{\"b\":\"x\"},[\"y\"],1],\"b\":{\"a\":2.5},\"s\":\"text "
                                   "12\",\"n\":3,\"e\":[],\"t\":true,\"z\":null}";
    const uint8_t *end = memchr(data, '\n', size);
    size_t len = end ? (size_t)(end - data) : size, rest = size - len;
    struct arena *a = arena_new();
    json_object *o = NULL;
    struct err err = {.name = NULL};
    struct jsonata_place place;

    if (!js_is_utf8((const char *)data, len)) { /* who calls has seen to that */
        arena_free(a);
        return 0;
    }
    const struct jsonata *x = jsonata_parse(a, (const char *)data, len, &err, &place);
    if (!x) {
        PAWL_ASSERT(err.name && err.cause[0] && place.position >= 0);
    } else {
        if (rest == 0 || js_parse((const char *)data + len, rest, &o, &err) < 0)
            js_parse(fallback, sizeof fallback - 1, &o, &err);
        jsonata_variables(x, see, NULL);
        jsonata_reads_input(x);
        evaluate(x, o);
        json_object_put(o);
    }
    arena_free(a);
    return 0;
}
