/*
 * Hints for those who wait for an execution: live events, ?wait=.
 *
 * Whoever waits may sit on another reactor than the execution.  So the first who waits for an execution tells
 * all reactors of this process, and the one that owns it sends its hints.  For an execution of another
 * process there is the reminder once a second.
 */
#include "run/reactor_priv.h"

#include <utlist.h>

struct reactor_watch {
    struct watched *watched; /* NULL: unwatched while the list was walked */
    reactor_watch_cb cb;
    void *arg;
    struct reactor_watch *prev, *next;
};

struct watched {
    int64_t execution_id;
    struct reactor_watch *here; /* who waits on this reactor */
    uint64_t elsewhere;         /* bit i: somebody waits on reactor i */
    bool announced;             /* the other reactors know that somebody waits here */
    bool telling;               /* the list is being walked */
    UT_hash_handle hh;
};

struct hint { /* from one reactor to another */
    int64_t execution_id;
    int from; /* index */
    bool finished;
};

static struct watched *find(struct reactor *r, int64_t execution_id)
{
    struct watched *w;

    HASH_FIND(hh, r->watched, &execution_id, sizeof execution_id, w);
    return w;
}

static struct watched *find_or_make(struct reactor *r, int64_t execution_id)
{
    struct watched *w = find(r, execution_id);

    if (!w) {
        w = mem_calloc(1, sizeof *w);
        w->execution_id = execution_id;
        HASH_ADD(hh, r->watched, execution_id, sizeof w->execution_id, w);
    }
    return w;
}

/* ---- from reactor to reactor ---- */

static void post(struct reactor *r, struct reactor *to, void (*fn)(struct reactor *, void *),
                 int64_t execution_id, bool finished)
{
    struct hint *h = mem_alloc(sizeof *h);

    *h = (struct hint){execution_id, r->config.index, finished};
    reactor_post(to, fn, h);
}

static void post_all(struct reactor *r, void (*fn)(struct reactor *, void *), int64_t execution_id)
{
    struct peers *p = r->config.peers;

    for (int i = 0; i < p->n; i++)
        if (p->all[i] != r)
            post(r, p->all[i], fn, execution_id, false);
}

static void on_watched_elsewhere(struct reactor *r, void *arg)
{
    struct hint *h = arg;

    if (r)
        find_or_make(r, h->execution_id)->elsewhere |= UINT64_C(1) << h->from;
    free(h);
}

static void drop_if_idle(struct reactor *r, struct watched *w);

static void on_unwatched_elsewhere(struct reactor *r, void *arg)
{
    struct hint *h = arg;
    struct watched *w = r ? find(r, h->execution_id) : NULL;

    if (w) {
        w->elsewhere &= ~(UINT64_C(1) << h->from);
        drop_if_idle(r, w);
    }
    free(h);
}

static void drop_if_idle(struct reactor *r, struct watched *w)
{
    if (w->here || w->telling || r->reminding)
        return;
    if (w->announced)
        post_all(r, on_unwatched_elsewhere, w->execution_id);
    w->announced = false;
    if (w->elsewhere)
        return;
    HASH_DEL(r->watched, w);
    free(w);
}

/* ---- telling ---- */

static void tell_here(struct reactor *r, struct watched *w, bool finished)
{
    struct reactor_watch *one, *next;

    w->telling = true;
    DL_FOREACH (w->here, one)
        if (one->cb)
            one->cb(one->arg, finished);
    w->telling = false;
    DL_FOREACH_SAFE (w->here, one, next)
        if (!one->cb) { /* unwatched from within its own or another's callback */
            DL_DELETE(w->here, one);
            free(one);
        }
    drop_if_idle(r, w);
}

static void on_hint(struct reactor *r, void *arg)
{
    struct hint *h = arg;
    struct watched *w = r ? find(r, h->execution_id) : NULL;

    if (w)
        tell_here(r, w, h->finished);
    free(h);
}

void watched_tell(struct reactor *r, int64_t execution_id, bool finished)
{
    struct watched *w = r->watched ? find(r, execution_id) : NULL;

    if (!w)
        return;
    for (int i = 0; i < r->config.peers->n; i++)
        if (w->elsewhere >> i & 1)
            post(r, r->config.peers->all[i], on_hint, execution_id, finished);
    tell_here(r, w, finished);
}

void watched_remind(struct reactor *r)
{
    struct watched *w, *next;

    r->reminding = true; /* so that nothing leaves the hash */
    HASH_ITER (hh, r->watched, w, next)
        tell_here(r, w, false);
    r->reminding = false;
    HASH_ITER (hh, r->watched, w, next)
        drop_if_idle(r, w);
}

/* ---- watching ---- */

struct reactor_watch *reactor_watch(struct reactor *r, int64_t execution_id, reactor_watch_cb cb, void *arg)
{
    struct watched *w = find_or_make(r, execution_id);
    struct reactor_watch *one = mem_alloc(sizeof *one);

    if (!w->announced && !run_find(r, execution_id)) {
        w->announced = true;
        post_all(r, on_watched_elsewhere, execution_id);
    }
    *one = (struct reactor_watch){.watched = w, .cb = cb, .arg = arg};
    DL_APPEND(w->here, one);
    return one;
}

void reactor_unwatch(struct reactor *r, struct reactor_watch *one)
{
    struct watched *w = one->watched;

    if (w->telling) {
        one->cb = NULL;
        return;
    }
    DL_DELETE(w->here, one);
    free(one);
    drop_if_idle(r, w);
}

void watched_free(struct reactor *r)
{
    struct watched *w, *next;
    struct reactor_watch *one, *after;

    HASH_ITER (hh, r->watched, w, next) {
        DL_FOREACH_SAFE (w->here, one, after)
            free(one);
        HASH_DEL(r->watched, w);
        free(w);
    }
}
