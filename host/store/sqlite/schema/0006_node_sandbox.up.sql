-- The confinement of a node's last attempt: isolation, both parts of its layers, level. Rows from
-- before have none: what their attempts shared was not written down.
ALTER TABLE node_traces ADD COLUMN sandbox TEXT;
