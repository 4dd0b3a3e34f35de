/* turn.c -- the engine's turn: carries out what commits leave behind, and hands each event to the
 * room it is for. The only file that knows all rooms of the engine. See engine.h. */
#include "base/log.h"
#include "base/mem.h"
#include "engine/attempts/attempts.h"
#include "engine/catalog/definitions.h"
#include "engine/commit/close.h"
#include "engine/commit/counts.h"
#include "engine/commit/ends.h"
#include "engine/commit/tell.h"
#include "engine/control/carry.h"
#include "engine/control/later.h"
#include "engine/control/leftovers.h"
#include "engine/control/look.h"
#include "engine/control/recover.h"
#include "engine/control/release.h"
#include "engine/control/shed.h"
#include "engine/control/step.h"
#include "engine/control/takeover.h"
#include "engine/entries/entries.h"
#include "engine/env/answer.h"
#include "engine/env/env.h"
#include "engine/evidence/heads.h"
#include "engine/evidence/left_unsigned.h"
#include "engine/evidence/seals.h"
#include "engine/evidence/statements.h"
#include "engine/gates/gates.h"
#include "engine/inside.h"
#include "engine/lanes/kept.h"
#include "engine/lanes/preempt.h"
#include "engine/lanes/quotas.h"
#include "engine/lanes/tasks.h"
#include "engine/runs/runs.h"
#include "engine/runs/zeros.h"
#include "engine/schedules/schedules.h"
#include "store/hosts.h"

#include <assert.h>

#define HOLD_EVERY_NS (500LL * 1000 * 1000)

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

static bool on_claims(void *arg, const struct attempt_order *order)
{
    struct engine *engine = arg;

    return entries_claims(engine->control.entries, order);
}

static void on_lane_set(void *arg, const char *lane, enum lane_backend backend)
{
    struct engine *engine = arg;

    entries_lane_set(engine->control.entries, lane, backend);
}

static uint32_t waiting_attempts(const void *attempts)
{
    return attempts_waiting(attempts);
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
                                        .claims = on_claims,
                                        .begun = on_begun,
                                        .ended = on_ended,
                                    });
    engine->dags = dag_cache_new(env);
    engine->definitions = definitions_new(env, &engine->mode);
    engine->statements = statements_new(env);
    engine->control =
        (struct control){.env = env,
                         .mode = &engine->mode,
                         .runs = engine->runs,
                         .dags = engine->dags,
                         .commits = engine->commits,
                         .attempts = engine->attempts,
                         .leftovers = leftovers_new(),
                         .takeover = takeover_new(),
                         .orders = orders_new(),
                         .look = look_new(),
                         .later = later_new(),
                         .shed = shed_new(env, engine->runs, waiting_attempts, engine->attempts)};
    chores_init(&engine->chores,
                &(struct left_unsigned){.env = env,
                                        .dags = engine->dags,
                                        .statements = engine->statements},
                &engine->mode);
    engine->control.schedules = schedules_new(&engine->control, engine->chores.jobs);
    engine->control.lanes = kept_lanes_new(env, attempts_lanes(engine->attempts));
    engine->follow =
        (struct follow){env, &engine->mode, engine->runs, attempts_lanes(engine->attempts), 0};
    engine->control.quotas = quotas_new(env, attempts_lanes(engine->attempts));
    engine->gates = gates_new(&engine->control);
    engine->control.tasks = tasks_new(&engine->control, engine->definitions);
    engine->control.entries = entries_new(&engine->control);
    kept_lanes_watch(engine->control.lanes, on_lane_set, engine);
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    entries_free(engine->control.entries);
    kept_lanes_free(engine->control.lanes);
    quotas_free(engine->control.quotas);
    attempts_free(engine->attempts);
    commits_free(engine->commits); /* before the runs that they count on */
    runs_free(engine->runs);
    statements_free(engine->statements);
    schedules_free(engine->control.schedules);
    gates_free(engine->gates);
    chores_done(&engine->chores);
    dag_cache_free(engine->dags); /* before the leftovers that wait for it */
    leftovers_free(engine->control.leftovers);
    takeover_free(engine->control.takeover);
    orders_free(engine->control.orders);
    look_free(engine->control.look);
    later_free(engine->control.later);
    shed_free(engine->control.shed);
    definitions_free(engine->definitions);
    tasks_free(engine->control.tasks);
    free(engine);
}

bool engine_recover(struct engine *engine, unsigned *ret_count, struct err *e)
{
    if (!zeros_tenants(engine->env->metrics, engine->env->reader, e) ||
        !kept_lanes_begin(engine->control.lanes, e) || !quotas_begin(engine->control.quotas, e) ||
        !chores_take(&engine->chores, e) || !recover_all(&engine->control, ret_count, e))
        return false;
    look_begin(engine->control.look);
    return chores_begin(&engine->chores, e);
}

/* ---- what it is told ---- */

void engine_accept(struct engine *engine, bool accept)
{
    engine->mode.accepting = accept;
    schedules_changed(engine->control.schedules); /* what fell due meanwhile starts at once */
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

void engine_release(struct engine *engine)
{
    release_all(&engine->control);
}

void engine_forget_waiters(struct engine *engine)
{
    seals_forget(engine->chores.seals);
}

/* ---- what a commit leaves ---- */

/* The run's rows are the truth: whatever the machine believed beyond them is forgotten. */
static void drop(struct engine *engine, struct active_run *ar)
{
    if (ar->place != PLACE_ENDED)
        runs_end(engine->runs, ar);
    ar->dropped = true;
    attempts_forget(engine->attempts, ar);
    entries_forget(engine->control.entries, ar);
}

static void drop_refused(struct engine *engine, struct active_run *ar, const struct err *why)
{
    if (ar->dropped)
        return;
    log_event(LOG_ERROR, "run.commit_refused", F_STR("runId", ar->run_id),
              F_STR("tenant", ar->tenant), F_ERR(why));
    drop(engine, ar);
}

static void leave_over(struct engine *engine, const struct active_run *ar)
{
    const struct leftover_of what = {ar->tenant, ar->run_id, .tries = ar->rebuilds};

    if (ar->refused != NULL)
        leftovers_add(&engine->control, what, ar->refused);
    else
        leftovers_hold(&engine->control, what);
}

/* A run that has ended, or was dropped, goes when nothing of it is on its way; a dropped one is
 * left over then: built anew, or ended with why. */
static void reap(struct engine *engine, struct active_run *ar)
{
    if (ar->in_flight > 0 || ar->place != PLACE_ENDED)
        return;
    if (ar->dropped && !engine->mode.stopping && !engine->mode.failed)
        leave_over(engine, ar);
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

static void act_durable(struct engine *engine, struct acts *acts)
{
    entries_know(engine->control.entries, acts->ar);
    if (acts->reorders)
        attempts_prioritize(engine->attempts, acts->ar);
    if (acts->ends_run && !acts->ar->dropped)
        attempts_run_ended(engine->attempts, acts->ar);
    start_and_stop(engine, acts); /* first: an attempt on its way shortens the next step's wait */
    counts_durable(acts, attempts_lanes(engine->attempts));
    acts_publish(engine->env, acts);
    ends_tell(acts);
    if (acts->event_count > 0)
        heads_note(engine->chores.heads, acts->ar->tenant, acts->first_event, acts->last_event);
    acts_answer(acts);
    if (acts->ends_run)
        entries_ended(engine->control.entries, acts);
    if (acts->ends_run && !acts->ar->dropped)
        statements_add(engine->statements, acts->ar);
}

static void act_refused(struct engine *engine, struct acts *acts)
{
    api_done_fn done = take(acts->answer.done);

    answer_error(done, acts->answer.done_arg, &acts->refused);
    drop_refused(engine, acts->ar, &acts->refused);
}

/* ---- what the host has, and may not have any more ---- */

static void let_go(void *arg, struct active_run *ar)
{
    struct engine *engine = arg;

    if (ar->place == PLACE_ENDED) /* its end waits for the store, as what else has ended */
        return;
    drop(engine, ar);
    reap(engine, ar);
}

/* Before another host may begin what runs here. */
static void look_at_hold(struct engine *engine, int64_t now_ns)
{
    enum store_hold hold = store_hold(engine->env->store);
    bool adrift = hold != STORE_HELD;
    struct runs_counts counts;

    engine->hold_ns = now_ns + HOLD_EVERY_NS;
    if (adrift == engine->mode.adrift)
        return;
    engine->mode.adrift = adrift;
    if (!adrift) {
        log_event(LOG_WARN, "host.held");
        leftovers_go_on(engine->control.leftovers);
        return;
    }
    counts = runs_counts(engine->runs);
    if (hold == STORE_ADRIFT) /* else whoever is told of the fence says so */
        log_event(LOG_ERROR, "host.adrift", F_INT("runs", counts.active + counts.waiting),
                  F_INT("attempts_killed", attempts_running(engine->attempts)));
    runs_each(engine->runs, let_go, engine);
}

/* Where others may follow, and there is something that they would. */
static int64_t hold_next_timer(const struct engine *engine)
{
    struct runs_counts counts = runs_counts(engine->runs);

    if (!store_shared(engine->env->store))
        return INT64_MAX;
    return engine->mode.adrift || counts.active + counts.waiting > 0 ? engine->hold_ns : INT64_MAX;
}

/* ---- acting on what came back ---- */

static void tell_one_ended(struct engine *engine, const struct leftover_ended *ended)
{
    size_t count = ended->events->count, last = count - 1;
    struct api_event events[CLOSE_EVENTS_MAX];

    for (size_t i = 0; i < count; i++)
        events[i] = close_event_of(ended->events, i, &ended->of);
    left_unsigned_run(&engine->chores.left, ended->of.tenant, ended->of.run_id);
    ends_tell_closed(&events[last], ended->error);
    engine->env->publish(engine->env->arg, events, count);
    heads_note(engine->chores.heads, ended->of.tenant, events[0].seq, events[last].seq);
    counts_closed(engine->env, &events[last], last > 0); /* a task's come by two */
    if (ended->done != NULL)
        ended->done(ended->done_arg, &(struct api_outcome){.run_id = ended->of.run_id,
                                                           .dag_id = ended->of.dag_id,
                                                           .trace_id = ended->of.trace_id});
}

/* Runs that were ended by their rows: told as others are, and among them in the order of the ledger
 * (tenant, before: leftovers_next_ended). */
static void tell_ended(struct engine *engine, const char *tenant, int64_t before)
{
    struct leftover_ended ended;

    while (leftovers_next_ended(engine->control.leftovers, tenant, before, &ended))
        tell_one_ended(engine, &ended);
}

/* An act may lead to further commits, which are refused at once when the store is full: they are
 * acted on in the same call. The run of a commit lives until reap, whatever its acts did. */
static void act_all(struct engine *engine)
{
    struct commit *c;
    struct err why = {0};

    if (store_failed(engine->env->store, &why)) { /* before a run is built anew of such a store */
        look_at_hold(engine, engine->hold_ns);
        engine->env->fatal(engine->env->arg, &why);
    }
    while ((c = commits_next(engine->commits)) != NULL) {
        struct active_run *ar = commit_run(c);
        struct acts *acts = commit_acts(c);

        if (acts->event_count > 0)
            tell_ended(engine, ar->tenant, acts->first_event);
        if (acts->refused.code == ERR_NONE)
            act_durable(engine, acts);
        else
            act_refused(engine, acts);
        orders_came_back(engine->control.orders, acts->orders);
        commit_free(c);
        reap(engine, ar);
    }
}

/* ---- the loop ---- */

/* What the writer thread has done is taken first, all of it, then acted on: the acts of a commit
 * see a store in which every commit that was told is there. */
void engine_store_turn(struct engine *engine)
{
    store_turn(engine->env->store);
    act_all(engine);
    tell_ended(engine, NULL, 0);
}

int64_t engine_next_timer(const struct engine *engine)
{
    const int64_t timers[] = {runs_next_timer(engine->runs),
                              chores_next_timer(&engine->chores),
                              leftovers_next_timer(engine->control.leftovers),
                              look_next_timer(&engine->control),
                              hold_next_timer(engine),
                              attempts_next_timer(engine->attempts),
                              schedules_next_timer(engine->control.schedules),
                              gates_next_timer(engine->gates),
                              follow_next_timer(&engine->follow)};
    int64_t next = INT64_MAX;

    if (commits_wait(engine->commits))
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(timers); i++)
        next = timers[i] < next ? timers[i] : next;
    return next;
}

void engine_turn(struct engine *engine, int64_t now_ns)
{
    look_at_hold(engine, now_ns);
    act_all(engine); /* commits that the store did not take since engine_store_turn */
    attempts_flush_logs(engine->attempts);
    leftovers_turn(&engine->control, now_ns);
    look_turn(&engine->control, now_ns);
    step_tick(&engine->control, now_ns);
    if (runs_next_waiting(engine->runs) != NULL) /* left to wait by a store that was pressed */
        step_admit(&engine->control);
    attempts_turn(engine->attempts);
    preempt_turn(&engine->control);
    entries_turn(engine->control.entries);
    statements_turn(engine->statements);
    chores_turn(&engine->chores, now_ns);
    schedules_turn(engine->control.schedules, now_ns);
    gates_turn(engine->gates, now_ns);
    follow_turn(&engine->follow, now_ns);
}

void engine_on_news(struct engine *engine, const struct store_news *news)
{
    if (news->kind == STORE_NEWS_FREE || news->kind == STORE_NEWS_ORDERS ||
        news->kind == STORE_NEWS_MISSED)
        look_again(engine->control.look);
    kept_lanes_heard(engine->control.lanes, news);
    quotas_heard(engine->control.quotas, news);
    gates_heard(engine->gates, news);
    chores_on_news(&engine->chores, news);
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
