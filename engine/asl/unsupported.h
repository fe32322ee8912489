/*
 * unsupported.h -- what the service accepts and this version of pawl cannot run yet.
 *
 * Such a definition is good to ValidateStateMachineDefinition (which mentions it as SEVERITY_UNBUILT), and
 * refused when it is created, with words that say so; never later, in the middle of an execution.  Whoever
 * builds one of these things deletes its line here.
 */
#pragma once

#include <stdbool.h>

/* The words for a Map's Mode "DISTRIBUTED"; NULL: it is supported. */
const char *unsupported_mode(const char *mode);

/* A service integration that the language knows: "sqs", "sendMessage" (without ".sync" and the like). */
bool unsupported_integration(const char *service, const char *action);
