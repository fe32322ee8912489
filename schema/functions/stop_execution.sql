CREATE OR REPLACE FUNCTION pawl.stop_execution(p_execution_id bigint, p_error text DEFAULT NULL, p_cause text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM pawl.execution WHERE execution_id = p_execution_id AND status = 'RUNNING';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO pawl.inbox (execution_id, command, error, cause)
    VALUES (p_execution_id, 'stop', left(p_error, 256), left(p_cause, 32768));
    NOTIFY pawl_inbox;
    RETURN true;
END $$;
COMMENT ON FUNCTION pawl.stop_execution(bigint, text, text) IS
'Asks the owner of the execution to abort it, once the caller''s transaction commits. False: it does not run (any more).';
