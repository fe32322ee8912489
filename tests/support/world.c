#include "world.h"

#include "asl/finding.h"

#include <string.h>

static const unsigned char KEY[16] = "0123456789abcde";

/* ---- words ---- */

void world_describe_time(int64_t us, struct js_buf *out)
{
    char text[40];
    double seconds = (double)(us - WORLD_EPOCH_US) / 1e6;

    snprintf(text, sizeof text, "%.15gs", seconds);
    js_buf_str(out, text);
}

static void add_value(struct js_buf *out, struct value *v)
{
    size_t len;
    const char *text = value_text(v, &len);

    js_buf_str(out, " ");
    js_buf_add(out, text, len);
}

void world_describe_call(const struct effect *e, struct js_buf *out)
{
    js_buf_str(out, e->type == EFFECT_LOST ? "lost " : "call ");
    js_buf_str(out, e->function ? e->function : e->url);
    js_buf_str(out, " #");
    js_buf_int(out, e->event_id);
    add_value(out, e->body);
    if (e->attempt > 1) {
        js_buf_str(out, " attempt ");
        js_buf_int(out, e->attempt);
    }
    if (e->timeout_us != CLOCK_NEVER) {
        js_buf_str(out, " until ");
        world_describe_time(e->timeout_us, out);
    }
}

/* ---- life ---- */

void world_attach(const struct world *w, struct exec *ex)
{
    exec_init(ex, 77, w->asl, "run-1");
    ex->machine = "machine";
    ex->arn_prefix = "arn:aws:states:us-east-1:000000000000:";
    ex->role_arn = "arn:aws:iam::000000000000:role/test";
    ex->token_key = KEY;
}

struct world *world_new(const char *definition)
{
    struct asl_findings findings = {0};
    struct asl *asl = asl_parse(definition, strlen(definition), false, &findings);

    if (!asl) {
        struct err err;
        asl_findings_err(&findings, &err);
        fprintf(stderr, "%s\n", err.cause);
        asl_findings_fini(&findings);
        return NULL;
    }
    asl_findings_fini(&findings);
    return world_of(asl);
}

struct world *world_of(struct asl *asl)
{
    struct world *w = mem_calloc(1, sizeof *w);
    w->asl = asl;
    w->arena = arena_new();
    world_attach(w, &w->exec);
    outcome_init(&w->out, w->arena);
    return w;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->nrows; i++) {
        js_buf_fini(&w->rows[i].events);
        js_buf_fini(&w->rows[i].payloads);
    }
    for (size_t i = 0; i < w->ncalls; i++)
        free(w->calls[i].text);
    free(w->rows);
    free(w->calls);
    outcome_fini(&w->out);
    exec_fini(&w->exec);
    arena_free(w->arena);
    asl_free(w->asl);
    free(w);
}

/* ---- commits ---- */

static void commit(struct world *w, int64_t now_us)
{
    if (!w->out.nevents)
        return;
    w->rows = mem_realloc(w->rows, (w->nrows + 1) * sizeof *w->rows);
    struct world_row *row = &w->rows[w->nrows++];
    *row = (struct world_row){.at_us = now_us};
    event_write_row(w->out.events, w->out.nevents, &row->events, &row->payloads);
    for (size_t i = 0; i < w->out.nevents; i++)
        w->heartbeats = w->heartbeats || w->out.events[i].heartbeat_s;
}

static void call_over(struct world *w, int32_t event_id)
{
    for (size_t i = 0; i < w->ncalls; i++)
        if (w->calls[i].event_id == event_id) {
            free(w->calls[i].text);
            w->calls[i] = w->calls[--w->ncalls];
            return;
        }
    PAWL_ASSERT(!"an answer or a cancellation of a call that is not out");
}

static void release(struct world *w)
{
    for (size_t i = 0; i < w->out.neffects; i++) {
        const struct effect *e = &w->out.effects[i];
        struct js_buf text = {0};

        if (e->type == EFFECT_CANCEL) {
            call_over(w, e->event_id);
        } else if (e->type == EFFECT_CALL || e->type == EFFECT_LOST) {
            world_describe_call(e, &text);
            w->calls = mem_realloc(w->calls, (w->ncalls + 1) * sizeof *w->calls);
            w->calls[w->ncalls++] = (struct world_call){e->event_id, text.p};
        }
    }
}

int world_step(struct world *w, const struct stimulus *in, int64_t now_us, struct err *err)
{
    outcome_clear(&w->out);
    arena_reset(w->arena);
    if (interp_step(&w->exec, in, now_us, &w->out, err) < 0) {
        PAWL_ASSERT(w->out.nevents == 0 && w->out.neffects == 0);
        return -1;
    }
    if (in->type == STIM_TASK_SUCCEEDED || in->type == STIM_TASK_FAILED || in->type == STIM_CALL_WITHHELD)
        call_over(w, in->event_id);
    commit(w, now_us);
    release(w);
    return 0;
}

/* ---- recovery ---- */

int world_read_row(const struct world *w, size_t row, struct event **list, size_t *n, struct err *err)
{
    const struct world_row *r = &w->rows[row];
    return event_read_row(w->asl, r->events.p, r->events.len, r->payloads.p, r->payloads.len, r->at_us, list,
                          n, err);
}

char *world_row_text(const struct world *w, size_t row)
{
    struct js_buf text = {0};
    struct event *list;
    struct err err;
    size_t n;
    int rc = world_read_row(w, row, &list, &n, &err);

    PAWL_ASSERT(rc == 0);
    for (size_t i = 0; i < n; i++) {
        struct js_buf payload = {0};
        event_write_row(&list[i], 1, &text, &payload);
        js_buf_add(&text, payload.p, payload.len);
        js_buf_str(&text, "\n");
        js_buf_fini(&payload);
        event_fini(&list[i]);
    }
    free(list);
    return text.p;
}

int world_fold(const struct world *w, size_t nrows, struct exec *ex, struct err *err)
{
    world_attach(w, ex);
    for (size_t i = 0; i < nrows; i++) {
        struct event *list;
        size_t n;
        int rc = world_read_row(w, i, &list, &n, err);
        if (rc < 0)
            return -1;
        for (size_t k = 0; k < n; k++) {
            if (rc == 0)
                rc = exec_fold(ex, &list[k], err);
            event_fini(&list[k]);
        }
        free(list);
        if (rc < 0)
            return -1;
    }
    return 0;
}

void world_crash(struct world *w, int64_t now_us)
{
    struct err err;

    exec_fini(&w->exec);
    int rc = world_fold(w, w->nrows, &w->exec, &err);
    if (rc < 0)
        fprintf(stderr, "%s\n", err.cause);
    PAWL_ASSERT(rc == 0);
    outcome_clear(&w->out);
    arena_reset(w->arena);
    while (w->ncalls)
        call_over(w, w->calls[0].event_id);
    interp_resume(&w->exec, now_us, &w->out);
    release(w);
}

/* ---- laws ---- */

static char *complaint(const char *what, const char *was, const char *is)
{
    struct js_buf text = {0};

    js_buf_str(&text, what);
    js_buf_str(&text, "\n  expected: ");
    js_buf_str(&text, was ? was : "(nothing)");
    js_buf_str(&text, "\n  but is:   ");
    js_buf_str(&text, is ? is : "(nothing)");
    return text.p;
}

static const char *call_text(const struct world *w, int32_t event_id)
{
    for (size_t i = 0; i < w->ncalls; i++)
        if (w->calls[i].event_id == event_id)
            return w->calls[i].text;
    return NULL;
}

static char *broken_resume(const struct world *w, const struct outcome *resumed)
{
    if (resumed->neffects != w->ncalls) {
        char was[24], is[24];
        snprintf(was, sizeof was, "%zu", w->ncalls);
        snprintf(is, sizeof is, "%zu", resumed->neffects);
        return complaint("recovery: number of calls", was, is);
    }
    for (size_t i = 0; i < resumed->neffects; i++) {
        const struct effect *e = &resumed->effects[i];
        const char *was = call_text(w, e->event_id);
        struct js_buf is = {0};
        char *broken = NULL;

        world_describe_call(e, &is);
        /* What was a call is lost when it may be made at most once. */
        if (!was || strcmp(was + 4, is.p + 4) != 0)
            broken = complaint("recovery: a call", was, is.p);
        js_buf_fini(&is);
        if (broken)
            return broken;
    }
    return NULL;
}

static void earliest(struct frame *f, void *arg)
{
    int64_t *us = arg, all[] = {f->due_us, f->timeout_us, f->heartbeat_us};

    for (int i = 0; i < 3; i++)
        if (all[i] < *us)
            *us = all[i];
}

static void has_token(struct frame *f, void *arg)
{
    bool *any = arg;
    *any = *any || f->phase == FRAME_TOKEN;
}

static char *broken_wait(struct world *w)
{
    int64_t wake_us = w->exec.deadline_us;
    bool token = false;

    if (w->exec.status != EXEC_RUNNING)
        return w->out.wake_us == CLOCK_NEVER && w->ncalls == 0
                   ? NULL
                   : complaint("an ended execution waits for nothing", NULL, "it does");
    exec_each(&w->exec, earliest, &wake_us);
    if (wake_us != w->out.wake_us) {
        struct js_buf was = {0}, is = {0};
        world_describe_time(wake_us, &was);
        world_describe_time(w->out.wake_us, &is);
        char *broken = complaint("wake_us is the earliest deadline", was.p, is.p);
        js_buf_fini(&was);
        js_buf_fini(&is);
        return broken;
    }
    exec_each(&w->exec, has_token, &token);
    if (wake_us == CLOCK_NEVER && !token && !w->ncalls && w->exec.last_event_id)
        return complaint("a running execution waits for something", "a call, a token or a moment", NULL);
    return NULL;
}

static char *broken_fold(struct world *w, int64_t now_us)
{
    struct exec folded;
    struct err err;
    struct js_buf live = {0}, again = {0};
    struct outcome resumed;
    char *broken = NULL;

    if (world_fold(w, w->nrows, &folded, &err) < 0) {
        exec_fini(&folded);
        return complaint("the journal can be read back", "no error", err.cause);
    }
    exec_dump(&w->exec, &live);
    exec_dump(&folded, &again);
    if (strcmp(live.p, again.p) != 0)
        broken = complaint("the fold over the journal equals the live state", live.p, again.p);

    outcome_init(&resumed, w->arena);
    interp_resume(&folded, now_us, &resumed);
    if (!broken)
        broken = broken_resume(w, &resumed);
    if (!broken && !w->heartbeats && resumed.wake_us != w->out.wake_us)
        broken = complaint("recovery wakes at the same moment", "it does", "it does not");
    outcome_fini(&resumed);
    exec_fini(&folded);
    js_buf_fini(&live);
    js_buf_fini(&again);
    return broken;
}

char *world_broken_law(struct world *w, int64_t now_us)
{
    char *broken = broken_wait(w);
    return broken ? broken : broken_fold(w, now_us);
}
