DROP INDEX idx_dag_executions_task;
ALTER TABLE dag_executions DROP COLUMN task_priority;
