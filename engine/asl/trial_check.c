/* The request against the rules of TestState, in the service's words where those are recorded. */
#include "asl/trial_priv.h"

#include "asl/name.h"

#include <string.h>

/* ---- which state ---- */

static int bad_definition(const struct asl_findings *findings, struct err *err)
{
    struct err why;

    asl_findings_err(findings, &why);
    return err_set(err, ERR_INVALID_DEFINITION, "Invalid State Machine Definition: '%s'", why.cause);
}

/* What makes sense beside a mock alone. */
static int check_alone(const struct trial_request *q, struct err *err)
{
    const char *what = q->map_iteration_failure_count >= 0 ? "MapIterationFailureCount"
                       : q->map_item_reader_data.text      ? "MapItemReaderData"
                       : q->retrier_retry_count >= 0       ? "RetrierRetryCount"
                       : q->error_caused_by_state          ? "ErrorCausedByState"
                       : q->context.text                   ? "Context"
                                                           : NULL;

    return what ? err_set(err, ERR_VALIDATION, "TestState does not support %s when a mock is not specified.",
                          what)
                : 0;
}

/* Without a mock the work is done. */
static int check_unmocked(const struct asl_state *st, const struct trial_request *q, struct err *err)
{
    if (check_alone(q, err) < 0)
        return -1;
    if (st->type == ASL_PARALLEL || st->type == ASL_MAP)
        return err_set(
            err, ERR_INVALID_DEFINITION,
            "TestState API does not support Map or Parallel states. Supported state types include: "
            "[Task, Wait, Pass, Succeed, Fail, Choice]");
    if (st->type != ASL_TASK)
        return 0;
    if (st->u.task.kind == ASL_ACTIVITY || st->u.task.pattern != ASL_REQUEST_RESPONSE)
        return err_set(err, ERR_INVALID_DEFINITION,
                       "TestState API supports activities and the '.sync' and '.waitForTaskToken' service "
                       "integration patterns only when a mock is specified");
    if (st->u.task.kind == ASL_SERVICE)
        return err_set(err, ERR_INVALID_DEFINITION,
                       "%.300s cannot be called by this version of pawl: specify a mock",
                       st->u.task.resource);
    return q->role_arn ? 0
                       : err_set(err, ERR_VALIDATION, "RoleArn must be specified when testing a Task state");
}

static int check_mocked(const struct asl_state *st, struct err *err)
{
    if (st->type == ASL_TASK || st->type == ASL_PARALLEL || st->type == ASL_MAP)
        return 0;
    return err_set(err, ERR_VALIDATION, "State type '%s' is not supported when a mock is specified",
                   asl_type_name(st->type));
}

int trial_check_state(struct trial *t, const struct trial_request *q, struct err *err)
{
    struct asl_findings findings = {0};
    const char *name = q->state_name ? q->state_name : ASL_LONE_NAME;
    int rc = 0;

    t->asl = asl_parse_trial(q->definition.text, q->definition.len, !q->state_name, &findings);
    if (!t->asl)
        rc = bad_definition(&findings, err);
    asl_findings_fini(&findings);
    if (rc < 0)
        return -1;
    const struct asl_state *st = asl_find(t->asl, name, strlen(name));
    if (!st)
        return err_set(err, ERR_VALIDATION, "State not found in definition");
    inspect_init(&t->seen, st);
    return q->mocked ? check_mocked(st, err) : check_unmocked(st, q, err);
}

/* ---- the context object ---- */

enum kind { ANY, TEXT, NUMBER };

static const struct context_field {
    const char *part, *name; /* part NULL: the context object itself */
    enum kind kind;
} CONTEXT[] = {
    {"Execution", "Id", TEXT},
    {"Execution", "Input", ANY},
    {"Execution", "Name", TEXT},
    {"Execution", "RoleArn", TEXT},
    {"Execution", "StartTime", TEXT},
    {"Execution", "RedriveCount", NUMBER},
    {"Execution", "RedriveTime", TEXT},
    {"State", "EnteredTime", TEXT},
    {"State", "Name", TEXT},
    {"State", "RetryCount", NUMBER},
    {"StateMachine", "Id", TEXT},
    {"StateMachine", "Name", TEXT},
    {"Task", "Token", TEXT},
};
enum { NCONTEXT = sizeof CONTEXT / sizeof *CONTEXT };

#define BAD_CONTEXT "Invalid Context object provided: "

static bool known_part(const char *part)
{
    for (size_t i = 0; i < NCONTEXT; i++)
        if (strcmp(CONTEXT[i].part, part) == 0)
            return true;
    return false;
}

static const struct context_field *find_field(const char *part, const char *name)
{
    for (size_t i = 0; i < NCONTEXT; i++)
        if (strcmp(CONTEXT[i].part, part) == 0 && strcmp(CONTEXT[i].name, name) == 0)
            return &CONTEXT[i];
    return NULL;
}

static int check_field(const char *part, const char *name, json_object *v, struct err *err)
{
    const struct context_field *f = find_field(part, name);

    if (!f)
        return err_set(err, ERR_VALIDATION, BAD_CONTEXT "Field '%.200s' is not allowed", name);
    if (f->kind == TEXT && !json_object_is_type(v, json_type_string))
        return err_set(err, ERR_VALIDATION, BAD_CONTEXT "%s.%s must be a string", part, name);
    if (f->kind == NUMBER && !js_is_number(v))
        return err_set(err, ERR_VALIDATION, BAD_CONTEXT "%s.%s must be a number", part, name);
    return 0;
}

static int check_part(const struct asl_state *st, const char *part, json_object *v, struct err *err)
{
    if (strcmp(part, "Map") == 0)
        return err_set(err, ERR_VALIDATION,
                       BAD_CONTEXT "'Map' field is not supported when mocking a Context object");
    if (!known_part(part))
        return err_set(err, ERR_VALIDATION, BAD_CONTEXT "Field '%.200s' is not allowed", part);
    if (strcmp(part, "Task") == 0 && (st->type != ASL_TASK || st->u.task.pattern == ASL_REQUEST_RESPONSE))
        return err_set(err, ERR_VALIDATION,
                       BAD_CONTEXT
                       "Context object contains 'Task' when state is not a Task state with a '.sync' "
                       "or '.waitForTaskToken' service integration pattern");
    if (!json_object_is_type(v, json_type_object))
        return err_set(err, ERR_VALIDATION, BAD_CONTEXT "%s must be an object", part);
    json_object_object_foreach(v, name, field)
    {
        if (check_field(part, name, field, err) < 0)
            return -1;
    }
    return 0;
}

static int check_context(struct trial *t, const struct trial_text *given, struct err *err)
{
    if (!given->text)
        return 0;
    if (js_parse(given->text, given->len, &t->context, NULL) < 0 ||
        !json_object_is_type(t->context, json_type_object))
        return err_set(err, ERR_VALIDATION, BAD_CONTEXT "it must be a JSON object");
    json_object_object_foreach(t->context, part, v)
    {
        if (check_part(t->seen.state, part, v, err) < 0)
            return -1;
    }
    t->seen.context = t->context;
    return 0;
}

/* ---- the mock ---- */

static int check_mock(const struct trial_request *q, struct err *err)
{
    if (q->reveal_secrets)
        return err_set(err, ERR_VALIDATION,
                       "TestState does not support RevealSecrets when a mock is specified.");
    if (!q->mock_result.text == !q->mock_fails)
        return err_set(err, ERR_VALIDATION,
                       "A test mock should have only one of the following fields: [result, errorOutput].");
    if (q->mock_fails && !q->mock_error)
        return err_set(err, ERR_VALIDATION, "The field 'error' is required in mock.errorOutput");
    return 0;
}

static int check_shape(const struct asl_state *st, json_object *result, enum trial_fields fields,
                       struct err *err)
{
    if (st->type == ASL_TASK)
        return trial_check_result(&st->u.task, result, fields, err);
    if (st->type == ASL_MAP && st->u.map.distributed.writes) /* it tells where the results are */
        return json_object_is_type(result, json_type_object)
                   ? 0
                   : err_set(err, ERR_VALIDATION, "Mocked result must be a JSON object.");
    if (!json_object_is_type(result, json_type_array))
        return err_set(err, ERR_VALIDATION, "Mocked result must be an array.");
    if (st->type == ASL_PARALLEL && json_object_array_length(result) != st->u.parallel.nbranches)
        return err_set(err, ERR_VALIDATION,
                       "Mocked result must contain the same number of items as number of Parallel branches.");
    return 0;
}

static int check_result(struct trial *t, const struct trial_request *q, struct err *err)
{
    const struct trial_text *given = &q->mock_result;

    if (js_scan(given->text, given->len, NULL) < 0)
        return err_set(err, ERR_VALIDATION, "Mocked result must be valid JSON");
    t->mock_result = value_new(given->text, given->len);
    t->seen.result = t->mock_result;
    return check_shape(t->seen.state, value_tree(t->mock_result), q->fields, err);
}

/* The error's name and cause, as any that comes from outside. */
static void take_error(struct trial *t, const struct trial_request *q)
{
    t->mock_error = js_clean(q->mock_error, strlen(q->mock_error), EVENT_ERROR_BYTES_MAX);
    if (q->mock_cause)
        t->mock_cause = js_clean(q->mock_cause, strlen(q->mock_cause), EVENT_CAUSE_BYTES_MAX);
    t->seen.error = t->mock_error;
    t->seen.cause = t->mock_cause;
}

/* The state from which a mocked error comes must stand within the one that is tried. */
static int check_origin(const struct trial *t, const char *name, struct err *err)
{
    const struct asl_state *st = name ? asl_find(t->asl, name, strlen(name)) : NULL;

    if (!name)
        return 0;
    while (st && st != t->seen.state)
        st = st->block->owner;
    return st ? 0 : err_set(err, ERR_VALIDATION, "State not found in definition");
}

/* What is said of a Map's iterations. */
static int take_iterations(struct trial *t, const struct trial_request *q, struct err *err)
{
    json_object *results = t->mock_result ? value_tree(t->mock_result) : NULL;
    const struct trial_text *file = &q->map_item_reader_data;

    if (q->map_iteration_failure_count >= 0 && json_object_is_type(results, json_type_array) &&
        (size_t)q->map_iteration_failure_count > json_object_array_length(results))
        return err_set(
            err, ERR_VALIDATION,
            "Map iteration failure count must be less than or equal to the number of Map iterations");
    t->seen.iteration_failures = q->map_iteration_failure_count;
    if (file->text)
        t->file = mem_strndup(file->text, file->len);
    t->seen.file = t->file;
    t->seen.file_len = file->len;
    return 0;
}

static int take_mock(struct trial *t, const struct trial_request *q, struct err *err)
{
    if (check_mock(q, err) < 0 || check_origin(t, q->error_caused_by_state, err) < 0)
        return -1;
    t->seen.mocked = true;
    t->seen.retries = q->retrier_retry_count > 0 ? (uint32_t)q->retrier_retry_count : 0;
    if (q->mock_fails)
        take_error(t, q);
    else if (check_result(t, q, err) < 0)
        return -1;
    return take_iterations(t, q, err);
}

/* ---- the input ---- */

static int take_input(struct trial *t, const struct trial_text *given, struct err *err)
{
    struct err why;

    if (!given->text) {
        t->input = value_empty_object();
        return 0;
    }
    if (given->len > VALUE_BYTES_MAX || js_scan(given->text, given->len, &why) < 0)
        return err_set(err, ERR_INVALID_INPUT, "Invalid State Machine Execution Input: '%s'",
                       given->len > VALUE_BYTES_MAX ? "The input is too large" : why.cause);
    t->input = value_new(given->text, given->len);
    return 0;
}

/* ---- variables ---- */

static int bad_variables(const char *why, struct err *err)
{
    return err_set(err, ERR_VALIDATION, "Invalid variables provided: %.300s", why);
}

static bool good_name(const char *name)
{
    return name_identifier(name, strlen(name)) && js_chars(name, strlen(name)) <= ASL_VARIABLE_CHARS_MAX &&
           strcmp(name, "states") != 0;
}

static int take_members(struct trial *t, json_object *all, struct err *err)
{
    t->variables = assigned_new((size_t)json_object_object_length(all));
    json_object_object_foreach(all, name, v)
    {
        struct assignment *a = &t->variables->list[t->variables->n];
        if (!good_name(name))
            return err_set(err, ERR_VALIDATION,
                           "Invalid variables provided: '%.200s' cannot be the name of a variable", name);
        a->name = arena_strndup(t->arena, name, strlen(name));
        a->value = value_take(json_object_get(v), 0);
        t->variables->n++;
    }
    return 0;
}

static int take_variables(struct trial *t, const struct trial_text *given, struct err *err)
{
    json_object *all = NULL;
    struct err why;
    int rc = 0;

    if (!given->text)
        return 0;
    if (js_parse(given->text, given->len, &all, &why) < 0)
        return bad_variables(why.cause, err);
    rc = json_object_is_type(all, json_type_object) ? take_members(t, all, err)
                                                    : bad_variables("they must be a JSON object", err);
    json_object_put(all);
    return rc;
}

int trial_check_request(struct trial *t, const struct trial_request *q, struct err *err)
{
    if (q->mocked && take_mock(t, q, err) < 0)
        return -1;
    if (check_context(t, &q->context, err) < 0 || take_variables(t, &q->variables, err) < 0)
        return -1;
    return take_input(t, &q->input, err);
}
