-- Parked executions are nobody's: here reactors take them.  See migration 0004_parking.sql.

CREATE OR REPLACE FUNCTION pawl.lease_hold(p_slot integer, p_epoch bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM pawl.lease WHERE slot = p_slot AND epoch = p_epoch AND NOT orphan FOR SHARE;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION pawl.lease_hold(integer, bigint) IS
'Does this tenure last? If so, it does until the end of the transaction: whoever wants to raise the epoch waits.';

CREATE OR REPLACE FUNCTION pawl.wake_due(p_slot integer, p_epoch bigint, p_before timestamptz, p_limit integer)
RETURNS SETOF bigint
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pawl.execution x WHERE x.slot IS NULL AND x.status = 'RUNNING' AND x.wake_at < p_before)
       OR NOT pawl.lease_hold(p_slot, p_epoch) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH due AS (
        SELECT x.execution_id FROM pawl.execution x
         WHERE x.slot IS NULL AND x.status = 'RUNNING' AND x.wake_at < p_before
         ORDER BY x.slot, x.wake_at NULLS FIRST LIMIT p_limit FOR UPDATE SKIP LOCKED)  -- the index's order
    UPDATE pawl.execution x SET slot = p_slot, wake_at = NULL FROM due d WHERE x.execution_id = d.execution_id
    RETURNING x.execution_id;
END $$;
COMMENT ON FUNCTION pawl.wake_due(integer, bigint, timestamptz, integer) IS
'Takes some parked executions whose moment is before that. Whoever asks owns them now, and loads them.';

CREATE OR REPLACE FUNCTION pawl.wake_execution(p_slot integer, p_epoch bigint, p_execution_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pawl.execution x
                    WHERE x.execution_id = p_execution_id AND x.wake_at IS NOT NULL AND x.status = 'RUNNING')
       OR NOT pawl.lease_hold(p_slot, p_epoch) THEN
        RETURN false;
    END IF;
    UPDATE pawl.execution x SET slot = p_slot, wake_at = NULL
     WHERE x.execution_id = p_execution_id AND x.wake_at IS NOT NULL AND x.status = 'RUNNING';
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION pawl.wake_execution(integer, bigint, bigint) IS
'Takes an execution, if it is parked. Whoever asks owns it now, and loads it.';
