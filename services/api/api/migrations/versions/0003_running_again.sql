-- Why a step was skipped, how urgent a task is, and which run a run repeats.

ALTER TABLE steps ADD COLUMN reason text;
ALTER TABLE tasks ADD COLUMN priority text;

ALTER TABLE runs ADD COLUMN rerun_of uuid;
COMMENT ON COLUMN runs.rerun_of IS 'The run that this one runs again.';
CREATE INDEX runs_reruns ON runs (rerun_of) WHERE rerun_of IS NOT NULL;

-- What people asked to be cancelled; the run is the judge.
CREATE TABLE cancellations (
    tenant_id    text        NOT NULL,
    run_id       uuid        NOT NULL,
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL,
    reason       text,
    PRIMARY KEY (tenant_id, run_id)
);

-- Skipped starts that were started later.
ALTER TABLE skipped_starts ADD COLUMN place bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE skipped_starts ADD COLUMN started_run_id uuid;
ALTER TABLE skipped_starts ADD COLUMN started_by text;
ALTER TABLE skipped_starts ADD COLUMN started_at timestamptz;
COMMENT ON COLUMN skipped_starts.place IS 'Orders starts that were skipped at one moment by when they were heard of.';
COMMENT ON COLUMN skipped_starts.started_run_id IS 'The run that was started in the place of this one after the pause.';
CREATE INDEX skipped_starts_startable ON skipped_starts (tenant_id, automation_id, at, place)
    WHERE reason = 'paused' AND lane = 'live' AND started_run_id IS NULL;
