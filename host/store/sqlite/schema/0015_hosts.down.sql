DROP TABLE run_orders;
DROP TABLE job_leases;
ALTER TABLE store_fence DROP COLUMN started_at;
ALTER TABLE store_fence DROP COLUMN address;
ALTER TABLE store_fence DROP COLUMN version;
ALTER TABLE store_fence DROP COLUMN host_id;
