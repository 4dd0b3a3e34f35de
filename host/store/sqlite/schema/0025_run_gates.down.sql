DROP TABLE run_gates;
