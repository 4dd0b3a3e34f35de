-- The plugins of a run's start, which it is pinned to (docs/adr/0054): {"AGENT": "DIGEST"}, null: nobody had it.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (30);

ALTER TABLE dag_executions ADD COLUMN agent_digests text;

-- An opening that is fenced ended in order; a host of before does not say so.
ALTER TABLE hosts ADD COLUMN ended boolean NOT NULL DEFAULT false;
