-- Quotas (docs/adr/0079): what a tenant may start in a lane, one a tenant and lane; 0: not bounded.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (37);

CREATE TABLE quotas (
    tenant_id    varchar(128) COLLATE "C" NOT NULL,
    quota_id     varchar(64) COLLATE "C" NOT NULL,
    job_type     varchar(128) COLLATE "C" NOT NULL,
    max_active   bigint NOT NULL,
    max_per_hour bigint NOT NULL,
    burst        bigint NOT NULL,
    weight       bigint NOT NULL,
    paused       boolean NOT NULL,
    version      bigint NOT NULL,
    created_by   text,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (quota_id, tenant_id),
    CONSTRAINT uq_quota_job_type UNIQUE (tenant_id, job_type),
    CONSTRAINT chk_quota CHECK (max_active >= 0 AND max_per_hour >= 0 AND burst >= 0 AND weight > 0)
);

ALTER TABLE quotas ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY orchestrator_quotas_tenant ON quotas
    USING (tenant_id = current_setting('app.current_tenant', true));
CREATE POLICY orchestrator_quotas_admin ON quotas USING (current_setting('app.is_admin', true) = 'true');
CREATE POLICY orchestrator_quotas_operator ON quotas TO orchestrator_operator USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON quotas TO orchestrator_app;
GRANT SELECT ON quotas TO orchestrator_readonly, orchestrator_operator;
