/*
 * scenario.h -- whole executions as text: a definition, and what comes of each stimulus at its moment.
 *
 *   scenario A task that fails is tried again after IntervalSeconds
 *   machine
 *       {"StartAt": "Charge", "States": {"Charge": {"Type": "Task", ...}}}
 *   at 0s start {"order": 7}
 *       1 ExecutionStarted {"order": 7}
 *       2 <- 0 TaskStateEntered Charge {"order": 7}
 *       3 LambdaFunctionScheduled Charge {"order": 7} timeout 30s
 *       4 LambdaFunctionStarted
 *       call charge #3 {"order": 7} until 30s
 *       wake 30s
 *   at 12s fails #3 Busy try later
 *       ...
 *
 * A history line is the event's number, "<- N" where it does not follow from the event before it, and its
 * details; behind an output stand the variables that the state sets, x=1.  Effects follow: call, cancel,
 * lost, finish, and the moment for which the one timer is set.
 *
 * Stimuli:
 *   start JSON                      answer #N JSON             fails #N ERROR [CAUSE]
 *   callback #N JSON                callback-fails #N [ERROR [CAUSE]]
 *   heartbeat #N                    timer
 *   stop [ERROR [CAUSE]]            give-up ERROR [CAUSE]
 *   withhold #N                     its call has not left, and this process stops
 *   crash                           the process dies, another takes over: what is still owed
 * ERROR "-": none. JSON may be "@text N" (a string of N bytes in all) or "@nested N" (N arrays).
 * A refused stimulus shows "refused NAME". "..." ends a line whose rest does not matter.
 */
#pragma once

#include "world.h"

struct scenario_step {
    int line;
    int64_t at_us;
    char *command;  /* what follows the moment */
    char *expected; /* its lines, trimmed, each ended by a newline */
};

struct scenario {
    int line;
    char *says;
    char *definition;
    struct scenario_step *steps;
    size_t nsteps;
};

struct scenario_file {
    const char *path;
    struct scenario *list;
    size_t n;
};

/* Exits with a message when the file cannot be read or is not in this form. */
void scenario_read(struct scenario_file *f, const char *path);
void scenario_free(struct scenario_file *f);

/* Performs a step. "" or what its expected should have been; the caller frees it. */
char *scenario_perform(struct world *w, const struct scenario_step *st);
