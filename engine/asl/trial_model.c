/*
 * What the APIs of services answer: the fields of a result, as a state sees them (their names begin with a
 * capital).  Fields that are not in the table may stand beside them (recorded).
 */
#include "asl/trial_priv.h"

#include <string.h>

enum kind { TEXT, NUMBER, BOOLEAN, LIST, OBJECT, ANY };

struct model_field {
    const char *name;
    enum kind kind;
    bool required;
};

#define FIELDS(...) ((const struct model_field[]){__VA_ARGS__, {NULL}})

static const struct model {
    const char *service, *action;
    const struct model_field *fields;
} MODELS[] = {
    {"lambda", "invoke",
     FIELDS({"StatusCode", NUMBER}, {"FunctionError", TEXT}, {"LogResult", TEXT}, {"Payload", ANY},
            {"ExecutedVersion", TEXT})},
    {"states", "startExecution", FIELDS({"ExecutionArn", TEXT, true}, {"StartDate", TEXT, true})},
    {"states", "startExecution.sync",
     FIELDS({"ExecutionArn", TEXT, true}, {"StateMachineArn", TEXT, true}, {"Name", TEXT},
            {"Status", TEXT, true}, {"StartDate", NUMBER, true}, {"StopDate", NUMBER}, {"Input", TEXT},
            {"Output", TEXT}, {"Error", TEXT}, {"Cause", TEXT})},
    {"states", "startExecution.sync:2",
     FIELDS({"ExecutionArn", TEXT, true}, {"StateMachineArn", TEXT, true}, {"Name", TEXT},
            {"Status", TEXT, true}, {"StartDate", NUMBER, true}, {"StopDate", NUMBER}, {"Input", ANY},
            {"Output", ANY}, {"Error", TEXT}, {"Cause", TEXT})},
};

static bool is_kind(json_object *v, enum kind kind)
{
    switch (kind) {
    case TEXT:
        return json_object_is_type(v, json_type_string);
    case NUMBER:
        return js_is_number(v);
    case BOOLEAN:
        return json_object_is_type(v, json_type_boolean);
    case LIST:
        return json_object_is_type(v, json_type_array);
    case OBJECT:
        return json_object_is_type(v, json_type_object);
    case ANY:
        break;
    }
    return true;
}

static int check_field(const struct model_field *f, json_object *result, bool strict, struct err *err)
{
    static const char *const NAMES[] = {"a string", "a number", "a boolean", "an array", "an object"};
    json_object *v;

    if (!json_object_object_get_ex(result, f->name, &v))
        return !f->required || !strict
                   ? 0
                   : err_set(err, ERR_VALIDATION,
                             "Mock result schema validation error: Required field '%s' is missing", f->name);
    if (!v || is_kind(v, f->kind))
        return 0;
    return err_set(err, ERR_VALIDATION, "Mock result schema validation error: Field '%s' must be %s", f->name,
                   NAMES[f->kind]);
}

static const struct model *find_model(const struct asl_task *task)
{
    if (task->kind != ASL_LAMBDA_INVOKE && task->kind != ASL_SERVICE)
        return NULL;
    for (size_t i = 0; i < sizeof MODELS / sizeof *MODELS; i++)
        if (strcmp(MODELS[i].service, task->resource_type) == 0 &&
            strcmp(MODELS[i].action, task->resource_name) == 0)
            return &MODELS[i];
    return NULL; /* not known, or a callback's answer, which may be anything */
}

int trial_check_result(const struct asl_task *task, json_object *result, enum trial_fields fields,
                       struct err *err)
{
    const struct model *m = fields == TRIAL_NONE ? NULL : find_model(task);

    if (!m)
        return 0;
    if (!json_object_is_type(result, json_type_object))
        return err_set(err, ERR_VALIDATION, "Mocked result must be a JSON object.");
    for (const struct model_field *f = m->fields; f->name; f++)
        if (check_field(f, result, fields == TRIAL_STRICT, err) < 0)
            return -1;
    return 0;
}
