-- Events are numbered within their tenant: a number tells nothing of others, and hosts that share a database
-- can give it (docs/adr/0047). What was numbered before keeps its number, which signed heads name; the next
-- ones go on behind the newest of all, where any reader's cursor may stand.

CREATE TABLE ledgers (
    ledger_no  INTEGER PRIMARY KEY CHECK (ledger_no BETWEEN 1 AND 8388607),
    tenant_id  TEXT NOT NULL UNIQUE,
    seq_before INTEGER NOT NULL
) STRICT;
INSERT INTO ledgers (tenant_id, seq_before)
SELECT tenant_id, (SELECT max(seq) FROM run_events) FROM run_events GROUP BY tenant_id ORDER BY min(seq);

-- A rename would be looked for in the whole schema, which a start makes anew each time (shape.c).
CREATE TABLE events_before AS SELECT * FROM run_events ORDER BY seq;
DROP TABLE run_events;

CREATE TABLE run_events (
    event_no   INTEGER PRIMARY KEY,
    seq        INTEGER GENERATED ALWAYS AS (event_no & 1099511627775) VIRTUAL,
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
INSERT INTO run_events (event_no, tenant_id, run_id, n, dag_id, type, status, node_id, attempt, at, trace_id,
    payload, prev_hash, hash)
SELECT (l.ledger_no << 40) + e.seq, e.tenant_id, e.run_id, e.n, e.dag_id, e.type, e.status, e.node_id,
    e.attempt, e.at, e.trace_id, e.payload, e.prev_hash, e.hash
    FROM events_before AS e CROSS JOIN ledgers AS l ON l.tenant_id = e.tenant_id ORDER BY 1;
DROP TABLE events_before;

-- See 0013.
CREATE INDEX idx_run_events_run ON run_events (substr(run_id, 1, 18));
CREATE TRIGGER trg_run_events_chain BEFORE INSERT ON run_events
WHEN NEW.n <> 1 + coalesce((SELECT n FROM run_events
        WHERE substr(run_id, 1, 18) = substr(NEW.run_id, 1, 18) AND +run_id = NEW.run_id
        ORDER BY event_no DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'the event does not follow the last one of its run');
END;
CREATE TRIGGER trg_run_events_no_replace BEFORE INSERT ON run_events
WHEN EXISTS (SELECT 1 FROM run_events WHERE event_no = NEW.event_no)
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

DROP INDEX idx_ledger_heads_seq;
