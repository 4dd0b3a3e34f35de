/* runs.c -- see runs.h. */
#include "engine/runs/runs.h"

#include "base/mem.h"
#include "engine/env/env.h"
#include "engine/runs/gated.h"
#include "engine/runs/zeros.h"

#include <assert.h>
#include <string.h>

TAILQ_HEAD(run_queue, active_run);

/* A run that is not here, and whose rows are about to change. */
struct unsettled {
    char *tenant, *run_id;
    LIST_ENTRY(unsettled) link;
};

struct runs {
    const struct engine_env *env;
    struct active_run *by_id;
    LIST_HEAD(, unsettled) unsettled;
    struct run_queue waiting, active; /* PLACE_WAITING, PLACE_ACTIVE */
    struct gated *gated;              /* those of PLACE_WAITING that wait at their gates */
    uint32_t waiting_count, active_count;
    struct timers timers;    /* of the active ones */
    struct timers deadlines; /* of those that have some, waiting or active */
    uint32_t task_count;     /* of the active ones, those that their lanes bound */
    uint32_t held_count;     /* of their nodes, those that the host cannot run now */
    uint32_t expected;       /* that go on, and are still being read */
    uint64_t removed;
};

struct runs *runs_new(const struct engine_env *env)
{
    struct runs *runs = mem_new(struct runs);

    runs->env = env;
    TAILQ_INIT(&runs->waiting);
    TAILQ_INIT(&runs->active);
    runs->gated = gated_new();
    zeros_begin(env->metrics);
    return runs;
}

static void unsettled_free(struct unsettled *u)
{
    LIST_REMOVE(u, link);
    free(u->tenant);
    free(u->run_id);
    free(u);
}

void runs_free(struct runs *runs)
{
    struct active_run *ar, *next;

    if (runs == NULL)
        return;
    HASH_ITER(hh, runs->by_id, ar, next)
    {
        HASH_DEL(runs->by_id, ar);
        if (ar->place == PLACE_WAITING && gate_waits(ar->gate))
            gated_leave(runs->gated, ar);
        active_run_free(ar);
    }
    gated_free(runs->gated);
    while (!LIST_EMPTY(&runs->unsettled))
        unsettled_free(LIST_FIRST(&runs->unsettled));
    timers_done(&runs->timers);
    timers_done(&runs->deadlines);
    free(runs);
}

void runs_gauges(const struct runs *runs)
{
    struct metrics *m = runs->env->metrics;

    metrics_set(m, METRIC_ACTIVE_EXECUTIONS, METRIC_NO_LABELS, runs->active_count);
    metrics_set(m, METRIC_QUEUED_EXECUTIONS, METRIC_NO_LABELS,
                runs->waiting_count + gated_count(runs->gated));
    metrics_set(m, METRIC_HELD_NODES, METRIC_NO_LABELS, runs->held_count);
    metrics_set(m, METRIC_DB_PENDING, METRIC_LABELS("orchestrator-service"),
                (double)store_pending(runs->env->store));
}

struct active_run *runs_find(const struct runs *runs, const char *tenant, const char *run_id)
{
    struct active_run *ar;

    HASH_FIND_STR(runs->by_id, run_id, ar);
    if (ar == NULL || ar->place == PLACE_ENDED || ar->dropped || strcmp(ar->tenant, tenant) != 0)
        return NULL;
    return ar;
}

static struct unsettled *unsettled_find(const struct runs *runs, const char *tenant,
                                        const char *run_id)
{
    struct unsettled *u;

    LIST_FOREACH(u, &runs->unsettled, link)
    {
        if (strcmp(u->run_id, run_id) == 0 && strcmp(u->tenant, tenant) == 0)
            return u;
    }
    return NULL;
}

bool runs_unsettled(const struct runs *runs, const char *tenant, const char *run_id)
{
    const struct active_run *ar;

    HASH_FIND_STR(runs->by_id, run_id, ar);
    if (ar != NULL && strcmp(ar->tenant, tenant) == 0 && (ar->place == PLACE_ENDED || ar->dropped))
        return true;
    return unsettled_find(runs, tenant, run_id) != NULL;
}

void runs_unsettle(struct runs *runs, const char *tenant, const char *run_id)
{
    struct unsettled *u = mem_new(struct unsettled);

    u->tenant = mem_str(tenant);
    u->run_id = mem_str(run_id);
    LIST_INSERT_HEAD(&runs->unsettled, u, link);
}

void runs_settle(struct runs *runs, const char *tenant, const char *run_id)
{
    struct unsettled *u = unsettled_find(runs, tenant, run_id);

    assert(u != NULL);
    unsettled_free(u);
}

/* ---- places ---- */

static void enter_active(struct runs *runs, struct active_run *ar)
{
    TAILQ_INSERT_TAIL(&runs->active, ar, queue);
    ar->place = PLACE_ACTIVE;
    runs->active_count++;
    runs->task_count += ar->task_priority > 0;
}

static void leave_active(struct runs *runs, struct active_run *ar)
{
    TAILQ_REMOVE(&runs->active, ar, queue);
    timers_set(&runs->timers, &ar->timer, TIMER_NEVER);
    runs->active_count--;
    runs->task_count -= ar->task_priority > 0;
    runs->held_count -= ar->held;
}

static void queued(struct runs *runs, const struct active_run *ar, int by)
{
    metrics_add(runs->env->metrics, METRIC_QUEUE_DEPTH, METRIC_LABELS(ar->tenant), by);
}

static void leave_waiting(struct runs *runs, struct active_run *ar)
{
    queued(runs, ar, -1);
    if (gate_waits(ar->gate)) {
        gated_leave(runs->gated, ar);
        return;
    }
    assert(ar->place == PLACE_WAITING && runs->waiting_count > 0);
    TAILQ_REMOVE(&runs->waiting, ar, queue);
    runs->waiting_count--;
}

/* Behind all that are not younger; who is new is the youngest. */
static void enter_queue(struct runs *runs, struct active_run *ar, bool back)
{
    struct active_run *before = TAILQ_LAST(&runs->waiting, run_queue);

    while (back && before != NULL && before->created_us > ar->created_us)
        before = TAILQ_PREV(before, run_queue, queue);
    if (before != NULL)
        TAILQ_INSERT_AFTER(&runs->waiting, before, ar, queue);
    else
        TAILQ_INSERT_HEAD(&runs->waiting, ar, queue);
    runs->waiting_count++;
}

static void enter_waiting(struct runs *runs, struct active_run *ar, bool back)
{
    if (gate_waits(ar->gate))
        gated_enter(runs->gated, ar);
    else
        enter_queue(runs, ar, back);
    queued(runs, ar, 1);
}

static void tell(const struct runs *runs, const struct active_run *ar, bool here)
{
    if (runs->env->run_here != NULL)
        runs->env->run_here(runs->env->arg, ar->run_id, here);
}

static void add(struct runs *runs, struct active_run *ar, bool back)
{
    assert(ar->place == PLACE_WAITING);
    HASH_ADD_STR(runs->by_id, run_id, ar);
    tell(runs, ar, true);
    zeros_tenant(runs->env->metrics, ar->tenant);
    zeros_dag(runs->env->metrics, ar->dag->dag_id);
    if (run_state(ar->run) == RUN_NEW)
        enter_waiting(runs, ar, back);
    else
        enter_active(runs, ar);
    runs_await_deadline(runs, ar);
    runs_gauges(runs);
}

void runs_add(struct runs *runs, struct active_run **run)
{
    add(runs, take(*run), false);
}

void runs_add_back(struct runs *runs, struct active_run **run)
{
    add(runs, take(*run), true);
}

void runs_expect(struct runs *runs)
{
    runs->expected++;
}

void runs_expect_no_more(struct runs *runs)
{
    assert(runs->expected > 0);
    runs->expected--;
}

void runs_begin(struct runs *runs, struct active_run *ar)
{
    leave_waiting(runs, ar);
    enter_active(runs, ar);
}

void runs_end(struct runs *runs, struct active_run *ar)
{
    assert(ar->place != PLACE_ENDED);
    if (ar->place == PLACE_WAITING)
        leave_waiting(runs, ar);
    else
        leave_active(runs, ar);
    if (ar->deadlines != NULL)
        timers_set(&runs->deadlines, &ar->deadlines->timer, TIMER_NEVER);
    ar->place = PLACE_ENDED;
    gated_stir_behind(runs->gated, ar);
    tell(runs, ar, false);
    runs_gauges(runs);
}

void runs_remove(struct runs *runs, struct active_run *ar)
{
    assert(ar->place == PLACE_ENDED && ar->in_flight == 0);
    HASH_DEL(runs->by_id, ar);
    active_run_free(ar);
    runs->removed++;
}

uint64_t runs_removed(const struct runs *runs)
{
    return runs->removed;
}

/* ---- admission ---- */

static uint32_t places_taken(const struct runs *runs)
{
    return runs->active_count - runs->task_count + runs->expected;
}

static bool has_place(const struct runs *runs)
{
    return places_taken(runs) < runs->env->set.runs_active_max;
}

bool runs_has_room(const struct runs *runs)
{
    return has_place(runs) && TAILQ_EMPTY(&runs->waiting);
}

uint32_t runs_room(const struct runs *runs)
{
    uint32_t taken = places_taken(runs) + runs->waiting_count;

    return taken < runs->env->set.runs_active_max ? runs->env->set.runs_active_max - taken : 0;
}

bool runs_full(const struct runs *runs)
{
    return runs->waiting_count >= runs->env->set.runs_waiting_max && !runs_has_room(runs);
}

bool runs_gated_full(const struct runs *runs)
{
    return gated_count(runs->gated) >= runs->env->set.runs_waiting_max;
}

uint32_t runs_tasks(const struct runs *runs)
{
    return runs->task_count;
}

bool runs_tasks_full(const struct runs *runs)
{
    return runs->task_count >= runs->env->set.runs_waiting_max;
}

uint32_t runs_ahead(const struct runs *runs, const struct active_run *ar)
{
    const struct active_run *other;
    uint32_t count = 0;

    if (ar == NULL || ar->place != PLACE_WAITING || gate_waits(ar->gate))
        return 0;
    for (other = TAILQ_FIRST(&runs->waiting); other != ar; other = TAILQ_NEXT(other, queue))
        count++;
    return count;
}

struct active_run *runs_next_waiting(const struct runs *runs)
{
    return has_place(runs) ? TAILQ_FIRST(&runs->waiting) : NULL;
}

/* ---- gates ---- */

struct gated *runs_gated(const struct runs *runs)
{
    return runs->gated;
}

void runs_gate_passed(struct runs *runs, struct active_run *ar)
{
    leave_waiting(runs, ar);
    gate_next(ar->gate);
    enter_waiting(runs, ar, true);
}

void runs_gate_opens(struct runs *runs, struct active_run *ar)
{
    leave_waiting(runs, ar);
    ar->gate->stage = GATE_OPEN;
    enter_waiting(runs, ar, true);
}

/* ---- timers ---- */

void runs_changed(struct runs *runs, struct active_run *ar)
{
    uint32_t held = run_held_count(ar->run);

    if (ar->place != PLACE_ACTIVE)
        return;
    timers_set(&runs->timers, &ar->timer, active_run_next_timer(ar));
    if (held == ar->held)
        return;
    runs->held_count += held - ar->held;
    ar->held = held;
    metrics_set(runs->env->metrics, METRIC_HELD_NODES, METRIC_NO_LABELS, runs->held_count);
}

/* Far enough that nobody waits for it, near enough to be nanoseconds. */
#define LOOK_AGAIN_US (30LL * 86400 * 1000000)

/* By the clock of timers, as all that waits: the run's own may have gone on while the machine
 * slept, and is asked when the time has come. */
void runs_await_deadline(struct runs *runs, struct active_run *ar)
{
    int64_t next_us, left_us;

    if (ar->deadlines == NULL || ar->place == PLACE_ENDED)
        return;
    ar->deadlines->ar = ar;
    next_us = deadlines_next_us(ar->deadlines);
    left_us = next_us == INT64_MAX ? 0 : next_us - active_run_wall_us(ar);
    if (left_us > LOOK_AGAIN_US)
        left_us = LOOK_AGAIN_US;
    timers_set(&runs->deadlines, &ar->deadlines->timer,
               next_us == INT64_MAX
                   ? TIMER_NEVER
                   : runs->env->clock.mono_ns() + (left_us > 0 ? left_us : 0) * 1000);
}

int64_t runs_next_timer(const struct runs *runs)
{
    int64_t machines = timers_due(&runs->timers), deadlines = timers_due(&runs->deadlines);

    return machines < deadlines ? machines : deadlines;
}

void runs_each_overdue(struct runs *runs, int64_t now_ns, runs_due_fn *fn, void *arg)
{
    for (uint32_t left = runs->deadlines.count; left > 0 && timers_due(&runs->deadlines) <= now_ns;
         left--)
        fn(arg, TIMER_OWNER(timers_first(&runs->deadlines), struct run_deadlines, timer)->ar);
}

/* Of one that is due again at once the next turn is told. */
void runs_each_due(struct runs *runs, int64_t now_ns, runs_due_fn *fn, void *arg)
{
    for (uint32_t left = runs->timers.count; left > 0 && timers_due(&runs->timers) <= now_ns;
         left--)
        fn(arg, TIMER_OWNER(timers_first(&runs->timers), struct active_run, timer));
}

void runs_each(struct runs *runs, runs_each_fn *fn, void *arg)
{
    struct active_run *ar, *next;

    HASH_ITER(hh, runs->by_id, ar, next)
    fn(arg, ar);
}

static void suspend(void *arg unused_arg, struct active_run *ar)
{
    run_suspend(ar->run);
}

void runs_suspend(struct runs *runs)
{
    runs_each(runs, suspend, NULL);
}

/* ---- counts ---- */

const char *runs_held_reason(const struct runs *runs)
{
    const struct active_run *ar;
    const char *reason = NULL;

    for (ar = TAILQ_FIRST(&runs->active); runs->held_count > 0 && ar != NULL && reason == NULL;
         ar = TAILQ_NEXT(ar, queue))
        reason = run_held_reason(ar->run);
    return reason;
}

struct runs_counts runs_counts(const struct runs *runs)
{
    return (struct runs_counts){
        .active = runs->active_count,
        .waiting = runs->waiting_count + gated_count(runs->gated),
        .held = runs->held_count,
    };
}

static void count_tenant(json_t *depth, const struct active_run *ar)
{
    json_int_t n = json_integer_value(json_object_get(depth, ar->tenant));

    json_object_set_new(depth, ar->tenant, json_integer(n + 1));
}

json_t *runs_waiting_by_tenant_owned(const struct runs *runs)
{
    json_t *depth = json_object();
    const struct active_run *ar, *next;

    TAILQ_FOREACH(ar, &runs->waiting, queue)
    count_tenant(depth, ar);
    if (gated_count(runs->gated) == 0)
        return depth;
    HASH_ITER(hh, runs->by_id, ar, next)
    {
        if (ar->place == PLACE_WAITING && gate_waits(ar->gate))
            count_tenant(depth, ar);
    }
    return depth;
}
