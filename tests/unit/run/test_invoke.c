#include "base/clock.h"
#include "run/invoke.h"

#include <arpa/inet.h>
#include <check.h>
#include <curl/curl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a function server: the path says how it answers ---- */

struct seen { /* the last request; read when its answer is here */
    char headers[8192];
    char body[8192];
    unsigned calls, at_once, most_at_once, connections;
};

static struct seen seen;
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned short port;
static char long_body[VALUE_BYTES_MAX + 2];

static enum MHD_Result note_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    size_t len = strlen(seen.headers);
    snprintf(seen.headers + len, sizeof seen.headers - len, "%s: %s\n", name, value);
    return MHD_YES;
}

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *function_error,
                              const void *body, size_t len)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY);
    if (function_error)
        MHD_add_response_header(r, "X-Amz-Function-Error", function_error);
    enum MHD_Result rc = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return rc;
}

static const struct {
    const char *path;
    unsigned status;
    const char *function_error, *body;
} ANSWERS[] = {
    {"/ok", 200, NULL, "{\"fine\": true}"},
    {"/created", 201, NULL, " [1] \n"},
    {"/empty", 200, NULL, ""},
    {"/204", 204, NULL, ""},
    {"/blank", 200, NULL, " \r\n"},
    {"/rubbish", 200, NULL, "<html>\xff"},
    {"/raises", 200, "Unhandled", "{\"errorType\":\"CardDeclined\",\"errorMessage\":\"no money\"}"},
    {"/raises-nothing", 200, "Unhandled", "oops"},
    {"/raises-number", 200, "Unhandled", "{\"errorType\":7}"},
    {"/429", 429, NULL, "slow down"},
    {"/500", 500, NULL, "{\"message\":\"broken\"}"},
    {"/503", 503, NULL, ""},
    {"/404", 404, NULL, "who?"},
    {"/302", 302, NULL, "elsewhere"},
    {"/exactly", 200, NULL, NULL},
    {"/too-long", 200, NULL, NULL},
};

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    pthread_mutex_lock(&seen_lock);
    if (!*state) {
        *state = &seen;
        seen.body[0] = seen.headers[0] = '\0';
        seen.calls++;
        seen.most_at_once = ++seen.at_once > seen.most_at_once ? seen.at_once : seen.most_at_once;
        MHD_get_connection_values(c, MHD_HEADER_KIND, note_header, NULL);
        pthread_mutex_unlock(&seen_lock);
        return MHD_YES;
    }
    if (*size) {
        strncat(seen.body, data, *size);
        *size = 0;
        pthread_mutex_unlock(&seen_lock);
        return MHD_YES;
    }
    pthread_mutex_unlock(&seen_lock);

    if (!strcmp(url, "/slow"))
        usleep(100000);
    if (!strcmp(url, "/hangs-up"))
        return MHD_NO;
    if (!strcmp(url, "/exactly"))
        return answer(c, 200, NULL, long_body, VALUE_BYTES_MAX);
    if (!strcmp(url, "/too-long"))
        return answer(c, 200, NULL, long_body, VALUE_BYTES_MAX + 1);
    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++)
        if (!strcmp(url, ANSWERS[i].path))
            return answer(c, ANSWERS[i].status, ANSWERS[i].function_error, ANSWERS[i].body,
                          strlen(ANSWERS[i].body));
    return answer(c, 200, NULL, "1", 1);
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why)
{
    pthread_mutex_lock(&seen_lock);
    seen.at_once--;
    pthread_mutex_unlock(&seen_lock);
}

static void on_connection(void *arg, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode what)
{
    pthread_mutex_lock(&seen_lock);
    seen.connections += what == MHD_CONNECTION_NOTIFY_STARTED;
    pthread_mutex_unlock(&seen_lock);
}

static unsigned connections(void) /* may still end, after their answers */
{
    pthread_mutex_lock(&seen_lock);
    unsigned n = seen.connections;
    pthread_mutex_unlock(&seen_lock);
    return n;
}

static struct MHD_Daemon *server;

static void start_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    memset(long_body, ' ', sizeof long_body);
    memcpy(long_body, "{}", 2);
    memset(&seen, 0, sizeof seen);
    server = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
                              on_request, NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED,
                              on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
                              MHD_OPTION_END);
    ck_assert_ptr_nonnull(server);
    port = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void stop_server(void)
{
    MHD_stop_daemon(server);
}

/* ---- a caller ---- */

struct got {
    char result[VALUE_BYTES_MAX + 1], error[300], cause[40000];
    char trace[4096]; /* "URL | headers | status words | headers | body"; "" when there is none */
    size_t result_len;
    int64_t duration_us;
    unsigned n;
    void *order[64];
};

static struct got got;
static uv_loop_t loop;
static struct invoke *inv;
static unsigned expected;

static void on_done(void *arg, const struct invoke_request *req, const struct invoke_answer *a)
{
    size_t len;

    ck_assert_ptr_eq(arg, &got);
    got.result[0] = got.error[0] = got.cause[0] = '\0';
    if (a->result) {
        const char *text = value_text(a->result, &len);
        memcpy(got.result, text, len + 1);
        got.result_len = len;
        value_unref(a->result);
    } else {
        snprintf(got.error, sizeof got.error, "%s", a->error);
        snprintf(got.cause, sizeof got.cause, "%s", a->cause);
    }
    got.trace[0] = '\0';
    if (a->trace)
        snprintf(got.trace, sizeof got.trace, "%s | %s | %ld %s | %s | %.*s", a->trace->url,
                 a->trace->request_headers, a->trace->status, a->trace->status_message,
                 a->trace->response_headers, (int)a->trace->body_len, a->trace->body);
    got.duration_us = a->duration_us;
    got.order[got.n++ % 64] = req->arg;
    if (got.n == expected)
        uv_stop(&loop);
}

static void setup(void)
{
    start_server();
    memset(&got, 0, sizeof got);
    uv_loop_init(&loop);
    inv = invoke_new(&loop, on_done, &got);
}

static void teardown(void)
{
    invoke_free(inv);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    stop_server();
}

static struct invoke_request request(const char *url, const char *function)
{
    return (struct invoke_request){
        .url = url,
        .function = function,
        .execution_id = 123456789,
        .execution_arn = "arn:aws:states:us-east-1:000000000000:execution:order:one",
        .state = "Pay",
        .event_id = 7,
        .entered_id = 6,
        .attempt = 2,
        .timeout_us = 5 * CLOCK_SECOND,
    };
}

static const char *url_of(const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    return url;
}

static struct invoke_call *call(struct invoke_request req)
{
    req.body = value_new("{\"amount\": 3}", 13);
    struct invoke_call *c = invoke_start(inv, &req);
    value_unref(req.body);
    return c;
}

static void wait_for(unsigned n)
{
    expected = n;
    if (got.n < n)
        uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_uint_eq(got.n, n);
}

/* ---- what answers mean ---- */

static const struct {
    const char *says;
    const char *path;
    const char *function; /* NULL: a plain URL */
    const char *result;   /* NULL: the error below */
    const char *error;
    const char *cause; /* with the URL in the place of %s */
} MEANINGS[] = {
    {"a 2xx answer is the result", "/ok", "f", "{\"fine\": true}", NULL, NULL},
    {"blanks around it are dropped", "/created", "f", "[1]", NULL, NULL},
    {"an empty body is null", "/empty", "f", "null", NULL, NULL},
    {"so is a 204", "/204", "f", "null", NULL, NULL},
    {"so are blanks", "/blank", NULL, "null", NULL, NULL},
    {"a body that is no JSON", "/rubbish", "f", NULL, "Lambda.Unknown",
     "POST %s answered 200 with a body that is not JSON (byte 0: expected a value, found '<'): "
     "<html>\xef\xbf\xbd"},
    {"the same from a URL", "/rubbish", NULL, NULL, "States.Http.Socket",
     "POST %s answered 200 with a body that is not JSON (byte 0: expected a value, found '<'): "
     "<html>\xef\xbf\xbd"},
    {"a function's own error", "/raises", "f", NULL, "CardDeclined",
     "{\"errorType\":\"CardDeclined\",\"errorMessage\":\"no money\"}"},
    {"it counts for a URL as well", "/raises", NULL, NULL, "CardDeclined",
     "{\"errorType\":\"CardDeclined\",\"errorMessage\":\"no money\"}"},
    {"an error that says nothing", "/raises-nothing", "f", NULL, "Lambda.Unknown",
     "POST %s answered 200 with X-Amz-Function-Error and no errorType: oops"},
    {"an errorType that is no text", "/raises-number", "f", NULL, "Lambda.Unknown",
     "POST %s answered 200 with X-Amz-Function-Error and no errorType: {\"errorType\":7}"},
    {"429", "/429", "f", NULL, "Lambda.TooManyRequestsException", "POST %s answered 429: slow down"},
    {"500", "/500", "f", NULL, "Lambda.ServiceException", "POST %s answered 500: {\"message\":\"broken\"}"},
    {"503 without a word", "/503", "f", NULL, "Lambda.ServiceException", "POST %s answered 503: (empty)"},
    {"404", "/404", "f", NULL, "Lambda.Unknown", "POST %s answered 404: who?"},
    {"a redirect is not followed", "/302", "f", NULL, "Lambda.Unknown", "POST %s answered 302: elsewhere"},
    {"the statuses of a URL", "/404", NULL, NULL, "States.Http.StatusCode.404", "POST %s answered 404: who?"},
    {"and 503", "/503", NULL, NULL, "States.Http.StatusCode.503", "POST %s answered 503: (empty)"},
    {"an answer too long", "/too-long", "f", NULL, "States.DataLimitExceeded",
     "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service "
     "limit."},
    {"an answer too long of a URL", "/too-long", NULL, NULL, "States.DataLimitExceeded",
     "The state/task 'http' returned a result with a size exceeding the maximum number of bytes service "
     "limit."},
    {"an answer just not too long", "/exactly", "f", "{}", NULL, NULL},
    {"a connection that breaks", "/hangs-up", "f", NULL, "Lambda.SdkClientException", NULL},
    {"a connection that breaks, of a URL", "/hangs-up", NULL, NULL, "States.Http.Socket", NULL},
};

START_TEST(an_answer_is_a_result_or_a_documented_error)
{
    char cause[1024];
    const char *url = url_of(MEANINGS[_i].path);

    call(request(url, MEANINGS[_i].function));
    wait_for(1);
    ck_assert_msg(!strcmp(got.result, MEANINGS[_i].result ? MEANINGS[_i].result : ""),
                  "%s: result %s, error %s: %s", MEANINGS[_i].says, got.result, got.error, got.cause);
    ck_assert_msg(!strcmp(got.error, MEANINGS[_i].error ? MEANINGS[_i].error : ""), "%s: error %s",
                  MEANINGS[_i].says, got.error);
    if (!MEANINGS[_i].cause)
        return;
    const char *place = strstr(MEANINGS[_i].cause, "%s");
    snprintf(cause, sizeof cause, "%.*s%s%s", place ? (int)(place - MEANINGS[_i].cause) : 0,
             MEANINGS[_i].cause, place ? url : "", place ? place + 2 : MEANINGS[_i].cause);
    ck_assert_msg(!strcmp(got.cause, cause), "%s: cause %s", MEANINGS[_i].says, got.cause);
}
END_TEST

START_TEST(nobody_listens)
{
    stop_server();
    call(request(url_of("/ok"), "f"));
    wait_for(1);
    ck_assert_str_eq(got.error, "Lambda.SdkClientException");
    ck_assert_ptr_nonnull(strstr(got.cause, url_of("/ok")));
    call(request(url_of("/ok"), NULL));
    wait_for(2);
    ck_assert_str_eq(got.error, "States.Http.Socket");
    start_server();
}
END_TEST

START_TEST(what_is_no_http_url_is_not_called)
{
    call(request("file:///etc/passwd", "f"));
    wait_for(1);
    ck_assert_str_eq(got.error, "Lambda.SdkClientException");
    call(request("http://[", "f"));
    wait_for(2);
    ck_assert_str_eq(got.error, "Lambda.SdkClientException");
}
END_TEST

START_TEST(a_password_in_the_url_is_not_shown)
{
    char url[256];

    snprintf(url, sizeof url, "http://me:secret@127.0.0.1:%u/404", port);
    call(request(url, "f"));
    wait_for(1);
    ck_assert_ptr_null(strstr(got.cause, "secret"));
    ck_assert_ptr_nonnull(strstr(got.cause, url_of("/404")));
}
END_TEST

START_TEST(too_late_is_a_timeout)
{
    struct invoke_request req = request(url_of("/slow"), "f");

    req.timeout_us = CLOCK_SECOND / 100;
    call(req);
    wait_for(1);
    ck_assert_str_eq(got.error, "States.Timeout");
    ck_assert_int_ge(got.duration_us, 10000);
    ck_assert_int_lt(got.duration_us, 90000);
    ck_assert_uint_eq(invoke_running(inv), 0);
}
END_TEST

/* ---- what is sent ---- */

static void saw(const char *line)
{
    char pattern[512];

    snprintf(pattern, sizeof pattern, "\n%s\n", line);
    ck_assert_msg(strstr(seen.headers, pattern) != NULL, "no \"%s\" among\n%s", line, seen.headers);
}

START_TEST(a_call_carries_its_keys)
{
    char key[INTERP_KEY_BYTES], line[128];

    call(request(url_of("/ok"), "f"));
    wait_for(1);
    ck_assert_str_eq(seen.body, "{\"amount\": 3}");
    saw("Content-Type: application/json");
    saw("User-Agent: pawl");
    saw("Pawl-Execution: arn:aws:states:us-east-1:000000000000:execution:order:one");
    saw("Pawl-State: Pay");
    saw("Pawl-Attempt: 2");
    snprintf(line, sizeof line, "Idempotency-Key: %s", interp_idempotency_key(key, 123456789, 7));
    saw(line);
    snprintf(line, sizeof line, "Pawl-Step-Key: %s", interp_step_key(key, 123456789, 6));
    saw(line);
    ck_assert_ptr_null(strstr(seen.headers, "Expect"));

    const char *trace = strstr(seen.headers, "traceparent: 00-");
    ck_assert_ptr_nonnull(trace);
    ck_assert_uint_eq(strcspn(trace, "\n"), strlen("traceparent: ") + 55);
    char first[128];
    snprintf(first, sizeof first, "%.*s", (int)strcspn(trace, "\n"), trace);
    call(request(url_of("/ok"), "f")); /* sent again: the same */
    wait_for(2);
    saw(first);
}
END_TEST

START_TEST(names_cannot_smuggle_headers)
{
    struct invoke_request req = request(url_of("/ok"), "f");

    req.state = "A\r\nX: 1 \xc3\xa4%";
    call(req);
    wait_for(1);
    saw("Pawl-State: A%0D%0AX: 1 %C3%A4%25");
}
END_TEST

START_TEST(a_functions_own_headers_are_sent)
{
    char bearer[] = "Authorization: Bearer x", type[] = "content-type: text/json";
    char *headers[] = {bearer, type, NULL};
    struct invoke_request req = request(url_of("/ok"), "f");

    req.headers = headers;
    call(req);
    wait_for(1);
    saw("Authorization: Bearer x");
    saw("content-type: text/json");
    ck_assert_ptr_null(strstr(seen.headers, "application/json"));
    call(request(url_of("/ok"), "g")); /* the next call doesn't have them */
    wait_for(2);
    ck_assert_ptr_null(strstr(seen.headers, "Authorization"));
    saw("Content-Type: application/json");
}
END_TEST

START_TEST(a_traced_call_shows_what_went_over_the_wire)
{
    struct invoke_request req = request(url_of("/404"), NULL);

    req.traced = true;
    call(req);
    wait_for(1);
    ck_assert_ptr_eq(strstr(got.trace, url_of("/404")), got.trace);
    ck_assert_ptr_nonnull(strstr(got.trace, "| [Idempotency-Key: "));
    ck_assert_ptr_nonnull(strstr(got.trace, ", Content-Type: application/json] | 404 Not Found | ["));
    ck_assert_ptr_nonnull(strstr(got.trace, "Content-Length: 4"));
    ck_assert_ptr_nonnull(strstr(got.trace, "] | who?"));
    call(request(url_of("/404"), NULL)); /* on the same connection, and nobody looks */
    wait_for(2);
    ck_assert_str_eq(got.trace, "");
    req.url = url_of("/ok");
    call(req);
    wait_for(3);
    ck_assert_ptr_nonnull(strstr(got.trace, "| 200 OK |"));
    ck_assert_uint_eq(connections(), 1);
}
END_TEST

START_TEST(connections_are_kept)
{
    for (unsigned i = 0; i < 20; i++) {
        call(request(url_of(i % 2 ? "/ok" : "/created"), "f"));
        wait_for(i + 1);
    }
    ck_assert_uint_eq(connections(), 1);
}
END_TEST

START_TEST(a_call_that_may_leave_once_only_gets_a_connection_of_its_own)
{
    struct invoke_request req = request(url_of("/ok"), "f");

    req.at_most_once = true;
    for (unsigned i = 0; i < 3; i++) {
        call(req);
        wait_for(i + 1);
    }
    ck_assert_uint_eq(connections(), 3);
}
END_TEST

/* ---- many ---- */

START_TEST(a_functions_limit_holds_and_the_rest_waits_in_order)
{
    struct invoke_request req = request(url_of("/slow"), "f");

    req.max_concurrency = 1;
    for (uintptr_t i = 0; i < 5; i++) {
        req.arg = (void *)i;
        call(req);
    }
    ck_assert_uint_eq(invoke_running(inv), 1);
    wait_for(5);
    ck_assert_uint_eq(seen.most_at_once, 1);
    for (uintptr_t i = 0; i < 5; i++)
        ck_assert_ptr_eq(got.order[i], (void *)i);
}
END_TEST

START_TEST(other_functions_do_not_wait_for_it)
{
    struct invoke_request req = request(url_of("/slow"), "f");

    req.max_concurrency = 1;
    call(req);
    call(req);
    req.function = "g";
    call(req);
    ck_assert_uint_eq(invoke_running(inv), 2);
    wait_for(3);
    ck_assert_uint_eq(seen.most_at_once, 2);
}
END_TEST

START_TEST(a_cancelled_call_is_never_answered)
{
    struct invoke_request req = request(url_of("/slow"), "f");

    req.max_concurrency = 2;
    struct invoke_call *sent = call(req);
    call(req);
    struct invoke_call *queued = call(req);
    call(req);
    invoke_cancel(inv, queued);
    invoke_cancel(inv, sent);
    wait_for(2);
    ck_assert_uint_eq(invoke_running(inv), 0);
}
END_TEST

START_TEST(a_hundred_at_a_time)
{
    for (int i = 0; i < 100; i++)
        call(request(url_of("/slow"), i % 2 ? "f" : NULL));
    wait_for(100);
    ck_assert_uint_eq(invoke_running(inv), 0);
    for (int i = 0; i < 100; i++)
        call(request(url_of("/ok"), "f"));
    wait_for(200);
    ck_assert_uint_eq(seen.calls, 200);
}
END_TEST

START_TEST(calls_under_way_are_dropped_at_the_end)
{
    struct invoke_request req = request(url_of("/slow"), "f");

    req.max_concurrency = 3;
    for (int i = 0; i < 6; i++)
        call(req);
    uv_run(&loop, UV_RUN_NOWAIT);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("invoke");
    TCase *t = tcase_create("invoke");

    curl_global_init(CURL_GLOBAL_ALL);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, an_answer_is_a_result_or_a_documented_error, 0,
                        sizeof MEANINGS / sizeof *MEANINGS);
    tcase_add_test(t, nobody_listens);
    tcase_add_test(t, what_is_no_http_url_is_not_called);
    tcase_add_test(t, a_password_in_the_url_is_not_shown);
    tcase_add_test(t, too_late_is_a_timeout);
    tcase_add_test(t, a_call_carries_its_keys);
    tcase_add_test(t, names_cannot_smuggle_headers);
    tcase_add_test(t, a_functions_own_headers_are_sent);
    tcase_add_test(t, a_traced_call_shows_what_went_over_the_wire);
    tcase_add_test(t, connections_are_kept);
    tcase_add_test(t, a_call_that_may_leave_once_only_gets_a_connection_of_its_own);
    tcase_add_test(t, a_functions_limit_holds_and_the_rest_waits_in_order);
    tcase_add_test(t, other_functions_do_not_wait_for_it);
    tcase_add_test(t, a_cancelled_call_is_never_answered);
    tcase_add_test(t, a_hundred_at_a_time);
    tcase_add_test(t, calls_under_way_are_dropped_at_the_end);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
