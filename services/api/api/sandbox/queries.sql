-- name: load_switch^
SELECT tenant_id, active, name, revision, since FROM sandboxes WHERE tenant_id = :tenant_id;

-- name: load_switches
SELECT tenant_id, active, name, revision, since FROM sandboxes;

-- name: save_switch^
-- The switch as it now is; `since` moves only when it is turned.
INSERT INTO sandboxes AS present (tenant_id, active, name, revision, since)
VALUES (:tenant_id, :active, :name, 1, clock_timestamp())
ON CONFLICT (tenant_id) DO UPDATE SET
    active = excluded.active,
    name = coalesce(excluded.name, present.name),
    revision = present.revision + 1,
    since = CASE WHEN present.active = excluded.active THEN present.since ELSE excluded.since END
RETURNING tenant_id, active, name, revision, since;
