-- Months of runs are made ahead and dropped whole, and the hourly summaries are kept up. The three are
-- the owner's, for the host to call: it may neither create nor drop a table by itself. Each is a
-- transaction of its own.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (24);

-- The first id that a run of that millisecond can have (UUIDv7: the time in 12 hex digits).
CREATE FUNCTION run_id_from(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE
RETURN regexp_replace(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'),
    '^(.{8})', '\1-');

-- Where the month's rows are in the default partition already, they stay there, and the month has none.
CREATE FUNCTION make_partition(parent text, month timestamptz) RETURNS boolean LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
    name text := parent || to_char(month AT TIME ZONE 'UTC', '_YYYYMM');
BEGIN
    IF to_regclass(quote_ident(name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, name,
        run_id_from(month), run_id_from(month + interval '1 month'));
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    IF parent = 'run_events' THEN
        EXECUTE format('CREATE TRIGGER trg_run_events_no_truncate BEFORE TRUNCATE ON %I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION refuse(''append-only'')', name);
    END IF;
    RETURN true;
EXCEPTION WHEN check_violation THEN
    RAISE WARNING '%: rows of the month are in the default partition and stay there', name;
    RETURN false;
END $$;

-- From this month on; how many were made. Two hosts at once: the second has nothing to do.
CREATE FUNCTION make_partitions(months_ahead integer DEFAULT 3) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '5s' SET timezone = 'UTC' AS $$
DECLARE
    parent text;
    ahead integer;
    made integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(current_schema() || '.partitions', 0)) THEN
        RETURN 0;
    END IF;
    FOREACH parent IN ARRAY ARRAY['node_attempts', 'attempt_logs', 'run_events'] LOOP
        FOR ahead IN 0..months_ahead LOOP
            made := made + make_partition(parent,
                date_trunc('month', now()) + ahead * interval '1 month')::integer;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- What keeps a month: a run of it that has not ended or is not signed, and an event that is under no
-- signed head.
CREATE FUNCTION partition_is_needed(parent text, month timestamptz) RETURNS boolean LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
    first text := run_id_from(month);
    next text := run_id_from(month + interval '1 month');
BEGIN
    IF EXISTS (SELECT 1 FROM dag_executions AS e WHERE e.execution_id >= first AND e.execution_id < next
            AND (e.statement_due OR e.status NOT IN ('completed', 'failed', 'cancelled'))) THEN
        RETURN true;
    END IF;
    RETURN parent = 'run_events' AND EXISTS (SELECT 1 FROM run_events AS v
        WHERE v.run_id >= first AND v.run_id < next AND v.seq > coalesce((SELECT max(h.last_seq)
            FROM ledger_heads AS h WHERE h.tenant_id = v.tenant_id), 0));
END $$;

-- Drops the months of a table that end before the time and that nothing keeps; their names.
CREATE FUNCTION drop_partitions(parent text, before timestamptz) RETURNS SETOF text LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '5s' SET timezone = 'UTC' AS $$
DECLARE
    was text := current_setting('app.is_admin', true);
    name text;
    month timestamptz;
BEGIN
    IF parent NOT IN ('node_attempts', 'attempt_logs', 'run_events') THEN
        RAISE EXCEPTION 'no table in months: %', parent USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config('app.is_admin', 'true', true);
    LOCK TABLE dag_executions IN SHARE MODE; -- no run of it is opened again meanwhile
    FOR name IN SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
            WHERE i.inhparent = quote_ident(parent)::regclass AND c.relname ~ '_[0-9]{6}$'
            ORDER BY c.relname LOOP
        month := to_timestamp(right(name, 6), 'YYYYMM');
        IF month + interval '1 month' <= least(before, now()) AND NOT partition_is_needed(parent, month) THEN
            EXECUTE format('DROP TABLE %I', name);
            RETURN NEXT name;
        END IF;
    END LOOP;
    PERFORM set_config('app.is_admin', coalesce(was, ''), true);
END $$;

-- The hours that the window touches, anew.
CREATE FUNCTION refresh_hourly_node_summaries(window_start timestamptz DEFAULT now() - interval '2 hours',
    window_end timestamptz DEFAULT now() - interval '5 minutes') RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    was text := current_setting('app.is_admin', true);
BEGIN
    PERFORM set_config('app.is_admin', 'true', true);
    INSERT INTO hourly_node_summaries AS h (tenant_id, bucket, execution_id, node_count, avg_duration_ms,
        min_duration_ms, max_duration_ms, success_rate_percent, total_retries, timeout_count)
    SELECT tenant_id, date_trunc('hour', started_at), execution_id, count(*), avg(duration_ms),
        min(duration_ms), max(duration_ms),
        100.0 * count(*) FILTER (WHERE status = 'completed') / count(*),
        coalesce(sum(greatest(attempt_count - 1, 0)), 0),
        count(*) FILTER (WHERE status = 'timed_out')
        FROM node_traces
        WHERE started_at >= date_trunc('hour', window_start) AND started_at < window_end
        GROUP BY 1, 2, 3
    ON CONFLICT (tenant_id, bucket, execution_id) DO UPDATE SET node_count = excluded.node_count,
        avg_duration_ms = excluded.avg_duration_ms, min_duration_ms = excluded.min_duration_ms,
        max_duration_ms = excluded.max_duration_ms,
        success_rate_percent = excluded.success_rate_percent,
        total_retries = excluded.total_retries, timeout_count = excluded.timeout_count;
    PERFORM set_config('app.is_admin', coalesce(was, ''), true);
END $$;

DO $$ BEGIN PERFORM make_partitions(); END $$;

-- TimescaleDB, where it is: chunks of the summaries. node_traces is no hypertable: its key is run and
-- node, the last write of which wins, and a hypertable's key has the time in it.
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb') THEN
        EXECUTE format('SELECT %s.create_hypertable(%L, %L, migrate_data => true)',
            (SELECT quote_ident(n.nspname) FROM pg_extension AS x JOIN pg_namespace AS n
                ON n.oid = x.extnamespace WHERE x.extname = 'timescaledb'),
            'hourly_node_summaries', 'bucket');
    END IF;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'TimescaleDB is there and not used: %', SQLERRM;
END $$;
