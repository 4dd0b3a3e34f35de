-- Whose the store is: every open raises the epoch, every transaction of the writer asks for its own.
-- So a host that another one followed, whatever became of the lock between them, writes no more.
CREATE TABLE store_fence (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    lease_epoch INTEGER NOT NULL
) STRICT;
INSERT INTO store_fence (id, lease_epoch) VALUES (1, 0);
