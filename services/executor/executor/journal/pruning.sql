-- Ages go by `statement_timestamp()`: an index is of no use to a condition on `clock_timestamp()`, which may change
-- from row to row.

-- name: prune_runs(older_than_days, at_most)
-- Forget ended runs that began so long ago, with all that belongs to them; says how many rows of each table.
WITH gone AS (
    DELETE FROM runs WHERE run_id = ANY(ARRAY(
        SELECT run_id FROM runs
        WHERE status <> 'running' AND process IS NULL
            AND at < statement_timestamp() - make_interval(days => :older_than_days)
        LIMIT :at_most FOR UPDATE SKIP LOCKED
    )) RETURNING run_id
), entries AS (
    DELETE FROM journal WHERE run_id = ANY(ARRAY(SELECT run_id FROM gone)) RETURNING run_id
), inputs AS (
    DELETE FROM inbox WHERE run_id = ANY(ARRAY(SELECT run_id FROM gone)) RETURNING run_id
), times AS (
    DELETE FROM timers WHERE run_id = ANY(ARRAY(SELECT run_id FROM gone)) RETURNING run_id
), calls AS (
    DELETE FROM calls_put_off WHERE run_id = ANY(ARRAY(SELECT run_id FROM gone)) RETURNING run_id
)
SELECT 'runs' AS name, count(*) AS number FROM gone
UNION ALL SELECT 'journal', count(*) FROM entries
UNION ALL SELECT 'inbox', count(*) FROM inputs
UNION ALL SELECT 'timers', count(*) FROM times
UNION ALL SELECT 'calls_put_off', count(*) FROM calls;

-- name: prune_starts(older_than_days, at_most)$
-- Forget starts that no redelivery can bring back; gives how many.
WITH gone AS (
    DELETE FROM starts WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM starts WHERE at < statement_timestamp() - make_interval(days => :older_than_days)
        LIMIT :at_most FOR UPDATE SKIP LOCKED
    )) RETURNING run_id
)
SELECT count(*) FROM gone;

-- name: prune_chain_places(older_than_days, at_most)$
-- Forget places in chains that have ended long since; gives how many.
WITH gone AS (
    DELETE FROM chain_places WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM chain_places WHERE at < statement_timestamp() - make_interval(days => :older_than_days)
        LIMIT :at_most FOR UPDATE SKIP LOCKED
    )) RETURNING run_id
)
SELECT count(*) FROM gone;

-- name: prune_tried_documents(older_than_days, at_most)$
-- Forget documents that were only tried out, whose runs have ended long since; gives how many.
WITH gone AS (
    DELETE FROM versions WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM versions
        WHERE version < 0 AND seen_at < statement_timestamp() - make_interval(days => :older_than_days)
        LIMIT :at_most FOR UPDATE SKIP LOCKED
    )) RETURNING version
)
SELECT count(*) FROM gone;
