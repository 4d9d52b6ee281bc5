-- name: find_key^
SELECT id, tenant_id, name, role FROM api_keys WHERE digest = :digest AND revoked_at IS NULL;

-- name: save_key^
INSERT INTO api_keys (id, tenant_id, name, role, digest, hint, created_by)
VALUES (:id, :tenant_id, :name, :role, :digest, :hint, :created_by)
RETURNING id, name, role, hint, created_at, created_by, revoked_at;

-- name: list_keys
SELECT id, name, role, hint, created_at, created_by, revoked_at FROM api_keys
WHERE tenant_id = :tenant_id
    AND (:before_time::timestamptz IS NULL OR (created_at, id) < (:before_time::timestamptz, :before_id::text))
ORDER BY created_at DESC, id DESC
LIMIT :number;

-- name: revoke_key^
UPDATE api_keys SET revoked_at = coalesce(revoked_at, clock_timestamp())
WHERE tenant_id = :tenant_id AND id = :id
RETURNING id;
