/*
 * Any bytes as a request, in both protocols: read within its constraints, or refused with a name and a text.
 *
 * The first line is a target (AWSStepFunctions.StartExecution) or a method and a URI (PUT /api/functions/f);
 * the rest is the body.
 */
#include "awsjson.h"
#include "base/value.h"
#include "rest.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ops ops = {.arn_prefix = "arn:aws:states:us-east-1:000000000000:"};

/* What the operations read without asking again. */
static void check_members(const struct op_call *c)
{
    for (const struct op_member *m = c->op->members; m && m->name; m++) {
        json_object *v = op_get(c, m->name);
        bool required = m->flags & OP_REQUIRED && !(c->skin == SKIN_REST && m->flags & OP_AWS);
        PAWL_ASSERT(v || !required);
        if (v && m->type == OP_STRING && !(m->flags & OP_CLEAN))
            PAWL_ASSERT(!memchr(json_object_get_string(v), 0, (size_t)json_object_get_string_len(v)));
        if (v && m->type == OP_INTEGER)
            PAWL_ASSERT(op_int(c, m->name, 0) >= m->min && (!m->max || op_int(c, m->name, 0) <= m->max));
    }
}

static void check_arns(struct op_call *c)
{
    static const char *const members[] = {"stateMachineArn", "executionArn"};
    struct err err;
    size_t len;

    for (int i = 0; i < 2; i++) {
        json_object *v = op_get(c, members[i]);
        if (!json_object_is_type(v, json_type_string))
            continue;
        const char *text = op_str(c, members[i], &len);
        if (arn_parse(text, len, i ? ARN_EXECUTION : ARN_MACHINE, ops.arn_prefix, &c->arn, &err) == 0)
            PAWL_ASSERT(arn_name_check(c->arn.machine, strlen(c->arn.machine), NULL) == 0);
        else
            PAWL_ASSERT(*err.cause);
    }
}

static void check_answer(struct op_call *c, const struct err *err)
{
    json_object *answer;

    c->err = *err;
    PAWL_ASSERT(err->name && *err->cause);
    if (c->skin == SKIN_AWS)
        awsjson_error(c);
    else
        rest_error(c);
    PAWL_ASSERT(c->status >= 400 && c->status < 500);
    PAWL_ASSERT(js_parse(c->out.p, c->out.len, &answer, NULL) == 0);
    json_object_put(answer);
}

static void read_as(enum op_skin skin, const char *first, const char *body, size_t len)
{
    struct op_call *c = op_call_new(&ops, skin, NULL);
    char allow[64] = "", method[16] = "";
    const char *uri = strchr(first, ' ');
    struct err err = {0};
    int rc;

    if (skin == SKIN_AWS) {
        rc = awsjson_read(c, first, body, len, &err);
    } else {
        snprintf(method, sizeof method, "%.*s", (int)strcspn(first, " "), first);
        rc = rest_read(c, method, uri ? uri + 1 : "", body, len, allow, &err);
    }
    if (rc == 0) {
        check_members(c);
        check_arns(c);
    } else {
        check_answer(c, &err);
    }
    op_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = memchr(text, '\n', size);
    size_t len = end ? (size_t)(end - text) : size;
    char *first = mem_strndup(text, len);

    /* Of its own size: the sanitizer sees a byte behind it. */
    size_t body_len = end ? size - len - 1 : 0;
    char *body = mem_alloc(body_len + 1);
    memcpy(body, end ? end + 1 : "", body_len);

    read_as(SKIN_AWS, first, body, body_len);
    read_as(SKIN_REST, first, body, body_len);
    free(body);
    free(first);
    return 0;
}
