-- Why a run's statement was refused for good, for as long as it is due; and which runs of a tenant have
-- none, newest first, in the order of the list of runs.
ALTER TABLE dag_executions ADD COLUMN statement_refused TEXT;
CREATE INDEX idx_dag_executions_unsigned ON dag_executions
    (tenant_id, coalesce(started_at, created_at) DESC, execution_id) WHERE statement_due = 1;
