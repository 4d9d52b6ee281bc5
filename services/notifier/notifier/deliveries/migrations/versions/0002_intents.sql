-- That sending was begun, of messages that are never to be sent twice.
ALTER TABLE deliveries ADD COLUMN begun_at timestamptz;
ALTER TABLE deliveries ADD COLUMN begun_by uuid;
COMMENT ON COLUMN deliveries.begun_by IS 'One sending; whoever finds another one here cannot tell what became of it.';
