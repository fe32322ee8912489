/* Callbacks: what became of a task that was given a token. */
#include "ops_list.h"

#include "asl/token.h"

#include <string.h>

static void on_sent(void *arg, const struct err *err, int64_t execution_id, int64_t at_us)
{
    struct op_call *c = arg;

    if (err && (err->name == ERR_NOT_FOUND || err->name == ERR_EXECUTION_MISSING)) {
        op_fail(c, ERR_TASK_TIMED_OUT, "Task Timed Out: '%.200s'", op_str(c, "taskToken", NULL));
        return;
    }
    if (err) {
        op_fail_err(c, err);
        return;
    }
    op_open(c, NULL, '{');
    op_close(c, '}');
    op_done(c);
}

static void send_command(struct op_call *c, struct reactor_command *command)
{
    size_t len = 0;
    const char *token = op_str(c, "taskToken", &len);

    if (!op_ready(c)) /* the tokens' secret is in the database */
        return;
    if (token_read(token, len, c->ops->token_key, &command->execution_id, &command->event_id, &c->err) < 0)
        op_fail_err(c, &c->err);
    else
        reactor_send(c->ops->reactor, command, on_sent, c);
}

void op_task_success(struct op_call *c)
{
    struct reactor_command command = {.type = STIM_TOKEN_SUCCEEDED};
    struct err why;

    command.data = op_str(c, "output", &command.data_len);
    if (command.data_len > VALUE_BYTES_MAX)
        op_fail(c, ERR_INVALID_OUTPUT, "Invalid Output: 'The output has %zu bytes, more than %d'",
                command.data_len, VALUE_BYTES_MAX);
    else if (op_check_json(command.data, command.data_len, &why) < 0)
        op_fail(c, ERR_INVALID_OUTPUT, "Invalid Output: '%s'", why.cause);
    else
        send_command(c, &command);
}

void op_task_failure(struct op_call *c)
{
    send_command(c, &(struct reactor_command){.type = STIM_TOKEN_FAILED,
                                              .error = op_clean(c, "error"),
                                              .cause = op_clean(c, "cause")});
}

void op_task_heartbeat(struct op_call *c)
{
    send_command(c, &(struct reactor_command){.type = STIM_TOKEN_HEARTBEAT});
}
