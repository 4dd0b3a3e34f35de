/* attempts.c -- see attempts.h. */
#include "engine/attempts/attempts.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/attempts/logs.h"
#include "engine/attempts/secrets.h"
#include "engine/attempts/spec.h"
#include "engine/attempts/whole.h"
#include "engine/catalog/agents.h"
#include "engine/catalog/ceilings.h"
#include "engine/env/env.h"
#include "engine/runs/pins.h"

#include <assert.h>

/* An order that the sandbox has. Found by the sandbox's id alone, so that what comes late finds
 * nothing rather than what is gone. */
struct running {
    uint64_t id;
    struct attempt_order *order;
    struct attempt_outcome override; /* class INVALID: none; why we killed it ourselves */
    bool stop_asked;                 /* by its run */
    char *override_message;
    struct log_loss loss;
    UT_hash_handle hh;
};

struct attempts {
    const struct engine_env *env;
    const struct engine_mode *mode;
    struct attempts_sink sink;
    struct waiting waiting;
    struct wholes wholes;
    struct running *running; /* by id */
    uint32_t running_count;
    struct logs logs;
};

struct attempts *attempts_new(const struct engine_env *env, const struct engine_mode *mode,
                              struct attempts_sink sink)
{
    struct attempts *attempts = mem_new(struct attempts);

    attempts->env = env;
    attempts->mode = mode;
    attempts->sink = sink;
    waiting_init(&attempts->waiting, env);
    TAILQ_INIT(&attempts->wholes);
    logs_init(&attempts->logs, env);
    return attempts;
}

static void running_free(struct attempts *a, struct running *r)
{
    HASH_DEL(a->running, r);
    a->running_count--;
    waiting_ended(&a->waiting, r->order);
    attempt_order_free(r->order);
    free(r->override_message);
    free(r);
}

void attempts_free(struct attempts *a)
{
    struct running *r, *next;

    if (a == NULL)
        return;
    HASH_ITER(hh, a->running, r, next)
    running_free(a, r);
    while (!TAILQ_EMPTY(&a->wholes))
        whole_end(&a->wholes, &a->waiting, TAILQ_FIRST(&a->wholes)->ar, false);
    waiting_done(&a->waiting);
    logs_done(&a->logs);
    free(a);
}

struct lanes *attempts_lanes(const struct attempts *a)
{
    return a->waiting.lanes;
}

void attempts_each_running(const struct attempts *a, attempts_each_fn *fn, void *arg)
{
    const struct attempt_order *whole;

    for (const struct running *r = a->running; r != NULL; r = r->hh.next)
        fn(arg, r->order, r->id);
    TAILQ_FOREACH(whole, &a->wholes, of_run)
    fn(arg, whole, 0);
}

uint32_t attempts_running(const struct attempts *a)
{
    return a->running_count;
}

uint32_t attempts_waiting(const struct attempts *a)
{
    return lanes_waiting(a->waiting.lanes) + a->waiting.claiming + a->waiting.parked;
}

/* ---- starting ---- */

static void refuse(struct attempts *a, struct attempt_order *order, enum outcome class,
                   const char *message)
{
    a->sink.ended(a->sink.arg, order->ar, order->ref,
                  &(struct attempt_outcome){.class = class, .message = message});
    attempt_order_free(order);
}

/* Kills an attempt for a reason of ours; it then ends with this class instead of cancelled. */
static void fail(void *arg, uint64_t id, enum outcome class, const char *message)
{
    struct attempts *a = arg;
    struct running *r;

    HASH_FIND(hh, a->running, &id, sizeof id, r);
    if (r == NULL)
        return;
    free(r->override_message);
    r->override_message = mem_str(message);
    r->override = (struct attempt_outcome){.class = class, .message = r->override_message};
    a->env->sandbox.attempt_kill(a->env->sandbox.sandbox, id);
}

static void refuse_taken(struct attempts *a, struct attempt_order *order, enum outcome class,
                         const char *message)
{
    waiting_ended(&a->waiting, order);
    refuse(a, order, class, message);
}

/* The order's agent; NULL when it may not run, and was told why. */
static const struct agent *runnable(struct attempts *a, struct attempt_order *order)
{
    const struct engine_env *env = a->env;
    const char *tenant = order->ar->tenant, *id = order->agent_id;
    const char *digest = pins_digest(order->ar->pins, id);
    const struct agent *agent = env->agent_find(env->agents, tenant, id, digest);
    struct err e = {0};

    if (order->input_too_large) {
        err_set(&e, ERR_TOO_LARGE, "the node's input has more than %u bytes or more than %u values",
                NODE_INPUT_BYTES_MAX, NODE_INPUT_VALUES_MAX);
        refuse_taken(a, order, OUTCOME_BAD_INPUT, e.msg);
        return NULL;
    }
    if (agent == NULL && env->agent_withdrawn(env->agents, tenant, id, digest, &e)) {
        refuse_taken(a, order, OUTCOME_REVOKED, e.msg);
        return NULL;
    }
    if (agent == NULL && env->agent_awaited(env->agents, tenant, id, digest, &e)) {
        refuse_taken(a, order, OUTCOME_INFRA, e.msg);
        return NULL;
    }
    if (agent == NULL) {
        refuse_taken(a, order, OUTCOME_UNKNOWN_AGENT, NULL);
        return NULL;
    }
    if (!order->ref.compensation &&
        !ceilings_allow_node(&env->set.ceilings, &order->ar->dag->nodes[order->ref.node], &e)) {
        refuse_taken(a, order, OUTCOME_POLICY_VIOLATION, e.msg);
        return NULL;
    }
    return agent;
}

/* True when the order is dealt with; false when the sandbox is full and it must wait. */
static bool dispatch(struct attempts *a, struct attempt_order *order)
{
    const struct engine_sandbox *sandbox = &a->env->sandbox;
    auto_mem char *key = mem_printf("%s/%s", order->ar->run_id, order->node_id);
    auto_mem char *title = lane_worker_title_owned(order->item.worker, order->lane);
    const struct agent *agent;
    auto_fd secrets = -1;
    struct attempt_spec spec;
    struct running *r;
    struct err e = {0};
    uint64_t id;

    agent = runnable(a, order);
    if (agent == NULL)
        return true;
    spec = order_spec(a->env, order, agent, key);
    spec.title = title;
    if (!sandbox->attempt_start(sandbox->sandbox, &spec, &id, &secrets, &e)) {
        if (e.code == ERR_LIMIT)
            return false;
        refuse_taken(a, order, order_refusal_class(e.code), e.msg);
        return true;
    }
    order->item.yields = !order->ref.compensation && agent->idempotent &&
                         order->ar->dag->nodes[order->ref.node].idempotent;
    order_remember_plugin(order, agent, spec.profile);
    order->ar->nodes[order->ref.node].attempt_started_us = active_run_wall_us(order->ar);
    if (!order->ref.compensation && order->ar->task_lane == NULL)
        active_run_leased(order->ar, order->ref.attempt);
    r = mem_new(struct running);
    r->id = id;
    r->order = order;
    HASH_ADD(hh, a->running, id, sizeof r->id, r);
    a->running_count++;
    if (spec.has_secrets)
        secrets_send(a->env, order->ar->tenant, &order->ar->dag->nodes[order->ref.node], &secrets,
                     id, (struct secrets_sink){a, fail});
    return true;
}

/* It was decided and no worker had it: the next host may start it whatever the node is. */
static void give_back(struct attempts *a, struct attempt_order *order)
{
    refuse(a, order, OUTCOME_INFRA, "the host ended before the attempt was started");
}

void attempts_start(struct attempts *a, struct attempt_order **order)
{
    struct attempt_order *taken = take(*order);

    if (a->mode->draining && !a->mode->stopping) {
        give_back(a, taken);
        return;
    }
    if (whole_is_due(taken->ar))
        whole_hold(&a->waiting, taken);
    else
        waiting_add(&a->waiting, taken);
    attempts_turn(a);
}

/* What no worker of its lane had; the attempts behind it go with it. */
static void give_whole_back(struct attempts *a, struct attempt_order *whole)
{
    struct active_run *ar = whole->ar;
    struct attempt_order *order;

    ar->whole = NULL;
    attempt_order_free(whole);
    while ((order = whole_let_go(ar, NULL)) != NULL)
        give_back(a, order);
}

void attempts_give_back(struct attempts *a)
{
    struct attempt_order *order;

    while ((order = waiting_remove_any(&a->waiting)) != NULL) {
        if (order->whole)
            give_whole_back(a, order);
        else
            give_back(a, order);
    }
}

/* The hold of this moment: behind a halt of the host the mode is of before it. */
static bool is_open(const struct attempts *a)
{
    return !a->mode->draining && !a->mode->stopping && !a->mode->adrift &&
           store_hold(a->env->store) == STORE_HELD && !store_pressed(a->env->store);
}

static bool takes(const struct attempts *a)
{
    return lanes_waiting(a->waiting.lanes) > 0 && is_open(a);
}

static bool may_begin(const struct attempts *a)
{
    return takes(a) && a->running_count + a->waiting.claiming < a->env->set.places_max;
}

/* A task's, not of a node of its DAG: its entry in the lane's backend is for it. */
static bool is_own(const struct attempt_order *order)
{
    return order->whole || order->ar->task_lane == NULL;
}

/* False: the sandbox is full. */
static bool begin_taken(struct attempts *a, struct attempt_order *order)
{
    if (order->whole) {
        whole_begin(&a->wholes, &a->waiting, order);
        return true;
    }
    if (dispatch(a, order))
        return true;
    waiting_put_back(&a->waiting, order);
    return false;
}

void attempts_turn(struct attempts *a)
{
    struct attempt_order *order;

    while (may_begin(a) && (order = waiting_take(&a->waiting)) != NULL) {
        if (is_own(order) && a->sink.claims(a->sink.arg, order))
            waiting_claim(&a->waiting, order);
        else if (!begin_taken(a, order))
            return;
    }
}

void attempts_claimed(struct attempts *a, struct active_run *ar, bool yes)
{
    struct attempt_order *order;

    while ((order = waiting_claiming(ar)) != NULL) { /* whoever is refused may take others along */
        if (!yes) {
            waiting_park(&a->waiting, order);
            continue;
        }
        waiting_claimed(&a->waiting, order);
        if (is_open(a))
            (void)begin_taken(a, order);
        else
            waiting_put_back(&a->waiting, order);
    }
}

void attempts_unpark(struct attempts *a, const char *lane)
{
    waiting_unpark(&a->waiting, lane);
}

int64_t attempts_next_timer(const struct attempts *a)
{
    return may_begin(a) ? waiting_next_ns(&a->waiting) : INT64_MAX;
}

/* ---- stopping ---- */

void attempts_stop(struct attempts *a, struct active_run *ar, struct attempt_ref ref, bool kill)
{
    struct attempt_order *order = waiting_remove(&a->waiting, ar, &ref);
    struct running *r, *next;

    if (order == NULL)
        order = whole_let_go(ar, &ref);
    if (order != NULL) {
        refuse(a, order, OUTCOME_CANCELLED, "stopped before it was started");
        return;
    }
    HASH_ITER(hh, a->running, r, next)
    {
        if (r->order->ar != ar || !attempt_order_is(r->order, ref))
            continue;
        r->stop_asked = true;
        lanes_stops(&r->order->item);
        if (kill)
            a->env->sandbox.attempt_kill(a->env->sandbox.sandbox, r->id);
        else
            a->env->sandbox.attempt_cancel(a->env->sandbox.sandbox, r->id);
        return;
    }
}

static const struct attempt_order *yields(struct lane_item *item)
{
    struct attempt_order *order = item != NULL ? item->owner : NULL;

    if (order != NULL)
        order->preempted = true;
    return order;
}

const struct attempt_order *attempts_yield(struct attempts *a)
{
    if (!takes(a))
        return NULL;
    return yields(lanes_yield(a->waiting.lanes, a->env->clock.mono_ns()));
}

const struct attempt_order *attempts_yield_of(struct attempts *a, const char *lane)
{
    if (a->mode->draining)
        return NULL;
    return yields(lanes_yield_of(a->waiting.lanes, lane, a->env->clock.mono_ns()));
}

void attempts_prioritize(struct attempts *a, const struct active_run *ar)
{
    waiting_prioritize(&a->waiting, ar);
}

void attempts_run_ended(struct attempts *a, struct active_run *ar)
{
    if (ar->whole == NULL)
        return;
    whole_end(&a->wholes, &a->waiting, ar, true);
    attempts_turn(a);
}

void attempts_forget(struct attempts *a, struct active_run *ar)
{
    struct attempt_order *order;
    struct running *r, *next;

    whole_end(&a->wholes, &a->waiting, ar, false);
    while ((order = waiting_remove(&a->waiting, ar, NULL)) != NULL)
        attempt_order_free(order);
    HASH_ITER(hh, a->running, r, next)
    {
        if (r->order->ar != ar)
            continue;
        a->env->sandbox.attempt_kill(a->env->sandbox.sandbox, r->id);
        running_free(a, r);
    }
}

void attempts_ask_to_stop(struct attempts *a)
{
    for (struct running *r = a->running; r != NULL; r = r->hh.next)
        a->env->sandbox.attempt_cancel(a->env->sandbox.sandbox, r->id);
}

/* ---- what the sandbox tells ---- */

void attempts_on_started(struct attempts *a, uint64_t id, const struct attempt_start *start)
{
    struct running *r;
    struct node_fact *fact;

    HASH_FIND(hh, a->running, &id, sizeof id, r);
    if (r == NULL)
        return;
    fact = &r->order->ar->nodes[r->order->ref.node];
    if (!r->order->ref.compensation)
        fact->sandbox =
            (struct layer_facts){start->isolation, start->layers, start->layers_said, start->level};
    a->sink.begun(a->sink.arg, r->order->ar, r->order->ref);
}

void attempts_on_log(struct attempts *a, uint64_t id, enum attempt_stream stream, int32_t level,
                     const char *text, size_t len)
{
    struct running *r;

    HASH_FIND(hh, a->running, &id, sizeof id, r);
    if (r != NULL)
        logs_add(&a->logs, r->order, &r->loss, logs_level(stream, level), text, len);
}

void attempts_flush_logs(struct attempts *a)
{
    logs_flush(&a->logs);
}

/* A service manager's signal goes to every process: once the host is told to end, such an end is
 * not judged. The attempt stays open, as those that outlive the drain, and runs again at the next
 * start. What the agent said itself, and limits that it met, count as ever. */
static bool ended_with_the_host(const struct attempts *a, const struct running *r,
                                const struct attempt_result *result)
{
    return a->mode->draining && !r->stop_asked && r->override.class == OUTCOME_INVALID &&
           order_may_end_with_host(result->outcome);
}

void attempts_on_done(struct attempts *a, uint64_t id, const struct attempt_result *result)
{
    struct attempt_outcome outcome = order_outcome(result);
    struct running *r;
    char late[96];
    struct err e = {0};

    HASH_FIND(hh, a->running, &id, sizeof id, r);
    if (r == NULL)
        return; /* its run was dropped */
    logs_end(&a->logs, r->order, &r->loss);
    if (ended_with_the_host(a, r, result)) {
        running_free(a, r);
        return;
    }
    if (outcome.class == OUTCOME_TIMEOUT && !outcome.agents_words && r->order->timeout_ns > 0) {
        snprintf(late, sizeof late, "killed at its deadline, %.3f s after it was ordered",
                 (double)r->order->timeout_ns / 1e9);
        outcome.message = late;
    }
    if (r->override.class != OUTCOME_INVALID && result->outcome == OUTCOME_CANCELLED)
        outcome = r->override;
    if (outcome.class == OUTCOME_OK && !r->order->ref.compensation &&
        !active_run_take_output(r->order->ar, r->order->ref.node, result->output_read, &e))
        outcome = (struct attempt_outcome){.class = OUTCOME_PROTOCOL,
                                           .error_class = "RunOutputTooLarge",
                                           .message = e.msg};
    waiting_judge(&a->waiting, r->order, &outcome);
    a->sink.ended(a->sink.arg, r->order->ar, r->order->ref, &outcome);
    HASH_FIND(hh, a->running, &id, sizeof id, r); /* gone when the run was dropped meanwhile */
    if (r != NULL)
        running_free(a, r);
    attempts_turn(a);
}
