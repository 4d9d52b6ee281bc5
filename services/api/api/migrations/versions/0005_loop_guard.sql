-- Starts that the loop guard refused flag their automation until somebody has taken note of them.

ALTER TABLE automations ADD COLUMN loop_cleared_at timestamptz;
COMMENT ON COLUMN automations.loop_cleared_at IS 'Starts that the loop guard refused up to then flag the automation no more.';

ALTER TABLE skipped_starts ADD COLUMN chain_id text;
COMMENT ON COLUMN skipped_starts.chain_id IS 'The chain of cause and effect that the event belongs to, if anything led to it.';
CREATE INDEX skipped_starts_of_loops ON skipped_starts (tenant_id, automation_id, at, place)
    WHERE reason = 'loop_guard' AND lane = 'live';

-- The runs of a chain, but for the first one, which a person or another system began.
CREATE INDEX runs_of_chain ON runs (chain_id) WHERE depth > 0;
