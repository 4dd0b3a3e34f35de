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

struct host;
struct engine;

struct engine *engine_new(struct host *host) must_check;
void engine_free(struct engine *engine); /* accepts NULL; the store is closed or idle */

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

/* Timers of the machines: when engine_tick is wanted next (INT64_MAX: not). */
int64_t engine_next_timer(const struct engine *engine);
void engine_tick(struct engine *engine, int64_t now_ns);

struct engine_counts {
    uint32_t runs_active, runs_waiting, attempts_running, attempts_waiting;
};
struct engine_counts engine_counts(const struct engine *engine);
/* {tenant: waiting runs}; the caller owns it. */
json_t *engine_queue_depth_owned(const struct engine *engine) must_check;

#endif
