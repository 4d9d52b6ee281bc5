-- What a batch of facts comes to is saved as one list of rows, which costs its writer and its reader a third less than a
-- list for each column. A column that is added to the tables is added here: ALTER TYPE … ADD ATTRIBUTE.

CREATE TYPE run_row AS (
    run_id          uuid,
    started_at      timestamptz,
    tenant_id       text,
    automation_id   text,
    version         integer,
    lane            text,
    status          text,
    seq             bigint,
    updated_at      timestamptz,
    ended_at        timestamptz,
    waiting         json,
    error           json,
    mode            text,
    cause           text,
    chain_id        text,
    depth           integer,
    event_id        text,
    event_type      text,
    object          text,
    record_id       text,
    event           json,
    position        json,
    rerun_of        uuid
);

CREATE TYPE step_row AS (
    run_id          uuid,
    started_at      timestamptz,
    path            text,
    id              text,
    type            text,
    status          text,
    seq             bigint,
    place           bigint,
    attempts        integer,
    name            text,
    input           json,
    request         json,
    output          json,
    error           json,
    notes           json,
    reason          text,
    step_started_at timestamptz,
    step_ended_at   timestamptz,
    tries           json
);
