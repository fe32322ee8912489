CREATE OR REPLACE VIEW pawl.executions AS
SELECT x.execution_id,
       x.name                                       AS execution,
       d.machine,
       x.status,
       x.started_at,
       x.stopped_at,
       coalesce(x.stopped_at, now()) - x.started_at AS duration,
       (SELECT j.state FROM pawl.journal j WHERE j.execution_id = x.execution_id ORDER BY j.seq DESC LIMIT 1) AS state,
       coalesce((SELECT v.value FROM pawl.journal j, json_array_elements(j.payloads) WITH ORDINALITY AS v (value, place)
                  WHERE j.execution_id = x.execution_id AND j.seq = 1 AND v.place = 1),
                (SELECT i.data FROM pawl.inbox i WHERE i.execution_id = x.execution_id AND i.command = 'start' LIMIT 1)) AS input,
       x.output, x.error, x.cause,
       (SELECT max(j.first_event + j.event_count - 1) FROM pawl.journal j WHERE j.execution_id = x.execution_id) AS events,
       (SELECT s.value FROM pawl.setting s WHERE s.name = 'arn_prefix') || 'execution:' || d.machine || ':' || x.name AS arn,
       x.definition_id,
       x.slot,
       x.wake_at
  FROM pawl.execution x
  LEFT JOIN pawl.definition d USING (definition_id);

COMMENT ON VIEW pawl.executions IS 'One row an execution, with what it was given and what came of it.';
COMMENT ON COLUMN pawl.executions.execution_id IS 'Its number: ascends with the start.';
COMMENT ON COLUMN pawl.executions.execution IS 'Its name, unique within its state machine.';
COMMENT ON COLUMN pawl.executions.machine IS 'The state machine that it runs.';
COMMENT ON COLUMN pawl.executions.status IS 'RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.';
COMMENT ON COLUMN pawl.executions.started_at IS 'When it was accepted.';
COMMENT ON COLUMN pawl.executions.stopped_at IS 'When it ended; NULL: it runs.';
COMMENT ON COLUMN pawl.executions.duration IS 'From its start to its end, or to now.';
COMMENT ON COLUMN pawl.executions.state IS 'The state in which its newest journal row left it.';
COMMENT ON COLUMN pawl.executions.input IS 'What it was given.';
COMMENT ON COLUMN pawl.executions.output IS 'When SUCCEEDED.';
COMMENT ON COLUMN pawl.executions.error IS 'The error by which it ended.';
COMMENT ON COLUMN pawl.executions.cause IS 'The error''s explanation.';
COMMENT ON COLUMN pawl.executions.events IS 'Events in its history so far.';
COMMENT ON COLUMN pawl.executions.arn IS 'As the API names it.';
COMMENT ON COLUMN pawl.executions.definition_id IS 'The revision that it runs: pawl.definition.';
COMMENT ON COLUMN pawl.executions.slot IS 'The lease that owns it, or owned it when it ended (pawl.leases); NULL: nobody, because it is parked, or was started by SQL and is not claimed yet.';
COMMENT ON COLUMN pawl.executions.wake_at IS 'Parked: in nobody''s memory until shortly before then (infinity: until a command comes). NULL: not parked.';
