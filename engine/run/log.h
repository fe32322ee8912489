/*
 * log.h -- what operators read: one event a line, message first, then key=value (logfmt), on standard error.
 *
 * error: somebody must act.  warn: handled, worth a look.  info: something began or ended.  debug: each step.
 * Inputs and outputs are the users' data and appear at debug alone.  What one wants to count is a metric.
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level); /* before the threads start */
int log_level_parse(const char *text);    /* "error" ... "debug", or -1 */
bool log_wants(enum log_level level);     /* for what is dear to say */

/* The thread's name in its lines ("reactor=3"); copied, at most 31 bytes. NULL: none. */
void log_thread(const char *name);

/* fmt holds "key=%..." pairs; values with blanks or quotes are the caller's to quote (%s through log_quote).
 * NULL: none. */
void log_error(const char *message, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *message, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *message, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *message, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* text in quotes, control characters escaped, cut at the buffer's end. Returns buf. */
char *log_quote(char *buf, unsigned long size, const char *text);
