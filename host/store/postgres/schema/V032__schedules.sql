-- Runs that start by the calendar (docs/adr/0058): a row a schedule, and one for each due time that was reached,
-- whose key is what keeps it to one run.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (32);

CREATE TABLE schedules (
    tenant_id      varchar(128) COLLATE "C" NOT NULL,
    schedule_id    varchar(64) COLLATE "C" NOT NULL,
    dag_id         varchar(128) COLLATE "C" NOT NULL,
    dag_version    varchar(64) COLLATE "C",
    rule_kind      text NOT NULL,
    rule           text NOT NULL,
    timezone       text NOT NULL,
    dst_policy     text NOT NULL,
    missed_policy  text NOT NULL,
    overlap_policy text NOT NULL,
    inputs         text NOT NULL,
    created_by     text,
    last_run_id    text,
    missed_max     integer NOT NULL,
    jitter_seconds integer NOT NULL,
    paused         boolean NOT NULL,
    anchor_at      timestamptz,
    next_due_at    timestamptz,
    next_fire_at   timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, schedule_id),
    CONSTRAINT chk_schedule_rule CHECK (rule_kind IN ('cron', 'every', 'at')),
    CONSTRAINT chk_schedule_missed CHECK (missed_policy IN ('none', 'last', 'all') AND missed_max > 0),
    CONSTRAINT chk_schedule_jitter CHECK (jitter_seconds >= 0)
);
CREATE INDEX idx_schedules_dag ON schedules (tenant_id, dag_id, schedule_id);
CREATE INDEX idx_schedules_next ON schedules (next_fire_at) WHERE NOT paused;

CREATE TABLE schedule_firings (
    tenant_id   varchar(128) COLLATE "C" NOT NULL,
    schedule_id varchar(64) COLLATE "C" NOT NULL,
    due_at      timestamptz NOT NULL,
    fired_at    timestamptz,
    run_id      text,
    outcome     text NOT NULL,
    reason      text,
    PRIMARY KEY (tenant_id, schedule_id, due_at),
    CONSTRAINT chk_firing_outcome CHECK (outcome IN ('fired', 'queued', 'skipped', 'missed'))
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['schedules', 'schedule_firings'] LOOP
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

GRANT SELECT, INSERT, UPDATE, DELETE ON schedules, schedule_firings TO orchestrator_app;
GRANT SELECT ON schedules, schedule_firings TO orchestrator_readonly, orchestrator_operator;
