-- When the broker took the event of a live start that the loop guard counts; none of others.
ALTER TABLE runs ADD COLUMN appended_at timestamptz;
CREATE INDEX runs_by_event ON runs USING brin (appended_at);

-- One row per automation and record in a chain of cause and effect, with the start that has the place.
CREATE TABLE chain_places (
    key    uuid PRIMARY KEY,
    run_id uuid NOT NULL,
    at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX chain_places_by_time ON chain_places USING brin (at);
