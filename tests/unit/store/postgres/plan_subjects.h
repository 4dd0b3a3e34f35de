/* plan_subjects.h -- what plan_test.c asks and writes: everything that the driver has a statement
 * for, on tables that hold much. */
#ifndef ORCH_TESTS_STORE_POSTGRES_PLAN_SUBJECTS_H
#define ORCH_TESTS_STORE_POSTGRES_PLAN_SUBJECTS_H

#include "store/store.h"

/* Of each table that grows so many rows, or more, that one host's life leaves: of SAMPLE_TENANT
 * most, in the months of now and before. As the superuser, past the triggers. */
enum { PLAN_ROWS = 4000 };
void plan_fill(void);

/* Every question by every documented filter, what is there and what is not. */
void plan_ask_all(struct store_reader *r);

/* A run's whole life and everything else that is written, in so many batches; the ids begin with
 * the prefix. The caller's to free. */
enum { PLAN_BATCHES = 6 };
void plan_write_all(const char *prefix, const char *owner, int64_t epoch,
                    struct store_batch *ret[PLAN_BATCHES]);

#endif
