CREATE OR REPLACE FUNCTION pawl.start_execution(p_machine text, p_input json DEFAULT '{}', p_name text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_machine pawl.state_machine;
    v_id      bigint := pawl.new_execution_id();
BEGIN
    SELECT * INTO v_machine FROM pawl.state_machine WHERE name = p_machine AND status = 'ACTIVE';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no state machine %', p_machine USING ERRCODE = 'no_data_found';
    ELSIF v_machine.type <> 'STANDARD' THEN
        RAISE EXCEPTION 'state machine % is of type %, and only STANDARD ones are started by SQL', p_machine, v_machine.type
              USING ERRCODE = 'feature_not_supported';
    ELSIF p_name IS NOT NULL AND (length(p_name) NOT BETWEEN 1 AND 80 OR p_name ~ '[][[:space:]<>{}?*"#%\\^|~`$&,;:/[:cntrl:]]') THEN
        RAISE EXCEPTION 'name: 1 to 80 characters without white space, brackets, wildcards and special characters'
              USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pawl.check_payload('input', p_input);
    INSERT INTO pawl.execution (execution_id, state_machine_id, definition_id, name, started_at)
    VALUES (v_id, v_machine.state_machine_id, v_machine.definition_id,
            coalesce(p_name, gen_random_uuid()::text), clock_timestamp());
    INSERT INTO pawl.inbox (execution_id, command, data) VALUES (v_id, 'start', coalesce(p_input, '{}'));
    NOTIFY pawl_inbox;
    RETURN v_id;
END $$;
COMMENT ON FUNCTION pawl.start_execution(text, json, text) IS
'Starts an execution of the state machine of that name, in the caller''s own transaction: it begins when that commits, and never when it rolls back.
Returns its execution_id. Without p_name it gets a UUID. Errors: no such machine, name taken (unique_violation), input above 262,144 bytes.';
