/*
 * State machines: a row each, and a row for every revision of a definition, which never changes.
 *
 * Updates compare and swap: what was read decides, and the write names the revision that it saw.
 */
#include "ops_list.h"

#include "asl/asl.h"

#include <string.h>

enum { ATTEMPTS_MAX = 5, TAGS_MAX = 50, RESULTS_MAX = 100 /* of a validation */ };

#define US(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

/* ---- loggingConfiguration and its like: kept as given, in one canonical text ---- */

static const struct op_member LOGGING[] = {
    {"level", OP_STRING, 0, 0, 0, "[ALL, ERROR, FATAL, OFF]"},
    {"includeExecutionData", OP_BOOLEAN},
    {"destinations", OP_LIST},
    {NULL},
};
static const struct op_member TRACING[] = {{"enabled", OP_BOOLEAN}, {NULL}};
static const struct op_member ENCRYPTION[] = {
    {"kmsKeyId", OP_STRING, 0, 1, 2048},
    {"kmsDataKeyReusePeriodSeconds", OP_INTEGER, 0, 60, 900},
    {"type", OP_STRING, OP_REQUIRED, 0, 0, "[AWS_OWNED_KEY, CUSTOMER_MANAGED_KMS_KEY]"},
    {NULL},
};

static int read_logging(json_object *in, json_object *out, struct err *err)
{
    json_object *given = json_object_object_get(in, "loggingConfiguration");

    if (op_check_within("loggingConfiguration.", LOGGING, given, err) < 0)
        return -1;
    json_object *level = json_object_object_get(given, "level");
    json_object *data = json_object_object_get(given, "includeExecutionData");
    json_object *destinations = json_object_object_get(given, "destinations");
    size_t n = destinations ? json_object_array_length(destinations) : 0;
    bool off = !level || !strcmp(json_object_get_string(level), "OFF");
    if (n > 1 || (!off && n == 0))
        return err_set(err, ERR_INVALID_LOGGING,
                       "Invalid Logging Configuration: Must specify exactly one Log Destination.");

    json_object *logging = json_object_new_object();
    if (destinations)
        json_object_object_add(logging, "destinations", js_copy(destinations));
    json_object_object_add(logging, "includeExecutionData",
                           json_object_new_boolean(json_object_get_boolean(data)));
    json_object_object_add(logging, "level",
                           json_object_new_string(level ? json_object_get_string(level) : "OFF"));
    json_object_object_add(out, "loggingConfiguration", logging);
    return 0;
}

static int read_tracing(json_object *in, json_object *out, struct err *err)
{
    json_object *given = json_object_object_get(in, "tracingConfiguration");

    if (op_check_within("tracingConfiguration.", TRACING, given, err) < 0)
        return -1;
    json_object *tracing = json_object_new_object();
    bool enabled = json_object_get_boolean(json_object_object_get(given, "enabled"));
    json_object_object_add(tracing, "enabled", json_object_new_boolean(enabled));
    json_object_object_add(out, "tracingConfiguration", tracing);
    return 0;
}

static int read_encryption(json_object *in, json_object *out, struct err *err)
{
    json_object *given = json_object_object_get(in, "encryptionConfiguration");

    if (!given)
        return 0;
    if (op_check_within("encryptionConfiguration.", ENCRYPTION, given, err) < 0)
        return -1;
    json_object_object_add(out, "encryptionConfiguration", js_copy(given));
    return 0;
}

/* pawl.state_machine.options for what the request says. The caller puts *out. */
static int read_options(json_object *in, json_object **out, struct err *err)
{
    *out = json_object_new_object();
    if (read_logging(in, *out, err) == 0 && read_tracing(in, *out, err) == 0 &&
        read_encryption(in, *out, err) == 0)
        return 0;
    json_object_put(*out);
    *out = NULL;
    return -1;
}

static int no_versions(json_object *in, struct err *err)
{
    bool publish = json_object_get_boolean(json_object_object_get(in, "publish"));

    if (publish)
        return err_set(err, ERR_VALIDATION, "publish: versions are not built in this version of pawl");
    if (json_object_object_get(in, "versionDescription"))
        return err_set(err, ERR_VALIDATION, "Version description can only be set when publish is true");
    return 0;
}

/* ---- definitions ---- */

static int check_definition(const char *text, bool express, struct err *err)
{
    struct asl_findings findings = {0};
    struct asl *asl = asl_parse(text, strlen(text), express ? ASL_EXPRESS : 0, &findings);
    struct err why;
    int rc = 0;

    if (!asl) {
        asl_findings_err(&findings, &why);
        rc = err_set(err, ERR_INVALID_DEFINITION, "Invalid State Machine Definition: '%s'", why.cause);
    }
    asl_free(asl);
    asl_findings_fini(&findings);
    return rc;
}

/* ---- one change of a machine ---- */

enum mode { CREATE, UPDATE, PUT };

struct change { /* op_call's state */
    enum mode mode;
    unsigned attempts;
    bool express;
    json_object *options; /* as they will be; NULL: unchanged */
    /* the machine as it was read */
    bool exists, same;
    char definition_id[24], revision_id[40];
    int64_t created_us, changed_us;
};

static void release_change(struct op_call *c)
{
    struct change *ch = c->state;

    json_object_put(ch->options);
    free(ch);
}

static void begin_change(struct op_call *c, enum mode mode)
{
    struct change *ch = mem_calloc(1, sizeof *ch);

    ch->mode = mode;
    c->state = ch;
    c->release = release_change;
}

static void look(struct op_call *c);

static void again(struct op_call *c)
{
    struct change *ch = c->state;

    if (++ch->attempts >= ATTEMPTS_MAX)
        op_fail(c, ERR_UNAVAILABLE,
                "Others change this state machine at the same time; nothing was changed, try again");
    else
        look(c);
}

static void changed(struct op_call *c) /* durable, and known to every reactor of this process */
{
    struct change *ch = c->state;

    op_open(c, NULL, '{');
    if (ch->mode == UPDATE) {
        op_put(c, "revisionId", ch->revision_id);
        op_put_time(c, "updateDate", ch->changed_us);
    } else {
        op_put_machine_arn(c, "stateMachineArn", c->arn.machine);
        if (ch->mode == CREATE) {
            op_put_time(c, "creationDate", ch->created_us);
        } else {
            op_put(c, "name", c->arn.machine);
            op_put(c, "revisionId", ch->revision_id);
            op_put(c, "outcome", ch->same ? "unchanged" : ch->exists ? "updated" : "created");
            op_put_time(c, "date", ch->changed_us);
            c->status = ch->exists ? 200 : 201;
        }
    }
    op_close(c, '}');
    op_done(c);
}

static const char INSERT_MACHINE[] =
    "WITH machine AS ("
    " INSERT INTO pawl.state_machine (name, type, definition_id, options)"
    " VALUES ($1, $2, nextval(pg_get_serial_sequence('pawl.definition', 'definition_id')), $3::json)"
    " ON CONFLICT (name) DO NOTHING RETURNING state_machine_id, definition_id, created_at),"
    "revision AS ("
    " INSERT INTO pawl.definition (definition_id, state_machine_id, machine, role_arn, definition)"
    " OVERRIDING SYSTEM VALUE SELECT definition_id, state_machine_id, $1, $4, $5 FROM machine"
    " RETURNING revision_id) "
    "SELECT " US(
        "created_at") ", revision_id, pg_notify('pawl_catalog', 'machine:' || $1) FROM machine, revision";

static void on_inserted(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    struct change *ch = c->state;

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0) /* somebody made it since */
        return again(c);
    ch->created_us = ch->changed_us = store_int(r, 0, 0);
    snprintf(ch->revision_id, sizeof ch->revision_id, "%s", store_text(r, 0, 1, NULL));
    op_forget(c, OP_MACHINE, c->arn.machine, changed);
}

static void insert(struct op_call *c)
{
    struct change *ch = c->state;
    char role[OP_ROLE_BYTES];
    const char *given = op_str(c, "roleArn", NULL);
    const struct store_param params[] = {
        {c->arn.machine},
        {ch->express ? "EXPRESS" : "STANDARD"},
        {js_text(ch->options, NULL)},
        {given ? given : op_default_role(c, role)},
        {op_str(c, "definition", NULL)},
    };
    store_query(reactor_store(c->ops->reactor), INSERT_MACHINE, 5, params, on_inserted, c);
}

/* The new revision and the machine that points to it; no row when the machine is no longer what was read. */
static const char INSERT_REVISION[] =
    "WITH revision AS ("
    " INSERT INTO pawl.definition (state_machine_id, machine, role_arn, definition)"
    " SELECT state_machine_id, name, $3, $4 FROM pawl.state_machine WHERE name = $1 AND definition_id = "
    "$2::bigint FOR UPDATE"
    " RETURNING definition_id, revision_id),"
    "machine AS ("
    " UPDATE pawl.state_machine SET definition_id = revision.definition_id, updated_at = now(), options = "
    "$5::json"
    " FROM revision WHERE name = $1 RETURNING updated_at) "
    "SELECT " US(
        "updated_at") ", revision_id, pg_notify('pawl_catalog', 'machine:' || $1) FROM machine, revision";

/* Options alone. */
static const char UPDATE_MACHINE[] =
    "UPDATE pawl.state_machine m SET updated_at = now(), options = $3::json FROM pawl.definition d"
    " WHERE m.name = $1 AND m.definition_id = $2::bigint AND d.definition_id = m.definition_id"
    " RETURNING " US("m.updated_at") ", d.revision_id";

static void on_updated(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    struct change *ch = c->state;

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0)
        return again(c);
    ch->changed_us = store_int(r, 0, 0);
    snprintf(ch->revision_id, sizeof ch->revision_id, "%s", store_text(r, 0, 1, NULL));
    op_forget(c, OP_MACHINE, c->arn.machine, changed);
}

/* ---- what is there already ---- */

enum { TYPE, OPTIONS, CREATED, CHANGED, DEFINITION_ID, REVISION_ID, ROLE, DEFINITION };
static const char SELECT_MACHINE[] = "SELECT m.type, m.options, " US("m.created_at") ", " US(
    "coalesce(m.updated_at, m.created_at)") ", d.definition_id, d.revision_id, d.role_arn, d.definition"
                                            " FROM pawl.state_machine m JOIN pawl.definition d USING "
                                            "(definition_id) WHERE m.name = $1";

static bool same_text(const struct store_result *r, int column, const char *text)
{
    return !text || !strcmp(store_text(r, 0, column, NULL), text);
}

/* The configurations as they are, tags aside. */
static json_object *stored_options(const struct store_result *r)
{
    size_t len;
    const char *text = store_text(r, 0, OPTIONS, &len);
    json_object *options = NULL;

    js_parse(text, len, &options, NULL);
    json_object_object_del(options, "tags");
    return options;
}

static bool same_options(struct change *ch, const struct store_result *r)
{
    json_object *stored = stored_options(r),
                *tags = json_object_get(json_object_object_get(ch->options, "tags"));

    json_object_object_del(ch->options, "tags");
    bool same = js_equal(stored, ch->options);
    if (tags)
        json_object_object_add(ch->options, "tags", tags);
    json_object_put(stored);
    return same;
}

/* CreateStateMachine of a name that exists: the same machine again, or refused. */
static void create_again(struct op_call *c, const struct store_result *r)
{
    struct change *ch = c->state;

    if (same_text(r, TYPE, ch->express ? "EXPRESS" : "STANDARD") &&
        same_text(r, DEFINITION, op_str(c, "definition", NULL)) && same_options(ch, r))
        return changed(c);
    op_fail(c, ERR_MACHINE_EXISTS, "State Machine Already Exists: '%sstateMachine:%s'", c->ops->arn_prefix,
            c->arn.machine);
}

/* What the request leaves out stays as it is. */
static void merge_options(struct change *ch, json_object *in, const struct store_result *r)
{
    static const char *const KEYS[] = {"loggingConfiguration", "tracingConfiguration",
                                       "encryptionConfiguration"};
    size_t len;
    const char *text = store_text(r, 0, OPTIONS, &len);
    json_object *stored = NULL;

    js_parse(text, len, &stored, NULL);
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        if (json_object_object_get(in, KEYS[i]))
            json_object_object_add(stored, KEYS[i],
                                   json_object_get(json_object_object_get(ch->options, KEYS[i])));
    json_object_put(ch->options);
    ch->options = stored;
}

static void update(struct op_call *c, const struct store_result *r)
{
    struct change *ch = c->state;
    const char *definition = op_str(c, "definition", NULL), *role = op_str(c, "roleArn", NULL);
    struct err err;

    ch->express = !strcmp(store_text(r, 0, TYPE, NULL), "EXPRESS");
    if (definition && check_definition(definition, ch->express, &err) < 0) {
        op_fail_err(c, &err);
        return;
    }
    merge_options(ch, c->in, r);
    ch->same = same_text(r, DEFINITION, definition) && same_text(r, ROLE, role);
    if (ch->same && ch->mode == PUT)
        return changed(c);

    struct store *s = reactor_store(c->ops->reactor);
    const char *options = js_text(ch->options, NULL);
    if (ch->same) {
        store_query(s, UPDATE_MACHINE, 3,
                    (const struct store_param[]){{c->arn.machine}, {ch->definition_id}, {options}},
                    on_updated, c);
        return;
    }
    const struct store_param params[] = {{c->arn.machine},
                                         {ch->definition_id},
                                         {role ? role : store_text(r, 0, ROLE, NULL)},
                                         {definition ? definition : store_text(r, 0, DEFINITION, NULL)},
                                         {options}};
    store_query(s, INSERT_REVISION, 5, params, on_updated, c);
}

static void on_looked(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    struct change *ch = c->state;

    if (err)
        return op_fail_store(c, err, sqlstate);
    ch->exists = store_rows(r) > 0;
    if (!ch->exists) {
        if (ch->mode == UPDATE)
            op_no_machine(c);
        else if (ch->mode == PUT && check_definition(op_str(c, "definition", NULL), ch->express, &c->err) < 0)
            op_fail_err(c, &c->err);
        else
            insert(c);
        return;
    }
    ch->created_us = store_int(r, 0, CREATED);
    ch->changed_us = store_int(r, 0, CHANGED);
    snprintf(ch->definition_id, sizeof ch->definition_id, "%s", store_text(r, 0, DEFINITION_ID, NULL));
    snprintf(ch->revision_id, sizeof ch->revision_id, "%s", store_text(r, 0, REVISION_ID, NULL));
    if (ch->mode == CREATE)
        create_again(c, r);
    else if (op_str(c, "type", NULL) && !same_text(r, TYPE, op_str(c, "type", NULL)))
        op_fail(c, ERR_VALIDATION, "The type of a state machine cannot be changed: it is %s",
                store_text(r, 0, TYPE, NULL));
    else
        update(c, r);
}

static void look(struct op_call *c)
{
    store_query(reactor_store(c->ops->reactor), SELECT_MACHINE, 1,
                &(const struct store_param){c->arn.machine}, on_looked, c);
}

/* ---- the three ways to change one ---- */

static bool wants_express(const struct op_call *c)
{
    const char *type = op_str(c, "type", NULL);

    return type && !strcmp(type, "EXPRESS");
}

static int read_tags(struct op_call *c, json_object *options, struct err *err)
{
    json_object *tags = op_get(c, "tags");

    if (tags && json_object_array_length(tags) > TAGS_MAX)
        return err_set(err, ERR_TOO_MANY_TAGS, "A resource can have at most %d tags", TAGS_MAX);
    if (tags)
        json_object_object_add(options, "tags", js_copy(tags));
    return 0;
}

/* What can be said of the request alone. */
static int check_change(struct op_call *c, struct err *err)
{
    struct change *ch = c->state;
    const char *role = op_str(c, "roleArn", NULL), *definition = op_str(c, "definition", NULL);

    ch->express = wants_express(c);
    if (no_versions(c->in, err) < 0 || (role && op_check_role(role, err) < 0) ||
        read_options(c->in, &ch->options, err) < 0 || read_tags(c, ch->options, err) < 0)
        return -1;
    /* Others are checked by the type that the machine has. */
    return ch->mode == CREATE ? check_definition(definition, ch->express, err) : 0;
}

static void change(struct op_call *c)
{
    if (check_change(c, &c->err) < 0)
        op_fail_err(c, &c->err);
    else
        look(c);
}

void op_create_machine(struct op_call *c)
{
    size_t len = 0;
    const char *name = op_str(c, "name", &len);

    begin_change(c, CREATE);
    if (arn_name_check(name, len, &c->err) < 0) {
        op_fail_err(c, &c->err);
        return;
    }
    snprintf(c->arn.machine, sizeof c->arn.machine, "%s", name);
    change(c);
}

void op_update_machine(struct op_call *c)
{
    static const char *const ANY[] = {"definition", "roleArn", "loggingConfiguration", "tracingConfiguration",
                                      "encryptionConfiguration"};
    bool some = false;

    begin_change(c, UPDATE);
    if (op_machine(c) < 0)
        return;
    for (size_t i = 0; i < sizeof ANY / sizeof *ANY; i++)
        some |= op_get(c, ANY[i]) != NULL;
    if (some)
        change(c);
    else
        op_fail(c, ERR_MISSING_PARAMETER,
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration "
                "must be "
                "specified");
}

void op_put_machine(struct op_call *c)
{
    begin_change(c, PUT);
    if (op_machine(c) == 0)
        change(c);
}

/* ---- describe ---- */

/* The configurations, each with its default where the request gave none. */
static void put_options(struct op_call *c, const char *text, size_t len)
{
    static const struct {
        const char *key, *otherwise;
    } KEYS[] = {
        {"encryptionConfiguration", NULL},
        {"loggingConfiguration", "{\"includeExecutionData\":false,\"level\":\"OFF\"}"},
        {"tracingConfiguration", "{\"enabled\":false}"},
    };
    json_object *options = NULL;

    if (text)
        js_parse(text, len, &options, NULL);
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        size_t n;
        json_object *v = json_object_object_get(options, KEYS[i].key);
        const char *shown = v ? js_text(v, &n) : KEYS[i].otherwise;
        if (shown)
            op_put_raw(c, KEYS[i].key, shown, strlen(shown));
    }
    json_object_put(options);
}

static bool metadata_only(const struct op_call *c)
{
    const char *included = op_str(c, "includedData", NULL);

    return included && !strcmp(included, "METADATA_ONLY");
}

static void put_definition(struct op_call *c, const char *text, size_t len)
{
    if (metadata_only(c))
        op_put_json(c, "definition", "{}", 2);
    else
        op_put_json(c, "definition", text, len);
}

/* The states that name variables, each with their names; nothing when none does. */
static void put_references(struct op_call *c, const struct asl *asl)
{
    bool any = false;

    for (size_t i = 0; i < asl->nstates; i++) {
        const struct asl_state *st = asl->states[i];
        if (st->nreads == 0)
            continue;
        if (!any)
            op_open(c, "variableReferences", '{');
        any = true;
        op_open(c, st->name, '[');
        for (size_t k = 0; k < st->nreads; k++)
            op_put(c, NULL, st->reads[k]);
        op_close(c, ']');
    }
    if (any)
        op_close(c, '}');
}

static void end_description(struct op_call *c)
{
    op_close(c, '}');
    op_done(c);
}

static void on_compiled(void *arg, struct definition *def, const struct err *err)
{
    struct op_call *c = arg;

    if (!def && err->name == ERR_UNAVAILABLE) {
        op_fail_err(c, err);
        return;
    }
    if (def) {
        put_references(c, def->asl);
        catalog_unpin_definition(reactor_catalog(c->ops->reactor), def);
    }
    end_description(c);
}

/* What the text alone does not tell comes last: for that the definition must be compiled. */
static void describe_variables(struct op_call *c, int64_t definition_id)
{
    if (metadata_only(c))
        end_description(c);
    else
        catalog_definition(reactor_catalog(c->ops->reactor), definition_id, on_compiled, c);
}

static void on_described(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    size_t len, options_len;

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0) {
        op_no_machine(c);
        return;
    }
    bool updated = store_int(r, 0, CHANGED) != store_int(r, 0, CREATED);
    const char *definition = store_text(r, 0, DEFINITION, &len),
               *options = store_text(r, 0, OPTIONS, &options_len);
    op_open(c, NULL, '{');
    op_put_machine_arn(c, "stateMachineArn", c->arn.machine);
    op_put(c, "name", c->arn.machine);
    op_put(c, "status", "ACTIVE");
    op_put(c, "type", store_text(r, 0, TYPE, NULL));
    op_put(c, "roleArn", store_text(r, 0, ROLE, NULL));
    op_put_time(c, "creationDate", store_int(r, 0, CREATED));
    if (c->skin == SKIN_REST)
        op_put_time(c, "updateDate", store_int(r, 0, CHANGED));
    if (updated || c->skin == SKIN_REST) /* the service shows none before the first update */
        op_put(c, "revisionId", store_text(r, 0, REVISION_ID, NULL));
    put_definition(c, definition, len);
    put_options(c, options, options_len);
    describe_variables(c, store_int(r, 0, DEFINITION_ID));
}

void op_describe_machine(struct op_call *c)
{
    if (op_machine(c) == 0)
        store_query(reactor_store(c->ops->reactor), SELECT_MACHINE, 1,
                    &(const struct store_param){c->arn.machine}, on_described, c);
}

enum { EX_ROLE, EX_OPTIONS, EX_CREATED, EX_REVISION, EX_FIRST, EX_DEFINITION_ID, EX_DEFINITION };
static const char SELECT_FOR_EXECUTION[] = "SELECT d.role_arn, m.options, " US(
    "d.created_at") ", d.revision_id,"
                    " (NOT EXISTS (SELECT FROM pawl.definition p WHERE p.state_machine_id = "
                    "d.state_machine_id"
                    " AND p.definition_id < d.definition_id))::int, d.definition_id, d.definition"
                    " FROM pawl.execution e JOIN pawl.definition d USING (definition_id)"
                    " LEFT JOIN pawl.state_machine m ON m.state_machine_id = d.state_machine_id"
                    " WHERE e.name = $2 AND d.machine = $1 ORDER BY e.execution_id DESC LIMIT 1";

static void on_described_for_execution(void *arg, const struct store_result *r, const struct err *err,
                                       const char *sqlstate)
{
    struct op_call *c = arg;
    size_t len, options_len = 0;

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0) {
        op_no_execution(c);
        return;
    }
    const char *definition = store_text(r, 0, EX_DEFINITION, &len),
               *options = store_text(r, 0, EX_OPTIONS, &options_len);
    op_open(c, NULL, '{');
    op_put_machine_arn(c, "stateMachineArn", c->arn.machine);
    op_put(c, "name", c->arn.machine);
    op_put(c, "roleArn", store_text(r, 0, EX_ROLE, NULL));
    op_put_time(c, "updateDate", store_int(r, 0, EX_CREATED));
    if (!store_int(r, 0, EX_FIRST))
        op_put(c, "revisionId", store_text(r, 0, EX_REVISION, NULL));
    put_definition(c, definition, len);
    put_options(c, options, options_len);
    describe_variables(c, store_int(r, 0, EX_DEFINITION_ID));
}

void op_describe_machine_for_execution(struct op_call *c)
{
    if (op_execution(c) == 0)
        store_query(reactor_store(c->ops->reactor), SELECT_FOR_EXECUTION, 2,
                    (const struct store_param[]){{c->arn.machine}, {c->arn.execution}},
                    on_described_for_execution, c);
}

/* ---- list ---- */

static const char SELECT_MACHINES[] = "SELECT name, type, " US(
    "created_at") " FROM pawl.state_machine"
                  " WHERE name > $1 COLLATE \"C\" ORDER BY name COLLATE \"C\" LIMIT $2::bigint + 1";

static void on_listed(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    int size = op_page_size(c);

    if (err)
        return op_fail_store(c, err, sqlstate);
    op_open(c, NULL, '{');
    op_open(c, "stateMachines", '[');
    for (int i = 0; i < store_rows(r) && i < size; i++) {
        op_open(c, NULL, '{');
        op_put_machine_arn(c, "stateMachineArn", store_text(r, i, 0, NULL));
        op_put(c, "name", store_text(r, i, 0, NULL));
        op_put(c, "type", store_text(r, i, 1, NULL));
        op_put_time(c, "creationDate", store_int(r, i, 2));
        op_close(c, '}');
    }
    op_close(c, ']');
    if (store_rows(r) > size)
        op_put_next(c, "machines", store_text(r, size - 1, 0, NULL));
    op_close(c, '}');
    op_done(c);
}

void op_list_machines(struct op_call *c)
{
    char position[PAGE_POSITION_BYTES], size[24];

    if (op_page(c, "machines", position) == 0)
        store_query(reactor_store(c->ops->reactor), SELECT_MACHINES, 2,
                    (const struct store_param[]){{position}, {store_int_text(size, op_page_size(c))}},
                    on_listed, c);
}

/* ---- delete ---- */

/* Its running executions are stopped: the wishes stand with the deletion, in one transaction. */
static const char DELETE_MACHINE[] =
    "WITH gone AS (DELETE FROM pawl.state_machine WHERE name = $1 RETURNING state_machine_id),"
    "stopped AS (INSERT INTO pawl.inbox (execution_id, command, cause)"
    " SELECT e.execution_id, 'stop', 'The state machine was deleted'"
    " FROM pawl.execution e JOIN gone USING (state_machine_id) WHERE e.status = 'RUNNING' RETURNING "
    "inbox_id) "
    "SELECT pg_notify('pawl_catalog', 'machine:' || $1), (SELECT pg_notify('pawl_inbox', '') FROM stopped "
    "LIMIT 1)"
    " FROM gone";

static void deleted(struct op_call *c)
{
    op_open(c, NULL, '{');
    op_close(c, '}');
    op_done(c);
}

static void on_deleted(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;

    if (err)
        return op_fail_store(c, err, sqlstate);
    op_forget(c, OP_MACHINE, c->arn.machine, deleted);
}

void op_delete_machine(struct op_call *c)
{
    if (op_machine_named(c) < 0)
        return;
    if (!c->arn.ours || c->arn.qualified) /* what is not there is gone already */
        return deleted(c);
    store_query(reactor_store(c->ops->reactor), DELETE_MACHINE, 1,
                &(const struct store_param){c->arn.machine}, on_deleted, c);
}

/* ---- validate ---- */

/* Errors first: they must not fall victim to maxResults. Returns how many have been put. */
static int64_t put_diagnostics(struct op_call *c, const struct asl_findings *f, bool errors, int64_t most)
{
    int64_t n = 0;

    for (size_t i = 0; i < f->n && n < most; i++) {
        const struct asl_finding *one = &f->list[i];
        if ((one->severity == SEVERITY_ERROR) != errors)
            continue;
        n++;
        op_open(c, NULL, '{');
        op_put(c, "severity", errors ? "ERROR" : "WARNING");
        op_put(c, "code", one->code);
        op_put(c, "message", one->message);
        op_put(c, "location", one->at);
        op_close(c, '}');
    }
    return n;
}

static void put_validation(struct op_call *c, const struct asl_findings *f, bool warnings, int64_t most)
{
    size_t found = f->nerrors + (warnings ? f->nunbuilt + f->nwarnings : 0);

    op_open(c, NULL, '{');
    op_put(c, "result", f->nerrors ? "FAIL" : "OK");
    op_open(c, "diagnostics", '[');
    int64_t n = put_diagnostics(c, f, true, most);
    if (warnings)
        n += put_diagnostics(c, f, false, most - n);
    op_close(c, ']');
    op_put_bool(c, "truncated", found > (size_t)n);
    op_close(c, '}');
}

void op_validate_definition(struct op_call *c)
{
    struct asl_findings findings = {0};
    const char *severity = op_str(c, "severity", NULL);
    int64_t most = op_int(c, "maxResults", 0);
    json_object *definition = op_get(c, "definition");
    unsigned rules = wants_express(c) ? ASL_EXPRESS : 0;

    if (json_object_get_boolean(op_get(c, "portable")))
        rules |= ASL_PORTABLE;
    asl_free(asl_parse(json_object_get_string(definition), (size_t)json_object_get_string_len(definition),
                       rules, &findings));
    put_validation(c, &findings, severity && !strcmp(severity, "WARNING"), most ? most : RESULTS_MAX);
    asl_findings_fini(&findings);
    op_done(c);
}
