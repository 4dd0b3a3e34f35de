-- Whose words an error is. Of rows that were there: an agent that ended by itself said it, or may have;
-- a node has the word of the attempt whose error it shows, or none.
ALTER TABLE node_attempts ADD COLUMN error_source TEXT CHECK (error_source IN ('agent', 'host'));
ALTER TABLE node_traces ADD COLUMN error_source TEXT CHECK (error_source IN ('agent', 'host'));
UPDATE node_attempts SET error_source = CASE
    WHEN outcome IN ('plugin-transient', 'plugin-fatal', 'bad-input', 'cancelled') THEN 'agent'
    ELSE 'host' END
    WHERE error IS NOT NULL;
UPDATE node_traces SET error_source = (SELECT a.error_source FROM node_attempts AS a
    WHERE a.execution_id = node_traces.execution_id AND a.node_id = node_traces.node_id
        AND a.compensation = 0 AND a.error = node_traces.error
    ORDER BY a.attempt DESC LIMIT 1)
    WHERE error IS NOT NULL;
