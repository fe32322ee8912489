/*
 * exec.h -- the state of one execution: a tree of frames, changed by events alone.
 *
 * The root, each Parallel branch and each Map iteration is a frame: a place in the definition with
 * its data.  exec_apply is the only function that changes an execution; live running and recovery
 * both go through it, so recovery is a fold over the journal, and then interp_resume.
 * Pure: time and chance come with the events.
 */
#pragma once

#include "asl/event.h"
#include "asl/inspect.h"

#include <uthash.h>

enum exec_status { EXEC_RUNNING, EXEC_SUCCEEDED, EXEC_FAILED, EXEC_TIMED_OUT, EXEC_ABORTED };

const char *exec_status_name(enum exec_status s); /* "RUNNING", ... */

enum frame_phase {
    FRAME_ENTERED,  /* in a state, nothing outside under way; state NULL: not yet in its first */
    FRAME_LEFT,     /* left a state; the next is entered within the same step */
    FRAME_READY,    /* about to enter state with input: the step was long enough (EV_YIELDED) */
    FRAME_CALLING,  /* a task is scheduled: its answer (or submission) is owed */
    FRAME_WITHHELD, /* the same, but the call has not left: due at due_us */
    FRAME_TOKEN,    /* submitted: a callback with its token is awaited */
    FRAME_WAITING,  /* in a Wait state until due_us */
    FRAME_RETRYING, /* until due_us, then the state is tried again */
    FRAME_CHILDREN, /* in a Parallel or Map: its branches or iterations run */
    FRAME_DONE,     /* reached the end of its block */
};

struct held { /* a callback that came while its call was still out */
    struct value *output;
    char *error, *cause; /* of a failure (output is NULL) */
};

/* What a Parallel or Map has under way. */
struct children {
    uint32_t n;             /* branches or items */
    uint32_t opened;        /* how many have been started, in order */
    uint32_t open;          /* how many run now */
    struct value **results; /* n; NULL where there is none yet */
    struct frame *list;     /* the open ones, in the order in which they opened (utlist) */
    struct value *input; /* Map: after InputPath; a memo of what frame.input gives, NULL after a recovery */
    struct value *items; /* Map: the array; a memo like input */
};

struct variable {     /* of one scope; changed by exec_apply alone */
    const char *name; /* the definition's */
    struct value *value;
    UT_hash_handle hh;
};

struct frame {
    uint32_t id; /* 0: the root; numbered as frames open, never reused */
    enum frame_phase phase;
    const struct asl_block *block;
    const struct asl_state *state; /* where it is; NULL before the first state */
    struct frame *parent;          /* NULL: the root */
    struct frame *prev, *next;     /* siblings, in parent->children->list */
    int32_t index;                 /* branch or iteration within the parent */
    int32_t entered_id;            /* event that entered the state: "entered at the event id #N" */
    int32_t before_id;             /* the event before that one: what an evaluation that fails links to */
    int32_t last_id;               /* the newest event of this frame: what the next one links to */
    int32_t scheduled_id;          /* *Scheduled of the current attempt: names it to the world; 0: none */
    int64_t entered_us;
    struct value *input;        /* the state's raw input */
    struct value *args;         /* FRAME_CALLING, FRAME_WITHHELD: what the task is called with; else NULL */
    struct value *output;       /* FRAME_DONE: the result of the block */
    struct variable *variables; /* hash by name: those that its own states have set; NULL: none */
    uint32_t retry_count;       /* $$.State.RetryCount */
    uint32_t *retries;          /* per retrier, for this visit; NULL: none yet */
    int64_t
        due_us; /* FRAME_READY, FRAME_WAITING, FRAME_RETRYING, FRAME_WITHHELD, or held; else CLOCK_NEVER */
    int64_t timeout_us;   /* an attempt is under way: TimeoutSeconds runs out; CLOCK_NEVER: none */
    int64_t heartbeat_us; /* the same for HeartbeatSeconds; moved on by heartbeats, which are no events */
    int32_t heartbeat_s;
    struct held *held;         /* FRAME_CALLING: its answer is there before the call's; else NULL */
    struct children *children; /* FRAME_CHILDREN; else NULL */
    UT_hash_handle hh;         /* by id, in exec.frames */
    UT_hash_handle by_attempt; /* by scheduled_id, in exec.attempts */
};

struct exec {               /* never moved: its frames point into it */
    int64_t id;             /* pawl.execution.execution_id */
    struct asl *asl;        /* borrowed: whoever made the exec pins it */
    char *name;             /* the execution's name; owned */
    const char *machine;    /* the machine's name; borrowed, like the next */
    const char *arn_prefix; /* "arn:aws:states:REGION:ACCOUNT:" */
    const char *role_arn;
    const unsigned char *token_key; /* TOKEN_KEY_BYTES, for $$.Task.Token; borrowed */
    enum exec_status status;
    uint64_t seed; /* of chance: interp_priv.h's step_dice */
    int64_t started_us, stopped_us;
    int64_t deadline_us; /* the machine's TimeoutSeconds; CLOCK_NEVER: none */
    int32_t last_event_id;
    uint32_t next_frame; /* id of the next frame that opens */
    struct value *input, *output;
    char *error, *cause;    /* of a failed, aborted or timed-out execution; NULL: absent */
    size_t variables_bytes; /* exec_variable_bytes of all variables */
    struct frame root;
    struct frame *frames;          /* hash of the open frames but the root */
    struct frame *attempts;        /* hash of those of them that have an attempt under way */
    int64_t wake_us;               /* the earliest deadline, kept by exec_wake */
    bool wake_stale;               /* the frame that had it has lost it */
    struct inspection *inspection; /* of a trial; borrowed; NULL: an ordinary execution */
};

void exec_init(struct exec *ex, int64_t id, struct asl *asl, const char *name);
void exec_fini(struct exec *ex);

/* The only door for change. e must be one that interp_step emitted for this state; else PAWL_ASSERT. */
void exec_apply(struct exec *ex, const struct event *e);

/* The same for one read from a journal: -1 with ERR_INTERNAL, and no change, if it does not fit. */
int exec_fold(struct exec *ex, const struct event *e, struct err *err);

/*
 * For one whose journal cannot be folded: the history goes on behind that event, and all that may still be
 * done is to end it.
 */
void exec_skip_to(struct exec *ex, int32_t last_event_id);

/* The frame of that id, or NULL when it is not (or no longer) open. */
struct frame *exec_frame(const struct exec *ex, uint32_t id);

/* The open frame whose current attempt is scheduled_id; NULL: that attempt is over. */
struct frame *exec_attempt(const struct exec *ex, int32_t scheduled_id);

/* Before the first event, of a trial alone: variables that are there already. Names are borrowed. */
void exec_preset(struct exec *ex, const struct assigned *variables);

/* What a variable counts: its name and its value as text, and what it takes beside, however small it is. */
size_t exec_variable_bytes(const char *name, struct value *value);

/* The variable as f's states see it, which may be that of a scope around it; NULL: it has no value. */
const struct variable *exec_variable(const struct frame *f, const char *name);

/* The earliest of all deadlines: waits, retries, timeouts, heartbeats, the machine's; CLOCK_NEVER: none. */
int64_t exec_wake(struct exec *ex);

/* A heartbeat of a task's worker.  Heartbeats are no events: this is the one change beside exec_apply. */
void exec_heartbeat(struct exec *ex, struct frame *f, int64_t now_us);

/* Whether an attempt with HeartbeatSeconds is under way: what leaves memory forgets its heartbeats. */
bool exec_has_heartbeats(const struct exec *ex);

/* Calls fn for every open frame, parents before children. */
void exec_each(const struct exec *ex, void (*fn)(struct frame *f, void *arg), void *arg);

/*
 * A canonical text of the whole state, for the replay property: equal texts, equal states. Left out is what
 * no event tells: heartbeats and memos.
 */
void exec_dump(const struct exec *ex, struct js_buf *out);
