/* Ids, names, starts. */
#include "run/reactor_priv.h"
#include "base/clock.h"
#include "run/log.h"

#include <openssl/rand.h>
#include <string.h>

/* An id: milliseconds since 2020 (41 bits, until 2089), slot (10), counter (12). */
enum { ID_SLOT_BITS = 10, ID_COUNTER_BITS = 12 };
#define EPOCH_2020_MS INT64_C(1577836800000)

uint64_t reactor_chance(struct reactor *r)
{
    if (r->nchance == 0) {
        int rc = RAND_bytes((unsigned char *)r->chance, sizeof r->chance);
        PAWL_ASSERT(rc == 1);
        r->nchance = sizeof r->chance / sizeof *r->chance;
    }
    return r->chance[--r->nchance];
}

int id_slot(int64_t execution_id)
{
    return (int)(execution_id >> ID_COUNTER_BITS) & ((1 << ID_SLOT_BITS) - 1);
}

static int64_t id_ms(int64_t id)
{
    return id >> (ID_SLOT_BITS + ID_COUNTER_BITS);
}

/* Ascending: when a millisecond has used up its counter, or the clock was set back, the next millisecond is
 * taken. */
static int64_t next_id(struct reactor *r)
{
    int64_t now_ms = timer_now() / 1000 - EPOCH_2020_MS, last_ms = id_ms(r->last_id);
    int64_t counter = r->last_id & ((1 << ID_COUNTER_BITS) - 1);

    if (now_ms > last_ms) {
        last_ms = now_ms;
        counter = 0;
    } else if (++counter == 1 << ID_COUNTER_BITS) {
        last_ms++;
        counter = 0;
    }
    r->last_id = (last_ms << ID_SLOT_BITS | r->slot) << ID_COUNTER_BITS | counter;
    return r->last_id;
}

/* A UUID of version 7: the id's moment, slot and counter, then chance. So names ascend as ids do. */
static void make_name(char name[40], int64_t id, uint64_t chance)
{
    uint64_t ms = (uint64_t)(id_ms(id) + EPOCH_2020_MS), low = (uint64_t)id & ((1 << 22) - 1);

    snprintf(name, 40, "%08x-%04x-7%03x-%04x-%012llx", (unsigned)(ms >> 16), (unsigned)(ms & 0xffff),
             (unsigned)(low >> 10), (unsigned)(0x8000 | (low & 0x3ff) << 4 | (chance >> 48 & 0xf)),
             (unsigned long long)(chance & UINT64_C(0xffffffffffff)));
}

static int refuse_start(struct reactor *r, struct err *err)
{
    const char *why = reactor_not_ready(r);

    if (why)
        return err_set(err, ERR_UNAVAILABLE, "%s; nothing was started, try again", why);
    if (HASH_COUNT(r->runs) >= r->config.in_flight_max)
        return err_set(err, ERR_UNAVAILABLE,
                       "this pawld holds as many executions as it may (%zu); nothing was started, try again",
                       r->config.in_flight_max);
    return 0;
}

void reactor_start_execution(struct reactor *r, struct reactor_start *start, reactor_cb cb, void *arg)
{
    struct err err;

    if (refuse_start(r, &err) < 0) {
        catalog_unpin_definition(r->catalog, start->def);
        cb(arg, &err, 0, 0);
        return;
    }
    int64_t id = next_id(r);
    uint64_t seed = reactor_chance(r);
    if (!start->name)
        make_name(start->made_name, id, clock_dice(seed, UINT64_MAX));

    struct run *run = run_new(r, id, start->def, start->name ? start->name : start->made_name);
    run->trace = start->trace ? mem_strndup(start->trace, strlen(start->trace)) : NULL;
    run_step(r, run, &(struct stimulus){.type = STIM_START, .data = start->input, .seed = seed}, NULL);
    run_tell(r, run, NULL, cb, arg);
}
