#include "asl/interp_priv.h"

#include <string.h>

/* The names that events of this kind of task have. */
static const struct kind {
    enum event_type scheduled, started, succeeded, failed, timed_out;
} FUNCTION = {EV_FUNCTION_SCHEDULED, EV_FUNCTION_STARTED, EV_FUNCTION_SUCCEEDED, EV_FUNCTION_FAILED,
              EV_FUNCTION_TIMED_OUT},
  SERVICE = {EV_TASK_SCHEDULED, EV_TASK_STARTED, EV_TASK_SUCCEEDED, EV_TASK_FAILED, EV_TASK_TIMED_OUT};

static const struct kind *kind_of(const struct frame *f)
{
    return f->state->u.task.kind == ASL_FUNCTION ? &FUNCTION : &SERVICE;
}

/* What gave too much, in the words of the service: the function's ARN, or "lambda". */
static const char *called(const struct asl_task *task)
{
    return task->kind == ASL_FUNCTION ? task->resource : task->resource_type;
}

/* ---- scheduling ---- */

enum { ROLE_BYTES_MAX = 2000 }; /* of an ARN in the API's model */

static json_object *member(struct value *args, const char *name)
{
    json_object *o = NULL, *tree = value_tree(args);

    if (json_object_is_type(tree, json_type_object))
        json_object_object_get_ex(tree, name, &o);
    return o;
}

static bool is_arn_of_function(const char *text)
{
    const char *function = strstr(text, ":function:");
    return function && (strncmp(text, "arn:", 4) == 0 || strchr(text, ':') == function);
}

/*
 * The registry's name in a FunctionName: "NAME", "ACCOUNT:function:NAME" or a whole ARN; a ":QUALIFIER"
 * behind it is allowed, and means nothing here.
 */
static const char *function_name(const char *text, size_t *len)
{
    if (is_arn_of_function(text))
        text = strstr(text, ":function:") + strlen(":function:");
    *len = strcspn(text, ":");
    return text;
}

static int check_args(const struct frame *f, struct value *args, struct err *err)
{
    size_t len = 0;

    if (f->state->u.task.kind != ASL_LAMBDA_INVOKE)
        return 0;
    json_object *name = member(args, "FunctionName");
    if (json_object_is_type(name, json_type_string))
        function_name(json_object_get_string(name), &len);
    if (len)
        return 0;
    return err_set(err, ERR_RUNTIME, "The Parameters '%.1000s' could not be used to start the Task: [%s]",
                   value_text(args, NULL),
                   name ? "The value of the field 'FunctionName' has an invalid format"
                        : "The field 'FunctionName' is required but was missing");
}

/* The RoleArn in Credentials, evaluated; in the arena. NULL: there are none. */
static int role_in(struct scope *sc, json_object *credentials, const char **role, struct err *err)
{
    json_object *arn = NULL;

    if (json_object_is_type(credentials, json_type_object))
        json_object_object_get_ex(credentials, "RoleArn", &arn);
    if (!json_object_is_type(arn, json_type_string) || json_object_get_string_len(arn) > ROLE_BYTES_MAX)
        return err_set(err, sc->f->state->jsonata ? ERR_QUERY : ERR_RUNTIME,
                       "The RoleArn of Credentials must be a string of at most %d bytes.", ROLE_BYTES_MAX);
    *role = arena_strndup(sc->s->out->arena, json_object_get_string(arn),
                          (size_t)json_object_get_string_len(arn));
    return 0;
}

static int eval_role(struct scope *sc, const struct asl_task *task, const char **role, struct err *err)
{
    json_object *made;
    struct value *v;
    int rc;

    if (task->credentials_query) {
        if (scope_query(sc, task->credentials_query, "Credentials", &made, err) < 0)
            return -1;
        rc = role_in(sc, made, role, err);
        json_object_put(made);
        return rc;
    }
    if (!task->credentials)
        return 0;
    if (scope_template(sc, task->credentials, &v, err) < 0)
        return -1;
    rc = role_in(sc, value_tree(v), role, err);
    value_unref(v);
    return rc;
}

/* Everything that the attempt is scheduled with. */
static int prepare(struct step *s, struct frame *f, struct event *e, struct err *err)
{
    const struct asl_task *task = &f->state->u.task;
    struct value *in;
    struct scope sc;

    if (dataflow_input(s, f, &in, err) < 0)
        return -1;
    scope_init(&sc, s, f, in);
    int rc = scope_seconds(&sc, &task->timeout, "TimeoutSeconds", &e->timeout_s, err);
    if (rc == 0)
        rc = scope_seconds(&sc, &task->heartbeat, "HeartbeatSeconds", &e->heartbeat_s, err);
    if (rc == 0)
        rc = eval_role(&sc, task, &e->role, err);
    scope_fini(&sc);
    if (rc == 0)
        rc = dataflow_args(s, f, in, true, &e->data, err);
    value_unref(in);
    return rc < 0 ? -1 : check_args(f, e->data, err);
}

void task_begin(struct step *s, struct frame *f)
{
    const struct kind *k = kind_of(f);
    struct event e = {.type = k->scheduled};
    struct err err;

    if (prepare(s, f, &e, &err) < 0) {
        state_broken(s, f, &err);
    } else if (!state_mocked(s, f)) {
        emit(s, f, e);
        emit(s, f, (struct event){.type = k->started});
        step_call(s, f);
    }
    value_unref(e.data);
}

/* ---- the call ---- */

/* A Payload that is a string is sent as the text it holds, if that is JSON: so the service does. */
static struct value *payload(struct value *args)
{
    json_object *o = member(args, "Payload");

    if (!o)
        return value_empty_object();
    if (json_object_is_type(o, json_type_string)) {
        const char *text = json_object_get_string(o);
        size_t len = (size_t)json_object_get_string_len(o);
        if (js_scan(text, len, NULL) == 0)
            return value_new(text, len);
    }
    return value_take(json_object_get(o), 0);
}

void task_effect(const struct exec *ex, struct frame *f, struct arena *arena, struct effect *e)
{
    const struct asl_task *task = &f->state->u.task;

    if (task->kind == ASL_LAMBDA_INVOKE) {
        size_t len = 0;
        const char *name = json_object_get_string(member(f->args, "FunctionName"));
        if (name)
            name = function_name(name, &len);
        e->function = arena_strndup(arena, name, len);
        e->body = payload(f->args);
        return;
    }
    e->body = value_ref(f->args);
    if (task->kind == ASL_FUNCTION)
        e->function = task->function;
    else
        e->url = task->resource;
}

/* ---- the answer ---- */

static void put_uuid(struct step *s, struct js_buf *out)
{
    uint64_t a = step_dice(s), b = step_dice(s);
    char text[40];

    snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(b >> 48 & 0x3fff) | 0x8000,
             (unsigned long long)(b & UINT64_C(0xffffffffffff)));
    js_buf_str(out, text);
}

/* What lambda:invoke gives: the answer among the members of the service's response. It is not parsed. */
static int wrap_answer(struct step *s, struct value *answer, struct value **out, struct err *err)
{
    struct js_buf text = {0};
    size_t len;
    const char *payload_text = value_text(answer, &len);

    js_buf_str(&text, "{\"ExecutedVersion\":\"$LATEST\",\"Payload\":");
    js_buf_add(&text, payload_text, len);
    js_buf_str(&text, ",\"SdkHttpMetadata\":{\"AllHttpHeaders\":{\"Content-Type\":[\"application/json\"]},"
                      "\"HttpHeaders\":{\"Content-Type\":\"application/json\"},\"HttpStatusCode\":200},"
                      "\"SdkResponseMetadata\":{\"RequestId\":\"");
    put_uuid(s, &text);
    js_buf_str(&text, "\"},\"StatusCode\":200}");
    int rc = value_spliced("lambda", text.p, text.len, out, err);
    js_buf_fini(&text);
    return rc;
}

static int result_of(struct step *s, const struct frame *f, struct value *answer, struct value **out,
                     struct err *err)
{
    const struct asl_task *task = &f->state->u.task;

    if (value_fits(called(task), answer, err) < 0)
        return -1;
    if (task->kind == ASL_LAMBDA_INVOKE)
        return wrap_answer(s, answer, out, err);
    *out = value_ref(answer);
    return 0;
}

static void finish(struct step *s, struct frame *f, struct value *result)
{
    emit(s, f, (struct event){.type = kind_of(f)->succeeded, .data = result});
    stage_seen(s, INSPECT_RESULT, result);
    state_done(s, f, result);
}

void task_succeeded(struct step *s, struct frame *f, struct value *answer)
{
    struct value *result;
    struct err err;

    if (result_of(s, f, answer, &result, &err) < 0)
        return task_failed(s, f, err.name, err.cause);
    if (f->state->u.task.pattern != ASL_WAIT_FOR_TOKEN) {
        finish(s, f, result);
    } else {
        emit(s, f, (struct event){.type = EV_TASK_SUBMITTED, .data = result});
        if (f->held)
            token_released(s, f);
        else
            waits_long(s, f);
    }
    value_unref(result);
}

static void fail(struct step *s, struct frame *f, const char *error, const char *cause)
{
    int32_t id = emit(s, f, (struct event){.type = kind_of(f)->failed, .error = error, .cause = cause});
    state_failed(s, f, &(struct failure){.error = error, .cause = cause, .match = error, .event_id = id});
}

/* cause: what the function's own limit says; NULL: none. */
static int32_t times_out(struct step *s, struct frame *f, const char *cause)
{
    return emit(s, f, (struct event){.type = kind_of(f)->timed_out, .error = ERR_TIMEOUT, .cause = cause});
}

static bool is(const char *error, const char *name)
{
    return error && strcmp(error, name) == 0;
}

void task_failed(struct step *s, struct frame *f, const char *error, const char *cause)
{
    struct err err;

    if (f->held)
        return token_released(s, f);
    if (is(error, ERR_TIMEOUT)) {
        int32_t id = times_out(s, f, cause);
        return state_failed(
            s, f, &(struct failure){.error = error, .cause = cause, .match = error, .event_id = id});
    }
    if (is(error, ERR_DATA_LIMIT)) {
        data_limit(called(&f->state->u.task), &err);
        cause = err.cause;
    }
    fail(s, f, error, cause);
}

/* The task's own time has run out: as the service records it, without a cause. */
int32_t task_times_out(struct step *s, struct frame *f)
{
    return times_out(s, f, NULL);
}

/* ---- callbacks ---- */

/* One that overtakes the answer of its own call is held until that comes: so history reads in its order. */
void token_answered(struct step *s, struct frame *f, struct value *data, const char *error, const char *cause)
{
    if (f->phase == FRAME_CALLING)
        emit(s, f,
             (struct event){.type = EV_CALLBACK_HELD,
                            .data = data,
                            .error = error,
                            .cause = cause,
                            .due_us = s->now_us + HELD_US});
    else if (data)
        finish(s, f, data);
    else
        fail(s, f, error, cause);
}

static const char *kept(struct step *s, const char *text)
{
    return text ? arena_strndup(s->out->arena, text, strlen(text)) : NULL;
}

void token_released(struct step *s, struct frame *f)
{
    /* The event that ends the attempt takes what is held away. */
    struct value *output = value_ref(f->held->output);
    const char *error = kept(s, f->held->error), *cause = kept(s, f->held->cause);

    if (output)
        finish(s, f, output);
    else
        fail(s, f, error, cause);
    value_unref(output);
}
