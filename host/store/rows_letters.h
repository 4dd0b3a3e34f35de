/* rows_letters.h -- the rows of dead letters (rows.h). */
#ifndef ORCH_STORE_ROWS_LETTERS_H
#define ORCH_STORE_ROWS_LETTERS_H

#include <stdint.h>

/* dead_letters: one a task that failed, however often it did. A task's letter has its run's id. */
struct store_dead_letter {
    const char *dead_letter_id;
    const char *tenant;
    const char *task_id;
    const char *run_id;
    const char *lane;
    const char
        *reason; /* "retries_exhausted", "permanent_error", "deliveries_exhausted", "poison" */
    const char *error_class;
    const char *message;
    const char *fingerprint; /* lanes/fingerprint.h */
    const char *replayed_by; /* ids of tasks, each with its line end. Written by replays alone */
    int64_t deaths;
    int64_t attempts; /* of all its deaths */
    int64_t priority;
    int64_t first_us, last_us; /* of its deaths */
};

/* dead_letter_snapshots: what was cleared, as it was. */
struct store_dead_snapshot {
    const char *tenant;
    const char *snapshot_id;
    const char *reason;
    const char *created_by;
    const char *items;  /* JSON array */
    const char *sha256; /* of its canonical form */
    int64_t letters;
    int64_t created_us;
};

/* ---- of many letters ---- */

struct store_dead_totals {
    int64_t letters;
    int64_t retryable;            /* the error was not permanent, nor the task itself at fault */
    int64_t oldest_us, newest_us; /* the first death and the last; 0: there is none */
};
struct store_dead_count {
    const char *name; /* a lane, an error class, or a tenant */
    int64_t letters;
};
/* Those of one lane that are alike, with the message and the letters of the youngest tasks. */
struct store_dead_group {
    const char *lane;
    const char *fingerprint;
    const char *error_class;
    const char *message;
    const char *samples[3]; /* "dead_letter_id task_id"; NULL behind the last */
    int64_t letters;
    int64_t first_us, last_us;
};

#endif
