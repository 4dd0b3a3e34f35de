-- Which store this is, and whose: the last row counts. A store that was put into another host's home is
-- known by it.
CREATE TABLE store_identity (
    n        INTEGER PRIMARY KEY,
    store_id TEXT NOT NULL,
    host_key TEXT NOT NULL,
    bound_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER trg_store_identity_no_replace BEFORE INSERT ON store_identity
WHEN EXISTS (SELECT 1 FROM store_identity WHERE n = NEW.n)
BEGIN
    SELECT RAISE(ABORT, 'store_identity is append-only');
END;
CREATE TRIGGER trg_store_identity_no_update BEFORE UPDATE ON store_identity
BEGIN
    SELECT RAISE(ABORT, 'store_identity is append-only');
END;
CREATE TRIGGER trg_store_identity_no_delete BEFORE DELETE ON store_identity
BEGIN
    SELECT RAISE(ABORT, 'store_identity is append-only');
END;
