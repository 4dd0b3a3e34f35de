/* leftovers.c -- see leftovers.h. */
#include "engine/control/leftovers.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/commit/close.h"
#include "engine/control/recover.h"
#include "engine/control/step.h"
#include "engine/env/answer.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "engine/runs/load.h"
#include "engine/runs/runs.h"

#include <assert.h>
#include <string.h>
#include <sys/queue.h>

enum { LEFTOVER_MAGIC = 0x1ef70e45 };
#define LATER_NS 100000000LL        /* the second time; then twice as long each time, */
#define LATEST_NS (64LL * LATER_NS) /* but not longer */

/* In one of three places: waiting (due_ns), its end with the store (sent), or in ended. One that is
 * being read is waiting and due when that was done. */
struct leftover {
    uint32_t magic; /* it crosses the store as void * */
    struct leftovers *owner;
    struct runs *runs; /* where it is unsettled while sent */
    char *tenant, *run_id, *dag_id, *trace_id;
    uint32_t tries; /* refusals in a row */
    int64_t due_ns;
    struct reading *reading; /* NULL: it is not being read */
    bool expected;           /* and a place is kept for it meanwhile */
    bool at_start;           /* of leftover_of */
    bool end, sent;
    enum store_run_status status; /* of end */
    struct err why;
    struct actor *by; /* of a cancel */
    char *error;      /* the run's; NULL: none */
    struct close_events events;
    int64_t seq;        /* of the first */
    struct err refused; /* code set: by the store, looked at in the next turn */
    api_done_fn done;
    void *done_arg;
    TAILQ_ENTRY(leftover) link;
};

struct leftovers {
    TAILQ_HEAD(leftover_list, leftover) waiting, ended; /* waiting: with those that are sent */
    struct leftover *told; /* by leftovers_next_ended; goes with the next call */
};

/* What waits for a past; the run may have left by another way before. */
struct reading {
    struct control *ctl;
    struct leftover *of; /* NULL: it left */
};

struct leftovers *leftovers_new(void)
{
    struct leftovers *l = mem_new(struct leftovers);

    TAILQ_INIT(&l->waiting);
    TAILQ_INIT(&l->ended);
    return l;
}

static void expect_no_more(struct leftover *x)
{
    if (x->expected)
        runs_expect_no_more(x->runs);
    x->expected = false;
}

static void leftover_free(struct leftover *x)
{
    if (x == NULL)
        return;
    if (x->reading != NULL)
        x->reading->of = NULL;
    free(x->tenant);
    free(x->run_id);
    free(x->dag_id);
    free(x->trace_id);
    actor_free(x->by);
    free(x->error);
    close_events_done(&x->events);
    free(x);
}

static void list_free(struct leftover_list *list)
{
    struct leftover *x;

    while ((x = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, x, link);
        leftover_free(x);
    }
}

void leftovers_free(struct leftovers *l)
{
    if (l == NULL)
        return;
    list_free(&l->waiting);
    list_free(&l->ended);
    leftover_free(l->told);
    free(l);
}

static struct leftover *find(const struct leftovers *l, const char *run_id)
{
    struct leftover *x;

    TAILQ_FOREACH(x, &l->waiting, link)
    {
        if (strcmp(x->run_id, run_id) == 0)
            return x;
    }
    return NULL;
}

bool leftovers_has(const struct leftovers *l, const char *run_id)
{
    return find(l, run_id) != NULL;
}

void leftovers_each(const struct leftovers *l, leftovers_each_fn *fn, void *arg)
{
    const struct leftover *x;

    TAILQ_FOREACH(x, &l->waiting, link)
    {
        if (!x->sent)
            fn(arg, x->run_id);
    }
}

static struct leftover *add(struct control *ctl, const char *tenant, const char *run_id)
{
    struct leftover *x = mem_new(struct leftover);

    x->magic = LEFTOVER_MAGIC;
    x->owner = ctl->leftovers;
    x->runs = ctl->runs;
    x->tenant = mem_str(tenant);
    x->run_id = mem_str(run_id);
    TAILQ_INSERT_TAIL(&ctl->leftovers->waiting, x, link);
    return x;
}

static void drop(struct leftover *x)
{
    expect_no_more(x);
    TAILQ_REMOVE(&x->owner->waiting, x, link);
    leftover_free(x);
}

static void later(struct control *ctl, struct leftover *x)
{
    int64_t wait = x->tries < 7 ? LATER_NS << x->tries : LATEST_NS;

    x->due_ns = ctl->env->clock.mono_ns() + wait;
    x->tries++;
}

/* What a batch is too large for is so the next time too; other refusals may come of what the
 * machine believed, and the rows say it better. */
static bool ends(const struct leftover_of *what, const struct err *why)
{
    if (err_code_temporary(why->code))
        return false;
    return why->code == ERR_TOO_LARGE || what->tries >= RECOVER_AGAIN_MAX;
}

void leftovers_add(struct control *ctl, struct leftover_of what, const struct err *why)
{
    struct leftover *x = add(ctl, what.tenant, what.run_id);

    x->why = *why;
    x->end = ends(&what, why);
    x->status = STORE_RUN_FAILED;
    if (!x->end) {
        x->tries = what.tries;
        later(ctl, x);
        if (x->tries <= RECOVER_AGAIN_MAX)
            x->due_ns = 0;
    }
    if (x->end)
        log_event(LOG_ERROR, "run.not_recovered", F_STR("runId", x->run_id),
                  F_STR("tenant", x->tenant), F_ERR(why));
    else
        log_event(LOG_WARN, "run.rebuilt_later", F_STR("runId", x->run_id),
                  F_STR("tenant", x->tenant), F_ERR(why));
}

static struct leftover *add_of(struct control *ctl, const struct leftover_of *what)
{
    struct leftover *x = add(ctl, what->tenant, what->run_id);

    x->tries = what->tries;
    x->at_start = what->at_start;
    return x;
}

void leftovers_hold(struct control *ctl, struct leftover_of what)
{
    (void)add_of(ctl, &what);
}

void leftovers_go_on(struct leftovers *l)
{
    struct leftover *x;

    TAILQ_FOREACH(x, &l->waiting, link)
    {
        if (x->due_ns == INT64_MAX && x->reading == NULL)
            x->due_ns = 0;
    }
}

/* ---- cancel ---- */

static bool cancellable(struct control *ctl, const char *tenant, const char *run_id, struct err *e)
{
    auto_done(store_run_list) rows = {0};
    struct leftover *x = find(ctl->leftovers, run_id);

    if (!step_settled(ctl, tenant, run_id, e) ||
        !store_read_run_head(ctl->env->reader, tenant, run_id, &rows, e))
        return false;
    if (rows.rows[0].completed_us != 0)
        return err_set(e, ERR_CONFLICT, "run %s is %s: it cannot be cancelled", run_id,
                       store_run_status_text(rows.rows[0].status));
    if (x != NULL && x->done != NULL)
        return err_set(e, ERR_CONFLICT, "run %s is being cancelled", run_id);
    return true;
}

void leftovers_cancel(struct control *ctl, const struct api_actor *who, const char *run_id,
                      api_done_fn done, void *done_arg)
{
    struct leftover *x;
    struct err e = {0};

    if (!cancellable(ctl, who->tenant, run_id, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    x = find(ctl->leftovers, run_id);
    if (x == NULL)
        x = add(ctl, who->tenant, run_id);
    x->end = true;
    x->status = STORE_RUN_CANCELLED;
    actor_free(x->by);
    x->by = actor_new(who);
    x->done = done;
    x->done_arg = done_arg;
    x->due_ns = 0;
    leftovers_turn(ctl, ctl->env->clock.mono_ns());
}

/* ---- being read ---- */

static void was_read(void *arg, struct past *given);

static void reading_drop(void *arg)
{
    auto_mem struct reading *r = arg;

    if (r->of != NULL)
        r->of->reading = NULL;
}

static void await(struct control *ctl, struct leftover *x, const struct store_run *row)
{
    struct reading *r;

    x->due_ns = INT64_MAX;
    if (x->reading != NULL)
        return;
    r = x->reading = mem_new(struct reading);
    *r = (struct reading){ctl, x};
    past_await(ctl->env, ctl->dags, row, x->end ? PAST_OVER : PAST_GOES_ON,
               &(struct past_wait){was_read, reading_drop, r});
}

void leftovers_await(struct control *ctl, struct leftover_of what, const struct store_run *row)
{
    struct leftover *x = add_of(ctl, &what);

    x->expected = what.claimed || row->status != STORE_RUN_PENDING;
    if (x->expected)
        runs_expect(x->runs);
    await(ctl, x, row);
}

/* ---- building anew ---- */

static void rebuild(struct control *ctl, struct leftover *x, struct past *past)
{
    const struct leftover_of what = {x->tenant, x->run_id, x->tries, .at_start = x->at_start};

    TAILQ_REMOVE(&ctl->leftovers->waiting, x, link); /* it may come back as another */
    expect_no_more(x);
    recover_again(ctl, &what, past);
    leftover_free(x);
}

/* ---- ending ---- */

static void is_stored(void *arg, const struct store_done *done)
{
    struct leftover *x = arg;

    assert(x->magic == LEFTOVER_MAGIC && x->sent);
    x->sent = false;
    runs_settle(x->runs, x->tenant, x->run_id);
    if (done->err != NULL) {
        x->refused = *done->err;
        return;
    }
    expect_no_more(x);
    x->seq = done->first_event;
    TAILQ_REMOVE(&x->owner->waiting, x, link);
    TAILQ_INSERT_TAIL(&x->owner->ended, x, link);
}

static bool submit_end(struct control *ctl, struct leftover *x, const struct store_run *row,
                       struct past *past, struct err *e)
{
    auto_obj(store_batch) batch = NULL;
    struct close_why why = {.status = x->status};

    free(take(x->error));
    close_events_done(&x->events);
    if (x->status == STORE_RUN_FAILED) {
        why.error_class = x->why.code == ERR_TOO_LARGE ? "RunTooLarge" : "RunNotRecoverable";
        why.error = x->error = mem_printf("%s: %s", why.error_class, x->why.msg);
    } else {
        why.who = &x->by->who;
    }
    if (!close_batch(ctl->env, past, row, &why, &batch, &x->events, e))
        return false;
    if (!store_submit_take(ctl->env->store, &batch, is_stored, x, e))
        return false;
    x->sent = true;
    runs_unsettle(x->runs, x->tenant, x->run_id);
    return true;
}

/* What is to be ended has ended, or never was. */
static void gone(struct leftover *x, const struct err *e)
{
    answer_error(take(x->done), x->done_arg, e);
    drop(x);
}

/* Who asked for the end is told that it did not happen: then it does not happen later either. */
static void end_refused(struct control *ctl, struct leftover *x, const struct err *e)
{
    api_done_fn done = take(x->done);

    log_event(LOG_ERROR, "run.not_ended", F_STR("runId", x->run_id), F_ERR(e));
    if (done == NULL) {
        later(ctl, x);
        return;
    }
    answer_error(done, x->done_arg, e);
    if (x->why.code == ERR_NONE) {
        drop(x);
        return;
    }
    x->end = !err_code_temporary(x->why.code);
    x->status = STORE_RUN_FAILED;
    later(ctl, x);
}

/* True: it is ended, or will be when it was read. */
static bool end_now(struct control *ctl, struct leftover *x, struct past *past, struct err *e)
{
    auto_done(store_run_list) rows = {0};

    if (!store_read_run_head(ctl->env->reader, x->tenant, x->run_id, &rows, e))
        return false;
    if (rows.rows[0].completed_us != 0 || !step_owned(ctl, &rows.rows[0]))
        return err_set(e, ERR_NOT_FOUND, "run %s has ended meanwhile, or is another host's",
                       x->run_id);
    free(x->dag_id);
    free(x->trace_id);
    x->dag_id = mem_str(rows.rows[0].dag_id);
    x->trace_id = mem_str(rows.rows[0].trace_id);
    if (past == NULL) {
        await(ctl, x, &rows.rows[0]);
        return true;
    }
    return submit_end(ctl, x, &rows.rows[0], past, e);
}

static void end(struct control *ctl, struct leftover *x, struct past *past)
{
    struct err e = x->refused;

    bool refused = e.code != ERR_NONE; /* by the store, since the last turn */

    x->refused.code = ERR_NONE;
    if (!refused && end_now(ctl, x, past, &e))
        return;
    if (!refused && e.code == ERR_NOT_FOUND)
        gone(x, &e);
    else
        end_refused(ctl, x, &e);
}

/* ---- the turn ---- */

/* past: what was just read of it; NULL: it was not. */
static void do_due(struct control *ctl, struct leftover *x, struct past *past)
{
    if (x->end)
        end(ctl, x, past);
    else if (!ctl->mode->draining && !ctl->mode->adrift)
        rebuild(ctl, x, past);
    else
        x->due_ns = INT64_MAX; /* the next start finds it, or leftovers_go_on */
}

/* At once: nothing was stored of the run since it was read, and in a later turn something may be.
 */
static void was_read(void *arg, struct past *given)
{
    auto_mem struct reading *r = arg;
    auto_obj(past) past = given;
    struct leftover *x = r->of;

    if (x == NULL)
        return;
    x->reading = NULL;
    x->due_ns = 0;
    if (!r->ctl->mode->stopping && !r->ctl->mode->failed)
        do_due(r->ctl, x, past);
}

int64_t leftovers_next_timer(const struct leftovers *l)
{
    int64_t next = INT64_MAX;
    const struct leftover *x;

    if (!TAILQ_EMPTY(&l->ended))
        return 0;
    TAILQ_FOREACH(x, &l->waiting, link)
    {
        if (!x->sent && x->due_ns < next)
            next = x->due_ns;
    }
    return next;
}

void leftovers_turn(struct control *ctl, int64_t now_ns)
{
    struct leftover *x, *next;

    if (ctl->mode->stopping || ctl->mode->failed)
        return;
    for (x = TAILQ_FIRST(&ctl->leftovers->waiting); x != NULL; x = next) {
        next = TAILQ_NEXT(x, link); /* x goes, or others come behind */
        if (!x->sent && x->due_ns <= now_ns)
            do_due(ctl, x, NULL);
    }
}

bool leftovers_next_ended(struct leftovers *l, const char *tenant, int64_t before,
                          struct leftover_ended *ret)
{
    struct leftover *x = TAILQ_FIRST(&l->ended);

    while (x != NULL && tenant != NULL && (x->seq >= before || strcmp(x->tenant, tenant) != 0))
        x = TAILQ_NEXT(x, link);
    leftover_free(take(l->told));
    if ((l->told = x) == NULL)
        return false;
    TAILQ_REMOVE(&l->ended, x, link);
    *ret = (struct leftover_ended){
        .error = x->error,
        .of = {.seq = x->seq,
               .tenant = x->tenant,
               .dag_id = x->dag_id,
               .run_id = x->run_id,
               .trace_id = x->trace_id},
        .events = &x->events,
        .done = x->done,
        .done_arg = x->done_arg,
    };
    return true;
}
