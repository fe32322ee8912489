/*
 * items.h -- the items of a Map that come from a file: the text that an ItemReader has read, taken apart.
 *
 * Knows nothing of where the text comes from.  Pure.
 * Source: AWS Step Functions Developer Guide, "ItemReader"; error texts recorded.
 */
#pragma once

#include "base/err.h"

#include <json-c/json.h>
#include <stdbool.h>

enum items_input { ITEMS_JSON, ITEMS_JSONL, ITEMS_CSV, ITEMS_OTHER /* PARQUET, MANIFEST: not built */ };

struct items_format { /* ReaderConfig */
    enum items_input input;
    const char *pointer;  /* ItemsPointer, of JSON; NULL: absent */
    char delimiter;       /* of CSV */
    const char **headers; /* CSVHeaders; NULL: the first row has them */
    size_t nheaders;
};

/*
 * The array of items; the caller's.  JSON: an array, or an object, whose members become {"Key", "Value"}.
 * JSONL: a value a line.  CSV (RFC 4180): an object of strings a row.  -1 with ERR_ITEM_READER.
 */
int items_read(const struct items_format *f, const char *text, size_t len, json_object **items,
               struct err *err);

/* What ItemsPointer (RFC 6901) names in a value, borrowed; false: nothing. */
bool items_pointer(json_object *root, const char *pointer, json_object **found);
