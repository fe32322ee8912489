/*
 * ops_list.h -- the operations' functions, for the table (ops_table.c).
 */
#pragma once

#include "ops.h"

/* ops_status.c */
void op_healthz(struct op_call *c);
void op_readyz(struct op_call *c);
