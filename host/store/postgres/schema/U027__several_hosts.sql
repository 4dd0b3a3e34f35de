DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 27;

DROP TABLE run_orders;
DROP INDEX idx_dag_executions_opening;
CREATE INDEX idx_dag_executions_owner ON dag_executions (lease_owner, created_at, execution_id)
    WHERE status IN ('pending', 'running', 'paused');
ALTER TABLE hosts DROP COLUMN several, DROP COLUMN lease_ttl, DROP COLUMN writer_pid, DROP COLUMN writer_since;
