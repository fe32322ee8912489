/*
 * rest.h -- REST: method and path name the operation; path, query and body hold its members.
 */
#pragma once

#include "ops.h"

/*
 * Finds the operation, reads and checks the members, into c. -1 with err; *allow: for a path that is known
 * with other methods, those ("GET, PUT"), else untouched.  uri: as it was sent, with its query.  Pure.
 */
int rest_read(struct op_call *c, const char *method, const char *uri, const char *body, size_t len,
              char allow[64], struct err *err);

/* The refusal c->err as {"error", "message"}, with its status. */
void rest_error(struct op_call *c);

/* The methods of a path, or "" when there is no such path. */
void rest_allow(const char *uri, char allow[64]);
