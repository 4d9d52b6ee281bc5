-- Runs of one automation for one record and lane take turns, in the order of their places. Whether a run holds the turn
-- or is queued for it stands in `turn`: none where it is parked, has ended, or needs none because it has no record. Runs
-- from before this revision have no place, and so come before all others.
CREATE SEQUENCE places;
ALTER TABLE runs ADD COLUMN lane text NOT NULL DEFAULT 'live';
ALTER TABLE runs ADD COLUMN turn text;
ALTER TABLE runs ADD COLUMN place bigint;
ALTER TABLE runs ALTER COLUMN place SET DEFAULT nextval('places');
CREATE UNIQUE INDEX runs_turns ON runs (tenant_id, lane, order_key) WHERE turn = 'held';
CREATE INDEX runs_queued ON runs (tenant_id, lane, order_key, place NULLS FIRST) WHERE turn = 'queued';
