-- The ranges that were run again when go; the runs stay, and due times that wait for the run before never fire.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 34;

DROP TABLE backfill_runs;
DROP TABLE backfills;
DROP INDEX idx_firings_queued;
