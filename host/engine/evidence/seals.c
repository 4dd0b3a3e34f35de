/* seals.c -- see seals.h. */
#include "engine/evidence/seals.h"

#include "base/mem.h"
#include "engine/env/env.h"
#include "engine/evidence/heads.h"
#include "engine/jobs/jobs.h"
#include "store/hosts.h"

#include <string.h>
#include <sys/queue.h>

enum { WAITERS_MAX = 256 };
#define AGAIN_NS (250LL * 1000 * 1000)
#define PATIENCE_NS                                                                                \
    (90LL * 1000 * 1000 * 1000) /* above the longest wait for a head, as it is set */

enum place {
    SEAL_LOOKS,     /* the store is asked */
    SEAL_HAS_PASS,  /* this host makes the head */
    SEAL_ELSEWHERE, /* another host does */
};

struct waiter {
    struct seals *owner;
    enum place place;
    char *tenant;
    int64_t goal; /* the ledger's newest event as of the first look; 0: before it */
    int64_t due_ns, until_ns;
    api_done_fn done; /* NULL: who asked is gone */
    void *done_arg;

    int64_t newest, sealed; /* as the thread beside the loop read them, with why it could not */
    struct err e;
    TAILQ_ENTRY(waiter) link;
};

struct seals {
    const struct engine_env *env;
    const struct jobs *jobs;
    struct heads *heads;
    TAILQ_HEAD(waiter_list, waiter) waiters;
    unsigned count; /* of those that are answered */
};

struct seals *seals_new(const struct engine_env *env, const struct jobs *jobs, struct heads *heads)
{
    struct seals *s = mem_new(struct seals);

    s->env = env;
    s->jobs = jobs;
    s->heads = heads;
    TAILQ_INIT(&s->waiters);
    return s;
}

static void waiter_free(struct waiter *w)
{
    TAILQ_REMOVE(&w->owner->waiters, w, link);
    w->owner->count -= w->done != NULL;
    free(w->tenant);
    free(w);
}

void seals_free(struct seals *s)
{
    if (s == NULL)
        return;
    while (!TAILQ_EMPTY(&s->waiters))
        waiter_free(TAILQ_FIRST(&s->waiters));
    free(s);
}

void seals_forget(struct seals *s)
{
    struct waiter *w;

    TAILQ_FOREACH(w, &s->waiters, link)
    w->done = NULL;
    s->count = 0;
}

/* Frees the waiter. */
static void answer(struct waiter *w, const struct err *e)
{
    api_done_fn done = w->done;
    void *done_arg = w->done_arg;
    struct err why = {0};

    if (e != NULL)
        why = *e;
    waiter_free(w);
    if (done != NULL)
        done(done_arg, &(struct api_outcome){.e = e != NULL ? &why : NULL});
}

/* ---- looking ---- */

static void look(void *arg, struct store_reader *reader)
{
    struct waiter *w = arg;
    auto_done(store_ledger_head_list) head = {0};
    int64_t oldest;

    if (!store_read_event_bounds(reader, w->tenant, &oldest, &w->newest, &w->e) ||
        !store_read_ledger_head(reader, w->tenant, &head, &w->e))
        return;
    w->sealed = head.count > 0 ? head.rows[0].last_seq : 0;
}

static void wait_elsewhere(struct waiter *w)
{
    int64_t now = w->owner->env->clock.mono_ns();
    struct err e = {0};

    if (now > w->until_ns) {
        err_set(&e, ERR_UNAVAILABLE,
                "the host that signs the ledger's heads has signed none so far: ask again");
        answer(w, &e);
        return;
    }
    store_tell(w->owner->env->store,
               &(struct store_news){.kind = STORE_NEWS_WANTED, .tenant = w->tenant});
    w->place = SEAL_ELSEWHERE;
    w->due_ns = now + AGAIN_NS;
}

static void was_looked(void *arg)
{
    struct waiter *w = arg;

    if (w->e.code != ERR_NONE) {
        answer(w, &w->e);
        return;
    }
    if (w->goal == 0)
        w->goal = w->newest;
    if (w->sealed >= w->goal) {
        answer(w, NULL);
        return;
    }
    if (!jobs_has(w->owner->jobs, JOB_HEADS)) {
        wait_elsewhere(w);
        return;
    }
    w->place = SEAL_HAS_PASS;
    heads_want(w->owner->heads, w->tenant, w->sealed, w->newest);
}

static void not_looked(void *arg unused_arg)
{
}

static void give_look(struct waiter *w)
{
    w->place = SEAL_LOOKS;
    beside_give(w->owner->env->beside, &(struct beside_work){look, was_looked, not_looked, w});
}

static struct waiter *add(struct seals *s, const char *tenant)
{
    struct waiter *w = mem_new(struct waiter);

    w->owner = s;
    w->tenant = mem_str(tenant);
    TAILQ_INSERT_TAIL(&s->waiters, w, link);
    return w;
}

/* Whoever waits for the tenant here has it done for the other host, too. */
static bool is_waited_for(const struct seals *s, const char *tenant)
{
    const struct waiter *w;

    TAILQ_FOREACH(w, &s->waiters, link)
    {
        if (strcmp(w->tenant, tenant) == 0)
            return true;
    }
    return false;
}

void seals_heard(struct seals *s, const char *tenant)
{
    if (jobs_has(s->jobs, JOB_HEADS) && !is_waited_for(s, tenant))
        give_look(add(s, tenant));
}

void seals_ask(struct seals *s, const char *tenant, api_done_fn done, void *done_arg)
{
    struct waiter *w;
    struct err e = {0};

    if (s->count == WAITERS_MAX) {
        err_set(&e, ERR_LIMIT, "%d requests wait for a ledger head", WAITERS_MAX);
        done(done_arg, &(struct api_outcome){.e = &e});
        return;
    }
    w = add(s, tenant);
    w->until_ns = s->env->clock.mono_ns() + PATIENCE_NS;
    w->done = done;
    w->done_arg = done_arg;
    s->count++;
    give_look(w);
}

/* ---- later ---- */

static void pass_over(struct seals *s, const struct err *e)
{
    struct waiter *w, *next;

    for (w = TAILQ_FIRST(&s->waiters); w != NULL; w = next) {
        next = TAILQ_NEXT(w, link); /* an answer may only bring others, at the end */
        if (w->place != SEAL_HAS_PASS)
            continue;
        if (e != NULL)
            answer(w, e);
        else
            give_look(w);
    }
}

int64_t seals_next_timer(const struct seals *s)
{
    const struct waiter *w;
    int64_t next = INT64_MAX;

    TAILQ_FOREACH(w, &s->waiters, link)
    {
        if (w->place == SEAL_ELSEWHERE && w->due_ns < next)
            next = w->due_ns;
    }
    return next;
}

void seals_turn(struct seals *s, int64_t now_ns)
{
    const struct err *failed;
    struct waiter *w;

    if (heads_next_over(s->heads, &failed))
        pass_over(s, failed);
    TAILQ_FOREACH(w, &s->waiters, link)
    {
        if (w->place == SEAL_ELSEWHERE && w->due_ns <= now_ns)
            give_look(w);
    }
}
