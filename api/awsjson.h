/*
 * awsjson.h -- AWS JSON 1.0: X-Amz-Target names the operation, the body holds its members.
 */
#pragma once

#include "ops.h"

/*
 * Finds the operation, reads and checks the members, into c->op and c->in. -1 with err. Pure.
 * target: "AWSStepFunctions.StartExecution"; NULL: none was sent.
 */
int awsjson_read(struct op_call *c, const char *target, const char *body, size_t len, struct err *err);

/* The refusal c->err as {"__type", "message"}, with its status. */
void awsjson_error(struct op_call *c);
