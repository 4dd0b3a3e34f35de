-- Dead letters (docs/adr/0070): one a task that failed, however often it did, until an operator clears it; and what was
-- cleared, as it was.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (36);

CREATE TABLE dead_letters (
    dead_letter_id varchar(256) COLLATE "C" NOT NULL,
    tenant_id      varchar(128) COLLATE "C" NOT NULL,
    task_id        text COLLATE "C" NOT NULL,
    run_id         varchar(64) COLLATE "C" NOT NULL,
    lane           varchar(128) COLLATE "C" NOT NULL,
    reason         text NOT NULL,
    error_class    text COLLATE "C" NOT NULL,
    message        text NOT NULL,
    fingerprint    varchar(64) COLLATE "C" NOT NULL,
    replayed_by    text NOT NULL,
    deaths         integer NOT NULL,
    attempts       integer NOT NULL,
    priority       integer NOT NULL,
    first_seen_at  timestamptz NOT NULL,
    last_seen_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, dead_letter_id),
    CONSTRAINT chk_dead_letter_reason
        CHECK (reason IN ('retries_exhausted', 'permanent_error', 'deliveries_exhausted', 'poison'))
);
CREATE INDEX idx_dead_letters_alike ON dead_letters (tenant_id, fingerprint, dead_letter_id);

CREATE TABLE dead_letter_snapshots (
    tenant_id   varchar(128) COLLATE "C" NOT NULL,
    snapshot_id varchar(64) COLLATE "C" NOT NULL,
    reason      text NOT NULL,
    created_by  text,
    items       text NOT NULL,
    sha256      varchar(64) COLLATE "C" NOT NULL,
    letters     integer NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, snapshot_id)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['dead_letters', 'dead_letter_snapshots'] LOOP
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

GRANT SELECT, INSERT, UPDATE, DELETE ON dead_letters, dead_letter_snapshots TO orchestrator_app;
GRANT SELECT ON dead_letters, dead_letter_snapshots TO orchestrator_readonly, orchestrator_operator;
