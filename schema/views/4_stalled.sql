-- No silent stall: what a RUNNING execution waits for must be visible here as something that will come.
-- A frame (the machine, a branch, an iteration) waits while its newest event is one that owes something: an answer,
-- a callback, a moment.  What ends or aborts a frame leaves an event of another kind in it; a frame that waits for
-- its branches owes nothing itself, they do.  Whoever should act on what is owed is the living owner.
CREATE OR REPLACE VIEW pawl.stalled AS
WITH running AS (
    SELECT x.execution_id, x.name AS execution, x.slot, x.started_at, x.wake_at,
           (SELECT min(i.sent_at) FROM pawl.inbox i WHERE i.execution_id = x.execution_id) AS oldest_command
      FROM pawl.execution x
     WHERE x.status = 'RUNNING'
), newest AS (
    SELECT DISTINCT ON (r.execution_id, frame)
           r.execution_id,
           coalesce((e.event ->> 'frame')::integer, 0) AS frame,
           e.event ->> 'type' AS type,
           j.at,
           (e.event ->> 'due')::numeric / 1000000 AS due,
           (e.event ->> 'timeout')::numeric AS timeout
      FROM running r
      JOIN pawl.journal j USING (execution_id)
     CROSS JOIN LATERAL json_array_elements(pawl.plain_json(j.events)) WITH ORDINALITY AS e (event, place)
     WHERE e.event ->> 'type' NOT IN ('TaskStarted', 'LambdaFunctionStarted', 'TaskSubmitted')  -- owe what *Scheduled owes
     ORDER BY r.execution_id, frame, j.seq DESC, e.place DESC
), owed AS (
    SELECT execution_id,
           count(*) FILTER (WHERE type IN ('TaskScheduled', 'LambdaFunctionScheduled', 'CallbackHeld',
                                           'WaitScheduled', 'RetryScheduled', 'Yielded', 'CallWithheld', 'CallReleased')) AS things,
           min(CASE WHEN type IN ('WaitScheduled', 'RetryScheduled', 'Yielded', 'CallWithheld') THEN to_timestamp(due)
                    WHEN type IN ('TaskScheduled', 'LambdaFunctionScheduled') AND timeout < 100000000
                         THEN at + make_interval(secs => timeout::double precision) END) AS earliest,
           max(at) AS newest
      FROM newest GROUP BY execution_id
)
SELECT r.execution_id, r.execution, s.reason, coalesce(o.newest, r.started_at) AS since
  FROM running r
  LEFT JOIN owed o USING (execution_id)
  LEFT JOIN pawl.lease l ON l.slot = r.slot
  LEFT JOIN pawl.lease_heartbeat h ON h.slot = r.slot
 CROSS JOIN LATERAL (SELECT CASE
       WHEN r.oldest_command < now() - interval '1 minute' THEN 'a command has waited in the inbox for more than a minute'
       WHEN r.oldest_command IS NOT NULL                   THEN NULL
       WHEN o.execution_id IS NULL                         THEN 'it has no journal, and no start waits in the inbox'
       WHEN o.things = 0                                   THEN 'nothing is under way for it: no call, token or timer'
       WHEN r.wake_at IS NULL AND (l.slot IS NULL OR coalesce(h.expires_at, l.acquired_at) < now() - interval '1 minute')
                                                           THEN 'no living pawld owns it'
       WHEN o.earliest < now() - interval '1 minute'       THEN 'a timer is more than a minute late'
       WHEN r.wake_at < now() - interval '1 minute'        THEN 'it is parked, and should have been woken more than a minute ago'
       WHEN r.wake_at > o.earliest + interval '1 second'   THEN 'it is parked, and would sleep through its next moment'
       END AS reason) s
 WHERE s.reason IS NOT NULL;

COMMENT ON VIEW pawl.stalled IS
'RUNNING executions that nothing will move on, and why: nothing is owed to them (no call, token or timer), no pawld owns them, a timer or a command is more than a minute late, or it is parked for too long. Empty in a healthy system.
Reads the whole journal of everything that runs: for operators and tests, not for dashboards.';
COMMENT ON COLUMN pawl.stalled.execution_id IS 'The execution''s number.';
COMMENT ON COLUMN pawl.stalled.execution IS 'The execution''s name.';
COMMENT ON COLUMN pawl.stalled.reason IS 'Why nothing will move it on.';
COMMENT ON COLUMN pawl.stalled.since IS 'When it moved last.';
