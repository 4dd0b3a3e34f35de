/* engine.h -- the runs that live in this process: feeds events to the pure machines
 * (host/model/run), commits what they decide, and acts after the commit (turn.c).
 *
 * What always holds: nothing is answered, streamed or dispatched before it is durable; a run has
 * at most one machine; when a commit is refused the machine is dropped and built anew from the
 * store.
 *
 * Everything here is on the loop thread. Who else takes part: the store's writer thread commits
 * batches and leaves their ends, which engine_store_turn takes in order of submission; attempts
 * are processes of the sandbox, whose events come by engine_on_attempt_*, and the authority is
 * one, whose answers come by the replies that were handed to it. Each may come before or behind
 * each of the others; an attempt of a run that ended or was dropped meanwhile may still end. */
#ifndef ORCH_ENGINE_ENGINE_H
#define ORCH_ENGINE_ENGINE_H

#include "base/err.h"
#include "sandbox/client/client.h"

#include <jansson.h>
#include <stdint.h>

struct api_task_now;
struct api_task_of;
struct control;
struct dag_cache;
struct definitions;
struct engine;
struct engine_env;
struct heads;
struct seals;
struct statements;
struct store_news;

struct engine *engine_new(const struct engine_env *env) must_check;
/* Accepts NULL. The store is closed, so that no batch can end any more, and what the engine was
 * given to work beside the loop is freed. */
void engine_free(struct engine *engine);

/* What a crash left: unfinished runs go on (*ret_count: how many), what ended without a statement
 * gets one, and what has no ledger head is put under one. Once, before anything is started. */
bool engine_recover(struct engine *engine, unsigned *ret_count, struct err *e) must_check;

/* ---- what it is told ---- */

/* New runs are admitted or not; at first they are not. */
void engine_accept(struct engine *engine, bool accept);
bool engine_accepting(const struct engine *engine); /* and not draining */
/* The host was told to end: no run is admitted or resumed and nothing is started, while the loop
 * goes on: attempts that run may end, what they leave is committed, cancels are heard. Whatever was
 * decided and had no worker is given back, so that the next host may start it. An attempt that ends
 * as those do that are killed with the host is left open: it runs again at the next start. Not to
 * be taken back; a second call does nothing. */
void engine_drain(struct engine *engine);
bool engine_draining(const struct engine *engine);
/* No attempt runs or waits, no definition is being read, no commit is on its way. Once draining it
 * stays so, unless a client asks for something: then the host may end without an attempt that is
 * cut short. */
bool engine_idle(const struct engine *engine);
/* Asks every attempt that runs to stop. Only when draining: one that does is left open. */
void engine_ask_to_stop(struct engine *engine);
/* The host must end: no new run is admitted and no run is built anew. */
void engine_fail(struct engine *engine);
/* The loop has ended: nothing is started any more; the last log lines go to the store. */
void engine_stop(struct engine *engine);
/* The sandbox is gone, and nothing is on its way: what the host has and could not end is given back
 * in a last commit, so that another host goes on with it at once. */
void engine_release(struct engine *engine);
/* The api is closed: nobody waits for a ledger head any more. */
void engine_forget_waiters(struct engine *engine);

/* ---- the loop ---- */

/* Turns the store, then acts on every commit that has come back. */
void engine_store_turn(struct engine *engine);
/* When engine_turn is wanted next (INT64_MAX: not). */
int64_t engine_next_timer(const struct engine *engine);
/* Does what is due. Once a turn of the loop, before it blocks. */
void engine_turn(struct engine *engine, int64_t now_ns);

/* What other hosts committed (store/hosts.h). */
void engine_on_news(struct engine *engine, const struct store_news *news);

/* The sandbox's events. */
void engine_on_attempt_started(struct engine *engine, uint64_t id,
                               const struct attempt_start *start);
void engine_on_attempt_log(struct engine *engine, uint64_t id, enum attempt_stream stream,
                           int32_t level, const char *text, size_t len);
void engine_on_attempt_done(struct engine *engine, uint64_t id,
                            const struct attempt_result *result);

/* ---- the parts that the api's calls and health speak to ---- */

struct control *engine_control(struct engine *engine);
struct dag_cache *engine_dags(struct engine *engine);
struct definitions *engine_definitions(struct engine *engine);
struct heads *engine_heads(struct engine *engine);
struct seals *engine_seals(struct engine *engine);
struct statements *engine_statements(struct engine *engine);

/* The id of each run that is this host's. */
typedef void engine_run_fn(void *arg, const char *run_id);
void engine_each_run(const struct engine *engine, engine_run_fn *fn, void *arg);

struct engine_counts {
    uint32_t runs_active, runs_waiting, attempts_running, attempts_waiting;
    uint32_t nodes_held;     /* the host could not run them twice in a row, and tries on */
    const char *held_reason; /* of one of them; NULL: none is. Valid until the next turn */
};
struct engine_counts engine_counts(const struct engine *engine);
/* The lanes of this host (engine/lanes/kept.h); the caller owns it. */
json_t *engine_lanes_owned(const struct engine *engine) must_check;
/* Their workers (engine/lanes/workers.h); the caller owns it. */
json_t *engine_workers_owned(const struct engine *engine) must_check;
uint32_t engine_workers_active(const struct engine *engine); /* the same */
/* As api_engine.task_now says. */
void engine_task_now(const struct engine *engine, const struct api_task_of *of,
                     struct api_task_now *ret);
/* Why the run does not go on (engine/why.h); NULL: it is not here. The caller owns it. */
json_t *engine_run_why_owned(const struct engine *engine, const char *tenant, const char *run_id,
                             uint32_t max) must_check;
/* Brings those gauges up to date that are told only when somebody asks. */
void engine_gauges(const struct engine *engine);
/* {tenant: waiting runs}; the caller owns it. */
json_t *engine_queue_depth_owned(const struct engine *engine) must_check;

#endif
