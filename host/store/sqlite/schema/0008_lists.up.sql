-- A list reads no bodies and every documented filter has its index. The large columns of a DAG version
-- stand last, so that a row is read without walking over them.

DROP TRIGGER trg_dag_workflows_pinned;
DROP TRIGGER trg_dag_workflows_immutable;
DROP INDEX idx_dag_workflows_versions;
ALTER TABLE dag_workflows RENAME TO dag_workflows_before;

CREATE TABLE dag_workflows (
    tenant_id              TEXT NOT NULL,
    dag_id                 TEXT NOT NULL,
    version                TEXT NOT NULL DEFAULT '1.0.0',
    version_key            TEXT NOT NULL,
    name                   TEXT NOT NULL,
    hash                   TEXT NOT NULL,
    enabled                INTEGER NOT NULL DEFAULT 1,
    max_parallel_nodes     INTEGER NOT NULL DEFAULT 10,
    default_retry_policy   TEXT,
    default_timeout_policy TEXT,
    on_failure             TEXT NOT NULL DEFAULT 'fail_fast',
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    deleted_at             INTEGER NOT NULL DEFAULT 0,
    created_by             TEXT,
    description            TEXT,
    signature              TEXT,
    definition             TEXT NOT NULL,
    PRIMARY KEY (tenant_id, dag_id, version),
    CONSTRAINT chk_dag_on_failure CHECK (on_failure IN ('fail_fast', 'continue', 'compensate')),
    CONSTRAINT chk_dag_max_parallel_positive CHECK (max_parallel_nodes > 0)
) STRICT;
INSERT INTO dag_workflows (tenant_id, dag_id, version, version_key, name, hash, enabled,
    max_parallel_nodes, default_retry_policy, default_timeout_policy, on_failure, created_at,
    updated_at, deleted_at, created_by, description, signature, definition)
SELECT tenant_id, dag_id, version, version_key, name, hash, enabled, max_parallel_nodes,
    default_retry_policy, default_timeout_policy, on_failure, created_at, updated_at, deleted_at,
    created_by, description, signature, definition FROM dag_workflows_before;
DROP TABLE dag_workflows_before;

CREATE INDEX idx_dag_workflows_versions ON dag_workflows (tenant_id, dag_id, version_key DESC);
CREATE INDEX idx_dag_workflows_live ON dag_workflows (tenant_id, dag_id, version_key DESC)
    WHERE deleted_at = 0;
CREATE INDEX idx_dag_workflows_enabled ON dag_workflows (tenant_id, dag_id, version_key DESC)
    WHERE deleted_at = 0 AND enabled = 1;
CREATE INDEX idx_dag_workflows_disabled ON dag_workflows (tenant_id, dag_id, version_key DESC)
    WHERE deleted_at = 0 AND enabled = 0;

CREATE TRIGGER trg_dag_workflows_immutable
BEFORE UPDATE OF tenant_id, dag_id, version, version_key, name, description, definition, hash,
    max_parallel_nodes, default_retry_policy, default_timeout_policy, on_failure, signature,
    created_at, created_by ON dag_workflows
BEGIN
    SELECT RAISE(ABORT, 'a DAG version is immutable');
END;
CREATE TRIGGER trg_dag_workflows_pinned BEFORE DELETE ON dag_workflows
WHEN EXISTS (SELECT 1 FROM dag_executions WHERE tenant_id = OLD.tenant_id AND dag_id = OLD.dag_id
    AND dag_version = OLD.version)
BEGIN
    SELECT RAISE(ABORT, 'runs are pinned to this DAG version');
END;

CREATE INDEX idx_dag_executions_dag_status ON dag_executions
    (tenant_id, dag_id, status, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_attempt_logs_node ON attempt_logs (execution_id, node_id);
CREATE INDEX idx_revoked_tokens_expires ON revoked_tokens (expires_at);
