/*
 * inbox.h -- commands to executions from other pawlds and from plain SQL.
 *
 * A row of pawl.inbox is a wish: the reactor that owns the execution turns it into history, or refuses it,
 * and deletes it in that same transaction.  NOTIFY wakes; a poll every second is the safety net.
 */
#pragma once

#include "run/store.h"

enum inbox_command { INBOX_START, INBOX_STOP, INBOX_TASK_SUCCESS, INBOX_TASK_FAILURE, INBOX_TASK_HEARTBEAT };

struct inbox_message {
    int64_t inbox_id;
    int64_t execution_id;
    enum inbox_command command;
    int32_t event_id; /* task commands: the attempt */
    const char *data; /* JSON text: input or output; NULL */
    size_t data_len;
    const char *error, *cause; /* NULL: absent */
    /* INBOX_START: the row of pawl.execution that waits for an owner, now this reactor's */
    int64_t definition_id;
    const char *name;
    int64_t started_us;
    const char *flaw; /* why data cannot be the input: the execution begins only to fail; NULL: it can */
};

struct inbox;
/* got: called for each message for an execution of this slot, and for starts claimed by this slot; once each
 * until the row is consumed. */
struct inbox *inbox_open(uv_loop_t *loop, struct store *s,
                         void (*got)(void *arg, const struct inbox_message *m), void *arg);
void inbox_owner(struct inbox *i, int slot, int64_t epoch); /* 0: none, do not poll */
void inbox_poll(struct inbox *i);                           /* now: a NOTIFY came */
void inbox_forget(
    struct inbox *i); /* executions were dropped: messages that were delivered but not consumed come again */
void inbox_again(struct inbox *i,
                 int64_t inbox_id); /* this one was not consumed: the next poll delivers it anew */
void inbox_consumed(struct inbox *i); /* rows are gone: those that the last poll left out may come */
void inbox_free(struct inbox *i);

/* Writes a wish for an execution that another process owns; cb after its commit. */
void inbox_send(struct store *s, int64_t execution_id, enum inbox_command command, int32_t event_id,
                const char *data, const char *error, const char *cause, store_cb cb, void *arg);
