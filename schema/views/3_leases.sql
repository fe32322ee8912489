CREATE OR REPLACE VIEW pawl.leases AS
SELECT l.slot, l.node, l.epoch, l.acquired_at, h.expires_at, coalesce(h.expires_at > now(), false) AS alive,
       (SELECT count(*) FROM pawl.execution x WHERE x.slot = l.slot AND x.status = 'RUNNING') AS running
  FROM pawl.lease l
  LEFT JOIN pawl.lease_heartbeat h USING (slot);
COMMENT ON VIEW pawl.leases IS 'Which reactor of which pawld owns how much. A lease that is not alive is inherited within seconds while any pawld runs.';
