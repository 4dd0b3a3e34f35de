/* later.c -- see later.h. */
#include "engine/control/later.h"

#include "base/mem.h"
#include "engine/env/audit.h"
#include "engine/runs/runs.h"

#include <string.h>
#include <sys/queue.h>

struct waiting_call {
    struct control *ctl;
    struct actor *by;
    struct call call; /* its texts and inputs are owned below */
    char *id, *word, *run_token, *replay_of, *task_lane, *schedule_id, *backfill_id;
    struct api_firing firing;
    struct deadline deadline;
    json_t *inputs;
    api_done_fn done;
    void *done_arg;
    STAILQ_ENTRY(waiting_call) link; /* of a run's */
};

STAILQ_HEAD(waiting_calls, waiting_call);

/* A run that is being read. */
struct run_read {
    struct control *ctl;
    char *tenant, *run_id;
    struct waiting_calls calls;
    LIST_ENTRY(run_read) link;
};

struct later {
    LIST_HEAD(, run_read) runs;
};

struct later *later_new(void)
{
    struct later *l = mem_new(struct later);

    LIST_INIT(&l->runs);
    return l;
}

void later_free(struct later *l)
{
    free(l); /* what was read for it has been dropped */
}

/* ---- calls ---- */

static void waiting_free(void *arg)
{
    struct waiting_call *w = arg;

    actor_free(w->by);
    free(w->id);
    free(w->word);
    free(w->run_token);
    free(w->replay_of);
    free(w->task_lane);
    free(w->schedule_id);
    free(w->backfill_id);
    json_decref(w->inputs);
    free(w);
}

static void again(void *arg)
{
    struct waiting_call *w = arg;

    w->call.again(w->ctl, &w->by->who, &w->call, w->done, w->done_arg);
    waiting_free(w);
}

static struct waiting_call *waiting_new(struct control *ctl, const struct api_actor *who,
                                        const struct call *call, api_done_fn done, void *done_arg)
{
    struct waiting_call *w = mem_new(struct waiting_call);

    *w = (struct waiting_call){
        .ctl = ctl,
        .by = actor_new(who),
        .call = *call,
        .id = mem_str(call->id),
        .word = mem_str(call->word),
        .run_token = mem_str(call->run_token),
        .replay_of = mem_str(call->replay_of),
        .task_lane = mem_str(call->task_lane),
        .inputs = json_incref((json_t *)call->inputs),
        .done = done,
        .done_arg = done_arg,
    };
    w->call.id = w->id;
    w->call.word = w->word;
    w->call.run_token = w->run_token;
    w->call.replay_of = w->replay_of;
    w->call.task_lane = w->task_lane;
    w->call.inputs = w->inputs;
    if (call->deadline != NULL) {
        w->deadline = *call->deadline;
        w->call.deadline = &w->deadline;
    }
    if (call->firing != NULL) {
        w->schedule_id = mem_str(call->firing->schedule_id);
        w->firing = *call->firing;
        w->firing.schedule_id = w->schedule_id;
        w->backfill_id = mem_str(call->firing->backfill_id);
        w->firing.backfill_id = w->backfill_id;
        w->call.firing = &w->firing;
    }
    return w;
}

void later_dag(struct control *ctl, const struct dag_key *what, const struct api_actor *who,
               const struct call *call, api_done_fn done, void *done_arg)
{
    struct waiting_call *w = waiting_new(ctl, who, call, done, done_arg);

    dag_cache_await(ctl->dags, what, &(struct dag_wait){again, waiting_free, w});
}

/* ---- runs ---- */

static struct run_read *find(const struct later *l, const char *tenant, const char *run_id)
{
    struct run_read *r;

    LIST_FOREACH(r, &l->runs, link)
    {
        if (strcmp(r->run_id, run_id) == 0 && strcmp(r->tenant, tenant) == 0)
            return r;
    }
    return NULL;
}

static struct waiting_call *next_call(struct run_read *r)
{
    struct waiting_call *w = STAILQ_FIRST(&r->calls);

    if (w != NULL)
        STAILQ_REMOVE_HEAD(&r->calls, link);
    return w;
}

static void run_read_free(struct run_read *r)
{
    struct waiting_call *w;

    while ((w = next_call(r)) != NULL)
        waiting_free(w);
    free(r->tenant);
    free(r->run_id);
    free(r);
}

static void dropped(void *arg)
{
    run_read_free(arg);
}

static void was_read(void *arg, struct past *past)
{
    struct run_read *r = arg;
    struct waiting_call *w = next_call(r);

    LIST_REMOVE(r, link);
    runs_settle(r->ctl->runs, r->tenant, r->run_id);
    w->call.past = past;
    again(w);
    past_free(past);
    while ((w = next_call(r)) != NULL)
        again(w);
    run_read_free(r);
}

bool later_behind(struct control *ctl, const struct api_actor *who, const struct call *call,
                  api_done_fn done, void *done_arg)
{
    struct run_read *r = call->past == NULL ? find(ctl->later, who->tenant, call->id) : NULL;
    struct waiting_call *w;

    if (r == NULL)
        return false;
    w = waiting_new(ctl, who, call, done, done_arg);
    STAILQ_INSERT_TAIL(&r->calls, w, link);
    return true;
}

void later_run(struct control *ctl, const struct store_run *row, enum past_kind kind,
               const struct api_actor *who, const struct call *call, api_done_fn done,
               void *done_arg)
{
    struct run_read *r = mem_new(struct run_read);
    struct waiting_call *w = waiting_new(ctl, who, call, done, done_arg);

    *r = (struct run_read){.ctl = ctl,
                           .tenant = mem_str(row->tenant),
                           .run_id = mem_str(row->run_id)};
    STAILQ_INIT(&r->calls);
    STAILQ_INSERT_TAIL(&r->calls, w, link);
    LIST_INSERT_HEAD(&ctl->later->runs, r, link);
    runs_unsettle(ctl->runs, r->tenant, r->run_id);
    past_await(ctl->env, ctl->dags, row, kind, &(struct past_wait){was_read, dropped, r});
}
