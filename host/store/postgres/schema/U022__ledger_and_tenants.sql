DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 22;

DROP TABLE revoked_tokens;
DROP TABLE idempotency;
DROP TABLE plugin_bundles;
DROP TABLE plugins;
DROP TABLE secrets;
DROP TABLE tenants;
DROP TABLE store_identity;
DROP TABLE ledger_heads;
DROP TABLE statements;
DROP FUNCTION statements_stored();
DROP TABLE run_events;
DROP FUNCTION run_events_chain();
DROP TABLE event_heads;
