/*
 * arn.h -- the names by which clients know machines and executions.
 *
 * arn:PARTITION:states:REGION:ACCOUNT:stateMachine:MACHINE and ...:execution:MACHINE:EXECUTION.  Names may
 * hold anything but white space, control characters and a list of punctuation; so no part of an ARN is ever
 * ambiguous. Pure.  Source: the API model; texts as the service words them.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ARN_NAME_CHARS_MAX = 80,
    ARN_NAME_BYTES = 4 * ARN_NAME_CHARS_MAX + 1, /* with its NUL */
};

enum arn_type { ARN_MACHINE, ARN_EXECUTION };

struct arn {
    enum arn_type type;
    bool ours;      /* of the region and account asked for: else nothing of that name can be here */
    bool qualified; /* ARN_MACHINE: with a version or alias behind the name */
    char machine[ARN_NAME_BYTES];
    char execution[ARN_NAME_BYTES]; /* ARN_EXECUTION */
};

/*
 * prefix: "arn:aws:states:REGION:ACCOUNT:", ours.  -1 with ERR_INVALID_ARN:
 *   "Invalid Arn: 'Invalid ARN prefix: TEXT'"                      not an ARN of this service
 *   "Invalid Arn: 'Resource type not valid in this context: TYPE'" another type than wanted
 * or ERR_VALIDATION for a labelled ARN (NAME/LABEL).
 */
int arn_parse(const char *text, size_t len, enum arn_type wanted, const char *prefix, struct arn *out,
              struct err *err);

/* May a machine, execution or activity bear this name?  -1 with ERR_INVALID_NAME: "Invalid Name: 'TEXT'". */
int arn_name_check(const char *text, size_t len, struct err *err);
