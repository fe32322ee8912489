/*
 * Any lines as a trial: its definition, input, mocked result, context, variables and the ItemReader's file.
 * It is refused, or it ends; a call that it asks for gets its own body as the answer.
 */
#include "asl/trial.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 6 };

static void split(const char *text, size_t size, struct trial_text lines[LINES])
{
    memset(lines, 0, LINES * sizeof *lines);
    for (size_t i = 0; i < LINES && size; i++) {
        const char *end = memchr(text, '\n', size);
        size_t len = end ? (size_t)(end - text) : size;
        if (len)
            lines[i] = (struct trial_text){text, len};
        text += len + (end != NULL);
        size -= len + (end != NULL);
    }
}

static void run(struct trial *t)
{
    const struct effect *call = trial_start(t, 1767225600000000);

    if (call) {
        struct value *answer = value_ref(call->body);
        const struct stimulus in = {.type = STIM_TASK_SUCCEEDED, .event_id = call->event_id, .data = answer};
        PAWL_ASSERT(!trial_answer(t, &in, 1767225600000001));
        value_unref(answer);
    }
    json_object_put(trial_result(t, TRIAL_TRACE, true));
    json_object_put(trial_result(t, TRIAL_INFO, false));
}

static void try(const struct trial_request *q)
{
    static const struct trial_place HERE = {"arn:aws:states:us-east-1:123456789012:", 5};
    struct trial *t = trial_new(q, &HERE, NULL);

    if (!t)
        return;
    run(t);
    trial_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trial_text lines[LINES];
    struct trial_request q;

    split((const char *)data, size, lines);
    if (!lines[0].text)
        return 0;
    q = (struct trial_request){
        .definition = lines[0],
        .role_arn = "arn:aws:iam::123456789012:role/r",
        .input = lines[1],
        .mocked = lines[2].text != NULL,
        .mock_result = lines[2],
        .context = lines[3],
        .variables = lines[4],
        .map_item_reader_data = lines[5],
        .map_iteration_failure_count = lines[5].text ? (int64_t)(size % 4) : -1,
        .retrier_retry_count = -1,
    };
    try(&q);
    q.mocked = q.mock_fails = true;
    q.mock_result.text = NULL;
    q.mock_error = "E";
    try(&q);
    return 0;
}
