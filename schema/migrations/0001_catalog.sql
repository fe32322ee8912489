-- 0001_catalog.sql: what can run: state machines with their revisions, functions, settings of the database.
-- Schema "pawl" and table pawl.migration are made by pawld before the first migration.

CREATE TABLE pawl.setting (
    name  text PRIMARY KEY,
    value text NOT NULL
);
COMMENT ON TABLE pawl.setting IS 'Settings of this database, the same for every pawld on it.';
INSERT INTO pawl.setting (name, value)
VALUES ('token_key', replace(gen_random_uuid()::text, '-', ''));  -- 128 bits, hex: the MAC key of task tokens

CREATE TABLE pawl.state_machine (
    state_machine_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text        NOT NULL UNIQUE,
    type             text        NOT NULL DEFAULT 'STANDARD' CHECK (type IN ('STANDARD', 'EXPRESS')),
    status           text        NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'DELETING')),
    definition_id    bigint      NOT NULL,  -- the current revision; no foreign key: made in the same statement
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz,
    options          json        NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE  pawl.state_machine IS 'State machines by name; the text of each revision is in pawl.definition.';
COMMENT ON COLUMN pawl.state_machine.definition_id IS 'The current revision: what new executions run.';
COMMENT ON COLUMN pawl.state_machine.options IS 'loggingConfiguration, tracingConfiguration and encryptionConfiguration as given.';

CREATE TABLE pawl.definition (
    definition_id    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state_machine_id bigint      NOT NULL,
    machine          text        NOT NULL,
    revision_id      uuid        NOT NULL DEFAULT gen_random_uuid(),
    role_arn         text        NOT NULL,
    definition       text        NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  pawl.definition IS 'Every revision of every state machine; never changed, so that running executions keep theirs.';
COMMENT ON COLUMN pawl.definition.definition IS 'The definition as it was given: Amazon States Language, byte for byte.';
COMMENT ON COLUMN pawl.definition.machine IS 'The state machine''s name: executions outlive the row of a deleted machine.';
-- The revisions of a machine, newest first.
CREATE INDEX definition_by_machine ON pawl.definition (state_machine_id, definition_id DESC);

CREATE TABLE pawl.function (
    name            text        PRIMARY KEY,
    url             text        NOT NULL,
    headers         json        NOT NULL DEFAULT '{}',
    timeout_seconds integer     NOT NULL DEFAULT 60 CHECK (timeout_seconds BETWEEN 1 AND 86400),
    max_concurrency integer     NOT NULL DEFAULT 0 CHECK (max_concurrency >= 0),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  pawl.function IS 'The registry: where the function of a Task''s Resource is called.';
COMMENT ON COLUMN pawl.function.headers IS 'Sent with each call: {"Name": "value"}.';
COMMENT ON COLUMN pawl.function.timeout_seconds IS 'Longest wait for an answer; a shorter TimeoutSeconds of the task wins.';
COMMENT ON COLUMN pawl.function.max_concurrency IS 'Calls at once from one reactor; 0: no limit.';
