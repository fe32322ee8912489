/*
 * functions.c -- pawl-functions: the demo functions behind HTTP, as a user of pawl would write them.
 *
 * POST /NAME with a JSON input answers 200 with the JSON result; a failure is 200 with the header
 * X-Amz-Function-Error and {"errorType", "errorMessage"}, as a Lambda function's is.  A call is idempotent by
 * its Idempotency-Key: the same key gets the same answer and counts once.  GET /calls lists the calls, GET /
 * the functions.
 *
 * A member "simulate" of the input, or of an object directly within it, makes a function misbehave:
 *   {"simulate": {"charge-card": {"fail": 2, "error": "Gateway.Busy", "delaySeconds": 0.5}}}
 * (or without a function's name, for whichever function gets it.)  The first "fail" attempts of a step fail;
 * without "fail" all do.  They fail by "error" (with "message"), or by "status": an HTTP status, "rubbish":
 * an answer that is not JSON, "close": a broken connection, "hang": no answer for an hour.  "delaySeconds"
 * makes every attempt slow.
 */
#include "base/json.h"
#include "functions_work.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

enum {
    BODY_BYTES_MAX = 1048576,
    CALLS_MAX = 2000, /* remembered; the oldest are forgotten */
    CONNECTIONS_MAX = 600,
    KEY_BYTES = 200,
    HANG_MS = 3600 * 1000,
};

/* ---- what is remembered ---- */

enum way { ANSWER, FAIL, STATUS, RUBBISH, CLOSE, HANG };

struct call {                /* one Idempotency-Key of one function */
    char id[KEY_BYTES + 80]; /* "FUNCTION KEY" */
    const struct function_row *function;
    char step[KEY_BYTES + 80]; /* "FUNCTION STEP-KEY" */
    unsigned attempt;          /* of the step, from 1 */
    unsigned times;            /* how often it was sent */
    enum way way;
    int status, delay_ms;
    char *answer; /* JSON text: the result, or the error */
    UT_hash_handle hh;
};

struct step { /* how many attempts a step has seen */
    char id[KEY_BYTES + 80];
    unsigned attempts;
    UT_hash_handle hh;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct call *calls;
static struct step *steps;
static uint64_t total;

static int stop_pipe[2]; /* its end of file wakes those who wait */

static unsigned next_attempt(const char *id)
{
    struct step *s;
    HASH_FIND_STR(steps, id, s);
    if (!s) {
        s = mem_calloc(1, sizeof *s);
        snprintf(s->id, sizeof s->id, "%s", id);
        HASH_ADD_STR(steps, id, s);
    }
    if (HASH_COUNT(steps) > CALLS_MAX) {
        struct step *oldest = steps; /* uthash keeps the order of insertion */
        HASH_DEL(steps, oldest);
        unsigned attempts = ++s->attempts;
        free(oldest);
        return attempts;
    }
    return ++s->attempts;
}

static void forget_oldest(void)
{
    struct call *oldest = calls;
    HASH_DEL(calls, oldest);
    free(oldest->answer);
    free(oldest);
}

/* ---- misbehaving on demand ---- */

static json_object *member(json_object *o, const char *name)
{
    return json_object_is_type(o, json_type_object) ? json_object_object_get(o, name) : NULL;
}

/* What "simulate" says about this function, or NULL. */
static json_object *simulation(json_object *in, const char *function)
{
    json_object *found = member(in, "simulate");
    if (!found && json_object_is_type(in, json_type_object)) {
        json_object_object_foreach(in, name, inner)
        {
            (void)name;
            if ((found = member(inner, "simulate")))
                break;
        }
    }
    json_object *own = member(found, function);
    if (own)
        return own;
    if (json_object_is_type(found, json_type_object)) {
        json_object_object_foreach(found, name, inner)
        {
            if (json_object_is_type(inner, json_type_object))
                return NULL; /* it speaks of other functions */
            (void)name;
        }
    }
    return json_object_is_type(found, json_type_object) ? found : NULL;
}

static char *error_answer(const char *error, const char *message)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "errorType", json_object_new_string(error));
    json_object_object_add(o, "errorMessage", json_object_new_string(message));
    char *text = strdup(js_text(o, NULL));
    json_object_put(o);
    return text;
}

static double between(double d, double min, double max)
{
    return d > min ? (d < max ? d : max) : min;
}

/* Fills in how the call misbehaves. False: it does not, apart from its delay. */
static bool misbehaves(struct call *c, json_object *how)
{
    json_object *fail, *error = member(how, "error"), *message = member(how, "message");
    c->delay_ms = (int)(1000 * between(json_object_get_double(member(how, "delaySeconds")), 0, 3600));
    bool counted = how && json_object_object_get_ex(how, "fail", &fail);
    if (counted && c->attempt > between(json_object_get_double(fail), 0, 1e6))
        return false;
    c->way = json_object_get_boolean(member(how, "hang"))      ? HANG
             : json_object_get_boolean(member(how, "close"))   ? CLOSE
             : json_object_get_boolean(member(how, "rubbish")) ? RUBBISH
             : member(how, "status")                           ? STATUS
             : counted || error                                ? FAIL
                                                               : ANSWER;
    c->status = (int)between(json_object_get_int(member(how, "status")), 200, 599);
    if (c->way == FAIL)
        c->answer = error_answer(error ? json_object_get_string(error) : "Simulated.Failure",
                                 message ? json_object_get_string(message) : "as the input asked for");
    return c->way != ANSWER;
}

/* ---- one call ---- */

static void decide(struct call *c, json_object *in, const char *key)
{
    if (misbehaves(c, simulation(in, c->function->name)))
        return;
    struct job job = {.in = in, .key = key};
    if (c->function->work(&job)) {
        c->way = FAIL;
        c->answer = error_answer(job.error, job.message);
    } else {
        c->answer = strdup(js_text(job.out, NULL));
    }
    json_object_put(job.out);
}

/* What the caller is told: a copy, because the call may be forgotten meanwhile. */
struct reply {
    enum way way;
    int status, delay_ms;
    char *text;
};

static struct reply call(const struct function_row *f, json_object *in, const char *key, const char *step)
{
    char id[sizeof((struct call *)0)->id];
    struct call *c = NULL;
    pthread_mutex_lock(&lock);
    if (key) {
        snprintf(id, sizeof id, "%s %.*s", f->name, KEY_BYTES, key);
        HASH_FIND_STR(calls, id, c);
    } else {
        snprintf(id, sizeof id, "%s (no key, call %llu)", f->name, (unsigned long long)total + 1);
    }
    if (!c) {
        c = mem_calloc(1, sizeof *c);
        c->function = f;
        memcpy(c->id, id, sizeof id);
        snprintf(c->step, sizeof c->step, "%s %.*s", f->name, KEY_BYTES, step ? step : id);
        c->attempt = next_attempt(c->step);
        decide(c, in, key ? key : "");
        HASH_ADD_STR(calls, id, c);
        if (HASH_COUNT(calls) > CALLS_MAX)
            forget_oldest();
        total++;
    }
    c->times++;
    struct reply r = {c->way, c->status, c->delay_ms, c->answer ? strdup(c->answer) : NULL};
    pthread_mutex_unlock(&lock);
    return r;
}

/* ---- HTTP ---- */

static enum MHD_Result answer(struct MHD_Connection *conn, unsigned status, const char *text,
                              const char *header)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(r, "Content-Type", "application/json");
    if (header)
        MHD_add_response_header(r, header, "Unhandled");
    enum MHD_Result queued = MHD_queue_response(conn, status, r);
    MHD_destroy_response(r);
    return queued;
}

/* Waits, unless the caller goes away or the server stops. False: nobody waits for an answer any more. */
static bool wait_ms(struct MHD_Connection *conn, int ms)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd fds[2] = {{.fd = info->connect_fd, .events = POLLRDHUP},
                            {.fd = stop_pipe[0], .events = POLLIN}};
    return ms <= 0 || poll(fds, 2, ms) == 0;
}

static enum MHD_Result serve_call(struct MHD_Connection *conn, const char *name, const struct js_buf *body)
{
    const struct function_row *f = function_find(name);
    json_object *in = NULL;
    struct err err;
    if (!f)
        return answer(conn, 404, "{\"message\":\"there is no such function; GET / lists them\"}", NULL);
    if (js_parse(body->p ? body->p : "", body->len, &in, &err))
        return answer(conn, 400, "{\"message\":\"the body is not JSON\"}", NULL);

    struct reply r = call(f, in, MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Idempotency-Key"),
                          MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Pawl-Step-Key"));
    json_object_put(in);
    enum MHD_Result result = MHD_NO; /* closes the connection */
    if (wait_ms(conn, r.delay_ms) && r.way != CLOSE && (r.way != HANG || wait_ms(conn, HANG_MS)))
        result = r.way == STATUS    ? answer(conn, (unsigned)r.status, "{\"message\":\"simulated\"}", NULL)
                 : r.way == RUBBISH ? answer(conn, 200, "<html>this is not JSON", NULL)
                 : r.way == FAIL    ? answer(conn, 200, r.text, "X-Amz-Function-Error")
                                    : answer(conn, 200, r.text ? r.text : "null", NULL);
    free(r.text);
    return result;
}

static enum MHD_Result serve_calls(struct MHD_Connection *conn)
{
    json_object *all = json_object_new_object(), *list = json_object_new_array();
    pthread_mutex_lock(&lock);
    json_object_object_add(all, "total", json_object_new_int64((int64_t)total));
    for (struct call *c = calls; c; c = c->hh.next) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "function", json_object_new_string(c->function->name));
        json_object_object_add(o, "key", json_object_new_string(strchr(c->id, ' ') + 1));
        json_object_object_add(o, "attempt", json_object_new_int64(c->attempt));
        json_object_object_add(o, "count", json_object_new_int64(c->times));
        json_object_object_add(o, "ok", json_object_new_boolean(c->way == ANSWER));
        json_object_array_add(list, o);
    }
    pthread_mutex_unlock(&lock);
    json_object_object_add(all, "calls", list);
    enum MHD_Result result = answer(conn, 200, js_text(all, NULL), NULL);
    json_object_put(all);
    return result;
}

static enum MHD_Result serve_list(struct MHD_Connection *conn)
{
    json_object *all = json_object_new_object();
    for (const struct function_row *f = FUNCTIONS; f->name; f++)
        json_object_object_add(all, f->name, json_object_new_string(f->says));
    enum MHD_Result result = answer(conn, 200, js_text(all, NULL), NULL);
    json_object_put(all);
    return result;
}

static enum MHD_Result serve(void *arg, struct MHD_Connection *conn, const char *url, const char *method,
                             const char *version, const char *data, size_t *size, void **state)
{
    struct js_buf *body = *state;
    if (!body) {
        *state = mem_calloc(1, sizeof *body);
        return MHD_YES;
    }
    if (*size) {
        if (body->len + *size > BODY_BYTES_MAX)
            return MHD_NO;
        js_buf_add(body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (!strcmp(method, "POST"))
        return serve_call(conn, url + 1, body);
    if (strcmp(method, "GET"))
        return answer(conn, 405, "{\"message\":\"GET or POST\"}", NULL);
    if (!strcmp(url, "/calls"))
        return serve_calls(conn);
    if (!strcmp(url, "/") || !strcmp(url, "/healthz"))
        return serve_list(conn);
    return answer(conn, 404, "{\"message\":\"POST /FUNCTION, GET /calls, GET /\"}", NULL);
}

static void served(void *arg, struct MHD_Connection *conn, void **state, enum MHD_RequestTerminationCode why)
{
    struct js_buf *body = *state;
    if (body)
        js_buf_fini(body);
    free(body);
}

/* ---- the program ---- */

static struct sockaddr_in where;

static error_t option(int key, char *arg, struct argp_state *state)
{
    char host[64];
    unsigned port;
    if (key == 'n') {
        for (const struct function_row *f = FUNCTIONS; f->name; f++)
            puts(f->name);
        exit(0);
    }
    if (key != 'l')
        return ARGP_ERR_UNKNOWN;
    if (sscanf(arg, "%63[0-9.]:%5u", host, &port) != 2 || port > 65535 || !inet_aton(host, &where.sin_addr))
        argp_error(state, "--listen %s: ADDRESS:PORT was expected, as 127.0.0.1:9090", arg);
    where.sin_port = htons((uint16_t)port);
    return 0;
}

static struct MHD_Daemon *start(void)
{
    return MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL,
                            ntohs(where.sin_port), NULL, NULL, serve, NULL, MHD_OPTION_SOCK_ADDR, &where,
                            MHD_OPTION_NOTIFY_COMPLETED, served, NULL, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)CONNECTIONS_MAX, MHD_OPTION_THREAD_STACK_SIZE, (size_t)262144,
                            MHD_OPTION_END);
}

static void release(void)
{
    struct step *s, *next;
    HASH_ITER(hh, steps, s, next)
    {
        HASH_DEL(steps, s);
        free(s);
    }
    while (calls)
        forget_oldest();
}

int main(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"listen", 'l', "ADDRESS:PORT", 0, "where to serve; default 127.0.0.1:9090; port 0 picks a free one",
         0},
        {"names", 'n', NULL, 0, "print the functions' names and do nothing else", 0},
        {0}};
    static const struct argp argp = {options, option, NULL, "The demo functions of pawl, by HTTP.",
                                     NULL,    NULL,   NULL};
    where = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(9090), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    argp_parse(&argp, argc, argv, 0, NULL, NULL);

    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* in every thread: sigwait takes them */
    signal(SIGPIPE, SIG_IGN);

    struct MHD_Daemon *daemon = pipe(stop_pipe) ? NULL : start();
    if (!daemon) {
        fprintf(stderr, "pawl-functions: cannot listen on %s:%d: %s\n", inet_ntoa(where.sin_addr),
                ntohs(where.sin_port), strerror(errno));
        return 1;
    }
    printf("listening on http://%s:%d\n", inet_ntoa(where.sin_addr),
           MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);

    int signal_taken;
    sigwait(&ends, &signal_taken);
    close(stop_pipe[1]);
    MHD_stop_daemon(daemon);
    release();
    return 0;
}
