/* Any bytes as a definition: refused with findings, or compiled into something whole. */
#include "asl/asl.h"
#include "asl/source.h"
#include "base/value.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_target(const struct asl_state *from, const struct asl_state *to)
{
    PAWL_ASSERT(!to || to->block == from->block);
}

static void check_retriers(const struct asl_state *st)
{
    for (size_t i = 0; i < st->nretriers; i++) {
        const struct retrier *r = &st->retriers[i];
        PAWL_ASSERT(r->nerrors > 0);
        for (uint32_t n = 0; n < 3; n++) {
            int64_t wait = retry_delay(r, n, UINT64_MAX);
            PAWL_ASSERT(wait == RETRY_EXHAUSTED || (wait >= 0 && wait <= RETRY_WAIT_MAX_US));
        }
    }
}

static int root(void *self, const struct jpath *p, json_object **to, struct err *err)
{
    *to = self;
    return 0;
}

static void check_assign(const struct asl *asl, const struct asl_assign *a)
{
    if (!a)
        return;
    PAWL_ASSERT(!a->values != !a->queries || a->n == 0); /* in one language */
    PAWL_ASSERT(!a->values || a->n == tmpl_members(a->values));
    for (size_t i = 0; i < a->n; i++) {
        const char *name = a->names[i];
        PAWL_ASSERT(a->values ? strcmp(name, tmpl_member_name(a->values, i)) == 0 : a->queries[i] != NULL);
        PAWL_ASSERT(strcmp(asl_variable(asl, name, strlen(name)), name) == 0);
    }
}

static void check_variables(const struct asl *asl, const struct asl_state *st)
{
    check_assign(asl, st->assign);
    for (size_t i = 0; i < st->ncatchers; i++)
        check_assign(asl, st->catchers[i].assign);
    for (size_t i = 0; st->type == ASL_CHOICE && i < st->u.choice.nrules; i++)
        check_assign(asl, st->u.choice.rules[i].assign);
    for (size_t i = 1; i < st->nreads; i++)
        PAWL_ASSERT(strcmp(st->reads[i - 1], st->reads[i]) < 0);
}

static void check_choice(const struct asl_state *st, json_object *input)
{
    const struct jpath_env env = {.root = root, .self = input};

    PAWL_ASSERT(st->u.choice.nrules > 0);
    check_target(st, st->u.choice.otherwise);
    for (size_t i = 0; i < st->u.choice.nrules; i++) {
        PAWL_ASSERT(st->u.choice.rules[i].next);
        check_target(st, st->u.choice.rules[i].next);
        PAWL_ASSERT(!st->u.choice.rules[i].test != !st->u.choice.rules[i].condition);
        if (st->u.choice.rules[i].test)
            choice_eval(st->u.choice.rules[i].test, &env, NULL);
    }
}

static void check_block(const struct asl_block *b, const struct asl_state *owner)
{
    PAWL_ASSERT(b && b->start && b->start->block == b && b->owner == owner && b->nstates > 0);
}

static void check_state(const struct asl *asl, const struct asl_state *st, json_object *input)
{
    PAWL_ASSERT(asl_find(asl, st->name, strlen(st->name)) == st);
    check_target(st, st->next);
    check_retriers(st);
    check_variables(asl, st);
    for (size_t i = 0; i < st->ncatchers; i++) {
        PAWL_ASSERT(st->catchers[i].nerrors > 0 && st->catchers[i].next);
        check_target(st, st->catchers[i].next);
    }
    if (st->type == ASL_CHOICE)
        check_choice(st, input);
    else if (st->type == ASL_PARALLEL)
        for (size_t i = 0; i < st->u.parallel.nbranches; i++)
            check_block(st->u.parallel.branches[i], st);
    else if (st->type == ASL_MAP)
        check_block(st->u.map.processor, st);
    else if (st->type == ASL_TASK)
        PAWL_ASSERT(st->u.task.resource && (st->u.task.kind != ASL_FUNCTION || st->u.task.function));
}

static void check_findings(const struct asl_findings *f, const char *text, size_t size)
{
    size_t line, column;

    for (size_t i = 0; i < f->n; i++)
        if (f->list[i].at && f->list[i].at[0] == '/')
            source_position(text, source_find(text, size, f->list[i].at), &line, &column);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct asl_findings f = {0};
    json_object *input = NULL;

    struct asl *asl = asl_parse(text, size, size % 4, &f);
    PAWL_ASSERT((asl != NULL) == asl_findings_good(&f));
    check_findings(&f, text, size);
    if (asl) {
        js_parse(text, size, &input, NULL);
        check_block(asl->root, NULL);
        for (size_t i = 0; i < asl->nstates; i++)
            check_state(asl, asl->states[i], input);
        json_object_put(input);
    }
    asl_free(asl);
    asl_findings_fini(&f);
    return 0;
}
