DROP INDEX idx_ledger_heads_time;
DROP INDEX idx_ledger_heads_seq;
