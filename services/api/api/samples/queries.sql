-- name: save_samples!
-- Each type's samples take its next slots, the newest in the place of the oldest.
WITH fresh AS (
    SELECT *, row_number() OVER (PARTITION BY tenant_id, event_type ORDER BY place) AS number
    FROM unnest(
        :c0::text[], :c1::text[], :c2::text[], :c3::integer[], :c4::bigint[], :c5::timestamptz[], :c6::json[]
    ) WITH ORDINALITY AS given (tenant_id, event_type, topic, topic_partition, topic_offset, at, event, place)
), counted AS (
    INSERT INTO sampled_types AS known (tenant_id, event_type, kept, last_at)
    SELECT tenant_id, event_type, count(*), max(at) FROM fresh GROUP BY tenant_id, event_type
    ORDER BY tenant_id, event_type
    ON CONFLICT (tenant_id, event_type) DO UPDATE SET
        kept = known.kept + excluded.kept, last_at = greatest(known.last_at, excluded.last_at)
    RETURNING tenant_id, event_type, kept
)
INSERT INTO samples (tenant_id, event_type, slot, topic, topic_partition, topic_offset, at, event)
SELECT
    tenant_id, event_type,
    (counted.kept - count(*) OVER (PARTITION BY tenant_id, event_type) + number) % :slots::bigint,
    topic, topic_partition, topic_offset, at, event
FROM fresh JOIN counted USING (tenant_id, event_type)
ON CONFLICT (tenant_id, event_type, slot) DO UPDATE SET
    topic = excluded.topic, topic_partition = excluded.topic_partition, topic_offset = excluded.topic_offset,
    at = excluded.at, event = excluded.event;

-- name: list_sampled_types
SELECT event_type, kept, last_at FROM sampled_types WHERE tenant_id = :tenant_id;

-- name: load_samples
-- The newest samples of these types. A place may be there twice where a process read it again.
SELECT event_type, topic, topic_partition, topic_offset, at, event FROM samples
WHERE tenant_id = :tenant_id AND event_type = ANY(:event_types::text[])
ORDER BY at DESC, topic, topic_partition, topic_offset DESC
LIMIT :number;

-- name: delete_old_samples!
-- Forget types that were silent for as long as Kafka keeps events, and of each tenant all but the newest types.
WITH gone AS (
    DELETE FROM sampled_types WHERE (tenant_id, event_type) IN (
        SELECT tenant_id, event_type FROM (
            SELECT
                tenant_id, event_type, last_at,
                row_number() OVER (PARTITION BY tenant_id ORDER BY last_at DESC) AS place
            FROM sampled_types
        ) AS placed
        WHERE last_at < clock_timestamp() - make_interval(days => :older_than_days) OR place > :most_types
    ) RETURNING tenant_id, event_type
)
DELETE FROM samples USING gone
WHERE samples.tenant_id = gone.tenant_id AND samples.event_type = gone.event_type;
