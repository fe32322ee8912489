/*
 * arena.h -- memory that is released all at once.
 *
 * One for each compiled definition, tick and request: allocate freely, release once.
 * Running out of memory aborts: the database has the truth, and a restart is an ordinary event.
 */
#pragma once

#include <stddef.h>

struct json_object;
struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);
void arena_reset(
    struct arena *a); /* releases what was allocated and adopted; keeps one block for the next use */

/* size bytes, aligned for any type, zeroed; valid until arena_reset or arena_free. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strndup(struct arena *a, const char *text, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Takes over a json-c reference: it is put when the arena is reset or freed. Returns it. */
struct json_object *arena_adopt(struct arena *a, struct json_object *taken);

/* Bytes held, for limits and metrics. */
size_t arena_bytes(const struct arena *a);

/* malloc and friends that never return NULL. */
void *mem_alloc(size_t size);
void *mem_calloc(size_t n, size_t size);
void *mem_realloc(void *p, size_t size);
char *mem_strndup(const char *text, size_t len);
