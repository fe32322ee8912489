/* cli_machine.c -- `pawl deploy` and `pawl function`: what can run, and where functions are called. */
#include "asl/asl.h"
#include "cli.h"
#include "cli_http.h"
#include "cli_view.h"

#include <string.h>

enum { FILES_MAX = 1000, HEADERS_MAX = 64 };

static const char *text_of(json_object *o, const char *name)
{
    json_object *v = json_object_is_type(o, json_type_object) ? json_object_object_get(o, name) : NULL;
    return v ? json_object_get_string(v) : NULL;
}

/* ---- deploy ---- */

struct deploy_args {
    const char *name, *type;
    const char *files[FILES_MAX];
    int nfiles;
};

static error_t deploy_option(int key, char *arg, struct argp_state *state)
{
    struct deploy_args *a = state->input;
    switch (key) {
    case 'n':
        a->name = arg;
        return 0;
    case 't':
        a->type = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (a->nfiles == FILES_MAX)
            argp_error(state, "more than %d files", FILES_MAX);
        a->files[a->nfiles++] = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a file with a definition was expected");
        return 0;
    case ARGP_KEY_SUCCESS:
        if (a->name && a->nfiles > 1)
            argp_error(state, "--name goes with one file");
        if (!a->name && !strcmp(a->files[0], "-"))
            argp_error(state, "a definition from standard input needs --name");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* orders/refund.asl.json is the state machine "refund". */
static size_t name_in_file(const char **file)
{
    static const char *const ENDS[] = {".asl.json", ".json", ".asl"};
    const char *slash = strrchr(*file, '/');
    *file = slash ? slash + 1 : *file;
    size_t len = strlen(*file);
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++) {
        size_t n = strlen(ENDS[i]);
        if (len > n && !strcmp(*file + len - n, ENDS[i]))
            return len - n;
    }
    return len;
}

static int say_file(struct err *err, const char *file)
{
    struct err inner = *err;
    return err_set(err, inner.name, "%s: %s", file, inner.cause);
}

static int deploy_file(const struct deploy_args *a, const char *file, struct err *err)
{
    struct js_buf definition = {0}, path = {0};
    json_object *answer = NULL;
    const char *name = a->name ? a->name : file;
    size_t len = a->name ? strlen(name) : name_in_file(&name);

    js_buf_str(&path, "/api/state-machines/");
    cli_encode(&path, name, len);
    if (a->type) {
        js_buf_str(&path, "?type=");
        cli_encode(&path, a->type, strlen(a->type));
    }
    int rc = cli_read(file, ASL_DEFINITION_BYTES_MAX, &definition, err);
    if (!rc && (rc = cli_request("PUT", path.p, definition.p, definition.len, &answer, err)))
        say_file(err, file);
    if (!rc && !cli.json)
        printf("%.*s %s\n", (int)len, name, text_of(answer, "outcome"));
    if (!rc && cli.json)
        cli_print_json(json_object_get(answer));
    json_object_put(answer);
    js_buf_fini(&definition);
    js_buf_fini(&path);
    return rc;
}

int cli_deploy(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"name", 'n', "NAME", 0, "the state machine's name; default: the file's, without .asl.json", 0},
        {"type", 't', "TYPE", 0, "STANDARD (default) or EXPRESS", 0},
        {0}};
    struct deploy_args a = {0};
    struct err err;
    int failed = 0;

    cli_parse(argc, argv, options, deploy_option, "FILE...",
              "Creates state machines from definitions, or updates them: running executions keep theirs.",
              &a);
    err.name = NULL;
    for (int i = 0; i < a.nfiles && err.name != ERR_UNAVAILABLE; i++)
        if (deploy_file(&a, a.files[i], &err))
            failed = cli_fail(argv[0], "%s", err.cause);
    return failed;
}

/* ---- function ---- */

struct function_args {
    const char *name, *url;
    const char *headers[HEADERS_MAX];
    int nheaders;
    const char *timeout, *concurrency;
    bool remove;
};

static error_t function_option(int key, char *arg, struct argp_state *state)
{
    struct function_args *a = state->input;
    switch (key) {
    case 'H':
        if (a->nheaders == HEADERS_MAX)
            argp_error(state, "more than %d headers", HEADERS_MAX);
        if (!strchr(arg, ':'))
            argp_error(state, "--header '%s': 'Name: value' was expected", arg);
        a->headers[a->nheaders++] = arg;
        return 0;
    case 't':
        a->timeout = arg;
        return 0;
    case 'c':
        a->concurrency = arg;
        return 0;
    case 'd':
        a->remove = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->url)
            argp_error(state, "a name and a URL were expected, and then came %s", arg);
        *(a->name ? &a->url : &a->name) = arg;
        return 0;
    case ARGP_KEY_SUCCESS:
        if (a->remove && (!a->name || a->url))
            argp_error(state, "--delete goes with a name");
        if (!a->url && (a->nheaders || a->timeout || a->concurrency))
            argp_error(state, "a name and a URL were expected");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A number as JSON, when it is one; else the text, which the server refuses with its place. */
static json_object *number(const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);
    return *text && !*end ? json_object_new_int64(n) : json_object_new_string(text);
}

static json_object *function_body(const struct function_args *a)
{
    json_object *body = json_object_new_object(), *headers = json_object_new_object();
    for (int i = 0; i < a->nheaders; i++) {
        const char *colon = strchr(a->headers[i], ':'), *value = colon + 1 + strspn(colon + 1, " ");
        char *name = mem_strndup(a->headers[i], (size_t)(colon - a->headers[i]));
        json_object_object_add(headers, name, json_object_new_string(value));
        free(name);
    }
    json_object_object_add(body, "url", json_object_new_string(a->url));
    json_object_object_add(body, "headers", headers);
    if (a->timeout)
        json_object_object_add(body, "timeoutSeconds", number(a->timeout));
    if (a->concurrency)
        json_object_object_add(body, "maxConcurrency", number(a->concurrency));
    return body;
}

static void print_function(json_object *f)
{
    char name[400], url[2000];
    printf("%-28s %s", view_text(name, sizeof name, text_of(f, "name")),
           view_text(url, sizeof url, text_of(f, "url")));
    json_object *headers = json_object_object_get(f, "headerNames");
    if (json_object_is_type(headers, json_type_array) && json_object_array_length(headers))
        printf("  headers %s", json_object_to_json_string_ext(headers, JSON_C_TO_STRING_PLAIN));
    printf("  timeout %s s", text_of(f, "timeoutSeconds") ? text_of(f, "timeoutSeconds") : "?");
    if (json_object_get_int64(json_object_object_get(f, "maxConcurrency")))
        printf("  at once %s", text_of(f, "maxConcurrency"));
    putchar('\n');
}

static int list_functions(struct err *err)
{
    json_object *answer = NULL;
    if (cli_request_pages("/api/functions?limit=1000", "functions", 0, &answer, err))
        return -1;
    if (cli.json) {
        cli_print_json(answer);
        return 0;
    }
    json_object *list = json_object_object_get(answer, "functions");
    for (size_t i = 0; i < json_object_array_length(list); i++)
        print_function(json_object_array_get_idx(list, i));
    json_object_put(answer);
    return 0;
}

static int one_function(const struct function_args *a, struct err *err)
{
    json_object *body = a->url ? function_body(a) : NULL, *answer = NULL;
    struct js_buf path = {0};
    size_t len = 0;
    const char *text = body ? js_text(body, &len) : NULL;

    js_buf_str(&path, "/api/functions/");
    cli_encode(&path, a->name, strlen(a->name));
    int rc = cli_request(a->remove ? "DELETE" : a->url ? "PUT" : "GET", path.p, text, len, &answer, err);
    if (!rc && cli.json)
        cli_print_json(json_object_get(answer));
    else if (!rc && a->remove)
        printf("%s deleted\n", a->name);
    else if (!rc)
        print_function(answer);
    json_object_put(body);
    json_object_put(answer);
    js_buf_fini(&path);
    return rc;
}

int cli_function(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"header", 'H', "'NAME: VALUE'", 0,
         "sent with each call, as a secret that the function expects; may be repeated", 0},
        {"timeout", 't', "SECONDS", 0, "longest wait for an answer; default 60", 0},
        {"max-concurrency", 'c', "N", 0, "calls at once from one reactor; default 0: no limit", 0},
        {"delete", 'd', NULL, 0, "forget the function", 0},
        {0}};
    struct function_args a = {0};
    struct err err;

    cli_parse(argc, argv, options, function_option, "[NAME [URL]]",
              "Says at which URL a function is called that tasks know as arn:aws:lambda:...:function:NAME. "
              "Without URL shows it, without NAME lists all.",
              &a);
    int rc = a.name ? one_function(&a, &err) : list_functions(&err);
    return rc ? cli_fail(argv[0], "%s", err.cause) : 0;
}
