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

static const char *message(struct arena *a, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
static struct asl_finding *add(struct asl_findings *f, bool warning, const struct place *at, const char *code,
                               const char *fmt, va_list args) __attribute__((format(printf, 5, 0)));

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

__attribute__((format(printf, 5, 0))) static struct asl_finding *add(struct asl_findings *f, bool warning,
                                                                     const struct place *at, const char *code,
                                                                     const char *fmt, va_list args)
{
    f->nerrors += !warning;
    if (f->n == ASL_FINDINGS_MAX) {
        f->truncated = true;
        return NULL;
    }
    if (!f->arena) {
        f->arena = arena_new();
        f->list = arena_alloc(f->arena, ASL_FINDINGS_MAX * sizeof *f->list);
    }

    struct asl_finding *one = &f->list[f->n++];
    one->warning = warning;
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
    struct asl_finding *one = add(f, false, at, code, fmt, args);
    va_end(args);
    return one;
}

struct asl_finding *finding_warning(struct asl_findings *f, const struct place *at, const char *code,
                                    const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    struct asl_finding *one = add(f, true, at, code, fmt, args);
    va_end(args);
    return one;
}

int asl_findings_err(const struct asl_findings *f, struct err *err)
{
    struct js_buf b = {0};

    for (size_t i = 0; i < f->n; i++) {
        const struct asl_finding *one = &f->list[i];
        if (one->warning)
            continue;
        if (b.len)
            js_buf_str(&b, ", ");
        js_buf_str(&b, one->code);
        js_buf_str(&b, ": ");
        js_buf_str(&b, one->message);
        if (one->at) {
            js_buf_str(&b, " at ");
            js_buf_str(&b, one->at);
        }
    }
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
