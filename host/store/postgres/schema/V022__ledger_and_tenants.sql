-- The ledger (DESIGN.md 6), append-only, which the database itself enforces; and what belongs to
-- tenants beside their work.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (22);

-- The cursor of a tenant's events. A writer locks the rows of its tenants, in their order, as the last
-- thing before COMMIT and numbers what it appends, so seq has no gap and nobody sees a later event first.
CREATE TABLE event_heads (
    tenant_id varchar(128) COLLATE "C" PRIMARY KEY,
    last_seq  bigint NOT NULL DEFAULT 0,
    CONSTRAINT chk_event_head_seq CHECK (last_seq >= 0)
) WITH (fillfactor = 50);

-- By month of the run's id, as node_attempts. That seq is given once is the head's work: a key over
-- all partitions could not be without run_id.
CREATE TABLE run_events (
    seq       bigint NOT NULL, -- within its tenant
    tenant_id varchar(128) COLLATE "C" NOT NULL,
    run_id    varchar(128) COLLATE "C" NOT NULL,
    n         bigint NOT NULL,
    dag_id    varchar(128) COLLATE "C" NOT NULL,
    type      text NOT NULL,
    status    text NOT NULL,
    node_id   varchar(128) COLLATE "C",
    attempt   bigint NOT NULL DEFAULT 0,
    at        timestamptz NOT NULL,
    trace_id  text NOT NULL,
    payload   text NOT NULL,
    prev_hash text NOT NULL,
    hash      text NOT NULL,
    CONSTRAINT chk_run_event_seq CHECK (seq > 0),
    CONSTRAINT chk_run_event_n CHECK (n > 0)
) PARTITION BY RANGE (run_id);
CREATE TABLE run_events_other PARTITION OF run_events DEFAULT;
CREATE INDEX idx_run_events_seq ON run_events (tenant_id, seq);
ALTER TABLE run_events ADD PRIMARY KEY (tenant_id, run_id, n); -- last: see V021

-- Once a run of a statement, not once a row: the key refuses a fork, this a gap. A lookup and no join:
-- that was planned over the wrong index while the table was new.
CREATE FUNCTION run_events_chain() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    run record;
    good boolean;
BEGIN
    FOR run IN SELECT tenant_id, run_id, min(n) AS first, max(n) AS last, count(*) AS events
            FROM added GROUP BY tenant_id, run_id LOOP
        good := run.last - run.first + 1 = run.events;
        IF good AND run.first > 1 THEN
            PERFORM 1 FROM run_events AS e
                WHERE e.tenant_id = run.tenant_id AND e.run_id = run.run_id AND e.n = run.first - 1;
            good := FOUND;
        END IF;
        IF NOT good THEN
            RAISE EXCEPTION 'run_events: the event does not follow the last one of its run'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER trg_run_events_chain AFTER INSERT ON run_events REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION run_events_chain();

CREATE TABLE statements (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution_id varchar(128) COLLATE "C" NOT NULL,
    tenant_id    varchar(128) COLLATE "C" NOT NULL,
    chain_hash   text NOT NULL,
    envelope     text NOT NULL,
    created_at   timestamptz NOT NULL
);
CREATE INDEX idx_statements_execution ON statements (tenant_id, execution_id, id);

CREATE FUNCTION statements_stored() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    run record;
BEGIN
    FOR run IN SELECT DISTINCT tenant_id, execution_id FROM added LOOP
        UPDATE dag_executions AS e SET statement_due = false
            WHERE e.execution_id = run.execution_id AND e.tenant_id = run.tenant_id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER trg_statements_stored AFTER INSERT ON statements REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION statements_stored();

-- Signed tree heads over a tenant's events.
CREATE TABLE ledger_heads (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  varchar(128) COLLATE "C" NOT NULL,
    tree_size  bigint NOT NULL,
    last_seq   bigint NOT NULL,
    root_hash  text NOT NULL,
    envelope   text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, tree_size)
);
CREATE INDEX idx_ledger_heads_seq ON ledger_heads (tenant_id, last_seq);
CREATE INDEX idx_ledger_heads_time ON ledger_heads (tenant_id, created_at);

-- Which store this is, and whose: the last row counts.
CREATE TABLE store_identity (
    n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id text NOT NULL,
    host_key text NOT NULL,
    bound_at timestamptz NOT NULL
);

-- A row's trigger is in every partition, also for who names the partition; that of TRUNCATE is put
-- into each by make_partitions (V024).
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['run_events', 'statements', 'ledger_heads', 'store_identity'] LOOP
        EXECUTE format('CREATE TRIGGER trg_%1$s_append_only BEFORE UPDATE OR DELETE ON %1$s'
            ' FOR EACH ROW EXECUTE FUNCTION refuse(''append-only'')', name);
        EXECUTE format('CREATE TRIGGER trg_%1$s_no_truncate BEFORE TRUNCATE ON %1$s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION refuse(''append-only'')', name);
    END LOOP;
END $$;
CREATE TRIGGER trg_run_events_no_truncate BEFORE TRUNCATE ON run_events_other
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('append-only');

CREATE TABLE tenants (
    tenant_id  varchar(128) COLLATE "C" PRIMARY KEY,
    name       text NOT NULL,
    settings   text NOT NULL DEFAULT '{}',
    enabled    boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);

CREATE TABLE secrets (
    tenant_id  varchar(128) COLLATE "C" NOT NULL,
    name       varchar(128) COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    blob       bytea NOT NULL, -- sealed by the authority
    created_by varchar(256),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, name, version),
    CONSTRAINT chk_secret_version_positive CHECK (version > 0)
);

CREATE TABLE plugins (
    tenant_id    varchar(128) COLLATE "C" NOT NULL, -- '': for all
    plugin_id    varchar(128) COLLATE "C" NOT NULL,
    version      varchar(64) COLLATE "C" NOT NULL,
    version_key  text COLLATE "C" NOT NULL,
    bundle_hash  text NOT NULL,
    manifest     text NOT NULL,
    key_id       text NOT NULL,
    installed_by text NOT NULL,
    installed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, plugin_id, version)
);
CREATE INDEX idx_plugins_versions ON plugins (plugin_id, version_key DESC, tenant_id);

-- What a host fetches, verifies with its own trust, and loads.
CREATE TABLE plugin_bundles (
    tenant_id   varchar(128) COLLATE "C" NOT NULL,
    bundle_hash text COLLATE "C" NOT NULL,
    content     bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, bundle_hash)
);
ALTER TABLE plugin_bundles ALTER COLUMN content SET STORAGE EXTERNAL; -- it is compressed already

CREATE TABLE idempotency (
    tenant_id    varchar(128) COLLATE "C" NOT NULL,
    key          text COLLATE "C" NOT NULL,
    path         text COLLATE "C" NOT NULL,
    request_hash text NOT NULL,
    status       integer NOT NULL,
    body         text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key, path)
);
CREATE INDEX idx_idempotency_expires ON idempotency (expires_at);

CREATE TABLE revoked_tokens (
    token_id   text COLLATE "C" PRIMARY KEY,
    tenant_id  varchar(128) COLLATE "C" NOT NULL,
    reason     text NOT NULL,
    revoked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX idx_revoked_tokens_expires ON revoked_tokens (expires_at);
