DROP TRIGGER trg_run_events_chain;
DROP TRIGGER trg_dag_executions_completed;
