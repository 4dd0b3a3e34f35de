-- Keys as model/version makes them today: pre-releases in the order of Semantic Versioning 2.0.0, and
-- no two versions with one key. orch_version_key is there while migrations run (migrate.c).
DROP TRIGGER trg_dag_workflows_immutable;
UPDATE dag_workflows SET version_key = orch_version_key(version)
    WHERE version_key IS NOT orch_version_key(version);
UPDATE plugins SET version_key = orch_version_key(version)
    WHERE version_key IS NOT orch_version_key(version);
CREATE TRIGGER trg_dag_workflows_immutable
BEFORE UPDATE OF tenant_id, dag_id, version, version_key, name, description, definition, hash,
    max_parallel_nodes, default_retry_policy, default_timeout_policy, on_failure, signature,
    created_at, created_by ON dag_workflows
BEGIN
    SELECT RAISE(ABORT, 'a DAG version is immutable');
END;
