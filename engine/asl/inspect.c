#include "asl/inspect.h"

#include <stdlib.h>
#include <string.h>

void inspect_init(struct inspection *in, const struct asl_state *state)
{
    *in = (struct inspection){.state = state,
                              .iteration_failures = -1,
                              .max_concurrency = -1,
                              .tolerated_count = -1,
                              .tolerated_percentage = -1};
}

void inspect_fini(struct inspection *in)
{
    for (int i = 0; i < INSPECT_STAGES; i++)
        value_unref(in->stages[i]);
    free(in->failure);
    free(in->why);
    *in = (struct inspection){0};
}

/* Of a Parallel nothing is shown before its result (recorded). */
static bool shown(const struct inspection *in, enum inspect_stage stage)
{
    return in->state->type != ASL_PARALLEL || stage >= INSPECT_RESULT;
}

void inspect_stage(struct inspection *in, enum inspect_stage stage, struct value *v)
{
    if (!shown(in, stage))
        return;
    value_ref(v);
    value_unref(in->stages[stage]);
    in->stages[stage] = v;
}

static void keep(char **at, const char *text)
{
    free(*at);
    *at = text ? mem_strndup(text, strlen(text)) : NULL;
}

void inspect_failure(struct inspection *in, const char *error, const char *cause)
{
    keep(&in->failure, error);
    keep(&in->why, cause);
}
