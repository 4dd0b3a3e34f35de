DROP TABLE backfill_runs;
DROP TABLE backfills;
DROP INDEX idx_firings_queued;
