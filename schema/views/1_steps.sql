-- A visit to a state begins with ...StateEntered in its frame; within it each ...Scheduled (of a Task) or ...Started
-- (of a Parallel or Map) begins an attempt.  What ends the execution ends the attempt under way.
CREATE OR REPLACE VIEW pawl.steps AS
SELECT execution_id, execution, machine,
       min(entered)                                                   AS state,
       min(kind)                                                      AS type,
       attempt,
       min(at)                                                        AS entered_at,
       max(at) FILTER (WHERE ends)                                    AS left_at,
       max(at) FILTER (WHERE ends) - min(at)                          AS duration,
       (array_agg(input ORDER BY event_id) FILTER (WHERE input IS NOT NULL))[1]        AS input,
       (array_agg(output ORDER BY event_id DESC) FILTER (WHERE output IS NOT NULL))[1] AS output,
       (array_agg(error ORDER BY event_id DESC) FILTER (WHERE error IS NOT NULL))[1]   AS error,
       (array_agg(cause ORDER BY event_id DESC) FILTER (WHERE cause IS NOT NULL))[1]   AS cause,
       frame,
       min(event_id)                                                  AS first_event_id,
       (array_agg(assigned) FILTER (WHERE assigned IS NOT NULL))[1]   AS assigned
  FROM (SELECT v.*,
               greatest(count(*) FILTER (WHERE type LIKE '%Scheduled' OR type IN ('ParallelStateStarted', 'MapStateStarted'))
                        OVER (PARTITION BY execution_id, execution, frame, visit ORDER BY event_id), 1)::integer AS attempt,
               first_value(replace(type, 'StateEntered', ''))
                        OVER (PARTITION BY execution_id, execution, frame, visit ORDER BY event_id) AS kind,
               first_value(state)
                        OVER (PARTITION BY execution_id, execution, frame, visit ORDER BY event_id) AS entered,
               type ~ '(Succeeded|Failed|TimedOut|Exited|Aborted)$' AS ends
          FROM (SELECT h.*,
                       count(*) FILTER (WHERE type LIKE '%StateEntered')
                       OVER (PARTITION BY execution_id, execution, frame ORDER BY event_id) AS visit
                  FROM pawl.history h
                 WHERE type NOT LIKE 'MapIteration%') v
         WHERE visit > 0) a
 GROUP BY execution_id, execution, machine, frame, visit, attempt;

COMMENT ON VIEW pawl.steps IS 'One row an attempt of a state: what went in and out, how long it took, how it failed. Ask by execution or execution_id, ORDER BY first_event_id.';
COMMENT ON COLUMN pawl.steps.execution_id IS 'The execution''s number.';
COMMENT ON COLUMN pawl.steps.execution IS 'The execution''s name, unique within its state machine.';
COMMENT ON COLUMN pawl.steps.machine IS 'The state machine that it runs.';
COMMENT ON COLUMN pawl.steps.state IS 'The state''s name.';
COMMENT ON COLUMN pawl.steps.type IS 'Pass, Task, Choice, Wait, Succeed, Fail, Parallel or Map.';
COMMENT ON COLUMN pawl.steps.attempt IS '1 for the first try of a visit to the state; retries count on.';
COMMENT ON COLUMN pawl.steps.entered_at IS 'When the attempt began.';
COMMENT ON COLUMN pawl.steps.left_at IS 'When it ended; NULL while it runs, and where the execution ended outside of it.';
COMMENT ON COLUMN pawl.steps.duration IS 'From the one to the other.';
COMMENT ON COLUMN pawl.steps.input IS 'Of the first attempt the state''s input; of later ones what the task was called with.';
COMMENT ON COLUMN pawl.steps.output IS 'What the state passed on, or what its last event returned.';
COMMENT ON COLUMN pawl.steps.error IS 'How the attempt failed, also when the error was caught; NULL: it did not.';
COMMENT ON COLUMN pawl.steps.cause IS 'The error''s explanation.';
COMMENT ON COLUMN pawl.steps.frame IS '0: the machine itself; others: branches of Parallel and iterations of Map, numbered as they began.';
COMMENT ON COLUMN pawl.steps.first_event_id IS 'The event that began the attempt: the order of the steps.';
COMMENT ON COLUMN pawl.steps.assigned IS 'The variables that the state set, {"name": value}; NULL: none.';
