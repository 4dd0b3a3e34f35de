/* suites.h -- the test cases of this program, and the rig that each of them gets. */
#ifndef ORCH_TESTS_ENGINE_SUITES_H
#define ORCH_TESTS_ENGINE_SUITES_H

#include "rig.h"

#include <check.h>

extern struct rig rig;

/* A chain first -> second of agents that always exist, as DAG "chain". */
void publish_chain(void);
/* count nodes without dependencies, n0000 and so on, as DAG "wide". */
void publish_wide(unsigned count, const char *more);
/* Started and not refused; gives the run's id, valid until the next call. */
const char *run_of(const char *dag_id);
/* A chain, published and run to its end; copies the run's id. */
void run_chain(char ret[UUID_TEXT_BYTES]);
/* The newest event published of the run; NULL: none. */
const struct rig_event *last_event(const char *run_id);
/* How many events of the run have this type and status. */
size_t count_events(const char *run_id, const char *type, const char *status);
/* In the store: the run's chain of events, from its first to its last link. */
void check_chain(const char *run_id);
/* An event of no run in the tenant's ledger, as the host would add one; gives its seq. */
int64_t append_event(const char *tenant, const char *name);
/* As an operator with the file in hand. */
void outside_sql(const char *sql);
/* The same without the guard over definitions, which is there again afterwards. */
void outside_unguarded(const char *sql);

TCase *start_cases(void);
TCase *admission_cases(void);
TCase *deadline_cases(void);
TCase *attempt_cases(void);
TCase *beside_cases(void);
TCase *held_cases(void);
TCase *past_cases(void);
TCase *refused_cases(void);
TCase *change_cases(void);
TCase *restart_cases(void);
TCase *owners_cases(void);
TCase *pins_cases(void);
TCase *recover_cases(void);
TCase *evidence_cases(void);
TCase *unsigned_cases(void);
TCase *size_cases(void);
TCase *budget_cases(void);
TCase *definition_cases(void);
TCase *secret_cases(void);
TCase *agents_cases(void);
TCase *sandbox_cases(void);
TCase *names_cases(void);
TCase *stock_cases(void);
TCase *share_cases(void);
TCase *lane_cases(void);
TCase *why_cases(void);
TCase *kept_lanes_cases(void);
TCase *quotas_cases(void);
TCase *gates_cases(void);
TCase *debounce_cases(void);
TCase *log_cases(void);
TCase *remembered_cases(void);
TCase *schedules_cases(void);
TCase *backfills_cases(void);
TCase *tasks_cases(void);
TCase *lane_limits_cases(void);
TCase *follow_cases(void);
TCase *preempt_cases(void);
TCase *letters_cases(void);
TCase *life_cases(void);
TCase *dag_lanes_cases(void);
TCase *counts_cases(void);
TCase *workers_cases(void);
TCase *shed_cases(void);
TCase *entries_cases(void);
TCase *intake_cases(void);

#endif
