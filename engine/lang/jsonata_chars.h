/*
 * jsonata_chars.h -- texts of JSONata as code points.
 *
 * Pictures are read and filled in character by character.  Every text made here lies in an arena.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed UTF-8, not NUL-terminated; a lone surrogate may stand in it as three bytes. */
struct jsonata_text {
    const char *p;
    size_t len;
};

/* Borrowed code points. */
struct jsonata_chars {
    const uint32_t *c;
    size_t n;
};

/* What is not UTF-8 becomes U+FFFD. */
struct jsonata_chars jsonata_chars(struct arena *a, struct jsonata_text text);
struct jsonata_text jsonata_chars_text(struct arena *a, struct jsonata_chars chars);

/* From the character `from` up to `to`, as far as there are any. */
struct jsonata_chars jsonata_chars_part(struct jsonata_chars chars, size_t from, size_t to);

#define JSONATA_NOWHERE SIZE_MAX

/* Where needle begins, first or last: an empty one at `from`, or at the end. JSONATA_NOWHERE without it. */
size_t jsonata_chars_find(struct jsonata_chars chars, struct jsonata_chars needle, size_t from);
size_t jsonata_chars_find_last(struct jsonata_chars chars, struct jsonata_chars needle);

bool jsonata_chars_are(struct jsonata_chars chars, const char *ascii);
bool jsonata_is_space(uint32_t c); /* as JavaScript's "\s" and trim see it */

/* Growing code points: starts as {.arena = ...}. */
struct jsonata_build {
    struct arena *arena;
    uint32_t *c;
    size_t n, cap;
};
void jsonata_add_char(struct jsonata_build *b, uint32_t c);
void jsonata_add_times(struct jsonata_build *b, uint32_t c, size_t times);
void jsonata_add(struct jsonata_build *b, struct jsonata_chars chars);
void jsonata_add_ascii(struct jsonata_build *b, const char *ascii);
void jsonata_insert(struct jsonata_build *b, size_t at, struct jsonata_chars chars); /* at: 0 to b->n */
struct jsonata_chars jsonata_built(const struct jsonata_build *b);

/* err_set with value between before and after, as a JSON string: the messages of the reference. Returns -1.
 */
int jsonata_refuse(struct err *err, const char *code, const char *before, struct jsonata_text value,
                   const char *after);
