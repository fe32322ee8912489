/* The fields of a state, in the order of the specification. */
#include "asl/asl_priv.h"

#include "asl/addition.h"
#include "base/clock.h"
#include "base/value.h"

#include <string.h>

/* ---- which fields a state has ---- */

enum {
    TASK = 1 << ASL_TASK,
    PASS = 1 << ASL_PASS,
    WAIT = 1 << ASL_WAIT,
    CHOICE = 1 << ASL_CHOICE,
    SUCCEED = 1 << ASL_SUCCEED,
    FAIL = 1 << ASL_FAIL,
    PARALLEL = 1 << ASL_PARALLEL,
    MAP = 1 << ASL_MAP,
    WORKING = TASK | PARALLEL | MAP,
    ALL = WORKING | PASS | WAIT | CHOICE | SUCCEED | FAIL,
};

enum { JSONPATH = 1, JSONATA = 2, BOTH = 3 };

static const struct {
    const char *name;
    unsigned types, languages;
} FIELDS[] = {
    {"Type", ALL, BOTH},
    {"Comment", ALL, BOTH},
    {"QueryLanguage", ALL, BOTH},
    {"Next", WORKING | PASS | WAIT, BOTH},
    {"End", WORKING | PASS | WAIT, BOTH},
    {"InputPath", ALL & ~FAIL, JSONPATH},
    {"OutputPath", ALL & ~FAIL, JSONPATH},
    {"Parameters", WORKING | PASS, JSONPATH},
    {"ResultSelector", WORKING, JSONPATH},
    {"ResultPath", WORKING | PASS, JSONPATH},
    {"Arguments", TASK | PARALLEL, JSONATA},
    {"Output", ALL & ~FAIL, JSONATA},
    {"Assign", ALL & ~(SUCCEED | FAIL), BOTH},
    {"Retry", WORKING, BOTH},
    {"Catch", WORKING, BOTH},
    {"Resource", TASK, BOTH},
    {"Credentials", TASK, BOTH},
    {"TimeoutSeconds", TASK, BOTH},
    {"TimeoutSecondsPath", TASK, JSONPATH},
    {"HeartbeatSeconds", TASK, BOTH},
    {"HeartbeatSecondsPath", TASK, JSONPATH},
    {"Delivery", TASK, BOTH}, /* pawl's own */
    {"Result", PASS, JSONPATH},
    {"Seconds", WAIT, BOTH},
    {"SecondsPath", WAIT, JSONPATH},
    {"Timestamp", WAIT, BOTH},
    {"TimestampPath", WAIT, JSONPATH},
    {"Choices", CHOICE, BOTH},
    {"Default", CHOICE, BOTH},
    {"Error", FAIL, BOTH},
    {"ErrorPath", FAIL, JSONPATH},
    {"Cause", FAIL, BOTH},
    {"CausePath", FAIL, JSONPATH},
    {"Branches", PARALLEL, BOTH},
    {"ItemProcessor", MAP, BOTH},
    {"Iterator", MAP, BOTH},
    {"ItemsPath", MAP, JSONPATH},
    {"Items", MAP, JSONATA},
    {"ItemSelector", MAP, BOTH},
    {"MaxConcurrency", MAP, BOTH},
    {"MaxConcurrencyPath", MAP, JSONPATH},
    {"ItemReader", MAP, BOTH},
    {"ItemBatcher", MAP, BOTH},
    {"ResultWriter", MAP, BOTH},
    {"Label", MAP, BOTH},
    {"ToleratedFailureCount", MAP, BOTH},
    {"ToleratedFailureCountPath", MAP, JSONPATH},
    {"ToleratedFailurePercentage", MAP, BOTH},
    {"ToleratedFailurePercentagePath", MAP, JSONPATH},
};

static bool allowed(const char *field, enum asl_type type, bool jsonata)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if (strcmp(FIELDS[i].name, field) == 0)
            return (FIELDS[i].types & (1U << type)) && (FIELDS[i].languages & (jsonata ? JSONATA : JSONPATH));
    return false;
}

void asl_addition(struct asl_reader *s, const char *field, const char *what)
{
    const struct place at = {.up = s->in.at, .key = field};

    if (s->c->portable)
        finding_error(s->c->r.findings, &at, FINDING_PORTABLE, "%s is an addition of pawl to the language",
                      what);
}

static void check_fields(struct asl_reader *s)
{
    json_object_object_foreach(s->in.obj, field, value)
    {
        (void)value;
        if (!allowed(field, s->st->type, s->jsonata))
            read_error(&s->in, field, "Field is not supported");
        if (addition_field(field))
            asl_addition(s, field, addition_field(field));
    }
}

/* ---- fields of several types ---- */

static void parse_next(struct asl_reader *s)
{
    bool end = read_bool(&s->in, "End", false), next = read_has(&s->in, "Next");

    if (next)
        asl_link(s->c, &s->in, "Next", s->st->block, &s->st->next);
    if (end == next)
        read_error(&s->in, NULL, "Exactly one of these fields is required: [Next, End]");
    s->c->torn = s->c->torn || (!end && !next);
}

static struct asl_path parse_path(struct asl_reader *s, const char *field, enum read_path kind)
{
    struct asl_path p = {0};

    p.path = read_path_or_null(&s->in, field, kind, &p.null);
    if (p.path && p.path->whole && p.path->root == JPATH_DATA)
        p.path = NULL; /* "$" */
    return p;
}

static struct asl_seconds parse_seconds(struct asl_reader *s, const char *field, const char *path_field,
                                        int64_t min)
{
    struct asl_seconds to = {0};

    to.query = read_query_instead(&s->in, s->jsonata, field);
    if (to.query) {
        to.present = true;
    } else if (!s->jsonata && read_has(&s->in, path_field)) {
        to.path = read_path(&s->in, path_field, READ_REFERENCE);
        to.present = true;
    } else {
        to.present = read_int(&s->in, field, min, ASL_SECONDS_MAX, &to.constant);
    }
    return to;
}

/* Paths and templates: what the two query languages have not in common. */
static void parse_data_flow(struct asl_reader *s)
{
    struct asl_state *st = s->st;

    if (s->jsonata) {
        st->arguments = read_query(&s->in, "Arguments");
        st->output = read_query(&s->in, "Output");
        return;
    }
    st->input_path = parse_path(s, "InputPath", READ_PATH);
    if (st->type != ASL_MAP)
        st->parameters = read_template(&s->in, "Parameters");
    st->result_selector = read_template(&s->in, "ResultSelector");
    st->result_path = parse_path(s, "ResultPath", READ_WRITABLE);
    st->output_path = parse_path(s, "OutputPath", READ_PATH);
}

static void parse_retriers(struct asl_reader *s)
{
    const struct place *at = read_member(&s->c->r, s->in.at, "Retry");
    struct read_in in;
    json_object *list;

    if (!read_typed(&s->in, "Retry", json_type_array, &list))
        return;

    size_t n = json_object_array_length(list);
    struct retrier *retriers = arena_alloc(s->c->r.arena, n * sizeof *retriers);
    for (size_t i = 0; i < n; i++)
        if (read_object(&in, &s->c->r, json_object_array_get_idx(list, i), read_element(&s->c->r, at, i)))
            retry_parse(&in, i + 1 == n, &retriers[i]);
    s->st->retriers = retriers;
    s->st->nretriers = n;
}

static void parse_catchers(struct asl_reader *s)
{
    const struct place *at = read_member(&s->c->r, s->in.at, "Catch");
    struct read_in in;
    json_object *list;

    if (!read_has(&s->in, "Catch"))
        return;
    if (!read_typed(&s->in, "Catch", json_type_array, &list)) {
        s->c->torn = true;
        return;
    }

    size_t n = json_object_array_length(list);
    struct catcher *catchers = arena_alloc(s->c->r.arena, n * sizeof *catchers);
    for (size_t i = 0; i < n; i++) {
        if (!read_object(&in, &s->c->r, json_object_array_get_idx(list, i), read_element(&s->c->r, at, i))) {
            s->c->torn = true;
            continue;
        }
        catch_parse(&in, i + 1 == n, s->jsonata, &catchers[i]);
        catchers[i].assign = asl_assign_parse(s, &in);
        asl_link(s->c, &in, "Next", s->st->block, &catchers[i].next);
    }
    s->st->catchers = catchers;
    s->st->ncatchers = n;
}

/* ---- the eight types ---- */

static void parse_credentials(struct asl_reader *s)
{
    struct read_in in;
    json_object *role;

    if (!read_inner(&in, &s->in, "Credentials"))
        return;
    /* Recorded for {}; what else may stand instead of a RoleArn is nowhere told. */
    if (json_object_object_length(in.obj) == 0)
        read_error(&s->in, "Credentials", "The field 'RoleArn' is required but was missing");
    read_typed(&in, "RoleArn", json_type_string, &role);
    if (s->jsonata)
        s->st->u.task.credentials_query = read_query(&s->in, "Credentials");
    else
        s->st->u.task.credentials = read_template(&s->in, "Credentials");
}

static void parse_task(struct asl_reader *s)
{
    struct asl_task *task = &s->st->u.task;

    if (read_required(&s->in, NAMES("Resource")))
        asl_resource_parse(s);
    parse_credentials(s);
    task->at_most_once = read_word(&s->in, "Delivery", NAMES("AtLeastOnce", "AtMostOnce"), 0);
    read_at_most_one(&s->in, NAMES("TimeoutSeconds", "TimeoutSecondsPath"));
    read_at_most_one(&s->in, NAMES("HeartbeatSeconds", "HeartbeatSecondsPath"));
    task->timeout = parse_seconds(s, "TimeoutSeconds", "TimeoutSecondsPath", 1);
    task->heartbeat = parse_seconds(s, "HeartbeatSeconds", "HeartbeatSecondsPath", 1);
    if (task->timeout.constant && task->heartbeat.constant >= task->timeout.constant)
        read_error(&s->in, "HeartbeatSeconds", "HeartbeatSeconds must be smaller than TimeoutSeconds");
}

static void parse_pass(struct asl_reader *s)
{
    json_object *o;

    if (s->jsonata || !json_object_object_get_ex(s->in.obj, "Result", &o))
        return;
    struct js_buf b = {0};
    js_write(&b, o);
    s->st->u.pass.result = value_plain(&b, NULL, false);
}

static void parse_timestamp(struct asl_reader *s)
{
    struct asl_wait *wait = &s->st->u.wait;

    wait->absolute = true;
    wait->timestamp_query = read_query_instead(&s->in, s->jsonata, "Timestamp");
    if (wait->timestamp_query)
        return;
    const char *text = read_string(&s->in, "Timestamp");
    if (text && clock_parse(text, strlen(text), &wait->timestamp_us) < 0)
        read_error(&s->in, "Timestamp", "String does not match RFC3339 timestamp");
}

static void parse_wait(struct asl_reader *s)
{
    struct asl_wait *wait = &s->st->u.wait;

    read_exactly_one(&s->in, s->jsonata ? NAMES("Seconds", "Timestamp")
                                        : NAMES("Seconds", "SecondsPath", "Timestamp", "TimestampPath"));
    wait->seconds = parse_seconds(s, "Seconds", "SecondsPath", 0);
    if (read_has(&s->in, "Timestamp"))
        parse_timestamp(s);
    if (s->jsonata)
        return;
    wait->timestamp = read_path(&s->in, "TimestampPath", READ_REFERENCE);
    wait->absolute = wait->absolute || wait->timestamp;
}

/* A rule in JSONata: an expression, or a constant. */
static void parse_condition(const struct read_in *in, struct choice_rule *to)
{
    json_object *o;

    read_only(in, NAMES("Condition", "Next", "Assign", "Output", "Comment"));
    if (read_required(in, NAMES("Condition")) &&
        !query_is_expression(json_object_object_get(in->obj, "Condition")))
        read_typed(in, "Condition", json_type_boolean, &o);
    to->condition = read_query(in, "Condition");
    to->output = read_query(in, "Output");
}

static void parse_rule(struct asl_reader *s, json_object *o, const struct place *at, struct choice_rule *to)
{
    struct read_in in;

    if (!read_object(&in, &s->c->r, o, at)) {
        s->c->torn = true;
        return;
    }
    if (s->jsonata)
        parse_condition(&in, to);
    else
        to->test = choice_parse(&in);
    to->assign = asl_assign_parse(s, &in);
    if (!read_required(&in, NAMES("Next")))
        s->c->torn = true;
    else
        asl_link(s->c, &in, "Next", s->st->block, &to->next);
}

static void parse_choice(struct asl_reader *s)
{
    const struct place *at = read_member(&s->c->r, s->in.at, "Choices");
    struct asl_choice *choice = &s->st->u.choice;
    json_object *list;

    if (read_has(&s->in, "Default"))
        asl_link(s->c, &s->in, "Default", s->st->block, &choice->otherwise);
    if (!read_required(&s->in, NAMES("Choices")) || !read_array(&s->in, "Choices", &list)) {
        s->c->torn = true;
        return;
    }
    choice->nrules = json_object_array_length(list);
    struct choice_rule *rules = arena_alloc(s->c->r.arena, choice->nrules * sizeof *rules);
    for (size_t i = 0; i < choice->nrules; i++)
        parse_rule(s, json_object_array_get_idx(list, i), read_element(&s->c->r, at, i), &rules[i]);
    choice->rules = rules;
}

static void parse_fail(struct asl_reader *s)
{
    struct asl_fail *fail = &s->st->u.fail;

    fail->error_query = read_query_instead(&s->in, s->jsonata, "Error");
    if (!fail->error_query)
        fail->error = read_string(&s->in, "Error");
    fail->cause_query = read_query_instead(&s->in, s->jsonata, "Cause");
    if (!fail->cause_query)
        fail->cause = read_string(&s->in, "Cause");
    if (s->jsonata)
        return;
    read_at_most_one(&s->in, NAMES("Error", "ErrorPath"));
    read_at_most_one(&s->in, NAMES("Cause", "CausePath"));
    fail->error_path = read_expression(&s->in, "ErrorPath");
    fail->cause_path = read_expression(&s->in, "CausePath");
}

static void parse_parallel(struct asl_reader *s)
{
    const struct place *at = read_member(&s->c->r, s->in.at, "Branches");
    struct asl_parallel *parallel = &s->st->u.parallel;
    struct read_in in;
    json_object *list;

    if (!read_required(&s->in, NAMES("Branches")) || !read_array(&s->in, "Branches", &list))
        return;
    parallel->nbranches = json_object_array_length(list);
    parallel->branches = arena_alloc(s->c->r.arena, parallel->nbranches * sizeof *parallel->branches);
    for (size_t i = 0; i < parallel->nbranches; i++) {
        if (!read_object(&in, &s->c->r, json_object_array_get_idx(list, i), read_element(&s->c->r, at, i)))
            continue;
        read_only(&in, NAMES("Comment", "StartAt", "States"));
        parallel->branches[i] = asl_block_parse(s->c, &in, s->st, s->depth + 1);
    }
}

static void parse_type(struct asl_reader *s)
{
    switch (s->st->type) {
    case ASL_TASK:
        parse_task(s);
        break;
    case ASL_PASS:
        parse_pass(s);
        break;
    case ASL_WAIT:
        parse_wait(s);
        break;
    case ASL_CHOICE:
        parse_choice(s);
        break;
    case ASL_FAIL:
        parse_fail(s);
        break;
    case ASL_PARALLEL:
        parse_parallel(s);
        break;
    case ASL_MAP:
        asl_map_parse(s);
        break;
    case ASL_SUCCEED:
        break;
    }
}

void asl_state_parse(struct asl_reader *s, bool type_known)
{
    if (!type_known) {
        s->c->torn = true; /* it may be of a type that has other transitions than Next */
        if (read_has(&s->in, "Next"))
            asl_link(s->c, &s->in, "Next", s->st->block, &s->st->next);
        return;
    }
    check_fields(s);
    read_string(&s->in, "Comment");
    if (allowed("Next", s->st->type, false))
        parse_next(s);
    parse_data_flow(s);
    if (allowed("Assign", s->st->type, s->jsonata))
        s->st->assign = asl_assign_parse(s, &s->in);
    parse_type(s);
    if (allowed("Retry", s->st->type, false)) {
        parse_retriers(s);
        parse_catchers(s);
    }
}
