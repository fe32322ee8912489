-- Payloads are unfolded by json_array_elements: operators such as -> would stumble over one \u0000 in a payload.
CREATE OR REPLACE VIEW pawl.history AS
SELECT j.execution_id,
       x.name                                                        AS execution,
       d.machine,
       (e.event ->> 'id')::integer                                   AS event_id,
       coalesce((e.event ->> 'prev')::integer, (e.event ->> 'id')::integer - 1) AS previous_event_id,
       j.at,
       e.event ->> 'type'                                            AS type,
       e.event ->> 'name'                                            AS state,
       p.list[(e.event ->> 'input')::integer + 1]                    AS input,
       p.list[coalesce(e.event ->> 'output', e.event ->> 'parameters')::integer + 1] AS output,
       e.event ->> 'error'                                           AS error,
       e.event ->> 'cause'                                           AS cause,
       coalesce((e.event ->> 'frame')::integer, 0)                   AS frame,
       j.seq,
       e.place::integer                                              AS place,
       e.event                                                       AS details
  FROM pawl.journal j
  JOIN pawl.execution x USING (execution_id)
  JOIN pawl.definition d USING (definition_id)
 CROSS JOIN LATERAL (SELECT array_agg(v.value ORDER BY v.place) AS list
                       FROM json_array_elements(j.payloads) WITH ORDINALITY AS v (value, place)) p
 CROSS JOIN LATERAL json_array_elements(j.events) WITH ORDINALITY AS e (event, place)
 WHERE e.event ->> 'id' IS NOT NULL;

COMMENT ON VIEW pawl.history IS 'One row an event, numbered as GetExecutionHistory numbers them. Ask by execution (its name) or execution_id, ORDER BY event_id.';
COMMENT ON COLUMN pawl.history.previous_event_id IS 'The event that caused this one; 0: none.';
COMMENT ON COLUMN pawl.history.output IS 'The output, or the parameters with which a task was scheduled.';
COMMENT ON COLUMN pawl.history.frame IS '0: the machine itself; others: branches of Parallel and iterations of Map, numbered as they began.';
COMMENT ON COLUMN pawl.history.seq IS 'The journal row, hence the commit, that recorded it; place is its place there.';
COMMENT ON COLUMN pawl.history.details IS 'The event as the journal holds it; numbers under input, output and parameters are places in the row''s payloads.';
