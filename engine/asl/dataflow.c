#include "asl/interp_priv.h"

#include <string.h>

/* ---- limits ---- */

int data_limit(const char *name, struct err *err)
{
    return err_set(err, ERR_DATA_LIMIT,
                   "The state/task '%s' returned a result with a size exceeding the maximum number of bytes "
                   "service limit.",
                   name);
}

/* bytes: js_weigh's. */
static int value_weighed(const char *name, json_object *taken, size_t bytes, struct value **out,
                         struct err *err)
{
    if (bytes > VALUE_BYTES_MAX) {
        json_object_put(taken);
        return data_limit(name, err);
    }
    *out = value_take(taken, bytes);
    return 0;
}

int value_made(const char *name, json_object *taken, struct value **out, struct err *err)
{
    /* A tree that shares its parts can have more text than there is memory: so ask before it is made. */
    return value_weighed(name, taken, js_weigh(taken, VALUE_BYTES_MAX, JS_DEPTH_MAX), out, err);
}

int value_fits(const char *name, struct value *v, struct err *err)
{
    return value_bytes(v) <= VALUE_BYTES_MAX ? 0 : data_limit(name, err);
}

int value_fitting(int rc, const char *name, struct value **v, struct err *err)
{
    if (rc < 0 || value_fits(name, *v, err) == 0)
        return rc;
    value_unref(*v);
    return -1;
}

int value_spliced(const char *name, const char *text, size_t len, struct value **out, struct err *err)
{
    /* The parts are JSON, so the whole is: what js_scan can find is that it is nested too deep. */
    if (len > VALUE_BYTES_MAX || js_scan(text, len, NULL) < 0)
        return data_limit(name, err);
    *out = value_new(text, len);
    return 0;
}

/* ---- results in their documents ---- */

static int placed_in_tree(const char *name, const struct jpath *p, struct value *document,
                          struct value *result, struct value **out, struct err *err)
{
    json_object *placed;

    if (jpath_write(p, value_tree(document), value_tree(result), &placed, err) < 0)
        return -1;
    return value_made(name, placed, out, err);
}

/* The document's text with the result's in its place; false: the way is blocked, or it becomes too long. */
static bool splice_texts(const struct jpath *p, struct value *document, struct value *result,
                         struct js_buf *out)
{
    struct js_buf own = {0};
    size_t len, result_len;
    const char *text = value_text(document, &len), *result_text;

    if (value_is_plain(result)) {
        result_text = value_text(result, &result_len);
    } else {
        js_write(&own, value_tree(result));
        result_text = own.p;
        result_len = own.len;
    }
    bool good = jpath_write_text(p, text, len, result_text, result_len, out);
    js_buf_fini(&own);
    return good && out->len <= VALUE_BYTES_MAX;
}

int value_placed(const char *name, const struct jpath *p, struct value *document, struct value *result,
                 struct value **out, struct err *err)
{
    struct js_buf text = {0};
    json_object *tree = NULL;

    if (!value_is_plain(document) || !splice_texts(p, document, result, &text)) {
        js_buf_fini(&text);
        return placed_in_tree(name, p, document, result, out, err);
    }
    bool has_tree = value_has_tree(document);
    if (has_tree) {
        int rc = jpath_write(p, value_tree(document), value_tree(result), &tree, err);
        PAWL_ASSERT(rc == 0); /* where the text had its place */
    }
    *out = value_plain(&text, tree, has_tree);
    return 0;
}

/* ---- scopes ---- */

static int scope_root(void *self, const struct jpath *p, json_object **root, struct err *err)
{
    struct scope *sc = self;

    switch (p->root) {
    case JPATH_DATA:
        *root = value_tree(sc->data);
        return 0;
    case JPATH_CONTEXT:
        if (scope_context(sc, p->member, err) < 0)
            return -1;
        *root = sc->context;
        return 0;
    case JPATH_VARIABLE:
        break;
    }
    const struct variable *v = exec_variable(sc->f, p->variable);
    if (!v)
        return err_set(err, ERR_RUNTIME, "The variable '%s' has not been assigned.", p->variable);
    *root = value_tree(v->value);
    return 0;
}

static uint64_t scope_dice(void *self)
{
    struct scope *sc = self;
    return step_dice(sc->s);
}

/* What all that is evaluated in one scope may take together. */
static size_t visits_of(const struct frame *f)
{
    return f->state->jsonata ? JSONATA_STEPS_DEFAULT : TMPL_VISITS_MAX;
}

void scope_init(struct scope *sc, struct step *s, struct frame *f, struct value *data)
{
    *sc = (struct scope){.s = s, .f = f, .data = data, .visits_left = visits_of(f)};
    sc->env = (struct jpath_env){
        .root = scope_root, .dice = scope_dice, .self = sc, .visits_left = &sc->visits_left};
}

void scope_fini(struct scope *sc)
{
    json_object_put(sc->states);
    json_object_put(sc->context);
    sc->s->visits += visits_of(sc->f) - sc->visits_left;
}

int scope_find(struct scope *sc, const struct jpath *p, json_object **out, struct err *err)
{
    return jpath_eval(p, &sc->env, out, err);
}

/* Puts "Invalid path '$.x' : " before what the path itself has to say. */
static int invalid_path(const struct jpath *p, struct err *err)
{
    struct err inner = *err;
    return err_set(err, inner.name, "Invalid path '%s' : %s", p->text, inner.cause);
}

/* Evaluation has bounds of its own, and its own words for them: the service's come first. */
static int evaluation_failed(const struct scope *sc, struct err *err)
{
    if (strcmp(err->name, ERR_DATA_LIMIT) != 0)
        return -1;
    struct err inner = *err, told;
    data_limit(sc->f->state->name, &told);
    return err_set(err, ERR_DATA_LIMIT, "%s (%s)", told.cause, inner.cause);
}

static bool is_all(const struct asl_path *p)
{
    return !p->path || (p->path->whole && p->path->root == JPATH_DATA);
}

int scope_path(struct scope *sc, const struct asl_path *p, struct value **out, struct err *err)
{
    json_object *found;

    if (p->null) {
        *out = value_empty_object();
        return 0;
    }
    if (is_all(p)) {
        *out = value_ref(sc->data);
        return 0;
    }
    if (scope_find(sc, p->path, &found, err) < 0) {
        invalid_path(p->path, err);
        return evaluation_failed(sc, err);
    }
    return value_made(sc->f->state->name, found, out, err);
}

int scope_template(struct scope *sc, const struct tmpl *t, struct value **out, struct err *err)
{
    json_object *made;
    size_t bytes;

    if (!t) {
        *out = value_ref(sc->data);
        return 0;
    }
    if (tmpl_eval(t, &sc->env, &made, &bytes, err) < 0)
        return evaluation_failed(sc, err);
    return value_weighed(sc->f->state->name, made, bytes, out, err);
}

/* ---- numbers by path ---- */

static int not_a(const char *kind, const struct jpath *p, const char *name, json_object *o, struct err *err)
{
    const char *text =
        json_object_is_type(o, json_type_string) ? json_object_get_string(o) : js_text(o, NULL);
    return err_set(err, ERR_RUNTIME,
                   "The %sPath field refers to value \"%.1000s\" which is not a valid %s: %s", name, text,
                   kind, p->text);
}

/* "5" is one too. */
static bool is_integer_text(json_object *o, int64_t *n)
{
    if (!json_object_is_type(o, json_type_string))
        return false;

    json_object *number = NULL;
    const char *text = json_object_get_string(o);
    int rc = js_parse(text, (size_t)json_object_get_string_len(o), &number, NULL);
    bool is = rc == 0 && json_object_is_type(number, json_type_int);
    if (is)
        *n = json_object_get_int64(number);
    json_object_put(number);
    return is;
}

static int find_integer(struct scope *sc, const struct jpath *p, const char *name, int64_t *n,
                        struct err *err)
{
    json_object *o;
    int rc = 0;

    if (scope_find(sc, p, &o, err) < 0)
        return invalid_path(p, err);
    if (json_object_is_type(o, json_type_int))
        *n = json_object_get_int64(o);
    else if (!is_integer_text(o, n))
        rc = not_a("integer", p, name, o, err);
    json_object_put(o);
    return rc;
}

int scope_count(struct scope *sc, const struct jpath *p, const char *name, int64_t *n, struct err *err)
{
    if (find_integer(sc, p, name, n, err) < 0)
        return -1;
    return *n >= 0 ? 0 : err_set(err, ERR_RUNTIME, "%s cannot be negative.", name);
}

int scope_percentage(struct scope *sc, const struct asl_number *field, const char *name, double *n,
                     struct err *err)
{
    const struct jpath *p = field->path;
    json_object *o;
    int rc = 0;

    if (field->query && scope_query_as(sc, field->query, name, json_type_double, &o, err) < 0)
        return -1;
    if (p && scope_find(sc, p, &o, err) < 0)
        return invalid_path(p, err);
    *n = json_object_get_double(o);
    if (p && !js_is_number(o))
        rc = not_a("float", p, name, o, err);
    else if (!(*n >= 0 && *n <= 100))
        rc = err_set(err, p ? ERR_RUNTIME : ERR_QUERY, "%s must be between 0 and 100.", name);
    json_object_put(o);
    return rc;
}

int scope_seconds(struct scope *sc, const struct asl_seconds *field, const char *name, int32_t *seconds,
                  struct err *err)
{
    int64_t n = field->constant;

    *seconds = 0;
    if (!field->present)
        return 0;
    if (field->query && scope_query_int(sc, field->query, name, 1, ASL_SECONDS_MAX, &n, err) < 0)
        return -1;
    if (field->path && find_integer(sc, field->path, name, &n, err) < 0)
        return -1;
    if (n <= 0 || n > ASL_SECONDS_MAX)
        return err_set(err, ERR_RUNTIME,
                       "The %sPath field refers to value \"%lld\", which is not between 1 and %lld: %s", name,
                       (long long)n, (long long)ASL_SECONDS_MAX, field->path->text);
    *seconds = (int32_t)n;
    return 0;
}

/* ---- from the raw input to the output ---- */

int dataflow_input(struct step *s, struct frame *f, struct value **in, struct err *err)
{
    struct scope sc;

    scope_init(&sc, s, f, f->input);
    int rc = scope_path(&sc, &f->state->input_path, in, err);
    scope_fini(&sc);
    if (rc == 0 && !f->state->jsonata)
        stage_seen(s, INSPECT_INPUT_PATH, *in);
    return rc;
}

static int output_path(struct step *s, struct frame *f, struct value *data, struct value **out,
                       struct err *err)
{
    struct scope sc;

    scope_init(&sc, s, f, data);
    int rc = scope_path(&sc, &f->state->output_path, out, err);
    scope_fini(&sc);
    return value_fitting(rc, f->state->name, out, err);
}

int dataflow_pass(struct step *s, struct frame *f, struct value *in, const struct asl_assign *assign,
                  struct leaving *out, struct err *err)
{
    if (f->state->jsonata)
        return jsonata_leave(
            s, f, &(struct jsonata_exit){.output = f->state->output, .assign = assign, .otherwise = in}, out,
            err);
    if (output_path(s, f, in, &out->output, err) < 0)
        return -1;
    if (dataflow_assign(s, f, assign, in, &out->assigned, err) == 0)
        return 0;
    leaving_fini(out);
    return -1;
}

int dataflow_args(struct step *s, struct frame *f, struct value *in, bool scheduling, struct value **args,
                  struct err *err)
{
    struct scope sc;

    if (f->state->jsonata)
        return jsonata_args(s, f, scheduling, args, err);
    scope_init(&sc, s, f, in);
    sc.scheduling = scheduling;
    int rc = scope_template(&sc, f->state->parameters, args, err);
    scope_fini(&sc);
    rc = value_fitting(rc, f->state->name, args, err);
    if (rc == 0)
        stage_seen(s, INSPECT_PARAMETERS, *args);
    return rc;
}

static int select_result(struct step *s, struct frame *f, struct value *result, struct value **out,
                         struct err *err)
{
    struct scope sc;

    scope_init(&sc, s, f, result);
    int rc = scope_template(&sc, f->state->result_selector, out, err);
    scope_fini(&sc);
    return rc;
}

/* Into a copy of the raw input, not of what InputPath left of it. */
static int place_result(struct frame *f, struct value *result, struct value **out, struct err *err)
{
    const struct asl_path *p = &f->state->result_path;

    if (p->null) {
        *out = value_ref(f->input);
        return 0;
    }
    if (is_all(p)) {
        *out = value_ref(result);
        return 0;
    }
    return (is_all(&f->state->output_path) ? value_placed : placed_in_tree)(f->state->name, p->path, f->input,
                                                                            result, out, err);
}

/* ---- Assign ---- */

/* A value that is there as a whole is not made a second time: the journal has it once. */
static struct value *whole_value(const struct scope *sc, const struct jpath *p)
{
    const struct variable *v;

    if (!p || !p->whole)
        return NULL;
    if (p->root == JPATH_DATA)
        return value_ref(sc->data);
    v = p->root == JPATH_VARIABLE ? exec_variable(sc->f, p->variable) : NULL;
    return v ? value_ref(v->value) : NULL;
}

static int variable_too_large(const char *name, struct err *err)
{
    return err_set(err, ERR_DATA_LIMIT, "The value of the variable '%s' has more than %d bytes.", name,
                   VALUE_BYTES_MAX);
}

/* bytes: js_weigh's. */
static int eval_assigned(struct scope *sc, const struct asl_assign *assign, size_t i, json_object **made,
                         size_t *bytes, struct err *err)
{
    char field[sizeof "Assign/" + 4 * ASL_VARIABLE_CHARS_MAX];

    if (!assign->queries)
        return tmpl_member_eval(assign->values, i, &sc->env, made, bytes, err) < 0
                   ? evaluation_failed(sc, err)
                   : 0;
    snprintf(field, sizeof field, "Assign/%s", assign->names[i]);
    if (scope_query(sc, assign->queries[i], field, made, err) < 0)
        return -1;
    *bytes = js_weigh(*made, VALUE_BYTES_MAX, JS_DEPTH_MAX);
    return 0;
}

static int assigned_value(struct scope *sc, const struct asl_assign *assign, size_t i, struct value **out,
                          struct err *err)
{
    json_object *made;
    size_t bytes = 0;

    *out = assign->queries ? NULL : whole_value(sc, tmpl_member_path(assign->values, i));
    if (!*out) {
        if (eval_assigned(sc, assign, i, &made, &bytes, err) < 0)
            return -1;
        /* A tree that shares its parts can have more text than there is memory: so ask before it is made. */
        if (bytes > VALUE_BYTES_MAX) {
            json_object_put(made);
            return variable_too_large(assign->names[i], err);
        }
        *out = value_take(made, bytes);
    }
    if (value_bytes(*out) <= VALUE_BYTES_MAX)
        return 0;
    value_unref(*out);
    return variable_too_large(assign->names[i], err);
}

/* What the execution holds when this is set, in its scope, instead of what is there under these names. */
static size_t held_bytes(const struct exec *ex, const struct frame *f, const struct assigned *a)
{
    size_t bytes = ex->variables_bytes;

    for (size_t i = 0; i < a->n; i++) {
        const struct assignment *one = &a->list[i];
        const struct variable *old;
        HASH_FIND_STR(f->variables, one->name, old);
        bytes += exec_variable_bytes(one->name, one->value);
        bytes -= old ? exec_variable_bytes(old->name, old->value) : 0;
    }
    return bytes;
}

static int assigned_fits(const struct exec *ex, const struct frame *f, const struct assigned *a,
                         struct err *err)
{
    size_t bytes = 0;

    for (size_t i = 0; i < a->n; i++)
        bytes += value_bytes(a->list[i].value);
    if (bytes > ASSIGN_BYTES_MAX)
        return err_set(err, ERR_DATA_LIMIT,
                       "The variables that the state '%s' assigns have %zu bytes; at most %d are allowed.",
                       f->state->name, bytes, ASSIGN_BYTES_MAX);
    bytes = held_bytes(ex, f, a);
    if (bytes > VARIABLES_BYTES_MAX)
        return err_set(
            err, ERR_DATA_LIMIT,
            "With those that the state '%s' assigns, all variables take %zu bytes; at most %d are allowed.",
            f->state->name, bytes, VARIABLES_BYTES_MAX);
    return 0;
}

int dataflow_assign(struct step *s, struct frame *f, const struct asl_assign *assign, struct value *data,
                    struct assigned **out, struct err *err)
{
    struct scope sc;

    scope_init(&sc, s, f, data);
    int rc = scope_assign(&sc, assign, out, err);
    scope_fini(&sc);
    return rc;
}

int scope_assign(struct scope *sc, const struct asl_assign *assign, struct assigned **out, struct err *err)
{
    int rc = 0;

    *out = NULL;
    if (!assign || assign->n == 0)
        return 0;
    struct assigned *a = assigned_new(assign->n);
    while (a->n < assign->n && rc == 0) {
        struct assignment *one = &a->list[a->n];
        one->name = assign->names[a->n];
        rc = assigned_value(sc, assign, a->n, &one->value, err);
        a->n += rc == 0;
    }
    if (rc == 0)
        rc = assigned_fits(sc->s->ex, sc->f, a, err);
    if (rc == 0)
        *out = a;
    else
        assigned_unref(a);
    return rc;
}

/* ---- states with a result ---- */

static int shape_output(struct step *s, struct frame *f, struct value *result, struct value **out,
                        struct err *err)
{
    struct value *selected, *placed = NULL;

    if (select_result(s, f, result, &selected, err) < 0)
        return -1;
    stage_seen(s, INSPECT_RESULT_SELECTOR, selected);
    int rc = place_result(f, selected, &placed, err);
    value_unref(selected);
    if (rc < 0)
        return -1;
    stage_seen(s, INSPECT_RESULT_PATH, placed);
    rc = output_path(s, f, placed, out, err);
    value_unref(placed);
    return rc;
}

int dataflow_output(struct step *s, struct frame *f, struct value *result, struct leaving *out,
                    struct err *err)
{
    const struct asl_state *st = f->state;

    if (st->jsonata)
        return jsonata_leave(s, f, &(struct jsonata_exit){st->output, st->assign, result, result, NULL}, out,
                             err);
    if (shape_output(s, f, result, &out->output, err) < 0)
        return -1;
    if (dataflow_assign(s, f, st->assign, result, &out->assigned, err) == 0)
        return 0;
    leaving_fini(out);
    return -1;
}
