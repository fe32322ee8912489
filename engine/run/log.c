#include "run/log.h"
#include "base/clock.h"
#include "base/err.h"
#include "run/timer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 4096 };

static enum log_level threshold = LOG_INFO; /* set before the threads start */
static _Thread_local char thread_name[32];

static const char *const LEVEL_NAMES[] = {"error", "warn", "info", "debug"};

void log_set_level(enum log_level level)
{
    threshold = level;
}

int log_level_parse(const char *text)
{
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
        if (!strcmp(text, LEVEL_NAMES[level]))
            return level;
    return -1;
}

void log_thread(const char *name)
{
    snprintf(thread_name, sizeof thread_name, "%s", name ? name : "");
}

bool log_wants(enum log_level level)
{
    return level <= threshold;
}

/* One write a line, so that lines of different threads never mix. */
static void put_line(char *line, size_t len)
{
    if (len > LINE_BYTES - 1)
        len = LINE_BYTES - 1;
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* nobody reads standard error: there is nowhere to say so */
}

__attribute__((format(printf, 3, 0))) static void put(enum log_level level, const char *message,
                                                      const char *fmt, va_list args)
{
    char line[LINE_BYTES + 1], when[CLOCK_TEXT_BYTES];

    if (!log_wants(level))
        return;
    size_t len = (size_t)snprintf(line, sizeof line, "%s %-5s %s", clock_format(when, timer_now()),
                                  LEVEL_NAMES[level], message);
    if (thread_name[0] && len < sizeof line)
        len += (size_t)snprintf(line + len, sizeof line - len, " %s", thread_name);
    if (fmt && len + 1 < sizeof line) {
        line[len++] = ' ';
        len += (size_t)vsnprintf(line + len, sizeof line - len, fmt, args);
    }
    put_line(line, len);
}

#define LOG_FUNCTION(name, level)                                                                            \
    void name(const char *message, const char *fmt, ...)                                                     \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, fmt);                                                                                 \
        put(level, message, fmt, args);                                                                      \
        va_end(args);                                                                                        \
    }
LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)
#undef LOG_FUNCTION

char *log_quote(char *buf, unsigned long size, const char *text)
{
    size_t n = 0;

    PAWL_ASSERT(size >= 3);
    buf[n++] = '"';
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        char piece[5];
        int len = *p == '"' || *p == '\\'   ? snprintf(piece, sizeof piece, "\\%c", *p)
                  : *p == '\n'              ? snprintf(piece, sizeof piece, "\\n")
                  : *p < 0x20 || *p == 0x7F ? snprintf(piece, sizeof piece, "\\x%02x", *p)
                                            : snprintf(piece, sizeof piece, "%c", *p);
        if (n + (size_t)len + 2 > size)
            break;
        memcpy(buf + n, piece, (size_t)len);
        n += (size_t)len;
    }
    buf[n++] = '"';
    buf[n] = '\0';
    return buf;
}
