/* runs.h -- the table of the runs that live in this process: by id, and in the two queues of those
 * that wait for one of runs-active-max and those that go on.
 *
 * Owns every run in it. What always holds: a run's place says which queue it is in; the counts are
 * the queues' lengths; PLACE_ENDED is in the table but in no queue. Loop thread only. */
#ifndef ORCH_ENGINE_RUNS_RUNS_H
#define ORCH_ENGINE_RUNS_RUNS_H

#include "engine/runs/active_run.h"

struct gated;
struct runs;

struct runs *runs_new(const struct engine_env *env) must_check;
void runs_free(struct runs *runs); /* accepts NULL; no batch of a run is on its way */

/* NULL when no such run of the tenant is in this process, or it has ended. */
struct active_run *runs_find(const struct runs *runs, const char *tenant, const char *run_id);
/* True while something of the run is on its way that its rows do not show yet: it has ended or was
 * dropped and its last commits have not come back, or its checkpoints are being deleted. Whoever
 * would build it from its rows must not. */
bool runs_unsettled(const struct runs *runs, const char *tenant, const char *run_id);
/* Unsettled from the one to the other; may be nested. */
void runs_unsettle(struct runs *runs, const char *tenant, const char *run_id);
void runs_settle(struct runs *runs, const char *tenant, const char *run_id);
/* Takes the run: behind those that wait, or among those that go on when its machine has begun. */
void runs_add(struct runs *runs, struct active_run **run);
/* The same for one that the last host had: among those that wait it stands by its age. */
void runs_add_back(struct runs *runs, struct active_run **run);
/* A run that goes on will be added when it was read: its place is kept, no other run gets it. */
void runs_expect(struct runs *runs);
void runs_expect_no_more(struct runs *runs);
/* Out of the table; frees it. It has ended or was dropped, and nothing of it is on its way. */
void runs_remove(struct runs *runs, struct active_run *ar);
/* So many were: another number, and what waits for the end of a run may look again. */
uint64_t runs_removed(const struct runs *runs);

/* A task of a lane (active_run.h) takes no place of the runs: it begins at once, and its lane says
 * when it is carried out.
 *
 * True when a new run need not wait. */
bool runs_has_room(const struct runs *runs);
/* So many runs more could begin, beside those that wait already. */
uint32_t runs_room(const struct runs *runs);
/* True when a new run can neither begin nor wait. */
bool runs_full(const struct runs *runs);
uint32_t runs_tasks(const struct runs *runs); /* that have not ended */
/* True when there are as many tasks as runs may wait. */
bool runs_tasks_full(const struct runs *runs);
/* True when as many wait at their gates as runs may wait: they take no place of the others. */
bool runs_gated_full(const struct runs *runs);
/* How many wait before this one; 0 for one that does not wait, and for NULL. Walks them. */
uint32_t runs_ahead(const struct runs *runs, const struct active_run *ar);
/* The run that has waited longest, when there is room for it; otherwise NULL. */
struct active_run *runs_next_waiting(const struct runs *runs);
/* Behind each event of an active run's machine: when it is due next, and what it holds, are the
 * table's to know. */
void runs_changed(struct runs *runs, struct active_run *ar);
/* The runs that wait at their gates: none of them is begun, and none that may begin waits behind
 * them. Lives as long as the table. */
struct gated *runs_gated(const struct runs *runs);
/* The run waits no more at the stage of its gate: at the next one, or among those that may begin.
 */
void runs_gate_passed(struct runs *runs, struct active_run *ar);
/* The same: it holds its place. */
void runs_gate_opens(struct runs *runs, struct active_run *ar);
/* From waiting to going on. */
void runs_begin(struct runs *runs, struct active_run *ar);
/* Out of the queues and counts; the run stays in the table until its last batch is done. */
void runs_end(struct runs *runs, struct active_run *ar);

/* The earliest timer of the machines and of deadlines (RUN_NO_TIMER: none). */
int64_t runs_next_timer(const struct runs *runs);
/* Calls fn for each run whose timer is due, which ticks it (runs_changed). It may end that run and
 * no other. */
typedef void runs_due_fn(void *arg, struct active_run *ar);
void runs_each_due(struct runs *runs, int64_t now_ns, runs_due_fn *fn, void *arg);

/* When something is due of the run's deadlines; behind what was told of them. The table asks by
 * itself when the run comes into it. */
void runs_await_deadline(struct runs *runs, struct active_run *ar);
/* The same as runs_each_due for those runs, which fn looks at and awaits again. */
void runs_each_overdue(struct runs *runs, int64_t now_ns, runs_due_fn *fn, void *arg);

/* Calls fn for each run in the table, which may take that run out of it and no other. */
typedef void runs_each_fn(void *arg, struct active_run *ar);
void runs_each(struct runs *runs, runs_each_fn *fn, void *arg);
/* No attempt of them starts any more (run_suspend). */
void runs_suspend(struct runs *runs);

struct runs_counts {
    uint32_t active, waiting;
    uint32_t held; /* nodes that the host cannot run now (run_held_count) */
};
/* Why one of the held nodes is; NULL: none is held. Valid until the run's next event. */
const char *runs_held_reason(const struct runs *runs);
struct runs_counts runs_counts(const struct runs *runs);
/* Sets the gauges of the runs and of the store's queue. */
void runs_gauges(const struct runs *runs);
/* {tenant: waiting runs}; the caller owns it. */
json_t *runs_waiting_by_tenant_owned(const struct runs *runs) must_check;

#endif
