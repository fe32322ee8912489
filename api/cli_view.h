/*
 * cli_view.h -- steps and moments as people read them: a line as it happens, a table afterwards.
 *
 * Text from outside is shown without its control characters.
 */
#pragma once

#include "cli_steps.h"

#include <stddef.h>

enum { VIEW_TEXT_BYTES = 200 };

/* "3 ms", "1.25 s", "2 m 05 s", "3 h 10 m", "12 d 4 h". Returns buf. */
const char *view_duration(char buf[32], int64_t us);

/* One line of text, cut at the buffer's end (at a character's), without control characters; "" for NULL.
 * Returns buf. */
const char *view_text(char *buf, size_t size, const char *text);

/* "ERROR: cause" of a failure on one line; a function's {"errorType", "errorMessage"} shows its message.
 * Returns buf. */
const char *view_error(char buf[VIEW_TEXT_BYTES], const char *error, const char *cause);

/* A status in its colour, padded to width. */
void view_status(const char *status, int width);

void view_news(void *arg, const struct step *step, enum step_news news); /* arg: the struct steps */
void view_table(const struct steps *s);
