/* Executions: start, describe, list, stop; and waiting for one to end. */
#include "ops_list.h"

#include "base/clock.h"
#include "base/value.h"
#include "run/timer.h"

#include <string.h>

#define US(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

/* ---- one execution, as its row and the beginning of its journal tell ---- */

enum { ID, STATUS, STARTED, STOPPED, OUTPUT, FAILURE, CAUSE, TRACE, INPUT };
static const char SELECT_EXECUTION[] = "SELECT e.execution_id, e.status, " US("e.started_at") ", " US(
    "e.stopped_at") ", e.output, e.error, e.cause, e.trace,"
                    " coalesce((SELECT v.value FROM pawl.journal j, json_array_elements(j.payloads) WITH "
                    "ORDINALITY AS v (value, place)"
                    " WHERE j.execution_id = e.execution_id AND j.seq = 1 AND v.place = 1),"
                    " (SELECT i.data FROM pawl.inbox i WHERE i.execution_id = e.execution_id AND i.command = "
                    "'start' LIMIT 1))"
                    " FROM pawl.execution e JOIN pawl.definition d USING (definition_id)"
                    " WHERE e.name = $2 AND d.machine = $1 ORDER BY e.execution_id DESC LIMIT 1";

static void select_execution(struct op_call *c, store_cb then)
{
    store_query(reactor_store(c->ops->reactor), SELECT_EXECUTION, 2,
                (const struct store_param[]){{c->arn.machine}, {c->arn.execution}}, then, c);
}

static bool running(const struct store_result *r)
{
    return !strcmp(store_text(r, 0, STATUS, NULL), "RUNNING");
}

static void put_data(struct op_call *c, const char *key, const char *details, const struct store_result *r,
                     int column)
{
    const char *included = op_str(c, "includedData", NULL);
    bool all = !included || !strcmp(included, "ALL_DATA");
    size_t len;
    const char *text = store_text(r, 0, column, &len);

    if (!text)
        return;
    if (all)
        op_put_json(c, key, text, len);
    if (c->skin == SKIN_AWS) {
        op_open(c, details, '{');
        op_put_bool(c, "included", all);
        op_close(c, '}');
    }
}

static void put_redrive(struct op_call *c, const struct store_result *r)
{
    const char *status = store_text(r, 0, STATUS, NULL);
    bool redrivable = strcmp(status, "RUNNING") && strcmp(status, "SUCCEEDED");
    char reason[100];

    snprintf(reason, sizeof reason, "Execution is %s and cannot be redriven", status);
    op_put_int(c, "redriveCount", 0);
    op_put(c, "redriveStatus", redrivable ? "REDRIVABLE" : "NOT_REDRIVABLE");
    op_put(c, "redriveStatusReason", redrivable ? NULL : reason);
}

static void put_execution(struct op_call *c, const struct store_result *r)
{
    op_open(c, NULL, '{');
    op_put_execution_arn(c, "executionArn", c->arn.machine, c->arn.execution);
    op_put_machine_arn(c, "stateMachineArn", c->arn.machine);
    if (c->skin == SKIN_REST)
        op_put(c, "machine", c->arn.machine);
    op_put(c, "name", c->arn.execution);
    op_put(c, "status", store_text(r, 0, STATUS, NULL));
    op_put_time(c, "startDate", store_int(r, 0, STARTED));
    if (!running(r))
        op_put_time(c, "stopDate", store_int(r, 0, STOPPED));
    put_data(c, "input", "inputDetails", r, INPUT);
    put_data(c, "output", "outputDetails", r, OUTPUT);
    op_put(c, "error", store_text(r, 0, FAILURE, NULL));
    op_put(c, "cause", store_text(r, 0, CAUSE, NULL));
    op_put(c, "traceHeader", store_text(r, 0, TRACE, NULL));
    if (c->skin == SKIN_AWS)
        put_redrive(c, r);
    op_close(c, '}');
}

/* ---- waiting until one has ended: ?wait= ---- */

/* Between looks on hints that do not say that it has ended: a little less than the second between reminders.
 */
static const int64_t LOOK_US = 9 * CLOCK_SECOND / 10;

struct waiter { /* op_call's state */
    struct op_call *c;
    struct reactor_watch *watch;
    uv_timer_t *timer;
    bool looking, look_again, too_late;
    int64_t looked_us;
};

static void free_timer(uv_handle_t *timer)
{
    free(timer);
}

static void release_waiter(struct op_call *c)
{
    struct waiter *w = c->state;

    if (w->watch)
        reactor_unwatch(c->ops->reactor, w->watch);
    if (w->timer)
        uv_close((uv_handle_t *)w->timer, free_timer);
    c->ops->waiting--;
    free(w);
}

static void look(struct waiter *w);

static void on_look(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    struct waiter *w = c->state;

    w->looking = false;
    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0) {
        op_no_execution(c);
        return;
    }
    if (!running(r) || w->too_late) {
        c->status = running(r) ? 202 : 200;
        put_execution(c, r);
        op_done(c);
    } else if (w->look_again) {
        look(w);
    }
}

static void look(struct waiter *w)
{
    w->look_again = w->looking;
    if (w->looking)
        return;
    w->looking = true;
    w->looked_us = timer_now();
    select_execution(w->c, on_look);
}

static void on_hint(void *arg, bool finished)
{
    struct waiter *w = arg;

    if (finished || timer_now() - w->looked_us >= LOOK_US)
        look(w);
}

static void on_too_late(uv_timer_t *timer)
{
    struct waiter *w = timer->data;

    w->too_late = true;
    look(w);
}

/* Answers when the execution has ended, or after so many seconds; at once when too many wait already. */
static void await(struct op_call *c, int64_t execution_id, int64_t seconds)
{
    struct waiter *w = mem_calloc(1, sizeof *w);

    w->c = c;
    c->state = w;
    c->release = release_waiter;
    w->too_late = seconds == 0 || c->ops->waiting >= c->ops->waiting_max;
    c->ops->waiting++;
    if (!w->too_late) {
        w->watch = reactor_watch(c->ops->reactor, execution_id, on_hint, w);
        w->timer = mem_alloc(sizeof *w->timer);
        uv_timer_init(reactor_loop(c->ops->reactor), w->timer);
        w->timer->data = w;
        uv_timer_start(w->timer, on_too_late, (uint64_t)seconds * 1000, 0);
    }
    look(w); /* it may have ended before the watch began */
}

/* ---- StartExecution ---- */

struct starting { /* op_call's state */
    struct reactor_start start;
    struct value *input;
};

static void release_starting(struct op_call *c)
{
    struct starting *s = c->state;

    value_unref(s->input);
    free(s);
}

static void answer_start(struct op_call *c, int64_t execution_id, int64_t at_us)
{
    int64_t wait = op_int(c, "wait", -1);

    if (wait >= 0) {
        release_starting(c);
        await(c, execution_id, wait);
        return;
    }
    op_open(c, NULL, '{');
    op_put_execution_arn(c, "executionArn", c->arn.machine, c->arn.execution);
    if (c->skin == SKIN_REST) {
        op_put(c, "name", c->arn.execution);
        op_put(c, "status", "RUNNING");
        c->status = 202;
    }
    op_put_time(c, "startDate", at_us);
    op_close(c, '}');
    op_done(c);
}

/* The text without the blanks around it, which the journal does not keep. */
static bool same_input(struct value *input, const char *stored, size_t stored_len)
{
    size_t len;
    const char *text = value_text(input, &len);

    while (len > 0 && memchr(" \t\r\n", *text, 4))
        text++, len--;
    while (len > 0 && memchr(" \t\r\n", text[len - 1], 4))
        len--;
    return len == stored_len && !memcmp(text, stored, len);
}

/* The name is taken: the same start again, while it runs, is answered as the first was. */
static void on_taken(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    struct starting *s = c->state;
    size_t len;

    if (err)
        return op_fail_store(c, err, sqlstate);
    const char *input = store_rows(r) ? store_text(r, 0, INPUT, &len) : NULL;
    if (input && running(r) && same_input(s->input, input, len)) {
        answer_start(c, store_int(r, 0, ID), store_int(r, 0, STARTED));
        return;
    }
    op_fail(c, ERR_EXECUTION_EXISTS, "Execution Already Exists: '%sexecution:%s:%s'", c->ops->arn_prefix,
            c->arn.machine, c->arn.execution);
}

static void on_started(void *arg, const struct err *err, int64_t execution_id, int64_t at_us)
{
    struct op_call *c = arg;
    struct starting *s = c->state;

    if (!s->start.name)
        snprintf(c->arn.execution, sizeof c->arn.execution, "%s", s->start.made_name);
    if (err && err->name == ERR_EXECUTION_EXISTS && s->start.name)
        select_execution(c, on_taken);
    else if (err)
        op_fail_err(c, err);
    else
        answer_start(c, execution_id, at_us);
}

static void on_machine(void *arg, struct definition *def, const struct err *err)
{
    struct op_call *c = arg;
    struct starting *s = c->state;

    if (!def && err->name == ERR_MACHINE_MISSING) {
        op_no_machine(c);
        return;
    }
    if (!def) {
        op_fail_err(c, err);
        return;
    }
    if (def->express) {
        catalog_unpin_definition(reactor_catalog(c->ops->reactor), def);
        op_fail(c, ERR_MACHINE_TYPE,
                "EXPRESS state machines can be created, but this version of pawl does not run them");
        return;
    }
    s->start.def = def;
    s->start.input = s->input;
    reactor_start_execution(c->ops->reactor, &s->start, on_started, c);
}

static int check_start(struct op_call *c, const char **input, size_t *input_len)
{
    size_t len = 0;
    const char *name = op_str(c, "name", &len);

    *input = op_str(c, "input", input_len);
    if (!*input) {
        *input = "{}";
        *input_len = 2;
    }
    if ((name && arn_name_check(name, len, &c->err) < 0) || op_check_input(*input, *input_len, &c->err) < 0)
        return op_fail_err(c, &c->err);
    if (name)
        snprintf(c->arn.execution, sizeof c->arn.execution, "%s", name);
    return op_ready(c) ? 0 : -1;
}

void op_start_execution(struct op_call *c)
{
    const char *input, *trace;
    size_t len;

    if (op_machine(c) < 0 || check_start(c, &input, &len) < 0)
        return;
    struct starting *s = mem_calloc(1, sizeof *s);
    c->state = s;
    c->release = release_starting;
    s->input = value_new(input, len);
    s->start.name = op_str(c, "name", NULL);
    trace = c->ops->door->header(c, "X-Amzn-Trace-Id");
    s->start.trace = trace ? trace : op_str(c, "traceHeader", NULL);
    catalog_machine(reactor_catalog(c->ops->reactor), c->arn.machine, on_machine, c);
}

/* ---- DescribeExecution ---- */

static void on_described(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    int64_t wait = op_int(c, "wait", 0);

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0) {
        op_no_execution(c);
        return;
    }
    if (wait > 0 && running(r)) {
        await(c, store_int(r, 0, ID), wait);
        return;
    }
    put_execution(c, r);
    op_done(c);
}

void op_describe_execution(struct op_call *c)
{
    if (op_execution(c) == 0)
        select_execution(c, on_described);
}

/* ---- ListExecutions ---- */

enum { L_ID, L_NAME, L_STATUS, L_STARTED, L_STOPPED, L_MACHINE, L_TYPE };

/*
 * $1: of which machine ('': any), $2: before which id (0: from the newest), $3: how many, $4: which status
 * ('': any). Running ones have a statement of their own: among millions that have ended an index finds them.
 */
#define ROWS(condition)                                                                                      \
    "(SELECT * FROM pawl.execution WHERE ($2::bigint = 0 OR execution_id < $2::bigint) AND " condition       \
    " ORDER BY execution_id DESC LIMIT $3::bigint + 1) e"
#define LIST "SELECT e.execution_id, e.name, e.status, " US("e.started_at") ", " US("e.stopped_at")
#define LIST_OF(condition)                                                                                   \
    LIST ", m.name, m.type FROM pawl.state_machine m LEFT JOIN LATERAL " ROWS(                               \
        "state_machine_id = m.state_machine_id AND " condition) " ON true WHERE m.name = $1 ORDER BY "       \
                                                                "e.execution_id DESC"
#define LIST_ALL(condition)                                                                                  \
    LIST ", d.machine FROM " ROWS("$1 = '' AND " condition) " JOIN pawl.definition d USING (definition_id)"  \
                                                            " ORDER BY e.execution_id DESC"

/* $1: the executions' name. There are as many of it as machines have started one so, hence no more
 * conditions. */
#define LIST_NAMED                                                                                           \
    LIST ", d.machine FROM (SELECT * FROM pawl.execution WHERE name = $1 AND ($2::bigint = 0 OR "            \
         "execution_id < "                                                                                   \
         "$2::bigint) AND ($4 = '' OR status = $4) ORDER BY execution_id DESC LIMIT $3::bigint + 1) e"       \
         " JOIN pawl.definition d USING (definition_id) ORDER BY e.execution_id DESC"

static const char *list_statement(bool named, bool machine, bool running_ones)
{
    if (named)
        return LIST_NAMED;
    if (machine)
        return running_ones ? LIST_OF("status = 'RUNNING' AND $4 <> ''")
                            : LIST_OF("($4 = '' OR status = $4)");
    return running_ones ? LIST_ALL("status = 'RUNNING' AND $4 <> ''") : LIST_ALL("($4 = '' OR status = $4)");
}

static void list_kind(const struct op_call *c, char kind[512])
{
    const char *status = op_str(c, "statusFilter", NULL), *named = op_str(c, "name", NULL);

    snprintf(kind, 512, "executions %s %s %s", c->arn.machine, status ? status : "", named ? named : "");
}

static void put_item(struct op_call *c, const struct store_result *r, int i)
{
    const char *machine = store_text(r, i, L_MACHINE, NULL), *name = store_text(r, i, L_NAME, NULL);

    op_open(c, NULL, '{');
    op_put_execution_arn(c, "executionArn", machine, name);
    op_put_machine_arn(c, "stateMachineArn", machine);
    if (c->skin == SKIN_REST)
        op_put(c, "machine", machine);
    op_put(c, "name", name);
    op_put(c, "status", store_text(r, i, L_STATUS, NULL));
    op_put_time(c, "startDate", store_int(r, i, L_STARTED));
    if (store_text(r, i, L_STOPPED, NULL))
        op_put_time(c, "stopDate", store_int(r, i, L_STOPPED));
    if (c->skin == SKIN_AWS)
        op_put_int(c, "redriveCount", 0);
    op_close(c, '}');
}

static void on_listed(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    int size = op_page_size(c), rows;
    char kind[512];

    if (err)
        return op_fail_store(c, err, sqlstate);
    rows = store_rows(r);
    if (*c->arn.machine && rows == 0) {
        op_no_machine(c);
        return;
    }
    if (*c->arn.machine && !strcmp(store_text(r, 0, L_TYPE, NULL), "EXPRESS")) {
        op_fail(c, ERR_MACHINE_TYPE, "This operation is not supported by this type of state machine");
        return;
    }
    if (rows == 1 && !store_text(r, 0, L_ID, NULL)) /* the machine alone */
        rows = 0;
    op_open(c, NULL, '{');
    op_open(c, "executions", '[');
    for (int i = 0; i < rows && i < size; i++)
        put_item(c, r, i);
    op_close(c, ']');
    if (rows > size) {
        list_kind(c, kind);
        op_put_next(c, kind, store_text(r, size - 1, L_ID, NULL));
    }
    op_close(c, '}');
    op_done(c);
}

/* The machine, if one is asked for, into c->arn. */
static int list_target(struct op_call *c)
{
    size_t len = 0;
    const char *name = op_str(c, "machine", &len), *status = op_str(c, "statusFilter", NULL);

    if (c->skin == SKIN_REST && !c->machine) {
        if (name && arn_name_check(name, len, &c->err) < 0)
            return op_fail_err(c, &c->err);
        if (name && op_get(c, "name"))
            return op_fail(c, ERR_VALIDATION,
                           "Give machine or name; one execution is /api/state-machines/NAME/executions/EXEC");
        snprintf(c->arn.machine, sizeof c->arn.machine, "%s", name ? name : "");
        return 0;
    }
    if (c->skin == SKIN_AWS && !op_get(c, "stateMachineArn") == !op_get(c, "mapRunArn"))
        return op_fail(c, ERR_VALIDATION, "Must provide a StateMachine ARN or Map Run ARN");
    if (op_get(c, "mapRunArn"))
        return op_fail(c, ERR_NOT_FOUND, "Map Runs are not built in this version of pawl");
    if (status && !strcmp(status, "PENDING_REDRIVE"))
        return op_fail(c, ERR_VALIDATION, "PENDING_REDRIVE can be asked for with a Map Run ARN only");
    if (op_get(c, "redriveFilter"))
        return op_fail(c, ERR_VALIDATION, "redriveFilter can be given with a Map Run ARN only");
    return op_machine(c);
}

void op_list_executions(struct op_call *c)
{
    char kind[512], position[PAGE_POSITION_BYTES], size[24];
    const char *status = op_str(c, "statusFilter", NULL), *named = op_str(c, "name", NULL);

    if (list_target(c) < 0)
        return;
    list_kind(c, kind);
    if (op_page(c, kind, position) < 0)
        return;
    const struct store_param params[] = {{named ? named : c->arn.machine},
                                         {*position ? position : "0"},
                                         {store_int_text(size, op_page_size(c))},
                                         {status ? status : ""}};
    store_query(reactor_store(c->ops->reactor),
                list_statement(named, *c->arn.machine, status && !strcmp(status, "RUNNING")), 4, params,
                on_listed, c);
}

/* ---- StopExecution ---- */

static void answer_stop(struct op_call *c, int64_t at_us)
{
    op_open(c, NULL, '{');
    op_put_time(c, "stopDate", at_us);
    op_close(c, '}');
    op_done(c);
}

static void on_ended(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0)
        op_no_execution(c);
    else
        answer_stop(c, running(r) ? timer_now() : store_int(r, 0, STOPPED));
}

static void on_stopped(void *arg, const struct err *err, int64_t execution_id, int64_t at_us)
{
    struct op_call *c = arg;

    if (err && err->name == ERR_NOT_FOUND) /* it has ended in between */
        select_execution(c, on_ended);
    else if (err)
        op_fail_err(c, err);
    else
        answer_stop(c, at_us);
}

static void on_found(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0) {
        op_no_execution(c);
        return;
    }
    if (!running(r)) /* stopped twice is stopped */
        return answer_stop(c, store_int(r, 0, STOPPED));
    const struct reactor_command command = {.type = STIM_STOP,
                                            .execution_id = store_int(r, 0, ID),
                                            .error = op_clean(c, "error"),
                                            .cause = op_clean(c, "cause")};
    if (op_ready(c))
        reactor_send(c->ops->reactor, &command, on_stopped, c);
}

void op_stop_execution(struct op_call *c)
{
    if (op_execution(c) == 0)
        select_execution(c, on_found);
}
