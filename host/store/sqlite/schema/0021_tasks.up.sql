-- Tasks (docs/adr/0066): runs that a lane was given. Each has its priority there, any other run 0; its token is the
-- task's id, and no other task of the tenant has it.
ALTER TABLE dag_executions ADD COLUMN task_priority INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX idx_dag_executions_task ON dag_executions (tenant_id, run_token) WHERE task_priority > 0;
