-- The five tables of V021 (contract/greenlang.md 9) with what DESIGN.md 3 to 6 adds, and what a run's
-- attempts leave (docs/adr/0045). The schema is `orchestrator`, or what the setting orchestrator.schema
-- says. Names compare by code point, as the host's pages do. JSON is kept byte for byte: hashes cover it.
-- Keys are made behind the other indexes: while a table is new the planner takes all for equally good,
-- and then the last one, in plans that it keeps until the table is analyzed.
DO $$
DECLARE
    schema text := coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator');
BEGIN
    IF to_regnamespace(quote_ident(schema)) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', schema);
    END IF;
    PERFORM set_config('search_path', quote_ident(schema), true);
END $$;

-- Which files have been here, whoever brought them: what a host looks at when it starts.
CREATE TABLE schema_versions (
    version    integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO schema_versions (version) VALUES (21);

CREATE TABLE dag_workflows (
    tenant_id              varchar(128) COLLATE "C" NOT NULL,
    dag_id                 varchar(128) COLLATE "C" NOT NULL,
    version                varchar(64) COLLATE "C" NOT NULL DEFAULT '1.0.0',
    version_key            text COLLATE "C" NOT NULL, -- in its order versions are in theirs
    name                   varchar(256) NOT NULL,
    description            text,
    definition             json NOT NULL,
    hash                   varchar(64) NOT NULL,
    enabled                boolean NOT NULL DEFAULT true,
    max_parallel_nodes     integer NOT NULL DEFAULT 10,
    default_retry_policy   json,
    default_timeout_policy json,
    on_failure             varchar(32) NOT NULL DEFAULT 'fail_fast',
    signature              text,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    deleted_at             timestamptz, -- NULL: it lives
    created_by             varchar(256),
    CONSTRAINT chk_dag_on_failure CHECK (on_failure IN ('fail_fast', 'continue', 'compensate')),
    CONSTRAINT chk_dag_max_parallel_positive CHECK (max_parallel_nodes BETWEEN 1 AND 500)
);
CREATE INDEX idx_dag_workflows_versions ON dag_workflows (tenant_id, dag_id, version_key DESC);
CREATE INDEX idx_dag_workflows_live ON dag_workflows (tenant_id, dag_id, version_key DESC)
    WHERE deleted_at IS NULL;
CREATE INDEX idx_dag_workflows_enabled ON dag_workflows (tenant_id, dag_id, version_key DESC)
    WHERE deleted_at IS NULL AND enabled;
CREATE INDEX idx_dag_workflows_disabled ON dag_workflows (tenant_id, dag_id, version_key DESC)
    WHERE deleted_at IS NULL AND NOT enabled;
ALTER TABLE dag_workflows ADD PRIMARY KEY (tenant_id, dag_id, version);

CREATE TABLE dag_executions (
    execution_id          varchar(128) COLLATE "C" NOT NULL,
    tenant_id             varchar(128) COLLATE "C" NOT NULL,
    dag_id                varchar(128) COLLATE "C" NOT NULL,
    dag_version           varchar(64) COLLATE "C" NOT NULL,
    status                varchar(32) COLLATE "C" NOT NULL DEFAULT 'pending',
    run_token             text COLLATE "C",
    inputs_hash           text COLLATE "C" NOT NULL,
    outputs_hash          text,
    provenance_chain_hash varchar(64),
    trace_id              text NOT NULL,
    parent_run_id         varchar(128) COLLATE "C",
    parent_kind           text,
    created_by            varchar(256),
    seed                  bigint NOT NULL DEFAULT 0,
    deterministic_mode    boolean NOT NULL DEFAULT true,
    checkpoint_enabled    boolean NOT NULL DEFAULT true,
    paused                boolean NOT NULL DEFAULT false,
    cancel_requested      boolean NOT NULL DEFAULT false,
    statement_due         boolean NOT NULL DEFAULT false, -- it ended and its statement is not stored yet
    total_nodes           integer NOT NULL DEFAULT 0,
    completed_nodes       integer NOT NULL DEFAULT 0,
    failed_nodes          integer NOT NULL DEFAULT 0,
    skipped_nodes         integer NOT NULL DEFAULT 0,
    created_at            timestamptz NOT NULL DEFAULT now(),
    started_at            timestamptz,
    completed_at          timestamptz,
    deadline_at           timestamptz,
    lease_owner           text COLLATE "C", -- hosts.host_id
    lease_epoch           bigint NOT NULL DEFAULT 0,
    lease_until           timestamptz,
    statement_refused     text,
    error                 text,
    errors                text,
    compensations         text,
    options               text,
    topology_levels       json,
    input_data            json,
    output_data           json,
    CONSTRAINT chk_execution_status CHECK (status IN
        ('pending', 'running', 'completed', 'failed', 'cancelled', 'paused')),
    CONSTRAINT chk_execution_node_counts CHECK
        (completed_nodes + failed_nodes + skipped_nodes <= total_nodes)
) WITH (fillfactor = 80); -- counts change with each step: an update finds room in its page
CREATE UNIQUE INDEX idx_dag_executions_token
    ON dag_executions (tenant_id, run_token, dag_id, inputs_hash) WHERE run_token IS NOT NULL;
CREATE INDEX idx_dag_executions_started
    ON dag_executions (tenant_id, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_dag_executions_dag
    ON dag_executions (tenant_id, dag_id, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_dag_executions_status
    ON dag_executions (tenant_id, status, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_dag_executions_dag_status ON dag_executions
    (tenant_id, dag_id, status, coalesce(started_at, created_at) DESC, execution_id);
CREATE INDEX idx_dag_executions_unsigned ON dag_executions
    (tenant_id, coalesce(started_at, created_at) DESC, execution_id) WHERE statement_due;
-- What hosts ask across tenants: what to claim, whose it is, what is left to sign.
CREATE INDEX idx_dag_executions_unfinished ON dag_executions (created_at, execution_id)
    WHERE status IN ('pending', 'running', 'paused');
CREATE INDEX idx_dag_executions_owner ON dag_executions (lease_owner, created_at, execution_id)
    WHERE status IN ('pending', 'running', 'paused');
CREATE INDEX idx_dag_executions_statement_due ON dag_executions (execution_id) WHERE statement_due;
ALTER TABLE dag_executions ADD UNIQUE (tenant_id, execution_id);
ALTER TABLE dag_executions ADD PRIMARY KEY (execution_id);

CREATE TABLE node_traces (
    execution_id    varchar(128) COLLATE "C" NOT NULL,
    node_id         varchar(128) COLLATE "C" NOT NULL,
    trace_id        text GENERATED ALWAYS AS (execution_id || ':' || node_id) STORED,
    tenant_id       varchar(128) COLLATE "C" NOT NULL,
    agent_id        varchar(128) NOT NULL,
    status          varchar(32) NOT NULL,
    input_hash      varchar(64),
    output_hash     varchar(64),
    provenance_hash varchar(64),
    duration_ms     double precision NOT NULL DEFAULT 0,
    attempt_count   integer NOT NULL DEFAULT 1,
    attempts_given  bigint NOT NULL DEFAULT 0,
    attempts_used   bigint NOT NULL DEFAULT 0,
    attempts_infra  bigint NOT NULL DEFAULT 0,
    level_index     integer NOT NULL,
    started_at      timestamptz,
    completed_at    timestamptz,
    error_class     text,
    error           text,
    error_source    text,
    sandbox         text,
    outputs         json, -- NULL: the node's checkpoint has them
    PRIMARY KEY (tenant_id, execution_id, node_id),
    FOREIGN KEY (tenant_id, execution_id) REFERENCES dag_executions (tenant_id, execution_id)
        ON DELETE CASCADE,
    CONSTRAINT chk_node_trace_status CHECK (status IN ('pending', 'running', 'completed', 'failed',
        'skipped', 'timed_out', 'retrying', 'cancelled')),
    CONSTRAINT chk_node_trace_attempt CHECK (attempt_count >= 0),
    CONSTRAINT chk_node_trace_error_source CHECK (error_source IN ('agent', 'host'))
) WITH (fillfactor = 85);
-- Small, whatever is written: the hourly summaries ask for a window of time of all tenants.
CREATE INDEX idx_node_traces_started ON node_traces USING brin (started_at);

CREATE TABLE dag_checkpoints (
    execution_id  varchar(128) COLLATE "C" NOT NULL,
    node_id       varchar(128) COLLATE "C" NOT NULL,
    checkpoint_id text GENERATED ALWAYS AS (execution_id || ':' || node_id) STORED,
    tenant_id     varchar(128) COLLATE "C" NOT NULL,
    status        varchar(32) NOT NULL,
    output_hash   varchar(64),
    attempt_count integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    outputs       json,
    PRIMARY KEY (tenant_id, execution_id, node_id),
    FOREIGN KEY (tenant_id, execution_id) REFERENCES dag_executions (tenant_id, execution_id)
        ON DELETE CASCADE,
    CONSTRAINT chk_checkpoint_status CHECK (status IN ('completed', 'failed', 'skipped', 'timed_out'))
);

CREATE TABLE execution_provenance (
    execution_id  varchar(128) COLLATE "C" NOT NULL,
    node_id       varchar(128) COLLATE "C" NOT NULL,
    provenance_id text GENERATED ALWAYS AS (execution_id || ':' || node_id) STORED,
    tenant_id     varchar(128) COLLATE "C" NOT NULL,
    input_hash    varchar(64) NOT NULL,
    output_hash   varchar(64) NOT NULL,
    duration_ms   double precision NOT NULL,
    attempt_count integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now(),
    parent_hashes json NOT NULL DEFAULT '[]',
    chain_hash    varchar(64) NOT NULL,
    record_hash   varchar(64) NOT NULL,
    record        text NOT NULL,
    PRIMARY KEY (tenant_id, execution_id, node_id),
    FOREIGN KEY (tenant_id, execution_id) REFERENCES dag_executions (tenant_id, execution_id)
        ON DELETE CASCADE
);

-- By month. A run's id begins with the time of its start (UUIDv7), so a range of ids is a month of
-- runs: all that a run has is in one partition, and a key of it needs no time beside it.
CREATE TABLE node_attempts (
    execution_id varchar(128) COLLATE "C" NOT NULL,
    node_id      varchar(128) COLLATE "C" NOT NULL,
    compensation boolean NOT NULL DEFAULT false,
    attempt      bigint NOT NULL,
    tenant_id    varchar(128) COLLATE "C" NOT NULL,
    outcome      text NOT NULL,
    retryable    boolean NOT NULL DEFAULT false,
    started_at   timestamptz,
    completed_at timestamptz,
    error_class  text,
    error        text,
    error_source text,
    detail       text,
    PRIMARY KEY (tenant_id, execution_id, node_id, compensation, attempt),
    FOREIGN KEY (tenant_id, execution_id) REFERENCES dag_executions (tenant_id, execution_id)
        ON DELETE CASCADE,
    CONSTRAINT chk_node_attempt_positive CHECK (attempt > 0),
    CONSTRAINT chk_node_attempt_error_source CHECK (error_source IN ('agent', 'host'))
) PARTITION BY RANGE (execution_id);
CREATE TABLE node_attempts_other PARTITION OF node_attempts DEFAULT;

CREATE TABLE attempt_logs (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    execution_id varchar(128) COLLATE "C" NOT NULL,
    node_id      varchar(128) COLLATE "C" NOT NULL,
    attempt      bigint NOT NULL,
    tenant_id    varchar(128) COLLATE "C" NOT NULL,
    at           timestamptz NOT NULL,
    level        text NOT NULL,
    text         text NOT NULL,
    FOREIGN KEY (tenant_id, execution_id) REFERENCES dag_executions (tenant_id, execution_id)
        ON DELETE CASCADE
) PARTITION BY RANGE (execution_id);
CREATE TABLE attempt_logs_other PARTITION OF attempt_logs DEFAULT;
CREATE INDEX idx_attempt_logs_node ON attempt_logs (tenant_id, execution_id, node_id, id);
ALTER TABLE attempt_logs ADD PRIMARY KEY (tenant_id, execution_id, id);

-- A table and no materialised view: it is kept up window by window, and row security holds for it.
CREATE TABLE hourly_node_summaries (
    tenant_id            varchar(128) COLLATE "C" NOT NULL,
    bucket               timestamptz NOT NULL,
    execution_id         varchar(128) COLLATE "C" NOT NULL,
    node_count           bigint NOT NULL,
    avg_duration_ms      double precision,
    min_duration_ms      double precision,
    max_duration_ms      double precision,
    success_rate_percent double precision,
    total_retries        bigint NOT NULL,
    timeout_count        bigint NOT NULL,
    PRIMARY KEY (tenant_id, bucket, execution_id)
);

-- Refuses what a trigger names in its argument, as a broken constraint does: the driver blames the row.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- The host writes the time itself; a hand that does not gets the database's.
CREATE FUNCTION update_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trg_dag_workflows_updated_at BEFORE UPDATE ON dag_workflows
    FOR EACH ROW EXECUTE FUNCTION update_updated_at();
CREATE TRIGGER trg_dag_workflows_immutable
    BEFORE UPDATE OF tenant_id, dag_id, version, version_key, name, description, definition, hash,
        max_parallel_nodes, default_retry_policy, default_timeout_policy, on_failure, signature,
        created_at, created_by ON dag_workflows
    FOR EACH ROW EXECUTE FUNCTION refuse('a DAG version is immutable');

CREATE FUNCTION dag_workflows_pinned() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM dag_executions AS e WHERE e.tenant_id = OLD.tenant_id
            AND e.dag_id = OLD.dag_id AND e.dag_version = OLD.version) THEN
        RAISE EXCEPTION 'dag_workflows: runs are pinned to this DAG version'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER trg_dag_workflows_pinned BEFORE DELETE ON dag_workflows
    FOR EACH ROW EXECUTE FUNCTION dag_workflows_pinned();

-- An operator may mark it failed (runbook C); nobody starts it again.
CREATE TRIGGER trg_dag_executions_completed BEFORE UPDATE OF status ON dag_executions
    FOR EACH ROW WHEN (OLD.status = 'completed' AND NEW.status IN ('pending', 'running', 'paused'))
    EXECUTE FUNCTION refuse('a completed run is not started again');
