/*
 * run.c -- plays scenario files and compares what happens with what they say, to the letter.
 *
 *   run FILE...             says what differs; the exit status is 0 only if nothing does
 *   run --rewrite FILE...   puts what happens in the place of what was expected (read the difference!)
 */
#include "scenario.h"

#include <string.h>

enum { SHOWN_BYTES = 200 }; /* of a line that is rewritten: the rest is "..." */

/* ---- comparing ---- */

static bool line_matches(const char *want, size_t want_len, const char *got, size_t got_len)
{
    if (want_len >= 3 && memcmp(want + want_len - 3, "...", 3) == 0)
        return got_len >= want_len - 3 && memcmp(want, got, want_len - 3) == 0;
    return want_len == got_len && memcmp(want, got, got_len) == 0;
}

/* Says the first line that differs. */
static bool same(const struct scenario_file *f, const struct scenario *sc, const struct scenario_step *st,
                 const char *got)
{
    const char *want = st->expected;

    while (*want || *got) {
        size_t want_len = strcspn(want, "\n"), got_len = strcspn(got, "\n");
        if (!*want || !*got || !line_matches(want, want_len, got, got_len)) {
            printf("%s:%d: %s\n  at \"%.60s\"\n    expected: %.*s\n    but was:  %.*s\n", f->path, st->line,
                   sc->says, st->command, (int)want_len, want, (int)(got_len < 1000 ? got_len : 1000), got);
            return false;
        }
        want += want_len + (want[want_len] == '\n');
        got += got_len + (got[got_len] == '\n');
    }
    return true;
}

static bool play(const struct scenario_file *f, const struct scenario *sc)
{
    struct world *w = world_new(sc->definition);
    bool good = w != NULL;

    if (!w)
        printf("%s:%d: %s: the definition does not compile\n", f->path, sc->line, sc->says);
    for (size_t i = 0; good && i < sc->nsteps; i++) {
        char *got = scenario_perform(w, &sc->steps[i]);
        good = same(f, sc, &sc->steps[i], got);
        free(got);
        char *broken = good ? world_broken_law(w, sc->steps[i].at_us) : NULL;
        if (broken) {
            printf("%s:%d: %s: %s\n", f->path, sc->steps[i].line, sc->says, broken);
            good = false;
        }
        free(broken);
    }
    world_free(w);
    return good;
}

/* ---- rewriting ---- */

static void put_lines(FILE *out, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        if (len > SHOWN_BYTES)
            fprintf(out, "    %.*s...\n", SHOWN_BYTES - 3, text);
        else
            fprintf(out, "    %.*s\n", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

/* Comments and definitions stay as they are; behind each "at" stands what happens. */
static void rewrite(const struct scenario_file *f)
{
    FILE *in = fopen(f->path, "r");
    char *line = NULL, *text = NULL;
    size_t cap = 0, size = 0;
    FILE *out = open_memstream(&text, &size);
    const struct scenario *sc = f->list - 1;
    const struct scenario_step *st = NULL;
    struct world *w = NULL;
    bool skipping = false;

    for (int n = 1; getline(&line, &cap, in) >= 0; n++) {
        bool indented = line[0] == ' ';
        if (!indented)
            skipping = false;
        if (skipping)
            continue;
        fputs(line, out);
        if (sc + 1 < f->list + f->n && n == sc[1].line) {
            world_free(w);
            w = world_new((++sc)->definition);
            st = sc->steps;
        } else if (w && st < sc->steps + sc->nsteps && n == st->line) {
            char *got = scenario_perform(w, st++);
            put_lines(out, got);
            free(got);
            skipping = true;
        }
    }
    world_free(w);
    free(line);
    fclose(in);
    fclose(out);
    in = fopen(f->path, "w");
    fwrite(text, 1, size, in);
    fclose(in);
    free(text);
}

int main(int argc, char **argv)
{
    bool rewriting = argc > 1 && strcmp(argv[1], "--rewrite") == 0;
    size_t played = 0, failed = 0;

    for (int i = rewriting ? 2 : 1; i < argc; i++) {
        struct scenario_file f;
        scenario_read(&f, argv[i]);
        if (rewriting)
            rewrite(&f);
        for (size_t k = 0; !rewriting && k < f.n; k++, played++)
            failed += !play(&f, &f.list[k]);
        scenario_free(&f);
    }
    if (rewriting)
        return 0;
    printf("scenarios: %zu played, %zu failed\n", played, failed);
    return failed || !played ? 1 : 0;
}
