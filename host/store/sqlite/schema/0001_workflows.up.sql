-- The five tables of V021 (contract/greenlang.md 9) with what DESIGN.md 3 to 6 adds. Times are
-- microseconds since 1970 UTC, booleans 0 and 1, JSON is text.

CREATE TABLE dag_workflows (
    tenant_id              TEXT NOT NULL,
    dag_id                 TEXT NOT NULL,
    version                TEXT NOT NULL DEFAULT '1.0.0',
    version_key            TEXT NOT NULL,
    name                   TEXT NOT NULL,
    description            TEXT,
    definition             TEXT NOT NULL,
    hash                   TEXT NOT NULL,
    enabled                INTEGER NOT NULL DEFAULT 1,
    max_parallel_nodes     INTEGER NOT NULL DEFAULT 10,
    default_retry_policy   TEXT,
    default_timeout_policy TEXT,
    on_failure             TEXT NOT NULL DEFAULT 'fail_fast',
    signature              TEXT,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    deleted_at             INTEGER NOT NULL DEFAULT 0,
    created_by             TEXT,
    PRIMARY KEY (tenant_id, dag_id, version),
    CONSTRAINT chk_dag_on_failure CHECK (on_failure IN ('fail_fast', 'continue', 'compensate')),
    CONSTRAINT chk_dag_max_parallel_positive CHECK (max_parallel_nodes > 0)
) STRICT;
CREATE INDEX idx_dag_workflows_versions ON dag_workflows (tenant_id, dag_id, version_key DESC);

CREATE TRIGGER trg_dag_workflows_immutable
BEFORE UPDATE OF tenant_id, dag_id, version, version_key, name, description, definition, hash,
    max_parallel_nodes, default_retry_policy, default_timeout_policy, on_failure, signature,
    created_at, created_by ON dag_workflows
BEGIN
    SELECT RAISE(ABORT, 'a DAG version is immutable');
END;

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

CREATE TRIGGER trg_dag_workflows_pinned BEFORE DELETE ON dag_workflows
WHEN EXISTS (SELECT 1 FROM dag_executions WHERE tenant_id = OLD.tenant_id AND dag_id = OLD.dag_id
    AND dag_version = OLD.version)
BEGIN
    SELECT RAISE(ABORT, 'runs are pinned to this DAG version');
END;

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
CREATE INDEX idx_attempt_logs_execution ON attempt_logs (execution_id);

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
