/*
 * mailbox.h -- how threads speak to a reactor: letters, in the order of their posting.
 *
 * A stack that many push and one empties: no lock.  uv_async wakes the loop.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

struct letter;

struct mailbox {
    uv_async_t async;
    _Atomic(struct letter *) newest;
    void *reader;
};

/* reader, not NULL, is what letters are given as their first argument, on the loop's thread. */
void mailbox_init(struct mailbox *m, uv_loop_t *loop, void *reader);
/* From any thread, while the mailbox lives. */
void mailbox_post(struct mailbox *m, void (*fn)(void *reader, void *arg), void *arg);
/* On the loop's thread: there is no reader any more. Letters get NULL instead, to answer, or to free what
 * they carry. */
void mailbox_leave(struct mailbox *m);
/* When the loop's thread has ended: the same for the letters in the box. Returns whether there were any. */
bool mailbox_clear(struct mailbox *m);
/* When nobody posts any more; clears the box. The loop must run once more. */
void mailbox_close(struct mailbox *m);
