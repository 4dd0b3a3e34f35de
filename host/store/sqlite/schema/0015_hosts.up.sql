-- The words of several hosts (docs/adr/0048), where one opening is alive: the one that store_fence names.
ALTER TABLE store_fence ADD COLUMN host_id TEXT;
ALTER TABLE store_fence ADD COLUMN version TEXT;
ALTER TABLE store_fence ADD COLUMN address TEXT;
ALTER TABLE store_fence ADD COLUMN started_at INTEGER;

CREATE TABLE job_leases (
    job         TEXT PRIMARY KEY,
    lease_owner TEXT,
    lease_epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run_orders (
    order_no     INTEGER PRIMARY KEY,
    execution_id TEXT NOT NULL,
    tenant_id    TEXT NOT NULL,
    verb         TEXT NOT NULL,
    said         TEXT,
    created_at   INTEGER NOT NULL,
    CONSTRAINT chk_run_order_verb CHECK (verb IN ('cancel', 'pause', 'unpause'))
) STRICT;
