-- The older program names its columns, so their order may stay.
DROP INDEX idx_revoked_tokens_expires;
DROP INDEX idx_attempt_logs_node;
DROP INDEX idx_dag_executions_dag_status;
DROP INDEX idx_dag_workflows_disabled;
DROP INDEX idx_dag_workflows_enabled;
DROP INDEX idx_dag_workflows_live;
