/* suites.h -- the cases that hold for every driver, and the store they work on: each driver's
 * fixture makes it. Nothing here knows which driver runs. */
#ifndef ORCH_TESTS_STORE_SUITES_H
#define ORCH_TESTS_STORE_SUITES_H

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "samples.h"
#include "store/store.h"
#include "store/testing.h"

#include <check.h>

/* Made anew for each test: an empty store and a reader. */
extern char *fixture_url; /* what opens it */
extern struct store *fixture_store;
extern struct store_reader *fixture_reader;

void fixture_close(void); /* the store and its reader; what is in it stays */
void fixture_open(void);

/* Commits the batch and fails the test unless it is done. */
struct store_done commit(struct store_batch *b);
/* Commits the batch and gives the error that it must meet. */
enum err_code commit_code(struct store_batch *b);
/* A run that the other rows can belong to. */
void add_run(const char *run_id);

TCase *runs_cases(void);
TCase *nodes_cases(void);
TCase *ledger_cases(void);
TCase *numbers_cases(void);
TCase *order_cases(void);
TCase *dags_cases(void);
TCase *tenants_cases(void);
TCase *page_cases(void);
TCase *hosts_cases(void);
TCase *schedules_cases(void);
TCase *backfills_cases(void);
TCase *lanes_cases(void);
TCase *letters_cases(void);
TCase *quotas_cases(void);
TCase *gates_cases(void);
TCase *tasks_cases(void);

/* The driver's: once a program, before the first test and behind the last... */
bool fixture_begin(struct err *e);
void fixture_end(void);
/* ... its fixture... */
void fixture_setup(void);
void fixture_teardown(void);
/* ... what an operator would do on a connection of his own: 0, or it was refused; and a question of
 * one integer... */
int outside_sql(const char *sql);
int64_t outside_int(const char *sql);
/* ... a second host that comes as if the one that has the store were gone... */
struct store *fixture_follow(void);
/* ... the store without what fences its host... */
void fixture_drop_fence(void);
/* ... and cases of its own, up to NULL. */
typedef TCase *cases_fn(void);
extern const char driver_name[];
extern cases_fn *const driver_cases[];

#endif
