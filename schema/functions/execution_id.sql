CREATE OR REPLACE FUNCTION pawl.new_execution_id() RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    -- milliseconds since 2020, slot 0, counter: as reactors make theirs with their own slots
    SELECT ((extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1577836800000) << 22
           | (nextval('pawl.execution_counter') & 4095);
$$;
COMMENT ON FUNCTION pawl.new_execution_id() IS 'An id for an execution that is started by SQL.';

CREATE OR REPLACE FUNCTION pawl.execution_id(p_execution text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_name    text := p_execution;
    v_machine text;
    v_ids     bigint[];
BEGIN
    IF p_execution LIKE 'arn:%:execution:%:%' THEN
        v_machine := split_part(p_execution, ':', 7);
        v_name    := split_part(p_execution, ':', 8);
    END IF;
    SELECT array_agg(x.execution_id) INTO v_ids
      FROM pawl.execution x JOIN pawl.definition d USING (definition_id)
     WHERE x.name = v_name AND (v_machine IS NULL OR d.machine = v_machine);
    IF v_ids IS NULL THEN
        RAISE EXCEPTION 'there is no execution %', p_execution USING ERRCODE = 'no_data_found';
    ELSIF cardinality(v_ids) > 1 THEN
        RAISE EXCEPTION 'several state machines have an execution %: give its ARN', p_execution
              USING ERRCODE = 'too_many_rows';
    END IF;
    RETURN v_ids[1];
END $$;
COMMENT ON FUNCTION pawl.execution_id(text) IS 'The id of the execution with this name or ARN; an error when there is none, or more than one.';
