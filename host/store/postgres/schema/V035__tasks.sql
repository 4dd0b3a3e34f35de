-- Tasks (docs/adr/0066): runs that a lane was given. Each has its priority there, any other run 0; its token is the
-- task's id, and no other task of the tenant has it.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (35);

ALTER TABLE dag_executions ADD COLUMN task_priority integer NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX idx_dag_executions_task ON dag_executions (tenant_id, run_token) WHERE task_priority > 0;
