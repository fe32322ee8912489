/*
 * interp_priv.h -- one step under way: what the interpreter's own files share.
 *
 *   interp.c       stimuli, the loop, effects, recovery
 *   interp_fail.c  a state has failed: retry, catch, or fail what it stands in
 *   dataflow.c     InputPath to OutputPath; dataflow_context.c: the context object
 *   dataflow_jsonata.c  the same in JSONata: Arguments, Output
 *   state_*.c      what each type of state does
 *
 * A state begins when it was entered and at each retry (state_ops.begin). It ends in exactly one of
 * state_done (a result), state_leave (an output), state_failed (an error, which Retry and Catch may take) or
 * state_broken (an evaluation that went wrong).  Nothing recurses through transitions: they are queued, and
 * the loop takes them one by one.
 *
 * Once the execution is over (step_over), emit does nothing: whoever emits needs no check, but whoever then
 * uses what the event would have made does.
 */
#pragma once

#include "asl/interp.h"
#include "base/clock.h"

enum { EVENTS_MAX = 25000 }; /* of one history; the last one says so */
/*
 * A step that has done so much makes every frame that could go on yield: what it did is committed, others
 * have their turn, and the timer, due at once, brings it back.  So no definition holds up its reactor, or
 * memory.
 */
enum { STEP_EVENTS = 1000, STEP_BYTES = 4194304, STEP_VISITS = JPATH_VISITS_MAX };
enum {
    ASSIGN_BYTES_MAX = VALUE_BYTES_MAX, /* of all that one Assign sets */
    VARIABLES_BYTES_MAX = 10485760,     /* of all variables of an execution */
};
#define HELD_US          CLOCK_SECOND        /* how long a callback waits for the answer of its own call */
#define WAIT_SECONDS_MAX INT64_C(2147483647) /* a longer Wait is refused */

/* Within a step: a call that was cancelled before it left. */
#define EFFECT_VOID ((enum effect_type)(EFFECT_FINISH + 1))

struct transition { /* a frame that enters a state */
    uint32_t frame;
    const struct asl_state *to;
    struct value *input; /* a reference */
};

struct step {
    struct exec *ex;
    struct outcome *out;
    int64_t now_us;
    uint64_t draws;               /* of this step: see step_dice */
    size_t events, bytes, visits; /* done so far: events, payloads, values looked at or steps of JSONata */
    const struct value *counted;  /* the last payload that bytes has in it */
    const char *location;    /* where in the state the last expression failed, "Output/x"; NULL: nowhere */
    struct transition *todo; /* in the outcome's arena; those before next are done */
    size_t next, ntodo, cap;
};

/* Why a state failed. */
struct failure {
    const char *error, *cause; /* NULL: none */
    const char *match;         /* what ErrorEquals is held against: error, but States.HeartbeatTimeout */
    int32_t event_id;          /* the event that tells it */
    struct frame *from;        /* the branch or iteration whose failure it is; NULL: the state's own */
    bool evaluation;           /* EvaluationFailed has told it */
};

/* ---- interp.c ---- */

bool step_over(const struct step *s);

/*
 * Appends an event of frame f, numbers it, and applies it.  It follows from the frame's last event, or, with
 * emit_after, from prev. Data and assigned are referenced; error and cause are copied. The state is f's own,
 * if the event shows one and e names none. Returns the number; 0: unnumbered, or the execution is over.
 */
int32_t emit(struct step *s, struct frame *f, struct event e);
int32_t emit_after(struct step *s, struct frame *f, int32_t prev, struct event e);

/* Queues: child enters its block with this input (borrowed), when those before it have come to wait. */
void step_start(struct step *s, const struct frame *child, struct value *input);
/* The same for a frame on its way: it goes on before any other. */
void step_go(struct step *s, const struct frame *f, const struct asl_state *to, struct value *input);

/* 64 uniform bits. Which of the seed's draws they are depends on the history alone: so a recovery goes on
 * alike. */
uint64_t step_dice(struct step *s);

void step_call(struct step *s, struct frame *f);   /* EFFECT_CALL for the attempt just scheduled */
void step_cancel(struct step *s, struct frame *f); /* EFFECT_CANCEL, if a call is out; or it never leaves */

/* The execution ends with this event of frame f: calls that are out are cancelled, and EFFECT_FINISH. */
void execution_ends(struct step *s, struct frame *f, int32_t prev, struct event e);

/* What a state leaves behind: starts as {0}; references. */
struct leaving {
    struct value *output;
    struct assigned *assigned; /* NULL: no variables */
};

void leaving_fini(struct leaving *l);

/* f's state ends: with a result, which ResultSelector to OutputPath shape into the output; f may be gone
 * then. */
void state_done(struct step *s, struct frame *f, struct value *result);
/* Towards next (NULL: the block ends); f may be gone then. */
void state_leave(struct step *s, struct frame *f, const struct asl_state *next, const struct leaving *l);
/* f may wait for years now: of its values the text is enough. */
void waits_long(struct step *s, struct frame *f);
/* f's state ends by its catcher of that index. */
void state_caught(struct step *s, struct frame *f, size_t catcher, const struct leaving *l);

struct state_ops {
    enum event_type entered, exited;
    void (*begin)(struct step *s, struct frame *f);
};
extern const struct state_ops STATE_OPS[]; /* by asl_type */

/* ---- interp_fail.c ---- */

void state_failed(struct step *s, struct frame *f, const struct failure *why);
/* The same when something could not be evaluated: States.Runtime ends the execution, others may be caught. */
void state_broken(struct step *s, struct frame *f, const struct err *err);
/* f's block has failed, and nothing in f may take it: a Fail state, or a failure that nobody caught. */
void frame_failed(struct step *s, struct frame *f, const struct failure *why);

/* Text from outside as errors and causes hold it: clean, of bounded length; in the outcome's arena. */
const char *error_text(struct step *s, const char *text, size_t len);
const char *cause_text(struct step *s, const char *text, size_t len);

/* ---- trials: see inspect.h ---- */

/* What a stage shows, if somebody looks. */
static inline void stage_seen(const struct step *s, enum inspect_stage stage, struct value *v)
{
    if (s->ex->inspection)
        inspect_stage(s->ex->inspection, stage, v);
}
/*
 * Instead of the state's own work a mock's result or error is taken, and the state ends; f may be gone then.
 * false: there is no mock.
 */
bool state_mocked(struct step *s, struct frame *f);

/* ---- dataflow.c ---- */

/* Where paths and templates of one state are evaluated. */
struct scope {
    struct step *s;
    struct frame *f;
    struct value *data; /* what "$" stands for; borrowed */
    bool scheduling;    /* a task is about to be scheduled: $$.Task.Token is known */
    struct frame *map;  /* ItemSelector: the Map whose item this is; else NULL */
    int32_t item;
    struct json_object *context;  /* its parts are made when first asked for */
    bool whole_context;           /* all of them */
    struct value *result, *error; /* $states.result, $states.errorOutput; NULL: there is none */
    struct json_object *states;   /* $states, made when first asked for */
    bool again;         /* a recovery may evaluate this anew: time and chance are those of the attempt */
    uint64_t draws;     /* then */
    size_t visits_left; /* of its paths and templates, or steps of its expressions in JSONata */
    struct jpath_env env;
};

void scope_init(struct scope *sc, struct step *s, struct frame *f, struct value *data);
void scope_fini(struct scope *sc);

/*
 * Sees to it that sc->context has that member of the context object, if there is one here; NULL: all of them,
 * in their order.  -1 with err.
 */
int scope_context(struct scope *sc, const char *member, struct err *err);

/* All give new references, or -1 with err: see state_broken. */
int scope_path(struct scope *sc, const struct asl_path *p, struct value **out, struct err *err);
int scope_template(struct scope *sc, const struct tmpl *t, struct value **out, struct err *err);

/* A path that must find something: -1 with its own words in err->cause, without "Invalid path". */
int scope_find(struct scope *sc, const struct jpath *p, struct json_object **out, struct err *err);

/*
 * Seconds, constant, by path or by an expression: *seconds is 0 when the field is absent.  name: the field's,
 * without "Path".
 */
int scope_seconds(struct scope *sc, const struct asl_seconds *field, const char *name, int32_t *seconds,
                  struct err *err);
/* An integer of at least 0 by path. */
int scope_count(struct scope *sc, const struct jpath *p, const char *name, int64_t *n, struct err *err);
/* A number from 0 to 100, by path or by an expression. */
int scope_percentage(struct scope *sc, const struct asl_number *field, const char *name, double *n,
                     struct err *err);

/*
 * A field of a state in JSONata: its value, a new reference; scope_query_as: of that type (json_type_double:
 * any number).  field is its name, for messages.
 */
int scope_query(struct scope *sc, const struct query *q, const char *field, struct json_object **out,
                struct err *err);
int scope_query_as(struct scope *sc, const struct query *q, const char *field, enum json_type type,
                   struct json_object **out, struct err *err);
/* A whole number from min to max. */
int scope_query_int(struct scope *sc, const struct query *q, const char *field, int64_t min, int64_t max,
                    int64_t *n, struct err *err);

/* InputPath of f's raw input. */
int dataflow_input(struct step *s, struct frame *f, struct value **in, struct err *err);
/*
 * The output of in, what InputPath left, and Assign, for states without a result: OutputPath, or Output (the
 * state's own: a Choice's rules have theirs).
 */
int dataflow_pass(struct step *s, struct frame *f, struct value *in, const struct asl_assign *assign,
                  struct leaving *out, struct err *err);
/* Parameters of in, or Arguments. */
int dataflow_args(struct step *s, struct frame *f, struct value *in, bool scheduling, struct value **args,
                  struct err *err);
/* ResultSelector, ResultPath, OutputPath, or Output; and Assign, of the result as it came. */
int dataflow_output(struct step *s, struct frame *f, struct value *result, struct leaving *out,
                    struct err *err);
/* Assign, in which "$" is data. */
int dataflow_assign(struct step *s, struct frame *f, const struct asl_assign *assign, struct value *data,
                    struct assigned **out, struct err *err);
/*
 * The same in a scope: every value is evaluated with the variables as they are before any of them is set.
 * This is where the query languages meet.  NULL for assign NULL, and for one that sets nothing.
 */
int scope_assign(struct scope *sc, const struct asl_assign *assign, struct assigned **out, struct err *err);

/* The same in JSONata. */
int jsonata_args(struct step *s, struct frame *f, bool scheduling, struct value **args, struct err *err);

/* How a state in JSONata is left. */
struct jsonata_exit {
    const struct query *output;      /* NULL: otherwise stands for it */
    const struct asl_assign *assign; /* NULL: nothing */
    struct value *otherwise;         /* borrowed, like these: */
    struct value *result;            /* $states.result; NULL: there is none */
    struct value *error;             /* $states.errorOutput; NULL: there is none */
};
int jsonata_leave(struct step *s, struct frame *f, const struct jsonata_exit *how, struct leaving *out,
                  struct err *err);

/*
 * Payloads are bounded where they are journaled: arguments, outputs, inputs of iterations.  These are -1 with
 * ERR_DATA_LIMIT; name is the state, or what its task called.  Values in between are bounded in memory alone.
 */
int value_made(const char *name, struct json_object *taken, struct value **out, struct err *err);
int value_fits(const char *name, struct value *v, struct err *err);
/* Passes a failure (rc -1) on; refuses and releases a value that is too large. */
int value_fitting(int rc, const char *name, struct value **v, struct err *err);
/*
 * The document with the result at the reference path's place, for when its text is wanted.  A large document
 * is neither parsed nor written again for that, if its own text was written here: a piece of it is exchanged.
 */
int value_placed(const char *name, const struct jpath *p, struct value *document, struct value *result,
                 struct value **out, struct err *err);
/* A value from text put together from JSON texts. */
int value_spliced(const char *name, const char *text, size_t len, struct value **out, struct err *err);
int data_limit(const char *name, struct err *err);

/* ---- states ---- */

void pass_begin(struct step *s, struct frame *f);
void task_begin(struct step *s, struct frame *f);
void choice_begin(struct step *s, struct frame *f);
void wait_begin(struct step *s, struct frame *f);
void succeed_begin(struct step *s, struct frame *f);
void fail_begin(struct step *s, struct frame *f);
void parallel_begin(struct step *s, struct frame *f);
void map_begin(struct step *s, struct frame *f);

void wait_over(struct step *s, struct frame *f);
void branch_done(struct step *s, struct frame *parallel);
void iteration_done(struct step *s, struct frame *iteration);
/* The items of a Map under way, borrowed; NULL with err: they could not be made out again after a recovery.
 */
struct json_object *map_items(struct step *s, struct frame *map, struct err *err);
/* The input of one iteration of a Map under way; a new reference. -1 with err. */
int map_item_input(struct step *s, struct frame *map, int32_t index, struct value **out, struct err *err);

/* ---- state_map_trial.c: what of a Map only trials know ---- */

/* The items of a Map with an ItemReader; a new reference. -1 with err. */
int map_read(struct step *s, struct frame *f, struct value *in, struct value **items, struct err *err);
/* ToleratedFailureCount and ToleratedFailurePercentage, into the inspection. */
int map_tolerance(struct step *s, struct frame *f, struct value *in, struct err *err);
/* A Map that has started, in a trial: no iteration runs. f may be gone then. */
void map_tried(struct step *s, struct frame *f);

/* All branches or iterations have ended: their results are the state's. */
void children_done(struct step *s, struct frame *f, enum event_type succeeded);

/* The call that f's attempt owes: its function or URL and its body. */
void task_effect(const struct exec *ex, struct frame *f, struct arena *arena, struct effect *e);
void task_succeeded(struct step *s, struct frame *f, struct value *answer);
void task_failed(struct step *s, struct frame *f, const char *error, const char *cause);
/* TimeoutSeconds or HeartbeatSeconds have run out: says no more than that, and gives the event. */
int32_t task_times_out(struct step *s, struct frame *f);
/* A callback: success when data is not NULL. */
void token_answered(struct step *s, struct frame *f, struct value *data, const char *error,
                    const char *cause);
/* The callback that was held takes its effect. */
void token_released(struct step *s, struct frame *f);
