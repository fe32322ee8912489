#include "run/catalog.h"
#include "base/clock.h"
#include "run/log.h"

#include <string.h>
#include <utlist.h>

enum { ENTRIES_MAX = 1000 }; /* machines, and functions, remembered while nobody uses them */

enum kind { MACHINE, DEFINITION, FUNCTION, KINDS };

struct waiter {
    catalog_definition_cb definition;
    catalog_function_cb function;
    void *arg;
    struct waiter *next;
};

/*
 * A question to the store, and afterwards its answer.  One that is forgotten while it is under way leaves the
 * hash at once: its answer goes to those who asked before, and to nobody else.
 */
struct entry {
    struct catalog *catalog;
    enum kind kind;
    char *key;              /* name, or definition_id */
    bool forgotten;         /* no longer in the hash */
    struct definition *def; /* MACHINE: pinned by the entry; NULL: still asking */
    struct function *fn;    /* FUNCTION: pinned by the entry; NULL: still asking */
    struct waiter *waiters;
    struct entry *prev, *next; /* in catalog->asking */
    UT_hash_handle hh;
};

struct catalog {
    struct store *store;
    struct entry *entries[KINDS];   /* by key, oldest first */
    struct entry *asking;           /* whose answer is not here yet, forgotten or not */
    struct definition *definitions; /* by id: all that are pinned */
};

static const char *const QUESTIONS[KINDS] = {
    [MACHINE] =
        "SELECT d.definition_id, d.state_machine_id, d.machine, d.role_arn, d.definition, m.type, m.status"
        "  FROM pawl.state_machine m JOIN pawl.definition d USING (definition_id) WHERE m.name = $1",
    [DEFINITION] =
        "SELECT d.definition_id, d.state_machine_id, d.machine, d.role_arn, d.definition, m.type, 'ACTIVE'"
        "  FROM pawl.definition d LEFT JOIN pawl.state_machine m USING (state_machine_id)"
        " WHERE d.definition_id = $1::bigint",
    [FUNCTION] = "SELECT url, headers, timeout_seconds, max_concurrency FROM pawl.function WHERE name = $1",
};

/* ---- pins ---- */

void catalog_unpin_definition(struct catalog *c, struct definition *def)
{
    if (--def->pins)
        return;
    HASH_DEL(c->definitions, def);
    asl_free(def->asl);
    free(def->machine);
    free(def->role_arn);
    free(def->flaw);
    free(def);
}

void catalog_unpin_function(struct catalog *c, struct function *fn)
{
    if (--fn->pins)
        return;
    for (char **h = fn->headers; h && *h; h++)
        free(*h);
    free(fn->headers);
    free(fn->name);
    free(fn->url);
    free(fn);
}

/* ---- entries ---- */

static void free_entry(struct entry *e)
{
    if (e->def)
        catalog_unpin_definition(e->catalog, e->def);
    if (e->fn)
        catalog_unpin_function(e->catalog, e->fn);
    free(e->key);
    free(e);
}

static bool settled(const struct entry *e)
{
    return e->def || e->fn;
}

static void forget(struct entry *e)
{
    HASH_DEL(e->catalog->entries[e->kind], e);
    e->forgotten = true;
    if (settled(e))
        free_entry(e);
}

/* The oldest that nobody uses makes room. */
static void make_room(struct catalog *c, enum kind kind)
{
    struct entry *e, *next;

    if (HASH_COUNT(c->entries[kind]) < ENTRIES_MAX)
        return;
    HASH_ITER (hh, c->entries[kind], e, next) {
        if ((e->def && e->def->pins == 1) || (e->fn && e->fn->pins == 1)) {
            forget(e);
            return;
        }
    }
}

/* ---- what rows say ---- */

static char *column(const struct store_result *r, int col)
{
    size_t len;
    const char *text = store_text(r, 0, col, &len);
    return mem_strndup(text ? text : "", text ? len : 0);
}

static void set_flaw(struct definition *def, const char *flaw)
{
    static const char nowhere[] = "{\"StartAt\":\"-\",\"States\":{\"-\":{\"Type\":\"Fail\"}}}";

    def->flaw = mem_strndup(flaw, strlen(flaw));
    def->asl = asl_parse(nowhere, sizeof nowhere - 1, 0, NULL);
    PAWL_ASSERT(def->asl);
    log_error("executions of a definition fail, because it cannot run", "definition=%lld machine=%s",
              (long long)def->definition_id, def->machine);
}

static void compile(const struct store_result *r, struct definition *def)
{
    struct asl_findings findings = {0};
    size_t len;
    const char *text = store_text(r, 0, 4, &len);

    def->asl = asl_parse(text, len, def->express ? ASL_EXPRESS : 0, &findings);
    if (!def->asl) {
        struct err why, flaw;
        asl_findings_err(&findings, &why);
        err_set(&flaw, ERR_INTERNAL, "definition %lld of %s does not compile: %s",
                (long long)def->definition_id, def->machine, why.cause);
        set_flaw(def, flaw.cause);
    }
    asl_findings_fini(&findings);
}

/* The definition of a row of QUESTIONS[MACHINE] or [DEFINITION], unpinned if it is new. */
static struct definition *definition_of(struct catalog *c, const struct store_result *r)
{
    struct definition *def;
    int64_t id = store_int(r, 0, 0);
    const char *type = store_text(r, 0, 5, NULL);

    HASH_FIND(hh, c->definitions, &id, sizeof id, def);
    if (def)
        return def;
    def = mem_calloc(1, sizeof *def);
    def->definition_id = id;
    def->state_machine_id = store_int(r, 0, 1);
    def->machine = column(r, 2);
    def->role_arn = column(r, 3);
    def->express = type && !strcmp(type, "EXPRESS");
    compile(r, def);
    HASH_ADD(hh, c->definitions, definition_id, sizeof def->definition_id, def);
    return def;
}

/* Somebody has deleted it. */
static struct definition *lost_definition(struct catalog *c, const char *key)
{
    struct definition *def = mem_calloc(1, sizeof *def);

    def->definition_id = strtoll(key, NULL, 10);
    def->machine = mem_strndup("", 0);
    def->role_arn = mem_strndup("", 0);
    set_flaw(def, "its definition is not in the database any more");
    HASH_ADD(hh, c->definitions, definition_id, sizeof def->definition_id, def);
    return def;
}

static char **headers_of(const char *text, size_t len)
{
    json_object *o = NULL;
    char **list = NULL;
    size_t n = 0;

    if (text && js_parse(text, len, &o, NULL) == 0 && json_object_is_type(o, json_type_object)) {
        list = mem_calloc((size_t)json_object_object_length(o) + 1, sizeof *list);
        json_object_object_foreach(o, name, value)
        {
            struct js_buf line = {0};
            js_buf_str(&line, name);
            js_buf_str(&line, ": ");
            js_buf_str(&line, json_object_get_string(value));
            list[n++] = line.p;
        }
    }
    json_object_put(o);
    return list;
}

static struct function *function_of(const char *name, const struct store_result *r)
{
    struct function *fn = mem_calloc(1, sizeof *fn);
    size_t len;
    const char *headers = store_text(r, 0, 1, &len);

    fn->name = mem_strndup(name, strlen(name));
    fn->url = column(r, 0);
    fn->headers = headers_of(headers, len);
    fn->timeout_us = store_int(r, 0, 2) * CLOCK_SECOND;
    fn->max_concurrency = (int)store_int(r, 0, 3);
    return fn;
}

static int settle_function(struct entry *e, const struct store_result *r, struct err *err)
{
    if (store_rows(r) == 0)
        return err_set(err, ERR_FUNCTION_NOT_FOUND, "Function not found: %s", e->key);
    e->fn = function_of(e->key, r);
    e->fn->pins++;
    return 0;
}

static int settle_machine(struct entry *e, const struct store_result *r, struct err *err)
{
    if (store_rows(r) == 0)
        return err_set(err, ERR_MACHINE_MISSING, "State Machine Does Not Exist: '%s'", e->key);
    if (strcmp(store_text(r, 0, 6, NULL), "ACTIVE") != 0)
        return err_set(err, ERR_MACHINE_DELETING, "State Machine is being deleted: '%s'", e->key);
    struct definition *def = definition_of(e->catalog, r);
    def->pins++;
    if (def->flaw) {
        err_set(err, ERR_INTERNAL, "%s", def->flaw);
        catalog_unpin_definition(e->catalog, def);
        return -1;
    }
    e->def = def;
    return 0;
}

/* Fills the entry, pinned by it. */
static int settle(struct entry *e, const struct store_result *r, struct err *err)
{
    if (e->kind == FUNCTION)
        return settle_function(e, r, err);
    if (e->kind == MACHINE)
        return settle_machine(e, r, err);
    e->def = store_rows(r) ? definition_of(e->catalog, r) : lost_definition(e->catalog, e->key);
    e->def->pins++;
    return 0;
}

/* ---- questions and answers ---- */

static void tell(const struct entry *e, const struct waiter *w, const struct err *err)
{
    if (e->kind == FUNCTION) {
        if (e->fn)
            e->fn->pins++;
        w->function(w->arg, e->fn, e->fn ? NULL : err);
    } else {
        if (e->def)
            e->def->pins++;
        w->definition(w->arg, e->def, e->def ? NULL : err);
    }
}

/* The entry leaves the hash while it tells: whoever is told may forget it, or ask anew. */
static void on_answer(void *arg, const struct store_result *r, const struct err *failure,
                      const char *sqlstate)
{
    struct entry *e = arg;
    struct catalog *c = e->catalog;
    struct err err = {0};
    struct waiter *w, *next;

    DL_DELETE(c->asking, e);
    bool lasts = !e->forgotten && e->kind != DEFINITION;
    if (!e->forgotten)
        HASH_DEL(c->entries[e->kind], e);
    if (failure)
        err = *failure;
    else if (settle(e, r, &err) == 0 && lasts) {
        struct entry *kept = mem_calloc(1, sizeof *kept);
        *kept = (struct entry){.catalog = c,
                               .kind = e->kind,
                               .def = e->def,
                               .fn = e->fn,
                               .key = mem_strndup(e->key, strlen(e->key))};
        *(e->def ? &e->def->pins : &e->fn->pins) += 1;
        make_room(c, e->kind);
        HASH_ADD_KEYPTR(hh, c->entries[e->kind], kept->key, strlen(kept->key), kept);
    }
    LL_FOREACH_SAFE(e->waiters, w, next)
    {
        tell(e, w, &err);
        free(w);
    }
    free_entry(e);
}

static void ask(struct catalog *c, enum kind kind, const char *key, const struct waiter *who)
{
    struct entry *e;
    struct waiter *w;

    HASH_FIND_STR(c->entries[kind], key, e);
    if (e && settled(e)) {
        tell(e, who, NULL);
        return;
    }
    w = mem_alloc(sizeof *w);
    *w = *who;
    if (!e) {
        e = mem_calloc(1, sizeof *e);
        *e = (struct entry){.catalog = c, .kind = kind, .key = mem_strndup(key, strlen(key))};
        HASH_ADD_KEYPTR(hh, c->entries[kind], e->key, strlen(e->key), e);
        DL_APPEND(c->asking, e);
        store_query(c->store, QUESTIONS[kind], 1, &(struct store_param){e->key}, on_answer, e);
    }
    LL_APPEND(e->waiters, w);
}

void catalog_machine(struct catalog *c, const char *machine, catalog_definition_cb cb, void *arg)
{
    ask(c, MACHINE, machine, &(struct waiter){.definition = cb, .arg = arg});
}

void catalog_definition(struct catalog *c, int64_t definition_id, catalog_definition_cb cb, void *arg)
{
    struct definition *def;
    char key[24];

    HASH_FIND(hh, c->definitions, &definition_id, sizeof definition_id, def);
    if (def) {
        def->pins++;
        cb(arg, def, NULL);
        return;
    }
    ask(c, DEFINITION, store_int_text(key, definition_id), &(struct waiter){.definition = cb, .arg = arg});
}

void catalog_function(struct catalog *c, const char *name, catalog_function_cb cb, void *arg)
{
    ask(c, FUNCTION, name, &(struct waiter){.function = cb, .arg = arg});
}

static void forget_key(struct catalog *c, enum kind kind, const char *key)
{
    struct entry *e;

    HASH_FIND_STR(c->entries[kind], key, e);
    if (e)
        forget(e);
}

void catalog_forget_machine(struct catalog *c, const char *machine)
{
    forget_key(c, MACHINE, machine);
}

void catalog_forget_function(struct catalog *c, const char *name)
{
    forget_key(c, FUNCTION, name);
}

void catalog_forget_all(struct catalog *c)
{
    struct entry *e, *next;

    for (int kind = 0; kind < KINDS; kind++)
        HASH_ITER (hh, c->entries[kind], e, next)
            forget(e);
}

void catalog_notified(struct catalog *c, const char *payload)
{
    if (!strncmp(payload, "machine:", 8))
        catalog_forget_machine(c, payload + 8);
    else if (!strncmp(payload, "function:", 9))
        catalog_forget_function(c, payload + 9);
    else
        catalog_forget_all(c);
}

struct catalog *catalog_new(struct store *s)
{
    struct catalog *c = mem_calloc(1, sizeof *c);
    c->store = s;
    return c;
}

static void free_waiters(struct entry *e)
{
    struct waiter *w, *next;

    LL_FOREACH_SAFE(e->waiters, w, next)
    free(w);
}

void catalog_free(struct catalog *c)
{
    struct entry *e, *next;

    catalog_forget_all(c);
    DL_FOREACH_SAFE (c->asking, e, next) {
        store_cancel(c->store, e);
        free_waiters(e);
        free_entry(e);
    }
    PAWL_ASSERT(!c->definitions);
    free(c);
}
