CREATE OR REPLACE FUNCTION pawl.task_token_claim(p_token text, OUT execution_id bigint, OUT event_id integer)
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    v_bytes bytea;
BEGIN
    -- 20 bytes in base64url: execution (8), attempt (4), MAC (8)
    IF p_token !~ '^[A-Za-z0-9_-]{27}$' THEN
        RAISE EXCEPTION 'Invalid Token: ''Invalid token''' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    v_bytes := decode(translate(p_token, '-_', '+/') || '=', 'base64');
    execution_id := ('x' || encode(substring(v_bytes FROM 1 FOR 8), 'hex'))::bit(64)::bigint;
    event_id     := ('x' || encode(substring(v_bytes FROM 9 FOR 4), 'hex'))::bit(32)::integer;
END $$;
COMMENT ON FUNCTION pawl.task_token_claim(text) IS 'Which attempt of which execution a task token says it is for. Whether that is true the reactor checks.';

CREATE OR REPLACE FUNCTION pawl.send_task(p_token text, p_command text, p_data json, p_error text, p_cause text)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_claim record := pawl.task_token_claim(p_token);
BEGIN
    PERFORM 1 FROM pawl.execution WHERE execution_id = v_claim.execution_id AND status = 'RUNNING';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO pawl.inbox (execution_id, command, event_id, data, error, cause, token)
    VALUES (v_claim.execution_id, p_command, v_claim.event_id, p_data, left(p_error, 256), left(p_cause, 32768), p_token);
    NOTIFY pawl_inbox;
    RETURN true;
END $$;
COMMENT ON FUNCTION pawl.send_task(text, text, json, text, text) IS 'What the send_task_ functions have in common. False: the execution does not run (any more).';

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
