-- name: enter_with_turns(process, runs)$
-- Enter accepted runs with their turns, in this order; says whether it did, which is where all of these are free.
SELECT enter_with_turns(:process, :runs::accepted_row[]);

-- name: insert_runs(process, queued, runs)
-- Enter accepted runs, in this order: with the turn, those that find it taken being left out; or queued for it. Gives
-- those that were left out.
WITH new AS MATERIALIZED (
    SELECT * FROM unnest(:runs::accepted_row[])
        WITH ORDINALITY AS new (run_id, tenant_id, lane, automation_id, order_key, appended_at, status, seq, nth)
), entered AS (
    INSERT INTO runs (process, turn, run_id, tenant_id, lane, automation_id, order_key, appended_at, status, seq)
    SELECT CASE WHEN NOT :queued::boolean THEN :process::bigint END,
           CASE WHEN :queued THEN 'queued' WHEN order_key IS NOT NULL THEN 'held' END,
           run_id, tenant_id, lane, automation_id, order_key, appended_at, status, seq
    FROM new ORDER BY nth
    ON CONFLICT (tenant_id, lane, order_key) WHERE turn = 'held' DO NOTHING
    RETURNING run_id
)
SELECT run_id::text FROM new WHERE run_id NOT IN (SELECT run_id FROM entered);

-- name: lock_turns(tenants, lanes, order_keys)
-- Lock who holds these turns, so that none is given away meanwhile; gives the turns that are held.
SELECT tenant_id, lane, order_key FROM runs
WHERE turn = 'held' AND (tenant_id, lane, order_key) IN (
    SELECT * FROM unnest(:tenants::text[], :lanes::text[], :order_keys::text[])
)
ORDER BY run_id FOR UPDATE;

-- name: lock_runs_and_turns(run_ids)
-- Lock runs, and who holds the turns that they need, always in the same order; gives those that exist.
SELECT run_id FROM runs WHERE run_id = ANY(ARRAY(
    SELECT unnest(:run_ids::uuid[])
    UNION
    SELECT holder.run_id FROM runs AS holder JOIN runs AS parked USING (tenant_id, lane, order_key)
    WHERE holder.turn = 'held' AND parked.run_id = ANY(:run_ids::uuid[])
      AND parked.turn IS NULL AND parked.process IS NULL AND parked.status = 'running'
))
ORDER BY run_id FOR UPDATE;

-- name: adopt_runs(process, run_ids, ending_keys)
-- Take those of these runs, which are locked, that nobody holds. One that needs a turn takes it, of several for one
-- record the one that came first. Where it is taken, the run is queued instead, and only given where it is to end.
WITH free AS MATERIALIZED (
    SELECT run_id, tenant_id, lane, order_key, place, turn,
           order_key IS NOT NULL AND turn IS NULL AND status = 'running' AS wants_turn
    FROM runs WHERE run_id = ANY(:run_ids::uuid[]) AND process IS NULL
), taken AS MATERIALIZED (
    -- Locked, so that its holder finds whoever is queued here when it gives the turn away.
    SELECT tenant_id, lane, order_key FROM runs
    WHERE turn = 'held' AND (tenant_id, lane, order_key) IN (
        SELECT tenant_id, lane, order_key FROM free WHERE wants_turn
    )
    ORDER BY run_id FOR UPDATE
), decided AS (
    SELECT free.run_id,
           CASE WHEN NOT wants_turn THEN free.turn
                WHEN taken.order_key IS NULL AND row_number() OVER same_record = 1 THEN 'held'
                ELSE 'queued' END AS turn,
           EXISTS (SELECT FROM inbox WHERE inbox.run_id = free.run_id AND key = ANY(:ending_keys::text[])) AS ends
    FROM free LEFT JOIN taken USING (tenant_id, lane, order_key)
    WINDOW same_record AS (PARTITION BY tenant_id, lane, order_key, wants_turn ORDER BY place NULLS FIRST)
)
UPDATE runs
SET turn = CASE WHEN decided.turn = 'queued' AND ends THEN NULL ELSE decided.turn END,
    process = CASE WHEN decided.turn IS DISTINCT FROM 'queued' OR ends THEN :process::bigint END
FROM decided
WHERE runs.run_id = decided.run_id AND (decided.turn IS DISTINCT FROM 'queued' OR ends OR runs.turn IS NULL)
RETURNING runs.run_id, runs.process, state, runs.seq, published, runs.turn;

-- name: release_runs(process, releases)
-- Give up runs that wait or have ended, all of whose facts are published. One that waits leaves the state it is in; of
-- one that has ended nearly nobody asks again, and replaying the journal gives it. Those that give their turn away hand
-- it to the queued run that came first, which this process adopts; gives the adopted ones.
WITH released AS (
    UPDATE runs
    SET process = NULL, status = new.status, seq = new.seq, published = new.published,
        state = coalesce(new.state, runs.state),
        turn = CASE WHEN NOT new.gives_turn THEN runs.turn END
    FROM unnest(:releases::released_row[]) AS new
    WHERE runs.run_id = new.run_id
    RETURNING runs.tenant_id, runs.lane, runs.order_key, new.gives_turn
), next AS (
    SELECT queued.run_id FROM released CROSS JOIN LATERAL (
        SELECT run_id FROM runs
        WHERE turn = 'queued' AND tenant_id = released.tenant_id AND lane = released.lane
          AND order_key = released.order_key
        ORDER BY place NULLS FIRST LIMIT 1 FOR UPDATE
    ) AS queued
    WHERE released.gives_turn
)
UPDATE runs SET turn = 'held', process = :process::bigint FROM next WHERE runs.run_id = next.run_id
RETURNING runs.run_id, process, state, seq, published, turn;

-- name: hand_lost_turns_on(process, at_most)
-- Hand on turns that nobody holds though runs are queued for them. No transaction leaves any behind.
WITH lost AS (
    SELECT DISTINCT tenant_id, lane, order_key FROM runs AS queued
    WHERE turn = 'queued' AND NOT EXISTS (
        SELECT FROM runs AS holder
        WHERE holder.turn = 'held' AND holder.tenant_id = queued.tenant_id AND holder.lane = queued.lane
          AND holder.order_key = queued.order_key
    )
    LIMIT :at_most
), next AS (
    SELECT queued.run_id FROM lost CROSS JOIN LATERAL (
        SELECT run_id FROM runs
        WHERE turn = 'queued' AND tenant_id = lost.tenant_id AND lane = lost.lane AND order_key = lost.order_key
        ORDER BY place NULLS FIRST LIMIT 1 FOR UPDATE
    ) AS queued
)
UPDATE runs SET turn = 'held', process = :process::bigint FROM next WHERE runs.run_id = next.run_id
RETURNING runs.run_id, process, state, seq, published, turn;

-- name: load_journaled(run_ids, afters)
-- What was journaled of these runs after these numbers.
SELECT run_id, seq, input, fact FROM journal JOIN unnest(:run_ids::uuid[], :afters::integer[]) AS told (run_id, after)
USING (run_id) WHERE seq > after ORDER BY run_id, seq;

-- name: keep_fired(run_ids, timers, keys, inputs)!
-- Times of queued runs that have come become inputs, so that they wait in order with the others and are found no more.
WITH come AS (
    DELETE FROM timers USING unnest(:run_ids::uuid[], :timers::text[]) AS fired (run_id, key)
    WHERE timers.run_id = fired.run_id AND timers.key = fired.key
)
INSERT INTO inbox (run_id, key, input)
SELECT * FROM unnest(:run_ids::uuid[], :keys::text[], :inputs::bytea[])
ON CONFLICT DO NOTHING;
