/*
 * cases.h -- files of cases as text, line by line: for the runners of tests/spec.
 *
 * Empty lines and lines that begin with "#" are left out where a runner asks for the next line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cases {
    const char *path;
    int line; /* of the line that was read last */
    int run, failed;
    char *text, *next;
};

/* Runs fn over each file of argv[1..]; the exit status of the runner. */
int cases_main(int argc, char **argv, void (*fn)(struct cases *c));

/* The next line, without its end; NULL at the end of the file. */
char *cases_line(struct cases *c);     /* that says something */
char *cases_raw_line(struct cases *c); /* empty lines and "#" included */

/* What stands behind the keyword (and blanks) in the line; NULL: it begins otherwise. */
char *cases_after(char *line, const char *keyword);

/* One case has been run; what went wrong, if it did. */
void cases_result(struct cases *c, bool good, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
