/*
 * asl.h -- a state machine, compiled: what the interpreter walks.
 *
 * A definition's text is compiled once per reactor into one immutable arena: transitions are
 * pointers, paths and templates are compiled.  asl_parse.c reads the fields of each state in the order
 * of the specification; asl_check.c looks at the whole (dangling Next, unreachable states, names).
 * Pure.  Source: Amazon States Language; texts and codes as the service's CreateStateMachine gives them.
 */
#pragma once

#include "asl/choice.h"
#include "asl/items.h"
#include "asl/retry.h"
#include "lang/template.h"

#include <stdint.h>

enum {
    ASL_DEFINITION_BYTES_MAX = 1048576,
    ASL_NAME_CHARS_MAX = 80,      /* a state's name, in code points */
    ASL_MAP_CONCURRENCY_MAX = 40, /* inline Map runs at most this many iterations at once */
    ASL_NESTING_MAX = 32,         /* Parallel and Map within each other */
    ASL_VARIABLE_CHARS_MAX = JPATH_VARIABLE_CHARS_MAX, /* a variable's name, in code points */
};
#define ASL_SECONDS_MAX                                                                                      \
    INT64_C(99999999) /* TimeoutSeconds, HeartbeatSeconds, Wait's Seconds in a definition */

enum asl_type {
    ASL_TASK,
    ASL_PASS,
    ASL_WAIT,
    ASL_CHOICE,
    ASL_SUCCEED,
    ASL_FAIL,
    ASL_PARALLEL,
    ASL_MAP,
};

/* InputPath and its like. Absent, or "$": the whole, with nothing to evaluate. */
struct asl_path {
    const struct jpath *path; /* NULL: the whole (or null) */
    bool null;                /* written as null */
};

/* A number of seconds: a constant, by path, or by an expression. */
struct asl_seconds {
    bool present;
    int64_t constant;          /* seconds; when the others are NULL */
    const struct jpath *path;  /* ...SecondsPath */
    const struct query *query; /* JSONata */
};

/* A number: a constant, by path, or by an expression. */
struct asl_number {
    bool present;
    double constant;           /* when the others are NULL */
    const struct jpath *path;  /* ...Path */
    const struct query *query; /* JSONata */
};

enum asl_resource {
    ASL_FUNCTION,      /* arn:...:lambda:...:function:NAME: events LambdaFunction* */
    ASL_LAMBDA_INVOKE, /* arn:...:states:::lambda:invoke[.waitForTaskToken]: events Task*, result wrapped */
    ASL_URL,           /* http:// or https://, called as it stands: events Task* with resourceType "http" */
    ASL_SERVICE,       /* another integration: events Task*; not built */
    ASL_ACTIVITY,      /* arn:...:activity:NAME: events Activity*; not built */
    ASL_UNKNOWN,       /* among the findings */
};

enum asl_pattern { ASL_REQUEST_RESPONSE, ASL_WAIT_FOR_TOKEN, ASL_SYNC, ASL_SYNC_2 };

struct asl_task {
    enum asl_resource kind;
    enum asl_pattern pattern;
    const char *resource;         /* as written */
    const char *function;         /* ASL_FUNCTION: the name in the registry */
    const char *resource_type;    /* Task* events: "lambda", "http", a service */
    const char *resource_name;    /* Task* events: "invoke", "invoke.waitForTaskToken", the URL */
    bool at_most_once;            /* "Delivery": "AtMostOnce": not sent again after a crash */
    struct asl_seconds timeout;   /* TimeoutSeconds, TimeoutSecondsPath */
    struct asl_seconds heartbeat; /* HeartbeatSeconds, HeartbeatSecondsPath */
    /* Credentials, {"RoleArn": ...}, for the history: pawl takes on no roles. In JSONata the query. NULL:
     * absent */
    const struct tmpl *credentials;
    const struct query *credentials_query;
};

struct asl_pass {
    struct value *result; /* NULL: absent. Read its text only: trees are not shared */
};

struct asl_wait {
    struct asl_seconds seconds;
    bool absolute;                       /* Timestamp or TimestampPath */
    int64_t timestamp_us;                /* Timestamp */
    const struct jpath *timestamp;       /* TimestampPath */
    const struct query *timestamp_query; /* Timestamp in JSONata */
};

struct asl_choice {
    const struct choice_rule *rules;
    size_t nrules;
    const struct asl_state *otherwise; /* Default; NULL: States.NoChoiceMatched */
};

struct asl_fail {
    const char *error, *cause; /* NULL: absent */
    const struct tmpl_expr *error_path, *cause_path;
    const struct query *error_query, *cause_query; /* JSONata */
};

/*
 * "Assign" of a state, a choice rule or a catcher: the variables that it sets, in the order of the document.
 * They belong to the block of the state, which is their scope.
 */
struct asl_assign {
    const char **names; /* n; each begins with a letter, has at most ASL_VARIABLE_CHARS_MAX characters */
    size_t n;
    const struct tmpl *values;    /* JSONPath: an object whose members they are, in the same order */
    const struct query **queries; /* JSONata: n; NULL in JSONPath */
};

/* A region of states with an entry: the machine itself, a branch, an item processor. */
struct asl_block {
    const struct asl_state *start;
    const struct asl_state **states; /* in the order of the definition */
    size_t nstates;
    uint32_t index;                /* in the order of the document; 0: the machine */
    const struct asl_state *owner; /* the Parallel or Map that holds it; NULL: the machine */
    bool apart; /* a distributed Map's: its children are executions, and see no variables around */
};

struct asl_parallel {
    const struct asl_block **branches;
    size_t nbranches; /* at least 1 */
};

/* Of a distributed Map: what stands here is known to trials alone, for the mode is not built. */
struct asl_distributed {
    bool reads; /* ItemReader: the items come from a file of this format */
    struct items_format format;
    struct asl_number max_items;
    bool batches; /* ItemBatcher */
    struct asl_number batch_items, batch_bytes;
    const struct tmpl *batch_input;
    bool writes;                                             /* ResultWriter */
    struct asl_number tolerated_count, tolerated_percentage; /* failures */
};

struct asl_map {
    const struct asl_block *processor;
    struct asl_path items;           /* ItemsPath */
    const struct tmpl *selector;     /* ItemSelector, or Parameters of old */
    int64_t max_concurrency;         /* 0: as many as allowed */
    const struct jpath *concurrency; /* MaxConcurrencyPath */
    struct asl_distributed distributed;
    /* JSONata: */
    const struct query *items_query, *selector_query, *concurrency_query;
};

struct asl_state {
    const char *name;
    enum asl_type type;
    uint32_t index; /* place in asl.states */
    const struct asl_block *block;
    const struct asl_state *next; /* NULL: the block ends here */
    struct asl_path input_path, output_path;
    struct asl_path result_path;   /* Task, Pass, Parallel, Map */
    const struct tmpl *parameters; /* Task, Pass, Parallel (Map: see selector) */
    const struct tmpl *result_selector;
    const struct asl_assign *assign; /* NULL: nothing. Choice: for Default alone, see rules */
    const char **reads;              /* the variables that its fields name, its inner states' aside; sorted */
    size_t nreads;
    bool jsonata; /* its QueryLanguage: then paths and templates are absent, and there may be */
    const struct query *arguments;  /* Task, Parallel */
    const struct query *output;     /* all but Fail. Choice: for Default alone, see rules */
    const struct retrier *retriers; /* Task, Parallel, Map */
    size_t nretriers;
    const struct catcher *catchers;
    size_t ncatchers;
    union {
        struct asl_task task;
        struct asl_pass pass;
        struct asl_wait wait;
        struct asl_choice choice;
        struct asl_fail fail;
        struct asl_parallel parallel;
        struct asl_map map;
    } u;
};

struct asl {
    struct arena *arena;
    const char *comment;
    int64_t timeout_s; /* TimeoutSeconds of the machine; 0: none */
    const struct asl_block *root;
    const struct asl_state **states; /* every state of every block, by index */
    size_t nstates;
    const struct asl_state **by_name; /* the same, sorted: asl_find's own */
    const char **variables;           /* the names that some Assign sets, sorted: asl_variable's own */
    size_t nvariables;
};

enum asl_rules {
    ASL_EXPRESS = 1,  /* those of EXPRESS machines */
    ASL_PORTABLE = 2, /* what pawl adds to the language is an error */
};

/*
 * Compiles a definition.  NULL when it has errors or uses what is not built, as the findings then tell (which
 * are filled in either way, up to ASL_FINDINGS_MAX of each severity); findings starts as {0} and may be NULL.
 * rules: of asl_rules.
 */
struct asl *asl_parse(const char *text, size_t len, unsigned rules, struct asl_findings *findings);
/*
 * The same for a state that is to be tried (trial.h).  lone: the text is one state, and becomes a machine of
 * that state, ASL_LONE_NAME; where it leads to need not be there.  What only a mock can stand in for is
 * allowed in the definition.
 */
#define ASL_LONE_NAME "StateName" /* recorded: places in findings, $$.State.Name */
struct asl *asl_parse_trial(const char *text, size_t len, bool lone, struct asl_findings *findings);
void asl_free(struct asl *asl);

/* The state of that name, anywhere in the machine; NULL: none. Fast: names are sorted. */
const struct asl_state *asl_find(const struct asl *asl, const char *name, size_t len);

/* The definition's own copy of the name of a variable that some Assign sets; NULL: none does. Fast. */
const char *asl_variable(const struct asl *asl, const char *name, size_t len);

const char *asl_type_name(enum asl_type t); /* "Task", ... */
