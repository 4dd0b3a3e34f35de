DROP TABLE ledger_heads;
DROP TABLE statements;
DROP TABLE run_events;
