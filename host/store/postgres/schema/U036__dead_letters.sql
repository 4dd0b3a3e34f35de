-- Dead letters go with what was cleared of them; their runs stay, failed.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 36;

DROP TABLE dead_letter_snapshots;
DROP TABLE dead_letters;
