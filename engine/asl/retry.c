#include "asl/retry.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>

enum { INTERVAL_SECONDS_MAX = 99999999, ATTEMPTS_MAX = 99999999, DELAY_SECONDS_MAX = 31622400 };

/* ---- compiling ---- */

static bool known_error(const char *name)
{
    static const char *const KNOWN[] = {
        "ALL",
        "BranchFailed",
        "DataLimitExceeded",
        "ExceedToleratedFailureThreshold",
        "HeartbeatTimeout",
        "IntrinsicFailure",
        "ItemReaderFailed",
        "NoChoiceMatched",
        "ParameterPathFailure",
        "Permissions",
        "QueryEvaluationError",
        "ResultPathMatchFailure",
        "ResultWriterFailed",
        "Runtime",
        "TaskFailed",
        "Timeout",
    };
    const char *own = name + strlen("States.");

    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strcmp(KNOWN[i], own) == 0)
            return true;
    return strncmp(own, "Http.", 5) == 0;
}

/* Published definitions raise names of their own under "States.", so that is no error. */
static void check_name(const struct read_in *in, const char *name, const struct place *at)
{
    if (strncmp(name, "States.", 7) == 0 ? !known_error(name) : strncmp(name, "State.", 6) == 0)
        finding_warning(in->r->findings, at, FINDING_ERROR_NAME, "'%.200s' is not an error of the language",
                        name);
}

static const char *parse_name(const struct read_in *in, json_object *o, const struct place *at)
{
    if (!json_object_is_type(o, json_type_string)) {
        finding_error(in->r->findings, at, FINDING_SCHEMA, "Expected value of type String");
        return "";
    }
    const char *text = json_object_get_string(o);
    size_t len = (size_t)json_object_get_string_len(o);
    if (memchr(text, '\0', len)) { /* what stands before it would be taken for the name */
        finding_error(in->r->findings, at, FINDING_SCHEMA, "U+0000 is not allowed here");
        return "";
    }
    const char *name = arena_strndup(in->r->arena, text, len);
    check_name(in, name, at);
    return name;
}

static const char **parse_errors(const struct read_in *in, bool last, size_t *n)
{
    const struct place *at = read_member(in->r, in->at, "ErrorEquals");
    bool all = false;
    json_object *list;

    *n = 0;
    if (!read_array(in, "ErrorEquals", &list))
        return NULL;

    size_t len = json_object_array_length(list);
    const char **names = arena_alloc(in->r->arena, len * sizeof *names);
    for (; *n < len; ++*n) {
        names[*n] = parse_name(in, json_object_array_get_idx(list, *n), read_element(in->r, at, *n));
        all = all || strcmp(names[*n], ERR_ALL) == 0;
    }
    if (all && (len > 1 || !last))
        read_error(in, "ErrorEquals", "States.ALL must stand alone, and in the last element of the list");
    return names;
}

static int64_t parse_seconds(const struct read_in *in, const char *field, int64_t max, int64_t otherwise_us)
{
    int64_t seconds;

    return read_int(in, field, 1, max, &seconds) ? seconds * CLOCK_SECOND : otherwise_us;
}

void retry_parse(const struct read_in *in, bool last, struct retrier *to)
{
    int64_t attempts = 3;

    read_only(in, (const char *const[]){"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate",
                                        "MaxDelaySeconds", "JitterStrategy", "Comment", NULL});
    read_required(in, (const char *const[]){"ErrorEquals", NULL});
    to->errors = parse_errors(in, last, &to->nerrors);
    to->interval_us = parse_seconds(in, "IntervalSeconds", INTERVAL_SECONDS_MAX, CLOCK_SECOND);
    read_int(in, "MaxAttempts", 0, ATTEMPTS_MAX, &attempts);
    to->max_attempts = (uint32_t)attempts;
    to->backoff_rate = 2.0;
    read_number(in, "BackoffRate", 1.0, HUGE_VAL, &to->backoff_rate);
    to->max_delay_us = parse_seconds(in, "MaxDelaySeconds", DELAY_SECONDS_MAX, CLOCK_NEVER);
    to->jitter = read_word(in, "JitterStrategy", (const char *const[]){"NONE", "FULL", NULL}, JITTER_NONE);
}

void catch_parse(const struct read_in *in, bool last, bool jsonata, struct catcher *to)
{
    read_only(in, (const char *const[]){"ErrorEquals", "Next", "Assign", "Comment",
                                        jsonata ? "Output" : "ResultPath", NULL});
    read_required(in, (const char *const[]){"ErrorEquals", "Next", NULL});
    to->errors = parse_errors(in, last, &to->nerrors);
    if (jsonata) {
        to->output = read_query(in, "Output");
        return;
    }
    to->result_path = read_path_or_null(in, "ResultPath", READ_WRITABLE, &to->drop_result);
    if (to->result_path && to->result_path->whole)
        to->result_path = NULL;
}

/* ---- matching ---- */

static bool takes(const char *pattern, const char *error)
{
    if (strcmp(pattern, ERR_ALL) == 0)
        return true;
    if (strcmp(pattern, ERR_TASK_FAILED) == 0)
        return !error || strcmp(error, ERR_TIMEOUT) != 0;
    if (!error)
        return false;
    if (strcmp(pattern, ERR_TIMEOUT) == 0 && strcmp(error, ERR_HEARTBEAT_TIMEOUT) == 0)
        return true;
    return strcmp(pattern, error) == 0;
}

bool retry_matches(const char **errors, size_t nerrors, const char *error)
{
    if (error && strcmp(error, ERR_RUNTIME) == 0)
        return false;
    for (size_t i = 0; i < nerrors; i++)
        if (takes(errors[i], error))
            return true;
    return false;
}

int retry_find(const struct retrier *r, size_t n, const char *error)
{
    for (size_t i = 0; i < n; i++)
        if (retry_matches(r[i].errors, r[i].nerrors, error))
            return (int)i;
    return -1;
}

int catch_find(const struct catcher *c, size_t n, const char *error)
{
    for (size_t i = 0; i < n; i++)
        if (retry_matches(c[i].errors, c[i].nerrors, error))
            return (int)i;
    return -1;
}

/* ---- waiting ---- */

int64_t retry_delay(const struct retrier *r, uint32_t retries, uint64_t dice)
{
    if (retries >= r->max_attempts)
        return RETRY_EXHAUSTED;

    int64_t longest = r->max_delay_us < RETRY_WAIT_MAX_US ? r->max_delay_us : RETRY_WAIT_MAX_US;
    double grown = (double)r->interval_us * pow(r->backoff_rate, retries); /* may be +inf */
    int64_t wait = grown < (double)longest ? (int64_t)grown : longest;

    /* FULL jitter draws from [0, wait]: the cap applies before the draw, not after. */
    return r->jitter == JITTER_FULL ? (int64_t)(dice % ((uint64_t)wait + 1)) : wait;
}
