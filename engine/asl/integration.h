/*
 * integration.h -- what the Resource of a Task may name: ARNs taken apart, and the services that the language
 * knows.
 *
 * Knows nothing of what this version of pawl can run: see unsupported.h.
 * Pure.  Source: AWS Step Functions Developer Guide, "Integrating services": each service's optimized actions
 * and the patterns that each supports; "AWS SDK service integrations".
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* arn:PARTITION:SERVICE:REGION:ACCOUNT:REST; region and account may be empty. */
struct resource_arn {
    const char *partition, *service, *region, *account, *rest;
};

/* False: it is no ARN of a partition of AWS (aws, aws-cn, aws-us-gov, ...). Parts are copies in the arena. */
bool resource_arn_split(struct arena *a, const char *text, struct resource_arn *to);

enum integration_pattern {
    PATTERN_REQUEST = 0,
    PATTERN_SYNC = 1,  /* .sync: until the job has ended */
    PATTERN_SYNC2 = 2, /* .sync:2: the same, its output as JSON */
    PATTERN_TOKEN = 4, /* .waitForTaskToken */
};

/* What stands behind "arn:aws:states:::", taken apart: "sqs:sendMessage.waitForTaskToken". */
struct integration {
    const char *service; /* "sqs"; "aws-sdk" */
    const char *action;  /* "sendMessage"; of aws-sdk "s3:getObject" */
    enum integration_pattern pattern;
};

/* False: there is no action. */
bool integration_split(struct arena *a, const char *rest, struct integration *to);

/* Does the language know this service, its action, and the pattern for it? */
bool integration_known(const struct integration *i);

/* The parameters without which the action cannot be called, separated by blanks; "": none is known. */
const char *integration_required(const struct integration *i);
