-- The times that runs wait for which no process holds. They are derived from the runs' states: written when a run is
-- given up, removed when it is taken up.
CREATE TABLE timers (
    run_id uuid NOT NULL,
    key    text NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, key)
);
CREATE INDEX timers_by_time ON timers (due_at);
