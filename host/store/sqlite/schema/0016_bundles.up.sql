-- The bundles themselves: a copy of the store has all that its runs need, and hosts that share one fetch from
-- it what they lack (docs/adr/0051). A version by one key has one archive; what was removed stays as a row.

CREATE TABLE plugin_bundles (
    tenant_id    TEXT NOT NULL,
    plugin_id    TEXT NOT NULL,
    version      TEXT NOT NULL,
    key_id       TEXT NOT NULL,
    archive_hash TEXT NOT NULL,
    bundle_hash  TEXT NOT NULL,
    bytes        INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    removed_at   INTEGER,
    released_at  INTEGER,
    PRIMARY KEY (tenant_id, plugin_id, version, key_id),
    CONSTRAINT chk_bundle_bytes_positive CHECK (bytes > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE plugin_bundle_parts (
    tenant_id   TEXT NOT NULL,
    bundle_hash TEXT NOT NULL,
    part        INTEGER NOT NULL,
    content     BLOB NOT NULL,
    PRIMARY KEY (tenant_id, bundle_hash, part),
    CONSTRAINT chk_bundle_part_not_negative CHECK (part >= 0)
) STRICT;

ALTER TABLE store_fence ADD COLUMN agents TEXT;
