-- Those tasks become runs as any other of their DAG.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 38;

UPDATE dag_executions SET task_priority = 0 WHERE task_lane IS NOT NULL;
DROP INDEX idx_dag_executions_lane;
ALTER TABLE dag_executions DROP COLUMN task_lane;
