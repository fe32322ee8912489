/* The Resource of a Task: a function, an integration of the service, a URL. */
#include "asl/asl_priv.h"

#include "asl/unsupported.h"

#include <string.h>

enum { RESOURCE_BYTES_MAX = 2048, FUNCTION_BYTES_MAX = 140 };

/* arn:PARTITION:SERVICE:REGION:ACCOUNT:REST, the account and the region perhaps empty. */
struct arn {
    const char *partition, *service, *region, *account, *rest;
};

static bool of_chars(const char *text, const char *others)
{
    for (; *text; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9');
        if (!plain && !strchr(others, *text))
            return false;
    }
    return true;
}

/* Cuts the text at its first delimiter; NULL when there is none. */
static char *cut(char *text, char delimiter)
{
    char *at = strchr(text, delimiter);

    if (at)
        *at++ = '\0';
    return at;
}

static bool split_arn(struct arena *a, const char *text, struct arn *to)
{
    char *arn = arena_strndup(a, text, strlen(text));
    char *partition = cut(arn, ':');
    char *service = partition ? cut(partition, ':') : NULL;
    char *region = service ? cut(service, ':') : NULL;
    char *account = region ? cut(region, ':') : NULL;
    char *rest = account ? cut(account, ':') : NULL;

    *to = (struct arn){partition, service, region, account, rest};
    return rest && strcmp(arn, "arn") == 0 && *partition && of_chars(partition, "-") &&
           of_chars(region, "-") && of_chars(account, "");
}

static int not_recognized(struct asl_reader *s, const char *text)
{
    return read_error(
        &s->in, "Resource",
        "The resource provided %.300s is not recognized. The value is not a valid resource ARN, or "
        "the resource is not available in this region.",
        text);
}

/* function:NAME[:QUALIFIER] */
static int parse_function(struct asl_reader *s, const char *text, const struct arn *arn)
{
    struct asl_task *task = &s->st->u.task;
    char *name = arena_strndup(s->c->r.arena, arn->rest, strlen(arn->rest));

    name = cut(name, ':');
    char *qualifier = name ? cut(name, ':') : NULL;
    if (!name || strncmp(arn->rest, "function:", 9) != 0 || !*name || strlen(name) > FUNCTION_BYTES_MAX ||
        !of_chars(name, "-_."))
        return not_recognized(s, text);
    if (qualifier && strcmp(qualifier, "$LATEST") != 0 && (!*qualifier || !of_chars(qualifier, "-_")))
        return not_recognized(s, text);
    task->kind = ASL_FUNCTION;
    task->function = name;
    return 0;
}

/* ---- arn:...:states:::SERVICE:ACTION[.sync|.sync:2|.waitForTaskToken] ---- */

static bool ends_in(char *text, const char *suffix) /* and cuts it off */
{
    size_t len = strlen(text), n = strlen(suffix);

    if (len <= n || strcmp(text + len - n, suffix) != 0)
        return false;
    text[len - n] = '\0';
    return true;
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

static void check_invoke_parameters(struct asl_reader *s)
{
    json_object *o;

    if (s->jsonata || !read_required(&s->in, (const char *const[]){"Parameters", NULL}) ||
        !read_typed(&s->in, "Parameters", json_type_object, &o))
        return;
    json_object_object_foreach(o, field, value)
    {
        (void)value;
        if (!invoke_parameter(field))
            read_error(&s->in, "Parameters", "The field '%.200s' is not supported by Step Functions", field);
    }
    if (!json_object_object_get_ex(o, "FunctionName", NULL) &&
        !json_object_object_get_ex(o, "FunctionName.$", NULL))
        read_error(&s->in, "Parameters", "The field 'FunctionName' is required but was missing");
}

static int parse_integration(struct asl_reader *s, const char *text, const struct arn *arn)
{
    struct asl_task *task = &s->st->u.task;
    char *service = arena_strndup(s->c->r.arena, arn->rest, strlen(arn->rest));
    bool sync = ends_in(service, ".sync:2") || ends_in(service, ".sync");
    bool token = !sync && ends_in(service, ".waitForTaskToken");
    char *action = cut(service, ':');

    if (s->c->express && sync)
        return read_error(&s->in, "Resource",
                          "Express state machine does not support '.sync' service integration");
    if (s->c->express && token) /* the service's text ends in a blank */
        return read_error(&s->in, "Resource",
                          "Express state machine does not support '.waitForTaskToken' service integration ");
    if (!action)
        return not_recognized(s, text);
    if (strcmp(service, "lambda") == 0 && strcmp(action, "invoke") == 0 && !sync) {
        task->kind = ASL_LAMBDA_INVOKE;
        task->pattern = token ? ASL_WAIT_FOR_TOKEN : ASL_REQUEST_RESPONSE;
        task->resource_type = "lambda";
        task->resource_name = token ? "invoke.waitForTaskToken" : "invoke";
        check_invoke_parameters(s);
        return 0;
    }
    if (!unsupported_integration(service, action))
        return not_recognized(s, text);
    return read_unsupported(&s->in, "Resource", arena_printf(s->c->r.scratch, "The resource %.300s", text));
}

static int parse_states_resource(struct asl_reader *s, const char *text, const struct arn *arn)
{
    if (strncmp(arn->rest, "activity:", 9) != 0)
        return parse_integration(s, text, arn);
    if (!arn->rest[9])
        return not_recognized(s, text);
    if (s->c->express)
        return read_error(&s->in, "Resource", "Express state machine does not support Activity ARN");
    return read_unsupported(&s->in, "Resource", "An activity");
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
    struct arn arn;

    if (!text)
        return;
    s->st->u.task.resource = text;
    if (strlen(text) > RESOURCE_BYTES_MAX)
        read_error(&s->in, "Resource", "The resource has more than %d characters", RESOURCE_BYTES_MAX);
    else if (strncasecmp(text, "http://", 7) == 0)
        parse_url(s, text, text + 7);
    else if (strncasecmp(text, "https://", 8) == 0)
        parse_url(s, text, text + 8);
    else if (!split_arn(s->c->r.scratch, text, &arn))
        read_error(&s->in, "Resource", "Value is not a valid resource ARN");
    else if (strcmp(arn.service, "lambda") == 0)
        parse_function(s, text, &arn);
    else if (strcmp(arn.service, "states") == 0)
        parse_states_resource(s, text, &arn);
    else
        not_recognized(s, text);
}
