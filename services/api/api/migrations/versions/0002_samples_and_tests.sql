-- The newest events of each type, as far as they were kept: for people who write conditions.

CREATE TABLE sampled_types (
    tenant_id  text        NOT NULL,
    event_type text        NOT NULL,
    kept       bigint      NOT NULL,
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event_type)
);
COMMENT ON COLUMN sampled_types.kept IS 'Counts every sample ever kept of the type; the next one takes the slot of this number.';

CREATE TABLE samples (
    tenant_id       text        NOT NULL,
    event_type      text        NOT NULL,
    slot            smallint    NOT NULL,
    topic           text        NOT NULL,
    topic_partition integer     NOT NULL,
    topic_offset    bigint      NOT NULL,
    at              timestamptz NOT NULL,
    event           json        NOT NULL,
    PRIMARY KEY (tenant_id, event_type, slot)
) WITH (fillfactor = 70);
COMMENT ON COLUMN samples.slot IS 'The samples of a type take turns in 200 slots, so that the newest replaces the oldest.';
COMMENT ON COLUMN samples.at IS 'When the broker appended the event.';

-- Where the event of a run lies on Kafka, as far as executor says.
ALTER TABLE runs ADD COLUMN position json;

-- A document that is only tried out is no version; its test run carries a number below zero instead.
CREATE SEQUENCE test_versions AS integer INCREMENT -1 MINVALUE -2147483648 MAXVALUE -1 START -1 CYCLE;

-- What a live document listens to and whether it writes: for finding automations that start each other.
ALTER TABLE automations ADD COLUMN listens text[] NOT NULL DEFAULT '{}';
ALTER TABLE automations ADD COLUMN writes boolean NOT NULL DEFAULT false;
UPDATE automations SET
    listens = ARRAY[live_document -> 'trigger' ->> 'event'],
    writes = EXISTS (
        SELECT FROM json_array_elements(live_document -> 'actions') AS action
        WHERE action ->> 'type' IN ('update_field', 'create_task', 'assign_to_queue')
    )
WHERE live_document IS NOT NULL AND json_typeof(live_document -> 'actions') = 'array';
CREATE INDEX automations_that_write ON automations USING gin (listens) WHERE status = 'active' AND writes;
