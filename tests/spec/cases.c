#include "cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t cap = 0;

    if (!f || getdelim(&text, &cap, '\0', f) < 0) {
        perror(path);
        exit(2);
    }
    fclose(f);
    return text;
}

int cases_main(int argc, char **argv, void (*fn)(struct cases *c))
{
    int run = 0, failed = 0;

    for (int i = 1; i < argc; i++) {
        struct cases c = {.path = argv[i]};
        c.text = c.next = read_file(argv[i]);
        fn(&c);
        run += c.run;
        failed += c.failed;
        free(c.text);
    }
    printf("%s: %d cases, %d failed\n", argv[0], run, failed);
    return failed || !run ? 1 : 0;
}

char *cases_raw_line(struct cases *c)
{
    if (!*c->next)
        return NULL;

    char *line = c->next, *end = strchrnul(line, '\n');
    c->next = *end ? end + 1 : end;
    *end = '\0';
    c->line++;
    return line;
}

char *cases_line(struct cases *c)
{
    char *line;

    do {
        line = cases_raw_line(c);
    } while (line && (*line == '#' || line[strspn(line, " \t")] == '\0'));
    return line;
}

char *cases_after(char *line, const char *keyword)
{
    size_t len = strlen(keyword);

    line += strspn(line, " \t");
    if (strncmp(line, keyword, len) != 0 || (line[len] && line[len] != ' '))
        return NULL;
    return line + len + strspn(line + len, " ");
}

void cases_result(struct cases *c, bool good, const char *fmt, ...)
{
    va_list args;

    c->run++;
    if (good)
        return;
    c->failed++;
    printf("%s:%d: ", c->path, c->line);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
}
