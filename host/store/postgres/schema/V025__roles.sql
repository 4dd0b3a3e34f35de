-- Who may do what. The owner is whoever migrates. A host is in orchestrator_app, as greenlang_app is
-- where that is; orchestrator_readonly looks; orchestrator_operator does what the runbooks type.
-- A row is seen by its tenant (app.current_tenant) and by the host's own work (app.is_admin); the owner
-- too is held to that. A partition that is asked for by its own name shows nothing.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (25);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['orchestrator_app', 'orchestrator_readonly', 'orchestrator_operator'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %I, public', name,
            current_database(), current_schema());
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), name);
    END LOOP;
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'greenlang_app') THEN
        GRANT orchestrator_app TO greenlang_app;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'greenlang_readonly') THEN
        GRANT orchestrator_readonly TO greenlang_readonly;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'the roles orchestrator_app, orchestrator_readonly and orchestrator_operator: %', SQLERRM
        USING ERRCODE = 'insufficient_privilege',
        HINT = 'Migrate as a role that has CREATEROLE, or make them first and be their member WITH ADMIN OPTION.';
END $$;

-- REINDEX and ANALYZE are the owner's, and typed without the schema (contract/greenlang.md 11.2). Behind
-- what it has: nothing of another team's is found or made here for it.
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles AS r WHERE r.rolname = current_user AND r.rolsuper)
        AND NOT EXISTS (SELECT 1 FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c
            WHERE s.setrole = quote_ident(current_user)::regrole AND c LIKE 'search_path=%' AND s.setdatabase IN
                (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))) THEN
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = "$user", public, %I', current_user,
            current_database(), current_schema());
    END IF;
END $$;

-- Rows of tenants.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['dag_workflows', 'dag_executions', 'node_traces', 'node_attempts',
            'attempt_logs', 'dag_checkpoints', 'execution_provenance', 'hourly_node_summaries',
            'event_heads', 'run_events', 'statements', 'ledger_heads', 'tenants', 'secrets', 'plugins',
            'plugin_bundles', 'idempotency', 'revoked_tokens'] LOOP
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
    FOR name IN SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
            WHERE c.relkind = 'r' AND c.relnamespace = quote_ident(current_schema())::regnamespace LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;
-- What is installed for all.
CREATE POLICY orchestrator_plugins_all ON plugins FOR SELECT USING (tenant_id = '');
CREATE POLICY orchestrator_plugin_bundles_all ON plugin_bundles FOR SELECT USING (tenant_id = '');

GRANT SELECT, INSERT, UPDATE, DELETE ON dag_workflows, dag_executions, node_traces, node_attempts,
    attempt_logs, dag_checkpoints, execution_provenance, tenants, secrets, plugins, plugin_bundles,
    idempotency, revoked_tokens, hosts, commit_tokens, job_leases TO orchestrator_app;
GRANT SELECT, INSERT, UPDATE ON event_heads TO orchestrator_app;
GRANT SELECT, INSERT ON run_events, statements, ledger_heads, store_identity TO orchestrator_app;
GRANT SELECT ON hourly_node_summaries, schema_versions TO orchestrator_app;

GRANT SELECT ON dag_workflows, dag_executions, node_traces, node_attempts, attempt_logs, dag_checkpoints,
    execution_provenance, hourly_node_summaries, event_heads, run_events, statements, ledger_heads,
    store_identity, tenants, plugins, revoked_tokens, hosts, commit_tokens, job_leases, schema_versions
    TO orchestrator_readonly, orchestrator_operator;
GRANT SELECT (tenant_id, name, version, created_by, created_at) ON secrets
    TO orchestrator_readonly, orchestrator_operator;
GRANT SELECT (tenant_id, bundle_hash, created_at) ON plugin_bundles
    TO orchestrator_readonly, orchestrator_operator;
GRANT SELECT (tenant_id, key, path, status, created_at, expires_at) ON idempotency
    TO orchestrator_readonly, orchestrator_operator;

-- contract/greenlang.md 11.2: mark a run, take its checkpoints and records away.
GRANT UPDATE (status, error) ON dag_executions TO orchestrator_operator;
GRANT DELETE ON dag_checkpoints, execution_provenance TO orchestrator_operator;

REVOKE ALL ON FUNCTION make_partition(text, timestamptz), make_partitions(integer),
    partition_is_needed(text, timestamptz), drop_partitions(text, timestamptz),
    refresh_hourly_node_summaries(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_partitions(integer), drop_partitions(text, timestamptz),
    refresh_hourly_node_summaries(timestamptz, timestamptz) TO orchestrator_app;
