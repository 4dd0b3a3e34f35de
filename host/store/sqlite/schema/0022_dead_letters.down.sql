DROP TABLE dead_letter_snapshots;
DROP TABLE dead_letters;
