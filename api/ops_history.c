/* What happened: pages of history, the steps as a view, and history as it is made. */
#include "ops_list.h"

#include "asl/event.h"

#include <string.h>

enum { ROWS_AT_ONCE = 25, PAGE_BYTES_MAX = 4 * 1048576, PIECE_BYTES_MAX = 1048576, STEPS_MAX = 1000 };

/* ---- one execution and its definition, which every reading begins with ---- */

struct history { /* op_call's state */
    struct definition *def;
    int64_t execution_id;
    bool ended; /* nothing will be added any more */
    struct event_context context;
    void (*begin)(struct op_call *c);
    int64_t seq; /* of the journal row to go on with */
    int64_t id;  /* of the event behind which to go on */
    /* pages */
    bool reverse;
    int size, shown;
    /* live */
    struct reactor_watch *watch;
    bool fetching, hinted, sending, more, last;
};

static void release_history(struct op_call *c)
{
    struct history *h = c->state;

    if (h->watch) {
        reactor_unwatch(c->ops->reactor, h->watch);
        c->ops->waiting--;
    }
    if (h->def)
        catalog_unpin_definition(reactor_catalog(c->ops->reactor), h->def);
    free(h);
}

static void on_definition(void *arg, struct definition *def, const struct err *err)
{
    struct op_call *c = arg;
    struct history *h = c->state;

    if (!def) {
        op_fail_err(c, err);
        return;
    }
    h->def = def;
    if (def->flaw) {
        op_fail(c, ERR_INTERNAL, "%s; pawl.history shows what happened", def->flaw);
        return;
    }
    h->context.role_arn = def->role_arn;
    h->context.region = c->ops->region;
    h->begin(c);
}

static void on_execution(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    struct history *h = c->state;

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0) {
        op_no_execution(c);
        return;
    }
    h->execution_id = store_int(r, 0, 0);
    h->ended = strcmp(store_text(r, 0, 2, NULL), "RUNNING") != 0;
    catalog_definition(reactor_catalog(c->ops->reactor), store_int(r, 0, 1), on_definition, c);
}

static struct history *new_history(struct op_call *c, void (*begin)(struct op_call *c))
{
    struct history *h = mem_calloc(1, sizeof *h);

    h->begin = begin;
    c->state = h;
    c->release = release_history;
    return h;
}

static void find_execution(struct op_call *c)
{
    if (op_execution(c) == 0)
        store_query(reactor_store(c->ops->reactor),
                    "SELECT e.execution_id, e.definition_id, e.status"
                    " FROM pawl.execution e JOIN pawl.definition d USING (definition_id)"
                    " WHERE e.name = $2 AND d.machine = $1 ORDER BY e.execution_id DESC LIMIT 1",
                    2, (const struct store_param[]){{c->arn.machine}, {c->arn.execution}}, on_execution, c);
}

/* ---- rows of the journal ---- */

/*
 * As many rows as are read at once, and no more than some megabytes of them, but one. The last column says
 * how many there were before megabytes counted.
 */
enum { SEQ, AT, EVENTS, PAYLOADS, FOUND };
#define ROWS(condition, order)                                                                               \
    "SELECT seq, (extract(epoch FROM at) * 1000000)::bigint, events, payloads, found FROM ("                 \
    "SELECT *, count(*) OVER () AS found, row_number() OVER w AS place,"                                     \
    " sum(pg_column_size(events) + pg_column_size(payloads)) OVER w AS bytes FROM ("                         \
    "SELECT * FROM pawl.journal WHERE execution_id = $1::bigint AND " condition " ORDER BY seq " order       \
    " LIMIT $4::int) a WINDOW w AS (ORDER BY seq " order ")) b"                                              \
    " WHERE bytes <= 4194304 OR place = 1 ORDER BY place"

static const char FORWARD[] = ROWS("seq >= $2::int AND first_event + event_count > $3::int + 1", "ASC");
static const char BACKWARD[] = ROWS("seq <= $2::int AND first_event < $3::int AND event_count > 0", "DESC");

static bool more_rows(const struct store_result *r)
{
    int64_t found = store_rows(r) ? store_int(r, 0, FOUND) : 0;

    return found == ROWS_AT_ONCE || found > store_rows(r);
}

static void fetch(struct op_call *c, store_cb then)
{
    struct history *h = c->state;
    char id[24], seq[24], last[24], limit[24];
    const struct store_param params[] = {{store_int_text(id, h->execution_id)},
                                         {store_int_text(seq, h->seq)},
                                         {store_int_text(last, h->id)},
                                         {store_int_text(limit, ROWS_AT_ONCE)}};

    store_query(reactor_store(c->ops->reactor), h->reverse ? BACKWARD : FORWARD, 4, params, then, c);
}

/* Shows one event; false: stop. */
typedef bool (*show)(struct op_call *c, const struct event *e);

/* Gives each event of the row that is still to come to fn, until it says stop. -1: the call has failed. */
static int each_event(struct op_call *c, const struct store_result *r, int row, show fn, bool *stopped)
{
    struct history *h = c->state;
    size_t events_len, payloads_len, n;
    const char *events = store_text(r, row, EVENTS, &events_len),
               *payloads = store_text(r, row, PAYLOADS, &payloads_len);
    struct event *list;
    struct err err;

    if (event_read_row(h->def->asl, events, events_len, payloads, payloads_len, store_int(r, row, AT), &list,
                       &n, &err) < 0)
        return op_fail_err(c, &err);
    h->seq = store_int(r, row, SEQ);
    for (size_t i = 0; i < n && !*stopped; i++) {
        const struct event *e = &list[h->reverse ? n - 1 - i : i];
        if (e->id == 0 || (h->reverse ? e->id >= h->id : e->id <= h->id))
            continue;
        *stopped = !fn(c, e);
    }
    for (size_t i = 0; i < n; i++)
        event_fini(&list[i]);
    free(list);
    return 0;
}

/* ---- GetExecutionHistory ---- */

static void history_kind(const struct op_call *c, char kind[64])
{
    const struct history *h = c->state;

    snprintf(kind, 64, "history %lld %d", (long long)h->execution_id, h->reverse);
}

static void end_page(struct op_call *c, bool more)
{
    const struct history *h = c->state;
    char kind[64], position[64];

    op_close(c, ']');
    if (more) {
        history_kind(c, kind);
        snprintf(position, sizeof position, "%lld %lld", (long long)h->seq, (long long)h->id);
        op_put_next(c, kind, position);
    }
    op_close(c, '}');
    op_done(c);
}

/* An event beyond the page says that there is another one. */
static bool show_on_page(struct op_call *c, const struct event *e)
{
    struct history *h = c->state;

    if (h->shown == h->size || c->out.len >= PAGE_BYTES_MAX)
        return false;
    if (h->shown++ > 0)
        js_buf_str(&c->out, ",");
    event_write_api(e, &h->context, &c->out);
    h->id = e->id;
    return true;
}

static void on_page_rows(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    bool full = false;

    if (err)
        return op_fail_store(c, err, sqlstate);
    for (int i = 0; i < store_rows(r) && !full; i++)
        if (each_event(c, r, i, show_on_page, &full) < 0)
            return;
    if (!full && more_rows(r))
        fetch(c, on_page_rows);
    else
        end_page(c, full);
}

static void begin_page(struct op_call *c)
{
    struct history *h = c->state;
    char kind[64], position[PAGE_POSITION_BYTES];
    long long seq = h->reverse ? INT32_MAX : 1, id = h->reverse ? INT32_MAX : 0;

    history_kind(c, kind);
    if (op_page(c, kind, position) < 0)
        return;
    if (*position)
        sscanf(position, "%lld %lld", &seq, &id);
    h->seq = seq;
    h->id = id;
    op_open(c, NULL, '{');
    op_open(c, "events", '[');
    fetch(c, on_page_rows);
}

void op_get_history(struct op_call *c)
{
    struct history *h = new_history(c, begin_page);

    h->reverse = op_bool(c, "reverseOrder", false);
    h->context.with_data = op_bool(c, "includeExecutionData", true);
    h->size = op_page_size(c);
    find_execution(c);
}

/* ---- steps: rows of the view, as they are ---- */

/* The first ones, and no more than some megabytes, but one; and how many there are. */
static const char SELECT_STEPS[] =
    "SELECT step, found FROM (SELECT step, place, count(*) OVER () AS found,"
    " sum(octet_length(step)) OVER (ORDER BY place) AS bytes FROM (SELECT row_to_json(s)::text AS step,"
    " row_number() OVER (ORDER BY s.first_event_id) AS place FROM pawl.steps s WHERE s.execution_id = "
    "$1::bigint) a) b"
    " WHERE place <= $2::int AND (bytes <= 8388608 OR place = 1) ORDER BY place";

static void on_steps(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    size_t len;

    if (err)
        return op_fail_store(c, err, sqlstate);
    op_open(c, NULL, '{');
    op_open(c, "steps", '[');
    for (int i = 0; i < store_rows(r); i++) {
        const char *step = store_text(r, i, 0, &len);
        op_put_raw(c, NULL, step, len);
    }
    op_close(c, ']');
    op_put_bool(c, "truncated", store_rows(r) > 0 && store_int(r, 0, 1) > store_rows(r));
    op_close(c, '}');
    op_done(c);
}

static void begin_steps(struct op_call *c)
{
    const struct history *h = c->state;
    char id[24], max[24];

    store_query(
        reactor_store(c->ops->reactor), SELECT_STEPS, 2,
        (const struct store_param[]){{store_int_text(id, h->execution_id)}, {store_int_text(max, STEPS_MAX)}},
        on_steps, c);
}

void op_list_steps(struct op_call *c)
{
    new_history(c, begin_steps);
    find_execution(c);
}

/* ---- live events: what is there, and what comes, until the last one ---- */

static bool is_last(const struct event *e)
{
    return e->type == EV_EXECUTION_SUCCEEDED || e->type == EV_EXECUTION_FAILED ||
           e->type == EV_EXECUTION_ABORTED || e->type == EV_EXECUTION_TIMED_OUT;
}

static bool show_live(struct op_call *c, const struct event *e)
{
    struct history *h = c->state;

    js_buf_str(&c->out, "id: ");
    js_buf_int(&c->out, e->id);
    js_buf_str(&c->out, "\ndata: ");
    event_write_api(e, &h->context, &c->out);
    js_buf_str(&c->out, "\n\n");
    h->id = e->id;
    h->last = is_last(e);
    return !h->last && c->out.len < PIECE_BYTES_MAX;
}

static void on_live_rows(void *arg, const struct store_result *r, const struct err *err,
                         const char *sqlstate);

/* What is sent has left, or something has happened: is there something to fetch? */
static void go_on(struct op_call *c)
{
    struct history *h = c->state;

    if (h->fetching || h->sending)
        return;
    if (h->more || h->hinted) {
        h->more = h->hinted = false;
        h->fetching = true;
        fetch(c, on_live_rows);
    } else if (h->ended) {
        op_done(c);
    }
}

static void on_live_rows(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    struct history *h = c->state;
    bool full = false;

    h->fetching = false;
    if (err)
        return; /* the next hint, a second away at the most, tries again */
    for (int i = 0; i < store_rows(r) && !full; i++)
        if (each_event(c, r, i, show_live, &full) < 0)
            return;
    if (h->last) {
        op_done(c);
        return;
    }
    h->more = full || more_rows(r);
    h->sending = c->out.len > 0;
    if (h->sending)
        c->ops->door->push(c);
    else
        go_on(c);
}

static void on_drained(struct op_call *c)
{
    struct history *h = c->state;

    h->sending = false;
    go_on(c);
}

static void on_hint(void *arg, bool finished)
{
    struct op_call *c = arg;
    struct history *h = c->state;

    h->hinted = true;
    h->ended |= finished;
    go_on(c);
}

static void begin_live(struct op_call *c)
{
    struct history *h = c->state;
    const char *after = c->ops->door->header(c, "Last-Event-ID");

    if (c->ops->waiting >= c->ops->waiting_max) {
        op_fail(c, ERR_UNAVAILABLE, "%u callers wait or watch already; try again later", c->ops->waiting);
        return;
    }
    h->seq = 1;
    h->id = after ? strtoll(after, NULL, 10) : op_int(c, "after", 0);
    if (h->id < 0 || h->id > INT32_MAX - 1)
        h->id = 0;
    h->watch = reactor_watch(c->ops->reactor, h->execution_id, on_hint, c);
    c->ops->waiting++;
    c->content_type = "text/event-stream";
    c->drained = on_drained;
    h->hinted = true;
    c->ops->door->stream(c);
    go_on(c);
}

void op_live_events(struct op_call *c)
{
    new_history(c, begin_live)->context.with_data = true;
    find_execution(c);
}
