-- name: save_act^
INSERT INTO mass_acts (id, tenant_id, act, reason, requested_by)
VALUES (:id::uuid, :tenant_id, :act, :reason, :requested_by)
RETURNING id;

-- name: save_matching_runs$
-- Writes down which runs match and can be acted on, the oldest first, up to a number; returns how many these are.
WITH matching AS (
    SELECT run_id, started_at
    FROM runs
    WHERE tenant_id = :tenant_id
        AND CASE WHEN :act::text = 'cancel' THEN status = 'running' ELSE status <> 'running' END
        AND (:automation_id::text IS NULL OR automation_id = :automation_id::text)
        AND (:status::text IS NULL OR status = :status::text)
        AND (:waiting::boolean IS NULL OR (waiting IS NOT NULL AND status = 'running') = :waiting::boolean)
        AND mode IS DISTINCT FROM 'test'
        AND (:mode::text IS NULL OR mode = :mode::text)
        AND (:since::timestamptz IS NULL OR started_at >= :since::timestamptz)
        AND (:until::timestamptz IS NULL OR started_at < :until::timestamptz)
        AND (:record_id::text IS NULL OR record_id = :record_id::text)
        AND (:object::text IS NULL OR object = :object::text)
    ORDER BY started_at, run_id
    LIMIT :number
), saved AS (
    INSERT INTO mass_act_runs (act_id, place, run_id)
    SELECT :id::uuid, row_number() OVER (ORDER BY started_at, run_id), run_id FROM matching
    RETURNING place
)
SELECT count(*) FROM saved;

-- name: save_named_runs$
-- Writes down the runs that are named, the oldest first; returns how many of them there are.
WITH saved AS (
    INSERT INTO mass_act_runs (act_id, place, run_id)
    SELECT :id::uuid, row_number() OVER (ORDER BY started_at, run_id), run_id
    FROM runs WHERE run_id = ANY(:run_ids::uuid[]) AND tenant_id = :tenant_id
    RETURNING place
)
SELECT count(*) FROM saved;

-- name: find_runs
-- Which of these are runs of the tenant.
SELECT run_id FROM runs WHERE run_id = ANY(:run_ids::uuid[]) AND tenant_id = :tenant_id;

-- name: load_act^
SELECT
    mass_acts.id, act, reason, requested_by, requested_at, ended_at,
    count(state) AS total,
    count(state) FILTER (WHERE state = 'done') AS done,
    count(state) FILTER (WHERE state = 'failed') AS failed
FROM mass_acts LEFT JOIN mass_act_runs ON act_id = mass_acts.id
WHERE mass_acts.id = :id::uuid AND tenant_id = :tenant_id
GROUP BY mass_acts.id;

-- name: load_failures
SELECT run_id, detail FROM mass_act_runs
WHERE act_id = :id::uuid AND state = 'failed' ORDER BY place LIMIT :number;

-- name: list_acts_under_way
SELECT id FROM mass_acts WHERE ended_at IS NULL ORDER BY requested_at, id;

-- name: hold_act^
-- An act under way that no other process works on; it is held until the end of the transaction.
SELECT id, tenant_id, act, reason, requested_by FROM mass_acts
WHERE id = :id::uuid AND ended_at IS NULL
FOR UPDATE SKIP LOCKED;

-- name: settle_cancelled!
-- What became of the runs that were asked to end.
UPDATE mass_act_runs AS item
SET state = CASE runs.status WHEN 'cancelled' THEN 'done' ELSE 'failed' END,
    detail = CASE runs.status WHEN 'cancelled' THEN NULL ELSE 'It ended by itself before: ' || runs.status || '.' END
FROM runs
WHERE item.act_id = :id::uuid AND item.state = 'asked'
    AND runs.run_id = item.run_id AND runs.tenant_id = :tenant_id AND runs.status <> 'running';

-- name: settle_begun!
-- The runs that have begun in the place of those that were to be run again.
UPDATE mass_act_runs AS item SET state = 'done'
FROM runs
WHERE item.act_id = :id::uuid AND item.state = 'asked'
    AND runs.run_id = item.new_run_id AND runs.tenant_id = :tenant_id;

-- name: load_refused_starts
-- The starts of new runs that executor skipped.
SELECT item.place, skipped.reason, skipped.detail
FROM mass_act_runs AS item
JOIN skipped_starts AS skipped ON skipped.run_id = item.new_run_id AND skipped.tenant_id = :tenant_id
WHERE item.act_id = :id::uuid AND item.state = 'asked';

-- name: load_waiting
-- The next runs to act on, with their present status.
SELECT item.place, item.run_id, runs.status
FROM mass_act_runs AS item
LEFT JOIN runs ON runs.run_id = item.run_id AND runs.tenant_id = :tenant_id
WHERE item.act_id = :id::uuid AND item.state = 'waiting'
ORDER BY item.place
LIMIT :number;

-- name: mark_runs!
UPDATE mass_act_runs AS item
SET state = fresh.state, new_run_id = fresh.new_run_id, detail = fresh.detail
FROM unnest(:places::integer[], :states::text[], :new_run_ids::uuid[], :details::text[])
    AS fresh (place, state, new_run_id, detail)
WHERE item.act_id = :id::uuid AND item.place = fresh.place;

-- name: count_open^
SELECT
    count(*) FILTER (WHERE state = 'waiting') AS waiting,
    count(*) FILTER (WHERE state = 'asked') AS asked
FROM mass_act_runs WHERE act_id = :id::uuid AND state IN ('waiting', 'asked');

-- name: end_act!
UPDATE mass_acts SET ended_at = clock_timestamp() WHERE id = :id::uuid;

-- name: delete_old_acts!
DELETE FROM mass_acts WHERE ended_at < clock_timestamp() - make_interval(days => :days);
