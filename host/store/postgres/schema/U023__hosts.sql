DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 23;

DROP TABLE job_leases;
DROP TABLE commit_tokens;
DROP TABLE hosts;
