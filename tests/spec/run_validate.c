/*
 * Definitions and what is found in them.
 *
 *   case TITLE              or: express TITLE, for a machine of that type; portable TITLE, without pawl's
 * additions
 *   {...}                   the definition, up to the first line that begins with "->" or is empty
 *   -> CODE: MESSAGE at POINTER         a finding; none: the definition is accepted
 *   -> not built CODE: MESSAGE at POINTER
 *   -> warning CODE: MESSAGE at POINTER
 *
 * Findings stand in their order; "\n" is a line's end within one.  Of what is not built a case speaks or is
 * silent: without such a line it is about the language, and stays true when the thing is built.
 */
#include "asl/asl.h"
#include "cases.h"

#include <string.h>

static const char *const KINDS[] = {"-> ", "-> not built ", "-> warning "}; /* by severity */

static void write_text(struct js_buf *b, const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p == '\n')
            js_buf_str(b, "\\n");
        else
            js_buf_add(b, p, 1);
}

static void write_finding(struct js_buf *b, const struct asl_finding *f)
{
    js_buf_str(b, KINDS[f->severity]);
    js_buf_str(b, f->code);
    js_buf_str(b, ": ");
    write_text(b, f->message);
    if (f->at) {
        js_buf_str(b, " at ");
        write_text(b, f->at);
    }
    js_buf_str(b, "\n");
}

static char *found(const struct js_buf *definition, unsigned rules, bool unbuilt)
{
    struct asl_findings f = {0};
    struct js_buf b = {0};

    struct asl *asl = asl_parse(definition->p ? definition->p : "", definition->len, rules, &f);
    if ((asl != NULL) != asl_findings_good(&f))
        js_buf_str(&b, "a definition is there exactly when nothing is in its way\n");
    for (size_t i = 0; i < f.n; i++)
        if (unbuilt || f.list[i].severity != SEVERITY_UNBUILT)
            write_finding(&b, &f.list[i]);
    asl_free(asl);
    asl_findings_fini(&f);
    js_buf_add(&b, "", 1);
    return b.p;
}

static void run_case(struct cases *c, const char *title, unsigned rules)
{
    struct js_buf definition = {0}, want = {0};
    char *line;

    while ((line = cases_raw_line(c)) != NULL && *line && strncmp(line, "->", 2) != 0) {
        if (definition.len)
            js_buf_str(&definition, "\n");
        js_buf_str(&definition, line);
    }
    for (; line && strncmp(line, "->", 2) == 0; line = cases_raw_line(c)) {
        js_buf_str(&want, line);
        js_buf_str(&want, "\n");
    }
    js_buf_add(&want, "", 1);

    char *got = found(&definition, rules, strstr(want.p, KINDS[SEVERITY_UNBUILT]) != NULL);
    cases_result(c, strcmp(got, want.p) == 0, "(the end of) %s: found\n%sexpected\n%s", title, got, want.p);
    free(got);
    js_buf_fini(&want);
    js_buf_fini(&definition);
}

static void run(struct cases *c)
{
    char *line, *title;

    while ((line = cases_line(c)) != NULL) {
        if ((title = cases_after(line, "case")) != NULL)
            run_case(c, title, 0);
        else if ((title = cases_after(line, "express")) != NULL)
            run_case(c, title, ASL_EXPRESS);
        else if ((title = cases_after(line, "portable")) != NULL)
            run_case(c, title, ASL_PORTABLE);
        else
            cases_result(c, false, "unknown line: %s", line);
    }
}

int main(int argc, char **argv)
{
    return cases_main(argc, argv, run);
}
