-- As V022 and V025 made it. The bundles are in the folders of the hosts.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 28;

ALTER TABLE hosts ALTER COLUMN agents SET DEFAULT '[]';
DROP TABLE plugin_bundle_parts;
DROP TABLE plugin_bundles;

CREATE TABLE plugin_bundles (
    tenant_id   varchar(128) COLLATE "C" NOT NULL,
    bundle_hash text COLLATE "C" NOT NULL,
    content     bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, bundle_hash)
);
ALTER TABLE plugin_bundles ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE plugin_bundles ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY orchestrator_plugin_bundles_tenant ON plugin_bundles
    USING (tenant_id = current_setting('app.current_tenant', true));
CREATE POLICY orchestrator_plugin_bundles_admin ON plugin_bundles
    USING (current_setting('app.is_admin', true) = 'true');
CREATE POLICY orchestrator_plugin_bundles_operator ON plugin_bundles TO orchestrator_operator USING (true);
CREATE POLICY orchestrator_plugin_bundles_all ON plugin_bundles FOR SELECT USING (tenant_id = '');
GRANT SELECT, INSERT, UPDATE, DELETE ON plugin_bundles TO orchestrator_app;
GRANT SELECT (tenant_id, bundle_hash, created_at) ON plugin_bundles
    TO orchestrator_readonly, orchestrator_operator;
