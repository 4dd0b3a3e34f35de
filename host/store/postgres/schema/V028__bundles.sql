-- Bundles in parts, so that nobody holds one whole; a version by one key has one archive, and what was removed
-- stays as a row that says so (docs/adr/0051). No host ever wrote V022's table.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (28);

DROP TABLE plugin_bundles;

CREATE TABLE plugin_bundles (
    tenant_id    varchar(128) COLLATE "C" NOT NULL, -- '': for all
    plugin_id    varchar(128) COLLATE "C" NOT NULL,
    version      varchar(64) COLLATE "C" NOT NULL,
    key_id       text COLLATE "C" NOT NULL,
    archive_hash text NOT NULL,
    bundle_hash  text COLLATE "C" NOT NULL,
    bytes        bigint NOT NULL,
    created_at   timestamptz NOT NULL,
    removed_at   timestamptz,
    released_at  timestamptz,
    PRIMARY KEY (tenant_id, plugin_id, version, key_id),
    CONSTRAINT chk_bundle_bytes_positive CHECK (bytes > 0)
);

CREATE TABLE plugin_bundle_parts (
    tenant_id   varchar(128) COLLATE "C" NOT NULL,
    bundle_hash text COLLATE "C" NOT NULL,
    part        integer NOT NULL,
    content     bytea NOT NULL,
    PRIMARY KEY (tenant_id, bundle_hash, part),
    CONSTRAINT chk_bundle_part_not_negative CHECK (part >= 0)
);
ALTER TABLE plugin_bundle_parts ALTER COLUMN content SET STORAGE EXTERNAL; -- it is compressed already

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['plugin_bundles', 'plugin_bundle_parts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I'
            ' USING (tenant_id = current_setting(''app.current_tenant'', true))',
            'orchestrator_' || name || '_tenant', name);
        EXECUTE format('CREATE POLICY %I ON %I'
            ' USING (current_setting(''app.is_admin'', true) = ''true'')',
            'orchestrator_' || name || '_admin', name);
        EXECUTE format('CREATE POLICY %I ON %I TO orchestrator_operator USING (true)',
            'orchestrator_' || name || '_operator', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (tenant_id = '''')',
            'orchestrator_' || name || '_all', name);
    END LOOP;
END $$;

-- {"AGENT": ["DIGEST", ...]}
ALTER TABLE hosts ALTER COLUMN agents SET DEFAULT '{}';
UPDATE hosts SET agents = '{}';

GRANT SELECT, INSERT, UPDATE, DELETE ON plugin_bundles, plugin_bundle_parts TO orchestrator_app;
GRANT SELECT ON plugin_bundles TO orchestrator_readonly, orchestrator_operator;
GRANT SELECT (tenant_id, bundle_hash, part) ON plugin_bundle_parts
    TO orchestrator_readonly, orchestrator_operator;
