/* Warnings about the strings of a state: expressions that are none, fields of the context and of $states that
 * there are not, task tokens. */
#include "asl/asl_priv.h"

#include <string.h>

struct texts {
    const struct asl_compile *c;
    const struct asl_draft *d;
    bool token; /* some expression reads the context, perhaps the task's token */
};

/* Is the name among words that blanks separate? */
static bool among(const char *words, const char *name, size_t len)
{
    for (const char *p = words; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, name, len) == 0)
            return true;
        p += n;
    }
    return false;
}

static bool ends_in_dollar(const char *key)
{
    size_t len = strlen(key);

    return len > 2 && strcmp(key + len - 2, ".$") == 0;
}

/* ---- the context object ---- */

/* ".Name" at the front of the text: its length without the point; 0: something else. */
static size_t member(const char *text, const char *end)
{
    size_t len = 0;

    if (text == end || *text != '.')
        return 0;
    for (text++; text + len < end; len++) {
        char ch = text[len];
        if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z') && !(ch >= '0' && ch <= '9') && ch != '_')
            break;
    }
    return len;
}

static bool in_map(const struct asl_state *st)
{
    for (; st; st = st->block->owner)
        if (st->type == ASL_MAP)
            return true;
    return false;
}

static bool has_token(const struct asl_state *st)
{
    return st->type == ASL_TASK && st->u.task.pattern != ASL_REQUEST_RESPONSE;
}

/* What is wrong with "Execution", "Id" and what follows; false: nothing. */
static bool check_members(struct texts *t, const char *text, const char *end, const struct place *at)
{
    static const struct {
        const char *object, *members;
    } CONTEXT[] = {
        {"Execution", "Id Input Name RoleArn StartTime RedriveCount RedriveTime"},
        {"State", "EnteredTime Name RetryCount"},
        {"StateMachine", "Id Name"},
        {"Task", "Token"},
        {"Map", "Item"},
    };
    size_t len = member(text, end), n = len ? member(text + 1 + len, end) : 0;

    for (size_t i = 0; i < sizeof CONTEXT / sizeof *CONTEXT; i++) {
        if (!among(CONTEXT[i].object, text + 1, len))
            continue;
        if (n == 0 || among(CONTEXT[i].members, text + len + 2, n))
            return false;
        finding_warning(t->c->r.findings, at, FINDING_CONTEXT,
                        "The context object has no %.*s.%.*s; %s has: %s", (int)len, text + 1,
                        (int)(n < 80 ? n : 80), text + len + 2, CONTEXT[i].object, CONTEXT[i].members);
        return true;
    }
    finding_warning(t->c->r.findings, at, FINDING_CONTEXT,
                    "The context object has no %.*s; it has: Execution State StateMachine Task Map",
                    (int)(len < 80 ? len : 80), text + 1);
    return true;
}

/* What follows "$$" or "$states.context". */
static void check_context(struct texts *t, const char *text, const char *end, const struct place *at)
{
    size_t len = member(text, end);
    bool task = len > 0 && among("Task", text + 1, len);

    if (len == 0 || check_members(t, text, end, at))
        return;
    if (task && !has_token(t->d->st))
        finding_warning(t->c->r.findings, at, FINDING_NO_TOKEN,
                        "There is no task token here: only a Resource with .waitForTaskToken gives one");
    else if (among("Map", text + 1, len) && !in_map(t->d->st))
        finding_warning(t->c->r.findings, at, FINDING_CONTEXT,
                        "The context object has Map only in a Map state and in the states within it");
}

/* ---- $states ---- */

/* The field of the state that a place lies in. */
static const char *field_of(const struct texts *t, const struct place *at)
{
    while (at->up != t->d->at)
        at = at->up;
    return at->key;
}

static bool gives_result(const struct asl_state *st)
{
    return st->type == ASL_TASK || st->type == ASL_MAP || st->type == ASL_PARALLEL;
}

/* What follows "$states". */
static void check_states(struct texts *t, const char *text, const char *end, const struct place *at)
{
    const char *field = field_of(t, at);
    size_t len = member(text, end);
    bool caught = strcmp(field, "Catch") == 0, left = among("Output Assign", field, strlen(field));

    if (len == 0)
        return;
    if (among("context", text + 1, len))
        check_context(t, text + 1 + len, end, at);
    else if (among("result", text + 1, len) && !(left && gives_result(t->d->st)))
        finding_warning(
            t->c->r.findings, at, FINDING_STATES,
            "$states.result is only in Output and Assign of a Task, Map or Parallel that succeeds");
    else if (among("errorOutput", text + 1, len) && !caught)
        finding_warning(t->c->r.findings, at, FINDING_STATES,
                        "$states.errorOutput is only in Output and Assign of a catcher");
    else if (!among("input context result errorOutput", text + 1, len))
        finding_warning(t->c->r.findings, at, FINDING_STATES,
                        "$states has no %.*s; it has: input context result errorOutput",
                        (int)(len < 80 ? len : 80), text + 1);
}

/* Every path of an expression that begins at the context object or $states. Within quotes nothing is one. */
static void check_expression(struct texts *t, json_object *o, const struct place *at)
{
    const char *text = json_object_get_string(o), *end = text + json_object_get_string_len(o);
    bool jsonata = t->d->st->jsonata;
    const char *prefix = jsonata ? "$states" : "$$";
    size_t len = strlen(prefix);
    char quote = 0;

    /* Within what looks like quotes too: who knows. */
    t->token = t->token || strstr(text, jsonata ? "$states.context" : "$$") != NULL;

    for (const char *p = text; p < end; p++) {
        if (*p == '\\' && p + 1 < end)
            p++;
        else if (quote)
            quote = *p == quote ? 0 : quote;
        else if (*p == '\'' || *p == '"')
            quote = *p;
        else if ((size_t)(end - p) >= len && memcmp(p, prefix, len) == 0)
            (jsonata ? check_states : check_context)(t, p + len, end, at);
    }
}

/* ---- texts that look like expressions ---- */

static bool looks_like_path(json_object *o)
{
    const char *text = json_object_get_string(o);

    return strncmp(text, "$.", 2) == 0 || strncmp(text, "$$.", 3) == 0 || strncmp(text, "$[", 2) == 0;
}

static bool looks_like_call(json_object *o)
{
    const char *text = json_object_get_string(o);

    return strncmp(text, "States.", 7) == 0 && strchr(text, '(') != NULL;
}

static void warn_text(struct texts *t, const struct place *at, const char *how)
{
    finding_warning(t->c->r.findings, at, FINDING_TEXT, "This is text, and stays text: %s", how);
}

/* A string of a payload in JSONPath that no ".$" marks. */
static void check_plain(struct texts *t, json_object *o, const struct place *at)
{
    if (query_is_expression(o))
        warn_text(t, at, "the QueryLanguage of this state is JSONPath");
    else if ((looks_like_path(o) || looks_like_call(o)) && at->key)
        warn_text(t, at, "a field is evaluated when its name ends in \".$\"");
    else if (looks_like_path(o) || looks_like_call(o))
        warn_text(t, at, "elements of arrays are not evaluated; States.Array makes arrays");
}

/* ---- JSONPath ---- */

static void walk_payload(struct texts *t, json_object *o, const struct place *at)
{
    if (json_object_is_type(o, json_type_string))
        check_plain(t, o, at);
    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            walk_payload(t, json_object_array_get_idx(o, i), &(struct place){.up = at, .index = i});
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value)
    {
        const struct place inside = {.up = at, .key = key};
        if (ends_in_dollar(key) && json_object_is_type(value, json_type_string))
            check_expression(t, value, &inside);
        else
            walk_payload(t, value, &inside);
    }
}

/* Data that is never evaluated, and seems to want it. */
static void walk_data(struct texts *t, json_object *o, const struct place *at)
{
    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            walk_data(t, json_object_array_get_idx(o, i), &(struct place){.up = at, .index = i});
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value)
    {
        const struct place inside = {.up = at, .key = key};
        bool text = json_object_is_type(value, json_type_string);
        if (text && ends_in_dollar(key) && (looks_like_path(value) || looks_like_call(value)))
            warn_text(t, &inside, "Result is data; Parameters is evaluated");
        else
            walk_data(t, value, &inside);
    }
}

/* A string of the state itself, of a rule, of a catcher. */
static void check_field(struct texts *t, const char *key, json_object *o, const struct place *at)
{
    size_t len = strlen(key);

    if (strcmp(key, "Variable") == 0 || (len > 4 && strcmp(key + len - 4, "Path") == 0))
        check_expression(t, o, at);
    else if (strncmp(key, "String", 6) == 0 && looks_like_path(o))
        warn_text(t, at, "an operator whose name ends in Path compares with what a path selects");
    else if (among("Error Cause", key, len) && (looks_like_path(o) || looks_like_call(o)))
        warn_text(t, at, "ErrorPath and CausePath are evaluated");
    else if (query_is_expression(o))
        warn_text(t, at, "the QueryLanguage of this state is JSONPath");
}

static void walk_fields(struct texts *t, json_object *o, const struct place *at)
{
    static const char PAYLOADS[] = "Parameters ResultSelector ItemSelector BatchInput Assign Credentials";
    static const char OTHERS[] = "Comment Branches ItemProcessor Iterator";

    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            walk_fields(t, json_object_array_get_idx(o, i), &(struct place){.up = at, .index = i});
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value)
    {
        const struct place inside = {.up = at, .key = key};
        size_t len = strlen(key);
        if (among(OTHERS, key, len))
            continue;
        if (strcmp(key, "Result") == 0)
            walk_data(t, value, &inside);
        else if (among(PAYLOADS, key, len))
            walk_payload(t, value, &inside);
        else if (json_object_is_type(value, json_type_string))
            check_field(t, key, value, &inside);
        else
            walk_fields(t, value, &inside);
    }
}

/* ---- JSONata ---- */

/* "{% x }", " {% x %}", "a {% x %}" */
static void check_text(struct texts *t, json_object *o, const struct place *at)
{
    const char *text = json_object_get_string(o);

    if (strstr(text, "{%") || strstr(text, "%}"))
        warn_text(t, at, "an expression is all of the text, from \"{%\" to \"%}\"");
}

static void walk_jsonata(struct texts *t, json_object *o, const struct place *at)
{
    static const char OTHERS[] = "Comment Branches ItemProcessor Iterator";

    if (query_is_expression(o))
        check_expression(t, o, at);
    else if (json_object_is_type(o, json_type_string))
        check_text(t, o, at);
    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            walk_jsonata(t, json_object_array_get_idx(o, i), &(struct place){.up = at, .index = i});
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value)
    {
        const struct place inside = {.up = at, .key = key};
        bool text = json_object_is_type(value, json_type_string);
        if (o == t->d->obj && among(OTHERS, key, strlen(key)))
            continue;
        if (text && ends_in_dollar(key) && (looks_like_path(value) || looks_like_call(value)))
            warn_text(t, &inside, "the QueryLanguage of this state is JSONata");
        else
            walk_jsonata(t, value, &inside);
    }
}

/* ---- the state ---- */

void asl_lint_texts(struct asl_compile *c, const struct asl_draft *d)
{
    struct texts t = {.c = c, .d = d};

    if (d->st->jsonata)
        walk_jsonata(&t, d->obj, d->at);
    else
        walk_fields(&t, d->obj, d->at);
    if (d->st->type == ASL_TASK && d->st->u.task.pattern == ASL_WAIT_FOR_TOKEN && !t.token)
        finding_warning(c->r.findings, d->at, FINDING_UNSENT,
                        "Nobody is told the task token, so nobody can answer: pass %s on",
                        d->st->jsonata ? "$states.context.Task.Token" : "$$.Task.Token");
}
