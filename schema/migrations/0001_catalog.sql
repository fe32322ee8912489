-- 0001_catalog.sql: what can run: state machines with their revisions, functions, settings of the database.
-- Schema "pawl" and table pawl.migration are made by pawld before the first migration.

CREATE TABLE pawl.setting (
    name  text PRIMARY KEY,
    value text NOT NULL
);
COMMENT ON TABLE  pawl.setting IS 'Settings of this database, the same for every pawld on it.';
COMMENT ON COLUMN pawl.setting.name IS 'token_key: the secret of task tokens, 32 hexadecimal digits. arn_prefix: how ARNs begin. schema_text: digest of the views and functions that were applied last.';
COMMENT ON COLUMN pawl.setting.value IS 'As text.';
INSERT INTO pawl.setting (name, value)
VALUES ('token_key', replace(gen_random_uuid()::text, '-', '')),
       ('arn_prefix', 'arn:aws:states:us-east-1:000000000000:');

CREATE TABLE pawl.state_machine (
    state_machine_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text        NOT NULL UNIQUE,
    type             text        NOT NULL DEFAULT 'STANDARD' CHECK (type IN ('STANDARD', 'EXPRESS')),
    status           text        NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'DELETING')),
    definition_id    bigint      NOT NULL,  -- no foreign key: both rows are made in one statement
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz,
    options          json        NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE  pawl.state_machine IS 'State machines by name; the text of each revision is in pawl.definition.';
COMMENT ON COLUMN pawl.state_machine.state_machine_id IS 'Never used again: a machine made anew under an old name has another.';
COMMENT ON COLUMN pawl.state_machine.name IS 'The last part of its ARN.';
COMMENT ON COLUMN pawl.state_machine.type IS 'STANDARD or EXPRESS; never changes.';
COMMENT ON COLUMN pawl.state_machine.status IS 'DELETING: it starts nothing any more.';
COMMENT ON COLUMN pawl.state_machine.definition_id IS 'The current revision: what new executions run.';
COMMENT ON COLUMN pawl.state_machine.created_at IS 'When it was made.';
COMMENT ON COLUMN pawl.state_machine.updated_at IS 'When it got its current revision; NULL: with its making.';
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
COMMENT ON COLUMN pawl.definition.definition_id IS 'Ascends with the revisions of a machine.';
COMMENT ON COLUMN pawl.definition.state_machine_id IS 'Whose revision it is, also after the machine is gone.';
COMMENT ON COLUMN pawl.definition.machine IS 'The state machine''s name: executions outlive the row of a deleted machine.';
COMMENT ON COLUMN pawl.definition.revision_id IS 'As the API shows it.';
COMMENT ON COLUMN pawl.definition.role_arn IS 'As given; part of the context object.';
COMMENT ON COLUMN pawl.definition.definition IS 'The definition as it was given: Amazon States Language, byte for byte.';
COMMENT ON COLUMN pawl.definition.created_at IS 'When it was deployed.';
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
COMMENT ON COLUMN pawl.function.name IS 'The last part of its ARN.';
COMMENT ON COLUMN pawl.function.url IS 'Where it is called, by POST.';
COMMENT ON COLUMN pawl.function.headers IS 'Sent with each call: {"Name": "value"}. Secrets.';
COMMENT ON COLUMN pawl.function.timeout_seconds IS 'Longest wait for an answer; a shorter TimeoutSeconds of the task wins.';
COMMENT ON COLUMN pawl.function.max_concurrency IS 'Calls at once from one reactor; 0: no limit.';
COMMENT ON COLUMN pawl.function.updated_at IS 'When it was put last.';
