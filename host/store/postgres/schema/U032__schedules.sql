-- The schedules and what they started when go; the runs stay.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 32;

DROP TABLE schedule_firings;
DROP TABLE schedules;
