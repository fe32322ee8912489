-- Payloads are unfolded by json_array_elements: operators such as -> would stumble over one \u0000 in a payload.
CREATE OR REPLACE VIEW pawl.history AS
SELECT j.execution_id,
       x.name                                                                   AS execution,
       d.machine,
       (e.event ->> 'id')::integer                                              AS event_id,
       coalesce((e.event ->> 'prev')::integer, (e.event ->> 'id')::integer - 1) AS previous_event_id,
       j.at,
       e.event ->> 'type'                                                       AS type,
       e.event ->> 'name'                                                       AS state,
       p.list[coalesce(e.event ->> 'input', e.event ->> 'parameters')::integer + 1] AS input,
       p.list[(e.event ->> 'output')::integer + 1]                              AS output,
       e.event ->> 'error'                                                      AS error,
       e.event ->> 'cause'                                                      AS cause,
       e.event                                                                  AS details,
       coalesce((e.event ->> 'frame')::integer, 0)                              AS frame,
       j.seq,
       e.place::integer                                                         AS place,
       (SELECT json_object_agg(a.key, p.list[a.value::integer + 1])
          FROM json_each_text(e.event -> 'assigned') AS a)                      AS assigned
  FROM pawl.journal j
  JOIN pawl.execution x USING (execution_id)
  LEFT JOIN pawl.definition d USING (definition_id)
 CROSS JOIN LATERAL (SELECT array_agg(v.value ORDER BY v.place) AS list
                       FROM json_array_elements(j.payloads) WITH ORDINALITY AS v (value, place)) p
 CROSS JOIN LATERAL json_array_elements(pawl.plain_json(j.events)) WITH ORDINALITY AS e (event, place)
 WHERE e.event ->> 'id' IS NOT NULL;

COMMENT ON VIEW pawl.history IS 'One row an event, numbered as GetExecutionHistory numbers them. Ask by execution (its name) or execution_id, ORDER BY event_id.';
COMMENT ON COLUMN pawl.history.execution_id IS 'The execution''s number.';
COMMENT ON COLUMN pawl.history.execution IS 'The execution''s name, unique within its state machine.';
COMMENT ON COLUMN pawl.history.machine IS 'The state machine that it runs.';
COMMENT ON COLUMN pawl.history.event_id IS 'From 1, without gaps.';
COMMENT ON COLUMN pawl.history.previous_event_id IS 'The event that caused this one; 0: none.';
COMMENT ON COLUMN pawl.history.at IS 'When it was recorded.';
COMMENT ON COLUMN pawl.history.type IS 'TaskStateEntered, LambdaFunctionSucceeded, ...: the words of GetExecutionHistory.';
COMMENT ON COLUMN pawl.history.state IS 'The state that it is about; NULL: the execution, or the event does not say.';
COMMENT ON COLUMN pawl.history.input IS 'What went in; for a scheduled task what it is called with.';
COMMENT ON COLUMN pawl.history.output IS 'What came out.';
COMMENT ON COLUMN pawl.history.error IS 'The error''s name.';
COMMENT ON COLUMN pawl.history.cause IS 'The error''s explanation.';
COMMENT ON COLUMN pawl.history.details IS 'The event as the journal holds it; numbers under input, output, parameters and assigned are places in the row''s payloads.';
COMMENT ON COLUMN pawl.history.frame IS '0: the machine itself; others: branches of Parallel and iterations of Map, numbered as they began.';
COMMENT ON COLUMN pawl.history.seq IS 'The journal row, hence the commit, that recorded it.';
COMMENT ON COLUMN pawl.history.place IS 'Its place in that row, from 1; events of pawl''s own count as well.';
COMMENT ON COLUMN pawl.history.assigned IS 'The variables that the state set as it exited, {"name": value}; NULL: none.';
