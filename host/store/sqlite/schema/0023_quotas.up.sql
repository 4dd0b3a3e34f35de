-- Quotas (docs/adr/0079): what a tenant may start in a lane, one a tenant and lane; 0: not bounded.
CREATE TABLE quotas (
    tenant_id    TEXT NOT NULL,
    quota_id     TEXT NOT NULL,
    job_type     TEXT NOT NULL,
    max_active   INTEGER NOT NULL,
    max_per_hour INTEGER NOT NULL,
    burst        INTEGER NOT NULL,
    weight       INTEGER NOT NULL,
    paused       INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    created_by   TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, quota_id),
    CONSTRAINT uq_quota_job_type UNIQUE (tenant_id, job_type),
    CONSTRAINT chk_quota CHECK (max_active >= 0 AND max_per_hour >= 0 AND burst >= 0 AND weight > 0)
) STRICT;
