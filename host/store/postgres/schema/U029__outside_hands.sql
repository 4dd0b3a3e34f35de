DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 29;

DROP TRIGGER trg_dag_executions_outside_word ON dag_executions;
DROP TRIGGER trg_dag_executions_outside_edit ON dag_executions;
DROP FUNCTION heed_outside_word();
DROP FUNCTION heed_outside_edit();
DROP TABLE outside_edits;
