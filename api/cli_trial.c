/*
 * cli_trial.c -- `pawl test-state`: one state, tried without an execution.
 *
 *   pawl test-state FILE             the file holds one state
 *   pawl test-state FILE STATE       it holds a state machine, of which one state is tried
 *
 * The pure core does it here; only a Task without a mock goes to pawld, which makes its call.  Exit status: 0
 * it succeeded or its error is caught, 1 it failed, is to be retried, or was refused.
 */
#include "asl/trial.h"
#include "base/clock.h"
#include "cli.h"
#include "cli_http.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

struct options {
    const char *file, *state;
    const char *input, *variables, *context, *mock_result; /* FILE|JSON; NULL: absent */
    const char *mock_error, *mock_cause;
    const char *level, *fields; /* words of the service's API */
    int64_t retries;            /* -1: absent */
};

struct texts { /* what the files hold */
    struct js_buf definition, input, variables, context, mock_result;
};

/* ---- options ---- */

/* The word in capitals, if it is one of words (ended by NULL); else a wrong call. */
static const char *one_of(struct argp_state *state, const char *arg, const char *const *words)
{
    for (; *words; words++)
        if (!strcasecmp(*words, arg))
            return *words;
    argp_error(state, "unknown word %s", arg);
    return NULL;
}

static void take_argument(struct options *o, char *arg, struct argp_state *state)
{
    if (!o->file)
        o->file = arg;
    else if (!o->state)
        o->state = arg;
    else
        argp_error(state, "a file and a state were expected, and then came %s", arg);
}

static int64_t number(struct argp_state *state, const char *arg)
{
    char *end;
    long n = strtol(arg, &end, 10);

    if (*end || end == arg || n < 0 || n > INT32_MAX)
        argp_error(state, "--retries: a number was expected, not %s", arg);
    return n;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case 'i':
        o->input = arg;
        return 0;
    case 'V':
        o->variables = arg;
        return 0;
    case 'c':
        o->context = arg;
        return 0;
    case 'r':
        o->mock_result = arg;
        return 0;
    case 'E':
        o->mock_error = arg;
        return 0;
    case 'C':
        o->mock_cause = arg;
        return 0;
    case 'l':
        o->level = one_of(state, arg, (const char *const[]){"INFO", "DEBUG", "TRACE", NULL});
        return 0;
    case 'f':
        o->fields = one_of(state, arg, (const char *const[]){"STRICT", "PRESENT", "NONE", NULL});
        return 0;
    case 'n':
        o->retries = number(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        take_argument(o, arg, state);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a file with a state was expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- the request ---- */

static int read_texts(const struct options *o, struct texts *t, struct err *err)
{
    const struct {
        const char *given;
        struct js_buf *text;
    } values[] = {{o->input, &t->input},
                  {o->variables, &t->variables},
                  {o->context, &t->context},
                  {o->mock_result, &t->mock_result}};

    if (cli_read(o->file, ASL_DEFINITION_BYTES_MAX, &t->definition, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (values[i].given && cli_read_json(values[i].given, values[i].text, err) < 0)
            return -1;
    return 0;
}

static void texts_fini(struct texts *t)
{
    js_buf_fini(&t->definition);
    js_buf_fini(&t->input);
    js_buf_fini(&t->variables);
    js_buf_fini(&t->context);
    js_buf_fini(&t->mock_result);
}

static struct trial *make_trial(const struct options *o, const struct texts *t, struct err *err)
{
    struct trial_place here = {.arn_prefix = "arn:aws:states:us-east-1:000000000000:"};
    const struct trial_request q = {
        .definition = {t->definition.p, t->definition.len},
        .state_name = o->state,
        .role_arn = "arn:aws:iam::000000000000:role/pawl",
        .input = {t->input.p, t->input.len},
        .variables = {t->variables.p, t->variables.len},
        .context = {t->context.p, t->context.len},
        .mocked = o->mock_result || o->mock_error || o->mock_cause,
        .mock_result = {t->mock_result.p, t->mock_result.len},
        .mock_fails = o->mock_error || o->mock_cause,
        .mock_error = o->mock_error,
        .mock_cause = o->mock_cause,
        .fields = !strcmp(o->fields, "STRICT") ? TRIAL_STRICT
                  : !strcmp(o->fields, "NONE") ? TRIAL_NONE
                                               : TRIAL_PRESENT,
        .retrier_retry_count = o->retries,
        .map_iteration_failure_count = -1,
    };

    if (getrandom(&here.seed, sizeof here.seed, 0) != sizeof here.seed) {
        err_set(err, ERR_INTERNAL, "no random numbers");
        return NULL;
    }
    struct err why;
    struct trial *trial = trial_new(&q, &here, &why);
    if (!trial)
        err_set(err, why.name, "%s: %s", why.name, why.cause); /* as pawld's refusals read */
    return trial;
}

/* ---- the answer ---- */

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

static enum trial_level level_of(const char *word)
{
    return !strcmp(word, "INFO") ? TRIAL_INFO : !strcmp(word, "DEBUG") ? TRIAL_DEBUG : TRIAL_TRACE;
}

static void add_json(json_object *to, const char *member, const struct js_buf *text)
{
    json_object *o;

    if (text->p && js_parse(text->p, text->len, &o, NULL) == 0)
        json_object_object_add(to, member, o);
}

/* A call has to be made: pawld does it all again. What comes with mocks alone is not there. */
static int ask_pawld(const struct options *o, const struct texts *t, json_object **answer, struct err *err)
{
    json_object *body = json_object_new_object();
    size_t len;

    add_json(body, "definition", &t->definition);
    add_json(body, "input", &t->input);
    add_json(body, "variables", &t->variables);
    if (o->state)
        json_object_object_add(body, "stateName", json_object_new_string(o->state));
    json_object_object_add(body, "inspectionLevel", json_object_new_string(o->level));
    const char *text = js_text(body, &len);
    int rc = cli_request("POST", "/api/test-state", text, len, answer, err);
    json_object_put(body);
    return rc;
}

static int try_state(const struct options *o, const struct texts *t, json_object **answer, struct err *err)
{
    struct trial *trial = make_trial(o, t, err);
    int rc = 0;

    if (!trial)
        return -1;
    if (trial_start(trial, now_us()))
        rc = ask_pawld(o, t, answer, err);
    else
        *answer = trial_result(trial, level_of(o->level), false);
    trial_free(trial);
    return rc;
}

static bool went_well(json_object *answer)
{
    const char *status = json_object_get_string(json_object_object_get(answer, "status"));

    return status && (!strcmp(status, "SUCCEEDED") || !strcmp(status, "CAUGHT_ERROR"));
}

int cli_test_state(int argc, char **argv)
{
    static const struct argp_option OPTIONS[] = {
        {"input", 'i', "FILE|JSON", 0, "the state's input; default {}", 0},
        {"mock-result", 'r', "FILE|JSON", 0,
         "what the work of a Task, Parallel or Map gives, instead of doing it", 0},
        {"mock-error", 'E', "NAME", 0, "the error that it fails with", 0},
        {"mock-cause", 'C', "TEXT", 0, "its cause", 0},
        {"retries", 'n', "N", 0, "how often the retrier of that error has retried already", 0},
        {"fields", 'f', "strict|present|none", 0,
         "how a mocked result is held against the API of its service; default strict", 0},
        {"variables", 'V', "FILE|JSON", 0, "an object of variables that are set already", 0},
        {"context", 'c', "FILE|JSON", 0, "the context object; with a mock", 0},
        {"level", 'l', "info|debug|trace", 0, "debug: show the data at each stage; default info", 0},
        {0},
    };
    struct options o = {.level = "INFO", .fields = "STRICT", .retries = -1};
    struct texts texts = {0};
    json_object *answer = NULL;
    struct err err;

    cli_parse(
        argc, argv, OPTIONS, parse_option, "FILE [STATE]",
        "Tries one state, without an execution: the state in FILE, or the one named STATE of the machine in "
        "FILE.\v"
        "Only a Task without a mock needs a server: pawld calls its function. Values are files, - for "
        "standard "
        "input, or JSON. Exit status: 0 it succeeds or its error is caught, 1 it fails, would be retried, or "
        "is "
        "refused.",
        &o);
    int rc = read_texts(&o, &texts, &err);
    if (rc == 0)
        rc = try_state(&o, &texts, &answer, &err);
    texts_fini(&texts);
    if (rc < 0)
        return cli_fail(argv[0], "%s", err.cause);
    rc = went_well(answer) ? 0 : 1;
    cli_print_json(answer);
    return rc;
}
