-- Gates go: what waits at them begins.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 39;

DROP TABLE run_gates;
