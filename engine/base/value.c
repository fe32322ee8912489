#include "base/value.h"
#include "base/json.h"

#include <string.h>

struct value {
    uint32_t refs;
    uint32_t len; /* of text, without its NUL; before there is one: about how many bytes it will have */
    char *text;   /* inline, or an allocation of its own; NULL: not made yet */
    json_object *tree;
    bool has_tree; /* NULL is a tree as well: JSON null */
    bool plain;    /* text is as js_write makes it */
    char inline_text[];
};

struct value *value_new(const char *text, size_t len)
{
    PAWL_ASSERT(len < UINT32_MAX);
    struct value *v = mem_alloc(sizeof *v + len + 1);
    *v = (struct value){.refs = 1, .len = (uint32_t)len, .text = v->inline_text};
    memcpy(v->text, text, len);
    v->text[len] = '\0';
    return v;
}

/* Takes the text; what was reserved in vain is given back when it is worth it. */
static void keep_text(struct value *v, struct js_buf *text)
{
    PAWL_ASSERT(text->len < UINT32_MAX);
    v->len = (uint32_t)text->len;
    v->text = text->cap > text->len + text->len / 8 + 64 ? mem_realloc(text->p, text->len + 1) : text->p;
    *text = (struct js_buf){0};
}

struct value *value_take(json_object *taken, size_t bytes)
{
    PAWL_ASSERT(bytes < UINT32_MAX);
    struct value *v = mem_alloc(sizeof *v);
    *v = (struct value){.refs = 1, .len = (uint32_t)bytes, .tree = taken, .has_tree = true, .plain = true};
    return v;
}

struct value *value_plain(struct js_buf *text, json_object *tree, bool has_tree)
{
    struct value *v = value_take(tree, 0);

    keep_text(v, text);
    v->has_tree = has_tree;
    return v;
}

struct value *value_copy(struct value *v)
{
    size_t len;
    const char *text = value_text(v, &len);
    struct value *copy = value_new(text, len);

    copy->plain = v->plain;
    return copy;
}

bool value_is_plain(const struct value *v)
{
    return v->plain;
}

struct value *value_ref(struct value *v)
{
    if (v)
        v->refs++;
    return v;
}

void value_unref(struct value *v)
{
    if (!v || --v->refs)
        return;
    if (v->has_tree)
        json_object_put(v->tree);
    if (v->text != v->inline_text)
        free(v->text);
    free(v);
}

static void make_text(struct value *v)
{
    struct js_buf buf = {0};

    js_buf_room(&buf, v->len + v->len / 16 + 16); /* what is escaped makes it longer than it was said to be */
    js_write(&buf, v->tree);
    keep_text(v, &buf);
}

const char *value_text(struct value *v, size_t *len)
{
    if (!v->text)
        make_text(v);
    if (len)
        *len = v->len;
    return v->text;
}

json_object *value_tree(struct value *v)
{
    if (!v->has_tree) {
        v->tree = js_tree(v->text, v->len);
        v->has_tree = true;
    }
    return v->tree;
}

bool value_has_tree(const struct value *v)
{
    return v->has_tree;
}

size_t value_bytes(struct value *v)
{
    size_t len;
    value_text(v, &len);
    return len;
}

void value_rest(struct value *v)
{
    if (!v || !v->has_tree)
        return;
    value_text(v, NULL);
    json_object_put(v->tree);
    v->tree = NULL;
    v->has_tree = false;
}

struct value *value_empty_object(void)
{
    return value_new("{}", 2);
}
