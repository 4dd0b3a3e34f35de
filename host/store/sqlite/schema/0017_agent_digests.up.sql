-- The plugins of a run's start, which it is pinned to (docs/adr/0054): {"AGENT": "DIGEST"}, null: nobody had it.
ALTER TABLE dag_executions ADD COLUMN agent_digests TEXT;
