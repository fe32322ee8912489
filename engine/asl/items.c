#include "asl/items.h"

#include "base/json.h"

#include <string.h>

static int failed(struct err *err, const char *why)
{
    return err_set(err, ERR_ITEM_READER, "%s", why);
}

/* ---- JSON ---- */

/* One token of a pointer, its escapes undone: "~1" is "/", "~0" is "~". */
static char *token(const char *text, size_t len)
{
    char *out = mem_alloc(len + 1), *to = out;

    for (size_t i = 0; i < len; i++) {
        bool escape = text[i] == '~' && i + 1 < len && (text[i + 1] == '0' || text[i + 1] == '1');
        *to++ = !escape ? text[i] : text[++i] == '1' ? '/' : '~';
    }
    *to = '\0';
    return out;
}

static bool member(json_object *in, const char *name, json_object **out)
{
    if (json_object_is_type(in, json_type_object))
        return json_object_object_get_ex(in, name, out);
    if (!json_object_is_type(in, json_type_array) || !*name || strspn(name, "0123456789") != strlen(name) ||
        strlen(name) > 9 || (name[0] == '0' && name[1]))
        return false;
    size_t i = strtoul(name, NULL, 10);
    if (i >= json_object_array_length(in))
        return false;
    *out = json_object_array_get_idx(in, i);
    return true;
}

bool items_pointer(json_object *root, const char *pointer, json_object **found)
{
    bool there = *pointer == '\0' || *pointer == '/';

    *found = root;
    while (there && *pointer) {
        size_t len = strcspn(pointer + 1, "/");
        char *name = token(pointer + 1, len);
        there = member(*found, name, found);
        free(name);
        pointer += 1 + len;
    }
    return there;
}

static json_object *pairs(json_object *object)
{
    json_object *list = json_object_new_array();

    json_object_object_foreach(object, name, value)
    {
        json_object *pair = json_object_new_object();
        json_object_object_add(pair, "Key", json_object_new_string(name));
        json_object_object_add(pair, "Value", json_object_get(value));
        json_object_array_add(list, pair);
    }
    return list;
}

static int read_json(const struct items_format *f, const char *text, size_t len, json_object **items,
                     struct err *err)
{
    json_object *root = NULL, *found = NULL;
    struct err why;
    int rc = 0;

    if (js_parse(text, len, &root, &why) < 0)
        return failed(err, why.cause);
    if (!items_pointer(root, f->pointer ? f->pointer : "", &found))
        rc = failed(err, "The ItemsPointer names nothing in the file.");
    else if (json_object_is_type(found, json_type_array))
        *items = json_object_get(found);
    else if (json_object_is_type(found, json_type_object))
        *items = pairs(found);
    else
        rc = failed(err, "Attempting to map over non-iterable node.");
    json_object_put(root);
    return rc;
}

static int read_lines(const char *text, size_t len, json_object **items, struct err *err)
{
    const char *end = text + len;
    struct err why;

    *items = json_object_new_array();
    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((stop ? stop : end) - line);
        json_object *item = NULL;
        if (strspn(line, " \t\r") < n) {
            if (js_parse(line, n, &item, &why) < 0) {
                json_object_put(*items);
                *items = NULL;
                return failed(err, why.cause);
            }
            json_object_array_add(*items, item);
        }
        line += n + (stop != NULL);
    }
    return 0;
}

/* ---- CSV ---- */

struct csv {
    const char *p, *end;
    char delimiter;
    struct js_buf field; /* the one read last */
};

/* A field; true: another follows in the row. */
static bool read_field(struct csv *c)
{
    bool quoted = c->p < c->end && *c->p == '"';

    c->field.len = 0;
    js_buf_str(&c->field, "");
    c->p += quoted;
    while (c->p < c->end) {
        char one = *c->p;
        if (quoted && one == '"') {
            if (c->p + 1 == c->end || c->p[1] != '"') {
                quoted = false;
                c->p++;
                continue;
            }
            c->p++;
        } else if (!quoted && (one == c->delimiter || one == '\n')) {
            break;
        } else if (!quoted && one == '\r' && (c->p + 1 == c->end || c->p[1] == '\n')) {
            c->p++;
            continue;
        }
        js_buf_add(&c->field, &one, 1);
        c->p++;
    }
    bool more = c->p < c->end && *c->p == c->delimiter;
    c->p += c->p < c->end;
    return more;
}

static json_object *field_text(const struct csv *c)
{
    return json_object_new_string_len(c->field.p, (int)c->field.len);
}

static json_object *read_row(struct csv *c)
{
    json_object *row = json_object_new_array();
    bool more = true;

    while (more) {
        more = read_field(c);
        json_object_array_add(row, field_text(c));
    }
    return row;
}

static bool has_duplicates(json_object *names)
{
    json_object *seen = json_object_new_object();

    for (size_t i = 0; i < json_object_array_length(names); i++)
        json_object_object_add(seen, json_object_get_string(json_object_array_get_idx(names, i)), NULL);
    bool some = (size_t)json_object_object_length(seen) < json_object_array_length(names);
    json_object_put(seen);
    return some;
}

static json_object *given_headers(const struct items_format *f)
{
    json_object *names = json_object_new_array();

    for (size_t i = 0; i < f->nheaders; i++)
        json_object_array_add(names, json_object_new_string(f->headers[i]));
    return names;
}

/* Fields without a header are left out, headers without a field are empty texts. */
static json_object *item_of(json_object *names, json_object *row)
{
    json_object *item = json_object_new_object();

    for (size_t i = 0; i < json_object_array_length(names); i++) {
        json_object *v = i < json_object_array_length(row)
                             ? json_object_get(json_object_array_get_idx(row, i))
                             : json_object_new_string("");
        json_object_object_add(item, json_object_get_string(json_object_array_get_idx(names, i)), v);
    }
    return item;
}

static bool blank_row(json_object *row)
{
    return json_object_array_length(row) == 1 &&
           json_object_get_string_len(json_object_array_get_idx(row, 0)) == 0;
}

static int read_csv(const struct items_format *f, const char *text, size_t len, json_object **items,
                    struct err *err)
{
    struct csv c = {.p = text, .end = text + len, .delimiter = f->delimiter};
    json_object *names = f->headers ? given_headers(f) : read_row(&c);
    int rc = has_duplicates(names) ? failed(err, "CSV headers cannot contain duplicates.") : 0;

    *items = json_object_new_array();
    while (rc == 0 && c.p < c.end) {
        json_object *row = read_row(&c);
        if (!blank_row(row))
            json_object_array_add(*items, item_of(names, row));
        json_object_put(row);
    }
    if (rc < 0) {
        json_object_put(*items);
        *items = NULL;
    }
    json_object_put(names);
    js_buf_fini(&c.field);
    return rc;
}

int items_read(const struct items_format *f, const char *text, size_t len, json_object **items,
               struct err *err)
{
    *items = NULL;
    switch (f->input) {
    case ITEMS_JSON:
        return read_json(f, text, len, items, err);
    case ITEMS_JSONL:
        return read_lines(text, len, items, err);
    case ITEMS_CSV:
        return read_csv(f, text, len, items, err);
    case ITEMS_OTHER:
        break;
    }
    return failed(err, "Files of this InputType cannot be read by this version of pawl.");
}
