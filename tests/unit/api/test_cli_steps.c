/* The steps that pawl shows are a fold over history events. */
#include "cli_steps.h"

#include "base/json.h"

#include <check.h>
#include <string.h>

/* One event a line: "ID CAUSE TYPE [NAME [EXTRA]]"; it happens at second ID. */
static bool apply_line(struct steps *s, const char *line)
{
    int id = 0, cause = 0;
    char type[64] = "", name[64] = "", extra[128] = "", text[600];
    sscanf(line, "%d %d %63s %63s %127s", &id, &cause, type, name, extra);
    snprintf(text, sizeof text,
             "{\"id\":%d,\"previousEventId\":%d,\"timestamp\":%d,\"type\":\"%s\",\"someEventDetails\":{%s%s%"
             "s%s%s}}",
             id, cause, id, type, *name ? "\"name\":\"" : "", name, *name ? "\"" : "", *extra ? "," : "",
             extra);
    json_object *event = NULL;
    ck_assert_int_eq(js_parse(text, strlen(text), &event, NULL), 0);
    bool last = steps_apply(s, event);
    json_object_put(event);
    return last;
}

struct drawing {
    const struct steps *steps;
    struct js_buf text;
};

/* "  [1] Name 2 failed; " */
static void draw(void *arg, const struct step *step, unsigned attempt)
{
    static const char *const WORDS[] = {"runs", "ok", "caught", "failed", "aborted"};
    struct drawing *d = arg;
    char part[200];
    enum step_status status = attempt < step->nattempts ? STEP_FAILED : steps_status(d->steps, step);
    for (int i = 0; i < step->depth; i++)
        js_buf_str(&d->text, ">");
    snprintf(part, sizeof part, "%s", step->name);
    js_buf_str(&d->text, part);
    if (step->depth) {
        snprintf(part, sizeof part, "[%d]", step->in->place);
        js_buf_str(&d->text, part);
    }
    if (attempt) {
        snprintf(part, sizeof part, " %u", attempt);
        js_buf_str(&d->text, part);
    }
    snprintf(part, sizeof part, " %s; ", WORDS[status]);
    js_buf_str(&d->text, part);
}

static const struct {
    const char *says;
    const char *events[24];
    const char *steps;
} HISTORIES[] = {
    {"a task that is tried twice has two attempts",
     {"1 0 ExecutionStarted", "2 0 TaskStateEntered Pay", "3 2 LambdaFunctionScheduled",
      "4 3 LambdaFunctionStarted", "5 4 LambdaFunctionFailed", "6 5 LambdaFunctionScheduled",
      "7 6 LambdaFunctionSucceeded", "8 7 TaskStateExited Pay", "9 8 ExecutionSucceeded"},
     "Pay 1 failed; Pay 2 ok; "},
    {"a failure that a catcher takes is caught",
     {"1 0 ExecutionStarted", "2 0 TaskStateEntered Pay", "3 2 TaskScheduled", "4 3 TaskTimedOut",
      "5 4 TaskStateExited Pay", "6 5 SucceedStateEntered Done", "7 6 SucceedStateExited Done",
      "8 7 ExecutionSucceeded"},
     "Pay 1 caught; Done ok; "},
    {"a failure that ends the execution is the state's",
     {"1 0 ExecutionStarted", "2 0 TaskStateEntered Pay", "3 2 TaskScheduled", "4 3 TaskFailed",
      "5 4 ExecutionFailed"},
     "Pay 1 failed; "},
    {"what has not ended runs",
     {"1 0 ExecutionStarted", "2 0 TaskStateEntered Pay", "3 2 TaskScheduled"},
     "Pay 1 runs; "},
    {"what had not ended when the execution was stopped is aborted",
     {"1 0 ExecutionStarted", "2 0 WaitStateEntered Nap", "3 2 ExecutionAborted"},
     "Nap aborted; "},
    {"branches stand behind their state, each with its number",
     {"1 0 ExecutionStarted", "2 0 ParallelStateEntered Both", "3 2 ParallelStateStarted",
      "4 3 PassStateEntered A", "5 3 PassStateEntered B", "6 5 PassStateExited B", "7 4 PassStateExited A",
      "8 7 PassStateEntered C", "9 8 PassStateExited C", "10 9 ParallelStateSucceeded",
      "11 9 ParallelStateExited Both", "12 11 SucceedStateEntered Done", "13 12 SucceedStateExited Done",
      "14 13 ExecutionSucceeded"},
     "Both 1 ok; >A[0] ok; >C[0] ok; >B[1] ok; Done ok; "},
    {"iterations are told apart though their states have one name",
     {"1 0 ExecutionStarted", "2 0 MapStateEntered All \"length\":2", "3 2 MapStateStarted",
      "4 3 MapIterationStarted All \"index\":0", "5 4 TaskStateEntered One", "6 5 TaskScheduled",
      "7 3 MapIterationStarted All \"index\":1", "8 7 TaskStateEntered One", "9 8 TaskScheduled",
      "10 9 TaskSucceeded", "11 10 TaskStateExited One", "12 11 MapIterationSucceeded All \"index\":1",
      "13 6 TaskSucceeded", "14 13 TaskStateExited One", "15 14 MapIterationSucceeded All \"index\":0",
      "16 15 MapStateSucceeded", "17 15 MapStateExited All", "18 17 ExecutionSucceeded"},
     "All 1 ok; >One[0] 1 ok; >One[1] 1 ok; "},
    {"an iteration that another one's end makes room for belongs to the same Map",
     {"1 0 ExecutionStarted", "2 0 MapStateEntered All", "3 2 MapStateStarted",
      "4 3 MapIterationStarted All \"index\":0", "5 4 PassStateEntered One", "6 5 PassStateExited One",
      "7 6 MapIterationSucceeded All \"index\":0", "8 6 MapIterationStarted All \"index\":1",
      "9 8 PassStateEntered One", "10 9 PassStateExited One", "11 10 MapIterationSucceeded All",
      "12 11 MapStateSucceeded", "13 11 MapStateExited All", "14 13 ExecutionSucceeded"},
     "All 1 ok; >One[0] ok; >One[1] ok; "},
    {"a Map that is tried again begins from the failure within its iteration",
     {"1 0 ExecutionStarted", "2 0 MapStateEntered All", "3 2 MapStateStarted",
      "4 3 MapIterationStarted All \"index\":0", "5 4 FailStateEntered No",
      "6 5 MapIterationFailed All \"index\":0", "7 5 MapStateStarted",
      "8 7 MapIterationStarted All \"index\":0", "9 8 PassStateEntered Yes", "10 9 PassStateExited Yes",
      "11 10 MapIterationSucceeded All", "12 11 MapStateSucceeded", "13 11 MapStateExited All",
      "14 13 ExecutionSucceeded"},
     "All 1 failed; >No[0] failed; All 2 ok; >Yes[0] ok; "},
    {"a branch that ran beside a failure is aborted, and its like within are not mistaken",
     {"1 0 ExecutionStarted", "2 0 ParallelStateEntered Outer", "3 2 ParallelStateStarted",
      "4 3 ParallelStateEntered Inner", "5 4 ParallelStateStarted", "6 5 FailStateEntered No",
      "7 3 WaitStateEntered Nap", "8 6 ParallelStateFailed", "9 8 WaitStateAborted",
      "10 8 ParallelStateFailed", "11 10 ExecutionFailed"},
     "Outer 1 failed; >Inner[0] 1 failed; >>No[0] failed; >Nap[1] aborted; "},
    {"events that make no sense are passed over",
     {"1 0 ExecutionStarted", "2 99 TaskSucceeded", "3 2 MapStateExited Nobody", "4 0 ParallelStateFailed",
      "5 4 MapIterationStarted Nobody", "6 5 Unheard", "-7 -3 PassStateEntered Here",
      "900000000 1 PassStateExited Here"},
     "Here ok; "},
};

START_TEST(steps_are_a_fold_over_the_history)
{
    struct steps s = {.news = NULL};
    struct drawing d = {.steps = &s};
    for (const char *const *line = HISTORIES[_i].events; *line; line++)
        apply_line(&s, *line);
    js_buf_str(&d.text, "");
    steps_each(&s, draw, &d);
    ck_assert_msg(!strcmp(d.text.p, HISTORIES[_i].steps), "%s: got %s", HISTORIES[_i].says, d.text.p);
    js_buf_fini(&d.text);
    steps_fini(&s);
}
END_TEST

START_TEST(the_last_event_is_known)
{
    struct steps s = {.news = NULL};
    ck_assert(!apply_line(&s, "1 0 ExecutionStarted"));
    ck_assert(!apply_line(&s, "2 1 FailStateEntered No"));
    ck_assert(apply_line(&s, "3 2 ExecutionTimedOut"));
    ck_assert(s.started_us == 1000000 && s.ended_us == 3000000);
    steps_fini(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli_steps");
    TCase *c = tcase_create("fold");
    tcase_add_loop_test(c, steps_are_a_fold_over_the_history, 0, sizeof HISTORIES / sizeof *HISTORIES);
    tcase_add_test(c, the_last_event_is_known);
    suite_add_tcase(suite, c);
    SRunner *r = srunner_create(suite);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
