-- A document that is only tried out is kept like a version, under a number below zero, and forgotten after some days.
ALTER TABLE versions ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX versions_tried_out ON versions (seen_at) WHERE version < 0;
