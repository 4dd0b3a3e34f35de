/* suites.h -- the test cases of this program, and the store they work on. */
#ifndef ORCH_TESTS_STORE_SUITES_H
#define ORCH_TESTS_STORE_SUITES_H

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "samples.h"
#include "store/store.h"
#include "store/testing.h"

#include <check.h>

/* Made anew for each test: a folder of its own with a store in it and a reader. */
extern char *fixture_folder;
extern char *fixture_path; /* of the store's file */
extern struct store *fixture_store;
extern struct store_reader *fixture_reader;

void fixture_setup(void);
void fixture_teardown(void);
void fixture_close(void); /* the store and its reader; the files stay */
void fixture_open(void);

/* Commits the batch and fails the test unless it is done. */
struct store_done commit(struct store_batch *b);
/* Commits the batch and gives the error that it must meet. */
enum err_code commit_code(struct store_batch *b);
/* A run that the other rows can belong to. */
void add_run(const char *run_id);
/* Runs sql on a connection of its own, as an operator would; gives SQLite's result. */
int outside_sql(const char *sql);
/* The same for a question of one integer. */
int64_t outside_int(const char *sql);

TCase *runs_cases(void);
TCase *nodes_cases(void);
TCase *ledger_cases(void);
TCase *order_cases(void);
TCase *dags_cases(void);
TCase *tenants_cases(void);
TCase *writer_cases(void);
TCase *queue_cases(void);
TCase *file_cases(void);
TCase *plan_cases(void);
TCase *damage_cases(void);
TCase *errors_cases(void);
TCase *durable_cases(void);
TCase *page_cases(void);
TCase *gather_cases(void);

#endif
