/* Effects become calls, answers become stimuli. */
#include "run/reactor_priv.h"
#include "base/clock.h"
#include "run/log.h"

#include <string.h>
#include <utlist.h>

#define URL_TIMEOUT_US (60 * CLOCK_SECOND) /* of a URL whose task has no TimeoutSeconds */

/* ---- a call's life ---- */

static void enlist(struct call *c, struct call **list)
{
    c->list = list;
    DL_APPEND(*list, c);
}

static struct call *call_new(struct reactor *r, const struct exec *ex, const struct effect *e,
                             struct call **list)
{
    struct call *c = mem_calloc(1, sizeof *c);

    c->reactor = r;
    c->ex = ex;
    c->effect = *e;
    value_ref(c->effect.body);
    enlist(c, list);
    return c;
}

static void call_free(struct reactor *r, struct call *c)
{
    DL_DELETE(*c->list, c);
    if (c->fn)
        catalog_unpin_function(r->catalog, c->fn);
    value_unref(c->effect.body);
    free(c->name);
    free(c);
    metric_set(&r->metrics.calls_open, invoke_running(r->invoke));
}

static void leave_unanswered(struct reactor *r, struct call *c)
{
    DL_DELETE2(r->unanswered, c, unanswered_prev, unanswered_next);
    c->unanswered = false;
}

/* Nobody waits for it any more. The registry's answer, if it is still owed, frees it. */
void reactor_call_drop(struct reactor *r, struct call *c)
{
    bool owed = !c->wire && !c->unanswered;

    if (c->unanswered)
        leave_unanswered(r, c);
    if (c->wire)
        invoke_cancel(r->invoke, c->wire);
    DL_DELETE(*c->list, c);
    c->run = NULL;
    c->told = NULL;
    enlist(c, &r->loose_calls);
    if (!owed)
        call_free(r, c);
}

void calls_forget(struct reactor *r)
{
    while (r->loose_calls)
        call_free(r, r->loose_calls);
}

/* ---- answers ---- */

static void count_call(struct reactor *r, const struct call *c, const char *error, int64_t duration_us)
{
    enum call_outcome outcome = !error                            ? CALL_SUCCEEDED
                                : strcmp(error, ERR_TIMEOUT) != 0 ? CALL_FAILED
                                                                  : CALL_TIMED_OUT;
    static const char *const names[CALL_OUTCOMES] = {"succeeded", "failed", "timed_out"};
    struct metric_series **s = c->fn ? &c->fn->counts[outcome] : &r->url_calls[outcome];

    if (!*s) {
        struct js_buf labels = {0};
        metric_label(&labels, "function", c->fn ? c->fn->name : "");
        metric_label(&labels, "outcome", names[outcome]);
        *s = metric_series(&r->metrics.calls, labels.p, "function=\"...\",outcome=\"\"", true);
        js_buf_fini(&labels);
    }
    metric_add(&(*s)->value, 1);
    histogram_add((*s)->histogram, duration_us);
}

static void answered(struct reactor *r, struct call *c, const struct invoke_answer *answer)
{
    struct run *run = c->run;
    reactor_call_cb told = c->told;
    void *arg = c->arg;
    struct stimulus in = {.type = answer->result ? STIM_TASK_SUCCEEDED : STIM_TASK_FAILED,
                          .event_id = c->effect.event_id,
                          .data = answer->result,
                          .error = answer->error,
                          .cause = answer->cause};

    call_free(r, c);
    if (told)
        told(arg, answer);
    else
        run_step(r, run, &in, NULL); /* an attempt that is over wants no answer */
}

void on_call_done(void *reactor, const struct invoke_request *req, const struct invoke_answer *answer)
{
    struct reactor *r = reactor;
    struct call *c = req->arg;

    count_call(r, c, answer->error, answer->duration_us);
    if (answer->error)
        log_debug("call failed", "exec=%lld state_event=%d error=%s", (long long)req->execution_id,
                  req->entered_id, answer->error);
    answered(r, c, answer);
    value_unref(answer->result);
}

/* ---- sending ---- */

static void send_call(struct reactor *r, struct call *c)
{
    const struct effect *e = &c->effect;
    const struct exec *ex = c->ex;
    struct js_buf arn = {0};

    interp_execution_arn(ex, &arn);
    c->wire =
        invoke_start(r->invoke, &(struct invoke_request){
                                    .url = c->fn ? c->fn->url : e->url,
                                    .headers = c->fn ? c->fn->headers : NULL,
                                    .function = c->fn ? c->fn->name : NULL,
                                    .max_concurrency = c->fn ? c->fn->max_concurrency : 0,
                                    .execution_id = ex->id,
                                    .execution_arn = arn.p,
                                    .state = e->state->name,
                                    .event_id = e->event_id,
                                    .entered_id = e->entered_id,
                                    .attempt = e->attempt,
                                    .at_most_once = e->state->u.task.at_most_once,
                                    .body = e->body,
                                    /* The task's own deadline is the core's: it writes another history. */
                                    .timeout_us = c->fn                          ? c->fn->timeout_us
                                                  : e->timeout_us == CLOCK_NEVER ? URL_TIMEOUT_US
                                                                                 : CLOCK_NEVER,
                                    .traced = c->told && !c->fn,
                                    .arg = c,
                                });
    js_buf_fini(&arn);
    metric_set(&r->metrics.calls_open, invoke_running(r->invoke));
}

/* The service's text for a function that is not there. */
static void function_missing(struct reactor *r, struct call *c)
{
    const char *region = r->config.arn_prefix + strlen("arn:aws:states:");
    uint64_t a = clock_dice((uint64_t)c->ex->id, (uint64_t)c->effect.event_id), b = clock_dice(a, 0);
    char cause[1024];

    snprintf(cause, sizeof cause,
             "Function not found: arn:aws:lambda:%sfunction:%s:$LATEST (Service: AWSLambda; Status Code: "
             "404; Error "
             "Code: ResourceNotFoundException; Request ID: %08x-%04x-4%03x-%04x-%012llx; Proxy: null)",
             region, c->name, (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
             (unsigned)(b >> 48 & 0x3fff) | 0x8000, (unsigned long long)(b & UINT64_C(0xffffffffffff)));
    answered(r, c, &(struct invoke_answer){.error = ERR_FUNCTION_NOT_FOUND, .cause = cause});
}

/* Not the function's fault, so it costs the task no retry: it waits, at most until its own deadline. */
static void wait_for_registry(struct reactor *r, struct call *c, const struct err *err)
{
    char quoted[512];

    if (!r->unanswered)
        log_warn("function cannot be looked up, will be asked again", "function=%s why=%s", c->name,
                 log_quote(quoted, sizeof quoted, err->cause));
    DL_APPEND2(r->unanswered, c, unanswered_prev, unanswered_next);
    c->unanswered = true;
}

static void on_function(void *arg, struct function *fn, const struct err *err)
{
    struct call *c = arg;
    struct reactor *r = c->reactor;

    c->fn = fn;
    if (!c->run && !c->told)
        call_free(r, c);
    else if (fn)
        send_call(r, c);
    else if (!strcmp(err->name, ERR_FUNCTION_NOT_FOUND))
        function_missing(r, c);
    else if (c->told)
        answered(r, c, &(struct invoke_answer){.error = err->name, .cause = err->cause});
    else
        wait_for_registry(r, c, err);
}

void calls_ask_again(struct reactor *r)
{
    struct call *last = r->unanswered ? r->unanswered->unanswered_prev : NULL;

    for (bool more = last; more && r->unanswered;) {
        struct call *c = r->unanswered;
        more = c != last;
        leave_unanswered(r, c);
        catalog_function(r->catalog, c->name, on_function, c);
    }
}

static void make_call(struct reactor *r, struct call *c, const struct effect *e)
{
    if (!e->function) {
        send_call(r, c);
        return;
    }
    catalog_function(r->catalog, e->function, on_function, c);
    if (!c->wire) /* the answer comes later, when the effect is gone */
        c->name = mem_strndup(e->function, strlen(e->function));
}

static void call_function(struct reactor *r, struct run *run, const struct effect *e)
{
    struct call *c = call_new(r, &run->ex, e, &run->calls);

    c->run = run;
    make_call(r, c, e);
}

struct call *reactor_call(struct reactor *r, const struct exec *ex, const struct effect *e,
                          reactor_call_cb cb, void *arg)
{
    struct call *c = call_new(r, ex, e, &r->loose_calls);

    c->told = cb;
    c->arg = arg;
    make_call(r, c, e);
    return c;
}

static void cancel_call(struct reactor *r, struct run *run, int32_t event_id)
{
    struct call *c;

    DL_FOREACH (run->calls, c)
        if (c->effect.event_id == event_id) {
            reactor_call_drop(r, c);
            return;
        }
}

/* ---- stopping ---- */

/* The next owner makes it; one that is to be made at most once only because it is recorded that we have not.
 */
static void withhold(struct reactor *r, struct run *run, const struct effect *e)
{
    if (e->state->u.task.at_most_once)
        run_step(r, run, &(struct stimulus){.type = STIM_CALL_WITHHELD, .event_id = e->event_id}, NULL);
}

void calls_withhold(struct reactor *r, struct run *run)
{
    struct call *c, *next;

    DL_FOREACH_SAFE (run->calls, c, next) {
        if (c->wire && invoke_has_left(c->wire))
            continue;
        withhold(r, run, &c->effect);
        reactor_call_drop(r, c);
    }
}

/* ---- effects ---- */

static void lost(struct reactor *r, struct run *run, const struct effect *e)
{
    struct stimulus in = {
        .type = STIM_TASK_FAILED,
        .event_id = e->event_id,
        .error = ERR_TASK_FAILED,
        .cause = "pawld ended while the call was under way: it may have reached the function, and because of "
                 "\"Delivery\": \"AtMostOnce\" it is not sent again",
    };
    run_step(r, run, &in, NULL);
}

void perform(struct reactor *r, struct run *run, const struct effect *e)
{
    switch (e->type) {
    case EFFECT_CALL:
        (r->phase == REACTOR_RUNNING ? call_function : withhold)(r, run, e);
        return;
    case EFFECT_LOST:
        lost(r, run, e);
        return;
    case EFFECT_CANCEL:
        cancel_call(r, run, e->event_id);
        return;
    case EFFECT_FINISH:
        return; /* release() forgets it when all is told */
    }
}

void perform_owed(struct reactor *r, struct run *run, int64_t now_us)
{
    struct work *w = work_take(r);

    interp_resume(&run->ex, now_us, &w->out);
    timer_set(&r->timers, &run->timer, w->out.wake_us);
    for (size_t i = 0; i < w->out.neffects; i++)
        perform(r, run, &w->out.effects[i]);
    work_put(r, w);
}
