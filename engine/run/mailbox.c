#include "run/mailbox.h"
#include "base/arena.h"

#include <stdlib.h>

struct letter {
    struct letter *next; /* posted before it; after turn_over: after it */
    void (*fn)(void *reader, void *arg);
    void *arg;
};

void mailbox_post(struct mailbox *m, void (*fn)(void *reader, void *arg), void *arg)
{
    struct letter *l = mem_alloc(sizeof *l);

    *l =
        (struct letter){.next = atomic_load_explicit(&m->newest, memory_order_relaxed), .fn = fn, .arg = arg};
    while (!atomic_compare_exchange_weak_explicit(&m->newest, &l->next, l, memory_order_release,
                                                  memory_order_relaxed))
        ;
    uv_async_send(&m->async);
}

static struct letter *take_all(struct mailbox *m)
{
    struct letter *l = atomic_exchange_explicit(&m->newest, NULL, memory_order_acquire), *oldest = NULL;

    while (l) {
        struct letter *next = l->next;
        l->next = oldest;
        oldest = l;
        l = next;
    }
    return oldest;
}

static bool deliver(struct mailbox *m)
{
    struct letter *l = take_all(m), *next;
    bool any = l != NULL;

    for (; l; l = next) {
        next = l->next;
        l->fn(m->reader, l->arg);
        free(l);
    }
    return any;
}

static void on_async(uv_async_t *async)
{
    deliver(async->data);
}

void mailbox_init(struct mailbox *m, uv_loop_t *loop, void *reader)
{
    atomic_init(&m->newest, NULL);
    m->reader = reader;
    uv_async_init(loop, &m->async, on_async);
    m->async.data = m;
}

void mailbox_leave(struct mailbox *m)
{
    m->reader = NULL;
}

bool mailbox_clear(struct mailbox *m)
{
    mailbox_leave(m);
    return deliver(m);
}

void mailbox_close(struct mailbox *m)
{
    mailbox_clear(m);
    uv_close((uv_handle_t *)&m->async, NULL);
}
