-- Runs that no process performs and that are not queued for a turn, so that they can be counted.
CREATE INDEX runs_waiting ON runs (run_id) WHERE process IS NULL AND status = 'running' AND turn IS DISTINCT FROM 'queued';
