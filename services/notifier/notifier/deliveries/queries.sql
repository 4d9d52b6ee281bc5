-- name: claim_deliveries(tenants, keys, run_ids, channels, at)!
-- Note that these messages are about to be sent; a message noted before stays as it is.
INSERT INTO deliveries (tenant_id, key, run_id, channel, claimed_at)
SELECT tenant_id, key, run_id, channel, :at
FROM unnest(:tenants::text[], :keys::text[], :run_ids::text[], :channels::text[]) AS message (tenant_id, key, run_id, channel)
ON CONFLICT (tenant_id, key) DO NOTHING;

-- name: load_settled(tenants, keys)
-- What became of those messages that have an outcome.
SELECT tenant_id, key, result
FROM deliveries
JOIN unnest(:tenants::text[], :keys::text[]) AS message (tenant_id, key) USING (tenant_id, key)
WHERE settled_at IS NOT NULL;

-- name: settle_deliveries(tenants, keys, statuses, results, at)!
-- Keep the outcomes; the first one of a message stands.
UPDATE deliveries
SET settled_at = :at, status = outcome.status, result = outcome.result
FROM unnest(:tenants::text[], :keys::text[], :statuses::text[], :results::jsonb[])
    AS outcome (tenant_id, key, status, result)
WHERE deliveries.tenant_id = outcome.tenant_id AND deliveries.key = outcome.key AND deliveries.settled_at IS NULL;

-- name: begin_delivery(tenant_id, key, sending, at)$
-- Note that a message is being sent now; null where it was begun before, or has an outcome.
UPDATE deliveries SET begun_at = coalesce(begun_at, :at), begun_by = :sending
WHERE tenant_id = :tenant_id AND key = :key AND settled_at IS NULL AND (begun_by IS NULL OR begun_by = :sending)
RETURNING true;
