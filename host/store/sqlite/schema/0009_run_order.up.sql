-- What a second writer of a run, or a writer that believes old rows, must not get in: an event that
-- does not follow the run's last one (so (run_id, n) is unique), and a way back from completed. Rows
-- that were there before are left as they are: they are evidence.
CREATE TRIGGER trg_run_events_chain BEFORE INSERT ON run_events
WHEN NEW.n <> 1 + coalesce((SELECT n FROM run_events WHERE run_id = NEW.run_id
        ORDER BY seq DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'the event does not follow the last one of its run');
END;
CREATE TRIGGER trg_dag_executions_completed BEFORE UPDATE OF status ON dag_executions
WHEN OLD.status = 'completed' AND NEW.status <> 'completed'
BEGIN
    SELECT RAISE(ABORT, 'a completed run stays completed');
END;
