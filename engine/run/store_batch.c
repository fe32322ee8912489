/*
 * A tick's rows as PostgreSQL's binary arrays, encoded as they come.  Spans of each row are kept, so that any
 * part of a refused batch can be sent again without asking anybody for its content.
 */
#include "run/store_priv.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <string.h>

enum { ARRAY_HEADER_BYTES = 20, KEEP_BYTES = 1 << 20 };
enum { OID_INT8 = 20, OID_INT4 = 23, OID_TEXT = 25, OID_JSON = 114, OID_TIMESTAMPTZ = 1184 };

/* Microseconds from 1970 to 2000, where PostgreSQL's timestamps begin; and how it writes infinity. */
#define POSTGRES_EPOCH_US INT64_C(946684800000000)
#define POSTGRES_INFINITY INT64_MAX

/* The columns of each table, in the order of the statement's parameters. */
static const struct {
    int n;
    uint32_t types[BATCH_COLUMNS_MAX];
} TABLES[BATCH_TABLES] = {
    /* execution_id, state_machine_id, definition_id, name, slot, status, started_at, stopped_at, output,
       error, cause, trace */
    [BATCH_EXECUTION] = {12,
                         {OID_INT8, OID_INT8, OID_INT8, OID_TEXT, OID_INT4, OID_TEXT, OID_TIMESTAMPTZ,
                          OID_TIMESTAMPTZ, OID_JSON, OID_TEXT, OID_TEXT, OID_TEXT}},
    /* execution_id, seq, at, first_event, event_count, state, events, payloads */
    [BATCH_JOURNAL] = {8,
                       {OID_INT8, OID_INT4, OID_TIMESTAMPTZ, OID_INT4, OID_INT4, OID_TEXT, OID_JSON,
                        OID_JSON}},
    /* execution_id, status, stopped_at, output, error, cause */
    [BATCH_FINISH] = {6, {OID_INT8, OID_TEXT, OID_TIMESTAMPTZ, OID_JSON, OID_TEXT, OID_TEXT}},
    /* execution_id, wake_at */
    [BATCH_PARKED] = {2, {OID_INT8, OID_TIMESTAMPTZ}},
    /* inbox_id */
    [BATCH_CONSUMED] = {1, {OID_INT8}},
};

int batch_columns(enum batch_table t)
{
    return TABLES[t].n;
}

/* ---- elements ---- */

static void put32(struct js_buf *b, int32_t n)
{
    uint32_t big = htonl((uint32_t)n);
    js_buf_add(b, (const char *)&big, sizeof big);
}

static void put64(struct js_buf *b, int64_t n)
{
    uint64_t big = __builtin_bswap64((uint64_t)n);
    js_buf_add(b, (const char *)&big, sizeof big);
}

static void patch32(struct js_buf *b, size_t at, size_t n)
{
    uint32_t big = htonl((uint32_t)n);
    memcpy(b->p + at, &big, sizeof big);
}

static void add_int4(struct column *c, int32_t n)
{
    put32(&c->data, 4);
    put32(&c->data, n);
}

static void add_int8(struct column *c, int64_t n)
{
    put32(&c->data, 8);
    put64(&c->data, n);
}

static void add_time(struct column *c, int64_t us)
{
    add_int8(c, us - POSTGRES_EPOCH_US);
}

static void add_null(struct column *c)
{
    put32(&c->data, -1);
}

static void add_bytes(struct column *c, const char *text, size_t len)
{
    put32(&c->data, (int32_t)len);
    js_buf_add(&c->data, text, len);
}

static void add_text(struct column *c, const char *text) /* NULL: SQL NULL */
{
    if (text)
        add_bytes(c, text, strlen(text));
    else
        add_null(c);
}

static void add_value(struct column *c, struct value *v) /* NULL: SQL NULL */
{
    size_t len;
    const char *text = v ? value_text(v, &len) : NULL;

    if (text)
        add_bytes(c, text, len);
    else
        add_null(c);
}

/* ---- rows ---- */

static void begin_columns(struct batch_rows *r, enum batch_table t)
{
    for (int c = 0; c < TABLES[t].n; c++) {
        struct js_buf *b = &r->columns[c].data;
        put32(b, 1); /* dimensions */
        put32(b, 0); /* flags */
        put32(b, (int32_t)TABLES[t].types[c]);
        put32(b, 0); /* elements: batch_rows_finish */
        put32(b, 1); /* the first index */
    }
}

static struct column *begin_row(struct batch_rows *r, enum batch_table t, uint32_t unit)
{
    size_t columns = (size_t)TABLES[t].n;

    if (r->n == 0)
        begin_columns(r, t);
    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 16;
        r->spans = mem_realloc(r->spans, r->cap * columns * sizeof *r->spans);
        r->units = mem_realloc(r->units, r->cap * sizeof *r->units);
    }
    for (size_t c = 0; c < columns; c++)
        r->spans[r->n * columns + c] = r->columns[c].data.len;
    r->units[r->n++] = unit;
    return r->columns;
}

static size_t span_end(const struct batch_rows *r, size_t columns, size_t row, size_t c)
{
    return row + 1 < r->n ? r->spans[(row + 1) * columns + c] : r->columns[c].data.len;
}

static size_t last_row_bytes(const struct batch_rows *r, enum batch_table t)
{
    size_t columns = (size_t)TABLES[t].n, bytes = 0;

    for (size_t c = 0; c < columns; c++)
        bytes += r->columns[c].data.len - r->spans[(r->n - 1) * columns + c];
    return bytes;
}

void batch_rows_finish(struct batch_rows *r, enum batch_table t)
{
    for (int c = 0; r->n && c < TABLES[t].n; c++)
        patch32(&r->columns[c].data, 12, r->n);
}

static void rows_clear(struct batch_rows *r)
{
    for (size_t c = 0; c < BATCH_COLUMNS_MAX; c++) {
        r->columns[c].data.len = 0;
        if (r->columns[c].data.cap > KEEP_BYTES)
            js_buf_fini(&r->columns[c].data);
    }
    r->n = 0;
}

void batch_rows_fini(struct batch_rows *r)
{
    for (size_t c = 0; c < BATCH_COLUMNS_MAX; c++)
        js_buf_fini(&r->columns[c].data);
    free(r->spans);
    free(r->units);
    *r = (struct batch_rows){0};
}

void batch_part(const struct batch *b, enum batch_table t, uint32_t from, uint32_t to,
                struct batch_rows *part)
{
    const struct batch_rows *all = &b->rows[t];
    size_t columns = (size_t)TABLES[t].n;

    rows_clear(part);
    for (size_t row = 0; row < all->n; row++) {
        if (all->units[row] < from || all->units[row] >= to || b->units[all->units[row]].withdrawn)
            continue;
        struct column *c = begin_row(part, t, all->units[row]);
        for (size_t i = 0; i < columns; i++) {
            size_t at = all->spans[row * columns + i];
            js_buf_add(&c[i].data, all->columns[i].data.p + at, span_end(all, columns, row, i) - at);
        }
    }
}

static void blank(char *text, uint32_t len)
{
    if (len < 2)
        return; /* a digit */
    memset(text, ' ', len);
    text[0] = '[';
    text[len - 1] = ']';
}

void batch_rows_blank(struct batch_rows *r, enum batch_table t)
{
    if (r->n == 0)
        begin_columns(r, t);
    for (int c = 0; c < TABLES[t].n; c++) {
        char *p = r->columns[c].data.p + ARRAY_HEADER_BYTES;
        const char *end = r->columns[c].data.p + r->columns[c].data.len;
        while (TABLES[t].types[c] == OID_JSON && p < end) {
            uint32_t big;
            memcpy(&big, p, sizeof big);
            p += sizeof big;
            int32_t len = (int32_t)ntohl(big); /* -1: NULL */
            blank(p, len < 0 ? 0 : (uint32_t)len);
            p += len < 0 ? 0 : len;
        }
    }
}

/* ---- units: found again by a small open-addressing table, at most half full ---- */

static void index_put(struct batch *b, uint32_t unit)
{
    size_t mask = b->cap_index - 1, at = clock_dice((uint64_t)b->units[unit].execution_id, 0) & mask;

    while (b->index[at])
        at = (at + 1) & mask;
    b->index[at] = unit + 1;
}

static void index_grow(struct batch *b)
{
    free(b->index);
    b->cap_index = b->cap_index ? 2 * b->cap_index : 64;
    b->index = mem_calloc(b->cap_index, sizeof *b->index);
    for (uint32_t u = 0; u < b->nunits; u++)
        index_put(b, u);
}

/* The unit of an execution, or -1. */
static int64_t find_unit(const struct batch *b, int64_t execution_id)
{
    if (b->nunits && b->units[b->nunits - 1].execution_id == execution_id)
        return (int64_t)b->nunits - 1;
    if (b->cap_index) {
        size_t mask = b->cap_index - 1, at = clock_dice((uint64_t)execution_id, 0) & mask;
        for (; b->index[at]; at = (at + 1) & mask)
            if (b->units[b->index[at] - 1].execution_id == execution_id)
                return b->index[at] - 1;
    }
    return -1;
}

static uint32_t unit_of(struct batch *b, int64_t execution_id)
{
    int64_t found = find_unit(b, execution_id);

    if (found >= 0)
        return (uint32_t)found;
    if (b->nunits == b->cap_units) {
        b->cap_units = b->cap_units ? 2 * b->cap_units : 64;
        b->units = mem_realloc(b->units, b->cap_units * sizeof *b->units);
    }
    b->units[b->nunits++] = (struct batch_unit){.execution_id = execution_id};
    if (2 * b->nunits > b->cap_index)
        index_grow(b);
    else
        index_put(b, (uint32_t)b->nunits - 1);
    return (uint32_t)b->nunits - 1;
}

int64_t batch_withdraw(struct batch *b, int64_t execution_id)
{
    int64_t unit = find_unit(b, execution_id);

    if (unit >= 0)
        b->units[unit].withdrawn = b->withdrawn = true;
    return unit;
}

static void end_row(struct batch *b, enum batch_table t, uint32_t unit)
{
    b->units[unit].bytes += last_row_bytes(&b->rows[t], t);
}

size_t batch_bytes(const struct batch *b, size_t from, size_t to)
{
    size_t bytes = 0;

    for (size_t u = from; u < to; u++)
        bytes += b->units[u].bytes;
    return bytes;
}

/* ---- executions ---- */

static void encode_end(struct column *c, const struct exec *ex) /* stopped_at, output, error, cause */
{
    bool ended = ex && ex->status != EXEC_RUNNING;

    if (ended)
        add_time(&c[0], ex->stopped_us);
    else
        add_null(&c[0]);
    add_value(&c[1], ended && ex->status == EXEC_SUCCEEDED ? ex->output : NULL);
    add_text(&c[2], ended ? ex->error : NULL);
    add_text(&c[3], ended ? ex->cause : NULL);
}

/* ex: how it has ended already, or NULL. */
static void encode_start(struct batch *b, uint32_t unit, const struct exec *ex)
{
    const struct batch_start *s = &b->starts[b->units[unit].start - 1];
    struct column *c = begin_row(&b->rows[BATCH_EXECUTION], BATCH_EXECUTION, unit);

    add_int8(&c[0], s->row.execution_id);
    add_int8(&c[1], s->row.state_machine_id);
    add_int8(&c[2], s->row.definition_id);
    add_text(&c[3], b->texts.p + s->name);
    add_int4(&c[4], s->row.slot);
    add_text(&c[5], exec_status_name(ex ? ex->status : EXEC_RUNNING));
    add_time(&c[6], s->row.started_us);
    encode_end(&c[7], ex);
    add_text(&c[11], s->trace ? b->texts.p + s->trace : NULL);
    b->units[unit].start = 0;
    end_row(b, BATCH_EXECUTION, unit);
}

static size_t keep_text(struct batch *b, const char *text)
{
    if (b->texts.len == 0)
        js_buf_add(&b->texts, "", 1); /* so that no text begins at 0 */
    size_t at = b->texts.len;
    js_buf_add(&b->texts, text, strlen(text) + 1);
    return at;
}

void store_add_start(struct store *s, const struct store_start *start)
{
    struct batch *b = s->commit.open;
    uint32_t unit = unit_of(b, start->execution_id);

    PAWL_ASSERT(b->units[unit].start == 0);
    if (b->nstarts == b->cap_starts) {
        b->cap_starts = b->cap_starts ? 2 * b->cap_starts : 16;
        b->starts = mem_realloc(b->starts, b->cap_starts * sizeof *b->starts);
    }
    b->starts[b->nstarts++] = (struct batch_start){.row = *start,
                                                   .name = keep_text(b, start->name),
                                                   .trace = start->trace ? keep_text(b, start->trace) : 0};
    b->units[unit].start = b->nstarts;
}

void store_add_finish(struct store *s, const struct exec *ex)
{
    struct batch *b = s->commit.open;
    uint32_t unit = unit_of(b, ex->id);

    PAWL_ASSERT(ex->status != EXEC_RUNNING);
    if (b->units[unit].start) { /* it began in this very batch: one insert */
        encode_start(b, unit, ex);
        return;
    }
    struct column *c = begin_row(&b->rows[BATCH_FINISH], BATCH_FINISH, unit);
    add_int8(&c[0], ex->id);
    add_text(&c[1], exec_status_name(ex->status));
    encode_end(&c[2], ex);
    end_row(b, BATCH_FINISH, unit);
}

void batch_seal(struct batch *b)
{
    for (size_t i = 0; i < b->nstarts; i++) {
        uint32_t unit = unit_of(b, b->starts[i].row.execution_id);
        if (b->units[unit].start)
            encode_start(b, unit, NULL);
    }
    for (int t = 0; t < BATCH_TABLES; t++)
        batch_rows_finish(&b->rows[t], (enum batch_table)t);
}

/* ---- the journal ---- */

void store_add_events(struct store *s, int64_t execution_id, int32_t seq, int64_t at_us, const char *state,
                      const struct event *list, size_t n)
{
    struct batch *b = s->commit.open;
    uint32_t unit = unit_of(b, execution_id);
    struct column *c = begin_row(&b->rows[BATCH_JOURNAL], BATCH_JOURNAL, unit);
    int32_t first = 0, count = 0;

    for (size_t i = 0; i < n; i++) {
        first = first ? first : list[i].id;
        count += list[i].id != 0;
    }
    add_int8(&c[0], execution_id);
    add_int4(&c[1], seq);
    add_time(&c[2], at_us);
    add_int4(&c[3], first);
    add_int4(&c[4], count);
    add_text(&c[5], state);

    struct js_buf *events = &c[6].data, *payloads = &c[7].data;
    size_t events_at = events->len, payloads_at = payloads->len;
    put32(events, 0);
    put32(payloads, 0);
    event_write_row(list, n, events, payloads);
    patch32(events, events_at, events->len - events_at - 4);
    patch32(payloads, payloads_at, payloads->len - payloads_at - 4);
    end_row(b, BATCH_JOURNAL, unit);
}

/* ---- small changes ---- */

void store_add_parked(struct store *s, int64_t execution_id, int64_t wake_us)
{
    struct batch *b = s->commit.open;
    uint32_t unit = unit_of(b, execution_id);
    struct column *c = begin_row(&b->rows[BATCH_PARKED], BATCH_PARKED, unit);

    add_int8(&c[0], execution_id);
    if (wake_us == CLOCK_NEVER)
        add_int8(&c[1], POSTGRES_INFINITY);
    else
        add_time(&c[1], wake_us);
    end_row(b, BATCH_PARKED, unit);
}

void store_add_consumed(struct store *s, int64_t execution_id, int64_t inbox_id)
{
    struct batch *b = s->commit.open;
    uint32_t unit = unit_of(b, execution_id);
    struct column *c = begin_row(&b->rows[BATCH_CONSUMED], BATCH_CONSUMED, unit);

    add_int8(&c[0], inbox_id);
    end_row(b, BATCH_CONSUMED, unit);
}

/* ---- life ---- */

void batch_clear(struct batch *b)
{
    for (int t = 0; t < BATCH_TABLES; t++)
        rows_clear(&b->rows[t]);
    if (b->nunits)
        memset(b->index, 0, b->cap_index * sizeof *b->index);
    b->nunits = b->nstarts = 0;
    b->withdrawn = false;
    b->texts.len = 0;
}

void batch_fini(struct batch *b)
{
    for (int t = 0; t < BATCH_TABLES; t++)
        batch_rows_fini(&b->rows[t]);
    free(b->units);
    free(b->index);
    free(b->starts);
    js_buf_fini(&b->texts);
    *b = (struct batch){0};
}
