/*
 * crash.c -- crash anywhere: for every scenario and every moment in it, another process takes over there and
 * what follows is the same to the byte.
 *
 * (That a fold equals the live state and that a recovery names the calls that are out is asked after each
 * step of every scenario by tests/scenarios/run.c; here it is asked again, of executions that were
 * recovered.)
 */
#include "scenario.h"

#include <string.h>

static bool same_rows(const struct world *a, const struct world *b)
{
    bool same = a->nrows == b->nrows;

    for (size_t i = 0; same && i < a->nrows; i++) {
        char *was = world_row_text(a, i), *is = world_row_text(b, i);
        same = strcmp(was, is) == 0;
        free(was);
        free(is);
    }
    return same;
}

static char *dump(const struct world *w)
{
    struct js_buf text = {0};
    exec_dump(&w->exec, &text);
    return text.p;
}

/* Plays the scenario and dies after step k; NULL when a law was broken, which is said. */
static struct world *play(const struct scenario_file *f, const struct scenario *sc, size_t k)
{
    struct world *w = world_new(sc->definition);

    for (size_t i = 0; i < sc->nsteps; i++) {
        free(scenario_perform(w, &sc->steps[i]));
        if (i == k)
            world_crash(w, sc->steps[i].at_us);
        char *broken = world_broken_law(w, sc->steps[i].at_us);
        if (!broken)
            continue;
        printf("%s:%d: %s, recovered after step %zu: %s\n", f->path, sc->steps[i].line, sc->says, k, broken);
        free(broken);
        world_free(w);
        return NULL;
    }
    return w;
}

static bool continues(const struct scenario_file *f, const struct scenario *sc,
                      const struct world *undisturbed, size_t k)
{
    struct world *w = play(f, sc, k);
    if (!w)
        return false;
    char *was = dump(undisturbed), *is = dump(w);
    bool same = w->heartbeats || (strcmp(was, is) == 0 && same_rows(undisturbed, w));

    if (!same)
        printf("%s:%d: %s: goes another way after a crash behind \"%s\"\n  was %s\n  is  %s\n", f->path,
               sc->steps[k].line, sc->says, sc->steps[k].command, was, is);
    free(was);
    free(is);
    world_free(w);
    return same;
}

int main(int argc, char **argv)
{
    size_t crashes = 0, failed = 0;

    for (int i = 1; i < argc; i++) {
        struct scenario_file f;
        scenario_read(&f, argv[i]);
        for (size_t s = 0; s < f.n; s++) {
            const struct scenario *sc = &f.list[s];
            struct world *undisturbed = play(&f, sc, SIZE_MAX);
            failed += !undisturbed;
            for (size_t k = 0; undisturbed && k < sc->nsteps; k++, crashes++)
                failed += !continues(&f, sc, undisturbed, k);
            world_free(undisturbed);
        }
        scenario_free(&f);
    }
    printf("crash anywhere: %zu crashes, %zu differ\n", crashes, failed);
    return failed || !crashes;
}
