#include "asl/finding.h"

#include "base/json.h"

#include <stdarg.h>
#include <string.h>

enum { MESSAGE_BYTES = 2048, KEY_BYTES = 320 }; /* a key of 80 characters is shown whole */

/* RFC 6901: "~" and "/" within a name are escaped. */
static void write_key(struct js_buf *b, const char *key)
{
    const char *end = key + strlen(key);

    for (const char *p = key; p < end;) {
        size_t len = js_utf8(p, (size_t)(end - p));
        if (len == 0 || (size_t)(p - key) + len > KEY_BYTES)
            break;
        if (*p == '~')
            js_buf_str(b, "~0");
        else if (*p == '/')
            js_buf_str(b, "~1");
        else
            js_buf_add(b, p, len);
        p += len;
    }
}

static void write_place(struct js_buf *b, const struct place *at)
{
    if (!at->up)
        return;
    write_place(b, at->up);
    js_buf_str(b, "/");
    if (at->key)
        write_key(b, at->key);
    else
        js_buf_int(b, (int64_t)at->index);
}

static const char *pointer(struct arena *a, const struct place *at)
{
    struct js_buf b = {0};

    write_place(&b, at);
    const char *text = b.len ? arena_strndup(a, b.p, b.len) : "/";
    js_buf_fini(&b);
    return text;
}

/* Values within a message may have been cut in the middle of a character. */
__attribute__((format(printf, 2, 0))) static const char *message(struct arena *a, const char *fmt,
                                                                 va_list args)
{
    char text[MESSAGE_BYTES];

    vsnprintf(text, sizeof text, fmt, args);
    char *clean = js_clean(text, strlen(text), sizeof text);
    const char *kept = arena_strndup(a, clean, strlen(clean));
    free(clean);
    return kept;
}

/* Errors never lose their room to findings that matter less. NULL: there is none left. */
static struct asl_finding *take_room(struct asl_findings *f, enum asl_severity severity)
{
    size_t *counts[] = {&f->nerrors, &f->nunbuilt, &f->nwarnings};

    if (++*counts[severity] > ASL_FINDINGS_MAX) {
        f->truncated = true;
        return NULL;
    }
    if (!f->arena) {
        f->arena = arena_new();
        f->list = arena_alloc(f->arena, 3 * ASL_FINDINGS_MAX * sizeof *f->list);
    }
    return &f->list[f->n++];
}

__attribute__((format(printf, 5, 0))) static struct asl_finding *add(struct asl_findings *f,
                                                                     enum asl_severity severity,
                                                                     const struct place *at, const char *code,
                                                                     const char *fmt, va_list args)
{
    struct asl_finding *one = take_room(f, severity);

    if (!one)
        return NULL;
    one->severity = severity;
    one->code = code;
    one->message = message(f->arena, fmt, args);
    one->at = at ? pointer(f->arena, at) : NULL;
    return one;
}

struct asl_finding *finding_error(struct asl_findings *f, const struct place *at, const char *code,
                                  const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    struct asl_finding *one = add(f, SEVERITY_ERROR, at, code, fmt, args);
    va_end(args);
    return one;
}

struct asl_finding *finding_warning(struct asl_findings *f, const struct place *at, const char *code,
                                    const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    struct asl_finding *one = add(f, SEVERITY_WARNING, at, code, fmt, args);
    va_end(args);
    return one;
}

void finding_unbuilt(struct asl_findings *f, const struct place *at, const char *what)
{
    struct asl_finding *one = take_room(f, SEVERITY_UNBUILT);

    if (one)
        *one = (struct asl_finding){
            .severity = SEVERITY_UNBUILT,
            .code = FINDING_UNBUILT,
            .message = arena_printf(f->arena, "%s is not supported by this version of pawl", what),
            .at = at ? pointer(f->arena, at) : NULL,
        };
}

bool asl_findings_good(const struct asl_findings *f)
{
    return f->nerrors == 0 && f->nunbuilt == 0;
}

static void write_finding(struct js_buf *b, const struct asl_finding *f)
{
    if (b->len)
        js_buf_str(b, ", ");
    js_buf_str(b, f->code);
    js_buf_str(b, ": ");
    js_buf_str(b, f->message);
    if (f->at) {
        js_buf_str(b, " at ");
        js_buf_str(b, f->at);
    }
}

int asl_findings_err(const struct asl_findings *f, struct err *err)
{
    enum asl_severity told = f->nerrors ? SEVERITY_ERROR : SEVERITY_UNBUILT;
    struct js_buf b = {0};

    for (size_t i = 0; i < f->n; i++)
        if (f->list[i].severity == told)
            write_finding(&b, &f->list[i]);
    err_set(err, ERR_INVALID_DEFINITION, "%s", b.p ? b.p : "");
    js_buf_fini(&b);
    return -1;
}

void asl_findings_fini(struct asl_findings *f)
{
    if (f->arena)
        arena_free(f->arena);
    *f = (struct asl_findings){0};
}
