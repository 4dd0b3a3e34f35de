DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;

DROP TABLE hourly_node_summaries;
DROP TABLE attempt_logs;
DROP TABLE node_attempts;
DROP TABLE execution_provenance;
DROP TABLE dag_checkpoints;
DROP TABLE node_traces;
DROP TABLE dag_executions;
DROP TABLE dag_workflows;
DROP FUNCTION dag_workflows_pinned();
DROP FUNCTION update_updated_at();
DROP FUNCTION refuse();
DROP TABLE schema_versions;
