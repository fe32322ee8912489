/*
 * source.h -- the text of a definition: what a parsed tree no longer shows.
 *
 * A tree keeps the last of two members of one name, and no positions.  These functions walk the
 * text itself, which js_scan must have accepted.
 */
#pragma once

#include "asl/finding.h"

/* Finds members that stand twice in one object: a state's name, or any other field. */
void source_duplicates(const char *text, size_t len, struct asl_findings *findings);

/*
 * The offset of what a finding's pointer names: of the member's name, or of the element.  Of two
 * members of one name the last; where the way ends early, of the last thing on it.
 */
size_t source_find(const char *text, size_t len, const char *pointer);

/* The line and column, counted from 1, of an offset; a column is a character. */
void source_position(const char *text, size_t offset, size_t *line, size_t *column);
