-- name: enter_runs!
-- Runs that are new, unless their facts came before: then this fails.
INSERT INTO runs (
    run_id, started_at, tenant_id, automation_id, version, lane, status, seq, updated_at, ended_at, waiting, error,
    mode, cause, chain_id, depth, event_id, event_type, object, record_id, event, position, rerun_of
)
SELECT * FROM unnest(:rows::run_row[]);

-- name: enter_steps!
-- The same for their steps.
INSERT INTO steps (
    run_id, started_at, path, id, type, status, seq, place, attempts, name, input, request, output, error, notes, reason,
    step_started_at, step_ended_at, tries
)
SELECT * FROM unnest(:rows::step_row[]);

-- name: save_runs!
INSERT INTO runs (
    run_id, started_at, tenant_id, automation_id, version, lane, status, seq, updated_at, ended_at, waiting, error,
    mode, cause, chain_id, depth, event_id, event_type, object, record_id, event, position, rerun_of
)
SELECT * FROM unnest(:rows::run_row[])
ON CONFLICT (run_id, started_at) DO UPDATE SET
    status = excluded.status,
    seq = excluded.seq,
    updated_at = excluded.updated_at,
    ended_at = coalesce(excluded.ended_at, runs.ended_at),
    waiting = excluded.waiting,
    error = coalesce(excluded.error, runs.error),
    mode = coalesce(excluded.mode, runs.mode),
    cause = coalesce(excluded.cause, runs.cause),
    chain_id = coalesce(excluded.chain_id, runs.chain_id),
    depth = coalesce(excluded.depth, runs.depth),
    event_id = coalesce(excluded.event_id, runs.event_id),
    event_type = coalesce(excluded.event_type, runs.event_type),
    object = coalesce(excluded.object, runs.object),
    record_id = coalesce(excluded.record_id, runs.record_id),
    event = coalesce(excluded.event, runs.event),
    position = coalesce(excluded.position, runs.position),
    rerun_of = coalesce(excluded.rerun_of, runs.rerun_of)
WHERE runs.seq < excluded.seq;

-- name: save_steps!
INSERT INTO steps (
    run_id, started_at, path, id, type, status, seq, place, attempts, name, input, request, output, error, notes, reason,
    step_started_at, step_ended_at, tries
)
SELECT * FROM unnest(:rows::step_row[])
ON CONFLICT (run_id, path, started_at) DO UPDATE SET
    status = excluded.status,
    seq = excluded.seq,
    attempts = greatest(excluded.attempts, steps.attempts),
    name = coalesce(excluded.name, steps.name),
    input = coalesce(excluded.input, steps.input),
    request = coalesce(excluded.request, steps.request),
    output = coalesce(excluded.output, steps.output),
    error = coalesce(excluded.error, steps.error),
    notes = coalesce(excluded.notes, steps.notes),
    reason = coalesce(excluded.reason, steps.reason),
    step_started_at = coalesce(excluded.step_started_at, steps.step_started_at),
    step_ended_at = coalesce(excluded.step_ended_at, steps.step_ended_at),
    tries = CASE
        WHEN steps.tries IS NULL OR excluded.tries IS NULL THEN coalesce(steps.tries, excluded.tries)
        ELSE (left(steps.tries::text, -1) || ',' || substr(excluded.tries::text, 2))::json
    END
WHERE steps.seq < excluded.seq;

-- name: save_tasks!
INSERT INTO tasks (
    tenant_id, task_id, run_id, run_started_at, automation_id, path, status, seq, title, instructions, assignee, groups,
    form, due_at, priority, opened_at, changed_at
)
SELECT
    tenant_id, task_id, run_id, run_started_at, automation_id, path, status, seq, title, instructions, assignee, groups,
    form, due_at, priority, coalesce(opened_at, changed_at), changed_at
FROM unnest(
    :c0::text[], :c1::text[], :c2::uuid[], :c3::timestamptz[], :c4::text[], :c5::text[], :c6::text[], :c7::bigint[],
    :c8::text[], :c9::text[], :c10::text[], :c11::json[], :c12::json[], :c13::timestamptz[], :c14::text[],
    :c15::timestamptz[], :c16::timestamptz[]
) AS fresh (
    tenant_id, task_id, run_id, run_started_at, automation_id, path, status, seq, title, instructions, assignee, groups,
    form, due_at, priority, opened_at, changed_at
)
ON CONFLICT (tenant_id, task_id) DO UPDATE SET
    status = excluded.status,
    seq = excluded.seq,
    title = coalesce(excluded.title, tasks.title),
    instructions = coalesce(excluded.instructions, tasks.instructions),
    assignee = coalesce(excluded.assignee, tasks.assignee),
    groups = coalesce(excluded.groups, tasks.groups),
    form = coalesce(excluded.form, tasks.form),
    due_at = coalesce(excluded.due_at, tasks.due_at),
    priority = coalesce(excluded.priority, tasks.priority),
    changed_at = excluded.changed_at
WHERE tasks.seq < excluded.seq;

-- name: save_verdicts!
-- What runs say of submissions; a refused one no longer occupies its task.
UPDATE submissions SET accepted = judged.accepted, reason = judged.reason
FROM unnest(:c0::text[], :c1::boolean[], :c2::text[]) AS judged (submission_id, accepted, reason)
WHERE submissions.submission_id = judged.submission_id AND submissions.accepted IS NULL;

-- name: save_skipped_starts!
INSERT INTO skipped_starts (
    tenant_id, run_id, automation_id, version, lane, reason, detail, at, event_id, event_type, object, record_id, event,
    chain_id
)
SELECT * FROM unnest(
    :c0::text[], :c1::uuid[], :c2::text[], :c3::integer[], :c4::text[], :c5::text[], :c6::text[], :c7::timestamptz[],
    :c8::text[], :c9::text[], :c10::text[], :c11::text[], :c12::json[], :c13::text[]
)
ON CONFLICT DO NOTHING;

-- name: notify_runs!
SELECT pg_notify(:channel, run_id) FROM unnest(:run_ids::text[]) AS noticed (run_id);

-- name: ensure_month!
SELECT ensure_month(:moment::timestamptz);

-- name: save_notifications!
-- Messages for inboxes; the same message again changes nothing.
INSERT INTO notifications (tenant_id, key, person, subject, message, automation_id, run_id, sent_at)
SELECT * FROM unnest(
    :c0::text[], :c1::text[], :c2::text[], :c3::text[], :c4::text[], :c5::text[], :c6::text[], :c7::timestamptz[]
)
ON CONFLICT DO NOTHING;
