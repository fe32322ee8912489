CREATE OR REPLACE VIEW pawl.leases AS
SELECT l.slot, l.node, l.epoch, l.acquired_at, h.renewed_at, h.expires_at,
       NOT l.orphan AND coalesce(h.expires_at > now(), false) AS alive,
       (SELECT count(*) FROM pawl.execution x WHERE x.slot = l.slot AND x.status = 'RUNNING') AS running
  FROM pawl.lease l
  LEFT JOIN pawl.lease_heartbeat h USING (slot);

COMMENT ON VIEW pawl.leases IS 'Which reactor of which pawld owns how much. A lease that is not alive is inherited within seconds while any pawld runs.';
COMMENT ON COLUMN pawl.leases.slot IS 'Its number: pawl.executions.slot.';
COMMENT ON COLUMN pawl.leases.node IS 'Host, port and process of the pawld, and which of its reactors.';
COMMENT ON COLUMN pawl.leases.epoch IS 'The tenure: commits under an older one fail.';
COMMENT ON COLUMN pawl.leases.acquired_at IS 'When the holder took it.';
COMMENT ON COLUMN pawl.leases.renewed_at IS 'The holder''s last heartbeat.';
COMMENT ON COLUMN pawl.leases.expires_at IS 'From then on anybody may inherit.';
COMMENT ON COLUMN pawl.leases.alive IS 'It has a holder, whose heartbeat is recent.';
COMMENT ON COLUMN pawl.leases.running IS 'Executions that it owns and that run.';
