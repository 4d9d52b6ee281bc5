-- A group is written as one list of rows, which costs its writer and its reader a third less than a list for each column.

CREATE TYPE entry_row AS (
    run_id uuid,
    seq    integer,
    input  bytea
);

CREATE TYPE accepted_row AS (
    run_id        uuid,
    tenant_id     text,
    lane          text,
    automation_id text,
    order_key     text,
    appended_at   timestamptz,
    status        text,
    seq           integer
);

CREATE TYPE released_row AS (
    run_id     uuid,
    status     text,
    seq        integer,
    published  integer,
    state      bytea,
    gives_turn boolean
);
