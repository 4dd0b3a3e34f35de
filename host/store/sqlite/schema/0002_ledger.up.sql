-- The ledger (DESIGN.md 6): append-only, which the database itself enforces. A row is never deleted,
-- so a rowid is never given twice: AUTOINCREMENT would add a page to every commit for nothing.

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
CREATE INDEX idx_run_events_run ON run_events (run_id);

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

CREATE TABLE statements (
    id           INTEGER PRIMARY KEY,
    execution_id TEXT NOT NULL,
    tenant_id    TEXT NOT NULL,
    chain_hash   TEXT NOT NULL,
    envelope     TEXT NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX idx_statements_execution ON statements (execution_id);

CREATE TRIGGER trg_statements_stored AFTER INSERT ON statements
BEGIN
    UPDATE dag_executions SET statement_due = 0 WHERE execution_id = NEW.execution_id;
END;
CREATE TRIGGER trg_statements_no_replace BEFORE INSERT ON statements
WHEN EXISTS (SELECT 1 FROM statements WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'statements is append-only');
END;
CREATE TRIGGER trg_statements_no_update BEFORE UPDATE ON statements
BEGIN
    SELECT RAISE(ABORT, 'statements is append-only');
END;
CREATE TRIGGER trg_statements_no_delete BEFORE DELETE ON statements
BEGIN
    SELECT RAISE(ABORT, 'statements is append-only');
END;

CREATE TABLE ledger_heads (
    id         INTEGER PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    tree_size  INTEGER NOT NULL,
    last_seq   INTEGER NOT NULL,
    root_hash  TEXT NOT NULL,
    envelope   TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX idx_ledger_heads_tenant ON ledger_heads (tenant_id, tree_size);

CREATE TRIGGER trg_ledger_heads_no_replace BEFORE INSERT ON ledger_heads
WHEN EXISTS (SELECT 1 FROM ledger_heads WHERE id = NEW.id
    OR (tenant_id = NEW.tenant_id AND tree_size = NEW.tree_size))
BEGIN
    SELECT RAISE(ABORT, 'ledger_heads is append-only');
END;
CREATE TRIGGER trg_ledger_heads_no_update BEFORE UPDATE ON ledger_heads
BEGIN
    SELECT RAISE(ABORT, 'ledger_heads is append-only');
END;
CREATE TRIGGER trg_ledger_heads_no_delete BEFORE DELETE ON ledger_heads
BEGIN
    SELECT RAISE(ABORT, 'ledger_heads is append-only');
END;
