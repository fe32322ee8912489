/* cli_execution.c -- `pawl start`, `ps`, `show`, `history`, `stop`. */
#include "base/clock.h"
#include "base/value.h"
#include "cli.h"
#include "cli_http.h"
#include "cli_view.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HISTORY_PAGE = 1000 };

/* ---- names and paths ---- */

static const char *text_of(json_object *o, const char *name)
{
    json_object *v = json_object_is_type(o, json_type_object) ? json_object_object_get(o, name) : NULL;
    return v ? json_object_get_string(v) : NULL;
}

/* A state machine's name, which may be given as its ARN: what follows the last colon. */
static const char *machine_name(const char *given)
{
    const char *colon = strncmp(given, "arn:", 4) ? NULL : strrchr(given, ':');
    return colon ? colon + 1 : given;
}

static void machine_path(struct js_buf *path, const char *machine, size_t len)
{
    js_buf_str(path, "/api/state-machines/");
    cli_encode(path, machine, len);
    js_buf_str(path, "/executions");
}

static void execution_path(struct js_buf *path, const char *machine, size_t len, const char *name)
{
    machine_path(path, machine, len);
    js_buf_str(path, "/");
    cli_encode(path, name, strlen(name));
}

/* The path of the only execution of that name, whatever its machine. */
static int find_by_name(const char *name, struct js_buf *path, struct err *err)
{
    json_object *answer = NULL;
    struct js_buf query = {0};
    js_buf_str(&query, "/api/executions?limit=2&name=");
    cli_encode(&query, name, strlen(name));
    int rc = cli_request("GET", query.p, NULL, 0, &answer, err);
    json_object *list = rc ? NULL : json_object_object_get(answer, "executions");
    size_t found = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    json_object *first = found ? json_object_array_get_idx(list, 0) : NULL;
    const char *machine = text_of(first, "machine");

    if (rc == 0 && !machine)
        rc = err_set(err, ERR_EXECUTION_MISSING, "there is no execution %s", name);
    else if (rc == 0 && found > 1)
        rc = err_set(err, ERR_VALIDATION, "several executions are named %s: say MACHINE/%s", name, name);
    else if (rc == 0)
        execution_path(path, machine, strlen(machine), name);
    json_object_put(answer);
    js_buf_fini(&query);
    return rc;
}

/* given: NAME, MACHINE/NAME or an ARN, "arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME". */
static int find_execution(const char *given, struct js_buf *path, struct err *err)
{
    const char *at = strstr(given, ":execution:"), *slash = strchr(given, '/');
    if (!strncmp(given, "arn:", 4)) {
        const char *machine = at ? at + strlen(":execution:") : "", *colon = strchr(machine, ':');
        if (!colon)
            return err_set(err, ERR_INVALID_ARN, "%s is not the ARN of an execution", given);
        execution_path(path, machine, (size_t)(colon - machine), colon + 1);
        return 0;
    }
    if (!slash)
        return find_by_name(given, path, err);
    execution_path(path, given, (size_t)(slash - given), slash + 1);
    return 0;
}

/* ---- what is printed of an execution ---- */

static int64_t moment(json_object *o, const char *name)
{
    const char *text = text_of(o, name);
    int64_t us;
    return text && !clock_parse(text, strlen(text), &us) ? us : 0;
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

static const char *duration(char buf[32], json_object *execution)
{
    int64_t from = moment(execution, "startDate"), to = moment(execution, "stopDate");
    return view_duration(buf, (to ? to : now_us()) - from);
}

static void print_value(const char *title, json_object *value)
{
    printf("%s %s\n", title,
           json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE | JSON_C_TO_STRING_PRETTY |
                                                     JSON_C_TO_STRING_SPACED));
}

/* Its status, how long it took, and what came of it. */
static void print_end(json_object *execution)
{
    const char *status = text_of(execution, "status"), *error = text_of(execution, "error");
    char time[32], words[VIEW_TEXT_BYTES];
    json_object *output;
    view_status(status ? status : "?", 0);
    printf(" %s %s\n", status && !strcmp(status, "RUNNING") ? "for" : "after", duration(time, execution));
    if (error || text_of(execution, "cause"))
        printf("%s\n", view_error(words, error, text_of(execution, "cause")));
    if (json_object_object_get_ex(execution, "output", &output))
        print_value("output", output);
}

/* ---- start ---- */

struct start_args {
    const char *machine, *input, *name;
    bool wait;
};

static error_t start_option(int key, char *arg, struct argp_state *state)
{
    struct start_args *a = state->input;
    switch (key) {
    case 'i':
        a->input = arg;
        return 0;
    case 'n':
        a->name = arg;
        return 0;
    case 'w':
        a->wait = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->machine)
            argp_error(state, "one state machine was expected, and then came %s", arg);
        a->machine = machine_name(arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "the name of a state machine was expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int request_start(const struct start_args *a, const struct js_buf *input, json_object **out,
                         struct err *err)
{
    struct js_buf path = {0};
    machine_path(&path, a->machine, strlen(a->machine));
    if (a->name) {
        js_buf_str(&path, "?name=");
        cli_encode(&path, a->name, strlen(a->name));
    }
    int rc = cli_request("POST", path.p, input->p, input->len, out, err);
    js_buf_fini(&path);
    return rc;
}

/* Waits for the end without a word; *execution: how it ended. */
static int wait_for_end(const char *path, json_object **execution, struct err *err)
{
    struct js_buf query = {0};
    const char *status;
    js_buf_str(&query, path);
    js_buf_str(&query, "?wait=300");
    *execution = NULL;
    do {
        json_object_put(*execution);
        *execution = NULL;
        if (cli_request("GET", query.p, NULL, 0, execution, err))
            break;
        status = text_of(*execution, "status");
    } while (status && !strcmp(status, "RUNNING"));
    js_buf_fini(&query);
    return *execution ? 0 : -1;
}

static bool take_event(void *arg, json_object *event)
{
    return !steps_apply(arg, event);
}

/* Shows each step as it happens, until the end. */
static int follow(const char *path, struct err *err)
{
    struct steps s = {.news = view_news, .arg = &s};
    struct js_buf events = {0};
    js_buf_str(&events, path);
    js_buf_str(&events, "/events");
    int rc = cli_events(events.p, take_event, &s, err);
    js_buf_fini(&events);
    steps_fini(&s);
    return rc;
}

/* 0: it succeeded; 1: it did not. */
static int watch(const char *machine, const char *name, struct err *err)
{
    struct js_buf path = {0};
    json_object *execution = NULL;
    int rc = -1;

    execution_path(&path, machine, strlen(machine), name);
    if (!cli.json && follow(path.p, err))
        goto out;
    if (wait_for_end(path.p, &execution, err))
        goto out;
    const char *status = text_of(execution, "status");
    rc = status && !strcmp(status, "SUCCEEDED") ? 0 : 1;
    if (cli.json)
        cli_print_json(json_object_get(execution));
    else
        print_end(execution);
out:
    js_buf_fini(&path);
    json_object_put(execution);
    return rc;
}

int cli_start(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"input", 'i', "FILE|JSON", 0, "the input: a file, - for standard input, or JSON; default {}", 0},
        {"name", 'n', "NAME", 0, "the execution's name; starting it again under it changes nothing", 0},
        {"wait", 'w', NULL, 0, "show the steps as they happen; exit status 1 unless it succeeds", 0},
        {0}};
    struct start_args a = {.input = "{}"};
    struct js_buf input = {0};
    json_object *started = NULL;
    struct err err;
    int rc = -1;

    cli_parse(argc, argv, options, start_option, "MACHINE", "Starts an execution of a state machine.", &a);
    if (cli_read_json(a.input, &input, &err) || request_start(&a, &input, &started, &err))
        goto out;
    const char *name = text_of(started, "name");
    if (!cli.json)
        printf("started %s/%s\n", a.machine, name);
    if (a.wait) {
        rc = watch(a.machine, name, &err);
    } else {
        rc = 0;
        if (cli.json)
            cli_print_json(json_object_get(started));
    }
out:
    js_buf_fini(&input);
    json_object_put(started);
    return rc < 0 ? cli_fail(argv[0], "%s", err.cause) : rc;
}

/* ---- ps ---- */

struct ps_args {
    const char *status, *machine;
    size_t limit;
};

static error_t ps_option(int key, char *arg, struct argp_state *state)
{
    struct ps_args *a = state->input;
    switch (key) {
    case 's':
        a->status = arg;
        return 0;
    case 'm':
        a->machine = machine_name(arg);
        return 0;
    case 'l':
        a->limit = strtoul(arg, NULL, 10);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "no argument was expected: %s", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void add_query(struct js_buf *path, const char *name, const char *value)
{
    js_buf_str(path, strchr(path->p, '?') ? "&" : "?");
    js_buf_str(path, name);
    js_buf_str(path, "=");
    cli_encode(path, value, strlen(value));
}

static void print_executions(json_object *list)
{
    size_t n = json_object_array_length(list);
    if (n)
        printf("%-10s %-24s %12s  %s\n", "status", "started", "took", "execution");
    for (size_t i = 0; i < n; i++) {
        json_object *e = json_object_array_get_idx(list, i);
        char time[32], machine[400], name[400];
        view_status(text_of(e, "status") ? text_of(e, "status") : "?", 10);
        printf(" %-24s %12s  %s/%s\n", text_of(e, "startDate") ? text_of(e, "startDate") : "",
               duration(time, e), view_text(machine, sizeof machine, text_of(e, "machine")),
               view_text(name, sizeof name, text_of(e, "name")));
    }
}

int cli_ps(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"status", 's', "STATUS", 0, "only RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED ones", 0},
        {"machine", 'm', "MACHINE", 0, "only those of this state machine", 0},
        {"limit", 'l', "N", 0, "at most so many; default 20; 0: all", 0},
        {0}};
    struct ps_args a = {.limit = 20};
    struct js_buf path = {0};
    json_object *answer = NULL;
    struct err err;

    cli_parse(argc, argv, options, ps_option, "", "Lists executions, newest first.", &a);
    char limit[16];
    snprintf(limit, sizeof limit, "%zu", a.limit && a.limit < 1000 ? a.limit : 1000);
    js_buf_str(&path, "/api/executions");
    add_query(&path, "limit", limit);
    if (a.status)
        add_query(&path, "status", a.status);
    if (a.machine)
        add_query(&path, "machine", a.machine);
    int rc = cli_request_pages(path.p, "executions", a.limit, &answer, &err);
    js_buf_fini(&path);
    if (rc)
        return cli_fail(argv[0], "%s", err.cause);
    if (cli.json) {
        cli_print_json(answer);
        return 0;
    }
    print_executions(json_object_object_get(answer, "executions"));
    json_object_put(answer);
    return 0;
}

/* ---- show, history ---- */

struct one_args { /* of the commands that take one execution */
    const char *execution, *error, *cause;
    bool reverse, no_data;
};

static error_t one_option(int key, char *arg, struct argp_state *state)
{
    struct one_args *a = state->input;
    switch (key) {
    case 'r':
        a->reverse = true;
        return 0;
    case 'd':
        a->no_data = true;
        return 0;
    case 'E':
        a->error = arg;
        return 0;
    case 'C':
        a->cause = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (a->execution)
            argp_error(state, "one execution was expected, and then came %s", arg);
        a->execution = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "an execution was expected: NAME, MACHINE/NAME or its ARN");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int request_history(const char *path, const char *query, json_object **out, struct err *err)
{
    struct js_buf full = {0};
    js_buf_str(&full, path);
    js_buf_str(&full, "/history?limit=");
    js_buf_int(&full, HISTORY_PAGE);
    js_buf_str(&full, query);
    int rc = cli_request_pages(full.p, "events", 0, out, err);
    js_buf_fini(&full);
    return rc;
}

/* {"execution": EXECUTION, "steps": [...], "truncated"} */
static int show_json(const char *path, json_object *execution, struct err *err)
{
    struct js_buf steps = {0};
    json_object *answer = NULL;
    js_buf_str(&steps, path);
    js_buf_str(&steps, "/steps");
    int rc = cli_request("GET", steps.p, NULL, 0, &answer, err);
    js_buf_fini(&steps);
    if (rc)
        return -1;
    json_object_object_add(answer, "execution", json_object_get(execution));
    cli_print_json(answer);
    return 0;
}

static int show_table(const char *path, json_object *execution, struct err *err)
{
    struct steps s = {0};
    json_object *history = NULL;
    char machine[400], name[400];
    if (request_history(path, "&data=false", &history, err))
        return -1;
    json_object *events = json_object_object_get(history, "events");
    for (size_t i = 0; i < json_object_array_length(events); i++)
        steps_apply(&s, json_object_array_get_idx(events, i));
    json_object_put(history);

    printf("%s/%s, started %s\n\n", view_text(machine, sizeof machine, text_of(execution, "machine")),
           view_text(name, sizeof name, text_of(execution, "name")), text_of(execution, "startDate"));
    view_table(&s);
    putchar('\n');
    print_end(execution);
    steps_fini(&s);
    return 0;
}

int cli_show(int argc, char **argv)
{
    struct one_args a = {0};
    struct js_buf path = {0};
    json_object *execution = NULL;
    struct err err;

    cli_parse(argc, argv, NULL, one_option, "EXECUTION", "Shows the steps of an execution: a row an attempt.",
              &a);
    int rc = find_execution(a.execution, &path, &err);
    if (!rc)
        rc = cli_request("GET", path.p, NULL, 0, &execution, &err);
    if (!rc)
        rc = cli.json ? show_json(path.p, execution, &err) : show_table(path.p, execution, &err);
    json_object_put(execution);
    js_buf_fini(&path);
    return rc ? cli_fail(argv[0], "%s", err.cause) : 0;
}

/* What an event tells, on one line: its details as JSON. */
static void print_event(json_object *event)
{
    char type[64], words[VIEW_TEXT_BYTES] = "", moment_text[CLOCK_TEXT_BYTES];
    double seconds = json_object_get_double(json_object_object_get(event, "timestamp"));
    json_object_object_foreach(event, name, value)
    {
        if (strstr(name, "EventDetails"))
            view_text(words, sizeof words, js_text(value, NULL));
    }
    printf("%5lld %5lld  %s  %-26s %s\n",
           (long long)json_object_get_int64(json_object_object_get(event, "id")),
           (long long)json_object_get_int64(json_object_object_get(event, "previousEventId")),
           clock_format(moment_text, (int64_t)(seconds * 1e6 + 0.5)),
           view_text(type, sizeof type, text_of(event, "type")), words);
}

int cli_history(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"reverse", 'r', NULL, 0, "newest first", 0},
        {"no-data", 'd', NULL, 0, "without inputs, outputs and causes", 0},
        {0}};
    struct one_args a = {0};
    struct js_buf path = {0};
    json_object *history = NULL;
    struct err err;

    cli_parse(argc, argv, options, one_option, "EXECUTION", "Prints every event of an execution.", &a);
    char query[40];
    snprintf(query, sizeof query, "%s%s", a.reverse ? "&reverse=true" : "", a.no_data ? "&data=false" : "");
    int rc = find_execution(a.execution, &path, &err);
    if (!rc)
        rc = request_history(path.p, query, &history, &err);
    js_buf_fini(&path);
    if (rc)
        return cli_fail(argv[0], "%s", err.cause);
    if (cli.json) {
        cli_print_json(history);
        return 0;
    }
    json_object *events = json_object_object_get(history, "events");
    printf("%5s %5s  %-24s  %-26s %s\n", "id", "after", "at", "type", "details");
    for (size_t i = 0; i < json_object_array_length(events); i++)
        print_event(json_object_array_get_idx(events, i));
    json_object_put(history);
    return 0;
}

/* ---- stop ---- */

int cli_stop(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"error", 'E', "NAME", 0, "the error that the execution shows", 0},
        {"cause", 'C', "TEXT", 0, "its cause", 0},
        {0}};
    struct one_args a = {0};
    struct js_buf path = {0};
    json_object *body = json_object_new_object(), *answer = NULL;
    struct err err;

    cli_parse(argc, argv, options, one_option, "EXECUTION", "Stops an execution.", &a);
    if (a.error)
        json_object_object_add(body, "error", json_object_new_string(a.error));
    if (a.cause)
        json_object_object_add(body, "cause", json_object_new_string(a.cause));
    int rc = find_execution(a.execution, &path, &err);
    if (!rc) {
        js_buf_str(&path, "/stop");
        size_t len;
        const char *text = js_text(body, &len);
        rc = cli_request("POST", path.p, text, len, &answer, &err);
    }
    json_object_put(body);
    js_buf_fini(&path);
    if (rc)
        return cli_fail(argv[0], "%s", err.cause);
    if (cli.json) {
        cli_print_json(answer);
        return 0;
    }
    printf("stopped %s\n", a.execution);
    json_object_put(answer);
    return 0;
}
