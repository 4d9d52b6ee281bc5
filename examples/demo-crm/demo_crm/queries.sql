-- name: load_record(type, id)$
-- One record as JSON text.
SELECT record FROM records WHERE type = :type AND id = :id;

-- name: save_record(type, id, record)!
-- Insert a record or replace it; it keeps its number.
INSERT INTO records (type, id, record) VALUES (:type, :id, :record)
ON CONFLICT (type, id) DO UPDATE SET record = excluded.record;

-- name: next_record_number()$
-- The number that the next new record will have.
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'records'), 0) + 1;

-- name: find_records(type, wanted, limit)
-- The newest records of a type whose fields have the wanted texts; `wanted` is a JSON object, empty for all.
SELECT record FROM records
WHERE type = :type
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS want
    WHERE NOT EXISTS (
        SELECT 1 FROM json_each(records.record) AS field
        WHERE field.key = want.key
          AND want.value = CASE field.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'
                                           ELSE CAST(field.value AS TEXT) END))
ORDER BY number DESC
LIMIT :limit;

-- name: count_records(type)$
SELECT count(*) FROM records WHERE type = :type;

-- name: load_queues()
SELECT id, name FROM queues ORDER BY number;

-- name: save_queue(id, name)!
-- A queue that is there keeps its name.
INSERT INTO queues (id, name) VALUES (:id, :name) ON CONFLICT (id) DO NOTHING;

-- name: load_queue_of_record(type, id)$
SELECT queue_id FROM queue_items WHERE record_type = :type AND record_id = :id;

-- name: take_out_of_queue(type, id)!
DELETE FROM queue_items WHERE record_type = :type AND record_id = :id;

-- name: put_into_queue(queue_id, type, id)!
INSERT INTO queue_items (queue_id, record_type, record_id) VALUES (:queue_id, :type, :id);

-- name: count_queue_up_to(type, id)$
-- The place of a record in its queue, from 1.
SELECT count(*) FROM queue_items AS ahead
JOIN queue_items AS item ON item.queue_id = ahead.queue_id AND ahead.number <= item.number
WHERE item.record_type = :type AND item.record_id = :id;

-- name: load_queue_items(queue_id, limit)
SELECT record_type, record_id FROM queue_items WHERE queue_id = :queue_id ORDER BY number LIMIT :limit;

-- name: count_queue_items(queue_id)$
SELECT length FROM queues WHERE id = :queue_id;

-- name: queue_exists(id)$
SELECT count(*) FROM queues WHERE id = :id;

-- name: load_users()
SELECT id, name, email FROM users ORDER BY name;

-- name: load_user(id)^
SELECT id, name, email FROM users WHERE id = :id;

-- name: save_user(id, name, email)!
INSERT INTO users (id, name, email) VALUES (:id, :name, :email) ON CONFLICT (id) DO NOTHING;

-- name: load_answer(key)^
SELECT digest, status, body FROM answers WHERE key = :key;

-- name: save_answer(key, digest, status, body, now)!
INSERT INTO answers (key, digest, status, body, answered_at) VALUES (:key, :digest, :status, :body, :now);

-- name: forget_answers(before)!
DELETE FROM answers WHERE answered_at < :before;

-- name: save_event(key, attributes, data)!
INSERT INTO outbox (key, attributes, data) VALUES (:key, :attributes, :data);

-- name: load_events(limit)
-- The oldest unpublished events, in the order of their changes.
SELECT number, key, attributes, data FROM outbox ORDER BY number LIMIT :limit;

-- name: delete_events_up_to(number)!
DELETE FROM outbox WHERE number <= :number;

-- name: count_events()$
SELECT count(*) FROM outbox;

-- name: save_received(kind, content)!
INSERT INTO received (kind, content) VALUES (:kind, :content);

-- name: load_received(kind, limit)
-- The newest first.
SELECT content FROM received WHERE kind = :kind ORDER BY number DESC LIMIT :limit;

-- name: count_received(kind)$
SELECT count(*) FROM received WHERE kind = :kind;

-- name: delete_received()!
DELETE FROM received;
