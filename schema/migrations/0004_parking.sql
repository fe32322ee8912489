-- 0004_parking.sql: executions that only wait need not be in memory.
-- A row with wake_at is parked: its owner has written down when it must go on, has given it up and has forgotten it.
-- So it is nobody's (slot is NULL), and no restart need touch it.  Whoever takes it, because its moment is near or a
-- command has come for it, makes it its own and not parked in one statement, and loads it; if that one dies, what
-- became its own is adopted like all else.

ALTER TABLE pawl.execution
    ADD COLUMN wake_at timestamptz,
    ADD CONSTRAINT execution_parked_is_nobodys CHECK (wake_at IS NULL OR slot IS NULL);
COMMENT ON COLUMN pawl.execution.wake_at IS 'Parked: in nobody''s memory until shortly before then (infinity: until a command comes). NULL: not parked.';
COMMENT ON COLUMN pawl.execution.slot IS 'The lease that owns it, or owned it when it ended; NULL: nobody, because it is parked, or was started by SQL and is not claimed yet.';
COMMENT ON TABLE  pawl.execution IS 'One row an execution: inserted at its start, updated when it is parked and at its end, never per step. Read it through pawl.executions.';

-- What a lease owns (adoption); what is nobody's: starts to be claimed, then what is parked, by its moment; and what
-- still runs.  Owned ones have no wake_at.
DROP INDEX pawl.execution_running;
CREATE INDEX execution_running ON pawl.execution (slot, wake_at NULLS FIRST, execution_id) WHERE status = 'RUNNING';
