-- Tasks of a lane that runs a DAG (docs/adr/0082): the lane, which the name of the DAG does not tell. NULL of any other
-- run, a task of a lane that runs an agent among them.
ALTER TABLE dag_executions ADD COLUMN task_lane TEXT;
CREATE INDEX idx_dag_executions_lane ON dag_executions
    (tenant_id, task_lane, coalesce(started_at, created_at) DESC, execution_id) WHERE task_lane IS NOT NULL;
