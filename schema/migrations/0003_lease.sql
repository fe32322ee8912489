-- 0003_lease.sql: who owns what, and wishes to those who own it.

CREATE TABLE pawl.lease (
    slot        integer     PRIMARY KEY CHECK (slot BETWEEN 1 AND 1023),
    epoch       bigint      NOT NULL DEFAULT 1,
    node        text        NOT NULL,
    acquired_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10);  -- the row is locked by every commit: keep its page to itself
COMMENT ON TABLE  pawl.lease IS 'One row a reactor that runs, or that died and is being inherited.';
COMMENT ON COLUMN pawl.lease.epoch IS 'Raised by whoever takes the slot over: a commit under an older epoch fails.';

CREATE TABLE pawl.lease_heartbeat (
    slot       integer     PRIMARY KEY,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 10);
COMMENT ON TABLE pawl.lease_heartbeat IS 'Until when each lease stands: apart from pawl.lease, so that a heartbeat never waits for a commit.';

CREATE TABLE pawl.inbox (
    inbox_id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution_id bigint      NOT NULL,
    command      text        NOT NULL CHECK (command IN ('start', 'stop', 'task_success', 'task_failure', 'task_heartbeat')),
    event_id     integer,
    data         json,
    error        text,
    cause        text,
    sent_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  pawl.inbox IS 'Commands that wait for the reactor that owns their execution; it deletes a row in the transaction that records what came of it.';
COMMENT ON COLUMN pawl.inbox.event_id IS 'Task commands: the attempt, as in its token.';
COMMENT ON COLUMN pawl.inbox.data IS 'start: the input; task_success: the output.';
-- A reactor drains an execution's commands in the order of their sending.
CREATE INDEX inbox_by_execution ON pawl.inbox (execution_id, inbox_id);
