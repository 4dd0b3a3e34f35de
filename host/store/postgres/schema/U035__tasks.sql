-- Tasks become runs as any other: those that go on wait in their lane by its default priority.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 35;

DROP INDEX idx_dag_executions_task;
ALTER TABLE dag_executions DROP COLUMN task_priority;
