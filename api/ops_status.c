/* Is this pawld alive, and may it acknowledge? */
#include "ops_list.h"

#include "run/node.h"

#include <string.h>

static void say(struct op_call *c, const char *status)
{
    op_open(c, NULL, '{');
    op_put(c, "status", status);
}

void op_healthz(struct op_call *c)
{
    say(c, "ok");
    op_close(c, '}');
    op_done(c);
}

void op_readyz(struct op_call *c)
{
    const char *why = op_not_ready(c->ops->reactor);

    say(c, why ? "not ready" : "ready");
    op_put(c, "reason", why);
    op_close(c, '}');
    c->status = why ? 503 : 200;
    op_done(c);
}
