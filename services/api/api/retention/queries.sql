-- name: list_months
-- The partitions of the run history.
SELECT child.relname AS name FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = 'runs'::regclass
ORDER BY child.relname;

-- name: blocks_of_month$
SELECT blocks_of_month(:suffix::text);

-- name: is_month_needed$
-- Whether a run in these blocks of a month has not ended, or not for long.
SELECT is_month_needed(:suffix::text, :first_block::bigint, :until_block::bigint, :before::timestamptz);

-- name: delete_runs_of_month$
-- Delete the runs in these blocks of a month that ended before then, with their steps; gives how many runs.
SELECT delete_runs_of_month(:suffix::text, :first_block::bigint, :until_block::bigint, :before::timestamptz);

-- name: drop_month!
SELECT drop_month(:suffix::text, :wait::text);

-- name: delete_tasks$
-- Delete tasks of runs that are not kept any more.
WITH gone AS (
    DELETE FROM tasks WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM tasks
        WHERE run_started_at < :before::timestamptz
            AND NOT EXISTS (SELECT FROM runs WHERE runs.run_id = tasks.run_id AND runs.started_at = tasks.run_started_at)
        LIMIT :at_most FOR UPDATE SKIP LOCKED
    )) RETURNING task_id
)
SELECT count(*) FROM gone;

-- name: delete_submissions$
-- Delete what was submitted to tasks that are not kept any more.
WITH gone AS (
    DELETE FROM submissions WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM submissions
        WHERE submitted_at < :before::timestamptz AND NOT EXISTS (
            SELECT FROM tasks WHERE tasks.tenant_id = submissions.tenant_id AND tasks.task_id = submissions.task_id
        )
        LIMIT :at_most FOR UPDATE SKIP LOCKED
    )) RETURNING submission_id
)
SELECT count(*) FROM gone;

-- name: delete_cancellations$
-- Delete old requests to cancel.
WITH gone AS (
    DELETE FROM cancellations WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM cancellations WHERE requested_at < :before::timestamptz LIMIT :at_most FOR UPDATE SKIP LOCKED
    )) RETURNING run_id
)
SELECT count(*) FROM gone;

-- name: delete_skipped_starts$
-- Delete old starts that were not accepted.
WITH gone AS (
    DELETE FROM skipped_starts WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM skipped_starts WHERE at < :before::timestamptz LIMIT :at_most FOR UPDATE SKIP LOCKED
    )) RETURNING run_id
)
SELECT count(*) FROM gone;

-- name: delete_notifications$
-- Delete old messages of the inbox.
WITH gone AS (
    DELETE FROM notifications WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM notifications WHERE sent_at < :before::timestamptz LIMIT :at_most FOR UPDATE SKIP LOCKED
    )) RETURNING id
)
SELECT count(*) FROM gone;
