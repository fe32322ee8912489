/*
 * cli_validate.c -- `pawl validate`: what is wrong with definitions, and where, without a server.
 *
 *   pawl validate [--express] [--portable] [--json] FILE...      "-" is standard input
 *
 * A line for each finding, as compilers write them: FILE:LINE:COLUMN: error: CODE: MESSAGE (POINTER); instead
 * of "error" stands "not built" for what the language has and this pawl has not, and "warning". Exit status:
 * 0 every file can be deployed (warnings are allowed), 1 one cannot, 2 one cannot be read.
 */
#include "asl/asl.h"
#include "asl/source.h"
#include "cli.h"
#include "cli_validate.h"

#include <string.h>

enum { FILE_BYTES_MAX = 16 * 1024 * 1024 }; /* the parser refuses far smaller ones, and says so */

struct options {
    unsigned rules; /* of asl_rules */
    char **files;
    int nfiles;
};

/* ---- findings ---- */

struct shown {
    const struct asl_finding *finding;
    size_t line, column;
};

/* The last of the needles; NULL: there is none. */
static const char *last(const char *text, const char *needle)
{
    const char *found = NULL;

    for (const char *p = strstr(text, needle); p; p = strstr(p + 1, needle))
        found = p;
    return found;
}

/* A text that is no JSON has no places but the one in the finding itself, which is just behind the mistake.
 */
static struct shown locate(const struct asl_finding *f, const struct js_buf *text)
{
    struct shown s = {f, 1, 1};

    if (f->at && f->at[0] == '/')
        source_position(text->p, source_find(text->p, text->len, f->at), &s.line, &s.column);
    else if (f->at && last(f->at, "; line: "))
        sscanf(last(f->at, "; line: "), "; line: %zu, column: %zu", &s.line, &s.column);
    if (f->at && f->at[0] != '/' && s.column > 1)
        s.column--;
    return s;
}

static int by_place(const void *a, const void *b)
{
    const struct shown *x = a, *y = b;

    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return x->finding < y->finding ? -1 : 1; /* of one place, as they were found */
}

/* As one reads the file, from the top down. The caller frees. */
static struct shown *in_order(const struct asl_findings *f, const struct js_buf *text)
{
    struct shown *list = mem_calloc(f->n + 1, sizeof *list);

    for (size_t i = 0; i < f->n; i++)
        list[i] = locate(&f->list[i], text);
    qsort(list, f->n, sizeof *list, by_place);
    return list;
}

static const char *const KINDS[] = {
    [SEVERITY_ERROR] = "error", [SEVERITY_UNBUILT] = "not built", [SEVERITY_WARNING] = "warning"};

/* The service's words for a text that is no JSON quote all of it, for each place once: the places alone are
 * enough. */
static void print_message(const char *message)
{
    const char *end = last(message, "\n at [Source: "), *place;

    end = end ? end : message + strlen(message);
    while ((place = strstr(message, "[Source: ")) != NULL && place < end) {
        const char *line = strstr(place, "; line: "), *close = line ? strchr(line, ']') : NULL;
        if (!close || close > end)
            break;
        printf("%.*s%.*s", (int)(place - message), message, (int)(close - line) - 2, line + 2);
        message = close + 1;
    }
    printf("%.*s", (int)(end - message), message);
}

static void print_line(const char *path, const struct shown *s)
{
    const struct asl_finding *f = s->finding;

    printf("%s:%zu:%zu: %s: %s: ", path, s->line, s->column, KINDS[f->severity], f->code);
    print_message(f->message);
    if (f->at && f->at[0] == '/')
        printf(" (%s)", f->at);
    printf("\n");
}

static json_object *finding_json(const struct shown *s)
{
    const struct asl_finding *f = s->finding;
    json_object *o = json_object_new_object();

    json_object_object_add(o, "severity",
                           json_object_new_string(f->severity == SEVERITY_ERROR ? "ERROR" : "WARNING"));
    json_object_object_add(o, "code", json_object_new_string(f->code));
    json_object_object_add(o, "message", json_object_new_string(f->message));
    if (f->at)
        json_object_object_add(o, "location", json_object_new_string(f->at));
    json_object_object_add(o, "line", json_object_new_int64((int64_t)s->line));
    json_object_object_add(o, "column", json_object_new_int64((int64_t)s->column));
    return o;
}

/* The members of ValidateStateMachineDefinition's answer, and where; "deploys": would this pawl take it? */
static void print_json(const char *path, const struct asl_findings *f, const struct shown *shown)
{
    json_object *o = json_object_new_object(), *list = json_object_new_array();
    struct js_buf b = {0};

    for (size_t i = 0; i < f->n; i++)
        json_object_array_add(list, finding_json(&shown[i]));
    json_object_object_add(o, "file", json_object_new_string(path));
    json_object_object_add(o, "result", json_object_new_string(f->nerrors ? "FAIL" : "OK"));
    json_object_object_add(o, "deploys", json_object_new_boolean(asl_findings_good(f)));
    json_object_object_add(o, "diagnostics", list);
    json_object_object_add(o, "truncated", json_object_new_boolean(f->truncated));
    js_write(&b, o);
    puts(b.p);
    js_buf_fini(&b);
    json_object_put(o);
}

static void print_lines(const char *path, const struct asl_findings *f, const struct shown *shown)
{
    for (size_t i = 0; i < f->n; i++)
        print_line(path, &shown[i]);
    if (f->truncated)
        printf("%s: further findings are left out\n", path);
    if (asl_findings_good(f))
        printf("%s: OK\n", path);
}

static int validate(const char *path, const struct options *options)
{
    struct asl_findings f = {0};
    struct js_buf text = {0};
    struct err err;
    int rc;

    if (cli_read(path, FILE_BYTES_MAX, &text, &err) < 0) {
        cli_fail("pawl validate", "%s", err.cause);
        rc = 2;
    } else {
        asl_free(asl_parse(text.p, text.len, options->rules, &f));
        struct shown *shown = in_order(&f, &text);
        (cli.json ? print_json : print_lines)(path, &f, shown);
        free(shown);
        rc = asl_findings_good(&f) ? 0 : 1;
    }
    asl_findings_fini(&f);
    js_buf_fini(&text);
    return rc;
}

/* ---- options ---- */

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'x':
        options->rules |= ASL_EXPRESS;
        return 0;
    case 'p':
        options->rules |= ASL_PORTABLE;
        return 0;
    case ARGP_KEY_ARGS:
        options->files = state->argv + state->next;
        options->nfiles = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_validate(int argc, char **argv)
{
    static const struct argp_option OPTIONS[] = {
        {"express", 'x', NULL, 0, "by the rules of EXPRESS machines", 0},
        {"portable", 'p', NULL, 0,
         "what pawl adds to the language is an error: for definitions that are to run elsewhere too", 0},
        {0},
    };
    struct options options = {0};
    int worst = 0;

    cli_parse(argc, argv, OPTIONS, parse_option, "FILE...",
              "Checks definitions of state machines, without a server. \"-\" is standard input.  --json: one "
              "object a "
              "file, as ValidateStateMachineDefinition answers, with lines and columns.\v"
              "Exit status: 0 all can be deployed, 1 a definition would be refused (an error, or something "
              "in it is not "
              "built yet), 2 a file cannot be read.",
              &options);
    for (int i = 0; i < options.nfiles; i++) {
        int rc = validate(options.files[i], &options);
        worst = rc > worst ? rc : worst;
    }
    return worst;
}
