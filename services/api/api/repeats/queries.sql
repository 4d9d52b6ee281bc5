-- name: begin_answer^
-- Takes the key for this request: when it is new, a day old, or was taken by a request that never ended.
INSERT INTO kept_answers AS kept (tenant_id, route, key, digest) VALUES (:tenant_id, :route, :key, :digest)
ON CONFLICT (tenant_id, route, key) DO UPDATE SET
    digest = excluded.digest, started_at = excluded.started_at, status = NULL, headers = NULL, body = NULL
WHERE kept.started_at < clock_timestamp() - interval '24 hours'
    OR (kept.status IS NULL AND kept.started_at < clock_timestamp() - interval '1 minute')
RETURNING key;

-- name: load_answer^
SELECT digest, status, headers, body FROM kept_answers WHERE tenant_id = :tenant_id AND route = :route AND key = :key;

-- name: save_answer!
UPDATE kept_answers SET status = :status, headers = :headers, body = :body
WHERE tenant_id = :tenant_id AND route = :route AND key = :key;

-- name: release_key!
DELETE FROM kept_answers WHERE tenant_id = :tenant_id AND route = :route AND key = :key AND status IS NULL;

-- name: delete_old_answers!
DELETE FROM kept_answers WHERE started_at < statement_timestamp() - interval '24 hours';
