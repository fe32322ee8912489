/*
 * name.h -- the names of state machines, executions, activities and labels: which characters they may have.
 *
 * Pure.  Source: the service's API model, "Name".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* 1 to chars_max characters (code points) of valid UTF-8, without white space, brackets, wildcards and the
 * like. */
bool name_good(const char *text, size_t len, size_t chars_max);
