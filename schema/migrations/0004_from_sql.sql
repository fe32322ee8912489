-- 0004_from_sql.sql: what pawl's SQL functions need to start executions and answer tasks.

CREATE SEQUENCE pawl.execution_counter AS bigint CYCLE;
COMMENT ON SEQUENCE pawl.execution_counter IS 'The counter in the ids of executions that were started by SQL (slot 0).';

ALTER TABLE pawl.inbox ADD COLUMN token text;
COMMENT ON COLUMN pawl.inbox.token IS 'Task commands from SQL: the task token; the reactor checks its MAC before it acts.';
