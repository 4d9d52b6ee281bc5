-- name: list_runs
-- Newest first; each filter that is null lets everything through, but for tests, which are only given where asked for.
SELECT
    run_id, started_at, automation_id, version, lane, status, seq, updated_at, ended_at, waiting, error, mode,
    event_id, event_type, object, record_id
FROM runs
WHERE tenant_id = :tenant_id
    AND (:automation_id::text IS NULL OR automation_id = :automation_id::text)
    AND (:before_time::timestamptz IS NULL OR (started_at, run_id) < (:before_time::timestamptz, :before_id::uuid))
    AND (:status::text IS NULL OR status = :status::text)
    AND (:waiting::boolean IS NULL OR (waiting IS NOT NULL AND status = 'running') = :waiting::boolean)
    AND CASE WHEN :mode::text IS NULL THEN mode IS DISTINCT FROM 'test' ELSE mode = :mode::text END
    AND (:since::timestamptz IS NULL OR started_at >= :since::timestamptz)
    AND (:until::timestamptz IS NULL OR started_at < :until::timestamptz)
    AND (:record_id::text IS NULL OR record_id = :record_id::text)
    AND (:object::text IS NULL OR object = :object::text)
ORDER BY started_at DESC, run_id DESC
LIMIT :number;

-- name: list_runs_of_automation
-- The same for one automation, planned for the index of it.
SELECT
    run_id, started_at, automation_id, version, lane, status, seq, updated_at, ended_at, waiting, error, mode,
    event_id, event_type, object, record_id
FROM runs
WHERE tenant_id = :tenant_id
    AND automation_id = :automation_id
    AND (:before_time::timestamptz IS NULL OR (started_at, run_id) < (:before_time::timestamptz, :before_id::uuid))
    AND (:status::text IS NULL OR status = :status::text)
    AND (:waiting::boolean IS NULL OR (waiting IS NOT NULL AND status = 'running') = :waiting::boolean)
    AND CASE WHEN :mode::text IS NULL THEN mode IS DISTINCT FROM 'test' ELSE mode = :mode::text END
    AND (:since::timestamptz IS NULL OR started_at >= :since::timestamptz)
    AND (:until::timestamptz IS NULL OR started_at < :until::timestamptz)
    AND (:record_id::text IS NULL OR record_id = :record_id::text)
    AND (:object::text IS NULL OR object = :object::text)
ORDER BY started_at DESC, run_id DESC
LIMIT :number;

-- name: count_runs
-- How many runs the same filters let through, by status.
SELECT status, count(*) AS number
FROM runs
WHERE tenant_id = :tenant_id
    AND (:automation_id::text IS NULL OR automation_id = :automation_id::text)
    AND (:status::text IS NULL OR status = :status::text)
    AND (:waiting::boolean IS NULL OR (waiting IS NOT NULL AND status = 'running') = :waiting::boolean)
    AND CASE WHEN :mode::text IS NULL THEN mode IS DISTINCT FROM 'test' ELSE mode = :mode::text END
    AND (:since::timestamptz IS NULL OR started_at >= :since::timestamptz)
    AND (:until::timestamptz IS NULL OR started_at < :until::timestamptz)
    AND (:record_id::text IS NULL OR record_id = :record_id::text)
    AND (:object::text IS NULL OR object = :object::text)
GROUP BY status;

-- name: load_run^
SELECT
    run_id, started_at, automation_id, version, lane, status, seq, updated_at, ended_at, waiting, error, mode, cause,
    chain_id, depth, event_id, event_type, object, record_id, event, position, rerun_of
FROM runs
WHERE run_id = :run_id::uuid AND tenant_id = :tenant_id
LIMIT 1;

-- name: load_reruns
-- The runs that repeat a run, the oldest first.
SELECT run_id FROM runs WHERE rerun_of = :run_id::uuid AND tenant_id = :tenant_id ORDER BY started_at, run_id LIMIT 100;

-- name: load_steps
-- Steps of several runs; the months they started in narrow the partitions down.
SELECT
    run_id, path, id, type, name, status, attempts, tries, input, request, output, error, notes, reason,
    step_started_at, step_ended_at
FROM steps
WHERE run_id = ANY(:run_ids::uuid[]) AND started_at BETWEEN :first::timestamptz AND :last::timestamptz
ORDER BY run_id, place, path;

-- name: list_skipped_starts
SELECT
    run_id, automation_id, version, lane, reason, detail, at, event_id, event_type, object, record_id, started_run_id
FROM skipped_starts
WHERE tenant_id = :tenant_id AND automation_id = :automation_id
    AND (:before_time::timestamptz IS NULL OR (at, run_id) < (:before_time::timestamptz, :before_id::uuid))
    AND (:reason::text IS NULL OR reason = :reason::text)
    AND (:started::boolean IS NULL OR (started_run_id IS NOT NULL) = :started::boolean)
ORDER BY at DESC, run_id DESC
LIMIT :number;

-- name: count_skipped_starts
-- How many starts were skipped for each reason, and how many of them can still be started.
SELECT
    reason, count(*) AS number,
    count(*) FILTER (WHERE reason = 'paused' AND lane = 'live' AND started_run_id IS NULL) AS startable
FROM skipped_starts
WHERE tenant_id = :tenant_id AND automation_id = :automation_id
GROUP BY reason
ORDER BY reason;

-- name: load_skipped_start^
-- The start of a run that would have been; what was skipped for several reasons is shown with the first.
SELECT
    run_id, automation_id, version, lane, reason, detail, at, event_id, event_type, object, record_id, started_run_id
FROM skipped_starts
WHERE tenant_id = :tenant_id AND run_id = :run_id::uuid
ORDER BY at, reason
LIMIT 1;

-- name: has_automation$
-- Whether the automation exists, or ever did: history outlives it.
SELECT EXISTS (SELECT FROM automations WHERE tenant_id = :tenant_id AND id = :automation_id);

-- name: load_action_lists
-- The actions of versions, to show what a running run has still before it.
SELECT automation_id, version, document -> 'actions' AS actions
FROM versions
JOIN unnest(:automation_ids::text[], :versions::integer[]) AS wanted (automation_id, version)
    USING (automation_id, version)
WHERE tenant_id = :tenant_id;

-- name: list_recent_event_types
-- Types of the newest events that started a run, or would have.
SELECT DISTINCT event_type FROM (
    (
        SELECT event_type FROM runs
        WHERE tenant_id = :tenant_id AND mode IS DISTINCT FROM 'test'
        ORDER BY started_at DESC LIMIT 1000
    )
    UNION ALL
    (SELECT event_type FROM skipped_starts WHERE tenant_id = :tenant_id LIMIT 1000)
) AS recent WHERE event_type IS NOT NULL;
