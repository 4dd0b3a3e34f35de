/* turn.c -- the engine's turn: carries out what commits leave behind, and hands each event to the
 * room it is for. The only file that knows all rooms of the engine. See engine.h. */
#include "base/log.h"
#include "base/mem.h"
#include "engine/attempts/attempts.h"
#include "engine/catalog/definitions.h"
#include "engine/commit/ends.h"
#include "engine/control/leftovers.h"
#include "engine/control/recover.h"
#include "engine/control/step.h"
#include "engine/engine.h"
#include "engine/env/answer.h"
#include "engine/env/beside.h"
#include "engine/env/env.h"
#include "engine/evidence/heads.h"
#include "engine/evidence/left_unsigned.h"
#include "engine/evidence/statements.h"
#include "engine/runs/runs.h"

#include <assert.h>

#define PURGE_EVERY_NS (3600LL * 1000 * 1000 * 1000)

struct engine {
    const struct engine_env *env;
    struct engine_mode mode;
    struct runs *runs;
    struct commits *commits;
    struct attempts *attempts;
    struct dag_cache *dags;
    struct definitions *definitions;
    struct statements *statements;
    struct heads *heads;
    struct leftovers *leftovers;
    struct control control; /* of the parts above */
    int64_t purge_ns;       /* when expired rows are dropped next */
};

static void on_begun(void *arg, struct active_run *ar, struct attempt_ref ref)
{
    struct engine *engine = arg;

    step_attempt_begun(&engine->control, ar, ref);
}

static void on_ended(void *arg, struct active_run *ar, struct attempt_ref ref,
                     const struct attempt_outcome *outcome)
{
    struct engine *engine = arg;

    step_attempt_ended(&engine->control, ar, ref, outcome);
}

struct engine *engine_new(const struct engine_env *env)
{
    struct engine *engine = mem_new(struct engine);

    engine->env = env;
    engine->runs = runs_new(env);
    engine->commits = commits_new(env);
    engine->attempts = attempts_new(env, &engine->mode,
                                    (struct attempts_sink){
                                        .arg = engine,
                                        .begun = on_begun,
                                        .ended = on_ended,
                                    });
    engine->dags = dag_cache_new(env);
    engine->definitions = definitions_new(env, &engine->mode);
    engine->statements = statements_new(env);
    engine->heads = heads_new(env, &engine->mode);
    engine->leftovers = leftovers_new();
    engine->control = (struct control){env,          &engine->mode,   engine->runs,
                                       engine->dags, engine->commits, engine->leftovers};
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    attempts_free(engine->attempts);
    commits_free(engine->commits); /* before the runs that they count on */
    runs_free(engine->runs);
    statements_free(engine->statements);
    heads_free(engine->heads);
    dag_cache_free(engine->dags); /* before the leftovers that wait for it */
    leftovers_free(engine->leftovers);
    definitions_free(engine->definitions);
    free(engine);
}

bool engine_recover(struct engine *engine, unsigned *ret_count, struct err *e)
{
    struct left_unsigned left = {engine->env, engine->dags, engine->statements};

    return recover_all(&engine->control, ret_count, e) && left_unsigned_add(&left, e) &&
           heads_begin(engine->heads, e);
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
    if (engine->mode.draining)
        return;
    engine->mode.draining = true;
    runs_suspend(engine->runs);
    attempts_give_back(engine->attempts);
}

bool engine_draining(const struct engine *engine)
{
    return engine->mode.draining;
}

bool engine_idle(const struct engine *engine)
{
    return attempts_running(engine->attempts) == 0 && attempts_waiting(engine->attempts) == 0 &&
           !commits_wait(engine->commits) && store_pending(engine->env->store) == 0 &&
           beside_left(engine->env->beside) == 0 && !definitions_busy(engine->definitions);
}

void engine_ask_to_stop(struct engine *engine)
{
    assert(engine->mode.draining);
    attempts_ask_to_stop(engine->attempts);
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

/* ---- what a commit leaves ---- */

/* The run's rows are the truth: whatever the machine believed beyond them is forgotten. */
static void drop(struct engine *engine, struct active_run *ar, const struct err *why)
{
    if (ar->dropped)
        return;
    log_event(LOG_ERROR, "run.commit_refused", F_STR("runId", ar->run_id),
              F_STR("tenant", ar->tenant), F_ERR(why));
    if (ar->place != PLACE_ENDED)
        runs_end(engine->runs, ar);
    ar->dropped = true;
    attempts_forget(engine->attempts, ar);
}

/* A run that has ended, or was dropped, goes when nothing of it is on its way; a dropped one is
 * left over then: built anew, or ended with why. */
static void reap(struct engine *engine, struct active_run *ar)
{
    if (ar->in_flight > 0 || ar->place != PLACE_ENDED)
        return;
    if (ar->dropped && !engine->mode.stopping && !engine->mode.failed)
        leftovers_add(&engine->control,
                      (struct leftover_of){ar->tenant, ar->run_id, ar->rebuilds, false},
                      &ar->refused);
    runs_remove(engine->runs, ar);
    step_admit(&engine->control);
}

static void start_and_stop(struct engine *engine, struct acts *acts)
{
    for (size_t i = 0; i < acts->attempt_count && !acts->ar->dropped; i++) {
        struct act *act = &acts->attempts[i];

        if (act->kind == ACT_START)
            attempts_start(engine->attempts, &act->order);
        else
            attempts_stop(engine->attempts, acts->ar, act->ref, act->kill);
    }
}

static void publish(struct engine *engine, const struct acts *acts)
{
    const struct active_run *ar = acts->ar;
    auto_mem struct api_event *out = mem_array(acts->event_count, struct api_event);

    for (size_t i = 0; i < acts->event_count; i++) {
        const struct act_event *event = &acts->events[i];

        out[i] = (struct api_event){
            .seq = acts->first_event + (int64_t)i,
            .tenant = ar->tenant,
            .dag_id = ar->dag->dag_id,
            .run_id = ar->run_id,
            .type = event->type,
            .status = event->status,
            .trace_id = ar->trace_id,
            .step_id = event->node != NO_NODE ? ar->dag->nodes[event->node].node_id : NULL,
            .attempt = (int32_t)event->attempt,
            .wall_us = acts->wall_us,
            .payload = event->payload,
        };
    }
    if (acts->event_count > 0)
        engine->env->publish(engine->env->arg, out, acts->event_count);
}

static void answer(struct acts *acts)
{
    const struct act_answer *a = &acts->answer;
    api_done_fn done = take(acts->answer.done);

    if (done != NULL)
        done(a->done_arg, &(struct api_outcome){
                              .run_id = acts->ar->run_id,
                              .dag_id = acts->ar->dag->dag_id,
                              .version = acts->ar->dag->version,
                              .trace_id = acts->ar->trace_id,
                              .created = a->created,
                              .skipped = a->skipped,
                              .remaining = a->remaining,
                          });
}

static void act_durable(struct engine *engine, struct acts *acts)
{
    start_and_stop(engine, acts); /* first: an attempt on its way shortens the next step's wait */
    publish(engine, acts);
    ends_tell(acts);
    heads_note(engine->heads, acts->last_event);
    answer(acts);
    if (acts->ends_run && !acts->ar->dropped)
        statements_add(engine->statements, acts->ar);
}

static void act_refused(struct engine *engine, struct acts *acts)
{
    api_done_fn done = take(acts->answer.done);

    answer_error(done, acts->answer.done_arg, &acts->refused);
    drop(engine, acts->ar, &acts->refused);
}

/* An act may lead to further commits, which are refused at once when the store is full: they are
 * acted on in the same call. The run of a commit lives until reap, whatever its acts did. */
static void act_all(struct engine *engine)
{
    struct commit *c;
    struct err why = {0};

    if (store_failed(engine->env->store, &why)) /* before a run is built anew of such a store */
        engine->env->fatal(engine->env->arg, &why);
    while ((c = commits_next(engine->commits)) != NULL) {
        struct active_run *ar = commit_run(c);
        struct acts *acts = commit_acts(c);

        if (acts->refused.code == ERR_NONE)
            act_durable(engine, acts);
        else
            act_refused(engine, acts);
        commit_free(c);
        reap(engine, ar);
    }
}

/* Runs that were ended by their rows: told as others are. */
static void tell_ended(struct engine *engine)
{
    const struct left_unsigned left = {engine->env, engine->dags, engine->statements};
    struct leftover_ended ended;

    while (leftovers_next_ended(engine->leftovers, &ended)) {
        left_unsigned_run(&left, ended.event.tenant, ended.event.run_id);
        ends_tell_closed(&ended.event, ended.error);
        engine->env->publish(engine->env->arg, &ended.event, 1);
        heads_note(engine->heads, ended.event.seq);
        metrics_add(engine->env->metrics, METRIC_DAG_EXECUTIONS,
                    METRIC_LABELS(ended.event.dag_id, ended.event.status), 1);
        metrics_add(engine->env->metrics, METRIC_RUNS,
                    METRIC_LABELS(ended.event.status, ended.event.tenant), 1);
        if (ended.done != NULL)
            ended.done(ended.done_arg, &(struct api_outcome){.run_id = ended.event.run_id,
                                                             .dag_id = ended.event.dag_id,
                                                             .trace_id = ended.event.trace_id});
    }
}

/* ---- the loop ---- */

/* What the writer thread has done is taken first, all of it, then acted on: the acts of a commit
 * see a store in which every commit that was told is there. */
void engine_store_turn(struct engine *engine)
{
    store_turn(engine->env->store);
    act_all(engine);
    tell_ended(engine);
}

int64_t engine_next_timer(const struct engine *engine)
{
    const int64_t timers[] = {runs_next_timer(engine->runs), heads_next_timer(engine->heads),
                              leftovers_next_timer(engine->leftovers)};
    int64_t next = INT64_MAX;

    if (commits_wait(engine->commits))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(timers); i++)
        next = timers[i] < next ? timers[i] : next;
    return next;
}

/* Idempotency keys and revocations that have expired. Losing one purge costs nothing. */
static void purge(struct engine *engine, int64_t now_ns)
{
    auto_obj(store_batch) batch = NULL;
    struct err e = {0};

    if (now_ns < engine->purge_ns)
        return;
    engine->purge_ns = now_ns + PURGE_EVERY_NS;
    batch = store_batch_new();
    store_batch_purge_expired(batch, engine->env->clock.wall_us());
    if (!store_submit_take(engine->env->store, &batch, NULL, NULL, &e))
        log_event(LOG_DEBUG, "store.purge_refused", F_ERR(&e));
}

void engine_turn(struct engine *engine, int64_t now_ns)
{
    act_all(engine); /* commits that the store did not take since engine_store_turn */
    purge(engine, now_ns);
    attempts_flush_logs(engine->attempts);
    leftovers_turn(&engine->control, now_ns);
    step_tick(&engine->control, now_ns);
    if (runs_next_waiting(engine->runs) != NULL) /* left to wait by a store that was pressed */
        step_admit(&engine->control);
    attempts_turn(engine->attempts);
    statements_turn(engine->statements);
    heads_turn(engine->heads, now_ns);
}

void engine_on_attempt_started(struct engine *engine, uint64_t id,
                               const struct attempt_start *start)
{
    attempts_on_started(engine->attempts, id, start);
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

/* ---- parts and counts ---- */

struct control *engine_control(struct engine *engine)
{
    return &engine->control;
}

struct dag_cache *engine_dags(struct engine *engine)
{
    return engine->dags;
}

struct definitions *engine_definitions(struct engine *engine)
{
    return engine->definitions;
}

struct heads *engine_heads(struct engine *engine)
{
    return engine->heads;
}

struct statements *engine_statements(struct engine *engine)
{
    return engine->statements;
}

struct engine_counts engine_counts(const struct engine *engine)
{
    struct runs_counts counts = runs_counts(engine->runs);

    return (struct engine_counts){
        .runs_active = counts.active,
        .runs_waiting = counts.waiting,
        .attempts_running = attempts_running(engine->attempts),
        .attempts_waiting = attempts_waiting(engine->attempts),
        .nodes_held = counts.held,
        .held_reason = runs_held_reason(engine->runs),
    };
}

json_t *engine_queue_depth_owned(const struct engine *engine)
{
    return runs_waiting_by_tenant_owned(engine->runs);
}
