-- What every group of events is checked by, at less (docs/adr/0056): one statement over all runs of the
-- group, and no settings of a function's own, each of which the server sets, looks up and takes back at every
-- call. So the names here are whole, operators too: whoever inserts may have any search path.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (31);

-- The key refuses a fork, this a gap: an event follows the one before it. A subquery and no join, by columns and
-- no expression: while the table is new the planner took the wrong index for cheaper, and the plan is kept.
DO $make$
BEGIN
    EXECUTE format($function$
CREATE OR REPLACE FUNCTION run_events_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT pg_catalog.bool_or(a.last OPERATOR(pg_catalog.-) a.before OPERATOR(pg_catalog.<>) a.events
            OR (a.before OPERATOR(pg_catalog.>) 0::bigint AND (SELECT e.n FROM %1$I.run_events AS e
                WHERE e.tenant_id OPERATOR(pg_catalog.=) a.tenant_id
                    AND e.run_id OPERATOR(pg_catalog.=) a.run_id
                    AND e.n OPERATOR(pg_catalog.=) a.before) IS NULL))
            FROM (SELECT tenant_id, run_id, pg_catalog.min(n) OPERATOR(pg_catalog.-) 1::bigint AS before,
                pg_catalog.max(n) AS last, pg_catalog.count(*) AS events
                FROM added GROUP BY tenant_id, run_id) AS a) THEN
        RAISE EXCEPTION 'run_events: the event does not follow the last one of its run'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$$function$, current_schema());
END $make$;

-- Of the runs that have not ended, those that nobody has are looked for in the order of their start: they are
-- few, and a run that has an owner, as it has from its start, costs this index nothing.
CREATE INDEX idx_dag_executions_free ON dag_executions (created_at, execution_id)
    WHERE lease_owner IS NULL AND status IN ('pending', 'running', 'paused');
DROP INDEX idx_dag_executions_unfinished;

-- As V029 has it, but where the hosts listen (docs/adr/0049).
CREATE OR REPLACE FUNCTION heed_outside_edit() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    was text := current_setting('app.is_admin', true);
    goes_on boolean := OLD.completed_at IS NULL AND OLD.status IN ('pending', 'running', 'paused');
    order_verb text := CASE NEW.status WHEN 'cancelled' THEN 'cancel' WHEN 'failed' THEN 'cancel'
        WHEN 'paused' THEN 'pause' WHEN 'running' THEN 'unpause' END;
BEGIN
    IF goes_on AND (order_verb IS NULL OR (order_verb = 'unpause' AND NOT OLD.paused)) THEN
        RAISE EXCEPTION 'run % is %: it can be set to cancelled, failed or paused', OLD.execution_id, OLD.status
            USING ERRCODE = 'check_violation', HINT = 'a paused one to running';
    ELSIF NOT goes_on AND NEW.status NOT IN ('completed', 'failed', 'cancelled') THEN
        RAISE EXCEPTION 'run % has ended', OLD.execution_id
            USING ERRCODE = 'check_violation', HINT = 'orch run resume, or POST /executions/{id}/resume';
    END IF;
    PERFORM set_config('app.is_admin', 'true', true);
    INSERT INTO outside_edits (execution_id, tenant_id, old_status, new_status, new_error, applied_at)
        VALUES (OLD.execution_id, OLD.tenant_id, OLD.status, NEW.status,
            CASE WHEN NEW.error IS DISTINCT FROM OLD.error THEN NEW.error END,
            CASE WHEN NOT goes_on THEN clock_timestamp() END);
    IF goes_on THEN
        INSERT INTO run_orders (execution_id, tenant_id, verb, said) VALUES (OLD.execution_id, OLD.tenant_id,
            order_verb, json_build_object('actor', 'database:' || session_user, 'reason',
                'status set to ' || NEW.status || coalesce(': ' || left(NEW.error, 512), ''), 'ticket', ''));
        PERFORM pg_notify(right(current_schema() || '.news', 63), 'orders');
        RAISE NOTICE 'run % goes on: its host is told to % it', OLD.execution_id, order_verb;
        NEW.status := OLD.status;
        NEW.error := OLD.error;
    END IF;
    PERFORM set_config('app.is_admin', coalesce(was, ''), true);
    RETURN NEW;
END $$;
