/*
 * Map: its processor, and the fields of both modes.
 *
 * Of distributed Map everything is checked, and kept what a trial needs: it is not built.
 * Source: Amazon States Language, "Map State"; the service's developer guide, "Distributed mode".
 */
#include "asl/asl_priv.h"

#include "asl/integration.h"
#include "asl/name.h"
#include "asl/unsupported.h"

#include <string.h>

enum {
    LABEL_CHARS_MAX = 40,
    READER_ITEMS_MAX = 100000000,
    BATCH_BYTES_MAX = 262144,
};

/* ---- numbers: a constant, by path (JSONPath), by an expression (JSONata) ---- */

static struct asl_number parse_count(struct asl_reader *s, const struct read_in *in, const char *field,
                                     const char *path_field, int64_t min, int64_t max)
{
    struct asl_number to = {.present = read_has(in, field) || (!s->jsonata && read_has(in, path_field))};
    int64_t n;

    read_at_most_one(in, NAMES(field, path_field));
    to.query = read_query_instead(in, s->jsonata, field);
    if (!to.query && read_int(in, field, min, max, &n))
        to.constant = (double)n;
    if (!s->jsonata)
        to.path = read_path(in, path_field, READ_REFERENCE);
    return to;
}

static struct asl_number parse_percentage(struct asl_reader *s)
{
    static const char *const FIELD = "ToleratedFailurePercentage", *const PATH =
                                                                       "ToleratedFailurePercentagePath";
    struct asl_number to = {.present = read_has(&s->in, FIELD) || (!s->jsonata && read_has(&s->in, PATH))};

    read_at_most_one(&s->in, NAMES(FIELD, PATH));
    to.query = read_query_instead(&s->in, s->jsonata, FIELD);
    if (!to.query)
        read_number(&s->in, FIELD, 0, 100, &to.constant);
    if (!s->jsonata)
        to.path = read_path(&s->in, PATH, READ_REFERENCE);
    return to;
}

/* ---- ItemReader, ItemBatcher, ResultWriter ---- */

/* "s3:getObject", for example: one of the names, ended by NULL. */
static const char *parse_store(const struct read_in *in, const char *const *names)
{
    const char *text = read_string(in, "Resource");
    struct resource_arn arn;

    if (!text)
        return NULL;
    if (resource_arn_split(in->r->scratch, text, &arn) && strcmp(arn.service, "states") == 0)
        for (size_t i = 0; names[i]; i++)
            if (strcmp(arn.rest, names[i]) == 0)
                return names[i];
    asl_resource_unknown(in, text);
    return NULL;
}

/* What goes to the store; JSONPath: a template. */
static void parse_arguments(struct asl_reader *s, const struct read_in *in, const char *required)
{
    asl_parameters_check(in, s->jsonata, required);
    if (s->jsonata)
        read_query(in, "Arguments");
    else
        read_template(in, "Parameters");
}

static void parse_headers(const struct read_in *in, struct items_format *to)
{
    const struct place *at = read_member(in->r, in->at, "CSVHeaders");
    json_object *list, *one;

    if (!read_array(in, "CSVHeaders", &list))
        return;
    to->headers = arena_alloc(in->r->arena, json_object_array_length(list) * sizeof *to->headers);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        one = json_object_array_get_idx(list, i);
        if (json_object_is_type(one, json_type_string))
            to->headers[to->nheaders++] = arena_strndup(in->r->arena, json_object_get_string(one),
                                                        (size_t)json_object_get_string_len(one));
        else
            finding_error(in->r->findings, read_element(in->r, at, i), FINDING_SCHEMA,
                          "Expected value of type String");
    }
}

static void parse_reader_config(struct asl_reader *s, const struct read_in *reader)
{
    static const enum items_input INPUTS[] = {ITEMS_CSV, ITEMS_JSON, ITEMS_JSONL, ITEMS_OTHER, ITEMS_OTHER};
    enum { JSON = 1, GIVEN = 1 };
    struct items_format *format = &s->st->u.map.distributed.format;
    struct read_in in;

    *format = (struct items_format){.input = ITEMS_JSON, .delimiter = ','};
    if (!read_inner(&in, reader, "ReaderConfig"))
        return;
    read_only(&in,
              NAMES("Comment", "InputType", "CSVDelimiter", "CSVHeaderLocation", "CSVHeaders", "ItemsPointer",
                    "ManifestType", "Transformation", "MaxItems", s->jsonata ? NULL : "MaxItemsPath"));
    format->input =
        INPUTS[read_word(&in, "InputType", NAMES("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"), JSON)];
    format->delimiter =
        ",|; \t"[read_word(&in, "CSVDelimiter", NAMES("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"), 0)];
    if (read_word(&in, "CSVHeaderLocation", NAMES("FIRST_ROW", "GIVEN"), 0) == GIVEN)
        read_required(&in, NAMES("CSVHeaders"));
    parse_headers(&in, format);
    const char *pointer = format->pointer = read_string(&in, "ItemsPointer");
    if (pointer && *pointer && *pointer != '/')
        read_error(&in, "ItemsPointer", "Value is not a valid JSON Pointer");
    read_word(&in, "ManifestType", NAMES("ATHENA_DATA", "S3_INVENTORY"), 0);
    read_word(&in, "Transformation", NAMES("NONE", "LOAD_AND_FLATTEN"), 0);
    s->st->u.map.distributed.max_items = parse_count(s, &in, "MaxItems", "MaxItemsPath", 0, READER_ITEMS_MAX);
}

static void parse_item_reader(struct asl_reader *s)
{
    struct read_in in;

    if (!read_inner(&in, &s->in, "ItemReader"))
        return;
    s->st->u.map.distributed.reads = true;
    read_only(&in, NAMES("Comment", "Resource", s->jsonata ? "Arguments" : "Parameters", "ReaderConfig"));
    read_required(&in, NAMES("Resource"));
    const char *store = parse_store(&in, NAMES("s3:getObject", "s3:listObjectsV2"));
    parse_arguments(s, &in, store && strcmp(store, "s3:getObject") == 0 ? "Bucket Key" : "Bucket");
    parse_reader_config(s, &in);
}

static void parse_item_batcher(struct asl_reader *s)
{
    struct asl_distributed *to = &s->st->u.map.distributed;
    struct read_in in;

    if (!read_inner(&in, &s->in, "ItemBatcher"))
        return;
    to->batches = true;
    read_only(&in, s->jsonata ? NAMES("Comment", "MaxItemsPerBatch", "MaxInputBytesPerBatch", "BatchInput")
                              : NAMES("Comment", "MaxItemsPerBatch", "MaxItemsPerBatchPath",
                                      "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", "BatchInput"));
    read_at_least_one(&in, s->jsonata ? NAMES("MaxItemsPerBatch", "MaxInputBytesPerBatch")
                                      : NAMES("MaxItemsPerBatch", "MaxItemsPerBatchPath",
                                              "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"));
    to->batch_items = parse_count(s, &in, "MaxItemsPerBatch", "MaxItemsPerBatchPath", 1, INT32_MAX);
    to->batch_bytes =
        parse_count(s, &in, "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", 1, BATCH_BYTES_MAX);
    if (s->jsonata)
        read_query(&in, "BatchInput");
    else
        to->batch_input = read_template(&in, "BatchInput");
}

static void parse_result_writer(struct asl_reader *s)
{
    const char *arguments = s->jsonata ? "Arguments" : "Parameters";
    struct read_in in, config;

    if (!read_inner(&in, &s->in, "ResultWriter"))
        return;
    s->st->u.map.distributed.writes = true;
    if (json_object_object_length(in.obj) == 0)
        read_error(&s->in, "ResultWriter", "Value cannot be empty");
    read_only(&in, NAMES("Comment", "Resource", arguments, "WriterConfig"));
    if (read_has(&in, arguments))
        read_required(&in, NAMES("Resource"));
    if (read_has(&in, "Resource")) {
        parse_store(&in, NAMES("s3:putObject"));
        parse_arguments(s, &in, "Bucket");
    }
    if (!read_inner(&config, &in, "WriterConfig"))
        return;
    read_only(&config, NAMES("Comment", "Transformation", "OutputType"));
    read_word(&config, "Transformation", NAMES("NONE", "COMPACT", "FLATTEN"), 0);
    read_word(&config, "OutputType", NAMES("JSON", "JSONL"), 0);
}

static void parse_label(struct asl_reader *s)
{
    const char *label = read_string(&s->in, "Label");

    if (!label)
        return;
    if (!name_good(label, strlen(label), LABEL_CHARS_MAX))
        read_error(&s->in, "Label",
                   "A label has 1 to %d characters, without white space, brackets, wildcards and the like",
                   LABEL_CHARS_MAX);
    asl_label(s->c, &s->in, label);
}

/* The language allows all of it in INLINE too, where nothing tolerates a failure. */
static void check_inline(struct asl_reader *s)
{
    const char *const *working = NAMES("ItemReader", "ItemBatcher", "ResultWriter", "Label");
    const char *const *without_effect = NAMES("ToleratedFailureCount", "ToleratedFailureCountPath",
                                              "ToleratedFailurePercentage", "ToleratedFailurePercentagePath");

    for (size_t i = 0; working[i]; i++)
        if (read_has(&s->in, working[i]))
            read_mockable(&s->in, working[i],
                          arena_printf(s->c->r.scratch, "%s in a Map of mode INLINE", working[i]));
    for (size_t i = 0; without_effect[i]; i++)
        if (read_has(&s->in, without_effect[i]))
            finding_warning(s->c->r.findings, read_member(&s->c->r, s->in.at, without_effect[i]),
                            FINDING_NO_EFFECT,
                            "%s has no effect in a Map of mode INLINE: one failed iteration "
                            "fails the Map",
                            without_effect[i]);
}

/* What is meant for the mode DISTRIBUTED. */
static void parse_distributed(struct asl_reader *s, bool distributed)
{
    parse_item_reader(s);
    parse_item_batcher(s);
    parse_result_writer(s);
    parse_label(s);
    s->st->u.map.distributed.tolerated_count =
        parse_count(s, &s->in, "ToleratedFailureCount", "ToleratedFailureCountPath", 0, INT32_MAX);
    s->st->u.map.distributed.tolerated_percentage = parse_percentage(s);
    if (!distributed)
        check_inline(s);
}

/* ---- the processor ---- */

struct config {
    bool distributed, express; /* Mode, ExecutionType */
};

static struct config parse_config(struct asl_reader *s, const struct read_in *processor)
{
    static const char *const MODES[] = {"INLINE", "DISTRIBUTED", NULL};
    struct config config = {0};
    struct read_in in;

    if (!read_inner(&in, processor, "ProcessorConfig"))
        return config;
    read_only(&in, NAMES("Comment", "Mode", "ExecutionType"));
    const char *mode = MODES[read_word(&in, "Mode", MODES, 0)];
    config.distributed = mode == MODES[1];
    config.express = read_word(&in, "ExecutionType", NAMES("STANDARD", "EXPRESS"), 0) == 1;
    if (!config.distributed)
        return config;
    read_required(&in, NAMES("ExecutionType"));
    if (s->c->express)
        read_error(&in, "Mode", "Express state machine does not support Map states of mode DISTRIBUTED");
    else if (unsupported_mode(mode))
        read_mockable(&in, "Mode", unsupported_mode(mode));
    return config;
}

/* The children of a distributed Map are executions of their own: its ExecutionType says by whose rules. */
static const struct asl_block *parse_block(struct asl_reader *s, const struct read_in *in,
                                           struct config config)
{
    bool express = s->c->express;

    s->c->express = express || (config.distributed && config.express);
    const struct asl_block *b = asl_block_parse(s->c, in, s->st, s->depth + 1);
    s->c->blocks[b->index]->apart = config.distributed;
    s->c->express = express;
    return b;
}

static bool parse_processor(struct asl_reader *s)
{
    const char *field = read_has(&s->in, "ItemProcessor") ? "ItemProcessor" : "Iterator";
    struct read_in in;

    if (!read_exactly_one(&s->in, NAMES("ItemProcessor", "Iterator")) || !read_inner(&in, &s->in, field))
        return false;
    read_only(&in, NAMES("Comment", "ProcessorConfig", "StartAt", "States"));
    struct config config = parse_config(s, &in);
    s->st->u.map.processor = parse_block(s, &in, config);
    return config.distributed;
}

/* ---- both modes ---- */

static void parse_items(struct asl_reader *s) /* JSONata */
{
    json_object *o;

    s->st->u.map.items_query = read_query(&s->in, "Items");
    if (!s->st->u.map.items_query)
        return;
    json_object_object_get_ex(s->in.obj, "Items", &o);
    if (!query_is_expression(o) && !json_object_is_type(o, json_type_array) &&
        !json_object_is_type(o, json_type_object))
        read_error(&s->in, "Items", "Expected value of type Array");
}

static void parse_concurrency(struct asl_reader *s)
{
    struct asl_map *map = &s->st->u.map;

    map->concurrency_query = read_query_instead(&s->in, s->jsonata, "MaxConcurrency");
    if (map->concurrency_query)
        return;
    read_int(&s->in, "MaxConcurrency", 0, INT32_MAX, &map->max_concurrency);
    if (s->jsonata)
        return;
    read_at_most_one(&s->in, NAMES("MaxConcurrency", "MaxConcurrencyPath"));
    map->concurrency = read_path(&s->in, "MaxConcurrencyPath", READ_REFERENCE);
}

void asl_map_parse(struct asl_reader *s)
{
    struct asl_map *map = &s->st->u.map;

    parse_distributed(s, parse_processor(s));
    parse_concurrency(s);
    if (s->jsonata) {
        parse_items(s);
        map->selector_query = read_query(&s->in, "ItemSelector");
        return;
    }
    map->items.path = read_path(&s->in, "ItemsPath", READ_REFERENCE);
    if (map->items.path && map->items.path->whole && map->items.path->root == JPATH_DATA)
        map->items.path = NULL;
    read_at_most_one(&s->in, NAMES("ItemSelector", "Parameters"));
    map->selector = read_template(&s->in, read_has(&s->in, "ItemSelector") ? "ItemSelector" : "Parameters");
}
