-- Due times that wait for the run before, and ranges of due times that an operator has run again (docs/adr/0067):
-- a row a range, and one for each of its runs that goes on.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (34);

CREATE INDEX idx_firings_queued ON schedule_firings (tenant_id, schedule_id, due_at) WHERE outcome = 'queued';

CREATE TABLE backfills (
    tenant_id    varchar(128) COLLATE "C" NOT NULL,
    backfill_id  varchar(64) COLLATE "C" NOT NULL,
    schedule_id  varchar(64) COLLATE "C" NOT NULL,
    status       text NOT NULL,
    reason       text NOT NULL,
    ticket       text NOT NULL,
    created_by   text,
    max_parallel integer NOT NULL,
    total        integer NOT NULL,
    completed    integer NOT NULL,
    failed       integer NOT NULL,
    skipped      integer NOT NULL,
    from_at      timestamptz NOT NULL,
    to_at        timestamptz NOT NULL,
    next_due_at  timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, backfill_id),
    CONSTRAINT chk_backfill_status CHECK (status IN ('pending', 'running', 'paused', 'completed', 'cancelled')),
    CONSTRAINT chk_backfill_parallel CHECK (max_parallel > 0)
);
CREATE INDEX idx_backfills_schedule ON backfills (tenant_id, schedule_id, backfill_id);
CREATE INDEX idx_backfills_begin ON backfills (updated_at)
    WHERE next_due_at IS NOT NULL AND status IN ('pending', 'running');

CREATE TABLE backfill_runs (
    tenant_id   varchar(128) COLLATE "C" NOT NULL,
    backfill_id varchar(64) COLLATE "C" NOT NULL,
    due_at      timestamptz NOT NULL,
    schedule_id varchar(64) COLLATE "C" NOT NULL,
    run_id      text NOT NULL,
    PRIMARY KEY (tenant_id, backfill_id, due_at)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['backfills', 'backfill_runs'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY %I ON %I'
            ' USING (tenant_id = current_setting(''app.current_tenant'', true))',
            'orchestrator_' || name || '_tenant', name);
        EXECUTE format('CREATE POLICY %I ON %I'
            ' USING (current_setting(''app.is_admin'', true) = ''true'')',
            'orchestrator_' || name || '_admin', name);
        EXECUTE format('CREATE POLICY %I ON %I TO orchestrator_operator USING (true)',
            'orchestrator_' || name || '_operator', name);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON backfills, backfill_runs TO orchestrator_app;
GRANT SELECT ON backfills, backfill_runs TO orchestrator_readonly, orchestrator_operator;
