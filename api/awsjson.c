#include "awsjson.h"

#include <string.h>

static const char PREFIX[] = "AWSStepFunctions.";

/* Operations of the service that this version does not have: told apart from names that never were. */
static const char *const NOT_BUILT[] = {
    "CreateActivity",
    "CreateStateMachineAlias",
    "DeleteActivity",
    "DeleteStateMachineAlias",
    "DeleteStateMachineVersion",
    "DescribeActivity",
    "DescribeMapRun",
    "DescribeStateMachineAlias",
    "GetActivityTask",
    "ListActivities",
    "ListMapRuns",
    "ListStateMachineAliases",
    "ListStateMachineVersions",
    "ListTagsForResource",
    "PublishStateMachineVersion",
    "RedriveExecution",
    "StartSyncExecution",
    "TagResource",
    "UntagResource",
    "UpdateMapRun",
    "UpdateStateMachineAlias",
};

static const struct op *find(const char *name, struct err *err)
{
    for (size_t i = 0; i < NOPS; i++)
        if (OPS[i].name && !strcmp(OPS[i].name, name))
            return &OPS[i];
    for (size_t i = 0; i < sizeof NOT_BUILT / sizeof *NOT_BUILT; i++)
        if (!strcmp(NOT_BUILT[i], name)) {
            err_set(err, ERR_UNKNOWN_OPERATION, "%s is not built in this version of pawl", name);
            return NULL;
        }
    err_set(err, ERR_UNKNOWN_OPERATION, "Unknown operation: %.100s", name);
    return NULL;
}

int awsjson_read(struct op_call *c, const char *target, const char *body, size_t len, struct err *err)
{
    struct err cause;

    if (!target)
        return err_set(err, ERR_UNKNOWN_OPERATION,
                       "The header X-Amz-Target is missing: AWSStepFunctions.<Operation>");
    if (strncmp(target, PREFIX, sizeof PREFIX - 1))
        return err_set(err, ERR_UNKNOWN_OPERATION, "Unknown operation: %.100s", target);
    c->op = find(target + sizeof PREFIX - 1, err);
    if (!c->op)
        return -1;

    if (js_parse(body, len, &c->in, &cause) < 0)
        return err_set(err, ERR_SERIALIZATION, "The body is not JSON: %s", cause.cause);
    if (!json_object_is_type(c->in, json_type_object))
        return err_set(err, ERR_SERIALIZATION, "The body is not a JSON object");
    return op_check(c->op, SKIN_AWS, c->in, err);
}

void awsjson_error(struct op_call *c)
{
    c->status = err_http_status(c->err.name);
    c->out.len = 0;
    op_open(c, NULL, '{');
    op_put(c, "__type", c->err.name);
    op_put_clean(c, "message", c->err.cause);
    op_close(c, '}');
}
