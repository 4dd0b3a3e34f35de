-- Several hosts on one store (docs/adr/0048): who has what, and what hosts tell each other's runs.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (27);

-- An opening is (host_id, epoch), alive while the row has its epoch and is not fenced. A host of before
-- has the store alone: several is false.
ALTER TABLE hosts ADD COLUMN several boolean NOT NULL DEFAULT false,
    ADD COLUMN lease_ttl interval NOT NULL DEFAULT '10 seconds', -- after so much silence it may be fenced
    ADD COLUMN writer_pid integer, -- its backend, with the time that the pid means
    ADD COLUMN writer_since timestamptz;
UPDATE hosts SET fenced = true WHERE heartbeat_at = '-infinity';

DROP INDEX idx_dag_executions_owner;
CREATE INDEX idx_dag_executions_opening ON dag_executions (lease_owner, lease_epoch, created_at, execution_id)
    WHERE status IN ('pending', 'running', 'paused');

-- What a client told a host that does not have the run.
CREATE TABLE run_orders (
    order_no     bigint GENERATED ALWAYS AS IDENTITY,
    execution_id varchar(128) COLLATE "C" NOT NULL,
    tenant_id    varchar(128) COLLATE "C" NOT NULL,
    verb         text NOT NULL,
    said         text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT chk_run_order_verb CHECK (verb IN ('cancel', 'pause', 'unpause'))
);
CREATE INDEX idx_run_orders_run ON run_orders (tenant_id, execution_id);
ALTER TABLE run_orders ADD PRIMARY KEY (order_no);

ALTER TABLE run_orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY orchestrator_run_orders_tenant ON run_orders
    USING (tenant_id = current_setting('app.current_tenant', true));
CREATE POLICY orchestrator_run_orders_admin ON run_orders
    USING (current_setting('app.is_admin', true) = 'true');
CREATE POLICY orchestrator_run_orders_operator ON run_orders TO orchestrator_operator USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON run_orders TO orchestrator_app;
GRANT SELECT ON run_orders TO orchestrator_readonly, orchestrator_operator;
