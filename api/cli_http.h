/*
 * cli_http.h -- requests of `pawl` to pawld: REST, and the live events of an execution.
 *
 * One connection, kept alive between requests.  Answers are bounded.
 */
#pragma once

#include "base/json.h"

/*
 * One request.  path begins with "/api/", percent-encoded; body NULL: none.  *out: the answer, the caller's.
 * -1 with err: pawld cannot be reached, or refuses: then err->cause reads "NAME: message".
 */
int cli_request(const char *method, const char *path, const char *body, size_t len, json_object **out,
                struct err *err);

/* GET, with all pages: the arrays named list of each page in one; at most max items (0: all). */
int cli_request_pages(const char *path, const char *list, size_t max, json_object **out, struct err *err);

/* Returns false to end the stream. The event is borrowed. */
typedef bool (*cli_event)(void *arg, json_object *event);

/*
 * The live events of an execution until the last one, each once; a broken connection is taken up where
 * it broke.  -1 with err: pawld refuses, or stays away for half a minute.
 */
int cli_events(const char *path, cli_event on_event, void *arg, struct err *err);

/* text percent-encoded, for a path or a query, at the end of b. */
void cli_encode(struct js_buf *b, const char *text, size_t len);
