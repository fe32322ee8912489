/* Is this pawld alive, and may it acknowledge? */
#include "ops_list.h"

#include "metrics_text.h"
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

/* Which of the process's reactors takes the next connection is the kernel's choice: all must be ready. */
static const char *not_ready(const struct reactor *r)
{
    const struct node *n = reactor_config(r)->node;
    const char *why = reactor_not_ready(r);

    for (int i = 0; !why && i < node_reactors(n); i++)
        if (!metric_get(&reactor_metrics(node_reactor(n, i))->lease_slot))
            why = "a reactor has no lease on the database yet";
    return why;
}

void op_readyz(struct op_call *c)
{
    const char *why = not_ready(c->ops->reactor);

    say(c, why ? "not ready" : "ready");
    op_put(c, "reason", why);
    op_close(c, '}');
    c->status = why ? 503 : 200;
    op_done(c);
}

void op_metrics(struct op_call *c)
{
    c->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_text(reactor_config(c->ops->reactor)->node, &c->out);
    op_done(c);
}

void op_not_built(struct op_call *c)
{
    op_fail(c, ERR_NOT_BUILT, "%s %s is not built in this version of pawl", c->op->method, c->op->path);
}
