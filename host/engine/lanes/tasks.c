/* tasks.c -- see tasks.h. */
#include "engine/lanes/tasks.h"

#include "base/json.h"
#include "base/mem.h"
#include "engine/catalog/definitions.h"
#include "engine/control/control.h"
#include "engine/env/answer.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "engine/lanes/dead_depths.h"
#include "engine/lanes/depth.h"
#include "engine/lanes/kept.h"
#include "lanes/work.h"

#include <string.h>
#include <sys/queue.h>

/* No definition has it: of a lane that takes none only tasks that are there are found. */
#define VERSION_NONE ""
#define LANE_FULL "LANE_FULL"
#define LANE_DRAINING "LANE_DRAINING"
#define BACKEND_DOWN "BACKEND_DOWN"

/* One on its way into the store. */
struct enqueuing {
    struct tasks *owner;
    struct actor *by;
    char *lane, *dag_id, *task_id, *replay_of;
    bool runs_dag; /* dag_id is the tenant's, in its newest version */
    json_t *payload;
    json_t *definition;  /* NULL: only one that is there is answered; else it is refused */
    const char *refusal; /* with this word */
    int32_t priority;
    bool first;  /* of its priority, in its lane */
    bool stored; /* its definition was, on its behalf */
    api_done_fn done;
    void *done_arg;
    LIST_ENTRY(enqueuing) link;
    STAILQ_ENTRY(enqueuing) of_storing;
};

/* A definition that is being stored, and who waits for it, in their order. */
struct storing {
    struct tasks *owner;
    const char *tenant, *dag_id, *version; /* the first's */
    STAILQ_HEAD(, enqueuing) waiting;
    LIST_ENTRY(storing) link;
};

struct tasks {
    struct control *ctl;
    struct definitions *definitions;
    struct dead_depths *dead;
    LIST_HEAD(, enqueuing) all;
    LIST_HEAD(, storing) storing;
};

struct tasks *tasks_new(struct control *ctl, struct definitions *definitions)
{
    struct tasks *tasks = mem_new(struct tasks);

    tasks->ctl = ctl;
    tasks->definitions = definitions;
    tasks->dead = dead_depths_new(ctl->env);
    LIST_INIT(&tasks->all);
    LIST_INIT(&tasks->storing);
    return tasks;
}

static void enqueuing_free(struct enqueuing *q)
{
    LIST_REMOVE(q, link);
    actor_free(q->by);
    free(q->lane);
    free(q->dag_id);
    free(q->task_id);
    free(q->replay_of);
    json_decref(q->payload);
    json_decref(q->definition);
    free(q);
}

void tasks_free(struct tasks *tasks)
{
    struct enqueuing *q;
    struct storing *s;

    if (tasks == NULL)
        return;
    while ((s = LIST_FIRST(&tasks->storing)) != NULL) {
        LIST_REMOVE(s, link);
        free(s);
    }
    while ((q = LIST_FIRST(&tasks->all)) != NULL)
        enqueuing_free(q);
    dead_depths_free(tasks->dead);
    free(tasks);
}

void tasks_gauges(struct tasks *tasks)
{
    dead_depths_ask(tasks->dead);
}

static void ends(struct enqueuing *q, const struct api_outcome *out)
{
    q->done(q->done_arg, out);
    enqueuing_free(q);
}

/* ---- its definition ---- */

static void start(struct enqueuing *q);

static const char *version_of(const struct enqueuing *q)
{
    if (q->runs_dag && q->refusal == NULL)
        return NULL;
    return q->definition != NULL ? json_text_of(q->definition, "version") : VERSION_NONE;
}

static void was_stored(void *arg, const struct api_outcome *out)
{
    struct storing *s = arg;
    struct enqueuing *q;

    LIST_REMOVE(s, link);
    while ((q = STAILQ_FIRST(&s->waiting)) != NULL) {
        STAILQ_REMOVE_HEAD(&s->waiting, of_storing);
        q->stored = true;
        if (out->e != NULL)
            ends(q, out);
        else
            start(q);
    }
    free(s);
}

static struct storing *storing_of(const struct tasks *tasks, const struct enqueuing *q)
{
    struct storing *s;

    LIST_FOREACH(s, &tasks->storing, link)
    {
        if (strcmp(s->tenant, q->by->who.tenant) == 0 && strcmp(s->dag_id, q->dag_id) == 0 &&
            strcmp(s->version, version_of(q)) == 0)
            return s;
    }
    return NULL;
}

static struct storing *storing_new(struct enqueuing *first)
{
    struct storing *s = mem_new(struct storing);

    *s = (struct storing){.owner = first->owner,
                          .tenant = first->by->who.tenant,
                          .dag_id = first->dag_id,
                          .version = version_of(first)};
    STAILQ_INIT(&s->waiting);
    LIST_INSERT_HEAD(&first->owner->storing, s, link);
    return s;
}

/* Once for all that wait for it. It is freed on a thread, so that nothing of it is shared. */
static void store_definition(struct enqueuing *q)
{
    struct storing *s = storing_of(q->owner, q);
    bool first = s == NULL;

    if (first)
        s = storing_new(q);
    STAILQ_INSERT_TAIL(&s->waiting, q, of_storing);
    if (first)
        definitions_keep(q->owner->definitions, &q->by->who, json_deep_copy(q->definition),
                         was_stored, s);
}

/* ---- its run ---- */

/* A task that is not there already. */
static void refuse(struct enqueuing *q)
{
    const char *lane = q->lane;
    struct err e = {0};

    if (strcmp(q->refusal, LANE_FULL) == 0)
        (void)err_set(&e, ERR_LIMIT, "as many tasks as lane '%s' may have wait in it", lane);
    else if (strcmp(q->refusal, LANE_DRAINING) == 0)
        (void)err_set(&e, ERR_UNAVAILABLE, "lane '%s' is being drained: it takes no task", lane);
    else if (strcmp(q->refusal, BACKEND_DOWN) == 0)
        (void)err_set(&e, ERR_UNAVAILABLE, "the backend of lane '%s' is not there", lane);
    else
        (void)err_set(&e, ERR_UNPROCESSABLE,
                      "lane '%s' has no agent that would run its tasks, and no DAG", lane);
    ends(q, &(struct api_outcome){.e = &e, .code = q->refusal});
}

/* The lane is everybody's, and each tenant has DAGs of its own. */
static void refuse_dag(struct enqueuing *q)
{
    struct err e = {0};

    (void)err_set(&e, ERR_NOT_FOUND,
                  "lane '%s' runs DAG '%s', of which the tenant has no version that is enabled",
                  q->lane, q->dag_id);
    ends(q, &(struct api_outcome){.e = &e, .code = "DAG_NOT_FOUND"});
}

/* Not found: its definition, for all else of it is here. */
static void started(void *arg, const struct api_outcome *out)
{
    struct enqueuing *q = arg;

    if (out->e == NULL || out->e->code != ERR_NOT_FOUND || q->stored)
        ends(q, out);
    else if (q->runs_dag && q->refusal == NULL)
        refuse_dag(q);
    else if (q->definition == NULL)
        refuse(q);
    else
        store_definition(q);
}

static void start(struct enqueuing *q)
{
    control_start(q->owner->ctl, &q->by->who,
                  &(struct api_run_start){.dag_id = q->dag_id,
                                          .version = version_of(q),
                                          .inputs = q->payload,
                                          .run_token = q->task_id,
                                          .checkpoint_enabled = true,
                                          .deterministic_mode = true,
                                          .task_priority = q->priority,
                                          .task_lane = q->runs_dag ? q->lane : NULL,
                                          .task_first = q->first,
                                          .replay_of = q->replay_of},
                  started, q);
}

static struct enqueuing *enqueuing_new(struct tasks *tasks, const struct api_actor *who,
                                       const struct api_task *what, const char *dag_id,
                                       json_t *definition)
{
    struct enqueuing *q = mem_new(struct enqueuing);

    q->owner = tasks;
    q->by = actor_new(who);
    q->lane = mem_str(what->lane);
    q->runs_dag = dag_id != NULL;
    q->dag_id = dag_id != NULL ? mem_str(dag_id) : mem_printf(DAG_OF_LANE "%s", what->lane);
    q->task_id = mem_str(what->task_id);
    q->replay_of = mem_str(what->replay_of);
    q->payload = json_incref((json_t *)what->payload);
    q->definition = definition;
    q->priority = what->priority;
    q->first = what->first;
    LIST_INSERT_HEAD(&tasks->all, q, link);
    return q;
}

/* In the lane they are only once they are in the store. */
static uint32_t on_their_way(const struct tasks *tasks, const char *lane)
{
    const struct enqueuing *q;
    uint32_t count = 0;

    LIST_FOREACH(q, &tasks->all, link)
    count += strcmp(q->lane, lane) == 0;
    return count;
}

/* For so long that clients are to know. */
static bool is_away(const struct tasks *tasks, const struct lane_view *lane)
{
    const struct engine_env *env = tasks->ctl->env;

    return lane->down && env->clock.mono_ns() - lane->down_ns >= env->set.backend_grace_ns;
}

/* Why the lane takes no task that is not there already; NULL: it does. */
static const char *refusal_of(const struct tasks *tasks, const struct lane_view *lane,
                              bool has_work, bool force)
{
    if (!has_work)
        return "LANE_HAS_NO_AGENT";
    if (lane->spec.draining)
        return LANE_DRAINING;
    if (is_away(tasks, lane))
        return BACKEND_DOWN;
    if (!force && depth_is_full(tasks->ctl->runs, lane, on_their_way(tasks, lane->name)))
        return LANE_FULL;
    return NULL;
}

static bool check_own(const struct api_task *what, const char *dag_id, struct err *e)
{
    return dag_id == NULL || (what->retry == NULL && what->timeout_s <= 0) ||
           err_set(
               e, ERR_INVALID,
               "lane '%s' runs DAG '%s', whose policies are in its definition: a task of it has "
               "no 'retry' and no 'timeout_s'",
               what->lane, dag_id);
}

void tasks_enqueue(struct tasks *tasks, const struct api_actor *who, const struct api_task *what,
                   api_done_fn done, void *done_arg)
{
    const struct kept_lanes *kept = tasks->ctl->lanes;
    const json_t *work = kept_lanes_work(kept, what->lane);
    const struct lane_work_own own = {what->retry, what->timeout_s};
    const char *refusal, *dag_id = lane_work_dag(work);
    struct lane_view lane;
    struct enqueuing *q;
    json_t *definition;
    struct err e = {0};

    if (!kept_lanes_see(kept, what->lane, &lane)) {
        (void)err_set(&e, ERR_NOT_FOUND, "Lane not found");
        done(done_arg, &(struct api_outcome){.e = &e, .code = "LANE_NOT_FOUND"});
        return;
    }
    if (!check_own(what, dag_id, &e) ||
        !lane_work_definition(what->lane, work, &own, &definition, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    refusal = refusal_of(tasks, &lane, definition != NULL || dag_id != NULL, what->force);
    if (refusal != NULL)
        json_decref(take(definition));
    q = enqueuing_new(tasks, who, what, dag_id, definition);
    q->refusal = refusal;
    q->done = done;
    q->done_arg = done_arg;
    start(q);
}
