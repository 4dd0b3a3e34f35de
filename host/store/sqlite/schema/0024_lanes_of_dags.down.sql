-- Those tasks become runs as any other of their DAG.
UPDATE dag_executions SET task_priority = 0 WHERE task_lane IS NOT NULL;
DROP INDEX idx_dag_executions_lane;
ALTER TABLE dag_executions DROP COLUMN task_lane;
