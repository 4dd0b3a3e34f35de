/* engine.c -- the table of runs and the events that reach their machines. See engine.h. */
#include "engine/engine.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/commit/rows.h"
#include "engine/engine_parts.h"

#include <assert.h>
#include <string.h>

static void attempt_begun(void *arg, struct active_run *ar, struct attempt_ref ref);
static void attempt_ended(void *arg, struct active_run *ar, struct attempt_ref ref,
                          const struct attempt_outcome *outcome);

struct engine *engine_new(const struct engine_env *env)
{
    struct engine *engine = mem_new(struct engine);

    engine->env = env;
    engine->attempts = attempts_new(env, &engine->mode,
                                    (struct attempts_sink){engine, attempt_begun, attempt_ended});
    engine->dags = dag_cache_new(env->reader);
    engine->statements = statements_new(env);
    engine->heads = heads_new(env, &engine->mode);
    TAILQ_INIT(&engine->waiting);
    TAILQ_INIT(&engine->running);
    STAILQ_INIT(&engine->refused);
    return engine;
}

void engine_free(struct engine *engine)
{
    struct active_run *ar, *next;

    if (engine == NULL)
        return;
    attempts_free(engine->attempts);
    HASH_ITER(hh, engine->runs, ar, next)
    {
        HASH_DEL(engine->runs, ar);
        active_run_free(ar);
    }
    statements_free(engine->statements);
    heads_free(engine->heads);
    dag_cache_free(engine->dags);
    free(engine);
}

/* ---- what it is told ---- */

void engine_accept(struct engine *engine, bool accept)
{
    engine->mode.accepting = accept;
}

bool engine_accepting(const struct engine *engine)
{
    return engine->mode.accepting && !engine->mode.draining;
}

void engine_drain(struct engine *engine)
{
    engine->mode.draining = true;
}

bool engine_draining(const struct engine *engine)
{
    return engine->mode.draining;
}

void engine_fail(struct engine *engine)
{
    engine->mode.failed = true;
    engine->mode.accepting = false;
}

void engine_stop(struct engine *engine)
{
    engine->mode.stopping = true;
    attempts_flush_logs(engine->attempts);
}

void engine_forget_waiters(struct engine *engine)
{
    heads_forget_waiters(engine->heads);
}

struct dag_cache *engine_dags(struct engine *engine)
{
    return engine->dags;
}

struct heads *engine_heads(struct engine *engine)
{
    return engine->heads;
}

struct statements *engine_statements(struct engine *engine)
{
    return engine->statements;
}

/* ---- the table ---- */

static void gauges(struct engine *engine)
{
    struct metrics *m = engine->env->metrics;

    metrics_set(m, METRIC_ACTIVE_EXECUTIONS, METRIC_NO_LABELS, engine->active);
    metrics_set(m, METRIC_QUEUED_EXECUTIONS, METRIC_NO_LABELS, engine->waiting_count);
    metrics_set(m, METRIC_DB_PENDING, METRIC_LABELS("orchestrator-service"),
                (double)store_pending(engine->env->store));
}

struct active_run *engine_find(const struct engine *engine, const char *tenant, const char *run_id)
{
    struct active_run *ar;

    HASH_FIND_STR(engine->runs, run_id, ar);
    if (ar == NULL || ar->place == PLACE_ENDED || ar->dropped || strcmp(ar->tenant, tenant) != 0)
        return NULL;
    return ar;
}

void engine_add(struct engine *engine, struct active_run **run)
{
    struct active_run *ar = take(*run);

    HASH_ADD_STR(engine->runs, run_id, ar);
    if (run_state(ar->run) == RUN_NEW) {
        TAILQ_INSERT_TAIL(&engine->waiting, ar, queue);
        engine->waiting_count++;
    } else {
        TAILQ_INSERT_TAIL(&engine->running, ar, queue);
        ar->place = PLACE_ACTIVE;
        engine->active++;
    }
    gauges(engine);
}

static void level_widths(struct active_run *ar)
{
    for (size_t i = 0; i < ar->dag->level_count; i++)
        metrics_observe(ar->env->metrics, METRIC_LEVEL_WIDTH, METRIC_LABELS(ar->dag->dag_id),
                        ar->dag->levels[i].count);
}

static void leave_queue(struct active_run *ar)
{
    TAILQ_REMOVE(&ar->engine->waiting, ar, queue);
    ar->engine->waiting_count--;
    TAILQ_INSERT_TAIL(&ar->engine->running, ar, queue);
    ar->place = PLACE_ACTIVE;
    ar->engine->active++;
}

bool engine_begin(struct active_run *ar, struct commit *c)
{
    struct err e;

    leave_queue(ar);
    level_widths(ar);
    if (!run_start(ar->run, ar->env->clock.mono_ns(), &e)) {
        log_event(LOG_ERROR, "run.start_refused", F_STR("run_id", ar->run_id), F_ERR(&e));
        return false;
    }
    commit_decisions(c);
    return true;
}

bool engine_has_room(const struct engine *engine)
{
    return engine->active < engine->env->set.runs_active_max && TAILQ_EMPTY(&engine->waiting);
}

void engine_admit(struct engine *engine)
{
    struct active_run *ar;

    while (engine->active < engine->env->set.runs_active_max &&
           (ar = TAILQ_FIRST(&engine->waiting)) != NULL) {
        struct commit *c = commit_new(ar, ar->env->clock.wall_us());

        if (engine_begin(ar, c))
            commit_submit(&c);
    }
    gauges(engine);
}

void engine_run_over(struct active_run *ar)
{
    assert(ar->place != PLACE_ENDED);
    if (ar->place == PLACE_WAITING)
        leave_queue(ar);
    TAILQ_REMOVE(&ar->engine->running, ar, queue);
    ar->place = PLACE_ENDED;
    ar->engine->active--;
    gauges(ar->engine);
}

void engine_reap(struct active_run *ar)
{
    struct engine *engine = ar->engine;
    struct rebuild again = {.count = ar->rebuilds + 1};

    if (ar->in_flight > 0 || (ar->place != PLACE_ENDED && !ar->dropped))
        return;
    if (ar->dropped && !engine->mode.stopping && !engine->mode.failed) {
        again.tenant = mem_str(ar->tenant);
        again.run_id = mem_str(ar->run_id);
    }
    HASH_DEL(engine->runs, ar);
    active_run_free(ar);
    if (again.run_id != NULL)
        engine_rebuild(engine, &again);
    free(again.tenant);
    free(again.run_id);
    engine_admit(engine);
}

/* The run's rows are the truth: whatever the machine believed beyond them is forgotten. */
void engine_drop(struct active_run *ar, const struct err *why)
{
    struct err failed;

    if (ar->dropped)
        return;
    log_event(LOG_ERROR, "run.commit_refused", F_STR("run_id", ar->run_id),
              F_STR("tenant", ar->tenant), F_ERR(why));
    if (ar->place != PLACE_ENDED)
        engine_run_over(ar);
    ar->dropped = true;
    attempts_forget(ar->engine->attempts, ar);
    if (store_failed(ar->engine->env->store, &failed))
        ar->env->fatal(ar->env->arg, &failed);
}

/* ---- events ---- */

static void attempt_ended(void *arg unused_arg, struct active_run *ar, struct attempt_ref ref,
                          const struct attempt_outcome *outcome)
{
    struct commit *c;
    struct err e;

    if (ar->dropped || ar->place == PLACE_ENDED)
        return;
    if (!run_attempt_ended(ar->run, ref, outcome, ar->env->clock.mono_ns(), &e)) {
        log_event(LOG_ERROR, "attempt.end_refused", F_STR("run_id", ar->run_id), F_ERR(&e));
        return;
    }
    c = commit_new(ar, ar->env->clock.wall_us());
    commit_decisions(c);
    commit_submit(&c);
}

static void attempt_begun(void *arg unused_arg, struct active_run *ar, struct attempt_ref ref)
{
    struct err e;

    if (ar->dropped || ar->place == PLACE_ENDED)
        return;
    if (!run_attempt_started(ar->run, ref, &e))
        log_event(LOG_ERROR, "attempt.start_refused", F_STR("run_id", ar->run_id), F_ERR(&e));
    ar->timer_ns = run_next_timer(ar->run);
}

void engine_on_attempt_started(struct engine *engine, uint64_t id, uint32_t layers, int level)
{
    attempts_on_started(engine->attempts, id, layers, level);
}

void engine_on_attempt_log(struct engine *engine, uint64_t id, enum attempt_stream stream,
                           int32_t level, const char *text, size_t len)
{
    attempts_on_log(engine->attempts, id, stream, level, text, len);
}

void engine_on_attempt_done(struct engine *engine, uint64_t id, const struct attempt_result *result)
{
    attempts_on_done(engine->attempts, id, result);
}

int64_t engine_next_timer(const struct engine *engine)
{
    int64_t next = heads_next_timer(engine->heads);
    const struct active_run *ar;

    if (!STAILQ_EMPTY(&engine->refused))
        return 0;
    TAILQ_FOREACH(ar, &engine->running, queue)
    next = ar->timer_ns < next ? ar->timer_ns : next;
    return next;
}

#define PURGE_EVERY_NS (3600LL * 1000 * 1000 * 1000)

/* Idempotency keys and revocations that have expired. Losing one purge costs nothing. */
static void purge(struct engine *engine, int64_t now_ns)
{
    auto_obj(store_batch) batch = NULL;
    struct err e;

    if (now_ns < engine->purge_ns)
        return;
    engine->purge_ns = now_ns + PURGE_EVERY_NS;
    batch = store_batch_new();
    store_batch_purge_expired(batch, engine->env->clock.wall_us());
    if (!store_submit_take(engine->env->store, &batch, NULL, NULL, &e))
        log_event(LOG_DEBUG, "store.purge_refused", F_ERR(&e));
}

static void tick_run(struct active_run *ar, int64_t now_ns)
{
    struct commit *c;

    run_tick(ar->run, now_ns);
    c = commit_new(ar, ar->env->clock.wall_us());
    commit_decisions(c);
    commit_submit(&c);
}

static void tick(struct engine *engine, int64_t now_ns)
{
    struct active_run *ar, *next;

    commits_refused(engine);
    purge(engine, now_ns);
    attempts_flush_logs(engine->attempts);
    for (ar = TAILQ_FIRST(&engine->running); ar != NULL; ar = next) {
        next = TAILQ_NEXT(ar, queue); /* ar may end now; its neighbours cannot */
        if (ar->timer_ns <= now_ns)
            tick_run(ar, now_ns);
    }
}

void engine_turn(struct engine *engine, int64_t now_ns)
{
    tick(engine, now_ns);
    statements_turn(engine->statements);
    heads_turn(engine->heads, now_ns);
}

struct engine_counts engine_counts(const struct engine *engine)
{
    return (struct engine_counts){
        .runs_active = engine->active,
        .runs_waiting = engine->waiting_count,
        .attempts_running = attempts_running(engine->attempts),
        .attempts_waiting = attempts_waiting(engine->attempts),
    };
}

json_t *engine_queue_depth_owned(const struct engine *engine)
{
    json_t *depth = json_object();
    const struct active_run *ar;

    TAILQ_FOREACH(ar, &engine->waiting, queue)
    {
        json_int_t n = json_integer_value(json_object_get(depth, ar->tenant));

        json_object_set_new(depth, ar->tenant, json_integer(n + 1));
    }
    return depth;
}
