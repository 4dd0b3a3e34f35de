-- What runs wait at before they begin (docs/adr/0084): others of their key that go on (concurrency),
-- starts that follow soon (debounce). slot: the place that a run holds; 0: it waits.
CREATE TABLE run_gates (
    tenant_id   TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    dag_id      TEXT NOT NULL,
    gate_key    TEXT NOT NULL,
    bound       INTEGER NOT NULL,
    on_conflict TEXT NOT NULL,
    slot        INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    first_at    INTEGER NOT NULL,
    PRIMARY KEY (run_id, kind, tenant_id),
    CONSTRAINT chk_run_gate CHECK (kind IN ('concurrency', 'debounce') AND slot >= 0 AND bound >= 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_run_gates_key
    ON run_gates (tenant_id, dag_id, kind, gate_key, slot, created_at, run_id);
CREATE UNIQUE INDEX uq_run_gate_slot ON run_gates (tenant_id, dag_id, kind, gate_key, slot)
    WHERE slot > 0;
