#include "cli_view.h"

#include "base/json.h"
#include "cli.h"

#include <string.h>

enum { STATE_COLUMNS = 30 };

#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define RED    "\033[31m"
#define FAINT  "\033[2m"
#define PLAIN  "\033[0m"

/* ---- small things ---- */

const char *view_duration(char buf[32], int64_t us)
{
    int64_t s = us / 1000000, m = s / 60, h = m / 60;
    if (us < 1000000)
        snprintf(buf, 32, "%lld ms", (long long)(us > 0 ? us / 1000 : 0));
    else if (s < 60)
        snprintf(buf, 32, "%.2f s", (double)us / 1e6);
    else if (m < 60)
        snprintf(buf, 32, "%lld m %02lld s", (long long)m, (long long)(s % 60));
    else if (h < 24)
        snprintf(buf, 32, "%lld h %02lld m", (long long)h, (long long)(m % 60));
    else
        snprintf(buf, 32, "%lld d %lld h", (long long)(h / 24), (long long)(h % 24));
    return buf;
}

const char *view_text(char *buf, size_t size, const char *text)
{
    size_t n = 0, len = text ? strlen(text) : 0;
    for (size_t i = 0, c; i < len && n + 5 < size; i += c ? c : 1) {
        c = js_utf8(text + i, len - i);
        bool control = c == 0 || (unsigned char)text[i] < ' ' || text[i] == 0x7f ||
                       ((unsigned char)text[i] == 0xc2 && (unsigned char)text[i + 1] < 0xa0);
        memcpy(buf + n, control ? " " : text + i, control ? 1 : c);
        n += control ? 1 : c;
    }
    buf[n] = 0;
    return buf;
}

/* A function's error object as text has its message within. */
static json_object *function_message(const char *cause)
{
    json_object *o = NULL, *message = NULL;
    if (cause && *cause == '{' && !js_parse(cause, strlen(cause), &o, NULL) &&
        json_object_object_get_ex(o, "errorMessage", &message))
        json_object_get(message);
    json_object_put(o);
    return message;
}

const char *view_error(char buf[VIEW_TEXT_BYTES], const char *error, const char *cause)
{
    json_object *message = function_message(cause);
    const char *words = message ? json_object_get_string(message) : cause;
    char name[100];
    view_text(name, sizeof name, error);
    size_t n = (size_t)snprintf(buf, VIEW_TEXT_BYTES, "%s%s", name, *name && words && *words ? ": " : "");
    view_text(buf + n, VIEW_TEXT_BYTES - n, words);
    json_object_put(message);
    return buf;
}

static const char *colour_of(const char *status)
{
    static const struct {
        const char *status, *colour;
    } COLOURS[] = {{"ok", GREEN},    {"SUCCEEDED", GREEN}, {"failed", RED},
                   {"FAILED", RED},  {"TIMED_OUT", RED},   {"ABORTED", RED},
                   {"aborted", RED}, {"retries", YELLOW},  {"caught", YELLOW}};
    for (size_t i = 0; i < sizeof COLOURS / sizeof *COLOURS; i++)
        if (!strcmp(COLOURS[i].status, status))
            return COLOURS[i].colour;
    return "";
}

void view_status(const char *status, int width)
{
    printf("%s%-*s%s", cli.colour ? colour_of(status) : "", width, status, cli.colour ? PLAIN : "");
}

/* ---- lines ---- */

static void print_moment(const struct steps *s, int64_t at_us)
{
    double seconds = s->started_us && at_us > s->started_us ? (double)(at_us - s->started_us) / 1e6 : 0;
    printf("%s%9.3f s%s  ", cli.colour ? FAINT : "", seconds, cli.colour ? PLAIN : "");
}

/* The branches and iterations that the step is in, from the outermost: "[1.0] ". */
static int print_places(const struct region *r, bool innermost)
{
    if (!r->owner)
        return 0;
    int used = print_places(r->owner->in, false);
    return used + printf("%s%d%s", used ? "." : "[", r->place, innermost ? "] " : "");
}

/* The state's name, indented by its depth, behind its places. */
static void print_state(const struct step *step)
{
    char name[STATE_COLUMNS * 8];
    view_text(name, sizeof name, step->name);
    int used = printf("%*s", step->depth * 2, "") + print_places(step->in, true);
    used += (int)js_chars(name, strlen(name));
    printf("%s%*s  ", name, used < STATE_COLUMNS ? STATE_COLUMNS - used : 0, "");
}

static const char *status_word(enum step_status status)
{
    static const char *const WORDS[] = {"runs", "ok", "caught", "failed", "aborted"};
    return WORDS[status];
}

static void print_failure(const struct step_attempt *a)
{
    char words[VIEW_TEXT_BYTES];
    if (a->error || a->cause)
        printf("  %s", view_error(words, a->error, a->cause));
}

/* ---- live ---- */

static void print_opens(const struct steps *s, const struct step *step)
{
    bool wait = !strcmp(step->type, "Wait");
    print_moment(s, wait ? step->entered_us : step->attempts[step->nattempts - 1].began_us);
    print_state(step);
    if (step->items >= 0)
        printf("map of %lld", (long long)step->items);
    else
        fputs(wait ? "waits" : "in parallel", stdout);
    if (step->nattempts > 1)
        printf(", attempt %u", step->nattempts);
}

static void print_attempt_failed(const struct steps *s, const struct step *step)
{
    const struct step_attempt *a = &step->attempts[step->nattempts - 1];
    char time[32];
    print_moment(s, a->ended_us);
    print_state(step);
    view_status("failed", 8);
    printf("%9s  attempt %u", view_duration(time, a->ended_us - a->began_us), step->nattempts);
    print_failure(a);
}

static void print_leaves(const struct steps *s, const struct step *step)
{
    char time[32];
    print_moment(s, step->left_us);
    print_state(step);
    view_status(status_word(step->status), 8);
    printf("%9s", view_duration(time, step->left_us - step->entered_us));
    if (step->nattempts > 1)
        printf("  after %u attempts", step->nattempts);
}

void view_news(void *arg, const struct step *step, enum step_news news)
{
    const struct steps *s = arg;
    if (news == STEP_OPENS)
        print_opens(s, step);
    else if (news == STEP_ATTEMPT_FAILED)
        print_attempt_failed(s, step);
    else
        print_leaves(s, step);
    putchar('\n');
    fflush(stdout);
}

/* ---- the table ---- */

static void print_row(void *arg, const struct step *step, unsigned attempt)
{
    const struct steps *s = arg;
    const struct step_attempt *a = attempt ? &step->attempts[attempt - 1] : NULL;
    enum step_status status = attempt < step->nattempts ? STEP_FAILED : steps_status(s, step);
    int64_t from = a ? a->began_us : step->entered_us, to = a ? a->ended_us : step->left_us;
    char time[32], type[32];

    print_moment(s, from);
    print_state(step);
    printf("%-9s", view_text(type, sizeof type, step->type));
    if (a)
        printf("%3u  ", attempt);
    else
        printf("%3s  ", "");
    view_status(status_word(status), 8);
    printf("%9s", to ? view_duration(time, to - from) : "");
    if (a)
        print_failure(a);
    putchar('\n');
}

void view_table(const struct steps *s)
{
    printf("%9s    %-*s  %-9s%3s  %-8s%9s  %s\n", "began", STATE_COLUMNS, "state", "type", "try", "", "took",
           "error");
    steps_each(s, print_row, (void *)(uintptr_t)s);
}
