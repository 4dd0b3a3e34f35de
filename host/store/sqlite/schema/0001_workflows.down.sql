DROP TABLE execution_provenance;
DROP TABLE dag_checkpoints;
DROP TABLE attempt_logs;
DROP TABLE node_attempts;
DROP TABLE node_traces;
DROP TABLE dag_executions;
DROP TABLE dag_workflows;
