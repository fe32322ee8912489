/*
 * Warnings: what the language allows and hardly anybody means.
 *
 * Each rule is sound rather than complete: it keeps silent where it cannot be sure, and says what to do.
 * Codes: finding.h.
 */
#include "asl/asl_priv.h"

#include "base/clock.h"

#include <string.h>

enum { EXPRESS_SECONDS_MAX = 300 };

static void warn(const struct asl_compile *c, const struct asl_draft *d, const char *field, const char *code,
                 const char *text)
{
    const struct place at = {.up = d->at, .key = field};

    finding_warning(c->r.findings, field ? &at : d->at, code, "%s", text);
}

static const char *present(const struct asl_draft *d, const char *field, const char *otherwise)
{
    return json_object_object_get_ex(d->obj, field, NULL) ? field : otherwise;
}

/* ---- Task: who waits for whom ---- */

static bool waits_for_others(const struct asl_task *task)
{
    return task->kind == ASL_ACTIVITY || task->pattern == ASL_WAIT_FOR_TOKEN;
}

static void check_times(const struct asl_compile *c, const struct asl_draft *d)
{
    const struct asl_task *task = &d->st->u.task;

    if (waits_for_others(task) && !task->timeout.present && !task->heartbeat.present)
        warn(
            c, d, NULL, FINDING_UNBOUNDED,
            "If nobody answers, this waits for 99999999 seconds: give it TimeoutSeconds or HeartbeatSeconds");
    if (!waits_for_others(task) && task->kind != ASL_UNKNOWN && task->heartbeat.present)
        warn(c, d, present(d, "HeartbeatSeconds", "HeartbeatSecondsPath"), FINDING_HEARTBEAT,
             "Only activities and callbacks send heartbeats: here HeartbeatSeconds ends the task like "
             "TimeoutSeconds");
}

/* ---- Task: who does the work twice ---- */

static bool contains_folded(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= len; i++)
        if (strncasecmp(text + i, word, n) == 0)
            return true;
    return false;
}

/* Does anything in the value, a name or a text, speak of the word? */
static bool mentions(json_object *o, const char *word)
{
    if (json_object_is_type(o, json_type_string))
        return contains_folded(json_object_get_string(o), (size_t)json_object_get_string_len(o), word);
    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            if (mentions(json_object_array_get_idx(o, i), word))
                return true;
    if (!json_object_is_type(o, json_type_object))
        return false;
    json_object_object_foreach(o, key, value)
    {
        if (contains_folded(key, strlen(key), word) || mentions(value, word))
            return true;
    }
    return false;
}

/* After these errors the work may have been done all the same. */
static bool in_doubt(const struct retrier *r)
{
    static const char *const DOUBTFUL[] = {ERR_ALL, ERR_TASK_FAILED, ERR_TIMEOUT};

    for (size_t i = 0; i < r->nerrors; i++)
        for (size_t k = 0; k < sizeof DOUBTFUL / sizeof *DOUBTFUL; k++)
            if (strcmp(r->errors[i], DOUBTFUL[k]) == 0)
                return r->max_attempts > 0;
    return false;
}

static void warn_retrier(const struct asl_compile *c, const struct asl_draft *d, size_t i, const char *code,
                         const char *text)
{
    const struct place list = {.up = d->at, .key = "Retry"}, at = {.up = &list, .index = i};

    finding_warning(c->r.findings, &at, code, "%s", text);
}

/* Functions are written to be retried; what stands behind a plain URL often is not. */
static void check_repeats(const struct asl_compile *c, const struct asl_draft *d)
{
    const struct asl_state *st = d->st;

    for (size_t i = 0; i < st->nretriers; i++) {
        if (!in_doubt(&st->retriers[i]))
            continue;
        if (st->u.task.at_most_once)
            warn_retrier(c, d, i, FINDING_DELIVERY,
                         "Delivery is AtMostOnce, and this calls again when it is not known whether the call "
                         "was made");
        else if (st->u.task.kind == ASL_URL && !mentions(d->obj, "idempoten"))
            warn_retrier(
                c, d, i, FINDING_REPEATED,
                "The work may be done twice: after such an error nobody knows whether it was. pawl sends "
                "Pawl-Step-Key, the same for all attempts, by which the endpoint can tell; if it does, say "
                "\"idempotent\" in the Comment");
        return;
    }
}

/* ---- Retry and Catch ---- */

struct handlers {
    const char *field; /* "Retry", "Catch" */
    size_t n;
    const char **(*errors)(const struct asl_state *st, size_t i, size_t *n);
};

static const char **retrier_errors(const struct asl_state *st, size_t i, size_t *n)
{
    *n = st->retriers[i].nerrors;
    return st->retriers[i].errors;
}

static const char **catcher_errors(const struct asl_state *st, size_t i, size_t *n)
{
    *n = st->catchers[i].nerrors;
    return st->catchers[i].errors;
}

static bool taken_before(const struct asl_state *st, const struct handlers *h, size_t i, const char *name,
                         unsigned *budget)
{
    for (size_t k = 0; k<i && * budget> 0; k++, --*budget) {
        size_t n;
        const char **errors = h->errors(st, k, &n);
        if (retry_matches(errors, n, name))
            return true;
    }
    return false;
}

/* States.ALL is always the last; and takes what no name before it says. */
static bool hidden(const struct asl_state *st, const struct handlers *h, size_t i, unsigned *budget)
{
    size_t n;
    const char **errors = h->errors(st, i, &n);

    for (size_t k = 0; k < n; k++)
        if (strcmp(errors[k], ERR_ALL) == 0 || !taken_before(st, h, i, errors[k], budget))
            return false;
    return true;
}

static bool never_caught(const struct asl_state *st, const struct handlers *h, size_t i)
{
    size_t n;
    const char **errors = h->errors(st, i, &n);

    for (size_t k = 0; k < n; k++)
        if (strcmp(errors[k], ERR_RUNTIME) != 0)
            return false;
    return true;
}

static void check_handlers(const struct asl_compile *c, const struct asl_draft *d, const struct handlers *h)
{
    const struct place list = {.up = d->at, .key = h->field};
    unsigned budget = 10000; /* comparisons: nobody writes so many */

    for (size_t i = 0; i < h->n; i++) {
        const struct place at = {.up = &list, .index = i};
        if (never_caught(d->st, h, i))
            finding_warning(c->r.findings, &at, FINDING_UNCATCHABLE,
                            "Nothing takes States.Runtime, not even its own name: this never acts");
        else if (hidden(d->st, h, i, &budget))
            finding_warning(c->r.findings, &at, FINDING_HANDLER,
                            "The elements before this one take all of its errors: it never acts");
    }
}

static void check_delays(const struct asl_compile *c, const struct asl_draft *d)
{
    for (size_t i = 0; i < d->st->nretriers; i++)
        if (d->st->retriers[i].max_delay_us < d->st->retriers[i].interval_us)
            warn_retrier(c, d, i, FINDING_DELAY,
                         "MaxDelaySeconds is less than IntervalSeconds: every wait is MaxDelaySeconds long");
}

/* ---- states ---- */

static void check_wait(const struct asl_compile *c, const struct asl_draft *d)
{
    const struct asl_seconds *s = &d->st->u.wait.seconds;

    if (c->express && s->present && !s->path && s->constant >= EXPRESS_SECONDS_MAX)
        warn(c, d, "Seconds", FINDING_TOO_LONG,
             "An execution of an EXPRESS machine lasts at most 300 seconds: it ends before this wait does");
}

static void check_map(const struct asl_compile *c, const struct asl_draft *d)
{
    const struct asl_map *map = &d->st->u.map;

    if (map->max_concurrency > ASL_MAP_CONCURRENCY_MAX && !map->processor->apart)
        warn(c, d, "MaxConcurrency", FINDING_CAPPED,
             "A Map of mode INLINE runs at most 40 iterations at once");
}

static void check_state(struct asl_compile *c, const struct asl_draft *d)
{
    const struct asl_state *st = d->st;

    if (st->type == ASL_TASK) {
        check_times(c, d);
        check_repeats(c, d);
    }
    if (st->type == ASL_WAIT)
        check_wait(c, d);
    if (st->type == ASL_MAP)
        check_map(c, d);
    if (st->type == ASL_CHOICE)
        asl_lint_choice(c, d);
    check_handlers(c, d, &(struct handlers){"Retry", st->nretriers, retrier_errors});
    check_handlers(c, d, &(struct handlers){"Catch", st->ncatchers, catcher_errors});
    check_delays(c, d);
    asl_lint_texts(c, d);
}

void asl_lint(struct asl_compile *c)
{
    for (size_t i = 0; i < c->nstates; i++)
        check_state(c, &c->states[i]);
    asl_lint_flow(c);
}
