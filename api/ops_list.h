/*
 * ops_list.h -- the operations' functions, for the table (ops_table.c).
 */
#pragma once

#include "ops.h"

/* ops_machine.c */
void op_create_machine(struct op_call *c);
void op_update_machine(struct op_call *c);
void op_put_machine(struct op_call *c); /* REST: create or update */
void op_describe_machine(struct op_call *c);
void op_describe_machine_for_execution(struct op_call *c);
void op_list_machines(struct op_call *c);
void op_delete_machine(struct op_call *c);
void op_validate_definition(struct op_call *c);

/* ops_execution.c */
void op_start_execution(struct op_call *c);
void op_describe_execution(struct op_call *c);
void op_list_executions(struct op_call *c);
void op_stop_execution(struct op_call *c);

/* ops_history.c */
void op_get_history(struct op_call *c);
void op_list_steps(struct op_call *c);
void op_live_events(struct op_call *c);

/* ops_task.c */
void op_task_success(struct op_call *c);
void op_task_failure(struct op_call *c);
void op_task_heartbeat(struct op_call *c);

/* ops_function.c */
void op_put_function(struct op_call *c);
void op_describe_function(struct op_call *c);
void op_list_functions(struct op_call *c);
void op_delete_function(struct op_call *c);

/* ops_trial.c */
void op_test_state(struct op_call *c);

/* ops_status.c */
void op_healthz(struct op_call *c);
void op_readyz(struct op_call *c);
void op_metrics(struct op_call *c);
void op_not_built(struct op_call *c);
