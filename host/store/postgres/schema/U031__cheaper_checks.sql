DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
DELETE FROM schema_versions WHERE version = 31;

CREATE INDEX idx_dag_executions_unfinished ON dag_executions (created_at, execution_id)
    WHERE status IN ('pending', 'running', 'paused');
DROP INDEX idx_dag_executions_free;

CREATE OR REPLACE FUNCTION run_events_chain() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
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
        PERFORM pg_notify(right(current_schema(), 63), 'orders');
        RAISE NOTICE 'run % goes on: its host is told to % it', OLD.execution_id, order_verb;
        NEW.status := OLD.status;
        NEW.error := OLD.error;
    END IF;
    PERFORM set_config('app.is_admin', coalesce(was, ''), true);
    RETURN NEW;
END $$;
