CREATE OR REPLACE FUNCTION pawl.task_token_claim(p_token text, OUT execution_id bigint, OUT event_id integer)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_bytes bytea;
BEGIN
    -- 20 bytes in base64url: execution (8), attempt (4), MAC (8)
    IF (p_token ~ '^[A-Za-z0-9_-]{27}$') IS NOT TRUE THEN
        RAISE EXCEPTION 'Invalid Token: ''Invalid token''' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    v_bytes := decode(translate(p_token, '-_', '+/') || '=', 'base64');
    execution_id := ('x' || encode(substring(v_bytes FROM 1 FOR 8), 'hex'))::bit(64)::bigint;
    event_id     := ('x' || encode(substring(v_bytes FROM 9 FOR 4), 'hex'))::bit(32)::integer;
END $$;
COMMENT ON FUNCTION pawl.task_token_claim(text) IS 'Which attempt of which execution a task token says it is for. Whether that is true the reactor checks.';

CREATE OR REPLACE FUNCTION pawl.task_is_open(p_execution_id bigint, p_event_id integer) RETURNS boolean
LANGUAGE sql STABLE AS $$
    -- An attempt is over when its frame has gone on, or when its answer waits in the inbox already, checked.
    WITH scheduled AS (
        SELECT j.seq, e.place, coalesce((e.event ->> 'frame')::integer, 0) AS frame
          FROM pawl.journal j
         CROSS JOIN LATERAL json_array_elements(pawl.plain_json(j.events)) WITH ORDINALITY AS e (event, place)
         WHERE j.execution_id = p_execution_id
           AND p_event_id BETWEEN j.first_event AND j.first_event + j.event_count - 1
           AND (e.event ->> 'id')::integer = p_event_id)
    SELECT NOT EXISTS (
               SELECT FROM pawl.journal j
                CROSS JOIN LATERAL json_array_elements(pawl.plain_json(j.events)) WITH ORDINALITY AS e (event, place)
                WHERE j.execution_id = p_execution_id AND j.seq >= s.seq
                  AND (j.seq > s.seq OR e.place > s.place)
                  AND coalesce((e.event ->> 'frame')::integer, 0) = s.frame
                  AND e.event ->> 'type' NOT IN ('TaskStarted', 'LambdaFunctionStarted', 'TaskSubmitted',
                                                 'CallWithheld', 'CallReleased'))
       AND NOT EXISTS (
               SELECT FROM pawl.inbox i
                WHERE i.execution_id = p_execution_id AND i.event_id = p_event_id AND i.token IS NULL
                  AND i.command IN ('task_success', 'task_failure'))
      FROM scheduled s;
$$;
COMMENT ON FUNCTION pawl.task_is_open(bigint, integer) IS
'May the attempt of a task that this event scheduled still be answered, as far as the database knows? NULL: there is no such event.';

CREATE OR REPLACE FUNCTION pawl.send_task(p_token text, p_command text, p_data json, p_error text, p_cause text)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_claim record := pawl.task_token_claim(p_token);
BEGIN
    PERFORM 1 FROM pawl.execution WHERE execution_id = v_claim.execution_id AND status = 'RUNNING';
    IF NOT FOUND OR pawl.task_is_open(v_claim.execution_id, v_claim.event_id) IS NOT TRUE THEN
        RETURN false;
    END IF;
    INSERT INTO pawl.inbox (execution_id, command, event_id, data, error, cause, token)
    VALUES (v_claim.execution_id, p_command, v_claim.event_id, p_data, left(p_error, 256), left(p_cause, 32768), p_token);
    NOTIFY pawl_inbox;
    RETURN true;
END $$;
COMMENT ON FUNCTION pawl.send_task(text, text, json, text, text) IS 'What the send_task_ functions have in common. False: nothing waits for the token (any more), as far as the database knows.';

CREATE OR REPLACE FUNCTION pawl.send_task_success(p_token text, p_output json) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pawl.check_payload('output', p_output);
    RETURN pawl.send_task(p_token, 'task_success', coalesce(p_output, 'null'), NULL, NULL);
END $$;
COMMENT ON FUNCTION pawl.send_task_success(text, json) IS
'Completes the task that waits for this token with an output, once the caller''s transaction commits. False: nothing waits for it (any more).';

CREATE OR REPLACE FUNCTION pawl.send_task_failure(p_token text, p_error text DEFAULT NULL, p_cause text DEFAULT NULL) RETURNS boolean
LANGUAGE sql AS $$ SELECT pawl.send_task(p_token, 'task_failure', NULL, p_error, p_cause) $$;
COMMENT ON FUNCTION pawl.send_task_failure(text, text, text) IS 'Fails the task that waits for this token: its Retry and Catch apply.';

CREATE OR REPLACE FUNCTION pawl.send_task_heartbeat(p_token text) RETURNS boolean
LANGUAGE sql AS $$ SELECT pawl.send_task(p_token, 'task_heartbeat', NULL, NULL, NULL) $$;
COMMENT ON FUNCTION pawl.send_task_heartbeat(text) IS 'Says that the work for this token goes on: HeartbeatSeconds begin anew.';
