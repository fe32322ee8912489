/* TestState: one state, tried without an execution (asl/trial.h). What the trial asks for is really called.
 */
#include "ops_list.h"

#include "asl/trial.h"
#include "base/clock.h"
#include "run/timer.h"

#include <string.h>

enum { TRIALS_MAX = 100 }; /* of one reactor at once: each keeps its definition while its call is out */

struct trying { /* op_call's state; put away when its timer has closed */
    struct op_call *c;
    struct trial *trial;             /* NULL: refused */
    struct call *call;               /* out at the moment; NULL: none */
    const struct effect *effect;     /* that it is for; the trial's */
    json_object *request, *response; /* of a URL that was called; NULL: none */
    uv_timer_t timer;                /* until the trial wants to know the time */
    enum trial_level level;
    char role[OP_ROLE_BYTES];
};

/* ---- the request ---- */

static const struct op_member MOCK[] = {
    {"result", OP_JSON, 0, 0, OP_DATA_CHARS_MAX},
    {"errorOutput", OP_OBJECT},
    {"fieldValidationMode", OP_STRING, 0, 0, 0, "[STRICT, PRESENT, NONE]"},
    {NULL},
};
static const struct op_member ERROR_OUTPUT[] = {
    {"error", OP_STRING, OP_CLEAN, 0, 256}, {"cause", OP_STRING, OP_CLEAN, 0, 32768}, {NULL}};
static const struct op_member CONFIGURATION[] = {
    {"retrierRetryCount", OP_INTEGER, 0, 0, INT32_MAX},
    {"errorCausedByState", OP_STRING, 0, 1, 80},
    {"mapIterationFailureCount", OP_INTEGER, 0, 0, INT32_MAX},
    {"mapItemReaderData", OP_JSON, 0, 0, OP_DATA_CHARS_MAX},
    {NULL},
};

/* In REST JSON stands for itself, but a text may be a file; the service's members hold text always. */
static void as_text(json_object *in, const char *member, bool file)
{
    json_object *v;
    struct js_buf text = {0};

    if (!json_object_is_type(in, json_type_object) || !json_object_object_get_ex(in, member, &v) ||
        (file && json_object_is_type(v, json_type_string)))
        return;
    js_write(&text, v);
    json_object_object_add(in, member, json_object_new_string_len(text.p, (int)text.len));
    js_buf_fini(&text);
}

static int check_within(struct op_call *c)
{
    json_object *mock = op_get(c, "mock"), *configuration = op_get(c, "stateConfiguration");

    if (c->skin == SKIN_REST) {
        as_text(mock, "result", false);
        as_text(configuration, "mapItemReaderData", true);
    }
    if (op_check_within("mock.", MOCK, mock, &c->err) < 0 ||
        op_check_within("mock.errorOutput.", ERROR_OUTPUT, json_object_object_get(mock, "errorOutput"),
                        &c->err) < 0)
        return -1;
    return op_check_within("stateConfiguration.", CONFIGURATION, configuration, &c->err);
}

static const char *string(json_object *in, const char *member)
{
    json_object *v = json_object_object_get(in, member);

    return v ? json_object_get_string(v) : NULL;
}

static struct trial_text text_of(json_object *in, const char *member)
{
    json_object *v = json_object_object_get(in, member);

    return (struct trial_text){string(in, member), v ? (size_t)json_object_get_string_len(v) : 0};
}

static int64_t count(json_object *in, const char *member)
{
    json_object *v = json_object_object_get(in, member);

    return v ? json_object_get_int64(v) : -1;
}

static enum trial_fields fields_of(const char *mode)
{
    return !mode || !strcmp(mode, "STRICT") ? TRIAL_STRICT
           : !strcmp(mode, "NONE")          ? TRIAL_NONE
                                            : TRIAL_PRESENT;
}

static enum trial_level level_of(const char *level)
{
    return !level || !strcmp(level, "INFO") ? TRIAL_INFO
           : !strcmp(level, "DEBUG")        ? TRIAL_DEBUG
                                            : TRIAL_TRACE;
}

static void read_request(const struct op_call *c, struct trial_request *q)
{
    json_object *mock = op_get(c, "mock"), *fails = json_object_object_get(mock, "errorOutput");
    json_object *configuration = op_get(c, "stateConfiguration");

    *q = (struct trial_request){
        .definition = text_of(c->in, "definition"),
        .state_name = op_str(c, "stateName", NULL),
        .role_arn = op_str(c, "roleArn", NULL),
        .input = text_of(c->in, "input"),
        .variables = text_of(c->in, "variables"),
        .context = text_of(c->in, "context"),
        .reveal_secrets = op_bool(c, "revealSecrets", false),
        .mocked = mock != NULL,
        .mock_result = text_of(mock, "result"),
        .mock_fails = fails != NULL,
        .mock_error = string(fails, "error"),
        .mock_cause = string(fails, "cause"),
        .fields = fields_of(string(mock, "fieldValidationMode")),
        .retrier_retry_count = count(configuration, "retrierRetryCount"),
        .error_caused_by_state = string(configuration, "errorCausedByState"),
        .map_iteration_failure_count = count(configuration, "mapIterationFailureCount"),
        .map_item_reader_data = text_of(configuration, "mapItemReaderData"),
    };
}

static int check(struct op_call *c)
{
    const char *role = op_str(c, "roleArn", NULL);
    size_t len = 0;
    const char *input = op_str(c, "input", &len);

    if (check_within(c) < 0 || (role && op_check_role(role, &c->err) < 0))
        return -1;
    return input ? op_check_input(input, len, &c->err) : 0;
}

/* ---- the run ---- */

static void go_on(struct trying *t, const struct effect *call);

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

static void release_trying(struct op_call *c)
{
    struct trying *t = c->state;

    if (t->call)
        reactor_call_drop(c->ops->reactor, t->call);
    if (t->trial)
        trial_free(t->trial);
    json_object_put(t->request);
    json_object_put(t->response);
    c->ops->trials--;
    uv_close((uv_handle_t *)&t->timer, on_closed);
}

static void put_text(json_object *to, const char *member, const char *text, size_t len)
{
    char *clean = js_clean(text, len, 3 * len); /* an answer may be anything */

    json_object_object_add(to, member, json_object_new_string(clean));
    free(clean);
}

/* What TRACE shows of an HTTP call; members are texts, as in the service's API. */
static void keep_trace(struct trying *t, const struct invoke_trace *seen)
{
    const char *url = op_bool(t->c, "revealSecrets", false) ? t->effect->url : seen->url, *body;
    const char *protocol = strncasecmp(url, "https:", 6) ? "http" : "https";
    char status[16];
    size_t len;

    t->request = json_object_new_object();
    body = value_text(t->effect->body, &len);
    put_text(t->request, "protocol", protocol, strlen(protocol));
    put_text(t->request, "method", "POST", 4);
    put_text(t->request, "url", url, strlen(url));
    put_text(t->request, "headers", seen->request_headers, strlen(seen->request_headers));
    put_text(t->request, "body", body, len);
    if (!seen->status)
        return;
    t->response = json_object_new_object();
    snprintf(status, sizeof status, "%ld", seen->status);
    put_text(t->response, "protocol", protocol, strlen(protocol));
    put_text(t->response, "statusCode", status, strlen(status));
    put_text(t->response, "statusMessage", seen->status_message, strlen(seen->status_message));
    put_text(t->response, "headers", seen->response_headers, strlen(seen->response_headers));
    put_text(t->response, "body", seen->body, seen->body_len);
}

static void on_answer(void *arg, const struct invoke_answer *answer)
{
    struct trying *t = arg;
    struct stimulus in = {.type = answer->result ? STIM_TASK_SUCCEEDED : STIM_TASK_FAILED,
                          .event_id = t->effect->event_id,
                          .data = answer->result,
                          .error = answer->error,
                          .cause = answer->cause};

    t->call = NULL;
    if (answer->trace && t->level == TRIAL_TRACE)
        keep_trace(t, answer->trace);
    if (answer->error == ERR_UNAVAILABLE)
        op_fail(t->c, answer->error, "The function could not be looked up, and was not called: %s",
                answer->cause);
    else
        go_on(t, trial_answer(t->trial, &in, timer_now()));
}

static void on_time(uv_timer_t *timer)
{
    static const struct stimulus TIMER = {.type = STIM_TIMER};
    struct trying *t = timer->data;

    reactor_call_drop(t->c->ops->reactor, t->call);
    t->call = NULL;
    go_on(t, trial_answer(t->trial, &TIMER, trial_wake_us(t->trial)));
}

static void finish(struct trying *t)
{
    struct op_call *c = t->c;
    json_object *result = trial_result(t->trial, t->level, c->skin == SKIN_AWS);

    json_object *data = json_object_object_get(result, "inspectionData");
    if (t->request)
        json_object_object_add(data, "request", json_object_get(t->request));
    if (t->response)
        json_object_object_add(data, "response", json_object_get(t->response));
    js_write(&c->out, result);
    json_object_put(result);
    op_done(c);
}

static void go_on(struct trying *t, const struct effect *call)
{
    int64_t left_us = trial_wake_us(t->trial) - timer_now();

    if (!call)
        return finish(t);
    uv_timer_start(&t->timer, on_time, left_us > 0 ? (uint64_t)left_us / 1000 + 1 : 0, 0);
    t->effect = call;
    t->call = reactor_call(t->c->ops->reactor, trial_exec(t->trial), call, on_answer, t);
}

static struct trying *begin(struct op_call *c)
{
    struct trying *t = mem_calloc(1, sizeof *t);

    t->c = c;
    t->level = level_of(op_str(c, "inspectionLevel", NULL));
    uv_timer_init(reactor_loop(c->ops->reactor), &t->timer);
    t->timer.data = t;
    c->state = t;
    c->release = release_trying;
    c->ops->trials++;
    return t;
}

void op_test_state(struct op_call *c)
{
    const struct trial_place here = {c->ops->arn_prefix, clock_dice(~c->ops->dice, c->ops->throws++)};
    struct trial_request q;

    if (c->ops->trials >= TRIALS_MAX) {
        op_fail(c, ERR_UNAVAILABLE, "%u states are being tried already; try again later", c->ops->trials);
        return;
    }
    if (check(c) < 0) {
        op_fail_err(c, &c->err);
        return;
    }
    struct trying *t = begin(c);
    read_request(c, &q);
    if (c->skin == SKIN_REST && !q.role_arn)
        q.role_arn = op_default_role(c, t->role);
    t->trial = trial_new(&q, &here, &c->err);
    if (t->trial)
        go_on(t, trial_start(t->trial, timer_now()));
    else
        op_fail_err(c, &c->err);
}
