/*
 * ops.h -- the operations: one table, two protocols.
 *
 * An operation knows nothing of HTTP.  It reads the members of its request, which awsjson.c or rest.c has put
 * into one JSON object and op_check has held against the operation's constraints, and answers at once or
 * later, on the reactor's thread: op_done with what it has written, or op_fail.  The few things in which the
 * two protocols show an answer differently (moments, JSON in JSON) are the writers' business here.
 */
#pragma once

#include "arn.h"
#include "base/json.h"
#include "page.h"
#include "run/reactor.h"

/* ---- the table ---- */

enum op_type {
    OP_STRING,
    OP_INTEGER,
    OP_BOOLEAN,
    OP_OBJECT,
    OP_LIST,
    OP_JSON, /* JSON as text: a string in AWS JSON, any value in a REST body */
};

enum {
    OP_REQUIRED = 1,
    OP_AWS = 2,    /* not a member in REST: the path says it */
    OP_QUERY = 4,  /* REST: from the query, not from the body */
    OP_BODY = 8,   /* REST: the whole body */
    OP_ASCII = 16, /* holds ASCII alone */
    OP_CLEAN = 32, /* may hold U+0000: read with op_clean */
};

enum { OP_DATA_CHARS_MAX = 262144 }; /* of inputs and other data in a request */

struct op_member {
    const char *name;
    enum op_type type;
    unsigned flags;
    int64_t min, max; /* characters of a string, value of an integer, elements of a list; max 0: no limit */
    const char *set;  /* of a string: "[ONE, OTHER]", as the service prints it; NULL: any */
    const char *rest; /* its name in REST; NULL: the same */
};

enum op_skin { SKIN_AWS, SKIN_REST };

struct op_call;
struct op {
    const char *name;          /* behind "AWSStepFunctions."; NULL: REST only */
    const char *method, *path; /* "/api/state-machines/{machine}"; NULL: AWS JSON only */
    void (*fn)(struct op_call *c);
    const struct op_member *members; /* up to one without a name; NULL: none */
};

extern const struct op OPS[];
extern const size_t NOPS;

/* ---- one call ---- */

struct op_call {
    struct ops *ops;
    const struct op *op;
    enum op_skin skin;
    json_object *in;                    /* the members; owned */
    char *machine;                      /* REST: {machine} of the path; else NULL; owned */
    char *execution;                    /* REST: {execution}; owned */
    char *item;                         /* REST: {name} of anything else; owned */
    struct arn arn;                     /* op_machine, op_execution: whom it is about */
    struct js_buf out;                  /* the answer */
    int status;                         /* of HTTP; 200 unless the operation says otherwise */
    const char *content_type;           /* NULL: the protocol's */
    struct err err;                     /* name set: refused */
    void *state;                        /* the operation's own; put away by release */
    struct forgetting *forgetting;      /* op_forget's */
    void (*release)(struct op_call *c); /* NULL: nothing to put away */
    void (*drained)(struct op_call *c); /* a stream's: all of out is on its way */
    void *request;                      /* the door's */
    struct op_call *prev, *next;        /* in ops->calls */
};

struct op_door {                                                /* what the door does for a call */
    void (*answer)(struct op_call *c);                          /* the call is over: send, then op_free */
    const char *(*header)(struct op_call *c, const char *name); /* of the request; NULL: absent; borrowed */
    void (*stream)(struct op_call *c); /* headers go out at once, then out, until op_done */
    void (*push)(struct op_call *c);   /* there is something in a stream's out */
};

struct ops { /* of one reactor */
    struct reactor *reactor;
    const struct op_door *door;
    const char *arn_prefix; /* arn:aws:states:REGION:ACCOUNT: */
    char *region, *account;
    const unsigned char *token_key;
    struct op_call *calls;         /* those that are not answered yet */
    unsigned waiting, waiting_max; /* callers of ?wait= and live events */
    unsigned trials;               /* states that are being tried */
    uint64_t dice, throws;         /* chance: for request ids, and (~dice) for trials */
};

struct ops *ops_new(struct reactor *r, const struct op_door *door);
void ops_free(struct ops *o); /* forgets the calls that are left */

struct op_call *op_call_new(struct ops *o, enum op_skin skin, void *request);
void op_free(struct op_call *c);

/* ---- reading ---- */

/*
 * The members against their types and constraints.  -1: ERR_SERIALIZATION for a wrong type, else
 * ERR_VALIDATION: "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint:
 * Member must ...". Pure.
 */
int op_check(const struct op *op, enum op_skin skin, json_object *in, struct err *err);
/* The same for an object within: prefix "loggingConfiguration.". */
int op_check_within(const char *prefix, const struct op_member *members, json_object *in, struct err *err);

/* Is the text JSON?  -1 with a cause in the words that the service uses where it has some. Pure. */
int op_check_json(const char *text, size_t len, struct err *err);

/* The same for the input of an execution: ERR_INVALID_INPUT as StartExecution words it. Pure. */
int op_check_input(const char *text, size_t len, struct err *err);
/* May this be a role's ARN?  ERR_INVALID_ARN. Pure. */
int op_check_role(const char *role, struct err *err);
/* Whose role it is when nobody says: buf has OP_ROLE_BYTES. */
enum { OP_ROLE_BYTES = 80 };
const char *op_default_role(const struct op_call *c, char buf[OP_ROLE_BYTES]);

const char *op_str(const struct op_call *c, const char *member, size_t *len); /* NULL: absent; borrowed */
const char *op_clean(const struct op_call *c, const char *member); /* the same; U+0000 becomes U+FFFD */
int64_t op_int(const struct op_call *c, const char *member, int64_t otherwise);
bool op_bool(const struct op_call *c, const char *member, bool otherwise);
json_object *op_get(const struct op_call *c, const char *member); /* borrowed */

/* Whom the call is about, into c->arn: by the path, or by stateMachineArn, executionArn.  -1: the call has
 * failed. */
int op_machine(struct op_call *c);
int op_machine_named(
    struct op_call *c); /* the same for what need not be there: look at arn.ours and arn.qualified */
int op_execution(struct op_call *c);

/* May the reactor acknowledge?  Else the call has failed with 503. */
bool op_ready(struct op_call *c);

/* ---- answering: exactly one of these ends a call; c is gone afterwards ---- */

void op_done(struct op_call *c);
int op_fail(struct op_call *c, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))); /* -1 */
int op_fail_err(struct op_call *c, const struct err *err);
void op_fail_store(struct op_call *c, const struct err *err, const char *sqlstate); /* a query did not work */
int op_no_machine(struct op_call *c);   /* State Machine Does Not Exist */
int op_no_execution(struct op_call *c); /* Execution Does Not Exist */

/* ---- a change of the catalogue: every reactor of this process forgets the name, then the call goes on with
 * then ---- */

enum op_forgotten { OP_MACHINE, OP_FUNCTION };
void op_forget(struct op_call *c, enum op_forgotten what, const char *name, void (*then)(struct op_call *c));

/* ---- writing the answer: members in the order of the calls ---- */

void op_open(struct op_call *c, const char *key, char bracket); /* key NULL: an element, or the whole */
void op_close(struct op_call *c, char bracket);
void op_put(struct op_call *c, const char *key, const char *text); /* NULL: left out */
void op_put_clean(struct op_call *c, const char *key,
                  const char *text); /* any bytes: what is not UTF-8 is replaced */
void op_put_int(struct op_call *c, const char *key, int64_t n);
void op_put_bool(struct op_call *c, const char *key, bool yes);
void op_put_time(struct op_call *c, const char *key, int64_t us); /* seconds, or ISO 8601 in REST */
void op_put_json(struct op_call *c, const char *key, const char *text,
                 size_t len); /* as text, or as it is in REST */
void op_put_raw(struct op_call *c, const char *key, const char *json, size_t len); /* as it is */
void op_put_machine_arn(struct op_call *c, const char *key, const char *machine);
void op_put_execution_arn(struct op_call *c, const char *key, const char *machine, const char *execution);

/* ---- pages ---- */

/* The position that nextToken holds (page.h), or "" without one.  -1: the call has failed with
 * ERR_INVALID_TOKEN. */
int op_page(struct op_call *c, const char *kind, char position[PAGE_POSITION_BYTES]);
void op_put_next(struct op_call *c, const char *kind, const char *position);
int op_page_size(const struct op_call *c); /* maxResults: 1 to 1000 */
