/* Jayway's functions at the end of a path: $.prices.max(), $.name.length(), $.concat($.a, "-", $.b). */
#include "lang/jpath_priv.h"

#include <math.h>
#include <string.h>

/* What a function is applied to. */
struct input {
    json_object *model;
    json_object **args; /* values; borrowed */
    size_t nargs;
    struct jpath_work *work;
};

struct function {
    const char *name;
    int (*apply)(const struct input *in, json_object **out);
};

struct jpath_call {
    const struct function *function;
    struct argument {
        const struct jpath *path;
        json_object *value; /* when path is NULL */
    } * args;
    size_t nargs;
};

static int fail(const struct input *in, const char *what)
{
    err_set(in->work->err, ERR_RUNTIME, "%s", what);
    return PATH_FATAL;
}

static bool is_array(json_object *o)
{
    return json_object_is_type(o, json_type_array);
}

/* A double as Java prints it: "9.0". */
static json_object *java_double(double d)
{
    char text[JS_DOUBLE_BYTES + 2];

    js_double_format(text, d);
    if (!strpbrk(text, ".e"))
        strcat(text, ".0");
    return json_object_new_double_s(d, text);
}

/* ---- aggregates of numbers ---- */

struct sums {
    size_t n;
    double min, max, sum, squares;
};

static void count(struct sums *s, json_object *o)
{
    if (!js_is_number(o))
        return;
    double d = json_object_get_double(o);
    s->min = s->n == 0 || d < s->min ? d : s->min;
    s->max = s->n == 0 || d > s->max ? d : s->max;
    s->sum += d;
    s->squares += d * d;
    s->n++;
}

static int count_all(struct sums *s, json_object *o, struct jpath_work *w)
{
    if (!is_array(o)) {
        count(s, o);
        return 0;
    }
    size_t n = json_object_array_length(o);
    for (size_t i = 0; i < n; i++)
        count(s, json_object_array_get_idx(o, i));
    return jpath_charge(w, n * 16);
}

static int sums_of(const struct input *in, struct sums *s)
{
    int rc = is_array(in->model) ? count_all(s, in->model, in->work) : 0;

    for (size_t i = 0; i < in->nargs && rc == 0; i++)
        rc = count_all(s, in->args[i], in->work);
    if (rc < 0)
        return rc;
    return s->n ? 0 : fail(in, "Aggregation function attempted to calculate value using empty array");
}

static int give(const struct input *in, double d, json_object **out)
{
    if (!isfinite(d))
        return fail(in, "an aggregate is beyond the range of numbers");
    *out = java_double(d);
    return 0;
}

static int apply_min(const struct input *in, json_object **out)
{
    struct sums s = {0};
    int rc = sums_of(in, &s);
    return rc < 0 ? rc : give(in, s.min, out);
}

static int apply_max(const struct input *in, json_object **out)
{
    struct sums s = {0};
    int rc = sums_of(in, &s);
    return rc < 0 ? rc : give(in, s.max, out);
}

static int apply_sum(const struct input *in, json_object **out)
{
    struct sums s = {0};
    int rc = sums_of(in, &s);
    return rc < 0 ? rc : give(in, s.sum, out);
}

static int apply_avg(const struct input *in, json_object **out)
{
    struct sums s = {0};
    int rc = sums_of(in, &s);
    return rc < 0 ? rc : give(in, s.sum / (double)s.n, out);
}

static int apply_stddev(const struct input *in, json_object **out)
{
    struct sums s = {0};
    int rc = sums_of(in, &s);
    if (rc < 0)
        return rc;
    double n = (double)s.n, variance = s.squares / n - s.sum * s.sum / n / n;
    return give(in, sqrt(variance > 0 ? variance : 0), out);
}

/* ---- the others ---- */

static int apply_length(const struct input *in, json_object **out)
{
    json_object *o = in->nargs && is_array(in->args[0]) ? in->args[0] : in->model;

    *out = NULL; /* of what has no members: null */
    if (is_array(o))
        *out = json_object_new_int64((int64_t)json_object_array_length(o));
    else if (json_object_is_type(o, json_type_object))
        *out = json_object_new_int64(json_object_object_length(o));
    return 0;
}

static int apply_keys(const struct input *in, json_object **out)
{
    *out = NULL;
    if (!json_object_is_type(in->model, json_type_object))
        return 0;

    json_object *keys = json_object_new_array_ext(8);
    size_t bytes = 0;
    json_object_object_foreach(in->model, key, member)
    {
        (void)member;
        bytes += 64;
        json_object_array_add(keys, json_object_new_string(key));
    }
    *out = keys;
    return jpath_charge(in->work, bytes);
}

static void add_text(struct js_buf *b, json_object *o, bool strings_only)
{
    if (json_object_is_type(o, json_type_string))
        js_buf_add(b, json_object_get_string(o), (size_t)json_object_get_string_len(o));
    else if (o && !strings_only)
        js_write(b, o);
}

static void add_texts(struct js_buf *b, json_object *o, bool strings_only)
{
    if (!is_array(o)) {
        add_text(b, o, strings_only);
        return;
    }
    for (size_t i = 0; i < json_object_array_length(o); i++)
        add_text(b, json_object_array_get_idx(o, i), strings_only);
}

static int apply_concat(const struct input *in, json_object **out)
{
    struct js_buf b = {0};
    int rc = 0;

    js_buf_str(&b, "");
    if (is_array(in->model))
        add_texts(&b, in->model, true);
    for (size_t i = 0; i < in->nargs && rc == 0; i++) {
        add_texts(&b, in->args[i], false);
        rc = b.len <= JPATH_RESULT_BYTES_MAX ? 0 : fail(in, "a concatenation is too long");
    }
    if (rc == 0)
        rc = jpath_charge(in->work, b.len);
    if (rc == 0)
        *out = json_object_new_string_len(b.p, (int)b.len);
    js_buf_fini(&b);
    return rc;
}

static int apply_append(const struct input *in, json_object **out)
{
    if (!is_array(in->model)) {
        *out = json_object_get(in->model);
        return 0;
    }
    size_t n = json_object_array_length(in->model);
    json_object *copy = json_object_new_array_ext((int)(n + in->nargs + 1));
    for (size_t i = 0; i < n; i++)
        json_object_array_add(copy, json_object_get(json_object_array_get_idx(in->model, i)));
    for (size_t i = 0; i < in->nargs; i++)
        json_object_array_add(copy, json_object_get(in->args[i]));
    *out = copy;
    return jpath_charge(in->work, n * 16);
}

static int element(const struct input *in, int64_t index, json_object **out)
{
    if (!is_array(in->model))
        return fail(in, "Aggregation function attempted to calculate value using empty array");

    int64_t n = (int64_t)json_object_array_length(in->model);
    if (index < 0)
        index += n;
    if (index < 0 || index >= n)
        return fail(in, "Target index is larger than the object count");
    *out = json_object_get(json_object_array_get_idx(in->model, (size_t)index));
    return 0;
}

static int apply_first(const struct input *in, json_object **out)
{
    return element(in, 0, out);
}

static int apply_last(const struct input *in, json_object **out)
{
    return element(in, -1, out);
}

static int apply_index(const struct input *in, json_object **out)
{
    if (in->nargs != 1 || !json_object_is_type(in->args[0], json_type_int))
        return fail(in, "index() needs an integer");
    return element(in, json_object_get_int64(in->args[0]), out);
}

static const struct function FUNCTIONS[] = {
    {"avg", apply_avg},       {"stddev", apply_stddev}, {"sum", apply_sum},       {"min", apply_min},
    {"max", apply_max},       {"concat", apply_concat}, {"length", apply_length}, {"size", apply_length},
    {"append", apply_append}, {"keys", apply_keys},     {"first", apply_first},   {"last", apply_last},
    {"index", apply_index},
};

/* ---- parsing and calling ---- */

static int parse_argument(const struct jpath_reader *r, size_t from, size_t to, struct argument *arg)
{
    while (from < to && r->text[from] == ' ')
        from++;
    while (to > from && r->text[to - 1] == ' ')
        to--;
    if (from < to && (r->text[from] == '$' || r->text[from] == '@')) {
        arg->path = jpath_parse_inner(r, from, to);
        return arg->path ? 0 : -1;
    }
    if (jpath_literal(r, from, to, &arg->value) == 0)
        return 0;
    return jpath_refuse(r, "a function's argument is a path or a JSON value");
}

/* The next "," at the top of text[from, to), or to. */
static size_t argument_end(const struct jpath_reader *r, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        char c = r->text[i];
        if (c == ',')
            return i;
        if (c == '(' || c == '[' || c == '{') {
            size_t close = jpath_closing(r, i);
            i = close && close < to ? close : to;
        } else if (c == '\'' || c == '"') {
            for (i++; i < to && r->text[i] != c; i++)
                i += r->text[i] == '\\' && i + 1 < to;
        }
    }
    return to;
}

static int parse_arguments(struct jpath_call *call, const struct jpath_reader *r, size_t from, size_t to)
{
    size_t at = from, blank = strspn(r->text + from, " ");

    if (from + blank >= to)
        return 0;
    do {
        size_t end = argument_end(r, at, to);
        struct argument *more = arena_alloc(r->arena, (call->nargs + 1) * sizeof *more);
        if (call->nargs)
            memcpy(more, call->args, call->nargs * sizeof *more);
        call->args = more;
        if (call->nargs == JPATH_ARGUMENTS_MAX)
            return jpath_refuse(r, "too many arguments");
        if (parse_argument(r, at, end, &more[call->nargs++]) < 0)
            return -1;
        at = end + 1;
    } while (at <= to);
    return 0;
}

const struct jpath_call *jpath_call_parse(const struct jpath_reader *r, size_t from, size_t open,
                                          size_t close)
{
    struct jpath_call *call = arena_alloc(r->arena, sizeof *call);

    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (strlen(FUNCTIONS[i].name) == open - from &&
            !memcmp(FUNCTIONS[i].name, r->text + from, open - from))
            call->function = &FUNCTIONS[i];
    if (!call->function) {
        jpath_refuse(r, "there is no such function");
        return NULL;
    }
    return parse_arguments(call, r, open + 1, close) < 0 ? NULL : call;
}

static int evaluate(const struct jpath_call *c, size_t i, struct jpath_work *w, json_object **out)
{
    int rc = jpath_run(c->args[i].path, w->doc, false, w, out, NULL);

    if (rc == PATH_MISSING || rc == PATH_UNFIT)
        err_set(w->err, ERR_RUNTIME, "No results for the argument %s of %s()", c->args[i].path->text,
                c->function->name);
    return rc;
}

int jpath_call_apply(const struct jpath_call *c, json_object *model, json_object *more, struct jpath_work *w,
                     json_object **out)
{
    json_object *args[JPATH_ARGUMENTS_MAX];
    struct input in = {.model = model, .args = more ? &more : args, .nargs = more ? 1 : 0, .work = w};
    int rc = 0;

    for (size_t i = 0; i < c->nargs && !more && rc == 0; i++) {
        args[i] = NULL;
        if (c->args[i].path)
            rc = evaluate(c, i, w, &args[i]);
        else
            args[i] = json_object_get(c->args[i].value);
        in.nargs++;
    }
    if (rc == 0)
        rc = c->function->apply(&in, out);
    for (size_t i = 0; i < in.nargs && !more; i++)
        json_object_put(args[i]);
    return rc;
}

bool jpath_call_is_length(const struct jpath_call *c)
{
    return c->function->apply == apply_length;
}

const char *jpath_call_name(const struct jpath_call *c)
{
    return c->function->name;
}
