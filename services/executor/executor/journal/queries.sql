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
UPDATE runs SET process = :number WHERE process = :other RETURNING run_id, process, state, seq, published, turn;

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

-- name: enter_starts(run_ids, outcomes, digests)
-- Enter commands that were not seen before; gives the others, of which there are hardly ever any.
SELECT run_id::text FROM enter_starts(:run_ids::uuid[], :outcomes::text[], :digests::text[]) AS run_id;

-- name: load_starts(run_ids)
-- What became of commands that were seen before.
SELECT run_id, outcome, digest FROM starts WHERE run_id = ANY(:run_ids::uuid[]);

-- name: load_starts_of_events(after, until, at_most)
-- Live starts whose events the broker took in that time.
SELECT run_id, tenant_id, order_key, appended_at FROM runs
WHERE appended_at > :after::timestamptz AND appended_at <= :until::timestamptz AND order_key IS NOT NULL
LIMIT :at_most;

-- name: claim_chain_places(keys, run_ids, first_runs)
-- Take places in chains that are free, then give who has each; and the order keys of runs that chains began with.
WITH claimed AS (
    INSERT INTO chain_places (key, run_id)
    SELECT * FROM unnest(:keys::uuid[], :run_ids::uuid[])
    ON CONFLICT DO NOTHING
    RETURNING key, run_id
)
SELECT key, run_id, NULL AS order_key FROM claimed
UNION ALL
SELECT key, run_id, NULL FROM chain_places WHERE key = ANY(:keys::uuid[])
UNION ALL
SELECT NULL, run_id, order_key FROM runs WHERE run_id = ANY(:first_runs::uuid[]);

-- name: held_runs(process, run_ids, inputs)
-- Which of these runs this process holds, begun by these very inputs.
SELECT run_id FROM runs JOIN journal USING (run_id)
JOIN unnest(:run_ids::uuid[], :inputs::bytea[]) AS entered (run_id, input) USING (run_id, input)
WHERE process = :process AND journal.seq = 1;

-- name: enter_in_journal(entries)$
-- Journal the inputs that runs begin with.
SELECT enter_in_journal(:entries::entry_row[]);

-- name: insert_journal(run_ids, seqs, inputs, facts)!
-- Journal inputs, and the facts of those whose states are written with them.
INSERT INTO journal (run_id, seq, input, fact)
SELECT * FROM unnest(:run_ids::uuid[], :seqs::integer[], :inputs::bytea[], :facts::bytea[])
ON CONFLICT DO NOTHING;

-- name: append_to_journal(number, entries)$
-- Journal inputs, as a transaction of its own; says whether this process may still write.
SELECT append_to_journal(:number, :entries::entry_row[]);

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

-- name: lock_runs(run_ids)$
-- Lock runs, always in the same order, against release and adoption; says how many exist.
SELECT count(*) FROM (SELECT FROM runs WHERE run_id = ANY(:run_ids::uuid[]) ORDER BY run_id FOR UPDATE) AS locked;

-- name: load_inputs(run_ids)
-- Inputs that wait for these runs, in the order they came.
SELECT run_id, key, input FROM inbox WHERE run_id = ANY(:run_ids::uuid[]) ORDER BY at, key;

-- name: insert_inputs(run_ids, keys, inputs)!
-- Leave inputs for runs; the same one twice is one.
INSERT INTO inbox (run_id, key, input)
SELECT * FROM unnest(:run_ids::uuid[], :keys::text[], :inputs::bytea[])
ON CONFLICT DO NOTHING;

-- name: runs_left_with_inputs(ending_keys, at_most)
-- Runs that nobody holds though inputs wait for them. Those of a run that is queued for its turn wait with it, unless
-- they end it.
SELECT DISTINCT inbox.run_id FROM inbox JOIN runs USING (run_id)
WHERE runs.process IS NULL AND (runs.turn IS DISTINCT FROM 'queued' OR inbox.key = ANY(:ending_keys::text[]))
LIMIT :at_most;

-- name: inputs_of_held(process)
-- Inputs that came for runs while this process performs them.
SELECT inbox.run_id, inbox.key, inbox.input FROM inbox JOIN runs USING (run_id)
WHERE runs.process = :process ORDER BY inbox.at, inbox.key;

-- name: insert_timers(run_ids, keys, due_ats)!
-- The times that runs wait for which are given up.
INSERT INTO timers (run_id, key, due_at)
SELECT * FROM unnest(:run_ids::uuid[], :keys::text[], :due_ats::timestamptz[])
ON CONFLICT (run_id, key) DO UPDATE SET due_at = excluded.due_at;

-- name: remove_waits(run_ids)!
-- Who holds a run knows its times, and where its calls wait.
WITH put_off AS (DELETE FROM calls_put_off WHERE run_id = ANY(:run_ids::uuid[]))
DELETE FROM timers WHERE run_id = ANY(:run_ids::uuid[]);

-- name: insert_calls_put_off(run_ids, destinations)!
-- Where calls of runs wait which are given up.
INSERT INTO calls_put_off (run_id, destination)
SELECT * FROM unnest(:run_ids::uuid[], :destinations::text[]) ON CONFLICT DO NOTHING;

-- name: claim_calls_put_off(destination, at_most)
-- Runs that wait for a place at this destination, who came first before the others, and that nobody else claims now.
SELECT run_id FROM calls_put_off WHERE destination = :destination
ORDER BY at LIMIT :at_most FOR UPDATE SKIP LOCKED;

-- name: crowded_destinations()
-- Destinations that runs wait for: one step along the index for each, however many runs there are.
WITH RECURSIVE found AS (
    (SELECT destination FROM calls_put_off ORDER BY destination LIMIT 1)
    UNION ALL
    SELECT (SELECT destination FROM calls_put_off WHERE calls_put_off.destination > found.destination
            ORDER BY destination LIMIT 1)
    FROM found WHERE found.destination IS NOT NULL
)
SELECT destination FROM found WHERE destination IS NOT NULL;

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

-- name: count_runs()^
-- Runs by what becomes of them, and living processes, for metrics; each from an index that holds no others.
SELECT (SELECT count(*) FROM runs WHERE process IS NOT NULL) AS held,
       (SELECT count(*) FROM runs WHERE turn = 'queued') AS queued,
       (SELECT count(*) FROM runs
        WHERE process IS NULL AND status = 'running' AND turn IS DISTINCT FROM 'queued') AS waiting,
       (SELECT count(DISTINCT run_id) FROM calls_put_off) AS put_off,
       (SELECT count(*) FROM processes WHERE alive_until >= clock_timestamp()) AS processes;
