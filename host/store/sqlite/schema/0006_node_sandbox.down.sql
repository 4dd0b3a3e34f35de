ALTER TABLE node_traces DROP COLUMN sandbox;
