-- Due times that wait for the run before, and ranges of due times that an operator has run again (docs/adr/0067):
-- a row a range, and one for each of its runs that goes on.

CREATE INDEX idx_firings_queued ON schedule_firings (tenant_id, schedule_id, due_at) WHERE outcome = 'queued';

CREATE TABLE backfills (
    tenant_id    TEXT NOT NULL,
    backfill_id  TEXT NOT NULL,
    schedule_id  TEXT NOT NULL,
    status       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    ticket       TEXT NOT NULL,
    created_by   TEXT,
    max_parallel INTEGER NOT NULL,
    total        INTEGER NOT NULL,
    completed    INTEGER NOT NULL,
    failed       INTEGER NOT NULL,
    skipped      INTEGER NOT NULL,
    from_at      INTEGER NOT NULL,
    to_at        INTEGER NOT NULL,
    next_due_at  INTEGER,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, backfill_id),
    CONSTRAINT chk_backfill_status CHECK (status IN ('pending', 'running', 'paused', 'completed', 'cancelled')),
    CONSTRAINT chk_backfill_parallel CHECK (max_parallel > 0)
) STRICT;
CREATE INDEX idx_backfills_schedule ON backfills (tenant_id, schedule_id, backfill_id);
CREATE INDEX idx_backfills_begin ON backfills (updated_at)
    WHERE next_due_at IS NOT NULL AND status IN ('pending', 'running');

CREATE TABLE backfill_runs (
    tenant_id   TEXT NOT NULL,
    backfill_id TEXT NOT NULL,
    due_at      INTEGER NOT NULL,
    schedule_id TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    PRIMARY KEY (tenant_id, backfill_id, due_at)
) STRICT, WITHOUT ROWID;
