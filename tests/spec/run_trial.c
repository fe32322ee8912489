/*
 * States tried by themselves: TestState.
 *
 *   case TITLE
 *   {...}                          the request, up to the first line that begins with "->", "call" or is
 * empty call FUNCTION BODY             the call that is asked for, and what it gets: answer RESULT its
 * result, fail ERROR: CAUSE                or its failure, silence                          or nothing until
 * the state's time is over
 *   -> {...}                       what TestState answers
 *   -> ERROR: MESSAGE              or how it refuses
 *
 * The request has the members of TestState, but definition, input, context, mock.result and the like are JSON
 * and not text; mock.text and inputText are texts that need not be JSON.  The moment is 2026-01-01T00:00:00Z.
 */
#include "asl/trial.h"
#include "base/clock.h"
#include "cases.h"

#include <string.h>

#define NOW_US INT64_C(1767225600000000)

/* ---- the request ---- */

struct texts { /* what the request borrows */
    struct js_buf list[8];
    size_t n;
};

static struct trial_text json_text(struct texts *t, json_object *from, const char *member)
{
    json_object *o;

    if (!json_object_object_get_ex(from, member, &o))
        return (struct trial_text){0};
    struct js_buf *b = &t->list[t->n++];
    js_write(b, o);
    return (struct trial_text){b->p, b->len};
}

static const char *string(json_object *from, const char *member)
{
    return json_object_get_string(json_object_object_get(from, member));
}

static struct trial_text plain_text(json_object *from, const char *member, struct trial_text otherwise)
{
    const char *text = string(from, member);
    return text ? (struct trial_text){text, strlen(text)} : otherwise;
}

static int64_t count(json_object *from, const char *member)
{
    json_object *o = json_object_object_get(from, member);
    return o ? json_object_get_int64(o) : -1;
}

static enum trial_fields fields_of(const char *mode)
{
    return !mode || !strcmp(mode, "STRICT") ? TRIAL_STRICT
           : strcmp(mode, "NONE")           ? TRIAL_PRESENT
                                            : TRIAL_NONE;
}

static void read_request(json_object *o, struct texts *t, struct trial_request *q)
{
    json_object *mock = json_object_object_get(o, "mock");
    json_object *fails = json_object_object_get(mock, "errorOutput");
    json_object *configuration = json_object_object_get(o, "stateConfiguration");

    *q = (struct trial_request){
        .definition = json_text(t, o, "definition"),
        .state_name = string(o, "stateName"),
        .role_arn = string(o, "roleArn"),
        .input = plain_text(o, "inputText", json_text(t, o, "input")),
        .variables = json_text(t, o, "variables"),
        .context = json_text(t, o, "context"),
        .reveal_secrets = json_object_get_boolean(json_object_object_get(o, "revealSecrets")),
        .mocked = mock != NULL,
        .mock_result = plain_text(mock, "text", json_text(t, mock, "result")),
        .mock_fails = fails != NULL,
        .mock_error = string(fails, "error"),
        .mock_cause = string(fails, "cause"),
        .fields = fields_of(string(mock, "fieldValidationMode")),
        .retrier_retry_count = count(configuration, "retrierRetryCount"),
        .error_caused_by_state = string(configuration, "errorCausedByState"),
        .map_iteration_failure_count = count(configuration, "mapIterationFailureCount"),
        .map_item_reader_data = plain_text(configuration, "mapItemReaderData", (struct trial_text){0}),
    };
}

static enum trial_level level_of(json_object *request)
{
    const char *level = string(request, "inspectionLevel");
    return !level || !strcmp(level, "INFO") ? TRIAL_INFO : strcmp(level, "TRACE") ? TRIAL_DEBUG : TRIAL_TRACE;
}

/* ---- the run ---- */

/* One call: its first line is read. What the next effect is. */
static const struct effect *make_call(struct cases *c, struct trial *t, const struct effect *call,
                                      char *wanted, char **line)
{
    struct js_buf asked = {0};
    struct stimulus in = {.type = STIM_TASK_FAILED, .event_id = call ? call->event_id : 0};
    int64_t now_us = NOW_US;
    char *text;

    if (call) {
        js_buf_str(&asked, call->function ? call->function : call->url);
        js_buf_str(&asked, " ");
        js_buf_str(&asked, value_text(call->body, NULL));
    }
    if (!call || strcmp(asked.p, wanted) != 0)
        cases_result(c, false, "called %s, expected %s", call ? asked.p : "nothing", wanted);
    js_buf_fini(&asked);

    *line = cases_raw_line(c);
    if ((text = cases_after(*line, "answer"))) {
        in.type = STIM_TASK_SUCCEEDED;
        in.data = value_new(text, strlen(text));
    } else if ((text = cases_after(*line, "fail"))) {
        char *colon = strstr(text, ": ");
        *colon = '\0';
        in.error = text;
        in.cause = colon + 2;
    } else {
        in.type = STIM_TIMER;
        now_us = trial_wake_us(t);
    }
    *line = cases_raw_line(c);
    call = call ? trial_answer(t, &in, now_us) : NULL;
    value_unref(in.data);
    return call;
}

static void compare(struct cases *c, const char *title, struct trial *t, json_object *request,
                    const char *wanted)
{
    json_object *want = NULL, *got = trial_result(t, level_of(request), false);

    bool good = js_parse(wanted, strlen(wanted), &want, NULL) == 0 && js_equal(got, want);
    cases_result(c, good, "%s: answered\n%s\nexpected\n%s", title, js_text(got, NULL), wanted);
    json_object_put(got);
    json_object_put(want);
}

static void run_request(struct cases *c, const char *title, json_object *request, char *line)
{
    static const struct trial_place HERE = {"arn:aws:states:us-east-1:123456789012:", 5};
    struct trial_request q;
    struct texts texts = {0};
    struct err err;
    char *wanted;

    read_request(request, &texts, &q);
    struct trial *t = trial_new(&q, &HERE, &err);
    const struct effect *call = t ? trial_start(t, NOW_US) : NULL;
    while (line && (wanted = cases_after(line, "call")) != NULL)
        call = make_call(c, t, call, wanted, &line);

    wanted = line ? cases_after(line, "->") : NULL;
    if (!wanted) {
        cases_result(c, false, "%s: expected an answer", title);
    } else if (call) {
        cases_result(c, false, "%s: a call of %s is not expected", title,
                     call->function ? call->function : call->url);
    } else if (t) {
        compare(c, title, t, request, wanted);
    } else {
        char got[ERR_CAUSE_BYTES + 64];
        snprintf(got, sizeof got, "%s: %s", err.name, err.cause);
        cases_result(c, strcmp(got, wanted) == 0, "%s: refused with\n%s\nexpected\n%s", title, got, wanted);
    }
    if (t)
        trial_free(t);
    for (size_t i = 0; i < texts.n; i++)
        js_buf_fini(&texts.list[i]);
}

static bool ends_request(char *line)
{
    return !line || !*line || cases_after(line, "->") || cases_after(line, "call");
}

static void run_case(struct cases *c, const char *title)
{
    struct js_buf text = {0};
    json_object *request = NULL;
    char *line;

    while (!ends_request(line = cases_raw_line(c)))
        js_buf_str(&text, line);
    if (text.len && js_parse(text.p, text.len, &request, NULL) == 0)
        run_request(c, title, request, line);
    else
        cases_result(c, false, "%s: the request is not JSON", title);
    json_object_put(request);
    js_buf_fini(&text);
}

static void run(struct cases *c)
{
    char *line, *title;

    while ((line = cases_line(c)) != NULL) {
        if ((title = cases_after(line, "case")) != NULL)
            run_case(c, title);
        else
            cases_result(c, false, "unknown line: %s", line);
    }
}

int main(int argc, char **argv)
{
    return cases_main(argc, argv, run);
}
