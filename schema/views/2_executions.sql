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
       (SELECT j.first_event + j.event_count - 1 FROM pawl.journal j
         WHERE j.execution_id = x.execution_id ORDER BY j.seq DESC LIMIT 1) AS events,
       x.definition_id,
       x.slot
  FROM pawl.execution x
  JOIN pawl.definition d USING (definition_id);

COMMENT ON VIEW pawl.executions IS 'One row an execution, with what it was given and what came of it.';
COMMENT ON COLUMN pawl.executions.execution IS 'Its name, unique within its state machine.';
COMMENT ON COLUMN pawl.executions.state IS 'The state in which its newest journal row left it.';
COMMENT ON COLUMN pawl.executions.events IS 'Events in its history so far.';
COMMENT ON COLUMN pawl.executions.slot IS 'The lease that owns it (pawl.leases); NULL: started by SQL, not claimed yet.';
