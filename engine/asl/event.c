#include "asl/event.h"
#include "base/clock.h"

#include <string.h>

static const struct {
    const char *name;
    size_t len;
    const char *details;
    unsigned flags;
} EVENTS[EVENT_TYPES] = {
#define EVENT_ROW(constant, name, details, flags) [constant] = {name, sizeof name - 1, details, flags},
    EVENT_LIST(EVENT_ROW)
#undef EVENT_ROW
};

const char *event_name(enum event_type t)
{
    return EVENTS[t].name;
}

const char *event_details(enum event_type t)
{
    return EVENTS[t].details;
}

unsigned event_flags(enum event_type t)
{
    return EVENTS[t].flags;
}

int event_find(const char *name, size_t len)
{
    for (int t = 0; t < EVENT_TYPES; t++)
        if (EVENTS[t].len == len && !memcmp(EVENTS[t].name, name, len))
            return t;
    return -1;
}

struct assigned *assigned_new(size_t room)
{
    struct assigned *a = mem_alloc(sizeof *a + room * sizeof *a->list);

    a->refs = 1;
    a->n = 0;
    return a;
}

struct assigned *assigned_ref(struct assigned *a)
{
    if (a)
        a->refs++;
    return a;
}

void assigned_unref(struct assigned *a)
{
    if (!a || --a->refs)
        return;
    for (size_t i = 0; i < a->n; i++)
        value_unref(a->list[i].value);
    free(a);
}

void event_fini(struct event *e)
{
    value_unref(e->data);
    assigned_unref(e->assigned);
    free((char *)e->error);
    free((char *)e->cause);
    free((char *)e->location);
    free((char *)e->role);
    *e = (struct event){0};
}

/* The member that holds the payload's index; NULL: events of this type carry none. */
static const char *data_key(enum event_type t)
{
    unsigned flags = EVENTS[t].flags;

    if (flags & EVENT_INPUT)
        return "input";
    if (flags & EVENT_PARAMETERS)
        return "parameters";
    return flags & EVENT_OUTPUT ? "output" : NULL;
}

static const char *index_key(enum event_type t)
{
    return EVENTS[t].flags & EVENT_LENGTH ? "length" : "index";
}

/* A numbered event mostly follows from the one before it. */
static int32_t usual_prev(const struct event *e)
{
    return e->id ? e->id - 1 : 0;
}

/* ---- writing: text is appended member by member ---- */

/* The member's name, with a comma before it unless it is the first of its object. */
static void key(struct js_buf *out, const char *name)
{
    size_t len = strlen(name);
    char *to = js_buf_room(out, len + 4);

    if (to[-1] != '{')
        *to++ = ',';
    *to++ = '"';
    memcpy(to, name, len);
    memcpy(to + len, "\":", 3);
    out->len = (size_t)(to + len + 2 - out->p);
}

static void put_int(struct js_buf *out, const char *name, int64_t n)
{
    key(out, name);
    js_buf_int(out, n);
}

static void put_text(struct js_buf *out, const char *name, const char *text) /* NULL: left out */
{
    if (!text)
        return;
    key(out, name);
    js_buf_quoted(out, text, strlen(text));
}

/* The resource as history shows it: the ARN of a function, or "invoke" of "lambda". */
static void put_resource(struct js_buf *out, const struct asl_task *task)
{
    bool plain = task->kind == ASL_FUNCTION;

    put_text(out, "resource", plain ? task->resource : task->resource_name);
    put_text(out, "resourceType", plain ? NULL : task->resource_type);
}

/* ---- the journal ---- */

/*
 * The payloads of one row: each value stands once, found again by its address (open addressing; at most
 * half of the slots are taken).  An output that becomes the next input is the same value.
 */
enum { FEW = 64 };

struct payloads {
    struct js_buf *out;
    struct slot {
        const struct value *value;
        size_t index;
    } few[FEW], *slots;
    size_t mask, n;
};

static void payloads_init(struct payloads *p, size_t most, struct js_buf *out)
{
    size_t nslots = FEW;

    while (nslots < 2 * most)
        nslots *= 2;
    *p = (struct payloads){.out = out, .mask = nslots - 1};
    p->slots = nslots == FEW ? p->few : mem_calloc(nslots, sizeof *p->slots);
    js_buf_add(out, "[", 1);
}

static void payloads_fini(struct payloads *p)
{
    js_buf_add(p->out, "]", 1);
    if (p->slots != p->few)
        free(p->slots);
}

static size_t payload_index(struct payloads *p, struct value *v)
{
    size_t at = clock_dice((uintptr_t)v, 0) & p->mask;

    for (; p->slots[at].value; at = (at + 1) & p->mask)
        if (p->slots[at].value == v)
            return p->slots[at].index;

    p->slots[at] = (struct slot){v, p->n};
    if (p->n)
        js_buf_add(p->out, ",", 1);
    size_t len;
    const char *text = value_text(v, &len);
    js_buf_add(p->out, text, len);
    return p->n++;
}

static void write_assigned(const struct assigned *a, struct payloads *payloads, struct js_buf *out)
{
    if (!a)
        return;
    key(out, "assigned");
    js_buf_add(out, "{", 1);
    for (size_t i = 0; i < a->n; i++)
        put_int(out, a->list[i].name, (int64_t)payload_index(payloads, a->list[i].value));
    js_buf_add(out, "}", 1);
}

static void write_event(const struct event *e, struct payloads *payloads, struct js_buf *out)
{
    js_buf_add(out, "{", 1);
    if (e->id)
        put_int(out, "id", e->id);
    put_text(out, "type", event_name(e->type));
    if (e->prev != usual_prev(e))
        put_int(out, "prev", e->prev);
    if (e->frame)
        put_int(out, "frame", e->frame);
    if (e->state)
        put_text(out, "name", e->state->name);
    if (e->data)
        put_int(out, data_key(e->type), (int64_t)payload_index(payloads, e->data));
    write_assigned(e->assigned, payloads, out);
    put_text(out, "error", e->error);
    put_text(out, "cause", e->cause);
    put_text(out, "location", e->location);
    put_text(out, "role", e->role);
    if (e->index)
        put_int(out, index_key(e->type), e->index);
    if (e->timeout_s)
        put_int(out, "timeout", e->timeout_s);
    if (e->heartbeat_s)
        put_int(out, "heartbeat", e->heartbeat_s);
    if (e->due_us)
        put_int(out, "due", e->due_us);
    if (e->type == EV_EXECUTION_STARTED) {
        char seed[24];
        snprintf(seed, sizeof seed, "%llu", (unsigned long long)e->seed);
        put_text(out, "seed", seed);
    }
    js_buf_add(out, "}", 1);
}

void event_write_row(const struct event *list, size_t n, struct js_buf *events, struct js_buf *payloads)
{
    struct payloads p;
    size_t most = n;

    for (size_t i = 0; i < n; i++)
        most += list[i].assigned ? list[i].assigned->n : 0;
    payloads_init(&p, most, payloads);
    js_buf_add(events, "[", 1);
    for (size_t i = 0; i < n; i++) {
        if (i)
            js_buf_add(events, ",", 1);
        write_event(&list[i], &p, events);
    }
    js_buf_add(events, "]", 1);
    payloads_fini(&p);
}

/* ---- and back ---- */

struct row {
    const struct asl *asl;
    int64_t at_us;
    struct value **payloads;
    size_t npayloads;
    struct event *events;
    size_t nevents;
    struct err *err;
};

/* The end of the array's element that begins at p: the comma or bracket behind it, or end. */
static const char *element_end(const char *p, const char *end)
{
    size_t depth = 0;

    for (bool in_string = false; p < end; p++) {
        if (in_string) {
            if (*p == '\\')
                p++;
            else if (*p == '"')
                in_string = false;
        } else if (*p == '"') {
            in_string = true;
        } else if (*p == '[' || *p == '{') {
            depth++;
        } else if (*p == ']' || *p == '}' || *p == ',') {
            if (depth == 0)
                return p;
            depth -= *p != ',';
        }
    }
    return end;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Each payload keeps its text byte for byte, so the array is split, not parsed. */
static int read_payloads(struct row *r, const char *text, size_t len)
{
    const char *p = text, *end = text + len;
    size_t cap = 0;

    while (end > p && is_blank(end[-1]))
        end--;
    while (p < end && is_blank(*p))
        p++;
    if (end - p < 2 || *p != '[' || end[-1] != ']')
        return err_set(r->err, ERR_INTERNAL, "journal: payloads are not an array");
    p++, end--;
    for (bool more = p < end; more; p++) {
        const char *stop = element_end(p, end);
        if (js_scan(p, (size_t)(stop - p), NULL) < 0 || (stop < end && *stop != ','))
            return err_set(r->err, ERR_INTERNAL, "journal: payload %zu is not JSON", r->npayloads);
        if (r->npayloads == cap) {
            cap = cap ? 2 * cap : 8;
            r->payloads = mem_realloc(r->payloads, cap * sizeof *r->payloads);
        }
        r->payloads[r->npayloads++] = value_new(p, (size_t)(stop - p));
        more = stop < end;
        p = stop;
    }
    return 0;
}

static void read_state(struct row *r, struct js_in *in, struct event *e)
{
    const char *name = js_str(in, "name", EVENTS[e->type].flags & EVENT_WITH_STATE);

    if (!name)
        return;
    e->state = asl_find(r->asl, name, strlen(name));
    if (!e->state)
        js_fail(in, "name", "the definition has no state '%s'", name);
    else if (EVENTS[e->type].flags & EVENT_RESOURCE && e->state->type != ASL_TASK)
        js_fail(in, "name", "'%s' is not a Task", name);
}

static void read_data(struct row *r, struct js_in *in, struct event *e)
{
    const char *member = data_key(e->type);

    if (!member || (!js_has(in, member) && e->type == EV_CALLBACK_HELD))
        return;
    int64_t index = js_int(in, member, 0, (int64_t)r->npayloads - 1, -1);
    if (index >= 0 && (size_t)index < r->npayloads)
        e->data = value_ref(r->payloads[index]);
    else
        js_fail(in, member, "there is no such payload");
}

static void read_assigned(struct row *r, struct js_in *in, struct event *e)
{
    json_object *all = js_get(in, "assigned");

    if (!all || !(EVENTS[e->type].flags & EVENT_ASSIGN))
        return;
    if (!json_object_is_type(all, json_type_object))
        return js_fail(in, "assigned", "expected an object");
    e->assigned = assigned_new((size_t)json_object_object_length(all));
    json_object_object_foreach(all, name, index)
    {
        const char *known = asl_variable(r->asl, name, strlen(name));
        int64_t i = json_object_is_type(index, json_type_int) ? json_object_get_int64(index) : -1;
        if (!known)
            return js_fail(in, "assigned", "the definition has no variable '%s'", name);
        if (i < 0 || (uint64_t)i >= r->npayloads)
            return js_fail(in, "assigned", "there is no such payload for '%s'", name);
        e->assigned->list[e->assigned->n++] = (struct assignment){known, value_ref(r->payloads[i])};
    }
}

static char *read_text(struct js_in *in, const char *member)
{
    const char *text = js_str(in, member, false);
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

static void read_seed(struct js_in *in, struct event *e)
{
    const char *digits = js_str(in, "seed", true);

    if (!digits)
        return;
    char *end;
    e->seed = strtoull(digits, &end, 10);
    if (*end || *digits < '0' || *digits > '9')
        js_fail(in, "seed", "'%s' is not a number", digits);
}

static int read_event(struct row *r, json_object *src, struct event *e)
{
    char at[32];
    snprintf(at, sizeof at, "/%zu", r->nevents);
    struct js_in in = {.obj = src, .at = at, .err = r->err, .name = ERR_INTERNAL};
    if (!json_object_is_type(src, json_type_object))
        return err_set(r->err, ERR_INTERNAL, "journal: %s is not an event", at);

    const char *type = js_str(&in, "type", true);
    int found = type ? event_find(type, strlen(type)) : -1;
    if (found < 0)
        return err_set(r->err, ERR_INTERNAL, "journal: %s: there is no event type '%s'", at,
                       type ? type : "");

    e->type = (enum event_type)found;
    e->at_us = r->at_us;
    e->id = (int32_t)js_int(&in, "id", 0, INT32_MAX, 0);
    e->prev = (int32_t)js_int(&in, "prev", 0, INT32_MAX, usual_prev(e));
    e->frame = (uint32_t)js_int(&in, "frame", 0, UINT32_MAX, 0);
    read_state(r, &in, e);
    read_data(r, &in, e);
    read_assigned(r, &in, e);
    e->error = read_text(&in, "error");
    e->cause = read_text(&in, "cause");
    e->location = read_text(&in, "location");
    e->role = read_text(&in, "role");
    e->index = (int32_t)js_int(&in, index_key(e->type), 0, INT32_MAX, 0);
    e->timeout_s = (int32_t)js_int(&in, "timeout", 0, INT32_MAX, 0);
    e->heartbeat_s = (int32_t)js_int(&in, "heartbeat", 0, INT32_MAX, 0);
    e->due_us = js_int(&in, "due", INT64_MIN, INT64_MAX, 0);
    if (e->type == EV_EXECUTION_STARTED)
        read_seed(&in, e);
    return in.failed ? -1 : 0;
}

static int read_events(struct row *r, const char *text, size_t len)
{
    json_object *all = NULL;
    int rc = -1;

    if (js_parse(text, len, &all, NULL) < 0)
        return err_set(r->err, ERR_INTERNAL, "journal: events are not JSON");
    if (!json_object_is_type(all, json_type_array)) {
        err_set(r->err, ERR_INTERNAL, "journal: events are not an array");
        goto out;
    }
    size_t n = json_object_array_length(all);
    r->events = mem_calloc(n, sizeof *r->events);
    while (r->nevents < n) {
        struct event *e = &r->events[r->nevents];
        int bad = read_event(r, json_object_array_get_idx(all, r->nevents), e);
        r->nevents++; /* a half-read one is released like the others */
        if (bad)
            goto out;
    }
    rc = 0;
out:
    json_object_put(all);
    return rc;
}

int event_read_row(const struct asl *asl, const char *events, size_t events_len, const char *payloads,
                   size_t payloads_len, int64_t at_us, struct event **list, size_t *n, struct err *err)
{
    struct row r = {.asl = asl, .at_us = at_us, .err = err};
    int rc = read_payloads(&r, payloads, payloads_len);

    if (rc == 0)
        rc = read_events(&r, events, events_len);
    for (size_t i = 0; i < r.npayloads; i++)
        value_unref(r.payloads[i]);
    free(r.payloads);
    if (rc == 0) {
        *list = r.events;
        *n = r.nevents;
        return 0;
    }
    for (size_t i = 0; i < r.nevents; i++)
        event_fini(&r.events[i]);
    free(r.events);
    return -1;
}

/* ---- the API ---- */

static void put_data(struct js_buf *out, const char *name, struct value *v)
{
    size_t len;
    const char *text = value_text(v, &len);

    key(out, name);
    js_buf_quoted(out, text, len);
}

static void put_assigned(struct js_buf *out, const struct assigned *a)
{
    key(out, "assignedVariables");
    js_buf_add(out, "{", 1);
    for (size_t i = 0; i < a->n; i++)
        put_data(out, a->list[i].name, a->list[i].value);
    js_buf_str(out, "},\"assignedVariablesDetails\":{\"truncated\":false}");
}

static void put_credentials(struct js_buf *out, const char *role) /* NULL: left out */
{
    if (!role)
        return;
    key(out, "taskCredentials");
    js_buf_add(out, "{", 1);
    put_text(out, "roleArn", role);
    js_buf_add(out, "}", 1);
}

static void write_details(const struct event *e, const struct event_context *c, struct js_buf *out)
{
    unsigned flags = event_flags(e->type);

    if (flags & EVENT_NAME)
        put_text(out, "name", e->state->name);
    if (flags & EVENT_STATE) {
        put_text(out, "state", e->state->name);
        put_text(out, "location", e->location);
    }
    if (flags & EVENT_INDEX)
        put_int(out, "index", e->index);
    if (flags & EVENT_LENGTH)
        put_int(out, "length", e->index);
    if (flags & EVENT_RESOURCE)
        put_resource(out, &e->state->u.task);
    if (flags & EVENT_PARAMETERS)
        put_text(out, "region", c->region);
    if (e->data && c->with_data)
        put_data(out, data_key(e->type), e->data);
    if (flags & (EVENT_INPUT | EVENT_OUTPUT) && c->with_data) {
        key(out, flags & EVENT_INPUT ? "inputDetails" : "outputDetails");
        js_buf_str(out, "{\"truncated\":false}");
    }
    if (e->assigned && c->with_data)
        put_assigned(out, e->assigned);
    if (flags & EVENT_ERROR) {
        put_text(out, "error", e->error);
        put_text(out, "cause", e->cause);
    }
    if (e->timeout_s)
        put_int(out, "timeoutInSeconds", e->timeout_s);
    if (e->heartbeat_s)
        put_int(out, "heartbeatInSeconds", e->heartbeat_s);
    put_credentials(out, e->role);
    if (e->type == EV_EXECUTION_STARTED)
        put_text(out, "roleArn", c->role_arn);
}

void event_write_api(const struct event *e, const struct event_context *c, struct js_buf *out)
{
    const char *details = event_details(e->type);
    char seconds[40];

    PAWL_ASSERT(e->id > 0);
    snprintf(seconds, sizeof seconds, "%lld.%03lld", (long long)(e->at_us / CLOCK_SECOND),
             (long long)(e->at_us % CLOCK_SECOND / 1000));
    js_buf_str(out, "{\"timestamp\":");
    js_buf_str(out, seconds);
    put_text(out, "type", event_name(e->type));
    put_int(out, "id", e->id);
    put_int(out, "previousEventId", e->prev);
    if (details) {
        key(out, details);
        js_buf_add(out, "{", 1);
        write_details(e, c, out);
        js_buf_add(out, "}", 1);
    }
    js_buf_add(out, "}", 1);
}
