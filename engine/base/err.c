#include "base/err.h"

#include <stdarg.h>
#include <string.h>

#define ERR_DEFINE(constant, name, status) const char constant[] = name;
ERR_API_LIST(ERR_DEFINE)
#undef ERR_DEFINE

/* A text that vsnprintf cut at its end may end within a character: the bytes of that one go. */
static void drop_cut_character(char *text, size_t len)
{
    size_t start = len;

    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0xC0)
        return; /* the last character is ASCII, or no UTF-8 at all */

    unsigned char lead = (unsigned char)text[--start];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (len - start < want)
        text[start] = '\0';
}

int err_set(struct err *err, const char *name, const char *fmt, ...)
{
    if (!err)
        return -1;

    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(err->cause, sizeof err->cause, fmt, args);
    va_end(args);

    if (len < 0)
        err->cause[0] = '\0';
    else if ((size_t)len >= sizeof err->cause)
        drop_cut_character(err->cause, sizeof err->cause - 1);
    err->name = name;
    return -1;
}

int err_http_status(const char *name)
{
#define ERR_STATUS(constant, text, status)                                                                   \
    if (!strcmp(name, text))                                                                                 \
        return status;
    ERR_API_LIST(ERR_STATUS)
#undef ERR_STATUS
    return 500;
}

_Noreturn void err_abort(const char *what, const char *file, int line)
{
    fprintf(stderr, "pawl: broken invariant at %s:%d: %s\n", file, line, what);
    fflush(stderr);
    abort();
}
