-- Dead letters (docs/adr/0070): one a task that failed, however often it did, until an operator clears it; and what was
-- cleared, as it was.

CREATE TABLE dead_letters (
    dead_letter_id TEXT NOT NULL,
    tenant_id      TEXT NOT NULL,
    task_id        TEXT NOT NULL,
    run_id         TEXT NOT NULL,
    lane           TEXT NOT NULL,
    reason         TEXT NOT NULL,
    error_class    TEXT NOT NULL,
    message        TEXT NOT NULL,
    fingerprint    TEXT NOT NULL,
    replayed_by    TEXT NOT NULL,
    deaths         INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    priority       INTEGER NOT NULL,
    first_seen_at  INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, dead_letter_id),
    CONSTRAINT chk_dead_letter_reason
        CHECK (reason IN ('retries_exhausted', 'permanent_error', 'deliveries_exhausted', 'poison'))
) STRICT;
CREATE INDEX idx_dead_letters_alike ON dead_letters (tenant_id, fingerprint, dead_letter_id);

CREATE TABLE dead_letter_snapshots (
    tenant_id   TEXT NOT NULL,
    snapshot_id TEXT NOT NULL,
    reason      TEXT NOT NULL,
    created_by  TEXT,
    items       TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    letters     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, snapshot_id)
) STRICT;
