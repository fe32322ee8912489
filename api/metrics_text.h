/*
 * metrics_text.h -- the counts of this pawld as Prometheus reads them (text format 0.0.4).
 *
 * Sums over the reactors; what is one reactor's own (its lease) carries its index as a label.
 */
#pragma once

#include "run/node.h"

void metrics_text(struct node *n, struct js_buf *out);
