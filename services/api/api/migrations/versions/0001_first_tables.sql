-- Definitions: what people write, and what of it the stream works with.

CREATE TABLE automations (
    tenant_id            text        NOT NULL,
    id                   text        NOT NULL,
    name                 text        NOT NULL,
    search_text          text        NOT NULL,
    tags                 text[]      NOT NULL DEFAULT '{}',
    status               text        NOT NULL CHECK (status IN ('draft', 'active', 'paused', 'archived')),
    active_since         timestamptz,
    revision             bigint      NOT NULL,
    edition              bigint      NOT NULL,
    last_version         integer     NOT NULL,
    live_version         integer,
    live_document        json,
    sandbox_version      integer,
    sandbox_document     json,
    sandbox_status       text        CHECK (sandbox_status IN ('draft', 'active', 'paused', 'archived')),
    sandbox_active_since timestamptz,
    draft_document       json,
    draft_updated_at     timestamptz,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    deleted_at           timestamptz,
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON COLUMN automations.revision IS 'Counts what the stream must know; the definitions topic carries it.';
COMMENT ON COLUMN automations.edition IS 'Counts every change, drafts included; the ETag shows it.';
COMMENT ON COLUMN automations.deleted_at IS 'A deleted automation stays as a mark, so that the topic can be compared with the table.';
CREATE INDEX automations_newest ON automations (tenant_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE versions (
    tenant_id     text        NOT NULL,
    automation_id text        NOT NULL,
    version       integer     NOT NULL,
    environment   text        NOT NULL CHECK (environment IN ('live', 'sandbox')),
    document      json        NOT NULL,
    created_at    timestamptz NOT NULL,
    created_by    text        NOT NULL,
    PRIMARY KEY (tenant_id, automation_id, version)
);
COMMENT ON TABLE versions IS 'Never changed; kept when the automation is deleted, because runs show the version they began with.';

CREATE TABLE sandboxes (
    tenant_id  text        PRIMARY KEY,
    active     boolean     NOT NULL,
    name       text,
    revision   bigint      NOT NULL,
    since      timestamptz NOT NULL
);

-- What is committed and must reach Kafka. A row that was acknowledged by the broker is deleted.
CREATE TABLE outbox (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_key  text        NOT NULL,
    topic      text        NOT NULL,
    key        bytea       NOT NULL,
    value      bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN outbox.order_key IS 'Rows of one order key are sent in order, by one process at a time.';
CREATE INDEX outbox_order ON outbox (order_key, id);

-- Answers to requests that carried an Idempotency-Key.
CREATE TABLE kept_answers (
    tenant_id  text        NOT NULL,
    route      text        NOT NULL,
    key        text        NOT NULL,
    digest     text        NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status     integer,
    headers    json,
    body       bytea,
    PRIMARY KEY (tenant_id, route, key)
);
CREATE INDEX kept_answers_age ON kept_answers (started_at);

CREATE TABLE api_keys (
    id         text        PRIMARY KEY,
    tenant_id  text        NOT NULL,
    name       text        NOT NULL,
    role       text        NOT NULL CHECK (role IN ('admin', 'editor', 'viewer')),
    digest     bytea       NOT NULL UNIQUE,
    hint       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text        NOT NULL,
    revoked_at timestamptz
);
COMMENT ON COLUMN api_keys.hint IS 'The first characters of the key, to tell keys apart.';

-- Run history: a projection of automations.step-results.

CREATE TABLE runs (
    run_id        uuid        NOT NULL,
    started_at    timestamptz NOT NULL,
    tenant_id     text        NOT NULL,
    automation_id text        NOT NULL,
    version       integer     NOT NULL,
    lane          text        NOT NULL,
    status        text        NOT NULL,
    seq           bigint      NOT NULL,
    updated_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    waiting       json,
    error         json,
    mode          text,
    cause         text,
    chain_id      text,
    depth         integer,
    event_id      text,
    event_type    text,
    object        text,
    record_id     text,
    event         json,
    PRIMARY KEY (run_id, started_at)
) PARTITION BY RANGE (started_at);
CREATE INDEX runs_newest ON runs (tenant_id, started_at DESC, run_id DESC);
CREATE INDEX runs_of_automation ON runs (tenant_id, automation_id, started_at DESC, run_id DESC);
CREATE INDEX runs_waiting ON runs (tenant_id, automation_id) WHERE waiting IS NOT NULL AND status = 'running';

CREATE TABLE steps (
    run_id          uuid        NOT NULL,
    started_at      timestamptz NOT NULL,
    path            text        NOT NULL,
    id              text        NOT NULL,
    type            text        NOT NULL,
    status          text        NOT NULL,
    seq             bigint      NOT NULL,
    place           bigint      NOT NULL,
    attempts        integer     NOT NULL,
    name            text,
    input           json,
    request         json,
    output          json,
    error           json,
    notes           json,
    step_started_at timestamptz,
    step_ended_at   timestamptz,
    PRIMARY KEY (run_id, path, started_at)
) PARTITION BY RANGE (started_at);
COMMENT ON COLUMN steps.started_at IS 'When the run started, so that a run and its steps lie in partitions of the same month.';
COMMENT ON COLUMN steps.place IS 'Orders the steps of a run by when they were first heard of.';

-- Creates the partitions of a month (UTC) of the run history, where they do not exist. A table is made first and
-- attached then: that lets others read and write the history meanwhile.
CREATE FUNCTION ensure_month(moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first_day timestamptz := date_trunc('month', moment, 'UTC');
    next_first_day timestamptz := (first_day AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
    parent text;
    partition_name text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['runs', 'steps'] LOOP
        partition_name := parent || to_char(first_day AT TIME ZONE 'UTC', '_YYYY_MM');
        CONTINUE WHEN to_regclass(partition_name) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('api.ensure_month', 0));
        CONTINUE WHEN to_regclass(partition_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (fillfactor = 85)', partition_name, parent);
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, partition_name, first_day, next_first_day
        );
    END LOOP;
END
$$;

CREATE TABLE tasks (
    tenant_id      text        NOT NULL,
    task_id        text        NOT NULL,
    run_id         uuid        NOT NULL,
    run_started_at timestamptz NOT NULL,
    automation_id  text        NOT NULL,
    path           text        NOT NULL,
    status         text        NOT NULL CHECK (status IN ('open', 'completed', 'withdrawn')),
    seq            bigint      NOT NULL,
    title          text,
    instructions   text,
    assignee       text,
    groups         json,
    form           json,
    due_at         timestamptz,
    opened_at      timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, task_id)
);
CREATE INDEX tasks_newest ON tasks (tenant_id, status, opened_at DESC, task_id DESC);
CREATE INDEX tasks_of_run ON tasks (run_id);

CREATE TABLE submissions (
    submission_id text        PRIMARY KEY,
    tenant_id     text        NOT NULL,
    task_id       text        NOT NULL,
    run_id        uuid        NOT NULL,
    output        json        NOT NULL,
    submitted_by  text        NOT NULL,
    submitted_at  timestamptz NOT NULL,
    accepted      boolean,
    reason        text
);
COMMENT ON COLUMN submissions.accepted IS 'The verdict of the run; null until it is known.';
CREATE UNIQUE INDEX submissions_one_per_task ON submissions (tenant_id, task_id) WHERE accepted IS NOT FALSE;

CREATE TABLE skipped_starts (
    tenant_id     text        NOT NULL,
    run_id        uuid        NOT NULL,
    automation_id text        NOT NULL,
    version       integer     NOT NULL,
    lane          text        NOT NULL,
    reason        text        NOT NULL,
    detail        text,
    at            timestamptz NOT NULL,
    event_id      text        NOT NULL,
    event_type    text        NOT NULL,
    object        text,
    record_id     text,
    event         json        NOT NULL,
    PRIMARY KEY (tenant_id, run_id, reason)
);
CREATE INDEX skipped_starts_newest ON skipped_starts (tenant_id, automation_id, at DESC, run_id DESC);

-- The inbox: messages of the channel of that name.
CREATE TABLE notifications (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     text        NOT NULL,
    key           text        NOT NULL,
    person        text        NOT NULL,
    subject       text,
    message       text        NOT NULL,
    automation_id text        NOT NULL,
    run_id        text        NOT NULL,
    sent_at       timestamptz NOT NULL,
    read_at       timestamptz,
    UNIQUE (tenant_id, key, person)
);
CREATE INDEX notifications_newest ON notifications (tenant_id, person, id DESC);
