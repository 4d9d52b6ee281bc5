-- name: save_message<!
-- A message to be sent; its id tells when it was.
INSERT INTO outbox (order_key, topic, key, value) VALUES (:order_key, :topic, :key, :value) RETURNING id;

-- name: claim_order_keys
-- The order keys that this transaction may send; the others are being sent by another process.
SELECT order_key FROM unnest(:order_keys::text[]) AS wanted (order_key)
WHERE pg_try_advisory_xact_lock(hashtextextended('outbox|' || order_key, 0));

-- name: load_messages
-- What waits to be sent; read after the claim, in a statement of its own, so that it sees what the last holder left.
SELECT id, order_key, topic, key, value FROM outbox WHERE order_key = ANY(:order_keys::text[]) ORDER BY id;

-- name: delete_messages!
DELETE FROM outbox WHERE id = ANY(:ids::bigint[]);

-- name: lazy_commit!
-- A mark that is lost in a crash leads to a message sent again, which is harmless.
SET LOCAL synchronous_commit = off;

-- name: load_left_over
-- Order keys whose messages nobody has sent for a while.
SELECT DISTINCT order_key FROM outbox WHERE created_at < clock_timestamp() - make_interval(secs => :age_seconds::float8)
LIMIT 500;
