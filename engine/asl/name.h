/*
 * name.h -- the names of state machines, executions, activities, labels and variables: which characters they
 * may have.
 *
 * Pure.  Source: the service's API model, "Name"; its developer guide, "Variable name syntax".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* 1 to chars_max characters (code points) of valid UTF-8, without white space, brackets, wildcards and the
 * like. */
bool name_good(const char *text, size_t len, size_t chars_max);

/* A variable's name, but for its length: an identifier of Unicode (UAX #31: ID_Start, ID_Continue). */
bool name_identifier(const char *text, size_t len);
