-- What runs wait at before they begin (docs/adr/0084): others of their key that go on (concurrency),
-- starts that follow soon (debounce). slot: the place that a run holds; 0: it waits.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (39);

CREATE TABLE run_gates (
    tenant_id   varchar(128) COLLATE "C" NOT NULL,
    run_id      varchar(64) COLLATE "C" NOT NULL,
    kind        varchar(16) COLLATE "C" NOT NULL,
    dag_id      varchar(128) COLLATE "C" NOT NULL,
    gate_key    varchar(1024) COLLATE "C" NOT NULL,
    bound       bigint NOT NULL,
    on_conflict varchar(16) COLLATE "C" NOT NULL,
    slot        bigint NOT NULL,
    created_at  timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    first_at    timestamptz NOT NULL,
    PRIMARY KEY (run_id, kind, tenant_id),
    CONSTRAINT chk_run_gate CHECK (kind IN ('concurrency', 'debounce') AND slot >= 0 AND bound >= 0)
);

CREATE INDEX idx_run_gates_key
    ON run_gates (tenant_id, dag_id, kind, gate_key, slot, created_at, run_id);
CREATE UNIQUE INDEX uq_run_gate_slot ON run_gates (tenant_id, dag_id, kind, gate_key, slot)
    WHERE slot > 0;

ALTER TABLE run_gates ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY orchestrator_run_gates_tenant ON run_gates
    USING (tenant_id = current_setting('app.current_tenant', true));
CREATE POLICY orchestrator_run_gates_admin ON run_gates
    USING (current_setting('app.is_admin', true) = 'true');
CREATE POLICY orchestrator_run_gates_operator ON run_gates TO orchestrator_operator USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON run_gates TO orchestrator_app;
GRANT SELECT ON run_gates TO orchestrator_readonly, orchestrator_operator;
