/*
 * interp.h -- the core, seen from the shell: one stimulus in, events and effects out.
 *
 * Given an execution, what happened to it and the time, interp_step decides: it emits history events
 * (each applied by exec_apply as it is emitted) and the effects that follow once they are
 * committed.  Pure: no clock, socket, global or log line.
 */
#pragma once

#include "asl/exec.h"

enum stimulus_type {
    STIM_START,          /* data: the input (checked); seed. With error (and cause) it fails at once */
    STIM_TASK_SUCCEEDED, /* event_id: the attempt's *Scheduled; data: the answer */
    STIM_TASK_FAILED,    /* event_id; error, cause (each may be NULL). An answer too long: ERR_DATA_LIMIT */
    STIM_CALL_WITHHELD, /* event_id: its EFFECT_CALL has surely not left, and this process will not make it */
    STIM_TOKEN_SUCCEEDED, /* SendTaskSuccess: the same fields, for an open token */
    STIM_TOKEN_FAILED,    /* SendTaskFailure */
    STIM_TOKEN_HEARTBEAT, /* SendTaskHeartbeat: moves the heartbeat's deadline, emits nothing */
    STIM_TIMER,           /* now_us has come: everything that is due happens */
    STIM_STOP,            /* StopExecution: error, cause (each may be NULL) */
    STIM_FAIL,            /* the shell cannot go on with it: ExecutionFailed with error and cause, uncaught */
};

struct stimulus {
    enum stimulus_type type;
    int32_t event_id;
    struct value *data; /* borrowed */
    const char *error, *cause;
    uint64_t seed;
};

enum effect_type {
    EFFECT_CALL,   /* call the function or URL of state's task */
    EFFECT_LOST,   /* recovery only, AtMostOnce: the call may have left; answer with STIM_TASK_FAILED */
    EFFECT_CANCEL, /* forget the call of event_id: its answer no longer matters */
    EFFECT_FINISH, /* the execution has ended: exec says how */
};

struct effect {
    enum effect_type type;
    uint32_t frame;
    int32_t event_id;              /* the attempt: its *Scheduled */
    int32_t entered_id;            /* the visit: its *StateEntered */
    uint32_t attempt;              /* 1 for the first try of this visit */
    const struct asl_state *state; /* EFFECT_CALL: its task */
    const char *function; /* name in the registry, NULL for a URL; the outcome's or the definition's */
    const char *url;      /* ASL_URL: the address */
    struct value *body;   /* a reference; what is sent */
    int64_t timeout_us;   /* give up at; CLOCK_NEVER */
};

struct outcome {
    struct arena *arena;  /* for the effects' texts; the caller's */
    struct event *events; /* in order, applied already */
    size_t nevents, cap_events;
    struct effect *effects;
    size_t neffects, cap_effects;
    int64_t wake_us;   /* give STIM_TIMER not before; CLOCK_NEVER: no timer */
    size_t events_max; /* of one step, about: then it yields, and wake_us is now; 0: 1,000 */
};

void outcome_init(struct outcome *out, struct arena *arena);
void outcome_clear(struct outcome *out); /* releases events and effects, keeps the arrays */
void outcome_fini(struct outcome *out);

/*
 * Decides. Appends to out (which may hold earlier steps of the same execution) and sets wake_us. Bounded in
 * time and memory, whatever the definition: a long step yields, and STIM_TIMER goes on with it.
 * 0, or -1 with err when the stimulus has nothing to act on, and nothing has changed:
 *   ERR_TASK_TIMED_OUT  a callback whose attempt is over, or that has been answered already
 *   ERR_TASK_MISSING    a callback for something that never was a token
 *   ERR_INVALID_OUTPUT  a callback's output that is too large
 *   ERR_NOT_FOUND       an answer to an attempt that is over, a stop of an ended execution
 * A workflow's own failures are events, never -1.
 */
int interp_step(struct exec *ex, const struct stimulus *in, int64_t now_us, struct outcome *out,
                struct err *err);

/*
 * Recovery: the effects that are still owed after the fold, and wake_us. Emits no event. Heartbeats were not
 * journaled, so every HeartbeatSeconds starts again at now_us.
 */
void interp_resume(struct exec *ex, int64_t now_us, struct outcome *out);

/* The names by which the world knows a call. Buffers of INTERP_KEY_BYTES. */
enum { INTERP_KEY_BYTES = 48 };
char *interp_idempotency_key(char *buf, int64_t execution_id, int32_t scheduled_id);
char *interp_step_key(char *buf, int64_t execution_id, int32_t entered_id);

/* arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME and ...:stateMachine:MACHINE, appended. */
void interp_execution_arn(const struct exec *ex, struct js_buf *out);
void interp_machine_arn(const struct exec *ex, struct js_buf *out);
