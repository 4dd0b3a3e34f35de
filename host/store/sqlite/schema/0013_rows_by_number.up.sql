-- IN with more than two words makes a table in memory for each row that is written, in a CHECK and in what
-- an index is of: CASE and OR do not.
--
-- A commit dirties few pages: what a run's nodes leave is addressed by numbers, in the order in which it
-- came, and stands in one table; V021's names are views of it (docs/adr/0041). Hashes are kept as bytes.
-- orch_hash_bytes is there while migrations run (migrate.c).

DROP TRIGGER trg_dag_workflows_pinned;
DROP TRIGGER trg_statements_stored;
DROP TRIGGER trg_dag_executions_completed;

-- A rename would be looked for in the whole schema, which a start makes anew each time (shape.c).
CREATE TABLE runs_before AS SELECT rowid AS run_no, * FROM dag_executions ORDER BY rowid;
CREATE TABLE traces_before AS SELECT * FROM node_traces ORDER BY rowid;
CREATE TABLE attempts_before AS SELECT * FROM node_attempts;
CREATE TABLE checkpoints_before AS SELECT * FROM dag_checkpoints ORDER BY rowid;
CREATE TABLE provenance_before AS SELECT * FROM execution_provenance ORDER BY rowid;
CREATE TABLE logs_before AS SELECT * FROM attempt_logs ORDER BY id;
DROP TABLE attempt_logs;
DROP TABLE execution_provenance;
DROP TABLE dag_checkpoints;
DROP TABLE node_attempts;
DROP TABLE node_traces;
DROP TABLE dag_executions;

CREATE TABLE dag_executions (
    run_no                INTEGER PRIMARY KEY,
    execution_id          TEXT NOT NULL UNIQUE,
    tenant_id             TEXT NOT NULL,
    dag_id                TEXT NOT NULL,
    dag_version           TEXT NOT NULL,
    status                TEXT NOT NULL DEFAULT 'pending',
    run_token             TEXT,
    inputs_hash           TEXT NOT NULL,
    outputs_hash          TEXT,
    provenance_chain_hash TEXT,
    trace_id              TEXT NOT NULL,
    parent_run_id         TEXT,
    parent_kind           TEXT,
    created_by            TEXT,
    seed                  INTEGER NOT NULL DEFAULT 0,
    deterministic_mode    INTEGER NOT NULL DEFAULT 1,
    checkpoint_enabled    INTEGER NOT NULL DEFAULT 1,
    paused                INTEGER NOT NULL DEFAULT 0,
    cancel_requested      INTEGER NOT NULL DEFAULT 0,
    total_nodes           INTEGER NOT NULL DEFAULT 0,
    completed_nodes       INTEGER NOT NULL DEFAULT 0,
    failed_nodes          INTEGER NOT NULL DEFAULT 0,
    skipped_nodes         INTEGER NOT NULL DEFAULT 0,
    created_at            INTEGER NOT NULL,
    started_at            INTEGER,
    completed_at          INTEGER,
    deadline_at           INTEGER,
    lease_owner           TEXT,
    lease_epoch           INTEGER NOT NULL DEFAULT 0,
    lease_until           INTEGER,
    error                 TEXT,
    errors                TEXT,
    compensations         TEXT,
    options               TEXT,
    topology_levels       TEXT,
    input_data            TEXT,
    output_data           TEXT,
    statement_due         INTEGER NOT NULL DEFAULT 0, -- it ended and its statement is not stored yet
    statement_refused     TEXT,
    CONSTRAINT chk_execution_status CHECK (CASE status WHEN 'pending' THEN true WHEN 'running' THEN true
        WHEN 'completed' THEN true WHEN 'failed' THEN true WHEN 'cancelled' THEN true
        WHEN 'paused' THEN true ELSE false END),
    CONSTRAINT chk_execution_node_counts CHECK
        (completed_nodes + failed_nodes + skipped_nodes <= total_nodes)
) STRICT;
INSERT INTO dag_executions SELECT run_no, execution_id, tenant_id, dag_id, dag_version, status, run_token,
    inputs_hash, outputs_hash, provenance_chain_hash, trace_id, parent_run_id, parent_kind, created_by, seed,
    deterministic_mode, checkpoint_enabled, paused, cancel_requested, total_nodes, completed_nodes,
    failed_nodes, skipped_nodes, created_at, started_at, completed_at, deadline_at, lease_owner, lease_epoch,
    lease_until, error, errors, compensations, options, topology_levels, input_data, output_data,
    statement_due, statement_refused
    FROM runs_before ORDER BY rowid;

-- Every node that something is known of, and its trace; status NULL: it has none.
CREATE TABLE nodes (
    node_no         INTEGER PRIMARY KEY,
    run_no          INTEGER NOT NULL REFERENCES dag_executions ON DELETE CASCADE,
    node_id         TEXT NOT NULL,
    records_no      INTEGER, -- given with its first record: they stand in the order in which they came
    agent_id        TEXT,
    status          TEXT,
    input_hash      ANY,
    output_hash     ANY,
    provenance_hash ANY,
    duration_ms     REAL,
    attempt_count   INTEGER,
    attempts_given  INTEGER,
    attempts_used   INTEGER,
    attempts_infra  INTEGER,
    level_index     INTEGER,
    started_at      INTEGER,
    completed_at    INTEGER,
    error_class     TEXT,
    error           TEXT,
    error_source    TEXT CHECK (error_source IN ('agent', 'host')),
    sandbox         TEXT,
    outputs         TEXT,
    CONSTRAINT chk_node_trace_status CHECK (CASE status WHEN 'pending' THEN true WHEN 'running' THEN true
        WHEN 'completed' THEN true WHEN 'failed' THEN true WHEN 'skipped' THEN true
        WHEN 'timed_out' THEN true WHEN 'retrying' THEN true WHEN 'cancelled' THEN true
        ELSE status IS NULL END),
    CONSTRAINT chk_node_trace_attempt CHECK (attempt_count >= 0)
) STRICT;
INSERT INTO nodes (run_no, node_id, agent_id, status, input_hash, output_hash, provenance_hash, duration_ms,
    attempt_count, attempts_given, attempts_used, attempts_infra, level_index, started_at, completed_at,
    error_class, error, error_source, sandbox, outputs)
SELECT r.run_no, t.node_id, t.agent_id, t.status, orch_hash_bytes(t.input_hash),
    orch_hash_bytes(t.output_hash), orch_hash_bytes(t.provenance_hash), t.duration_ms, t.attempt_count,
    t.attempts_given, t.attempts_used, t.attempts_infra, t.level_index, t.started_at, t.completed_at,
    t.error_class, t.error, t.error_source, t.sandbox, t.outputs
    FROM traces_before AS t JOIN dag_executions AS r USING (execution_id) ORDER BY r.run_no, t.rowid;
CREATE UNIQUE INDEX idx_nodes_run ON nodes (run_no, node_id);
INSERT INTO nodes (run_no, node_id) SELECT r.run_no, n.node_id FROM (
        SELECT execution_id, node_id FROM attempts_before UNION
        SELECT execution_id, node_id FROM checkpoints_before UNION
        SELECT execution_id, node_id FROM provenance_before
    ) AS n JOIN dag_executions AS r USING (execution_id) WHERE true ORDER BY r.run_no, n.node_id
    ON CONFLICT DO NOTHING;

UPDATE nodes SET records_no = node_no;
ALTER TABLE store_fence ADD COLUMN records_given INTEGER NOT NULL DEFAULT 0; -- no number is given twice
UPDATE store_fence SET records_given = coalesce((SELECT max(node_no) FROM nodes), 0);

-- What a node left, a record a row, side by side. record_no is (records_no << 24) + place: n the node's
-- attempt n, (1 << 23) + n that of its compensation, and behind them, as they are written, 16777214 the
-- provenance record and 16777215 the checkpoint.
CREATE TABLE node_records (
    record_no     INTEGER PRIMARY KEY,
    compensation  INTEGER,
    attempt       INTEGER,
    outcome       TEXT,
    retryable     INTEGER,
    status        TEXT,
    input_hash    ANY,
    output_hash   ANY,
    chain_hash    ANY,
    record_hash   ANY,
    duration_ms   REAL,
    attempt_count INTEGER,
    started_at    INTEGER,
    completed_at  INTEGER,
    created_at    INTEGER,
    error_class   TEXT,
    error         TEXT,
    error_source  TEXT CHECK (error_source IN ('agent', 'host')),
    detail        TEXT,
    parent_hashes TEXT,
    record        TEXT,
    outputs       TEXT,
    CONSTRAINT chk_record_place CHECK (CASE record_no & 16777215
        WHEN 16777215 THEN status IS NOT NULL AND created_at IS NOT NULL
        WHEN 16777214 THEN input_hash IS NOT NULL AND output_hash IS NOT NULL AND parent_hashes IS NOT NULL
            AND chain_hash IS NOT NULL AND record_hash IS NOT NULL AND record IS NOT NULL
        ELSE (record_no & 16777215) = attempt + CASE compensation WHEN 0 THEN 0 ELSE 8388608 END END),
    CONSTRAINT chk_node_attempt CHECK (attempt BETWEEN 1 AND 8388605),
    CONSTRAINT chk_checkpoint_status CHECK (CASE status WHEN 'completed' THEN true WHEN 'failed' THEN true
        WHEN 'skipped' THEN true WHEN 'timed_out' THEN true ELSE status IS NULL END)
) STRICT;
INSERT INTO node_records (record_no, status, output_hash, attempt_count, created_at, outputs)
SELECT (n.records_no << 24) + 16777215, c.status, orch_hash_bytes(c.output_hash), c.attempt_count,
    c.created_at, c.outputs
    FROM checkpoints_before AS c JOIN dag_executions AS r USING (execution_id)
    JOIN nodes AS n ON n.run_no = r.run_no AND n.node_id = c.node_id ORDER BY n.node_no;
INSERT INTO node_records (record_no, input_hash, output_hash, duration_ms, attempt_count, created_at,
    parent_hashes, chain_hash, record_hash, record)
SELECT (n.records_no << 24) + 16777214, orch_hash_bytes(p.input_hash), orch_hash_bytes(p.output_hash),
    p.duration_ms, p.attempt_count, p.created_at, p.parent_hashes, orch_hash_bytes(p.chain_hash),
    orch_hash_bytes(p.record_hash), p.record
    FROM provenance_before AS p JOIN dag_executions AS r USING (execution_id)
    JOIN nodes AS n ON n.run_no = r.run_no AND n.node_id = p.node_id ORDER BY n.node_no;
INSERT INTO node_records (record_no, compensation, attempt, outcome, retryable, started_at, completed_at,
    error_class, error, error_source, detail)
SELECT (n.records_no << 24) + a.attempt + CASE a.compensation WHEN 0 THEN 0 ELSE 8388608 END, a.compensation,
    a.attempt, a.outcome, a.retryable, a.started_at, a.completed_at, a.error_class, a.error, a.error_source,
    a.detail
    FROM attempts_before AS a JOIN dag_executions AS r USING (execution_id)
    JOIN nodes AS n ON n.run_no = r.run_no AND n.node_id = a.node_id ORDER BY n.node_no;

CREATE TABLE attempt_logs (
    id           INTEGER PRIMARY KEY,
    execution_id TEXT NOT NULL REFERENCES dag_executions (execution_id) ON DELETE CASCADE,
    node_id      TEXT NOT NULL,
    attempt      INTEGER NOT NULL,
    tenant_id    TEXT NOT NULL,
    at           INTEGER NOT NULL,
    level        TEXT NOT NULL,
    text         TEXT NOT NULL
) STRICT;
INSERT INTO attempt_logs SELECT id, execution_id, node_id, attempt, tenant_id, at, level, text
    FROM logs_before ORDER BY rowid;
CREATE INDEX idx_attempt_logs_execution ON attempt_logs (execution_id);
CREATE INDEX idx_attempt_logs_node ON attempt_logs (execution_id, node_id);

DROP TABLE logs_before;
DROP TABLE provenance_before;
DROP TABLE checkpoints_before;
DROP TABLE attempts_before;
DROP TABLE traces_before;
DROP TABLE runs_before;

CREATE UNIQUE INDEX idx_dag_executions_token
    ON dag_executions (tenant_id, run_token, dag_id, inputs_hash) WHERE run_token IS NOT NULL;
CREATE INDEX idx_dag_executions_started
    ON dag_executions (tenant_id, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_dag_executions_statement_due ON dag_executions (execution_id) WHERE statement_due = 1;
CREATE INDEX idx_dag_executions_dag
    ON dag_executions (tenant_id, dag_id, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_dag_executions_status
    ON dag_executions (tenant_id, status, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_dag_executions_unfinished
    ON dag_executions (created_at, execution_id)
    WHERE status = 'pending' OR status = 'running' OR status = 'paused';
CREATE INDEX idx_dag_executions_dag_status ON dag_executions
    (tenant_id, dag_id, status, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_dag_executions_unsigned ON dag_executions
    (tenant_id, coalesce(started_at, created_at) DESC, execution_id) WHERE statement_due = 1;

-- V021's names. Hashes are texts there; the host reads the bytes.
CREATE VIEW node_traces AS
SELECT r.execution_id, n.node_id, r.execution_id || ':' || n.node_id AS trace_id, r.tenant_id, n.agent_id,
    n.status, n.duration_ms, n.attempt_count, n.attempts_given, n.attempts_used, n.attempts_infra,
    n.level_index, n.started_at, n.completed_at, n.error_class, n.error, n.error_source, n.sandbox, n.outputs,
    CASE typeof(n.input_hash) WHEN 'blob' THEN lower(hex(n.input_hash)) ELSE n.input_hash END AS input_hash,
    CASE typeof(n.output_hash) WHEN 'blob' THEN lower(hex(n.output_hash)) ELSE n.output_hash END AS output_hash,
    CASE typeof(n.provenance_hash) WHEN 'blob' THEN lower(hex(n.provenance_hash)) ELSE n.provenance_hash END
        AS provenance_hash,
    n.input_hash AS input_hash_bytes, n.output_hash AS output_hash_bytes,
    n.provenance_hash AS provenance_hash_bytes, n.node_no
FROM dag_executions AS r CROSS JOIN nodes AS n ON n.run_no = r.run_no WHERE n.status IS NOT NULL;

CREATE VIEW dag_checkpoints AS
SELECT r.execution_id, n.node_id, r.execution_id || ':' || n.node_id AS checkpoint_id, r.tenant_id, c.status,
    c.attempt_count, c.created_at, c.outputs,
    CASE typeof(c.output_hash) WHEN 'blob' THEN lower(hex(c.output_hash)) ELSE c.output_hash END AS output_hash,
    c.output_hash AS output_hash_bytes, c.record_no
FROM dag_executions AS r CROSS JOIN nodes AS n ON n.run_no = r.run_no
    CROSS JOIN node_records AS c ON c.record_no = (n.records_no << 24) + 16777215;

CREATE VIEW execution_provenance AS
SELECT r.execution_id, n.node_id, r.execution_id || ':' || n.node_id AS provenance_id, r.tenant_id,
    p.duration_ms, p.attempt_count, p.created_at, p.parent_hashes, p.record,
    CASE typeof(p.input_hash) WHEN 'blob' THEN lower(hex(p.input_hash)) ELSE p.input_hash END AS input_hash,
    CASE typeof(p.output_hash) WHEN 'blob' THEN lower(hex(p.output_hash)) ELSE p.output_hash END AS output_hash,
    CASE typeof(p.chain_hash) WHEN 'blob' THEN lower(hex(p.chain_hash)) ELSE p.chain_hash END AS chain_hash,
    CASE typeof(p.record_hash) WHEN 'blob' THEN lower(hex(p.record_hash)) ELSE p.record_hash END AS record_hash,
    p.input_hash AS input_hash_bytes, p.output_hash AS output_hash_bytes, p.chain_hash AS chain_hash_bytes,
    p.record_hash AS record_hash_bytes, p.record_no
FROM dag_executions AS r CROSS JOIN nodes AS n ON n.run_no = r.run_no
    CROSS JOIN node_records AS p ON p.record_no = (n.records_no << 24) + 16777214;

CREATE VIEW node_attempts AS
SELECT r.execution_id, n.node_id, a.compensation, a.attempt, r.tenant_id, a.outcome, a.retryable,
    a.started_at, a.completed_at, a.error_class, a.error, a.error_source, a.detail, a.record_no
FROM dag_executions AS r CROSS JOIN nodes AS n ON n.run_no = r.run_no
    CROSS JOIN node_records AS a
        ON a.record_no BETWEEN (n.records_no << 24) + 1 AND (n.records_no << 24) + 16777213;

-- An operator takes checkpoints and records away, or marks them, by V021's names.
CREATE TRIGGER trg_dag_checkpoints_delete INSTEAD OF DELETE ON dag_checkpoints
BEGIN
    DELETE FROM node_records WHERE record_no = OLD.record_no;
END;
CREATE TRIGGER trg_dag_checkpoints_update
INSTEAD OF UPDATE OF status, output_hash, attempt_count, created_at, outputs ON dag_checkpoints
BEGIN
    UPDATE node_records SET status = NEW.status, output_hash = NEW.output_hash,
        attempt_count = NEW.attempt_count, created_at = NEW.created_at, outputs = NEW.outputs
        WHERE record_no = OLD.record_no;
END;
CREATE TRIGGER trg_execution_provenance_delete INSTEAD OF DELETE ON execution_provenance
BEGIN
    DELETE FROM node_records WHERE record_no = OLD.record_no;
END;
CREATE TRIGGER trg_execution_provenance_update
INSTEAD OF UPDATE OF chain_hash, record_hash, record ON execution_provenance
BEGIN
    UPDATE node_records SET chain_hash = NEW.chain_hash, record_hash = NEW.record_hash, record = NEW.record
        WHERE record_no = OLD.record_no;
END;
CREATE TRIGGER trg_nodes_records AFTER DELETE ON nodes
BEGIN
    DELETE FROM node_records
        WHERE record_no BETWEEN OLD.records_no << 24 AND (OLD.records_no << 24) + 16777215;
END;

CREATE TRIGGER trg_dag_workflows_pinned BEFORE DELETE ON dag_workflows
WHEN EXISTS (SELECT 1 FROM dag_executions WHERE tenant_id = OLD.tenant_id AND dag_id = OLD.dag_id
    AND dag_version = OLD.version)
BEGIN
    SELECT RAISE(ABORT, 'runs are pinned to this DAG version');
END;
CREATE TRIGGER trg_statements_stored AFTER INSERT ON statements
BEGIN
    UPDATE dag_executions SET statement_due = 0 WHERE execution_id = NEW.execution_id;
END;
CREATE TRIGGER trg_dag_executions_completed BEFORE UPDATE OF status ON dag_executions
WHEN OLD.status = 'completed' AND NEW.status <> 'completed'
BEGIN
    SELECT RAISE(ABORT, 'a completed run stays completed');
END;

-- The start of a run's id tells nearly all runs apart and is in the order of their starts; who asks
-- compares the whole id too.
DROP INDEX idx_run_events_run;
DROP TRIGGER trg_run_events_chain;
CREATE INDEX idx_run_events_run ON run_events (substr(run_id, 1, 18));
CREATE TRIGGER trg_run_events_chain BEFORE INSERT ON run_events
WHEN NEW.n <> 1 + coalesce((SELECT n FROM run_events
        WHERE substr(run_id, 1, 18) = substr(NEW.run_id, 1, 18) AND +run_id = NEW.run_id
        ORDER BY seq DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'the event does not follow the last one of its run');
END;
