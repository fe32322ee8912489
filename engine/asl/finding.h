/*
 * finding.h -- what is wrong with a definition, and where.
 *
 * The modules that read a definition tell their findings to one list; nobody stops at the first.
 * Codes, texts and places are the service's: just what ValidateStateMachineDefinition returns.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { ASL_FINDINGS_MAX = 100 }; /* of each severity */

#define FINDING_SCHEMA    "SCHEMA_VALIDATION_FAILED"
#define FINDING_JSON      "INVALID_JSON_DESCRIPTION"
#define FINDING_TARGET    "MISSING_TRANSITION_TARGET"
#define FINDING_DUPLICATE "DUPLICATE_STATE_NAME"
#define FINDING_PORTABLE  "NOT_PORTABLE"      /* to whom asks for it an error */
#define FINDING_UNBUILT   "NOT_SUPPORTED_YET" /* the one code of SEVERITY_UNBUILT */

/* Warnings; what each means stands in api/README.md. */
#define FINDING_TERMINAL    "MISSING_TERMINAL_STATE"
#define FINDING_ENDLESS     "ENDLESS_LOOP"
#define FINDING_GROWS       "PAYLOAD_GROWS"
#define FINDING_DEFAULT     "MISSING_DEFAULT"
#define FINDING_RULE        "UNREACHABLE_RULE"
#define FINDING_HANDLER     "UNREACHABLE_HANDLER"
#define FINDING_ERROR_NAME  "UNKNOWN_ERROR_NAME"
#define FINDING_UNCATCHABLE "ERROR_NEVER_CAUGHT"
#define FINDING_DELAY       "DELAY_BELOW_INTERVAL"
#define FINDING_UNBOUNDED   "WAITS_WITHOUT_LIMIT"
#define FINDING_HEARTBEAT   "HEARTBEAT_NEVER_COMES"
#define FINDING_UNSENT      "TASK_TOKEN_NOT_SENT"
#define FINDING_NO_TOKEN    "NO_TASK_TOKEN"
#define FINDING_REPEATED    "RETRY_MAY_REPEAT"
#define FINDING_DELIVERY    "RETRY_DESPITE_AT_MOST_ONCE"
#define FINDING_TEXT        "EXPRESSION_IS_TEXT"
#define FINDING_UNREADABLE  "UNREADABLE_VARIABLE"
#define FINDING_CAPPED      "CONCURRENCY_CAPPED"
#define FINDING_INPUT       "NO_INPUT_HERE"
#define FINDING_CONTEXT     "UNKNOWN_CONTEXT_FIELD"
#define FINDING_STATES      "NOT_IN_STATES_HERE"
#define FINDING_TOO_LONG    "LONGER_THAN_EXPRESS"
#define FINDING_UNSET       "UNASSIGNED_VARIABLE"
#define FINDING_NO_EFFECT   "FIELD_WITHOUT_EFFECT"

enum asl_severity {
    SEVERITY_ERROR,   /* not in the language: the definition is refused */
    SEVERITY_UNBUILT, /* in the language, and not built yet: the definition is good, and cannot be deployed */
    SEVERITY_WARNING, /* worth a look; refuses nothing */
};

struct asl_finding {
    enum asl_severity severity;
    const char *code;
    const char *message;
    const char *at; /* JSON pointer: "/States/Pay/Next", "/" for the whole; NULL: nowhere in particular */
};

struct asl_findings {    /* starts as {0} */
    struct arena *arena; /* owns the list and its texts; made by the first finding */
    struct asl_finding *list;
    size_t n;
    size_t nerrors, nunbuilt, nwarnings; /* count on where the list has no more room */
    bool truncated;                      /* there were more */
};

/* A place in a document: links from the inside outwards. The outermost is the document itself. */
struct place {
    const struct place *up; /* NULL: this is the document */
    const char *key;        /* a member's name; NULL: an element of an array */
    size_t index;           /* the element */
};

/* Adds a finding; at NULL: no place. The entry, or NULL when the list is full. */
struct asl_finding *finding_error(struct asl_findings *f, const struct place *at, const char *code,
                                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
struct asl_finding *finding_warning(struct asl_findings *f, const struct place *at, const char *code,
                                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* what ("An activity") is in the language and not built yet. */
void finding_unbuilt(struct asl_findings *f, const struct place *at, const char *what);

/* Can the definition be deployed and run? */
bool asl_findings_good(const struct asl_findings *f);

/*
 * The errors in one line, as CreateStateMachine words them (without "Invalid State Machine Definition:
 * '...'" around): "SCHEMA_VALIDATION_FAILED: <message> at <pointer>, ...".  In err->cause; -1.
 * Of a definition without errors: what is not built.
 */
int asl_findings_err(const struct asl_findings *f, struct err *err);
void asl_findings_fini(struct asl_findings *f);
