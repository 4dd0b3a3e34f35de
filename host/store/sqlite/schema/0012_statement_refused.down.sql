DROP INDEX idx_dag_executions_unsigned;
ALTER TABLE dag_executions DROP COLUMN statement_refused;
