/*
 * value.h -- one immutable JSON value: text until somebody looks inside.
 *
 * A payload enters as text that js_scan has checked, and most payloads leave as the same text.  The
 * json-c tree is made when a path, template or expression first asks; a value computed by one
 * carries its tree, and its text is made when it is first journaled or sent.
 * Counted references; a value belongs to one thread and crosses to another as text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct js_buf;
struct value;

/* Payloads of states, inputs and outputs: at most this many bytes of UTF-8 (quota of the service). */
enum { VALUE_BYTES_MAX = 262144 };

/* Copies text, which must have passed js_scan. The reference is the caller's. */
struct value *value_new(const char *text, size_t len);

/*
 * Takes the json-c reference (NULL is JSON null). Nobody may change the tree afterwards.  bytes: about how
 * many its text has, as js_weigh says; 0: unknown.
 */
struct value *value_take(struct json_object *taken, size_t bytes);

/* Takes a text that is plain, as js_write makes it, and with has_tree the reference of its tree as well. */
struct value *value_plain(struct js_buf *text, struct json_object *tree, bool has_tree);

/* A value of the same text: for another owner, or another thread. */
struct value *value_copy(struct value *v);

/* Is its text plain? That of a computed value is; of what came from outside nobody knows: false. */
bool value_is_plain(const struct value *v);

struct value *value_ref(struct value *v); /* NULL gives NULL */
void value_unref(struct value *v);        /* NULL is allowed */

/* The JSON text, NUL-terminated behind len bytes; borrowed. */
const char *value_text(struct value *v, size_t *len);

/* The tree, borrowed; NULL is JSON null. */
struct json_object *value_tree(struct value *v);

/* Has it its tree now?  A text that nobody has looked into has none. */
bool value_has_tree(const struct value *v);

/* Bytes of the text: what the 262,144 limit is measured on. */
size_t value_bytes(struct value *v);

/* Puts the tree away and keeps the text: for values of executions that will wait long. NULL is allowed. */
void value_rest(struct value *v);

/* The constant {}; the reference is the caller's. */
struct value *value_empty_object(void);
