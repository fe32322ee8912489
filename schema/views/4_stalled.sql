-- No silent stall: what a RUNNING execution waits for must be visible here as something that will come.  A frame (the
-- machine, a branch, an iteration) waits while its newest event is one of those that owe an answer or a moment.
CREATE OR REPLACE VIEW pawl.stalled AS
WITH running AS (
    SELECT x.execution_id, x.name AS execution, x.slot, x.started_at
      FROM pawl.execution x
     WHERE x.status = 'RUNNING'
       AND NOT EXISTS (SELECT 1 FROM pawl.inbox i WHERE i.execution_id = x.execution_id AND i.sent_at > now() - interval '1 minute')
), newest AS (
    SELECT DISTINCT ON (r.execution_id, frame) r.execution_id, e.event ->> 'type' AS type, j.at,
           to_timestamp((e.event ->> 'due')::numeric / 1000000) AS due,
           coalesce((e.event ->> 'frame')::integer, 0) AS frame
      FROM running r
      JOIN pawl.journal j USING (execution_id)
     CROSS JOIN LATERAL json_array_elements(j.events) WITH ORDINALITY AS e (event, place)
     ORDER BY r.execution_id, frame, j.seq DESC, e.place DESC
), waiting AS (
    SELECT execution_id,
           count(*) FILTER (WHERE type IN ('TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'LambdaFunctionScheduled',
                                           'LambdaFunctionStarted', 'CallbackHeld', 'WaitScheduled', 'RetryScheduled',
                                           'Yielded')) AS open,
           min(due) FILTER (WHERE type IN ('WaitScheduled', 'RetryScheduled', 'Yielded')) AS due,
           max(at) AS newest
      FROM newest GROUP BY execution_id
)
SELECT r.execution_id, r.execution, s.reason, coalesce(w.newest, r.started_at) AS since
  FROM running r
  LEFT JOIN waiting w USING (execution_id)
  LEFT JOIN pawl.lease_heartbeat h ON h.slot = r.slot
 CROSS JOIN LATERAL (SELECT CASE
       WHEN EXISTS (SELECT 1 FROM pawl.inbox i WHERE i.execution_id = r.execution_id)
                                                           THEN 'a command has waited in the inbox for more than a minute'
       WHEN w.execution_id IS NULL                         THEN 'it has no journal, and no start waits in the inbox'
       WHEN w.open = 0                                     THEN 'nothing is under way for it: no call, token or timer'
       WHEN h.slot IS NULL OR h.expires_at < now() - interval '1 minute'
                                                           THEN 'no living pawld owns it'
       WHEN w.due < now() - interval '1 minute'            THEN 'a timer is more than a minute late'
       END AS reason) s
 WHERE s.reason IS NOT NULL;
COMMENT ON VIEW pawl.stalled IS
'RUNNING executions that nothing will move on, and why: nothing is owed to them, no pawld owns them, a timer or a command is more than a minute late. Empty in a healthy system.
Reads the whole journal of everything that runs: for operators and tests, not for dashboards.';
