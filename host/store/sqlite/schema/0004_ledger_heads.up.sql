-- How far the ledger is under signed heads, and which head stood at a time (reader.h).
CREATE INDEX idx_ledger_heads_seq ON ledger_heads (last_seq);
CREATE INDEX idx_ledger_heads_time ON ledger_heads (tenant_id, created_at);
