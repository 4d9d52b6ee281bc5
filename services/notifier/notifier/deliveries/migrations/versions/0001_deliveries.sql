-- One row for each message; without an outcome it was about to be sent.
CREATE TABLE deliveries (
    tenant_id text NOT NULL,
    key text NOT NULL,
    run_id text NOT NULL,
    channel text NOT NULL,
    claimed_at timestamptz NOT NULL,
    settled_at timestamptz,
    status text CHECK (status IN ('delivered', 'failed')),
    result jsonb,
    PRIMARY KEY (tenant_id, key),
    CHECK ((settled_at IS NULL) = (result IS NULL) AND (settled_at IS NULL) = (status IS NULL))
);

CREATE INDEX deliveries_claimed_at ON deliveries (claimed_at);
