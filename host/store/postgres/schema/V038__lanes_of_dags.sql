-- Tasks of a lane that runs a DAG (docs/adr/0082): the lane, which the name of the DAG does not tell. NULL of any other
-- run, a task of a lane that runs an agent among them.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (38);

ALTER TABLE dag_executions ADD COLUMN task_lane text COLLATE "C";
CREATE INDEX idx_dag_executions_lane ON dag_executions
    (tenant_id, task_lane, coalesce(started_at, created_at) DESC, execution_id) WHERE task_lane IS NOT NULL;
