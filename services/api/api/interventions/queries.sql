-- name: save_cancellation^
-- One cancellation of a run is enough; null where somebody asked before.
INSERT INTO cancellations (tenant_id, run_id, requested_by, requested_at, reason)
VALUES (:tenant_id, :run_id::uuid, :requested_by, clock_timestamp(), :reason)
ON CONFLICT (tenant_id, run_id) DO NOTHING
RETURNING requested_at;

-- name: hold_active_version$
-- The live version of an active automation, which cannot be paused before the end of the transaction.
SELECT live_version FROM automations
WHERE tenant_id = :tenant_id AND id = :automation_id AND deleted_at IS NULL AND status = 'active'
FOR SHARE;

-- name: claim_skipped_starts
-- Starts that a pause skipped and nobody has started since, in the order of their events.
SELECT run_id, event FROM skipped_starts
WHERE tenant_id = :tenant_id AND automation_id = :automation_id
    AND reason = 'paused' AND lane = 'live' AND started_run_id IS NULL
    AND (:run_ids::uuid[] IS NULL OR run_id = ANY(:run_ids::uuid[]))
ORDER BY at, place
LIMIT :number
FOR UPDATE;

-- name: mark_started!
UPDATE skipped_starts
SET started_run_id = fresh.started_run_id, started_by = :started_by, started_at = :started_at::timestamptz
FROM unnest(:run_ids::uuid[], :started_run_ids::uuid[]) AS fresh (run_id, started_run_id)
WHERE skipped_starts.tenant_id = :tenant_id AND skipped_starts.run_id = fresh.run_id
    AND skipped_starts.reason = 'paused';

-- name: find_skipped_by_pauses
-- Which of these are starts of the automation that a pause skipped, started since or not.
SELECT run_id FROM skipped_starts
WHERE tenant_id = :tenant_id AND automation_id = :automation_id AND reason = 'paused' AND lane = 'live'
    AND run_id = ANY(:run_ids::uuid[]);

-- name: count_startable$
SELECT count(*) FROM skipped_starts
WHERE tenant_id = :tenant_id AND automation_id = :automation_id
    AND reason = 'paused' AND lane = 'live' AND started_run_id IS NULL;
