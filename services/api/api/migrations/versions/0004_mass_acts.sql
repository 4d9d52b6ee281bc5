-- What people asked of many runs at once, and what became of each run.

CREATE TABLE mass_acts (
    id           uuid        PRIMARY KEY,
    tenant_id    text        NOT NULL,
    act          text        NOT NULL CHECK (act IN ('cancel', 'rerun')),
    reason       text,
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at     timestamptz
);
CREATE INDEX mass_acts_under_way ON mass_acts (requested_at) WHERE ended_at IS NULL;

CREATE TABLE mass_act_runs (
    act_id     uuid    NOT NULL REFERENCES mass_acts ON DELETE CASCADE,
    place      integer NOT NULL,
    run_id     uuid    NOT NULL,
    state      text    NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'asked', 'done', 'failed')),
    new_run_id uuid,
    detail     text,
    PRIMARY KEY (act_id, place)
);
COMMENT ON TABLE mass_act_runs IS 'Written down when the act is asked for, so that its total is true from then on.';
COMMENT ON COLUMN mass_act_runs.state IS 'asked: executor was told; done and failed are said by the history.';
COMMENT ON COLUMN mass_act_runs.new_run_id IS 'The run that a rerun begins.';
CREATE INDEX mass_act_runs_open ON mass_act_runs (act_id, state, place) WHERE state IN ('waiting', 'asked');

ALTER TABLE steps ADD COLUMN tries json;
COMMENT ON COLUMN steps.tries IS 'When attempts of a step that was tried again began and failed; a name''s last value counts.';
