-- What reactors ask about their leases.  A slot is held by an advisory lock of the holder's session, which ends with the
-- holder's process, and by a heartbeat, which ends with its attention.  Nothing here decides who may write: the epoch does.

CREATE OR REPLACE FUNCTION pawl.lease_key() RETURNS integer
LANGUAGE sql IMMUTABLE AS $$ SELECT 1885435756 $$;  -- "pawl"; with the slot: an advisory lock
COMMENT ON FUNCTION pawl.lease_key() IS 'The first half of the advisory locks that pawld''s sessions hold; the second is the slot.';

CREATE OR REPLACE FUNCTION pawl.lease_orphan(p_slot integer, p_epoch bigint, p_spare integer[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    -- The holder's sessions may be in the middle of a transaction that will never go on, and hold the row.
    PERFORM pg_terminate_backend(a.pid)
       FROM pawl.lease l JOIN pg_stat_activity a ON a.pid = ANY (l.backends)
      WHERE l.slot = p_slot AND l.epoch = p_epoch AND a.pid <> ALL (p_spare)
        AND a.usename = current_user AND a.backend_start <= l.acquired_at;
    UPDATE pawl.lease l SET epoch = nextval('pawl.lease_epoch'), orphan = true
     WHERE l.slot = p_slot AND l.epoch = p_epoch AND NOT l.orphan;
END $$;
COMMENT ON FUNCTION pawl.lease_orphan(integer, bigint, integer[]) IS
'Ends a tenure: the holder cannot commit any more, and others adopt. Waits for a commit that is under way.';

CREATE OR REPLACE FUNCTION pawl.lease_acquire(p_node text, p_ttl interval, p_backends integer[],
                                              p_old_slot integer, p_old_epoch bigint,
                                              OUT slot integer, OUT epoch bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_slot integer;
BEGIN
    -- What this holder has lost is an orphan at once: it adopts its own executions like anybody else's.
    PERFORM pg_advisory_unlock_all();
    PERFORM pawl.lease_orphan(p_old_slot, p_old_epoch, p_backends);

    FOR v_slot IN SELECT n FROM generate_series(1, 1023) n
                   WHERE NOT EXISTS (SELECT FROM pawl.lease l WHERE l.slot = n) ORDER BY n
    LOOP
        CONTINUE WHEN NOT pg_try_advisory_lock(pawl.lease_key(), v_slot);
        INSERT INTO pawl.lease (slot, node, backends) VALUES (v_slot, p_node, p_backends)
            ON CONFLICT DO NOTHING RETURNING slot, epoch INTO lease_acquire.slot, lease_acquire.epoch;
        IF FOUND THEN
            INSERT INTO pawl.lease_heartbeat (slot, expires_at) VALUES (v_slot, clock_timestamp() + p_ttl)
                ON CONFLICT (slot) DO UPDATE SET renewed_at = now(), expires_at = excluded.expires_at;
            RETURN;
        END IF;
        PERFORM pg_advisory_unlock(pawl.lease_key(), v_slot);
    END LOOP;
    RAISE EXCEPTION 'all 1023 slots are taken' USING ERRCODE = 'configuration_limit_exceeded';
END $$;
COMMENT ON FUNCTION pawl.lease_acquire(text, interval, integer[], integer, bigint) IS
'A free slot and a new epoch for a reactor; the slot that it held before becomes an orphan.';

CREATE OR REPLACE FUNCTION pawl.lease_beat(p_slot integer, p_epoch bigint, p_ttl interval, p_renew boolean,
                                           OUT alive boolean, OUT orphans boolean)
LANGUAGE plpgsql AS $$
BEGIN
    IF p_renew THEN
        UPDATE pawl.lease_heartbeat h SET renewed_at = now(), expires_at = clock_timestamp() + p_ttl
          FROM pawl.lease l WHERE h.slot = p_slot AND l.slot = p_slot AND l.epoch = p_epoch AND NOT l.orphan;
        alive := FOUND;
    ELSE
        alive := EXISTS (SELECT FROM pawl.lease l WHERE l.slot = p_slot AND l.epoch = p_epoch AND NOT l.orphan);
    END IF;
    IF alive THEN
        PERFORM pawl.lease_sweep(p_slot);
        orphans := EXISTS (SELECT FROM pawl.lease l WHERE l.orphan);
    END IF;
END $$;
COMMENT ON FUNCTION pawl.lease_beat(integer, bigint, interval, boolean) IS
'A reactor''s second: does its lease stand (renewed when asked), and is there anything to inherit?';

CREATE OR REPLACE FUNCTION pawl.lease_sweep(p_slot integer) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    v record;
BEGIN
    -- A holder whose session has gone gets two seconds to come back; one that stands still, until its lease expires.
    FOR v IN SELECT l.slot, l.epoch, coalesce(h.expires_at < now(), true) AS expired
               FROM pawl.lease l LEFT JOIN pawl.lease_heartbeat h USING (slot)
              WHERE l.slot <> p_slot AND NOT l.orphan
                AND (h.slot IS NULL OR h.expires_at < now() OR h.renewed_at < now() - interval '2 seconds')
              ORDER BY l.slot
    LOOP
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(pawl.lease_key(), v.slot) AND NOT v.expired;
        PERFORM pawl.lease_orphan(v.slot, v.epoch, '{}');
    END LOOP;

    -- Executions of a slot that nobody knows (a backup that was put back, a hand that slipped).
    INSERT INTO pawl.lease (slot, node, orphan)
    WITH RECURSIVE owner (slot) AS (
        (SELECT x.slot FROM pawl.execution x WHERE x.status = 'RUNNING' AND x.slot > 0 ORDER BY x.slot LIMIT 1)
        UNION ALL
        SELECT (SELECT x.slot FROM pawl.execution x WHERE x.status = 'RUNNING' AND x.slot > o.slot ORDER BY x.slot LIMIT 1)
          FROM owner o WHERE o.slot IS NOT NULL)
    SELECT o.slot, 'unknown', true FROM owner o
     WHERE o.slot BETWEEN 1 AND 1023 AND NOT EXISTS (SELECT FROM pawl.lease l WHERE l.slot = o.slot)
        ON CONFLICT DO NOTHING;
END $$;
COMMENT ON FUNCTION pawl.lease_sweep(integer) IS
'Makes orphans of the slots whose holders are gone, raising their epochs: from then on those cannot commit.';

CREATE OR REPLACE FUNCTION pawl.lease_adopt(p_slot integer, p_epoch bigint, p_limit integer)
RETURNS TABLE (execution_id bigint, definition_id bigint, name text)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_orphan integer;
BEGIN
    IF NOT EXISTS (SELECT FROM pawl.lease l WHERE l.slot = p_slot AND l.epoch = p_epoch AND NOT l.orphan) THEN
        RETURN;
    END IF;
    FOR v_orphan IN SELECT slot FROM pawl.lease WHERE orphan ORDER BY slot LOOP
        RETURN QUERY
        WITH pick AS (
            SELECT x.execution_id FROM pawl.execution x
             WHERE x.slot = v_orphan AND x.status = 'RUNNING'
             ORDER BY x.wake_at NULLS FIRST, x.execution_id LIMIT p_limit FOR UPDATE SKIP LOCKED)  -- the index's order
        UPDATE pawl.execution x SET slot = p_slot FROM pick p
         WHERE x.execution_id = p.execution_id
        RETURNING x.execution_id, x.definition_id, x.name;
        IF FOUND THEN
            RETURN;
        END IF;
        -- Nothing left, unless others are adopting it at this moment.
        WITH empty AS (
            DELETE FROM pawl.lease l WHERE l.slot = v_orphan AND l.orphan
               AND NOT EXISTS (SELECT FROM pawl.execution x WHERE x.slot = v_orphan AND x.status = 'RUNNING')
            RETURNING l.slot)
        DELETE FROM pawl.lease_heartbeat h USING empty e WHERE h.slot = e.slot;
    END LOOP;
END $$;
COMMENT ON FUNCTION pawl.lease_adopt(integer, bigint, integer) IS
'Moves some executions of orphaned slots to this one, and deletes the slots that have none left. No row: there is nothing to adopt.';

CREATE OR REPLACE FUNCTION pawl.lease_release(p_slot integer, p_epoch bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE pawl.lease SET epoch = nextval('pawl.lease_epoch'), orphan = true WHERE slot = p_slot AND epoch = p_epoch;
    IF FOUND AND NOT EXISTS (SELECT FROM pawl.execution WHERE slot = p_slot AND status = 'RUNNING') THEN
        DELETE FROM pawl.lease WHERE slot = p_slot;
        DELETE FROM pawl.lease_heartbeat WHERE slot = p_slot;
    END IF;
    PERFORM pg_advisory_unlock_all();
END $$;
COMMENT ON FUNCTION pawl.lease_release(integer, bigint) IS 'Gives a slot back: others adopt its executions at once.';
