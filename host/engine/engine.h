/* engine.h -- the runs that live in this process: feeds events to the pure machines
 * (host/model/run), commits what they decide, and acts after the commit.
 *
 * What always holds: nothing is answered, streamed or dispatched before it is durable; a run has
 * at most one machine; when a commit is refused the machine is dropped and built anew from the
 * store. Loop thread only. */
#ifndef ORCH_ENGINE_ENGINE_H
#define ORCH_ENGINE_ENGINE_H

#include "api/api.h"
#include "base/err.h"
#include "sandbox/client/client.h"

#include <stdint.h>

struct dag_cache;
struct engine;
struct engine_env;
struct heads;
struct statements;

struct engine *engine_new(const struct engine_env *env) must_check;
/* Accepts NULL. The store is closed, so that no batch can end any more. */
void engine_free(struct engine *engine);

/* New runs are admitted or not; at first they are not. */
void engine_accept(struct engine *engine, bool accept);
bool engine_accepting(const struct engine *engine); /* and not draining */
/* The host was told to end: no new run is admitted. */
void engine_drain(struct engine *engine);
bool engine_draining(const struct engine *engine);
/* The host must end: no new run is admitted and no run is built anew. */
void engine_fail(struct engine *engine);
/* The loop has ended: nothing is started any more; the last log lines go to the store. */
void engine_stop(struct engine *engine);
/* The api is closed: nobody waits for a ledger head any more. */
void engine_forget_waiters(struct engine *engine);

/* The parts that the api's calls and health speak to. */
struct dag_cache *engine_dags(struct engine *engine);
struct heads *engine_heads(struct engine *engine);
struct statements *engine_statements(struct engine *engine);

/* Builds every unfinished run anew from the store and lets it go on. Returns how many. */
bool engine_recover(struct engine *engine, unsigned *ret_count, struct err *e) must_check;

/* Signs what ended without its statement being stored. */
bool engine_recover_statements(struct engine *engine, struct err *e) must_check;

/* The api's calls (api.h): each answers through done exactly once. */
void engine_run_start(struct engine *engine, const struct api_actor *who,
                      const struct api_run_start *what, api_done_fn done, void *done_arg);
void engine_run_cancel(struct engine *engine, const struct api_actor *who, const char *run_id,
                       api_done_fn done, void *done_arg);
void engine_run_resume(struct engine *engine, const struct api_actor *who, const char *run_id,
                       api_done_fn done, void *done_arg);
void engine_run_pause(struct engine *engine, const struct api_actor *who, const char *run_id,
                      bool pause, api_done_fn done, void *done_arg);
void engine_run_restart(struct engine *engine, const struct api_actor *who,
                        const struct api_run_restart *what, api_done_fn done, void *done_arg);
void engine_checkpoints_delete(struct engine *engine, const struct api_actor *who,
                               const char *run_id, api_done_fn done, void *done_arg);

/* The sandbox's events. */
void engine_on_attempt_started(struct engine *engine, uint64_t id, uint32_t layers, int level);
void engine_on_attempt_log(struct engine *engine, uint64_t id, enum attempt_stream stream,
                           int32_t level, const char *text, size_t len);
void engine_on_attempt_done(struct engine *engine, uint64_t id,
                            const struct attempt_result *result);

/* When engine_turn is wanted next (INT64_MAX: not). */
int64_t engine_next_timer(const struct engine *engine);
/* Does what is due. Once a turn of the loop, before it blocks. */
void engine_turn(struct engine *engine, int64_t now_ns);

struct engine_counts {
    uint32_t runs_active, runs_waiting, attempts_running, attempts_waiting;
};
struct engine_counts engine_counts(const struct engine *engine);
/* {tenant: waiting runs}; the caller owns it. */
json_t *engine_queue_depth_owned(const struct engine *engine) must_check;

#endif
