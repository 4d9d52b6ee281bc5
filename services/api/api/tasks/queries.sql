-- name: list_tasks
SELECT t.*, s.submitted_by, s.submitted_at, s.accepted FROM tasks AS t
LEFT JOIN submissions AS s ON s.tenant_id = t.tenant_id AND s.task_id = t.task_id AND s.accepted IS NOT FALSE
WHERE t.tenant_id = :tenant_id
    AND (:status::text IS NULL OR t.status = :status::text)
    AND (:assignee::text IS NULL OR t.assignee = :assignee::text)
    AND (:automation_id::text IS NULL OR t.automation_id = :automation_id::text)
    AND (:before_time::timestamptz IS NULL OR (t.opened_at, t.task_id) < (:before_time::timestamptz, :before_id::text))
ORDER BY t.opened_at DESC, t.task_id DESC
LIMIT :number;

-- name: load_task^
SELECT t.*, s.submitted_by, s.submitted_at, s.accepted, steps.error ->> 'kind' = 'timeout' AS timed_out
FROM tasks AS t
LEFT JOIN submissions AS s ON s.tenant_id = t.tenant_id AND s.task_id = t.task_id AND s.accepted IS NOT FALSE
LEFT JOIN steps ON steps.run_id = t.run_id AND steps.path = t.path AND steps.started_at = t.run_started_at
WHERE t.tenant_id = :tenant_id AND t.task_id = :task_id;

-- name: load_tasks_of_run
SELECT t.*, s.submitted_by, s.submitted_at, s.accepted, steps.error ->> 'kind' = 'timeout' AS timed_out
FROM tasks AS t
LEFT JOIN submissions AS s ON s.tenant_id = t.tenant_id AND s.task_id = t.task_id AND s.accepted IS NOT FALSE
LEFT JOIN steps ON steps.run_id = t.run_id AND steps.path = t.path AND steps.started_at = t.run_started_at
WHERE t.tenant_id = :tenant_id AND t.run_id = :run_id::uuid
ORDER BY t.opened_at, t.task_id;

-- name: save_submission^
-- One submission occupies a task until it is refused; null where another one does.
INSERT INTO submissions (submission_id, tenant_id, task_id, run_id, output, submitted_by, submitted_at)
VALUES (:submission_id, :tenant_id, :task_id, :run_id::uuid, :output, :submitted_by, clock_timestamp())
ON CONFLICT (tenant_id, task_id) WHERE accepted IS NOT FALSE DO NOTHING
RETURNING submitted_at;

-- name: load_verdict^
SELECT accepted, reason FROM submissions WHERE submission_id = :submission_id;

-- name: list_notifications
SELECT id, person, subject, message, automation_id, run_id, sent_at, read_at FROM notifications
WHERE tenant_id = :tenant_id AND (:person::text IS NULL OR person = :person::text)
    AND (:unread::boolean IS NULL OR (read_at IS NULL) = :unread::boolean)
    AND (:before_id::bigint IS NULL OR id < :before_id::bigint)
ORDER BY id DESC
LIMIT :number;

-- name: mark_read^
UPDATE notifications SET read_at = coalesce(read_at, clock_timestamp())
WHERE tenant_id = :tenant_id AND id = :id
RETURNING id, person, subject, message, automation_id, run_id, sent_at, read_at;
