/* attempts.h -- from a decided attempt to the sandbox and back. Inside the engine only.
 *
 * Each waits in its node's lane, with the node's priority, for one of its workers (lanes/lanes.h);
 * of one tenant at most tenant-attempts-max run. Who may not run is told so when its turn comes.
 *
 * In which order things come: the sandbox tells started at most once, logs at any time, done once
 * and last; all of it later than attempts_start, never inside it. A stop may cross an end that is
 * on its way: then the end counts. An order that the sandbox refuses ends inside attempts_start. A
 * forgotten run's attempts still end in the sandbox; their ends find no order here. */
#ifndef ORCH_ENGINE_ATTEMPTS_ATTEMPTS_H
#define ORCH_ENGINE_ATTEMPTS_ATTEMPTS_H

#include "engine/attempts/order.h"
#include "sandbox/client/client.h"

struct attempts;
struct engine_env;
struct engine_mode;

/* What attempts tell, given at creation. Either may start and stop other attempts and may forget
 * the run; ended is the last that is heard of an order, unless its run was forgotten before. */
struct attempts_sink {
    void *arg;
    /* Its turn has come, and it has a worker. True: it may not begin yet, attempts_claimed says
     * when. */
    bool (*claims)(void *arg, const struct attempt_order *order);
    void (*begun)(void *arg, struct active_run *ar, struct attempt_ref ref);
    void (*ended)(void *arg, struct active_run *ar, struct attempt_ref ref,
                  const struct attempt_outcome *outcome);
};

struct attempts *attempts_new(const struct engine_env *env, const struct engine_mode *mode,
                              struct attempts_sink sink) must_check;
void attempts_free(struct attempts *attempts); /* accepts NULL */

/* What the run's orders that claim may do: begin, or wait apart of their lane until it is looked at
 * again. */
void attempts_claimed(struct attempts *attempts, struct active_run *ar, bool yes);
void attempts_unpark(struct attempts *attempts, const char *lane);

/* Takes the order. */
void attempts_start(struct attempts *attempts, struct attempt_order **order);
void attempts_stop(struct attempts *attempts, struct active_run *ar, struct attempt_ref ref,
                   bool kill);
/* One that runs makes room (lanes/lanes.h): for an express one that waits in vain, or, by an
 * operator's hand, in the lane. Its run's machine is to be told now (run_preempt). Valid until the
 * next call; NULL: none. */
const struct attempt_order *attempts_yield(struct attempts *attempts);
const struct attempt_order *attempts_yield_of(struct attempts *attempts, const char *lane);
/* The run goes away without its attempts ending: kills them, their ends are not told. */
void attempts_forget(struct attempts *attempts, struct active_run *ar);
/* The run's end is durable: the worker that a task of a DAG had is the next one's. */
void attempts_run_ended(struct attempts *attempts, struct active_run *ar);
/* The task has another priority. */
void attempts_prioritize(struct attempts *attempts, const struct active_run *ar);
/* The host is draining: what waits ends without having been started, and so does every order that
 * comes from now on. */
void attempts_give_back(struct attempts *attempts);
/* Every attempt that runs, as if each were stopped without a kill; nobody is told so. */
void attempts_ask_to_stop(struct attempts *attempts);
/* Starts what waits while there is room, in the store's queue too. Once a turn. */
void attempts_turn(struct attempts *attempts);

/* When a lane lets go on what it holds back by the time alone; INT64_MAX: none does. */
int64_t attempts_next_timer(const struct attempts *attempts);

void attempts_on_started(struct attempts *attempts, uint64_t id, const struct attempt_start *start);
void attempts_on_log(struct attempts *attempts, uint64_t id, enum attempt_stream stream,
                     int32_t level, const char *text, size_t len);
void attempts_on_done(struct attempts *attempts, uint64_t id, const struct attempt_result *result);

/* Hands this turn's log lines to the store. */
void attempts_flush_logs(struct attempts *attempts);

struct lanes *attempts_lanes(const struct attempts *attempts); /* for show.h, and to be set */
/* Each that the sandbox has, with its number there; and each task of a DAG that has a worker, with
 * number 0. */
typedef void attempts_each_fn(void *arg, const struct attempt_order *order, uint64_t id);
void attempts_each_running(const struct attempts *attempts, attempts_each_fn *fn, void *arg);
uint32_t attempts_running(const struct attempts *attempts);
uint32_t attempts_waiting(const struct attempts *attempts);

#endif
