/* cli.c -- `pawl`: finds the command; the options that all commands share. */
#include "cli.h"

#include "base/value.h"
#include "cli_jsonata.h"
#include "cli_jsonpath.h"
#include "cli_validate.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *args, *says;
} COMMANDS[] = {
    {"deploy", cli_deploy, "FILE...", "create or update state machines from definitions"},
    {"function", cli_function, "[NAME [URL]]", "say where a function is called; list the functions"},
    {"start", cli_start, "MACHINE", "start an execution; --wait shows its steps as they happen"},
    {"ps", cli_ps, "", "list executions, newest first"},
    {"show", cli_show, "EXECUTION", "the steps of an execution: durations, attempts, errors"},
    {"history", cli_history, "EXECUTION", "every event of an execution"},
    {"stop", cli_stop, "EXECUTION", "stop an execution"},
    {"sql", cli_sql, "[-- PSQL ARGUMENTS]", "open psql on the store"},
    {"validate", cli_validate, "FILE...", "check definitions, without a server"},
    {"test-state", cli_test_state, "FILE [STATE]",
     "try one state; --mock-result, --mock-error: without a server"},
    {"jsonata", cli_jsonata, "[EXPRESSION]", "try an expression on the JSON of standard input, without a server"},
    {"jsonpath", cli_jsonpath, "[PATH]", "try a path on the JSON of standard input, without a server"},
};
enum { NCOMMANDS = sizeof COMMANDS / sizeof *COMMANDS };

struct cli_settings cli;

/* ---- options ---- */

static error_t common_option(int key, char *arg, struct argp_state *state)
{
    switch (key) {
    case 'e':
        cli.endpoint = arg;
        return 0;
    case 'j':
        cli.json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option common_options[] = {
    {"endpoint", 'e', "URL", 0, "pawld's address; default PAWL_ENDPOINT, or http://127.0.0.1:8080", 10},
    {"json", 'j', NULL, 0, "print what the server answered, as JSON", 10},
    {0},
};
static const struct argp common = {common_options, common_option, NULL, NULL, NULL, NULL, NULL};
const struct argp_child cli_children[] = {{&common, 0, NULL, 0}, {0}};

void cli_parse(int argc, char **argv, const struct argp_option *options, argp_parser_t parser,
               const char *args, const char *doc, void *input)
{
    struct argp argp = {options, parser, args, doc, cli_children, NULL, NULL};
    argp_parse(&argp, argc, argv, 0, NULL, input);
}

/* ---- what commands say ---- */

int cli_fail(const char *command, const char *fmt, ...)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", command);
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return 1;
}

void cli_print_json(json_object *taken)
{
    int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
    flags |= cli.colour ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN;
    puts(json_object_to_json_string_ext(taken, flags));
    json_object_put(taken);
}

static int read_stream(FILE *in, size_t max, struct js_buf *text)
{
    char part[65536];
    size_t n;
    js_buf_str(text, "");
    while ((n = fread(part, 1, sizeof part, in)) > 0 && text->len <= max)
        js_buf_add(text, part, n);
    return ferror(in) ? -1 : 0;
}

int cli_read(const char *file, size_t max, struct js_buf *text, struct err *err)
{
    bool standard = !strcmp(file, "-");
    FILE *in = standard ? stdin : fopen(file, "r");
    if (!in)
        return err_set(err, ERR_VALIDATION, "%s: %s", file, strerror(errno));
    int rc = read_stream(in, max, text), why = errno;
    if (!standard)
        fclose(in);
    if (rc)
        return err_set(err, ERR_VALIDATION, "%s: %s", file, strerror(why));
    if (text->len > max)
        return err_set(err, ERR_VALIDATION, "%s: longer than %zu bytes", file, max);
    return 0;
}

int cli_read_json(const char *input, struct js_buf *text, struct err *err)
{
    const char *p = input + strspn(input, " \t\r\n");
    js_buf_str(text, "");
    if (strcmp(input, "-") && (strchr("{[\"", *p) || access(input, F_OK)) &&
        !js_scan(input, strlen(input), err)) {
        js_buf_str(text, input);
        return 0;
    }
    if (*p == '{' || *p == '[')
        return -1; /* broken JSON, and no file's name */
    return cli_read(input, VALUE_BYTES_MAX, text, err);
}

/* ---- the program ---- */

static void print_help(FILE *to)
{
    fputs("pawl: durable workflows in the Amazon States Language, on PostgreSQL\n\n"
          "usage: pawl [--endpoint URL] [--json] COMMAND ...\n\n",
          to);
    for (int i = 0; i < NCOMMANDS; i++)
        fprintf(to, "  %-10s %-20s %s\n", COMMANDS[i].name, COMMANDS[i].args, COMMANDS[i].says);
    fputs("\n`pawl COMMAND --help` tells more. An execution is named by its name, by MACHINE/NAME, or by its "
          "ARN.\n",
          to);
}

static const struct command *command_find(const char *name)
{
    for (int i = 0; i < NCOMMANDS; i++)
        if (!strcmp(COMMANDS[i].name, name))
            return &COMMANDS[i];
    return NULL;
}

static int command_run(const struct command *c, int argc, char **argv)
{
    char name[32];
    snprintf(name, sizeof name, "pawl %s", c->name);
    argv[0] = name; /* as argp names the program in its messages */
    return c->run(argc, argv);
}

static int help(int argc, char **argv)
{
    const struct command *c = argc > 1 ? command_find(argv[1]) : NULL;
    if (argc > 1 && !c) {
        fprintf(stderr, "pawl help: there is no command %s\n", argv[1]);
        return 2;
    }
    if (!c) {
        print_help(stdout);
        return 0;
    }
    char option[] = "--help", *args[] = {argv[1], option, NULL};
    return command_run(c, 2, args);
}

/* Options before the command. */
static error_t main_option(int key, char *arg, struct argp_state *state)
{
    if (key == 'h') {
        print_help(stdout);
        exit(0);
    }
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    state->next--; /* the command and what follows are its own */
    *(int *)state->input = state->next;
    state->next = state->argc;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct argp_option options[] = {{"help", 'h', NULL, 0, NULL, 0}, {0}};
    const struct argp argp = {options, main_option, "COMMAND ...", NULL, cli_children, NULL, NULL};
    const char *endpoint = getenv("PAWL_ENDPOINT");
    int first = argc;

    argp_err_exit_status = 2;
    cli.endpoint = endpoint && *endpoint ? endpoint : "http://127.0.0.1:8080";
    cli.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER | ARGP_NO_HELP, NULL, &first);
    if (first == argc) {
        print_help(stderr);
        return 2;
    }
    argc -= first;
    argv += first;
    if (!strcmp(argv[0], "help"))
        return help(argc, argv);
    const struct command *c = command_find(argv[0]);
    if (c)
        return command_run(c, argc, argv);
    fprintf(stderr, "pawl: there is no command %s; `pawl help` lists them\n", argv[0]);
    return 2;
}
