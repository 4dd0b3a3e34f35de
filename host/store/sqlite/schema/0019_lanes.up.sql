-- Lanes that operators set (docs/adr/0061): what holds now, and each version of it that ever did.

CREATE TABLE lanes (
    lane_name TEXT NOT NULL PRIMARY KEY,
    version   INTEGER NOT NULL,
    members   TEXT NOT NULL,
    said_by   TEXT NOT NULL,
    said_in   TEXT NOT NULL,
    reason    TEXT NOT NULL,
    said_at   INTEGER NOT NULL,
    CONSTRAINT chk_lane_version CHECK (version > 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE lane_versions (
    lane_name TEXT NOT NULL,
    version   INTEGER NOT NULL,
    members   TEXT NOT NULL,
    said_by   TEXT NOT NULL,
    said_in   TEXT NOT NULL,
    reason    TEXT NOT NULL,
    said_at   INTEGER NOT NULL,
    PRIMARY KEY (lane_name, version)
) STRICT, WITHOUT ROWID;
