-- Where calls of runs wait for a place which no process holds. Written when a run is given up, removed when it is
-- taken up.
CREATE TABLE calls_put_off (
    run_id      uuid NOT NULL,
    destination text NOT NULL,                -- host:port
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, destination)
);
CREATE INDEX calls_put_off_by_destination ON calls_put_off (destination, at);
