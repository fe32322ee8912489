-- A visit begins with ...StateEntered in its frame; within it each ...Scheduled (of a Task) or ...Started (of a
-- Parallel or Map) begins an attempt.
CREATE OR REPLACE VIEW pawl.steps AS
SELECT execution_id, execution, machine,
       min(state)                                                     AS state,
       min(kind)                                                      AS type,
       attempt,
       min(at)                                                        AS entered_at,
       max(at) FILTER (WHERE ends)                                    AS left_at,
       max(at) FILTER (WHERE ends) - min(at)                          AS duration,
       (array_agg(coalesce(input, output) ORDER BY event_id)
          FILTER (WHERE type LIKE '%StateEntered' OR type LIKE '%Scheduled'))[1] AS input,
       (array_agg(output ORDER BY event_id DESC) FILTER (WHERE ends AND output IS NOT NULL))[1] AS output,
       (array_agg(error ORDER BY event_id DESC) FILTER (WHERE error IS NOT NULL))[1] AS error,
       (array_agg(cause ORDER BY event_id DESC) FILTER (WHERE cause IS NOT NULL))[1] AS cause,
       frame,
       min(event_id)                                                  AS first_event_id
  FROM (SELECT v.*,
               greatest(count(*) FILTER (WHERE type LIKE '%Scheduled' OR type IN ('ParallelStateStarted', 'MapStateStarted'))
                        OVER (PARTITION BY execution_id, execution, frame, visit ORDER BY event_id), 1)::integer AS attempt,
               first_value(replace(type, 'StateEntered', ''))
                        OVER (PARTITION BY execution_id, execution, frame, visit ORDER BY event_id) AS kind,
               (type ~ '(Succeeded|Failed|TimedOut|Exited|Aborted)$' OR type IN ('FailStateEntered')) AS ends
          FROM (SELECT h.*,
                       count(*) FILTER (WHERE type LIKE '%StateEntered')
                       OVER (PARTITION BY execution_id, execution, frame ORDER BY event_id) AS visit
                  FROM pawl.history h
                 WHERE type NOT LIKE 'Execution%' AND type NOT LIKE 'MapIteration%') v
         WHERE visit > 0) a
 GROUP BY execution_id, execution, machine, frame, visit, attempt;

COMMENT ON VIEW pawl.steps IS 'One row an attempt of a state: what went in and out, how long it took, how it failed. Ask by execution or execution_id, ORDER BY first_event_id.';
COMMENT ON COLUMN pawl.steps.attempt IS '1 for the first try of a visit to the state; retries count on.';
COMMENT ON COLUMN pawl.steps.left_at IS 'NULL while it runs, and where the execution ended within the state.';
COMMENT ON COLUMN pawl.steps.input IS 'Of the first attempt the state''s input; of later ones what the task was called with.';
