-- name: register_process(name, valid_seconds)$
-- Take a number, and a lease on it.
INSERT INTO processes (name, alive_until)
VALUES (:name, clock_timestamp() + make_interval(secs => :valid_seconds))
RETURNING number;

-- name: renew_lease(number, valid_seconds)$
-- Renew the lease; gives nothing where it was taken away.
UPDATE processes SET alive_until = clock_timestamp() + make_interval(secs => :valid_seconds)
WHERE number = :number
RETURNING number;

-- name: end_lease(number)!
-- Let others take this process's runs over at once.
UPDATE processes SET alive_until = clock_timestamp() WHERE number = :number;

-- name: expired_processes(number)
-- Processes other than this one whose lease has run out.
SELECT number FROM processes WHERE alive_until < clock_timestamp() AND number <> :number ORDER BY number;

-- name: lock_for_take_over(number)!
-- Wait for the transactions that the other process has under way, and keep it from beginning any.
SELECT pg_advisory_xact_lock(1635085428, (:number::bigint)::integer);

-- name: remove_expired(number)$
-- Remove the process if its lease is still run out.
DELETE FROM processes WHERE number = :number AND alive_until < clock_timestamp() RETURNING number;

-- name: take_runs_over(number, other)
-- Adopt all runs of a process that is gone.
UPDATE runs SET process = :number WHERE process = :other RETURNING run_id, state, published;

-- name: fence(number)$
-- Whether this process may still write.
SELECT fence(:number);

-- name: save_versions(tenants, automations, versions, documents)!
-- Keep versions that were not known.
INSERT INTO versions (tenant_id, automation_id, version, document)
SELECT * FROM unnest(:tenants::text[], :automations::text[], :versions::integer[], :documents::bytea[])
ON CONFLICT DO NOTHING;

-- name: load_version(tenant_id, automation_id, version)$
-- One version's document.
SELECT document FROM versions
WHERE tenant_id = :tenant_id AND automation_id = :automation_id AND version = :version;

-- name: insert_starts(run_ids, outcomes, digests)
-- Enter commands that were not seen before; gives those.
INSERT INTO starts (run_id, outcome, digest)
SELECT * FROM unnest(:run_ids::uuid[], :outcomes::text[], :digests::text[])
ON CONFLICT DO NOTHING
RETURNING run_id;

-- name: load_starts(run_ids)
-- What became of commands that were seen before.
SELECT run_id, outcome, digest FROM starts WHERE run_id = ANY(:run_ids::uuid[]);

-- name: held_runs(process, run_ids)
-- Which of these runs this process holds.
SELECT run_id FROM runs WHERE run_id = ANY(:run_ids::uuid[]) AND process = :process;

-- name: insert_runs(process, run_ids, tenants, automations, order_keys, statuses, seqs, states)!
-- Enter accepted runs.
INSERT INTO runs (process, run_id, tenant_id, automation_id, order_key, status, seq, state)
SELECT :process, * FROM unnest(
    :run_ids::uuid[], :tenants::text[], :automations::text[], :order_keys::text[], :statuses::text[],
    :seqs::integer[], :states::bytea[]
);

-- name: insert_journal(run_ids, seqs, inputs, facts)!
-- Journal inputs and the facts they gave.
INSERT INTO journal (run_id, seq, input, fact)
SELECT * FROM unnest(:run_ids::uuid[], :seqs::integer[], :inputs::bytea[], :facts::bytea[])
ON CONFLICT DO NOTHING;

-- name: append_journal(number, run_ids, seqs, inputs, facts)$
-- Journal inputs and the facts they gave, as a transaction of its own; says whether this process may still write.
WITH lease AS MATERIALIZED (SELECT fence(:number) AS stands), appended AS (
    INSERT INTO journal (run_id, seq, input, fact)
    SELECT new.* FROM lease, unnest(:run_ids::uuid[], :seqs::integer[], :inputs::bytea[], :facts::bytea[])
        AS new (run_id, seq, input, fact)
    WHERE lease.stands
    ON CONFLICT DO NOTHING
)
SELECT stands FROM lease;

-- name: save_states(run_ids, seqs, publisheds, states)!
-- Write the states of runs under way, so that few inputs are left to be replayed.
UPDATE runs SET seq = new.seq, published = new.published, state = new.state
FROM unnest(:run_ids::uuid[], :seqs::integer[], :publisheds::integer[], :states::bytea[])
    AS new (run_id, seq, published, state)
WHERE runs.run_id = new.run_id;

-- name: remove_inputs(run_ids, keys)!
-- Inputs that were taken up.
DELETE FROM inbox USING unnest(:run_ids::uuid[], :keys::text[]) AS taken (run_id, key)
WHERE inbox.run_id = taken.run_id AND inbox.key = taken.key;

-- name: lock_runs(run_ids)
-- Lock runs, always in the same order, against release and adoption; gives those that exist.
SELECT run_id FROM runs WHERE run_id = ANY(:run_ids::uuid[]) ORDER BY run_id FOR UPDATE;

-- name: load_inputs(run_ids)
-- Inputs that wait for these runs, in the order they came.
SELECT run_id, key, input FROM inbox WHERE run_id = ANY(:run_ids::uuid[]) ORDER BY at, key;

-- name: release_runs(run_ids, statuses, seqs, publisheds, states)!
-- Give up runs that wait or have ended, all of whose facts are published, with the state they are in.
UPDATE runs SET process = NULL, status = new.status, seq = new.seq, published = new.published, state = new.state
FROM unnest(:run_ids::uuid[], :statuses::text[], :seqs::integer[], :publisheds::integer[], :states::bytea[])
    AS new (run_id, status, seq, published, state)
WHERE runs.run_id = new.run_id;

-- name: insert_inputs(run_ids, keys, inputs)!
-- Leave inputs for runs; the same one twice is one.
INSERT INTO inbox (run_id, key, input)
SELECT * FROM unnest(:run_ids::uuid[], :keys::text[], :inputs::bytea[])
ON CONFLICT DO NOTHING;

-- name: adopt_runs(process, run_ids)
-- Take runs that nobody holds.
UPDATE runs SET process = :process
WHERE run_id = ANY(:run_ids::uuid[]) AND process IS NULL
RETURNING run_id, state, published;

-- name: runs_left_with_inputs(at_most)
-- Runs that nobody holds though inputs wait for them.
SELECT DISTINCT inbox.run_id FROM inbox JOIN runs USING (run_id) WHERE runs.process IS NULL LIMIT :at_most;

-- name: inputs_of_held(process)
-- Inputs that came for runs while this process performs them.
SELECT inbox.run_id, inbox.key, inbox.input FROM inbox JOIN runs USING (run_id)
WHERE runs.process = :process ORDER BY inbox.at, inbox.key;

-- name: insert_timers(run_ids, keys, due_ats)!
-- The times that runs wait for which are given up.
INSERT INTO timers (run_id, key, due_at)
SELECT * FROM unnest(:run_ids::uuid[], :keys::text[], :due_ats::timestamptz[])
ON CONFLICT (run_id, key) DO UPDATE SET due_at = excluded.due_at;

-- name: remove_timers(run_ids)!
-- Who holds a run knows its times.
DELETE FROM timers WHERE run_id = ANY(:run_ids::uuid[]);

-- name: due_runs(now, at_most)
-- Runs of which a time has come, by this server's clock.
SELECT DISTINCT run_id FROM (
    SELECT run_id FROM timers WHERE due_at <= coalesce(:now::timestamptz, clock_timestamp())
    ORDER BY due_at LIMIT :at_most
) AS due;

-- name: lock_free_runs(run_ids)
-- Lock those of the runs that nobody holds or is about to take.
SELECT run_id FROM runs WHERE run_id = ANY(:run_ids::uuid[]) AND process IS NULL
ORDER BY run_id FOR UPDATE SKIP LOCKED;

-- name: due_timers(now, run_ids)
-- The times of these runs that have come, the earliest first, and what the clock says.
SELECT run_id, key, coalesce(:now::timestamptz, clock_timestamp()) AS at FROM timers
WHERE run_id = ANY(:run_ids::uuid[]) AND due_at <= coalesce(:now::timestamptz, clock_timestamp())
ORDER BY due_at, key;

-- name: seconds_to_next_timer()$
-- How long until the next time comes; nothing where none is waited for.
SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM timers;

-- name: load_entries(run_id, after)
-- What moved a run after a number, and the facts it gave.
SELECT seq, input, fact FROM journal WHERE run_id = :run_id AND seq > :after ORDER BY seq;

-- name: count_runs_held()
-- Runs by holder, for metrics.
SELECT count(*) FILTER (WHERE process IS NOT NULL) AS held, count(*) AS known FROM runs WHERE status = 'running';

-- name: prune_starts(older_than_days)!
-- Forget starts that no redelivery can bring back.
DELETE FROM starts WHERE at < clock_timestamp() - make_interval(days => :older_than_days);

-- name: prune_tried_documents(older_than_days)!
-- Forget documents that were only tried out; their runs have ended long since.
DELETE FROM versions WHERE version < 0 AND seen_at < clock_timestamp() - make_interval(days => :older_than_days);

-- name: prune_runs(older_than_days, at_most)
-- Forget ended runs that everybody knows of.
DELETE FROM runs WHERE run_id IN (
    SELECT run_id FROM runs
    WHERE status <> 'running' AND process IS NULL
      AND at < clock_timestamp() - make_interval(days => :older_than_days)
    LIMIT :at_most
) RETURNING run_id;

-- name: prune_journal(run_ids)!
-- Forget the journal of runs that were pruned.
DELETE FROM journal WHERE run_id = ANY(:run_ids::uuid[]);
