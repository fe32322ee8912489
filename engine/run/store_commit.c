/*
 * The tick's transaction: the fence, then a statement for each table, then one Sync.  What PostgreSQL refuses
 * for its data is halved until the guilty stand alone; what it refuses for want of room is sent again later.
 * Between the two are errors that may be a row's fault or the server's own (out of memory, say): nobody is
 * condemned for those but after a trial, in which the server has taken rows of the same shape and size.
 */
#include "run/store_priv.h"

#include "run/log.h"

#include <string.h>

enum {
    TRANSACTION_BYTES_MAX = 16 << 20, /* a larger batch is sent as several transactions */
    RETRY_FIRST_MS = 100,
    RETRY_LAST_MS = 5000,
    LOCK_TRIES_MAX = 10, /* of an execution, for a row that another session has locked */
    TRIES_MAX = 3,       /* in doubt: of a batch before it is split, of an execution before it is condemned */
};

/*
 * The fence fails by dividing by zero, because a statement that merely returns no row would not stop an
 * implicit transaction.  FOR SHARE: whoever raises the epoch waits for the commit that is under way.
 */
const struct conn_statement COMMIT_STATEMENTS[] = {
    {"fence", "SELECT 1 / count(*) FROM (SELECT 1 FROM pawl.lease WHERE slot = $1::int AND epoch = "
              "$2::bigint FOR SHARE) s"},
    {"execution",
     "INSERT INTO pawl.execution (execution_id, state_machine_id, definition_id, name, slot, status, "
     "started_at,"
     " stopped_at, output, error, cause, trace)"
     " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::int[], $6::text[],"
     " $7::timestamptz[], $8::timestamptz[], $9::json[], $10::text[], $11::text[], $12::text[])"},
    {"journal",
     "INSERT INTO pawl.journal (execution_id, seq, at, first_event, event_count, state, events, payloads)"
     " SELECT * FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::int[], $5::int[], $6::text[],"
     " $7::json[], $8::json[])"},
    {"finish", "UPDATE pawl.execution e SET status = v.status, stopped_at = v.stopped_at, output = v.output,"
               " error = v.error, cause = v.cause"
               " FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::json[], $5::text[], $6::text[])"
               " v (execution_id, status, stopped_at, output, error, cause)"
               " WHERE e.execution_id = v.execution_id"},
    {"parked", "UPDATE pawl.execution e SET slot = NULL, wake_at = v.wake_at"
               " FROM unnest($1::bigint[], $2::timestamptz[]) v (execution_id, wake_at)"
               " WHERE e.execution_id = v.execution_id"},
    {"consumed",
     "DELETE FROM pawl.inbox i USING unnest($1::bigint[]) v (inbox_id) WHERE i.inbox_id = v.inbox_id"},
    {"regret", "SELECT $1::text::int"}, /* fails, and says why in the server's log */
    {NULL, NULL},
};

static const char *const STATEMENT_OF[BATCH_TABLES] = {[BATCH_EXECUTION] = "execution",
                                                       [BATCH_JOURNAL] = "journal",
                                                       [BATCH_FINISH] = "finish",
                                                       [BATCH_PARKED] = "parked",
                                                       [BATCH_CONSUMED] = "consumed"};

void commit_init(struct store *s)
{
    s->commit.open = &s->commit.batches[0];
}

void commit_fini(struct store *s)
{
    struct commit *c = &s->commit;

    for (int i = 0; i < 2; i++)
        batch_fini(&c->batches[i]);
    for (int t = 0; t < BATCH_TABLES; t++)
        batch_rows_fini(&c->part[t]);
    for (size_t i = 0; i < c->nguilty; i++)
        free((char *)c->guilty[i].message);
    free(c->guilty);
    free(c->ranges);
}

/* ---- sending ---- */

static void push_range(struct commit *c, uint32_t from, uint32_t to)
{
    if (c->nranges == c->cap_ranges) {
        c->cap_ranges = c->cap_ranges ? 2 * c->cap_ranges : 16;
        c->ranges = mem_realloc(c->ranges, c->cap_ranges * sizeof *c->ranges);
    }
    c->ranges[c->nranges++] = (struct range){.from = from, .to = to};
}

/* In pieces of bounded size, the first on top. */
static void push_batch(struct commit *c)
{
    const struct batch *b = c->sent;
    uint32_t to = (uint32_t)b->nunits;

    for (uint32_t from = to; from > 0;) {
        size_t bytes = 0;
        do
            bytes += b->units[--from].bytes;
        while (from > 0 && bytes + b->units[from - 1].bytes <= TRANSACTION_BYTES_MAX);
        push_range(c, from, to);
        to = from;
    }
}

static void send_statement(struct store *s, const char *name, int n, const char *const *values,
                           const int *lengths)
{
    conn_execute(s->write, name, n, values, lengths, true);
    s->commit.statements++;
}

static void send_fence(struct store *s)
{
    struct commit *c = &s->commit;
    uint32_t slot = htobe32((uint32_t)c->slot);
    uint64_t epoch = htobe64((uint64_t)c->epoch);
    const char *values[] = {(const char *)&slot, (const char *)&epoch};

    c->verdict = (struct verdict){.failed = -1};
    c->in_flight = true;
    c->sent_ns = uv_hrtime();
    c->statements = 0;
    send_statement(s, "fence", 2, values, (int[]){4, 8});
}

static void send_rows(struct store *s, enum batch_table t, const struct batch_rows *r)
{
    const char *values[BATCH_COLUMNS_MAX];
    int lengths[BATCH_COLUMNS_MAX];

    for (int i = 0; i < batch_columns(t); i++) {
        values[i] = r->columns[i].data.p;
        lengths[i] = (int)r->columns[i].data.len;
    }
    send_statement(s, STATEMENT_OF[t], batch_columns(t), values, lengths);
}

/* The current range's rows for a table. */
static struct batch_rows *rows_of(struct commit *c, enum batch_table t)
{
    bool whole = c->current.from == 0 && c->current.to == c->sent->nunits && !c->sent->withdrawn;

    if (whole)
        return &c->sent->rows[t];
    batch_part(c->sent, t, c->current.from, c->current.to, &c->part[t]);
    batch_rows_finish(&c->part[t], t);
    return &c->part[t];
}

static void send_range(struct store *s)
{
    struct commit *c = &s->commit;

    send_fence(s);
    for (int t = 0; t < BATCH_TABLES; t++) {
        struct batch_rows *r = rows_of(c, (enum batch_table)t);
        if (t == BATCH_EXECUTION)
            c->sends_starts = r->n > 0;
        if (r->n)
            send_rows(s, (enum batch_table)t, r);
    }
    conn_sync(s->write);
}

/*
 * A trial after a refusal: rows that nobody can object to, taken back by an error at the end.  Does the
 * server take those at this moment?  from == to: none at all, only the tables are asked for.
 */
static void send_trial(struct store *s, uint32_t from, uint32_t to)
{
    struct commit *c = &s->commit;
    static const char regret[] = "pawld has tried these rows, and takes them back";

    c->charge = c->verdict;
    c->on_trial = true;
    send_fence(s);
    for (int t = 0; t < BATCH_TABLES; t++) {
        struct batch_rows *r = &c->part[t];
        batch_part(c->sent, (enum batch_table)t, from, to, r);
        batch_rows_blank(r, (enum batch_table)t);
        batch_rows_finish(r, (enum batch_table)t);
        send_rows(s, (enum batch_table)t, r);
    }
    send_statement(s, "regret", 1, (const char *[]){regret}, (int[]){sizeof regret - 1});
    conn_sync(s->write);
}

void store_commit(struct store *s, int slot, int64_t epoch, store_commit_cb cb, void *arg)
{
    struct commit *c = &s->commit;

    PAWL_ASSERT(!c->sent);
    c->sent = c->open;
    c->open = &c->batches[c->sent == &c->batches[0]];
    c->slot = slot;
    c->epoch = epoch;
    c->cb = cb;
    c->arg = arg;
    c->told_retrying = c->sifting = false;
    c->refusals = 0;
    batch_seal(c->sent);
    if (!store_is_up(s)) {
        s->commit_refused = true;
        store_defer(s);
        return;
    }
    push_batch(c);
    c->current = c->nranges ? c->ranges[--c->nranges] : (struct range){0};
    send_range(s);
}

/* ---- judging ---- */

enum blame {
    BLAME_FENCE,
    BLAME_DATA,    /* of some execution in the range */
    BLAME_PERHAPS, /* of some execution, or of the server: a trial tells */
    BLAME_LOCK,    /* somebody else's transaction holds a table, a name or a row: a trial tells */
    BLAME_WEATHER, /* no room, no connections, ...: nobody's fault */
};

static bool in_class(const char *sqlstate, const char *classes) /* classes: "22 23 ..." */
{
    for (const char *p = classes; *p; p += 2 + (p[2] == ' '))
        if (!strncmp(sqlstate, p, 2))
            return true;
    return false;
}

static bool is_one_of(const char *sqlstate, const char *states) /* states: "53100 53300 ..." */
{
    for (const char *p = states; *p; p += 5 + (p[5] == ' '))
        if (!strncmp(sqlstate, p, 5))
            return true;
    return false;
}

/*
 * Whom an error may condemn decides over executions, so the lists are short.  DATA: what only the rows
 * themselves bring about: wrong values, constraints, exceptions that triggers raise, JSON too deep for the
 * server's stack.  WEATHER: what rows cannot bring about: connections, a read-only server, conflicts of
 * transactions, no room on the disk, operators, input and output, damaged pages.  All else may be either:
 * memory and other limits (54000 says as well that transaction ids run out), privileges, internal errors.
 */
static enum blame judge(const struct verdict *v)
{
    if (!strcmp(v->sqlstate, "55P03"))
        return BLAME_LOCK;
    if (v->failed == 0) /* the fence: it has no data of its own but the lease */
        return strcmp(v->sqlstate, "22012") ? BLAME_WEATHER : BLAME_FENCE;
    if (in_class(v->sqlstate, "21 22 23 44 P0") || is_one_of(v->sqlstate, "54001"))
        return BLAME_DATA;
    if (in_class(v->sqlstate, "08 25 28 40 57 58 72") || is_one_of(v->sqlstate, "53100 53300 XX001 XX002"))
        return BLAME_WEATHER;
    return BLAME_PERHAPS;
}

static void finish(struct store *s, enum store_outcome outcome)
{
    struct commit *c = &s->commit;
    struct batch *done = c->sent;
    struct store_guilty *guilty = c->guilty;
    size_t nguilty = c->nguilty;

    c->sent = NULL;
    c->in_flight = c->on_trial = false;
    c->nranges = c->nguilty = c->cap_guilty = 0;
    c->guilty = NULL;
    uv_timer_stop(&s->retry);
    batch_clear(done);
    c->cb(c->arg, outcome, guilty, nguilty);
    for (size_t i = 0; i < nguilty; i++)
        free((char *)guilty[i].message);
    free(guilty);
}

static void send_next(struct store *s)
{
    struct commit *c = &s->commit;

    if (c->nranges == 0) {
        finish(s, STORE_COMMITTED);
        return;
    }
    c->current = c->ranges[--c->nranges];
    send_range(s);
}

static void condemn(struct store *s)
{
    struct commit *c = &s->commit;
    int64_t id = c->sent->units[c->current.from].execution_id;

    if (strcmp(c->verdict.constraint, "execution_by_name") !=
        0) /* a name that is taken is the caller's affair */
        log_warn("PostgreSQL refused the rows of an execution", "exec=%lld sqlstate=%s constraint=%s",
                 (long long)id, c->verdict.sqlstate, c->verdict.constraint);
    if (c->nguilty == c->cap_guilty) {
        c->cap_guilty = c->cap_guilty ? 2 * c->cap_guilty : 4;
        c->guilty = mem_realloc(c->guilty, c->cap_guilty * sizeof *c->guilty);
    }
    struct store_guilty *g = &c->guilty[c->nguilty++];
    *g = (struct store_guilty){.execution_id = id,
                               .message = mem_strndup(c->verdict.message, strlen(c->verdict.message))};
    memcpy(g->sqlstate, c->verdict.sqlstate, sizeof g->sqlstate);
    memcpy(g->constraint, c->verdict.constraint, sizeof g->constraint);
    send_next(s);
}

static void split(struct store *s)
{
    struct commit *c = &s->commit;
    uint32_t middle = c->current.from + (c->current.to - c->current.from) / 2;

    push_range(c, middle, c->current.to);
    push_range(c, c->current.from, middle);
    send_next(s);
}

/* From now on parts that are refused in doubt are split at once. */
static void sift(struct store *s)
{
    s->commit.sifting = true;
    split(s);
}

static bool alone(const struct commit *c)
{
    return c->current.to - c->current.from <= 1;
}

static void on_retry(uv_timer_t *timer)
{
    send_range(timer->data);
}

/* A lock goes at some moment, and each try waits for that; anything else takes time. */
static unsigned delay_ms(const struct commit *c, enum blame blame)
{
    unsigned n = c->refusals - 1;

    return blame == BLAME_LOCK ? RETRY_FIRST_MS : n > 5 ? RETRY_LAST_MS : RETRY_FIRST_MS << n;
}

/* In the log: the first refusals, then ever fewer. */
static bool worth_a_line(unsigned refusals)
{
    return (refusals & (refusals - 1)) == 0;
}

static void retry_later(struct store *s, enum blame blame)
{
    struct commit *c = &s->commit;
    char why[600];

    c->in_flight = false;
    c->refusals++;
    if (worth_a_line(c->refusals))
        log_warn("commit refused, will be tried again", "executions=%u tries=%u sqlstate=%s why=%s",
                 c->current.to - c->current.from, c->refusals, c->verdict.sqlstate,
                 log_quote(why, sizeof why, c->verdict.message));
    uv_timer_start(&s->retry, on_retry, delay_ms(c, blame), 0);
}

static void say_why(struct commit *c)
{
    const struct verdict *v = &c->verdict;

    if (!strcmp(v->sqlstate, "53100"))
        snprintf(c->why, sizeof c->why, "the database's disk is full");
    else if (!strcmp(v->sqlstate, "55P03"))
        snprintf(c->why, sizeof c->why,
                 "another session holds a lock on a table of pawl's (pg_locks has it)");
    else
        snprintf(c->why, sizeof c->why, "PostgreSQL refuses to commit (SQLSTATE %s): %.160s", v->sqlstate,
                 v->message);
}

/* It will be longer than a moment: who starts executions is told. */
static void wait_for_better_weather(struct store *s, enum blame blame)
{
    struct commit *c = &s->commit;
    bool at_once = is_one_of(c->verdict.sqlstate, "53100 53300");

    retry_later(s, blame);
    if (c->told_retrying || (c->refusals < TRIES_MAX && !at_once))
        return;
    c->told_retrying = true;
    say_why(c);
    c->cb(c->arg, STORE_RETRYING, NULL, 0);
}

/* Somebody between us and the server has thrown the prepared statements away: only a new connection helps. */
static bool is_forgotten(const struct verdict *v)
{
    return !strcmp(v->sqlstate, "26000");
}

static void refused(struct store *s)
{
    struct commit *c = &s->commit;
    enum blame blame = judge(&c->verdict);

    switch (blame) {
    case BLAME_FENCE:
        finish(s, STORE_FENCED);
        return;
    case BLAME_DATA:
        alone(c) ? condemn(s) : split(s);
        return;
    case BLAME_PERHAPS:
        if (alone(c))
            send_trial(s, c->current.from, c->current.to);
        else if (!c->sifting && c->refusals < TRIES_MAX - 1)
            retry_later(s, blame);
        else
            sift(s);
        return;
    case BLAME_LOCK:
        send_trial(s, 0, 0);
        return;
    case BLAME_WEATHER:
        wait_for_better_weather(s, blame);
        return;
    }
}

/* The server takes rows like these, and has refused these. */
static void convict(struct store *s, enum blame blame)
{
    struct commit *c = &s->commit;
    bool is_start = c->verdict.failed == 1 && c->sends_starts;

    unsigned tries_max = blame == BLAME_PERHAPS ? TRIES_MAX : LOCK_TRIES_MAX;

    if (blame == BLAME_LOCK && is_start)
        tries_max = 1; /* a name that an open transaction has taken: its caller is told, the others go on */
    if (!alone(c))     /* of a lock */
        split(s);
    else if (++c->current.tries >= tries_max)
        condemn(s);
    else
        retry_later(s, blame);
}

static void tried(struct store *s)
{
    struct commit *c = &s->commit;
    struct verdict trial = c->verdict;
    enum blame blame = judge(&c->charge);
    bool taken = trial.failed == c->statements - 1;

    PAWL_ASSERT(trial.failed >= 0); /* it regrets */
    c->on_trial = false;
    c->verdict = c->charge;
    if (taken) {
        convict(s, blame);
    } else if (judge(&trial) == BLAME_FENCE) {
        finish(s, STORE_FENCED);
    } else {
        c->current.tries = 0; /* they prove nothing */
        wait_for_better_weather(s, blame);
    }
}

static void note_failure(struct verdict *v, const PGresult *r)
{
    const char *constraint = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
    const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    v->failed = (int)v->results;
    snprintf(v->sqlstate, sizeof v->sqlstate, "%s", conn_sqlstate(r));
    snprintf(v->message, sizeof v->message, "%s", message ? message : PQresultErrorMessage(r));
    snprintf(v->constraint, sizeof v->constraint, "%s", constraint ? constraint : "");
}

void commit_result(struct store *s, PGresult *r)
{
    struct commit *c = &s->commit;
    bool sync = PQresultStatus(r) == PGRES_PIPELINE_SYNC;

    if (conn_failed(r) && c->verdict.failed < 0)
        note_failure(&c->verdict, r);
    PQclear(r);
    c->verdict.results++;
    if (!sync)
        return;
    if (c->verdict.failed < 0) {
        c->refusals = 0;
        send_next(s);
    } else if (is_forgotten(&c->verdict)) {
        conn_break(s->write, c->verdict.message);
    } else if (c->on_trial) {
        tried(s);
    } else {
        refused(s);
    }
}

void commit_abandon(struct store *s)
{
    batch_clear(s->commit.open);
    if (s->commit.sent)
        finish(s, STORE_UNKNOWN);
    batch_clear(s->commit.open); /* what the callback may have added for executions that are forgotten now */
}

/* ---- what the reactor asks ---- */

const char *store_retrying(const struct store *s)
{
    return s->commit.sent && s->commit.told_retrying ? s->commit.why : NULL;
}

static bool holds(const struct range *r, int64_t unit)
{
    return unit >= r->from && unit < r->to;
}

bool store_withdraw(struct store *s, int64_t execution_id)
{
    struct commit *c = &s->commit;

    PAWL_ASSERT(c->sent && !c->in_flight);
    int64_t unit = batch_withdraw(c->sent, execution_id);
    bool waits = holds(&c->current, unit);
    for (size_t i = 0; i < c->nranges; i++)
        waits |= holds(&c->ranges[i], unit);
    return waits;
}

size_t store_batch_size(const struct store *s)
{
    return s->commit.open->nunits;
}

size_t store_batch_bytes(const struct store *s)
{
    return batch_bytes(s->commit.open, 0, s->commit.open->nunits);
}

bool store_committing(const struct store *s)
{
    return s->commit.sent;
}

int64_t store_commit_age(const struct store *s)
{
    return s->commit.sent && s->commit.sent_ns ? (int64_t)((uv_hrtime() - s->commit.sent_ns) / 1000) : 0;
}
