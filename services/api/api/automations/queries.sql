-- name: load_now$
SELECT clock_timestamp();

-- name: load_automation^
SELECT * FROM automations WHERE tenant_id = :tenant_id AND id = :id AND deleted_at IS NULL;

-- name: lock_automation^
-- The automation, held until the end of the transaction, and the moment of the change.
SELECT *, clock_timestamp() AS now FROM automations
WHERE tenant_id = :tenant_id AND id = :id AND deleted_at IS NULL
FOR UPDATE;

-- name: insert_automation!
INSERT INTO automations (
    tenant_id, id, name, search_text, tags, status, active_since, revision, edition, last_version, live_version,
    live_document, sandbox_version, sandbox_document, sandbox_status, sandbox_active_since, draft_document,
    draft_updated_at, created_at, updated_at, listens, writes
) VALUES (
    :tenant_id, :id, :name, :search_text, :tags, :status, :active_since, :revision, :edition, :last_version,
    :live_version, :live_document, :sandbox_version, :sandbox_document, :sandbox_status, :sandbox_active_since,
    :draft_document, :draft_updated_at, :created_at, :updated_at, :listens, :writes
);

-- name: update_automation!
UPDATE automations SET
    name = :name, search_text = :search_text, tags = :tags, status = :status, active_since = :active_since,
    revision = :revision, edition = :edition, last_version = :last_version, live_version = :live_version,
    live_document = :live_document, sandbox_version = :sandbox_version, sandbox_document = :sandbox_document,
    sandbox_status = :sandbox_status, sandbox_active_since = :sandbox_active_since, draft_document = :draft_document,
    draft_updated_at = :draft_updated_at, created_at = :created_at, updated_at = :updated_at, listens = :listens,
    writes = :writes,
    loop_cleared_at = CASE WHEN :clears_loop_flag THEN :updated_at ELSE loop_cleared_at END
WHERE tenant_id = :tenant_id AND id = :id;

-- name: insert_version!
INSERT INTO versions (tenant_id, automation_id, version, environment, document, created_at, created_by)
VALUES (:tenant_id, :automation_id, :version, :environment, :document, :created_at, :created_by);

-- name: mark_deleted!
UPDATE automations
SET deleted_at = clock_timestamp(), revision = revision + 1, live_document = NULL, live_version = NULL,
    sandbox_document = NULL, sandbox_version = NULL, draft_document = NULL
WHERE tenant_id = :tenant_id AND id = :id;

-- name: list_automations
-- Newest first; each filter that is null lets everything through.
SELECT * FROM automations
WHERE tenant_id = :tenant_id AND deleted_at IS NULL
    AND (:before_time::timestamptz IS NULL OR (created_at, id) < (:before_time::timestamptz, :before_id::text))
    AND (:status::text IS NULL OR CASE WHEN live_version IS NULL THEN sandbox_status ELSE status END = :status::text)
    AND (:tag::text IS NULL OR :tag::text = ANY(tags))
    AND (:words::text IS NULL OR position(lower(:words::text) IN search_text) > 0)
    AND (:in_sandbox::boolean IS NULL OR (sandbox_version IS NOT NULL) = :in_sandbox::boolean)
ORDER BY created_at DESC, id DESC
LIMIT :number;

-- name: list_versions
SELECT version, environment, created_at, created_by FROM versions
WHERE tenant_id = :tenant_id AND automation_id = :automation_id
    AND (:before_version::integer IS NULL OR version < :before_version::integer)
ORDER BY version DESC
LIMIT :number;

-- name: load_version^
SELECT version, environment, document, created_at FROM versions
WHERE tenant_id = :tenant_id AND automation_id = :automation_id AND version = :version;

-- name: load_figures
-- Of each automation: its last run, live runs of seven days and how they ended, and runs that wait.
SELECT
    wanted.id, last_run.run_id, last_run.status, last_run.started_at, last_run.mode, last_run.waits, week.started, week.completed,
    week.ended, waiting.number AS waiting
FROM unnest(:ids::text[]) AS wanted (id)
LEFT JOIN LATERAL (
    SELECT run_id, status, started_at, mode, status = 'running' AND waiting IS NOT NULL AS waits FROM runs
    WHERE tenant_id = :tenant_id AND automation_id = wanted.id AND mode IS DISTINCT FROM 'test'
    ORDER BY started_at DESC, run_id DESC LIMIT 1
) AS last_run ON true
CROSS JOIN LATERAL (
    SELECT
        count(*) AS started,
        count(*) FILTER (WHERE status = 'completed') AS completed,
        count(*) FILTER (WHERE status <> 'running') AS ended
    FROM runs
    WHERE tenant_id = :tenant_id AND automation_id = wanted.id AND lane = 'live'
        AND started_at > statement_timestamp() - interval '7 days'
) AS week
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM runs
    WHERE tenant_id = :tenant_id AND automation_id = wanted.id AND waiting IS NOT NULL AND status = 'running'
        AND mode IS DISTINCT FROM 'test'
) AS waiting;

-- name: load_revisions
-- What the definitions topic should hold, of every automation that ever was.
SELECT tenant_id, id, revision, deleted_at IS NOT NULL AS deleted FROM automations;

-- name: load_writing
-- Active automations that write and listen to one of these types or patterns; the newest where there are many.
SELECT id, live_document FROM automations
WHERE status = 'active' AND writes AND listens && :patterns::text[]
    AND tenant_id = :tenant_id AND deleted_at IS NULL AND live_document IS NOT NULL AND NOT id = ANY(:known::text[])
ORDER BY created_at DESC
LIMIT :number;

-- name: list_event_types
-- Event types and patterns that definitions name, one by one or in a list.
SELECT DISTINCT event FROM (
    SELECT live_document -> 'trigger' -> 'event' AS events FROM automations
    WHERE tenant_id = :tenant_id AND deleted_at IS NULL
    UNION ALL
    SELECT sandbox_document -> 'trigger' -> 'event' FROM automations
    WHERE tenant_id = :tenant_id AND deleted_at IS NULL
) AS named
CROSS JOIN LATERAL json_array_elements_text(
    CASE json_typeof(events) WHEN 'array' THEN events ELSE json_build_array(events) END
) AS each (event)
WHERE event IS NOT NULL;

-- name: load_loop_flags
-- Of those automations whose live starts the loop guard has refused since it was last taken note of.
SELECT automations.id, refused.since, refused.last_at, refused.number, latest.detail, latest.chain_id
FROM automations
CROSS JOIN LATERAL (
    SELECT min(at) AS since, max(at) AS last_at, count(*) AS number FROM skipped_starts
    WHERE skipped_starts.tenant_id = :tenant_id AND automation_id = automations.id
        AND reason = 'loop_guard' AND lane = 'live' AND at > coalesce(loop_cleared_at, '-infinity')
) AS refused
CROSS JOIN LATERAL (
    SELECT detail, chain_id FROM skipped_starts
    WHERE skipped_starts.tenant_id = :tenant_id AND automation_id = automations.id
        AND reason = 'loop_guard' AND lane = 'live' AND at > coalesce(loop_cleared_at, '-infinity')
    ORDER BY at DESC, place DESC LIMIT 1
) AS latest
WHERE automations.tenant_id = :tenant_id AND automations.id = ANY(:ids::text[]);

-- name: load_chains
-- The runs of chains, from the beginning. A chain is named after its first run, or after the task with whose completion
-- a person began it.
SELECT wanted.chain_id, run.run_id, run.automation_id, automations.name, run.depth
FROM unnest(:chain_ids::text[], :first_runs::uuid[]) AS wanted (chain_id, first_run)
CROSS JOIN LATERAL (
    (SELECT run_id, automation_id, 0 AS depth, started_at FROM runs
     WHERE runs.tenant_id = :tenant_id AND run_id = wanted.first_run)
    UNION ALL
    (SELECT run_id, runs.automation_id, 0, started_at FROM tasks JOIN runs USING (run_id)
     WHERE tasks.tenant_id = :tenant_id AND task_id = wanted.chain_id)
    UNION ALL
    (SELECT run_id, automation_id, depth, started_at FROM runs
     WHERE runs.tenant_id = :tenant_id AND chain_id = wanted.chain_id AND depth > 0
     ORDER BY depth, started_at LIMIT 20)
) AS run
LEFT JOIN automations ON automations.tenant_id = :tenant_id AND automations.id = run.automation_id
ORDER BY wanted.chain_id, run.depth, run.started_at;

-- name: dismiss_loop_flag!
UPDATE automations SET loop_cleared_at = clock_timestamp() WHERE tenant_id = :tenant_id AND id = :id;
