CREATE OR REPLACE FUNCTION pawl.inbox_drain(p_slot integer, p_epoch bigint, p_limit integer)
RETURNS TABLE (inbox_id bigint, execution_id bigint, command text, event_id integer, data json, error text, cause text,
               token text, definition_id bigint, name text, started_us bigint)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_parked bigint[];  -- executions
BEGIN
    IF NOT EXISTS (SELECT FROM pawl.lease l WHERE l.slot = p_slot AND l.epoch = p_epoch AND NOT l.orphan) THEN
        RETURN;
    END IF;
    -- Executions that SQL has started belong to nobody: whoever comes first takes some.
    WITH pick AS (
        SELECT x.execution_id FROM pawl.execution x
         WHERE x.slot IS NULL AND x.status = 'RUNNING' AND x.wake_at IS NULL
         ORDER BY x.slot, x.wake_at NULLS FIRST, x.execution_id LIMIT p_limit FOR UPDATE SKIP LOCKED)  -- the index's order
    UPDATE pawl.execution x SET slot = p_slot FROM pick p WHERE x.execution_id = p.execution_id;

    -- So do parked ones for which a command has come, if it is among those that are returned below.
    SELECT array_agg(m.execution_id) INTO v_parked
      FROM (SELECT x.execution_id, x.wake_at
              FROM pawl.inbox i,
                   LATERAL (SELECT * FROM pawl.execution WHERE execution_id = i.execution_id OFFSET 0) x
             WHERE x.slot = p_slot OR x.wake_at IS NOT NULL AND x.status = 'RUNNING'
             ORDER BY i.inbox_id LIMIT p_limit) m
     WHERE m.wake_at IS NOT NULL;
    WITH pick AS (
        SELECT x.execution_id FROM pawl.execution x
         WHERE x.execution_id = ANY (v_parked) AND x.wake_at IS NOT NULL AND x.status = 'RUNNING' FOR UPDATE SKIP LOCKED)
    UPDATE pawl.execution x SET slot = p_slot, wake_at = NULL FROM pick p WHERE x.execution_id = p.execution_id;

    -- LATERAL: always from the few commands to their executions.
    RETURN QUERY
    SELECT i.inbox_id, i.execution_id, i.command, i.event_id, i.data, i.error, i.cause, i.token,
           x.definition_id, x.name, (extract(epoch FROM x.started_at) * 1000000)::bigint
      FROM pawl.inbox i,
           LATERAL (SELECT * FROM pawl.execution WHERE execution_id = i.execution_id OFFSET 0) x
     WHERE x.slot = p_slot
     ORDER BY i.inbox_id LIMIT p_limit;
END $$;
COMMENT ON FUNCTION pawl.inbox_drain(integer, bigint, integer) IS
'The commands for the executions of a slot, oldest first; starts and parked executions that are nobody''s are claimed for it. They stay until they are consumed.';

CREATE OR REPLACE FUNCTION pawl.inbox_sweep() RETURNS void
LANGUAGE sql AS $$
    -- Those of living leases are refused by their owners.
    DELETE FROM pawl.inbox i
     WHERE NOT EXISTS (SELECT FROM pawl.execution x
                        WHERE x.execution_id = i.execution_id
                          AND (x.status = 'RUNNING' OR EXISTS (SELECT FROM pawl.lease l WHERE l.slot = x.slot)));
$$;
COMMENT ON FUNCTION pawl.inbox_sweep() IS 'Deletes commands to executions that have ended and whose last owner is gone.';
