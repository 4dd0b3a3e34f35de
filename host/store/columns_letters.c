/* columns_letters.c -- the columns of dead letters. See columns.h. */
#include "store/column_words.h"

static const struct column dead_letter_columns[] = {
    KEY(store_dead_letter, TEXT, dead_letter_id, "dead_letter_id"),
    KEY(store_dead_letter, TEXT, tenant, "tenant_id"),
    COL(store_dead_letter, TEXT, task_id, "task_id"),
    COL(store_dead_letter, TEXT, run_id, "run_id"),
    COL(store_dead_letter, TEXT, lane, "lane"),
    COL(store_dead_letter, TEXT, reason, "reason"),
    COL(store_dead_letter, TEXT, error_class, "error_class"),
    COL(store_dead_letter, TEXT, message, "message"),
    COL(store_dead_letter, TEXT, fingerprint, "fingerprint"),
    COL(store_dead_letter, TEXT, replayed_by, "replayed_by"),
    COL(store_dead_letter, INT, deaths, "deaths"),
    COL(store_dead_letter, INT, attempts, "attempts"),
    COL(store_dead_letter, INT, priority, "priority"),
    COL(store_dead_letter, INT, first_us, "first_seen_at"),
    COL(store_dead_letter, INT, last_us, "last_seen_at"),
};
ROW_TYPE(row_dead_letter, store_dead_letter, dead_letter_columns);
