/*
 * mailbox.h -- how threads speak to a reactor: letters, in the order of their posting.
 *
 * A stack that many push and one empties: no lock.  uv_async wakes the loop.
 */
#pragma once

#include <stdatomic.h>
#include <uv.h>

struct letter;

struct mailbox {
    uv_async_t async;
    _Atomic(struct letter *) newest;
    void *reader;
};

/* reader is what letters are given as their first argument, on the loop's thread. */
void mailbox_init(struct mailbox *m, uv_loop_t *loop, void *reader);
/* From any thread, while the mailbox lives. */
void mailbox_post(struct mailbox *m, void (*fn)(void *reader, void *arg), void *arg);
/* When nobody posts any more: letters that nobody read are thrown away. The loop must run once more. */
void mailbox_close(struct mailbox *m);
