/*
 * addition.h -- what pawl adds to the language: one table, for `pawl validate --portable`.
 *
 * Additions never change the meaning of a definition without them.  Whoever builds one adds its row.
 */
#pragma once

/* The words for a field ("Delivery"), or NULL: it is the language's. */
const char *addition_field(const char *field);

/* The words for the Resource of a Task ("https://example.org/f"), or NULL. */
const char *addition_resource(const char *resource);
