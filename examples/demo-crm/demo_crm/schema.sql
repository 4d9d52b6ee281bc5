-- Everything the demo CRM keeps, in one SQLite file. Run at each start; changes nothing that is there.
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    type   TEXT NOT NULL,
    id     TEXT NOT NULL,
    record TEXT NOT NULL,
    UNIQUE (type, id)
);
CREATE INDEX IF NOT EXISTS records_by_type ON records (type, number);

CREATE TABLE IF NOT EXISTS queues (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id     TEXT NOT NULL UNIQUE,
    name   TEXT NOT NULL,
    length INTEGER NOT NULL DEFAULT 0 -- kept by the triggers below: counting a long queue takes long
);

-- A record lies in one queue at most; a higher number is further back.
CREATE TABLE IF NOT EXISTS queue_items (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    queue_id    TEXT NOT NULL,
    record_type TEXT NOT NULL,
    record_id   TEXT NOT NULL,
    UNIQUE (record_type, record_id)
);
CREATE INDEX IF NOT EXISTS queue_items_by_queue ON queue_items (queue_id, number);
CREATE TRIGGER IF NOT EXISTS queue_item_comes AFTER INSERT ON queue_items BEGIN
    UPDATE queues SET length = length + 1 WHERE id = new.queue_id;
END;
CREATE TRIGGER IF NOT EXISTS queue_item_goes AFTER DELETE ON queue_items BEGIN
    UPDATE queues SET length = length - 1 WHERE id = old.queue_id;
END;

CREATE TABLE IF NOT EXISTS users (
    id    TEXT PRIMARY KEY,
    name  TEXT NOT NULL,
    email TEXT NOT NULL
);

-- What was answered to each idempotency key, and the digest of what was asked.
CREATE TABLE IF NOT EXISTS answers (
    key         TEXT PRIMARY KEY,
    digest      BLOB NOT NULL,
    status      INTEGER NOT NULL,
    body        BLOB NOT NULL,
    answered_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (answered_at);

-- Events of committed changes that Kafka has not acknowledged yet.
CREATE TABLE IF NOT EXISTS outbox (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    key        TEXT NOT NULL,
    attributes TEXT NOT NULL,
    data       TEXT NOT NULL
);

-- What the sink received: kind is mail, slack or webhook.
CREATE TABLE IF NOT EXISTS received (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL,
    content TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS received_by_kind ON received (kind, number);
