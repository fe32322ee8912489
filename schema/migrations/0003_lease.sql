-- 0003_lease.sql: who owns what, and wishes to those who own it.

-- Epochs are never used twice, not even by a slot that was given back and taken again.
CREATE SEQUENCE pawl.lease_epoch;
COMMENT ON SEQUENCE pawl.lease_epoch IS 'The source of pawl.lease.epoch.';

CREATE TABLE pawl.lease (
    slot        integer     PRIMARY KEY CHECK (slot BETWEEN 1 AND 1023),
    epoch       bigint      NOT NULL DEFAULT nextval('pawl.lease_epoch'),
    node        text        NOT NULL,
    orphan      boolean     NOT NULL DEFAULT false,
    backends    integer[]   NOT NULL DEFAULT '{}',
    acquired_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10);  -- the row is locked by every commit: keep its page to itself
COMMENT ON TABLE  pawl.lease IS 'One row a reactor that runs, or that died and is being inherited.';
COMMENT ON COLUMN pawl.lease.slot IS 'Part of every execution id that the reactor makes; pawl.execution.slot names it.';
COMMENT ON COLUMN pawl.lease.epoch IS 'Raised by whoever inherits: a commit under an older epoch fails.';
COMMENT ON COLUMN pawl.lease.node IS 'The pawld and reactor that hold it, for people.';
COMMENT ON COLUMN pawl.lease.orphan IS 'Its holder is gone: others adopt its executions, then the row goes.';
COMMENT ON COLUMN pawl.lease.backends IS 'Process ids of the holder''s sessions: those of a holder that stands still are ended when its lease has expired.';
COMMENT ON COLUMN pawl.lease.acquired_at IS 'When the holder took it.';

CREATE TABLE pawl.lease_heartbeat (
    slot       integer     PRIMARY KEY,
    renewed_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 10);
COMMENT ON TABLE  pawl.lease_heartbeat IS 'Until when each lease stands: apart from pawl.lease, so that a heartbeat never waits for a commit.';
COMMENT ON COLUMN pawl.lease_heartbeat.slot IS 'Whose: pawl.lease.';
COMMENT ON COLUMN pawl.lease_heartbeat.renewed_at IS 'The last heartbeat.';
COMMENT ON COLUMN pawl.lease_heartbeat.expires_at IS 'From then on anybody may inherit.';

CREATE TABLE pawl.inbox (
    inbox_id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution_id bigint      NOT NULL,
    command      text        NOT NULL CHECK (command IN ('start', 'stop', 'task_success', 'task_failure', 'task_heartbeat')),
    event_id     integer,
    token        text,
    data         json,
    error        text,
    cause        text,
    sent_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  pawl.inbox IS 'Commands that wait for the reactor that owns their execution; it deletes a row in the transaction that records what came of it.';
COMMENT ON COLUMN pawl.inbox.inbox_id IS 'The order of sending.';
COMMENT ON COLUMN pawl.inbox.execution_id IS 'Whom it is for.';
COMMENT ON COLUMN pawl.inbox.command IS 'start, stop, task_success, task_failure or task_heartbeat.';
COMMENT ON COLUMN pawl.inbox.event_id IS 'Task commands: the attempt, as in its token.';
COMMENT ON COLUMN pawl.inbox.token IS 'Task commands from SQL: the token as given, to be checked by the owner; NULL: it has been checked.';
COMMENT ON COLUMN pawl.inbox.data IS 'start: the input; task_success: the output.';
COMMENT ON COLUMN pawl.inbox.error IS 'stop and task_failure: the error''s name.';
COMMENT ON COLUMN pawl.inbox.cause IS 'stop and task_failure: the explanation.';
COMMENT ON COLUMN pawl.inbox.sent_at IS 'When.';
-- A reactor drains an execution's commands in the order of their sending.
CREATE INDEX inbox_by_execution ON pawl.inbox (execution_id, inbox_id);

CREATE SEQUENCE pawl.execution_counter CYCLE;
COMMENT ON SEQUENCE pawl.execution_counter IS 'The counter in the ids of executions that were started by SQL (slot 0).';
