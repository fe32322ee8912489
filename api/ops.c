#include "ops.h"

#include "base/clock.h"
#include "run/log.h"
#include "run/node.h"
#include "run/timer.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>

enum { WAITING_MAX = 1000 }; /* callers of one reactor that wait for an execution or watch it */

struct forgetting {    /* op_forget under way */
    struct op_call *c; /* NULL: has gone */
    struct reactor *origin;
    unsigned left; /* reactors that have not said so yet; counted on the origin's thread */
    enum op_forgotten what;
    void (*then)(struct op_call *c);
    char name[];
};

/* ---- life ---- */

/* arn:aws:states:REGION:ACCOUNT: */
static char *arn_field(const char *prefix, int field)
{
    for (; field > 0; field--)
        prefix = strchr(prefix, ':') + 1;
    return mem_strndup(prefix, strcspn(prefix, ":"));
}

struct ops *ops_new(struct reactor *r, const struct op_door *door)
{
    const struct reactor_config *config = reactor_config(r);
    struct ops *o = mem_calloc(1, sizeof *o);

    o->reactor = r;
    o->door = door;
    o->arn_prefix = config->arn_prefix;
    o->region = arn_field(o->arn_prefix, 3);
    o->account = arn_field(o->arn_prefix, 4);
    o->token_key = config->token_key;
    o->waiting_max = WAITING_MAX;
    PAWL_ASSERT(getrandom(&o->dice, sizeof o->dice, 0) == sizeof o->dice);
    return o;
}

void ops_free(struct ops *o)
{
    while (o->calls) {
        struct op_call *c = o->calls;
        store_cancel(reactor_store(o->reactor), c);
        op_free(c);
    }
    free(o->region);
    free(o->account);
    free(o);
}

struct op_call *op_call_new(struct ops *o, enum op_skin skin, void *request)
{
    struct op_call *c = mem_calloc(1, sizeof *c);

    c->ops = o;
    c->skin = skin;
    c->request = request;
    c->status = 200;
    c->next = o->calls;
    if (c->next)
        c->next->prev = c;
    o->calls = c;
    return c;
}

void op_free(struct op_call *c)
{
    if (c->release)
        c->release(c);
    if (c->forgetting)
        c->forgetting->c = NULL;
    if (c->next)
        c->next->prev = c->prev;
    if (c->prev)
        c->prev->next = c->next;
    else
        c->ops->calls = c->next;
    json_object_put(c->in);
    free(c->machine);
    free(c->execution);
    free(c->item);
    js_buf_fini(&c->out);
    free(c);
}

/* ---- types and constraints ---- */

static const char *member_name(const struct op_member *m, enum op_skin skin)
{
    return skin == SKIN_REST && m->rest ? m->rest : m->name;
}

static bool is_integer(json_object *v)
{
    if (json_object_is_type(v, json_type_int))
        return true;
    double d = json_object_get_double(v);
    return json_object_is_type(v, json_type_double) && floor(d) == d && fabs(d) < 9e15;
}

static bool has_type(json_object *v, enum op_type type)
{
    switch (type) {
    case OP_STRING:
    case OP_JSON:
        return json_object_is_type(v, json_type_string);
    case OP_INTEGER:
        return is_integer(v);
    case OP_BOOLEAN:
        return json_object_is_type(v, json_type_boolean);
    case OP_OBJECT:
        return json_object_is_type(v, json_type_object);
    case OP_LIST:
        return json_object_is_type(v, json_type_array);
    }
    return false;
}

static const char *found_type(json_object *v)
{
    switch (json_object_get_type(v)) {
    case json_type_string:
        return "STRING_VALUE";
    case json_type_boolean:
        return json_object_get_boolean(v) ? "TRUE_VALUE" : "FALSE_VALUE";
    case json_type_object:
        return "START_OBJECT";
    case json_type_array:
        return "START_ARRAY";
    default:
        return "NUMBER_VALUE";
    }
}

static int check_types(const struct op_member *members, enum op_skin skin, json_object *in, struct err *err)
{
    static const char *const wanted[] = {"a String",    "an Integer", "a Boolean",
                                         "a Structure", "a List",     "a String"};

    for (const struct op_member *m = members; m && m->name; m++) {
        json_object *v = json_object_object_get(in, m->name);
        if (v && !has_type(v, m->type))
            return err_set(err, ERR_SERIALIZATION, "%s: %s can not be converted to %s", member_name(m, skin),
                           found_type(v), wanted[m->type]);
    }
    return 0;
}

/* Is the word one of "[ONE, OTHER]"? */
static bool in_set(const char *set, const char *word, size_t len)
{
    for (const char *p = set + 1; *p; p += strspn(p, ", ]")) {
        size_t n = strcspn(p, ",]");
        if (n == len && !memcmp(p, word, len))
            return true;
        p += n;
    }
    return false;
}

static bool is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

/* What the member does not satisfy, as the service words it; NULL: nothing. */
static const char *violated(const struct op_member *m, json_object *v, char words[256])
{
    if (!v)
        return m->flags & OP_REQUIRED ? "Member must not be null" : NULL;

    if (m->type == OP_INTEGER) {
        int64_t n = json_object_get_int64(v);
        if (n < m->min)
            return snprintf(words, 256, "Member must have value greater than or equal to %lld",
                            (long long)m->min),
                   words;
        if (m->max && n > m->max)
            return snprintf(words, 256, "Member must have value less than or equal to %lld",
                            (long long)m->max),
                   words;
        return NULL;
    }
    size_t size, len = 0;
    const char *text = NULL;
    if (m->type == OP_LIST) {
        size = json_object_array_length(v);
    } else if (m->type == OP_STRING || m->type == OP_JSON) {
        text = json_object_get_string(v);
        len = (size_t)json_object_get_string_len(v);
        size = js_chars(text, len);
    } else {
        return NULL;
    }
    if (size < (size_t)m->min)
        return snprintf(words, 256, "Member must have length greater than or equal to %lld",
                        (long long)m->min),
               words;
    if (m->max && size > (size_t)m->max)
        return snprintf(words, 256, "Member must have length less than or equal to %lld", (long long)m->max),
               words;
    if (m->type != OP_STRING)
        return NULL;
    if (m->set && !in_set(m->set, text, len))
        return snprintf(words, 256, "Member must satisfy enum value set: %s", m->set), words;
    if (!(m->flags & OP_CLEAN) && memchr(text, 0, len))
        return "Member must not hold U+0000";
    if (m->flags & OP_ASCII && !is_ascii(text, len))
        return "Member must satisfy regular expression pattern: \\p{ASCII}*";
    return NULL;
}

enum { VALUE_SHOWN_BYTES = 1100, VIOLATIONS_SHOWN = 10 };

static void add_violation(struct js_buf *b, const char *name, json_object *v, const char *words)
{
    size_t len = 4;
    const char *text = "null", *quote = v ? "'" : "";

    if (json_object_is_type(v, json_type_string)) {
        text = json_object_get_string(v);
        len = strlen(text);
    } else if (v) {
        text = js_text(v, &len);
    }
    bool cut = len > VALUE_SHOWN_BYTES;
    js_buf_str(b, b->len ? "; Value " : "Value ");
    js_buf_str(b, quote);
    js_buf_add(b, text, cut ? VALUE_SHOWN_BYTES : len);
    js_buf_str(b, cut ? "..." : "");
    js_buf_str(b, quote);
    js_buf_str(b, " at '");
    js_buf_str(b, name);
    js_buf_str(b, "' failed to satisfy constraint: ");
    js_buf_str(b, words);
}

static int check_members(const char *prefix, const struct op_member *members, enum op_skin skin,
                         json_object *in, struct err *err)
{
    struct js_buf list = {0};
    char words[256], name[128];
    unsigned n = 0;

    if (check_types(members, skin, in, err) < 0)
        return -1;
    for (const struct op_member *m = members; m && m->name; m++) {
        if (skin == SKIN_REST && m->flags & OP_AWS)
            continue;
        json_object *v = json_object_object_get(in, m->name);
        const char *wrong = violated(m, v, words);
        if (!wrong || ++n > VIOLATIONS_SHOWN)
            continue;
        snprintf(name, sizeof name, "%s%s", prefix, member_name(m, skin));
        add_violation(&list, name, v, wrong);
    }
    if (n > 0)
        err_set(err, ERR_VALIDATION, "%u validation error%s detected: %s", n, n == 1 ? "" : "s", list.p);
    js_buf_fini(&list);
    return n > 0 ? -1 : 0;
}

int op_check(const struct op *op, enum op_skin skin, json_object *in, struct err *err)
{
    return check_members("", op->members, skin, in, err);
}

int op_check_within(const char *prefix, const struct op_member *members, json_object *in, struct err *err)
{
    return in ? check_members(prefix, members, SKIN_AWS, in, err) : 0;
}

/* ---- JSON in a member ---- */

int op_check_json(const char *text, size_t len, struct err *err)
{
    struct err why;
    struct js_complaint c;

    if (js_scan(text, len, &why) == 0)
        return 0;
    return err_set(err, ERR_INVALID_INPUT, "%s", js_complaint(text, len, &c) ? c.words : why.cause);
}

int op_check_input(const char *text, size_t len, struct err *err)
{
    struct err why;

    if (len == 0)
        return err_set(err, ERR_INVALID_INPUT,
                       "Invalid State Machine Execution Input: 'Invalid execution input.'");
    if (len > VALUE_BYTES_MAX)
        return err_set(err, ERR_INVALID_INPUT,
                       "Invalid State Machine Execution Input: 'The input has %zu bytes, more than %d'", len,
                       VALUE_BYTES_MAX);
    if (op_check_json(text, len, &why) < 0)
        return err_set(err, ERR_INVALID_INPUT, "Invalid State Machine Execution Input: '%s'", why.cause);
    return 0;
}

int op_check_role(const char *role, struct err *err)
{
    if (strncmp(role, "arn:", 4) || strpbrk(role, " \t\r\n"))
        return err_set(err, ERR_INVALID_ARN, "Invalid Role Arn: '%.300s'", role);
    return 0;
}

const char *op_default_role(const struct op_call *c, char buf[OP_ROLE_BYTES])
{
    snprintf(buf, OP_ROLE_BYTES, "arn:aws:iam::%.20s:role/pawl", c->ops->account);
    return buf;
}

/* ---- reading ---- */

json_object *op_get(const struct op_call *c, const char *member)
{
    return json_object_object_get(c->in, member);
}

const char *op_str(const struct op_call *c, const char *member, size_t *len)
{
    json_object *v = op_get(c, member);

    if (v && len)
        *len = (size_t)json_object_get_string_len(v);
    return v ? json_object_get_string(v) : NULL;
}

const char *op_clean(const struct op_call *c, const char *member)
{
    size_t len;
    const char *text = op_str(c, member, &len);

    if (!text || !memchr(text, 0, len))
        return text;
    char *clean = js_clean(text, len, 3 * len);
    json_object_object_add(c->in, member, json_object_new_string(clean));
    free(clean);
    return op_str(c, member, NULL);
}

int64_t op_int(const struct op_call *c, const char *member, int64_t otherwise)
{
    json_object *v = op_get(c, member);

    return v ? json_object_get_int64(v) : otherwise;
}

bool op_bool(const struct op_call *c, const char *member, bool otherwise)
{
    json_object *v = op_get(c, member);

    return v ? json_object_get_boolean(v) : otherwise;
}

/* {machine} of a path: a name that no machine can have is simply not there. */
static int from_path(struct op_call *c)
{
    if (arn_name_check(c->machine, strlen(c->machine), &c->err) < 0)
        return op_fail_err(c, &c->err);
    snprintf(c->arn.machine, sizeof c->arn.machine, "%s", c->machine);
    c->arn.ours = true;
    if (!c->execution)
        return 0;
    if (arn_name_check(c->execution, strlen(c->execution), &c->err) < 0)
        return op_fail_err(c, &c->err);
    snprintf(c->arn.execution, sizeof c->arn.execution, "%s", c->execution);
    return 0;
}

static int from_arn(struct op_call *c, const char *member, enum arn_type type)
{
    size_t len = 0;
    const char *text = op_str(c, member, &len);
    struct err err;

    if (arn_parse(text, len, type, c->ops->arn_prefix, &c->arn, &err) < 0)
        return op_fail_err(c, &err);
    return 0;
}

int op_machine_named(struct op_call *c)
{
    return c->machine ? from_path(c) : from_arn(c, "stateMachineArn", ARN_MACHINE);
}

int op_machine(struct op_call *c)
{
    if (op_machine_named(c) < 0)
        return -1;
    return c->arn.ours && !c->arn.qualified ? 0 : op_no_machine(c);
}

int op_execution(struct op_call *c)
{
    if (c->execution)
        return from_path(c);
    if (from_arn(c, "executionArn", ARN_EXECUTION) < 0)
        return -1;
    return c->arn.ours ? 0 : op_no_execution(c);
}

bool op_ready(struct op_call *c)
{
    const char *why = reactor_not_ready(c->ops->reactor);

    if (why)
        op_fail(c, ERR_UNAVAILABLE, "%s; nothing was started or changed, try again", why);
    return !why;
}

/* ---- answering ---- */

void op_done(struct op_call *c)
{
    c->ops->door->answer(c);
}

int op_fail(struct op_call *c, const char *name, const char *fmt, ...)
{
    char text[ERR_CAUSE_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    err_set(&c->err, name, "%s", text);
    c->ops->door->answer(c);
    return -1;
}

int op_fail_err(struct op_call *c, const struct err *err)
{
    if (err != &c->err)
        c->err = *err;
    c->ops->door->answer(c);
    return -1;
}

/* Classes of SQLSTATE that pass: no resources, intervention of the operator, system error, read-only. */
static bool passes(const char *sqlstate)
{
    return !strncmp(sqlstate, "53", 2) || !strncmp(sqlstate, "57", 2) || !strncmp(sqlstate, "58", 2) ||
           !strcmp(sqlstate, "25006");
}

void op_fail_store(struct op_call *c, const struct err *err, const char *sqlstate)
{
    char text[600];

    if (err->name == ERR_UNAVAILABLE || (sqlstate && passes(sqlstate))) {
        op_fail(c, ERR_UNAVAILABLE, "The database does not answer at the moment (%.300s); try again",
                err->cause);
        return;
    }
    log_error("a query failed", "operation=%s sqlstate=%s why=%s", c->op->name ? c->op->name : c->op->path,
              sqlstate ? sqlstate : "none", log_quote(text, sizeof text, err->cause));
    op_fail(c, ERR_INTERNAL, "The database refused a query (SQLSTATE %s); pawld's log says more",
            sqlstate ? sqlstate : "unknown");
}

int op_no_machine(struct op_call *c)
{
    const char *given = op_str(c, "stateMachineArn", NULL);

    if (given)
        return op_fail(c, ERR_MACHINE_MISSING, "State Machine Does Not Exist: '%s'", given);
    return op_fail(c, ERR_MACHINE_MISSING, "State Machine Does Not Exist: '%sstateMachine:%s'",
                   c->ops->arn_prefix, c->arn.machine);
}

int op_no_execution(struct op_call *c)
{
    const char *given = op_str(c, "executionArn", NULL);

    if (given)
        return op_fail(c, ERR_EXECUTION_MISSING, "Execution Does Not Exist: '%s'", given);
    return op_fail(c, ERR_EXECUTION_MISSING, "Execution Does Not Exist: '%sexecution:%s:%s'",
                   c->ops->arn_prefix, c->arn.machine, c->arn.execution);
}

/* ---- forgetting ---- */

/* The origin may have stopped, but then it has answered its callers: c is NULL. */
static void forgotten(struct reactor *origin, void *arg)
{
    struct forgetting *f = arg;

    if (--f->left > 0)
        return;
    if (f->c) {
        f->c->forgetting = NULL;
        f->then(f->c);
    }
    free(f);
}

static void forget(struct reactor *r, void *arg)
{
    struct forgetting *f = arg;

    if (r && f->what == OP_MACHINE)
        catalog_forget_machine(reactor_catalog(r), f->name);
    else if (r)
        catalog_forget_function(reactor_catalog(r), f->name);
    if (r == f->origin)
        forgotten(r, f);
    else
        reactor_post(f->origin, forgotten, f);
}

void op_forget(struct op_call *c, enum op_forgotten what, const char *name, void (*then)(struct op_call *c))
{
    struct node *node = reactor_config(c->ops->reactor)->node;
    size_t size = strlen(name) + 1;
    struct forgetting *f = mem_calloc(1, sizeof *f + size);

    *f = (struct forgetting){c, c->ops->reactor, (unsigned)node_reactors(node), what, then};
    memcpy(f->name, name, size);
    c->forgetting = f;
    for (int i = 0; i < node_reactors(node); i++)
        if (node_reactor(node, i) != f->origin)
            reactor_post(node_reactor(node, i), forget, f);
    forget(f->origin, f);
}

/* ---- writing ---- */

static void key(struct op_call *c, const char *name)
{
    char last = c->out.len ? c->out.p[c->out.len - 1] : '{';

    if (last != '{' && last != '[')
        js_buf_str(&c->out, ",");
    if (name) {
        js_buf_quoted(&c->out, name, strlen(name));
        js_buf_str(&c->out, ":");
    }
}

void op_open(struct op_call *c, const char *name, char bracket)
{
    key(c, name);
    js_buf_add(&c->out, &bracket, 1);
}

void op_close(struct op_call *c, char bracket)
{
    js_buf_add(&c->out, &bracket, 1);
}

void op_put(struct op_call *c, const char *name, const char *text)
{
    if (!text)
        return;
    key(c, name);
    js_buf_quoted(&c->out, text, strlen(text));
}

void op_put_clean(struct op_call *c, const char *name, const char *text)
{
    char *clean = js_clean(text, strlen(text), ERR_CAUSE_BYTES * 3);

    op_put(c, name, clean);
    free(clean);
}

void op_put_int(struct op_call *c, const char *name, int64_t n)
{
    key(c, name);
    js_buf_int(&c->out, n);
}

void op_put_bool(struct op_call *c, const char *name, bool yes)
{
    key(c, name);
    js_buf_str(&c->out, yes ? "true" : "false");
}

void op_put_time(struct op_call *c, const char *name, int64_t us)
{
    char text[CLOCK_TEXT_BYTES];

    if (c->skin == SKIN_REST) {
        op_put(c, name, clock_format(text, us));
        return;
    }
    key(c, name);
    int len = snprintf(text, sizeof text, "%lld.%03d", (long long)(us / CLOCK_SECOND),
                       (int)(us % CLOCK_SECOND / 1000));
    js_buf_add(&c->out, text, (size_t)len);
}

void op_put_json(struct op_call *c, const char *name, const char *text, size_t len)
{
    if (c->skin == SKIN_REST) {
        op_put_raw(c, name, text, len);
        return;
    }
    key(c, name);
    js_buf_quoted(&c->out, text, len);
}

void op_put_raw(struct op_call *c, const char *name, const char *json, size_t len)
{
    key(c, name);
    js_buf_add(&c->out, json, len);
}

void op_put_machine_arn(struct op_call *c, const char *name, const char *machine)
{
    char arn[64 + ARN_NAME_BYTES + 320];

    snprintf(arn, sizeof arn, "%sstateMachine:%s", c->ops->arn_prefix, machine);
    op_put(c, name, arn);
}

void op_put_execution_arn(struct op_call *c, const char *name, const char *machine, const char *execution)
{
    char arn[64 + 2 * ARN_NAME_BYTES + 320];

    snprintf(arn, sizeof arn, "%sexecution:%s:%s", c->ops->arn_prefix, machine, execution);
    op_put(c, name, arn);
}

/* ---- pages ---- */

enum { PAGE_SIZE_DEFAULT = 100 };

int op_page(struct op_call *c, const char *kind, char position[PAGE_POSITION_BYTES])
{
    size_t len = 0;
    const char *token = op_str(c, "nextToken", &len);
    struct err err;

    position[0] = '\0';
    if (token && page_read(token, len, c->ops->token_key, kind, timer_now(), position, &err) < 0)
        return op_fail_err(c, &err);
    return 0;
}

void op_put_next(struct op_call *c, const char *kind, const char *position)
{
    char token[PAGE_TOKEN_BYTES];

    op_put(c, "nextToken", page_token(token, c->ops->token_key, kind, position, timer_now()));
}

int op_page_size(const struct op_call *c)
{
    int64_t n = op_int(c, "maxResults", 0);

    return n ? (int)n : PAGE_SIZE_DEFAULT;
}
