/*
 * Stop and callbacks, wherever the execution lives; the inbox.
 *
 * An errand goes from reactor to reactor in three tries: the one that made the execution's id; the one that
 * the database calls its owner, or any if it is parked, which loads it if it is not in memory; and, if that
 * is none of this process, the inbox.
 */
#include "run/reactor_priv.h"
#include "run/log.h"

#include <string.h>
#include <utlist.h>

/* ---- here ---- */

static int obey(struct reactor *r, struct run *run, const struct reactor_command *c, struct err *err)
{
    struct value *data = c->data ? value_new(c->data, c->data_len) : NULL;
    int rc = run_step(
        r, run,
        &(struct stimulus){
            .type = c->type, .event_id = c->event_id, .data = data, .error = c->error, .cause = c->cause},
        err);
    value_unref(data);
    return rc;
}

static void command_here(struct reactor *r, struct run *run, const struct reactor_command *c, reactor_cb cb,
                         void *arg)
{
    struct err err;
    bool refused = obey(r, run, c, &err) < 0; /* because of what may not be committed yet, or never be */

    run_tell(r, run, refused ? &err : NULL, cb, arg);
}

/* ---- errands ---- */

struct errand {
    struct reactor *origin;
    bool at_owner;                  /* it was sent to whom the database has named */
    struct reactor_command command; /* texts are copies */
    reactor_cb cb;                  /* NULL: the caller is gone */
    void *arg;
    struct err err; /* the answer: name NULL means done */
    int64_t at_us;
    struct errand *prev, *next;  /* in origin->errands */
    struct errand *next_visitor; /* in reactor.visitors of the owner */
};

static char *copy(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

static void errand_end(struct errand *e, const struct err *err, int64_t at_us)
{
    reactor_cb cb = e->cb;
    void *arg = e->arg;
    int64_t id = e->command.execution_id;

    DL_DELETE(e->origin->errands, e);
    if (cb)
        cb(arg, err, id, at_us);
    free((char *)e->command.data);
    free((char *)e->command.error);
    free((char *)e->command.cause);
    free(e);
}

static void errand_refuse(struct errand *e, const char *name, const char *cause)
{
    struct err err;

    err_set(&err, name, "%s", cause);
    errand_end(e, &err, 0);
}

static bool is_stop(const struct errand *e)
{
    return e->command.type == STIM_STOP;
}

static void on_sent(void *arg, const struct store_result *rows, const struct err *err, const char *sqlstate)
{
    errand_end(arg, err, timer_now());
}

static void to_inbox(struct reactor *r, struct errand *e)
{
    static const enum inbox_command commands[] = {
        [STIM_STOP] = INBOX_STOP,
        [STIM_TOKEN_SUCCEEDED] = INBOX_TASK_SUCCESS,
        [STIM_TOKEN_FAILED] = INBOX_TASK_FAILURE,
        [STIM_TOKEN_HEARTBEAT] = INBOX_TASK_HEARTBEAT,
    };
    const struct reactor_command *c = &e->command;

    inbox_send(r->store, c->execution_id, commands[c->type], c->event_id, c->data, c->error, c->cause,
               on_sent, e);
}

/* To the origin. When it has stopped, its caller has been told so, and errands_free frees the errand. */
static void on_answer(struct reactor *r, void *arg)
{
    struct errand *e = arg;

    if (r)
        errand_end(e, e->err.name ? &e->err : NULL, e->at_us);
}

static void on_done_there(void *arg, const struct err *err, int64_t execution_id, int64_t at_us)
{
    struct errand *e = arg;

    if (err)
        e->err = *err;
    e->at_us = at_us;
    reactor_post(e->origin, on_answer, e);
}

static void ask_owner(struct reactor *r, struct errand *e);

static void on_not_there(struct reactor *r, void *arg)
{
    if (r)
        ask_owner(r, arg);
}

/* It is parked, or on its way into memory. */
static void wait_here(struct reactor *r, struct errand *e)
{
    LL_APPEND2(r->visitors, e, next_visitor);
    unpark(r, e->command.execution_id);
}

static void on_errand(struct reactor *r, void *arg)
{
    struct errand *e = arg;
    struct run *run = r ? run_find(r, e->command.execution_id) : NULL;

    if (run && r->phase == REACTOR_RUNNING)
        command_here(r, run, &e->command, on_done_there, e);
    else if (r && r->slot && r->phase == REACTOR_RUNNING && e->at_owner)
        wait_here(r, e);
    else
        reactor_post(e->origin, on_not_there, e);
}

/* In the words of the core, which says so where the execution is at hand. */
#define TASK_MISSING   "Task Does Not Exist: 'Provided task does not exist'"
#define TASK_TIMED_OUT "Task Timed Out: 'Provided task does not exist anymore'"

static void on_owner(void *arg, const struct store_result *rows, const struct err *err, const char *sqlstate)
{
    struct errand *e = arg;
    struct reactor *r = e->origin;

    if (err) {
        errand_end(e, err, 0);
        return;
    }
    if (store_rows(rows) == 0) {
        errand_refuse(e, is_stop(e) ? ERR_EXECUTION_MISSING : ERR_TASK_MISSING,
                      is_stop(e) ? "Execution Does Not Exist" : TASK_MISSING);
        return;
    }
    if (strcmp(store_text(rows, 0, 0, NULL), "RUNNING") != 0) {
        errand_refuse(e, is_stop(e) ? ERR_NOT_FOUND : ERR_TASK_TIMED_OUT,
                      is_stop(e) ? "the execution has ended" : TASK_TIMED_OUT);
        return;
    }
    bool parked = !strcmp(store_text(rows, 0, 2, NULL), "t"); /* then it is whose who asks for it */
    struct reactor *owner = parked ? r : peers_find(r->config.peers, (int)store_int(rows, 0, 1));
    const char *task_is_open = store_text(rows, 0, 3, NULL);
    if (owner && !e->at_owner) {
        e->at_owner = true;
        reactor_post(owner, on_errand, e);
    } else if (is_stop(e) || (task_is_open && !strcmp(task_is_open, "t"))) {
        to_inbox(r, e); /* another process, or it does not come into memory */
    } else {
        errand_refuse(e, task_is_open ? ERR_TASK_TIMED_OUT : ERR_TASK_MISSING,
                      task_is_open ? TASK_TIMED_OUT : TASK_MISSING);
    }
}

static void ask_owner(struct reactor *r, struct errand *e)
{
    char id[24], event[24];

    store_query(
        r->store,
        "SELECT status, slot, wake_at IS NOT NULL, CASE WHEN status = 'RUNNING' AND $2::int IS NOT NULL"
        " THEN pawl.task_is_open(execution_id, $2::int) END"
        " FROM pawl.execution WHERE execution_id = $1::bigint",
        2,
        (struct store_param[]){{store_int_text(id, e->command.execution_id)},
                               {is_stop(e) ? NULL : store_int_text(event, e->command.event_id)}},
        on_owner, e);
}

void reactor_send(struct reactor *r, const struct reactor_command *command, reactor_cb cb, void *arg)
{
    struct run *run = run_find(r, command->execution_id);
    struct reactor *maker = peers_find(r->config.peers, id_slot(command->execution_id));
    const char *why = reactor_not_ready(r);
    struct errand *e;

    if (why) {
        struct err err;
        err_set(&err, ERR_UNAVAILABLE, "%s; nothing was done, try again", why);
        cb(arg, &err, command->execution_id, 0);
        return;
    }
    if (run) {
        command_here(r, run, command, cb, arg);
        return;
    }
    e = mem_calloc(1, sizeof *e);
    *e = (struct errand){.origin = r, .cb = cb, .arg = arg, .command = *command};
    e->command.data = command->data ? mem_strndup(command->data, command->data_len) : NULL;
    e->command.error = copy(command->error);
    e->command.cause = copy(command->cause);
    DL_APPEND(r->errands, e);
    if (maker && maker != r)
        reactor_post(maker, on_errand, e);
    else
        ask_owner(r, e);
}

/* One that waits for this execution (0: for any), which it does not any more; NULL: there is none. */
static struct errand *visitor_take(struct reactor *r, int64_t execution_id)
{
    struct errand *e = r->visitors;

    while (e && execution_id && e->command.execution_id != execution_id)
        e = e->next_visitor;
    if (e)
        LL_DELETE2(r->visitors, e, next_visitor);
    return e;
}

void visitors_leave(struct reactor *r)
{
    for (struct errand *e; (e = visitor_take(r, 0));)
        reactor_post(e->origin, on_not_there, e);
}

void errands_fail(struct reactor *r, const struct err *err)
{
    struct errand *e;

    DL_FOREACH (r->errands, e) {
        reactor_cb cb = e->cb;
        e->cb = NULL; /* the answer, when it comes, has nobody to go to */
        if (cb)
            cb(e->arg, err, e->command.execution_id, 0);
    }
}

/* ---- the inbox ---- */

struct stray { /* a message for an execution that is not in memory */
    struct reactor *reactor;
    struct inbox_message message; /* texts are copies */
    int64_t epoch;
    bool waits; /* until it has been loaded, or begins */
    struct stray *prev, *next;
};

static void stray_free(struct stray *s)
{
    DL_DELETE(s->reactor->strays, s);
    free((char *)s->message.data);
    free((char *)s->message.error);
    free((char *)s->message.cause);
    free((char *)s->message.name);
    free(s);
}

static struct stray *stray_new(struct reactor *r, const struct inbox_message *m)
{
    struct stray *s = mem_calloc(1, sizeof *s);

    s->reactor = r;
    s->epoch = r->epoch;
    s->message = *m;
    s->message.data = m->data ? mem_strndup(m->data, m->data_len) : NULL;
    s->message.error = copy(m->error);
    s->message.cause = copy(m->cause);
    s->message.name = copy(m->name);
    DL_APPEND(r->strays, s);
    return s;
}

/* The wish has nothing to act on: it is deleted with the next commit. */
static void orphan(struct reactor *r, const struct inbox_message *m)
{
    if (r->norphans + 2 > r->cap_orphans) {
        r->cap_orphans = r->cap_orphans ? 2 * r->cap_orphans : 16;
        r->orphans = mem_realloc(r->orphans, r->cap_orphans * sizeof *r->orphans);
    }
    r->orphans[r->norphans++] = m->execution_id;
    r->orphans[r->norphans++] = m->inbox_id;
}

static int obey_message(struct reactor *r, struct run *run, const struct inbox_message *m, struct err *err)
{
    static const enum stimulus_type types[] = {
        [INBOX_STOP] = STIM_STOP,
        [INBOX_TASK_SUCCESS] = STIM_TOKEN_SUCCEEDED,
        [INBOX_TASK_FAILURE] = STIM_TOKEN_FAILED,
        [INBOX_TASK_HEARTBEAT] = STIM_TOKEN_HEARTBEAT,
    };

    if (m->command == INBOX_START) /* it has been started */
        return 0;
    return obey(r, run,
                &(struct reactor_command){.type = types[m->command],
                                          .execution_id = m->execution_id,
                                          .event_id = m->event_id,
                                          .data = m->data,
                                          .data_len = m->data_len,
                                          .error = m->error,
                                          .cause = m->cause},
                err);
}

static void message_here(struct reactor *r, struct run *run, const struct inbox_message *m)
{
    struct err err;

    if (obey_message(r, run, m, &err) < 0)
        log_info("wish refused", "exec=%lld inbox=%lld error=%s", (long long)m->execution_id,
                 (long long)m->inbox_id, err.name);
    if (run->open || run->ex.status == EXEC_RUNNING)
        run_consume(r, run, m->inbox_id);
    else
        orphan(r, m); /* its end is being committed, and then it is forgotten */
}

static bool current(const struct stray *s)
{
    return s->epoch == s->reactor->epoch && s->reactor->slot != 0;
}

/* The row of the execution is there already: its journal begins. */
static void start_here(struct reactor *r, struct definition *def, const struct inbox_message *m)
{
    struct run *run = run_new(r, m->execution_id, def, m->name);
    char *refused = condemned_take(r, m->execution_id);
    const char *flaw = refused ? refused : m->flaw ? m->flaw : def->flaw;

    run->recorded = run->durable = true;
    if (flaw) {
        run_fail(r, run, flaw);
    } else {
        struct value *input = value_new(m->data, m->data_len);
        run_step(r, run, &(struct stimulus){.type = STIM_START, .data = input, .seed = reactor_chance(r)},
                 NULL);
        value_unref(input);
    }
    free(refused);
    run_consume(r, run, m->inbox_id);
    run_count(r, run, EXEC_RUNNING);
}

static void on_start_definition(void *arg, struct definition *def, const struct err *err)
{
    struct stray *s = arg;
    struct reactor *r = s->reactor;
    int64_t id = s->message.execution_id;

    bool begins = def && current(s) && !run_find(r, id) && !condemned_waits(r, id);

    if (begins)
        start_here(r, def, &s->message);
    else if (def)
        catalog_unpin_definition(r->catalog, def);
    if (current(s) && (!def || condemned_waits(r, id)))
        inbox_again(r->inbox, s->message.inbox_id);
    stray_free(s);
    awaited_is_here(r, id);
}

/* Its start has come, too, and waits for the definition. */
static bool start_waits(struct reactor *r, int64_t execution_id)
{
    struct stray *s;

    DL_FOREACH (r->strays, s)
        if (s->message.execution_id == execution_id && s->message.command == INBOX_START)
            return true;
    return false;
}

static void on_stray_status(void *arg, const struct store_result *rows, const struct err *err,
                            const char *sqlstate)
{
    struct stray *s = arg;
    struct reactor *r = s->reactor;
    bool runs = !err && store_rows(rows) && !strcmp(store_text(rows, 0, 0, NULL), "RUNNING");
    struct run *run = run_find(r, s->message.execution_id);

    if (err || !current(s)) {
        if (current(s))
            inbox_again(r->inbox, s->message.inbox_id);
        stray_free(s);
    } else if (run) {
        message_here(r, run, &s->message);
        stray_free(s);
    } else if (!runs) {
        orphan(r, &s->message);
        stray_free(s);
    } else {
        s->waits = true;
        if (!start_waits(r, s->message.execution_id))
            unpark(r, s->message.execution_id);
    }
}

void on_inbox(void *reactor, const struct inbox_message *m)
{
    struct reactor *r = reactor;
    struct run *run = run_find(r, m->execution_id);
    char id[24];

    metric_add(&r->metrics.inbox_messages, 1);
    if (run) {
        message_here(r, run, m);
    } else if (m->command == INBOX_START) {
        struct stray *s = stray_new(r, m);
        catalog_definition(r->catalog, m->definition_id, on_start_definition, s);
    } else {
        struct stray *s = stray_new(r, m);
        store_query(r->store, "SELECT status FROM pawl.execution WHERE execution_id = $1::bigint", 1,
                    &(struct store_param){store_int_text(id, m->execution_id)}, on_stray_status, s);
    }
}

/* ---- executions that somebody waits for ---- */

void awaited_is_here(struct reactor *r, int64_t execution_id)
{
    struct stray *s, *next;

    if (!run_find(r, execution_id))
        return;
    for (struct errand *e; (e = visitor_take(r, execution_id));)
        on_errand(r, e);
    DL_FOREACH_SAFE (r->strays, s, next) {
        struct run *run = run_find(r, execution_id);
        if (!s->waits || s->message.execution_id != execution_id || !run)
            continue;
        message_here(r, run, &s->message);
        stray_free(s);
    }
}

/* Who asks the database anew finds out what has become of it. */
void awaited_is_gone(struct reactor *r, int64_t execution_id)
{
    struct stray *s, *next;

    for (struct errand *e; (e = visitor_take(r, execution_id));)
        reactor_post(e->origin, on_not_there, e);
    DL_FOREACH_SAFE (r->strays, s, next) {
        if (!s->waits || s->message.execution_id != execution_id)
            continue;
        inbox_again(r->inbox, s->message.inbox_id);
        stray_free(s);
    }
}

void strays_drop(struct reactor *r, bool all)
{
    struct stray *s, *next;

    DL_FOREACH_SAFE (r->strays, s, next)
        if (s->waits || all)
            stray_free(s);
}

void errands_free(struct reactor *r)
{
    struct errand *e, *next;

    DL_FOREACH_SAFE (r->errands, e, next) {
        e->cb = NULL;
        errand_end(e, NULL, 0);
    }
}
