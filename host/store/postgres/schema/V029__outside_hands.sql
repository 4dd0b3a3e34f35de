-- What an operator types into a run's status (docs/adr/0052). A run that goes on is its host's: the word
-- becomes an order that the owner carries out, and the row keeps the word for the run's end.
DO $$
BEGIN
    PERFORM set_config('search_path', quote_ident(
        coalesce(nullif(current_setting('orchestrator.schema', true), ''), 'orchestrator')), true);
END $$;
INSERT INTO schema_versions (version) VALUES (29);

-- Who typed what: it comes in by the trigger alone, and stays.
CREATE TABLE outside_edits (
    edit_no       bigint GENERATED ALWAYS AS IDENTITY,
    execution_id  varchar(128) COLLATE "C" NOT NULL,
    tenant_id     varchar(128) COLLATE "C" NOT NULL,
    old_status    text NOT NULL,
    new_status    text NOT NULL,
    new_error     text, -- where it was typed too
    said_by       text NOT NULL DEFAULT session_user,
    said_with     text NOT NULL DEFAULT coalesce(current_setting('application_name', true), ''),
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_as      text, -- what the run came to by itself
    applied_at    timestamptz
);
ALTER TABLE outside_edits ADD PRIMARY KEY (edit_no);
CREATE INDEX idx_outside_edits_run ON outside_edits (tenant_id, execution_id, edit_no);
ALTER TABLE outside_edits ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY orchestrator_outside_edits_tenant ON outside_edits
    USING (tenant_id = current_setting('app.current_tenant', true));
CREATE POLICY orchestrator_outside_edits_admin ON outside_edits
    USING (current_setting('app.is_admin', true) = 'true');
CREATE POLICY orchestrator_outside_edits_operator ON outside_edits TO orchestrator_operator USING (true);
GRANT SELECT ON outside_edits TO orchestrator_app, orchestrator_readonly, orchestrator_operator;

CREATE FUNCTION heed_outside_edit() RETURNS trigger LANGUAGE plpgsql
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
CREATE TRIGGER trg_dag_executions_outside_edit BEFORE UPDATE OF status ON dag_executions FOR EACH ROW
    WHEN ((NEW.status IS DISTINCT FROM OLD.status OR (OLD.paused AND NEW.status = 'running'))
        AND current_setting('application_name', true) NOT LIKE 'orchestrator:%')
    EXECUTE FUNCTION heed_outside_edit();

-- The last word of an operator is the end of a run, whatever it came to meanwhile; its events and its
-- statement say what that was.
CREATE FUNCTION heed_outside_word() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    was text := current_setting('app.is_admin', true);
    word record;
BEGIN
    PERFORM set_config('app.is_admin', 'true', true);
    SELECT new_status, new_error INTO word FROM outside_edits AS o WHERE o.tenant_id = NEW.tenant_id
        AND o.execution_id = NEW.execution_id AND applied_at IS NULL AND new_status IN ('cancelled', 'failed')
        ORDER BY edit_no DESC LIMIT 1;
    IF FOUND THEN
        UPDATE outside_edits AS o SET applied_at = clock_timestamp(), ended_as = NEW.status
            WHERE o.tenant_id = NEW.tenant_id AND o.execution_id = NEW.execution_id AND applied_at IS NULL;
        NEW.status := word.new_status;
        NEW.error := coalesce(word.new_error, NEW.error);
    END IF;
    PERFORM set_config('app.is_admin', coalesce(was, ''), true);
    RETURN NEW;
END $$;
CREATE TRIGGER trg_dag_executions_outside_word BEFORE UPDATE ON dag_executions FOR EACH ROW
    WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL)
    EXECUTE FUNCTION heed_outside_word();
REVOKE ALL ON FUNCTION heed_outside_edit(), heed_outside_word() FROM PUBLIC;
