-- 0002_journal.sql: what happened: executions and their journal.
-- No foreign keys here: these tables take every step, and executions will leave by whole partitions.

CREATE TABLE pawl.execution (
    execution_id     bigint      PRIMARY KEY,
    state_machine_id bigint      NOT NULL,
    definition_id    bigint      NOT NULL,
    name             text        NOT NULL,
    slot             integer,
    status           text        NOT NULL DEFAULT 'RUNNING'
                     CHECK (status IN ('RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED')),
    started_at       timestamptz NOT NULL,
    stopped_at       timestamptz,
    output           json,
    error            text,
    cause            text,
    trace            text
) WITH (fillfactor = 80);  -- room for the one update at the end
ALTER TABLE pawl.execution ALTER COLUMN output SET COMPRESSION lz4;
COMMENT ON TABLE  pawl.execution IS 'One row an execution: inserted at its start, updated at its end, never per step. Read it through pawl.executions.';
COMMENT ON COLUMN pawl.execution.execution_id IS 'Milliseconds since 2020 (41 bits), slot of the reactor that made it (10 bits; 0: made by SQL), counter (12 bits): sorts by start.';
COMMENT ON COLUMN pawl.execution.state_machine_id IS 'What it runs: pawl.state_machine.';
COMMENT ON COLUMN pawl.execution.definition_id IS 'The revision that it keeps to its end: pawl.definition.';
COMMENT ON COLUMN pawl.execution.name IS 'Unique for its state machine; the last part of its ARN.';
COMMENT ON COLUMN pawl.execution.slot IS 'The lease that owns it, or owned it when it ended; NULL: started by SQL and not claimed yet.';
COMMENT ON COLUMN pawl.execution.status IS 'RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.';
COMMENT ON COLUMN pawl.execution.started_at IS 'When it was accepted.';
COMMENT ON COLUMN pawl.execution.stopped_at IS 'When it ended; NULL: it runs.';
COMMENT ON COLUMN pawl.execution.output IS 'When SUCCEEDED. The input is in the journal''s first row.';
COMMENT ON COLUMN pawl.execution.error IS 'The error''s name, when it ended by one.';
COMMENT ON COLUMN pawl.execution.cause IS 'The error''s explanation.';
COMMENT ON COLUMN pawl.execution.trace IS 'traceHeader of StartExecution.';
-- A name is taken once a machine; and people look executions up by name. Made names ascend, so inserts stay local.
CREATE UNIQUE INDEX execution_by_name ON pawl.execution (name, state_machine_id);
-- What a lease owns (adoption), and what still runs.
CREATE INDEX execution_running ON pawl.execution (slot, execution_id) WHERE status = 'RUNNING';
-- The executions of a state machine, newest first.
CREATE INDEX execution_by_machine ON pawl.execution (state_machine_id, execution_id);

CREATE TABLE pawl.journal (
    execution_id bigint      NOT NULL,
    seq          integer     NOT NULL,
    at           timestamptz NOT NULL,
    first_event  integer     NOT NULL,
    event_count  integer     NOT NULL,
    state        text,
    events       json        NOT NULL,
    payloads     json        NOT NULL,
    PRIMARY KEY (execution_id, seq)
);
ALTER TABLE pawl.journal ALTER COLUMN payloads SET COMPRESSION lz4;
ALTER TABLE pawl.journal ALTER COLUMN events SET COMPRESSION lz4;
COMMENT ON TABLE  pawl.journal IS 'What happened: one row for each execution and commit, insert-only. Read it through pawl.history and pawl.steps.';
COMMENT ON COLUMN pawl.journal.execution_id IS 'Whose row it is.';
COMMENT ON COLUMN pawl.journal.seq IS 'From 1. The primary key is a fence of its own: two writers of one seq cannot both commit.';
COMMENT ON COLUMN pawl.journal.at IS 'When all of its events happened.';
COMMENT ON COLUMN pawl.journal.first_event IS 'Number of the first numbered event of the row; 0: it has none.';
COMMENT ON COLUMN pawl.journal.event_count IS 'How many numbered events the row holds.';
COMMENT ON COLUMN pawl.journal.state IS 'The state in which the row leaves the execution.';
COMMENT ON COLUMN pawl.journal.events IS 'Array of small objects: id, type, prev, frame, name, input|output|parameters (index into payloads), error, cause, ... as engine/asl/event.h says.';
COMMENT ON COLUMN pawl.journal.payloads IS 'Each distinct payload of the row once, as it was: json, never jsonb.';
