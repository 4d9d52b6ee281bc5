-- Rows that are new but for a redelivery are inserted plainly, and with ON CONFLICT only where one of them is there
-- already: ON CONFLICT goes down the index twice for each row, and writes one more record of WAL.

CREATE FUNCTION enter_in_journal(entries entry_row[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO journal (run_id, seq, input) SELECT * FROM unnest(entries);
EXCEPTION WHEN unique_violation THEN
    INSERT INTO journal (run_id, seq, input) SELECT * FROM unnest(entries) ON CONFLICT DO NOTHING;
END
$$;

-- Says whether the process may still write.
CREATE FUNCTION append_to_journal(process_number bigint, entries entry_row[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT fence(process_number) THEN
        RETURN false;
    END IF;
    PERFORM enter_in_journal(entries);
    RETURN true;
END
$$;

-- Gives those that are there already.
CREATE FUNCTION enter_starts(run_ids uuid[], outcomes text[], digests text[]) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        INSERT INTO starts (run_id, outcome, digest) SELECT * FROM unnest(run_ids, outcomes, digests);
        RETURN;
    EXCEPTION WHEN unique_violation THEN
        NULL;
    END;
    RETURN QUERY
    WITH entered AS (
        INSERT INTO starts (run_id, outcome, digest) SELECT * FROM unnest(run_ids, outcomes, digests)
        ON CONFLICT DO NOTHING
        RETURNING run_id
    )
    SELECT given.run_id FROM unnest(run_ids) AS given (run_id)
    WHERE given.run_id NOT IN (SELECT entered.run_id FROM entered);
END
$$;

-- Enters runs with their turns, in this order; where the turn of one is taken, enters none and says so.
CREATE FUNCTION enter_with_turns(process_number bigint, accepted accepted_row[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO runs (process, turn, run_id, tenant_id, lane, automation_id, order_key, appended_at, status, seq)
    SELECT process_number, CASE WHEN order_key IS NOT NULL THEN 'held' END,
           run_id, tenant_id, lane, automation_id, order_key, appended_at, status, seq
    FROM unnest(accepted) WITH ORDINALITY
        AS new (run_id, tenant_id, lane, automation_id, order_key, appended_at, status, seq, nth)
    ORDER BY nth;
    RETURN true;
EXCEPTION WHEN unique_violation THEN
    RETURN false;
END
$$;
