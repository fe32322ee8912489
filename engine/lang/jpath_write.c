/* Writing at a reference path's place: into a tree, which then shares its other parts, or into a text. */
#include "lang/jpath_priv.h"

#include <string.h>

/* ---- trees ---- */

static json_object *shallow_copy(json_object *o)
{
    json_object *copy;

    if (json_object_is_type(o, json_type_array)) {
        size_t len = json_object_array_length(o);
        copy = json_object_new_array_ext(len ? (int)len : 1);
        for (size_t i = 0; i < len; i++)
            json_object_array_add(copy, json_object_get(json_object_array_get_idx(o, i)));
        return copy;
    }
    copy = json_object_new_object();
    json_object_object_foreach(o, key, member)
    {
        json_object_object_add_ex(copy, key, json_object_get(member), JSON_C_OBJECT_ADD_KEY_IS_NEW);
    }
    return copy;
}

static int no_way(const struct jpath *p, size_t i, const char *why, struct err *err)
{
    char *place = jpath_describe(p, i + 1);

    err_set(err, ERR_RESULT_PATH, "Unable to apply the path '%s' to the state input: %s %s", p->text, place,
            why);
    free(place);
    return -1;
}

/* A copy of at (borrowed; absent: NULL and !present) with value written behind step i. */
static int write_at(const struct jpath *p, size_t i, json_object *at, bool present, json_object *value,
                    json_object **out, struct err *err)
{
    if (i == p->nsteps) {
        *out = json_object_get(value);
        return 0;
    }

    const struct jpath_step *step = &p->steps[i];
    json_object *below = NULL, *written;
    bool there;

    if (step->kind == STEP_NAME) {
        if (present && !json_object_is_type(at, json_type_object))
            return no_way(p, i, "does not lie in an object", err);
        there = present && json_object_object_get_ex(at, step->names[0], &below);
    } else {
        if (!json_object_is_type(at, json_type_array))
            return no_way(p, i, "does not lie in an array", err);
        if ((size_t)step->indexes[0] >= json_object_array_length(at))
            return no_way(p, i, "lies behind the array's end", err);
        below = json_object_array_get_idx(at, (size_t)step->indexes[0]);
        there = true;
    }
    if (write_at(p, i + 1, below, there, value, &written, err) < 0)
        return -1;

    json_object *copy = present ? shallow_copy(at) : json_object_new_object();
    if (step->kind == STEP_NAME)
        json_object_object_add(copy, step->names[0], written);
    else
        json_object_array_put_idx(copy, (size_t)step->indexes[0], written);
    *out = copy;
    return 0;
}

int jpath_write(const struct jpath *p, json_object *root, json_object *value, json_object **out,
                struct err *err)
{
    PAWL_ASSERT(p->reference);
    if (p->nsteps > JS_DEPTH_MAX || !js_within(value, SIZE_MAX, (unsigned)(JS_DEPTH_MAX - p->nsteps)))
        return err_set(err, ERR_RESULT_PATH,
                       "Unable to apply the path '%s': more than %d arrays and objects within each other",
                       p->text, JS_DEPTH_MAX);
    return write_at(p, 0, root, true, value, out, err);
}

/* ---- texts, as js_write makes them: no blanks, and each name escaped in one way alone ---- */

/* Behind the string whose opening quote is at p. */
static const char *skip_string(const char *p, const char *end)
{
    const char *from = ++p;

    for (;; p++) {
        p = memchr(p, '"', (size_t)(end - p));
        const char *escapes = p;
        while (escapes > from && escapes[-1] == '\\')
            escapes--;
        if ((p - escapes) % 2 == 0)
            return p + 1;
    }
}

static bool behind_scalar(char c)
{
    return c == ',' || c == ']' || c == '}' || c == '\0';
}

/* Behind the value at p. deepest: so many arrays and objects lie within each other in it. */
static const char *skip_value(const char *p, const char *end, unsigned *deepest)
{
    unsigned depth = 0;

    *deepest = 0;
    if (*p != '"' && *p != '{' && *p != '[') {
        while (!behind_scalar(*p))
            p++;
        return p;
    }
    do {
        if (*p == '"') {
            p = skip_string(p, end);
            continue;
        }
        if (*p == '{' || *p == '[')
            *deepest = ++depth > *deepest ? depth : *deepest;
        else if (*p == '}' || *p == ']')
            depth--;
        p++;
    } while (depth);
    return p;
}

/* Where the value of that member of the object at p stands; or, *there false, the object's end. */
static const char *find_member(const char *p, const char *end, const struct js_buf *name, bool *there)
{
    unsigned ignored;

    *there = false;
    for (p++; *p != '}'; p += *p == ',') {
        const char *key = p;
        p = skip_string(p, end);
        *there = (size_t)(p - key) == name->len && memcmp(key, name->p, name->len) == 0;
        p++; /* the colon */
        if (*there)
            return p;
        p = skip_value(p, end, &ignored);
    }
    return p;
}

/* Where element index of the array at p stands; NULL: it is not as long. */
static const char *find_element(const char *p, const char *end, int32_t index)
{
    unsigned ignored;

    for (p++; *p != ']'; p += *p == ',') {
        if (index-- == 0)
            return p;
        p = skip_value(p, end, &ignored);
    }
    return NULL;
}

/* The place that is looked for: what stands there now is text[at, stop), maybe nothing. */
struct splice {
    const char *at, *stop;
    struct js_buf before; /* what has to be made around the new value, */
    size_t open;          /* with so many objects that are still to be closed behind it */
};

static void make_member(struct splice *s, const struct js_buf *name)
{
    js_buf_add(&s->before, name->p, name->len);
    js_buf_add(&s->before, ":", 1);
}

static bool find_place(const struct jpath *p, const char *text, const char *end, struct splice *s)
{
    struct js_buf name = {0};
    bool there = true, way = true;
    unsigned ignored;

    s->at = text;
    for (size_t i = 0; i < p->nsteps && way; i++) {
        const struct jpath_step *step = &p->steps[i];
        way = !there || *s->at == (step->kind == STEP_NAME ? '{' : '[');
        if (step->kind == STEP_INDEX) {
            s->at = there && way ? find_element(s->at, end, step->indexes[0]) : NULL;
            way = s->at != NULL;
            continue;
        }
        name.len = 0;
        js_buf_quoted(&name, step->names[0], strlen(step->names[0]));
        if (!there) {
            js_buf_add(&s->before, "{", 1);
            s->open++;
            make_member(s, &name);
        } else if (way) {
            s->at = find_member(s->at, end, &name, &there);
            if (!there) {
                js_buf_add(&s->before, ",", s->at[-1] != '{');
                make_member(s, &name);
            }
        }
    }
    js_buf_fini(&name);
    if (way)
        s->stop = there ? skip_value(s->at, end, &ignored) : s->at;
    return way;
}

bool jpath_write_text(const struct jpath *p, const char *root, size_t root_len, const char *value,
                      size_t value_len, struct js_buf *out)
{
    const char *end = root + root_len;
    struct splice s = {0};
    unsigned depth;

    PAWL_ASSERT(p->reference);
    skip_value(value, value + value_len, &depth);
    bool fits = depth + p->nsteps <= JS_DEPTH_MAX && find_place(p, root, end, &s);
    if (fits) {
        js_buf_room(out, root_len + s.before.len + value_len + s.open);
        js_buf_add(out, root, (size_t)(s.at - root));
        js_buf_add(out, s.before.p, s.before.len);
        js_buf_add(out, value, value_len);
        while (s.open--)
            js_buf_add(out, "}", 1);
        js_buf_add(out, s.stop, (size_t)(end - s.stop));
    }
    js_buf_fini(&s.before);
    return fits;
}
