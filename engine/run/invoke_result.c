#include "run/invoke_priv.h"
#include "base/clock.h"

#include <string.h>

enum { EXCERPT_BYTES = 512 };

static int failed(struct invoke_answer *out, const char *error, const char *cause)
{
    out->error = error;
    out->cause = cause;
    return -1;
}

static char *clean(struct arena *scratch, const char *text, size_t len, size_t max)
{
    char *copy = js_clean(text, len, max);
    char *kept = arena_strndup(scratch, copy, strlen(copy));
    free(copy);
    return kept;
}

const char *invoke_shown_url(struct arena *scratch, const char *url, size_t max_bytes)
{
    const char *host = strstr(url, "://");
    if (!host)
        return clean(scratch, url, strlen(url), max_bytes);
    host += 3;
    size_t authority = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', authority);
    const char *shown = at ? arena_printf(scratch, "%.*s%s", (int)(host - url), url, at + 1) : url;
    return clean(scratch, shown, strlen(shown), max_bytes);
}

static const char *shown_url(struct arena *scratch, const char *url)
{
    return invoke_shown_url(scratch, url, EXCERPT_BYTES);
}

/* "POST http://host/path answered 503: the first bytes" */
static const char *describe(const struct invoke_request *req, const struct invoke_response *got,
                            struct arena *scratch, const char *what)
{
    const char *url = shown_url(scratch, req->url);
    char *excerpt = clean(scratch, got->body, got->body_len, EXCERPT_BYTES);
    return arena_printf(scratch, "POST %s answered %ld%s: %s%s", url, got->status, what,
                        *excerpt ? excerpt : "(empty)", got->body_len > EXCERPT_BYTES ? "..." : "");
}

/* {"errorType", "errorMessage"}: the type is what a workflow catches, the whole text is its cause. */
static int function_error(const struct invoke_request *req, const struct invoke_response *got,
                          struct arena *scratch, struct invoke_answer *out)
{
    json_object *body = NULL, *type = NULL;
    const char *error = NULL;

    if (js_parse(got->body, got->body_len, &body, NULL) == 0 && json_object_is_type(body, json_type_object) &&
        json_object_object_get_ex(body, "errorType", &type) && json_object_is_type(type, json_type_string))
        error = clean(scratch, json_object_get_string(type), (size_t)json_object_get_string_len(type),
                      EVENT_ERROR_BYTES_MAX);
    json_object_put(body);
    if (!error || !*error)
        return failed(out, ERR_FUNCTION_UNKNOWN,
                      describe(req, got, scratch, " with X-Amz-Function-Error and no errorType"));
    return failed(out, error, clean(scratch, got->body, got->body_len, EVENT_CAUSE_BYTES_MAX));
}

static const char *error_of_status(const struct invoke_request *req, long status, struct arena *scratch)
{
    if (!req->function)
        return arena_printf(scratch, "States.Http.StatusCode.%ld", status);
    if (status == 429)
        return ERR_FUNCTION_THROTTLED;
    return status >= 500 && status <= 599 ? ERR_FUNCTION_SERVICE : ERR_FUNCTION_UNKNOWN;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The JSON of a 2xx answer. No body (a 204, for instance) is null: the function had nothing to say. */
static int result_of_body(const struct invoke_request *req, const struct invoke_response *got,
                          struct arena *scratch, struct invoke_answer *out)
{
    const char *text = got->body;
    size_t len = got->body_len;
    struct err err;

    while (len && blank(text[len - 1]))
        len--;
    while (len && blank(*text))
        text++, len--;
    if (!len) {
        out->result = value_new("null", 4);
        return 0;
    }
    if (js_scan(text, len, &err) < 0)
        return failed(out, req->function ? ERR_FUNCTION_UNKNOWN : ERR_HTTP_SOCKET,
                      describe(req, got, scratch,
                               arena_printf(scratch, " with a body that is not JSON (%s)", err.cause)));
    out->result = value_new(text, len);
    return 0;
}

static int result_of(const struct invoke_request *req, const struct invoke_response *got,
                     struct arena *scratch, struct invoke_answer *out)
{
    if (got->timed_out)
        return failed(out, ERR_TIMEOUT,
                      arena_printf(scratch, "POST %s: no answer within %lld s", shown_url(scratch, req->url),
                                   (long long)(req->timeout_us / CLOCK_SECOND)));
    if (got->failure)
        return failed(out, req->function ? ERR_FUNCTION_CLIENT : ERR_HTTP_SOCKET,
                      arena_printf(scratch, "POST %s: %s", shown_url(scratch, req->url), got->failure));
    if (got->function_error)
        return function_error(req, got, scratch, out);
    if (got->status < 200 || got->status > 299)
        return failed(out, error_of_status(req, got->status, scratch), describe(req, got, scratch, ""));
    if (got->too_long)
        return failed(out, ERR_DATA_LIMIT,
                      arena_printf(scratch,
                                   "The state/task '%s' returned a result with a size exceeding the "
                                   "maximum number of bytes service limit.",
                                   req->function ? "lambda" : "http"));
    return result_of_body(req, got, scratch, out);
}

void invoke_result(const struct invoke_request *req, const struct invoke_response *got, struct arena *scratch,
                   struct invoke_answer *out)
{
    *out = (struct invoke_answer){0};
    result_of(req, got, scratch, out);
}
