-- To the letter what the migrations up to 13 make: the older program compares it with that (shape.c).
-- It numbers the events of all tenants together, signed heads name the numbers, and it looks for events
-- without a head only behind the newest number that is under one.
CREATE TABLE going_back (
    numbers_twice INTEGER
        CONSTRAINT "events of several tenants have the same number, which the older schema cannot keep"
        CHECK (numbers_twice = 0),
    unsealed INTEGER
        CONSTRAINT "events are not under a signed head yet: let the host seal its ledgers first"
        CHECK (unsealed = 0)
) STRICT;
INSERT INTO going_back
SELECT count(*) - count(DISTINCT seq),
    sum(seq <= (SELECT max(last_seq) FROM ledger_heads)
        AND seq > (SELECT coalesce(max(last_seq), 0) FROM ledger_heads AS h WHERE h.tenant_id = e.tenant_id))
FROM run_events AS e;
DROP TABLE going_back;

CREATE TABLE events_after AS SELECT * FROM run_events ORDER BY seq;
DROP TABLE run_events;
DROP TABLE ledgers;

CREATE TABLE run_events (
    seq        INTEGER PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    run_id     TEXT NOT NULL,
    n          INTEGER NOT NULL,
    dag_id     TEXT NOT NULL,
    type       TEXT NOT NULL,
    status     TEXT NOT NULL,
    node_id    TEXT,
    attempt    INTEGER NOT NULL DEFAULT 0,
    at         INTEGER NOT NULL,
    trace_id   TEXT NOT NULL,
    payload    TEXT NOT NULL,
    prev_hash  TEXT NOT NULL,
    hash       TEXT NOT NULL
) STRICT;
INSERT INTO run_events (seq, tenant_id, run_id, n, dag_id, type, status, node_id, attempt, at, trace_id,
    payload, prev_hash, hash)
SELECT seq, tenant_id, run_id, n, dag_id, type, status, node_id, attempt, at, trace_id,
    payload, prev_hash, hash
    FROM events_after ORDER BY seq;
DROP TABLE events_after;

CREATE INDEX idx_run_events_run ON run_events (substr(run_id, 1, 18));
CREATE TRIGGER trg_run_events_chain BEFORE INSERT ON run_events
WHEN NEW.n <> 1 + coalesce((SELECT n FROM run_events
        WHERE substr(run_id, 1, 18) = substr(NEW.run_id, 1, 18) AND +run_id = NEW.run_id
        ORDER BY seq DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'the event does not follow the last one of its run');
END;
CREATE TRIGGER trg_run_events_no_replace BEFORE INSERT ON run_events
WHEN EXISTS (SELECT 1 FROM run_events WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'run_events is append-only');
END;
CREATE TRIGGER trg_run_events_no_update BEFORE UPDATE ON run_events
BEGIN
    SELECT RAISE(ABORT, 'run_events is append-only');
END;
CREATE TRIGGER trg_run_events_no_delete BEFORE DELETE ON run_events
BEGIN
    SELECT RAISE(ABORT, 'run_events is append-only');
END;

CREATE INDEX idx_ledger_heads_seq ON ledger_heads (last_seq);
