-- To the letter what the migrations up to 12 make: the older program compares it with that (shape.c).

DROP INDEX idx_run_events_run;
DROP TRIGGER trg_run_events_chain;
CREATE INDEX idx_run_events_run ON run_events (run_id);
CREATE TRIGGER trg_run_events_chain BEFORE INSERT ON run_events
WHEN NEW.n <> 1 + coalesce((SELECT n FROM run_events WHERE run_id = NEW.run_id
        ORDER BY seq DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'the event does not follow the last one of its run');
END;

DROP TRIGGER trg_dag_workflows_pinned;
DROP TRIGGER trg_statements_stored;
DROP TRIGGER trg_dag_executions_completed;
DROP INDEX idx_dag_executions_token;
DROP INDEX idx_dag_executions_started;
DROP INDEX idx_dag_executions_statement_due;
DROP INDEX idx_dag_executions_dag;
DROP INDEX idx_dag_executions_status;
DROP INDEX idx_dag_executions_unfinished;
DROP INDEX idx_dag_executions_dag_status;
DROP INDEX idx_dag_executions_unsigned;
DROP INDEX idx_attempt_logs_execution;
DROP INDEX idx_attempt_logs_node;
CREATE TABLE node_traces_before AS SELECT * FROM node_traces ORDER BY node_no;
CREATE TABLE dag_checkpoints_before AS SELECT * FROM dag_checkpoints ORDER BY record_no;
CREATE TABLE execution_provenance_before AS SELECT * FROM execution_provenance ORDER BY record_no;
CREATE TABLE node_attempts_before AS SELECT * FROM node_attempts;
DROP VIEW node_traces;
DROP VIEW dag_checkpoints;
DROP VIEW execution_provenance;
DROP VIEW node_attempts;
DROP TRIGGER trg_nodes_records;
DROP TABLE node_records;
DROP TABLE nodes;
ALTER TABLE store_fence DROP COLUMN records_given;
ALTER TABLE attempt_logs RENAME TO attempt_logs_before;
ALTER TABLE dag_executions RENAME TO dag_executions_before;

CREATE TABLE dag_executions (
    execution_id          TEXT NOT NULL PRIMARY KEY,
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
    CONSTRAINT chk_execution_status CHECK (status IN
        ('pending', 'running', 'completed', 'failed', 'cancelled', 'paused')),
    CONSTRAINT chk_execution_node_counts CHECK
        (completed_nodes + failed_nodes + skipped_nodes <= total_nodes)
) STRICT;
ALTER TABLE dag_executions ADD COLUMN statement_refused TEXT;
INSERT INTO dag_executions (execution_id, tenant_id, dag_id, dag_version, status, run_token, inputs_hash, outputs_hash,
    provenance_chain_hash, trace_id, parent_run_id, parent_kind, created_by, seed, deterministic_mode,
    checkpoint_enabled, paused, cancel_requested, total_nodes, completed_nodes, failed_nodes, skipped_nodes,
    created_at, started_at, completed_at, deadline_at, lease_owner, lease_epoch, lease_until, error, errors,
    compensations, options, topology_levels, input_data, output_data, statement_due, statement_refused)
SELECT execution_id, tenant_id, dag_id, dag_version, status, run_token, inputs_hash, outputs_hash,
    provenance_chain_hash, trace_id, parent_run_id, parent_kind, created_by, seed, deterministic_mode,
    checkpoint_enabled, paused, cancel_requested, total_nodes, completed_nodes, failed_nodes, skipped_nodes,
    created_at, started_at, completed_at, deadline_at, lease_owner, lease_epoch, lease_until, error, errors,
    compensations, options, topology_levels, input_data, output_data, statement_due, statement_refused
    FROM dag_executions_before ORDER BY run_no;

CREATE TABLE node_traces (
    execution_id    TEXT NOT NULL REFERENCES dag_executions ON DELETE CASCADE,
    node_id         TEXT NOT NULL,
    trace_id        TEXT GENERATED ALWAYS AS (execution_id || ':' || node_id) VIRTUAL,
    tenant_id       TEXT NOT NULL,
    agent_id        TEXT NOT NULL,
    status          TEXT NOT NULL,
    input_hash      TEXT,
    output_hash     TEXT,
    provenance_hash TEXT,
    duration_ms     REAL NOT NULL DEFAULT 0,
    attempt_count   INTEGER NOT NULL DEFAULT 1,
    attempts_given  INTEGER NOT NULL DEFAULT 0,
    attempts_used   INTEGER NOT NULL DEFAULT 0,
    attempts_infra  INTEGER NOT NULL DEFAULT 0,
    level_index     INTEGER NOT NULL,
    started_at      INTEGER,
    completed_at    INTEGER,
    error_class     TEXT,
    error           TEXT,
    outputs         TEXT,
    PRIMARY KEY (execution_id, node_id),
    CONSTRAINT chk_node_trace_status CHECK (status IN ('pending', 'running', 'completed', 'failed',
        'skipped', 'timed_out', 'retrying', 'cancelled')),
    CONSTRAINT chk_node_trace_attempt CHECK (attempt_count >= 0)
) STRICT;
ALTER TABLE node_traces ADD COLUMN sandbox TEXT;
ALTER TABLE node_traces ADD COLUMN error_source TEXT CHECK (error_source IN ('agent', 'host'));
INSERT INTO node_traces (execution_id, node_id, tenant_id, agent_id, status, input_hash, output_hash, provenance_hash,
    duration_ms, attempt_count, attempts_given, attempts_used, attempts_infra, level_index, started_at,
    completed_at, error_class, error, error_source, sandbox, outputs)
SELECT execution_id, node_id, tenant_id, agent_id, status, input_hash, output_hash, provenance_hash,
    duration_ms, attempt_count, attempts_given, attempts_used, attempts_infra, level_index, started_at,
    completed_at, error_class, error, error_source, sandbox, outputs
    FROM node_traces_before ORDER BY rowid;

CREATE TABLE node_attempts (
    execution_id TEXT NOT NULL REFERENCES dag_executions ON DELETE CASCADE,
    node_id      TEXT NOT NULL,
    compensation INTEGER NOT NULL DEFAULT 0,
    attempt      INTEGER NOT NULL,
    tenant_id    TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    retryable    INTEGER NOT NULL DEFAULT 0,
    started_at   INTEGER,
    completed_at INTEGER,
    error_class  TEXT,
    error        TEXT,
    detail       TEXT,
    PRIMARY KEY (execution_id, node_id, compensation, attempt),
    CONSTRAINT chk_node_attempt_positive CHECK (attempt > 0)
) STRICT, WITHOUT ROWID;
ALTER TABLE node_attempts ADD COLUMN error_source TEXT CHECK (error_source IN ('agent', 'host'));
INSERT INTO node_attempts (execution_id, node_id, compensation, attempt, tenant_id, outcome, retryable, started_at, completed_at,
    error_class, error, error_source, detail)
SELECT execution_id, node_id, compensation, attempt, tenant_id, outcome, retryable, started_at, completed_at,
    error_class, error, error_source, detail
    FROM node_attempts_before;

CREATE TABLE attempt_logs (
    id           INTEGER PRIMARY KEY,
    execution_id TEXT NOT NULL REFERENCES dag_executions ON DELETE CASCADE,
    node_id      TEXT NOT NULL,
    attempt      INTEGER NOT NULL,
    tenant_id    TEXT NOT NULL,
    at           INTEGER NOT NULL,
    level        TEXT NOT NULL,
    text         TEXT NOT NULL
) STRICT;
INSERT INTO attempt_logs (id, execution_id, node_id, attempt, tenant_id, at, level, text)
SELECT id, execution_id, node_id, attempt, tenant_id, at, level, text
    FROM attempt_logs_before ORDER BY id;
CREATE INDEX idx_attempt_logs_execution ON attempt_logs (execution_id);
CREATE INDEX idx_attempt_logs_node ON attempt_logs (execution_id, node_id);

CREATE TABLE dag_checkpoints (
    execution_id  TEXT NOT NULL REFERENCES dag_executions ON DELETE CASCADE,
    node_id       TEXT NOT NULL,
    checkpoint_id TEXT GENERATED ALWAYS AS (execution_id || ':' || node_id) VIRTUAL,
    tenant_id     TEXT NOT NULL,
    status        TEXT NOT NULL,
    output_hash   TEXT,
    attempt_count INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    outputs       TEXT,
    PRIMARY KEY (execution_id, node_id),
    CONSTRAINT chk_checkpoint_status CHECK (status IN
        ('completed', 'failed', 'skipped', 'timed_out'))
) STRICT;
INSERT INTO dag_checkpoints (execution_id, node_id, tenant_id, status, output_hash, attempt_count, created_at, outputs)
SELECT execution_id, node_id, tenant_id, status, output_hash, attempt_count, created_at, outputs
    FROM dag_checkpoints_before ORDER BY rowid;

CREATE TABLE execution_provenance (
    execution_id  TEXT NOT NULL REFERENCES dag_executions ON DELETE CASCADE,
    node_id       TEXT NOT NULL,
    provenance_id TEXT GENERATED ALWAYS AS (execution_id || ':' || node_id) VIRTUAL,
    tenant_id     TEXT NOT NULL,
    input_hash    TEXT NOT NULL,
    output_hash   TEXT NOT NULL,
    duration_ms   REAL NOT NULL,
    attempt_count INTEGER NOT NULL DEFAULT 1,
    created_at    INTEGER NOT NULL,
    parent_hashes TEXT NOT NULL DEFAULT '[]',
    chain_hash    TEXT NOT NULL,
    record_hash   TEXT NOT NULL,
    record        TEXT NOT NULL,
    PRIMARY KEY (execution_id, node_id)
) STRICT;
INSERT INTO execution_provenance (execution_id, node_id, tenant_id, input_hash, output_hash, duration_ms, attempt_count, created_at,
    parent_hashes, chain_hash, record_hash, record)
SELECT execution_id, node_id, tenant_id, input_hash, output_hash, duration_ms, attempt_count, created_at,
    parent_hashes, chain_hash, record_hash, record
    FROM execution_provenance_before ORDER BY rowid;

DROP TABLE attempt_logs_before;
DROP TABLE execution_provenance_before;
DROP TABLE dag_checkpoints_before;
DROP TABLE node_attempts_before;
DROP TABLE node_traces_before;
DROP TABLE dag_executions_before;

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
    ON dag_executions (created_at, execution_id) WHERE status IN ('pending', 'running', 'paused');
CREATE INDEX idx_dag_executions_dag_status ON dag_executions
    (tenant_id, dag_id, status, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_dag_executions_unsigned ON dag_executions
    (tenant_id, coalesce(started_at, created_at) DESC, execution_id) WHERE statement_due = 1;

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
