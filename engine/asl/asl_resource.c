/* The Resource of a Task: a function, an activity, an integration of the service, a URL. */
#include "asl/asl_priv.h"

#include "asl/addition.h"
#include "asl/integration.h"
#include "asl/name.h"
#include "asl/unsupported.h"

#include <string.h>

enum { RESOURCE_BYTES_MAX = 2048, FUNCTION_BYTES_MAX = 140, ACTIVITY_CHARS_MAX = 80 };

int asl_resource_unknown(const struct read_in *in, const char *text)
{
    return read_error(
        in, "Resource",
        "The resource provided %.300s is not recognized. The value is not a valid resource ARN, or "
        "the resource is not available in this region.",
        text);
}

/* What stands behind the prefix in the text, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* ---- function:NAME[:QUALIFIER] ---- */

static size_t name_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
}

static bool good_qualifier(const char *text) /* a version, an alias */
{
    return strcmp(text, "$LATEST") == 0 || (*text && name_length(text) == strlen(text) && !strchr(text, '.'));
}

static int parse_function(struct asl_reader *s, const char *text, const struct resource_arn *arn)
{
    struct asl_task *task = &s->st->u.task;
    const char *name = behind(arn->rest, "function:");
    size_t len = name ? name_length(name) : 0;

    if (len == 0 || len > FUNCTION_BYTES_MAX || (name[len] && name[len] != ':') ||
        (name[len] && !good_qualifier(name + len + 1)))
        return asl_resource_unknown(&s->in, text);
    task->kind = ASL_FUNCTION;
    task->function = arena_strndup(s->c->r.arena, name, len);
    return 0;
}

/* ---- SERVICE:ACTION[.sync|.sync:2|.waitForTaskToken] ---- */

/* Is "name" or "name.$" a member? */
static bool has_parameter(json_object *o, const char *name, size_t len)
{
    char key[128];

    snprintf(key, sizeof key, "%.*s.$", (int)len, name);
    if (json_object_object_get_ex(o, key, NULL))
        return true;
    key[len] = '\0';
    return json_object_object_get_ex(o, key, NULL);
}

json_object *asl_parameters_check(const struct read_in *in, bool jsonata, const char *required)
{
    const char *field = jsonata ? "Arguments" : "Parameters";
    json_object *o;

    if (!read_required(in, NAMES(field)) ||
        (jsonata && query_is_expression(json_object_object_get(in->obj, field))) ||
        !read_typed(in, field, json_type_object, &o))
        return NULL;
    for (const char *p = required; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        if (!has_parameter(o, p, len))
            read_error(in, field, "The field '%.*s' is required but was missing", (int)len, p);
        p += len;
    }
    return o;
}

/* Parameters of lambda:invoke, with or without ".$" behind. */
static bool invoke_parameter(const char *field)
{
    static const char *const KNOWN[] = {"ClientContext", "FunctionName", "InvocationType",
                                        "LogType",       "Payload",      "Qualifier"};
    size_t len = strlen(field);

    if (len > 2 && strcmp(field + len - 2, ".$") == 0)
        len -= 2;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strlen(KNOWN[i]) == len && memcmp(KNOWN[i], field, len) == 0)
            return true;
    return false;
}

static void check_parameters(struct asl_reader *s, const struct integration *i, bool invoke)
{
    const char *required = integration_required(i);
    json_object *o = *required ? asl_parameters_check(&s->in, s->jsonata, required) : NULL;

    if (!o || !invoke)
        return;
    json_object_object_foreach(o, name, value)
    {
        (void)value;
        if (!invoke_parameter(name))
            read_error(&s->in, s->jsonata ? "Arguments" : "Parameters",
                       "The field '%.200s' is not supported by Step Functions", name);
    }
}

/* What EXPRESS machines do not have. */
static int check_express(struct asl_reader *s, enum integration_pattern pattern)
{
    if (!s->c->express)
        return 0;
    if (pattern == PATTERN_SYNC || pattern == PATTERN_SYNC2)
        return read_error(&s->in, "Resource",
                          "Express state machine does not support '.sync' service integration");
    if (pattern == PATTERN_TOKEN) /* the service's text ends in a blank */
        return read_error(&s->in, "Resource",
                          "Express state machine does not support '.waitForTaskToken' service integration ");
    return 0;
}

static enum asl_pattern pattern_of(enum integration_pattern pattern)
{
    switch (pattern) {
    case PATTERN_SYNC:
        return ASL_SYNC;
    case PATTERN_SYNC2:
        return ASL_SYNC_2;
    case PATTERN_TOKEN:
        return ASL_WAIT_FOR_TOKEN;
    default:
        return ASL_REQUEST_RESPONSE;
    }
}

static int parse_integration(struct asl_reader *s, const char *text, const struct resource_arn *arn)
{
    struct asl_task *task = &s->st->u.task;
    struct integration i;

    bool split = integration_split(s->c->r.arena, arn->rest, &i);
    if (check_express(s, i.pattern) < 0)
        return -1;
    if (!split || !integration_known(&i))
        return asl_resource_unknown(&s->in, text);

    bool invoke = strcmp(i.service, "lambda") == 0;
    task->kind = invoke ? ASL_LAMBDA_INVOKE : ASL_SERVICE;
    task->pattern = pattern_of(i.pattern);
    task->resource_type = i.service;
    task->resource_name = arena_strndup(s->c->r.arena, arn->rest + strlen(i.service) + 1,
                                        strlen(arn->rest) - strlen(i.service) - 1);
    check_parameters(s, &i, invoke);
    if (!unsupported_integration(i.service, i.action))
        return 0;
    return read_mockable(&s->in, "Resource", arena_printf(s->c->r.scratch, "The resource %.300s", text));
}

/* ---- activity:NAME ---- */

static int parse_activity(struct asl_reader *s, const char *text, const char *name)
{
    if (!name_good(name, strlen(name), ACTIVITY_CHARS_MAX))
        return asl_resource_unknown(&s->in, text);
    if (s->c->express)
        return read_error(&s->in, "Resource", "Express state machine does not support Activity ARN");
    s->st->u.task.kind = ASL_ACTIVITY;
    return read_mockable(&s->in, "Resource", "An activity");
}

static int parse_states_resource(struct asl_reader *s, const char *text, const struct resource_arn *arn)
{
    const char *activity = behind(arn->rest, "activity:");

    return activity ? parse_activity(s, text, activity) : parse_integration(s, text, arn);
}

/* swf: the resource of the specification's own examples,
 * "arn:aws:swf:us-east-1:123456789012:task:HelloWorld". */
static int parse_arn(struct asl_reader *s, const char *text)
{
    struct resource_arn arn;

    if (!resource_arn_split(s->c->r.arena, text, &arn))
        return read_error(&s->in, "Resource", "Value is not a valid resource ARN");
    if (strcmp(arn.service, "lambda") == 0)
        return parse_function(s, text, &arn);
    if (strcmp(arn.service, "states") == 0)
        return parse_states_resource(s, text, &arn);
    if (strcmp(arn.service, "swf") == 0 && behind(arn.rest, "task:"))
        return read_unsupported(&s->in, "Resource",
                                arena_printf(s->c->r.scratch, "The resource %.300s", text));
    return asl_resource_unknown(&s->in, text);
}

/* ---- pawl:NAME ---- */

static int parse_own(struct asl_reader *s, const char *text, const char *name)
{
    struct asl_task *task = &s->st->u.task;

    if (strcmp(name, "approval") != 0)
        return read_error(&s->in, "Resource", "pawl has no resource of this name");
    task->kind = ASL_SERVICE;
    task->resource_type = "pawl";
    task->resource_name = arena_strndup(s->c->r.arena, name, strlen(name));
    return read_mockable(&s->in, "Resource", arena_printf(s->c->r.scratch, "The resource %.300s", text));
}

/* ---- URLs ---- */

static int parse_url(struct asl_reader *s, const char *text, const char *host)
{
    struct asl_task *task = &s->st->u.task;

    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F)
            return read_error(&s->in, "Resource", "A URL has printable ASCII characters only, and no blanks");
    if (!*host || strchr("/?#:@", *host))
        return read_error(&s->in, "Resource", "The URL names no host");
    task->kind = ASL_URL;
    task->resource_type = "http";
    task->resource_name = text;
    return 0;
}

void asl_resource_parse(struct asl_reader *s)
{
    const char *text = read_string(&s->in, "Resource");

    s->st->u.task.kind = ASL_UNKNOWN;
    if (!text)
        return;
    s->st->u.task.resource = text;
    if (addition_resource(text))
        asl_addition(s, "Resource", addition_resource(text));
    if (strlen(text) > RESOURCE_BYTES_MAX)
        read_error(&s->in, "Resource", "The resource has more than %d characters", RESOURCE_BYTES_MAX);
    else if (strncasecmp(text, "http://", 7) == 0)
        parse_url(s, text, text + 7);
    else if (strncasecmp(text, "https://", 8) == 0)
        parse_url(s, text, text + 8);
    else if (behind(text, "pawl:"))
        parse_own(s, text, behind(text, "pawl:"));
    else
        parse_arn(s, text);
}
