/*
 * cli.h -- what the commands of `pawl` share: settings, and a way to pawld.
 *
 * pawl speaks HTTP to pawld and never reaches past it, but for `pawl sql`, which opens psql on the store;
 * validate, jsonpath, jsonata and (but for calls) test-state use the pure core and no server.  A command returns its
 * exit status: 0; 1: it did not work, or the execution failed; 2: it was called wrongly.
 */
#pragma once

#include "base/json.h"

#include <argp.h>

struct cli_settings {
    const char *endpoint; /* --endpoint, PAWL_ENDPOINT: "http://127.0.0.1:8080" */
    bool json;            /* --json: print what REST answered */
    bool colour;          /* standard output is a terminal */
};
extern struct cli_settings cli;

/* The options of every command, as a child of its own argp parser. */
extern const struct argp_child cli_children[];

/* Parses argv by options and parser, with the common options; prints help and refuses (exit status 2) by
 * itself. */
void cli_parse(int argc, char **argv, const struct argp_option *options, argp_parser_t parser,
               const char *args, const char *doc, void *input);

/* "pawl start: ..." on standard error; always 1. */
int cli_fail(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints the object and a newline, indented on a terminal; puts it. */
void cli_print_json(json_object *taken);

/* A whole file, or standard input for "-". 0, or -1 with err; text is the caller's. At most max bytes. */
int cli_read(const char *file, size_t max, struct js_buf *text, struct err *err);

/* What an option says: a file, "-" for standard input, or JSON itself; at most VALUE_BYTES_MAX. As cli_read.
 */
int cli_read_json(const char *given, struct js_buf *text, struct err *err);

/* ---- the commands: argv[0] is their name, as "pawl start" ---- */
int cli_deploy(int argc, char **argv);
int cli_function(int argc, char **argv);
int cli_start(int argc, char **argv);
int cli_ps(int argc, char **argv);
int cli_show(int argc, char **argv);
int cli_history(int argc, char **argv);
int cli_stop(int argc, char **argv);
int cli_sql(int argc, char **argv);
int cli_test_state(int argc, char **argv);
