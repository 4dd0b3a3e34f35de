DROP TABLE revoked_tokens;
DROP TABLE idempotency;
DROP TABLE plugins;
DROP TABLE secrets;
DROP TABLE tenants;
