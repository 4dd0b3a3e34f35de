ALTER TABLE dag_executions DROP COLUMN agent_digests;
