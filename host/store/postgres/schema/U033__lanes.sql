-- The lanes that operators set go; hosts have those that they are started with.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 33;

DROP TABLE lane_versions;
DROP TABLE lanes;
