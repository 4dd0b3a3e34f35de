ALTER TABLE node_traces DROP COLUMN error_source;
ALTER TABLE node_attempts DROP COLUMN error_source;
