-- One row per executor process that is alive, by this server's clock.
CREATE TABLE processes (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    alive_until timestamptz NOT NULL
);

-- Every version of a document that was ever seen: a run keeps the version it began with.
CREATE TABLE versions (
    tenant_id     text NOT NULL,
    automation_id text NOT NULL,
    version       integer NOT NULL,
    document      bytea NOT NULL,
    PRIMARY KEY (tenant_id, automation_id, version)
);

-- One narrow row per start command, whatever became of it; redelivery finds it here.
CREATE TABLE starts (
    run_id  uuid PRIMARY KEY,
    outcome text NOT NULL,                    -- 'accepted', or the reason why it was skipped
    digest  text NOT NULL,                    -- of the event, to tell a redelivery from another event of the same id
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX starts_by_time ON starts USING brin (at);

-- The state of each run. Updates must find room on their page: no indexed column changes at each step.
CREATE TABLE runs (
    run_id        uuid PRIMARY KEY,
    tenant_id     text NOT NULL,
    automation_id text NOT NULL,
    order_key     text,
    process       bigint,                     -- who holds the run; none where it waits
    status        text NOT NULL,
    seq           integer NOT NULL,           -- the last fact journaled
    published     integer NOT NULL DEFAULT 0, -- the last fact known to be published
    state         bytea NOT NULL,
    at            timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
CREATE INDEX runs_by_process ON runs (process) WHERE process IS NOT NULL;
CREATE INDEX runs_by_time ON runs USING brin (at);

-- What moved a run, and the fact it gave, in the run's own numbers.
CREATE TABLE journal (
    run_id uuid NOT NULL,
    seq    integer NOT NULL,
    input  bytea NOT NULL,
    fact   bytea NOT NULL,
    PRIMARY KEY (run_id, seq)
);

-- Inputs from outside that no process has taken up yet: submissions and notifier's results.
CREATE TABLE inbox (
    run_id uuid NOT NULL,
    key    text NOT NULL,
    input  bytea NOT NULL,
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (run_id, key)
);

-- Take the shared lock on a process's number, then say whether its lease still stands. Who takes a
-- process's runs over holds the exclusive lock while deleting its row, so a writer that passed here commits
-- before the take-over, and one that comes after it is refused.
CREATE FUNCTION fence(process_number bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(1635085428, process_number::integer);
    RETURN EXISTS (SELECT FROM processes WHERE number = process_number);
END
$$;
