/* server_engine.h -- an engine and an authority for the test server: real store, made-up work.
 *
 * Inputs of a run steer it: {"events": n} commits n run.updated events behind the start,
 * {"delay_ms": n} answers the start later, {"hold": true} leaves the run open. */
#ifndef ORCH_TESTS_API_SERVER_ENGINE_H
#define ORCH_TESTS_API_SERVER_ENGINE_H

#include "api/api.h"
#include "store/store.h"

#include <uv.h>

struct server {
    uv_loop_t loop;
    uv_poll_t store_poll;
    uv_pipe_t input; /* end of file ends the server */
    struct store *store;
    struct store_reader *reader;
    struct metrics *metrics;
    struct task_times *task_times;
    struct api *api;
    json_t *checks;
    json_t *depth;
    json_t *event_n;  /* by run: the number of its last event */
    int answers_open; /* that the api waits for */
    int64_t lane_versions;
    struct lane_routing routing;
    bool shed;
    char shed_reason[300];
};

struct api_engine server_engine_of(struct server *s);
/* Tokens: "admin", "reader", "writer", "operator", "backfiller" of tenant default; "acme" of tenant
 * acme; "slow-..." answers after 50 ms; "nobody" has no scope; "down" is an authority that is away.
 */
struct api_auth server_auth_of(struct server *s);

/* An answer that refuses; name may be NULL. */
void server_fail(api_done_fn done, void *arg, enum err_code code, const char *name,
                 const char *text);

/* server_runs.c: members of struct api_engine. */
void server_run_start(void *arg, const struct api_actor *who, const struct api_run_start *what,
                      api_done_fn done, void *done_arg);
void server_run_cancel(void *arg, const struct api_actor *who, const char *run_id, api_done_fn done,
                       void *done_arg);
void server_run_resume(void *arg, const struct api_actor *who, const char *run_id, api_done_fn done,
                       void *done_arg);
void server_run_pause(void *arg, const struct api_actor *who, const char *run_id, bool pause,
                      api_done_fn done, void *done_arg);
void server_run_restart(void *arg, const struct api_actor *who, const struct api_run_restart *what,
                        api_done_fn done, void *done_arg);
void server_checkpoints_delete(void *arg, const struct api_actor *who, const char *run_id,
                               api_done_fn done, void *done_arg);

/* server_schedules.c: sets the members of schedules. */
void server_schedules_serve(struct api_engine *engine);
/* server_tasks.c: the same of tasks. */
void server_tasks_serve(struct api_engine *engine);
void server_quotas_serve(struct api_engine *engine);

/* server_ledger.c: a made-up head for each tenant with events behind its last. */
void server_ledger_seal(void *arg, const char *tenant, api_done_fn done, void *done_arg);

/* Appends the events to the batch, commits it and publishes them. */
void server_commit(struct server *s, struct store_batch *batch, const struct api_event *events,
                   size_t count);

#endif
