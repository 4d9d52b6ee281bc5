-- Rows are found by their age, which is about the order in which they were written.

CREATE INDEX tasks_by_age ON tasks USING brin (run_started_at);
CREATE INDEX submissions_by_age ON submissions USING brin (submitted_at);
CREATE INDEX cancellations_by_age ON cancellations USING brin (requested_at);
CREATE INDEX skipped_starts_by_age ON skipped_starts USING brin (at);
CREATE INDEX notifications_by_age ON notifications USING brin (sent_at);

-- A month of the run history is walked along once, so many blocks of its table at a time, because no index orders it by
-- what is asked here. `suffix` names the month: 2026_03.

CREATE FUNCTION blocks_of_month(suffix text) RETURNS bigint LANGUAGE sql AS $$
    SELECT pg_relation_size(to_regclass('runs_' || suffix)) / current_setting('block_size')::bigint
$$;

-- Whether a run in these blocks has not ended, or not before then.
CREATE FUNCTION is_month_needed(suffix text, first_block bigint, until_block bigint, before timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    is_needed boolean;
BEGIN
    IF to_regclass('runs_' || suffix) IS NULL THEN
        RETURN false; -- another process has dropped it
    END IF;
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %I WHERE ctid >= $1 AND ctid < $2
            AND (status = ''running'' OR coalesce(ended_at, updated_at) >= $3))', 'runs_' || suffix
    ) INTO is_needed USING format('(%s,0)', first_block)::tid, format('(%s,0)', until_block)::tid, before;
    RETURN is_needed;
END
$$;

-- Delete the runs in these blocks that ended before then, with their steps; gives how many runs.
CREATE FUNCTION delete_runs_of_month(suffix text, first_block bigint, until_block bigint, before timestamptz)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
BEGIN
    IF to_regclass('runs_' || suffix) IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format(
        'WITH old AS MATERIALIZED (
            SELECT ctid, run_id FROM %1$I WHERE ctid >= $1 AND ctid < $2
                AND status <> ''running'' AND coalesce(ended_at, updated_at) < $3
            FOR UPDATE SKIP LOCKED
        ), steps AS (
            DELETE FROM %2$I WHERE run_id = ANY(ARRAY(SELECT run_id FROM old))
        ), gone AS (
            DELETE FROM %1$I WHERE ctid = ANY(ARRAY(SELECT ctid FROM old)) RETURNING run_id
        )
        SELECT count(*) FROM gone', 'runs_' || suffix, 'steps_' || suffix
    ) INTO number USING format('(%s,0)', first_block)::tid, format('(%s,0)', until_block)::tid, before;
    RETURN number;
END
$$;

-- Drop a month, unless others read the history for longer than is waited for: whoever comes then waits behind this.
CREATE FUNCTION drop_month(suffix text, wait text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lock_timeout', wait, true);
    EXECUTE format('DROP TABLE IF EXISTS %I, %I', 'runs_' || suffix, 'steps_' || suffix);
END
$$;
