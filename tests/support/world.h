/*
 * world.h -- one execution with its journal, as a shell would keep it: for tests of the core.
 *
 * A step that is accepted is a commit: its events become one row of journal text, its effects leave.  The
 * world remembers which calls are out, so that it can be asked what a recovery must bring back.
 */
#pragma once

#include "asl/interp.h"
#include "base/clock.h"

#define WORLD_EPOCH_US INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z: "at 0s" */

struct world_row {
    int64_t at_us;
    struct js_buf events, payloads;
};

struct world_call { /* released, and neither answered nor cancelled */
    int32_t event_id;
    char *text; /* what was asked for, as world_describe_call has it */
};

struct world {
    struct asl *asl;
    struct exec exec;
    struct arena *arena;
    struct outcome out; /* of the last step */
    struct world_row *rows;
    size_t nrows;
    struct world_call *calls;
    size_t ncalls;
    bool heartbeats; /* some step had HeartbeatSeconds: a recovery restarts them, so wake_us may differ */
};

/* NULL, and the findings on standard error, for a definition that does not compile. */
struct world *world_new(const char *definition);
struct world *world_of(struct asl *asl); /* takes the definition */
void world_free(struct world *w);

/* interp_step at a moment; w->out holds this step alone. */
int world_step(struct world *w, const struct stimulus *in, int64_t now_us, struct err *err);

/* A fresh execution, folded from the first nrows rows of the journal. -1 with err. */
int world_fold(const struct world *w, size_t nrows, struct exec *ex, struct err *err);

/* The process dies and another takes over: the execution is folded anew, w->out holds what interp_resume
 * gives. */
void world_crash(struct world *w, int64_t now_us);

/*
 * The laws that hold after every step: the fold equals the live state, interp_resume brings back exactly
 * the calls that are out, wake_us is the earliest deadline, an execution that runs waits for something.
 * NULL, or what is broken (the caller frees it).
 */
char *world_broken_law(struct world *w, int64_t now_us);

/* A row, read back: event_read_row's list. */
int world_read_row(const struct world *w, size_t row, struct event **list, size_t *n, struct err *err);

/* A fresh execution like w's, before its first event. */
void world_attach(const struct world *w, struct exec *ex);

/*
 * A row as text, each event with its own payload: after a recovery values are no longer shared between
 * rows, so the row itself may hold a payload twice that stood in it once. The caller frees it.
 */
char *world_row_text(const struct world *w, size_t row);

/* "call charge #3 {...} until 30s", "lost ...": appended. */
void world_describe_call(const struct effect *e, struct js_buf *out);
void world_describe_time(int64_t us, struct js_buf *out); /* "1.5s" since the epoch of worlds */
