-- Runs that start by the calendar (docs/adr/0058): a row a schedule, and one for each due time that was reached,
-- whose key is what keeps it to one run.

CREATE TABLE schedules (
    tenant_id      TEXT NOT NULL,
    schedule_id    TEXT NOT NULL,
    dag_id         TEXT NOT NULL,
    dag_version    TEXT,
    rule_kind      TEXT NOT NULL,
    rule           TEXT NOT NULL,
    timezone       TEXT NOT NULL,
    dst_policy     TEXT NOT NULL,
    missed_policy  TEXT NOT NULL,
    overlap_policy TEXT NOT NULL,
    inputs         TEXT NOT NULL,
    created_by     TEXT,
    last_run_id    TEXT,
    missed_max     INTEGER NOT NULL,
    jitter_seconds INTEGER NOT NULL,
    paused         INTEGER NOT NULL,
    anchor_at      INTEGER,
    next_due_at    INTEGER,
    next_fire_at   INTEGER,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, schedule_id),
    CONSTRAINT chk_schedule_rule CHECK (rule_kind IN ('cron', 'every', 'at')),
    CONSTRAINT chk_schedule_missed CHECK (missed_policy IN ('none', 'last', 'all') AND missed_max > 0),
    CONSTRAINT chk_schedule_jitter CHECK (jitter_seconds >= 0)
) STRICT;
CREATE INDEX idx_schedules_dag ON schedules (tenant_id, dag_id, schedule_id);
CREATE INDEX idx_schedules_next ON schedules (next_fire_at) WHERE paused = 0;

CREATE TABLE schedule_firings (
    tenant_id   TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    due_at      INTEGER NOT NULL,
    fired_at    INTEGER,
    run_id      TEXT,
    outcome     TEXT NOT NULL,
    reason      TEXT,
    PRIMARY KEY (tenant_id, schedule_id, due_at),
    CONSTRAINT chk_firing_outcome CHECK (outcome IN ('fired', 'queued', 'skipped', 'missed'))
) STRICT, WITHOUT ROWID;
