#include "cli_http.h"

#include "cli.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_BYTES_MAX =
        256 * 1024 * 1024, /* of all that is asked for; a page of history may hold 1,000 payloads */
    AWAY_SECONDS_MAX = 30,
};

void cli_encode(struct js_buf *b, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        char part[4] = {(char)c};
        if (!isalnum(c) && !strchr("-._~", c))
            snprintf(part, sizeof part, "%%%02X", c);
        js_buf_str(b, part);
    }
}

/* The one connection; NULL: libcurl has no memory. */
static CURL *connection(void)
{
    static CURL *curl;
    if (!curl)
        curl = curl_easy_init();
    PAWL_ASSERT(curl);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "pawl");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 5L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    return curl;
}

static void set_url(CURL *curl, const char *path, struct js_buf *url)
{
    js_buf_str(url, cli.endpoint);
    while (url->len && url->p[url->len - 1] == '/')
        url->len--;
    js_buf_str(url, path);
    curl_easy_setopt(curl, CURLOPT_URL, url->p);
}

static int unreachable(CURLcode code, const char *words, struct err *err)
{
    if (code == CURLE_COULDNT_CONNECT)
        return err_set(err, ERR_UNAVAILABLE,
                       "no pawld answers at %s (--endpoint or PAWL_ENDPOINT say where it listens)",
                       cli.endpoint);
    return err_set(err, ERR_UNAVAILABLE, "pawld at %s: %s", cli.endpoint,
                   *words ? words : curl_easy_strerror(code));
}

/* {"error", "message"} as one line. */
static int refused(long status, const struct js_buf *body, struct err *err)
{
    json_object *answer = NULL, *name, *message;
    if (!js_parse(body->p, body->len, &answer, NULL) && json_object_is_type(answer, json_type_object) &&
        json_object_object_get_ex(answer, "error", &name) &&
        json_object_object_get_ex(answer, "message", &message))
        err_set(err, ERR_VALIDATION, "%s: %s", json_object_get_string(name), json_object_get_string(message));
    else
        err_set(err, ERR_VALIDATION, "pawld at %s answers with status %ld: %.200s", cli.endpoint, status,
                body->p);
    json_object_put(answer);
    return -1;
}

static size_t collect(char *data, size_t size, size_t n, void *arg)
{
    struct js_buf *body = arg;
    if (body->len + n > ANSWER_BYTES_MAX)
        return 0;
    js_buf_add(body, data, n);
    return n;
}

int cli_request(const char *method, const char *path, const char *body, size_t len, json_object **out,
                struct err *err)
{
    CURL *curl = connection();
    struct js_buf url = {0}, answer = {0};
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    char words[CURL_ERROR_SIZE] = "";
    long status = 0;
    int rc = -1;

    js_buf_str(&answer, "");
    set_url(curl, path, &url);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    if (body || strcmp(method, "GET")) { /* a POST without a body has length 0, and says so */
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    }

    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code)
        unreachable(code, words, err);
    else if (status >= 300)
        refused(status, &answer, err);
    else if (js_parse(answer.p, answer.len, out, err))
        err_set(err, ERR_INTERNAL, "pawld at %s answers something that is not JSON: %.200s", cli.endpoint,
                answer.p);
    else
        rc = 0;
    curl_slist_free_all(headers);
    js_buf_fini(&url);
    js_buf_fini(&answer);
    return rc;
}

/* Moves the items of one page to all. The token of the next page, or NULL. */
static const char *take_page(json_object *page, const char *list, json_object *all, size_t max)
{
    json_object *items, *next;
    if (json_object_object_get_ex(page, list, &items) && json_object_is_type(items, json_type_array))
        for (size_t i = 0; i < json_object_array_length(items); i++)
            if (!max || json_object_array_length(all) < max)
                json_object_array_add(all, json_object_get(json_object_array_get_idx(items, i)));
    return json_object_object_get_ex(page, "nextToken", &next) ? json_object_get_string(next) : NULL;
}

int cli_request_pages(const char *path, const char *list, size_t max, json_object **out, struct err *err)
{
    json_object *all = json_object_new_array(), *page;
    struct js_buf next = {0};
    const char *token;
    int rc = -1;

    js_buf_str(&next, path);
    do {
        page = NULL;
        if (cli_request("GET", next.p, NULL, 0, &page, err))
            goto out;
        token = take_page(page, list, all, max);
        next.len = 0;
        js_buf_str(&next, path);
        js_buf_str(&next, strchr(path, '?') ? "&after=" : "?after=");
        if (token)
            cli_encode(&next, token, strlen(token));
        json_object_put(page);
    } while (token && (!max || json_object_array_length(all) < max));
    *out = json_object_new_object();
    json_object_object_add(*out, list, json_object_get(all));
    rc = 0;
out:
    json_object_put(all);
    js_buf_fini(&next);
    return rc;
}

/* ---- server-sent events ---- */

struct stream {
    CURL *curl;
    struct js_buf line; /* what of a line has come; of an answer that is no stream: all */
    int64_t last;       /* the last event's id */
    bool wanted;        /* the callee wants more */
    bool heard;         /* something came on this connection */
    cli_event on_event;
    void *arg;
};

/* Of the fields of an event only "data" matters: its id stands within. Comments keep the connection open. */
static void take_line(struct stream *s)
{
    json_object *event = NULL, *id;
    const char *text = s->line.p + strlen("data:");
    if (strncmp(s->line.p, "data:", 5) || js_parse(text, strlen(text), &event, NULL))
        return;
    if (json_object_is_type(event, json_type_object) && json_object_object_get_ex(event, "id", &id) &&
        json_object_get_int64(id) > s->last) {
        s->last = json_object_get_int64(id);
        s->wanted = s->on_event(s->arg, event);
    }
    json_object_put(event);
}

static long status_of(CURL *curl)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t take_part(char *data, size_t size, size_t n, void *arg)
{
    struct stream *s = arg;
    if (status_of(s->curl) >= 300)
        return collect(data, size, n, &s->line);
    s->heard = true;
    for (size_t i = 0, ends; i < n && s->wanted; i += ends + 1) {
        const char *lf = memchr(data + i, '\n', n - i);
        ends = lf ? (size_t)(lf - data) - i : n - i;
        js_buf_add(&s->line, data + i, ends);
        if (lf) {
            take_line(s);
            s->line.len = 0;
        }
    }
    return s->line.len > ANSWER_BYTES_MAX || !s->wanted ? 0 : n;
}

/* One connection's worth. 0: the callee has enough, or the connection has ended (err says why); -1: refused.
 */
static int listen_once(struct stream *s, const char *path, struct err *err)
{
    CURL *curl = s->curl = connection();
    struct js_buf url = {0}, from = {0};
    char words[CURL_ERROR_SIZE] = "";

    js_buf_str(&from, path);
    if (s->last) {
        js_buf_str(&from, "?after=");
        js_buf_int(&from, s->last);
    }
    set_url(curl, from.p, &url);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_part);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L); /* a comment comes every 15 seconds */
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 45L);
    s->line.len = 0;
    js_buf_str(&s->line, "");

    CURLcode code = curl_easy_perform(curl);
    long status = status_of(curl);
    js_buf_fini(&url);
    js_buf_fini(&from);
    if (!code && status >= 300 && status != 503)
        return refused(status, &s->line, err);
    unreachable(code, status == 503 ? "the service is not ready" : words, err);
    return 0;
}

int cli_events(const char *path, cli_event on_event, void *arg, struct err *err)
{
    struct stream s = {.wanted = true, .on_event = on_event, .arg = arg};
    int rc = 0, away = 0;

    while (s.wanted && rc == 0 && away < AWAY_SECONDS_MAX) {
        s.heard = false;
        rc = listen_once(&s, path, err);
        away = s.heard ? 0 : away + 1;
        if (s.wanted && rc == 0)
            sleep(1);
    }
    js_buf_fini(&s.line);
    return s.wanted ? -1 : rc;
}
