-- The hosts that share the store (HA.md 4). Every time here is the database's.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (23);

-- One row a host: a start takes the next epoch, so what an older process of it writes is refused, as
-- is what a fenced one does. Every second an update: they stay in the page.
CREATE TABLE hosts (
    host_id      text COLLATE "C" PRIMARY KEY,
    epoch        bigint NOT NULL DEFAULT 1,
    started_at   timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    fenced       boolean NOT NULL DEFAULT false,
    version      text NOT NULL,
    address      text NOT NULL DEFAULT '',
    agents       jsonb NOT NULL DEFAULT '[]', -- digests of what it can run
    CONSTRAINT chk_host_epoch_positive CHECK (epoch > 0)
) WITH (fillfactor = 50);

-- The last group that a host committed: what a COMMIT became whose answer was lost is read here.
CREATE TABLE commit_tokens (
    host_id      text COLLATE "C" PRIMARY KEY,
    epoch        bigint NOT NULL,
    token        bigint NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

-- What one host at a time does: schedules, sweeps, retention, ledger heads.
CREATE TABLE job_leases (
    job         text COLLATE "C" PRIMARY KEY,
    lease_owner text COLLATE "C",
    lease_epoch bigint NOT NULL DEFAULT 0,
    lease_until timestamptz
) WITH (fillfactor = 50);
