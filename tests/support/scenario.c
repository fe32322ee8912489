#include "scenario.h"

#include <ctype.h>
#include <string.h>

static _Noreturn void refuse(const char *path, int line, const char *why)
{
    fprintf(stderr, "%s:%d: %s\n", path, line, why);
    exit(2);
}

/* ---- reading ---- */

static char *skip_blanks(char *p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return p;
}

static char *trimmed(char *p)
{
    p = skip_blanks(p);
    size_t len = strlen(p);
    while (len && isspace((unsigned char)p[len - 1]))
        p[--len] = '\0';
    return p;
}

static void append(char **to, const char *text, const char *end)
{
    size_t old = *to ? strlen(*to) : 0, len = strlen(text);

    *to = mem_realloc(*to, old + len + strlen(end) + 1);
    memcpy(*to + old, text, len);
    strcpy(*to + old + len, end);
}

static bool starts(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

static struct scenario *new_scenario(struct scenario_file *f, int line, char *says)
{
    f->list = mem_realloc(f->list, (f->n + 1) * sizeof *f->list);
    f->list[f->n] = (struct scenario){.line = line, .says = mem_strndup(says, strlen(says))};
    return &f->list[f->n++];
}

static struct scenario_step *new_step(struct scenario_file *f, struct scenario *sc, int line, char *text)
{
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != 's')
        refuse(f->path, line, "expected \"at SECONDSs STIMULUS\"");

    sc->steps = mem_realloc(sc->steps, (sc->nsteps + 1) * sizeof *sc->steps);
    struct scenario_step *st = &sc->steps[sc->nsteps++];
    char *command = skip_blanks(end + 1);
    *st = (struct scenario_step){.line = line, .at_us = WORLD_EPOCH_US + (int64_t)(seconds * 1e6 + 0.5)};
    st->command = mem_strndup(command, strlen(command));
    st->expected = mem_strndup("", 0);
    return st;
}

void scenario_read(struct scenario_file *f, const char *path)
{
    FILE *in = fopen(path, "r");
    char *line = NULL, **block = NULL;
    size_t cap = 0;
    struct scenario *sc = NULL;

    *f = (struct scenario_file){.path = path};
    if (!in)
        refuse(path, 0, "cannot be opened");
    for (int n = 1; getline(&line, &cap, in) >= 0; n++) {
        bool indented = line[0] == ' ' || line[0] == '\t';
        char *text = trimmed(line);
        if (!*text || *text == '#')
            continue;
        if (indented && block)
            append(block, text, "\n");
        else if (starts(text, "scenario "))
            sc = new_scenario(f, n, trimmed(text + strlen("scenario"))), block = NULL;
        else if (sc && strcmp(text, "machine") == 0)
            block = &sc->definition;
        else if (sc && sc->definition && starts(text, "at "))
            block = &new_step(f, sc, n, text + 3)->expected;
        else
            refuse(path, n, "expected \"scenario\", \"machine\" or \"at\"");
    }
    free(line);
    fclose(in);
}

void scenario_free(struct scenario_file *f)
{
    for (size_t i = 0; i < f->n; i++) {
        struct scenario *sc = &f->list[i];
        for (size_t k = 0; k < sc->nsteps; k++) {
            free(sc->steps[k].command);
            free(sc->steps[k].expected);
        }
        free(sc->steps);
        free(sc->says);
        free(sc->definition);
    }
    free(f->list);
}

/* ---- stimuli ---- */

static char *take_word(char **p)
{
    char *word = skip_blanks(*p), *end = word + strcspn(word, " ");

    *p = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static struct value *read_json(char *text)
{
    struct js_buf made = {0};
    struct err err;

    text = skip_blanks(text);
    if (starts(text, "@text ")) {
        long n = strtol(text + 6, NULL, 10);
        js_buf_str(&made, "\"");
        for (long i = 2; i < n; i++)
            js_buf_str(&made, "x");
        js_buf_str(&made, "\"");
    } else if (starts(text, "@nested ")) {
        long n = strtol(text + 8, NULL, 10);
        for (long i = 0; i < n; i++)
            js_buf_str(&made, "[");
        for (long i = 0; i < n; i++)
            js_buf_str(&made, "]");
    } else {
        js_buf_str(&made, text);
    }
    if (js_scan(made.p, made.len, &err) < 0) {
        fprintf(stderr, "%s: %s\n", text, err.cause);
        exit(2);
    }
    struct value *v = value_new(made.p, made.len);
    js_buf_fini(&made);
    return v;
}

static const struct {
    const char *word;
    enum stimulus_type type;
    bool numbered, json;
} STIMULI[] = {
    {"start", STIM_START, false, true},
    {"answer", STIM_TASK_SUCCEEDED, true, true},
    {"fails", STIM_TASK_FAILED, true, false},
    {"callback", STIM_TOKEN_SUCCEEDED, true, true},
    {"callback-fails", STIM_TOKEN_FAILED, true, false},
    {"heartbeat", STIM_TOKEN_HEARTBEAT, true, false},
    {"timer", STIM_TIMER, false, false},
    {"stop", STIM_STOP, false, false},
    {"withhold", STIM_CALL_WITHHELD, true, false},
    {"give-up", STIM_FAIL, false, false},
};

static const char *text_or_null(char *text)
{
    return *text && strcmp(text, "-") != 0 ? text : NULL;
}

/* The command is taken apart in place. */
static void read_stimulus(char *command, struct stimulus *in)
{
    char *word = take_word(&command);

    for (size_t i = 0; i < sizeof STIMULI / sizeof *STIMULI; i++) {
        if (strcmp(word, STIMULI[i].word) != 0)
            continue;
        *in = (struct stimulus){.type = STIMULI[i].type, .seed = 1};
        if (STIMULI[i].numbered)
            in->event_id = (int32_t)strtol(take_word(&command) + 1, NULL, 10);
        if (STIMULI[i].json) {
            in->data = read_json(command);
        } else {
            in->error = text_or_null(take_word(&command));
            in->cause = text_or_null(trimmed(command));
        }
        return;
    }
    fprintf(stderr, "there is no stimulus '%s'\n", word);
    exit(2);
}

/* ---- what came of it ---- */

static void add_text(struct js_buf *out, const char *text)
{
    if (!text)
        return;
    js_buf_str(out, " ");
    js_buf_str(out, text);
}

static void add_number(struct js_buf *out, const char *before, int64_t n, const char *behind)
{
    js_buf_str(out, before);
    js_buf_int(out, n);
    js_buf_str(out, behind);
}

static void describe_event(const struct event *e, struct js_buf *out)
{
    unsigned flags = event_flags(e->type);

    js_buf_int(out, e->id);
    if (e->prev != e->id - 1)
        add_number(out, " <- ", e->prev, "");
    add_text(out, event_name(e->type));
    if (e->state)
        add_text(out, e->state->name);
    if (flags & EVENT_INDEX)
        add_number(out, " [", e->index, "]");
    if (flags & EVENT_LENGTH)
        add_number(out, " length ", e->index, "");
    else if (e->index && !(flags & EVENT_INDEX))
        add_number(out, " by catcher ", e->index - 1, "");
    if (e->location)
        add_text(out, "in");
    add_text(out, e->location);
    add_text(out, e->error);
    if (e->cause)
        js_buf_str(out, ":");
    add_text(out, e->cause);
    if (e->data)
        add_text(out, value_text(e->data, NULL));
    for (size_t i = 0; e->assigned && i < e->assigned->n; i++) {
        add_text(out, e->assigned->list[i].name);
        js_buf_str(out, "=");
        js_buf_str(out, value_text(e->assigned->list[i].value, NULL));
    }
    if (e->timeout_s)
        add_number(out, " timeout ", e->timeout_s, "s");
    if (e->heartbeat_s)
        add_number(out, " heartbeat ", e->heartbeat_s, "s");
    if (e->role)
        add_text(out, "role");
    add_text(out, e->role);
    js_buf_str(out, "\n");
}

static void describe_finish(const struct exec *ex, struct js_buf *out)
{
    js_buf_str(out, "finish ");
    js_buf_str(out, exec_status_name(ex->status));
    add_text(out, ex->error);
    if (ex->cause)
        js_buf_str(out, ":");
    add_text(out, ex->cause);
    if (ex->output)
        add_text(out, value_text(ex->output, NULL));
}

static void describe_effect(const struct world *w, const struct effect *e, struct js_buf *out)
{
    if (e->type == EFFECT_FINISH)
        describe_finish(&w->exec, out);
    else if (e->type == EFFECT_CANCEL)
        add_number(out, "cancel #", e->event_id, "");
    else
        world_describe_call(e, out);
    js_buf_str(out, "\n");
}

static char *describe(const struct world *w)
{
    struct js_buf out = {0};

    js_buf_str(&out, "");
    for (size_t i = 0; i < w->out.nevents; i++)
        if (w->out.events[i].id)
            describe_event(&w->out.events[i], &out);
    for (size_t i = 0; i < w->out.neffects; i++)
        describe_effect(w, &w->out.effects[i], &out);
    if (w->out.wake_us != CLOCK_NEVER) {
        js_buf_str(&out, "wake ");
        world_describe_time(w->out.wake_us, &out);
        js_buf_str(&out, "\n");
    }
    return out.p ? out.p : mem_strndup("", 0);
}

char *scenario_perform(struct world *w, const struct scenario_step *st)
{
    struct stimulus in;
    struct err err;
    struct js_buf refused = {0};

    if (strcmp(st->command, "crash") == 0) {
        world_crash(w, st->at_us);
        return describe(w);
    }
    char *command = mem_strndup(st->command, strlen(st->command));
    read_stimulus(command, &in);
    int rc = world_step(w, &in, st->at_us, &err);
    value_unref(in.data);
    free(command);
    if (rc == 0)
        return describe(w);
    js_buf_str(&refused, "refused ");
    js_buf_str(&refused, err.name);
    js_buf_str(&refused, "\n");
    return refused.p;
}
