/* Any bytes: what the scanner accepts is parsed, written, accepted again and equal; json-c agrees that it is
 * JSON. */
#include "base/json.h"
#include "base/value.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void json_c_agrees(const char *text, size_t len)
{
    struct json_tokener *tok = json_tokener_new_ex(JS_DEPTH_MAX + 1);
    json_tokener_set_flags(tok, JSON_TOKENER_VALIDATE_UTF8);
    char *copy = mem_strndup(text, len); /* a number is complete only before a NUL */
    json_object *o = json_tokener_parse_ex(tok, copy, (int)len + 1);

    PAWL_ASSERT(json_tokener_get_error(tok) == json_tokener_success);
    json_object_put(o);
    free(copy);
    json_tokener_free(tok);
}

static void survives_a_round_trip(const char *text, size_t len)
{
    struct js_buf first = {0}, second = {0};
    json_object *o = NULL, *again = NULL;
    struct err err;

    PAWL_ASSERT(js_parse(text, len, &o, &err) == 0);
    js_write(&first, o);
    PAWL_ASSERT(js_within(o, first.len, JS_DEPTH_MAX));
    PAWL_ASSERT(js_parse(first.p, first.len, &again, &err) == 0);
    js_write(&second, again);
    PAWL_ASSERT(first.len == second.len && !memcmp(first.p, second.p, first.len));

    json_object *copy = js_copy(o);
    PAWL_ASSERT(js_equal(o, again) && js_equal(copy, o));
    json_object_put(copy);
    json_object_put(again);
    json_object_put(o);
    js_buf_fini(&first);
    js_buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_alloc(size); /* exactly: ASan watches its end */
    struct err err = {.name = NULL};

    memcpy(text, data, size);
    if (js_scan(text, size, &err) == 0) {
        json_c_agrees(text, size);
        survives_a_round_trip(text, size);
    } else {
        PAWL_ASSERT(err.name && err.cause[0]);
    }

    char *clean = js_clean(text, size, size);
    struct js_buf quoted = {0};
    js_buf_quoted(&quoted, clean, strlen(clean));
    PAWL_ASSERT(js_scan(quoted.p, quoted.len, &err) == 0);
    js_buf_fini(&quoted);
    free(clean);
    free(text);
    return 0;
}
