/* schedules.c -- see schedules.h. */
#include "engine/schedules/schedules.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/control/control.h"
#include "engine/env/env.h"
#include "engine/jobs/jobs.h"
#include "engine/runs/runs.h"
#include "engine/schedules/acts.h"
#include "engine/schedules/backfills.h"
#include "engine/schedules/due.h"
#include "engine/schedules/fire.h"
#include "model/schedule/due_words.h"

#include <string.h>

#define SECOND_NS (1000LL * 1000 * 1000)
#define HASTE_NS (SECOND_NS / 50)

struct schedules {
    struct control *ctl;
    const struct engine_env *env;
    const struct jobs *jobs;
    int64_t due_ns;   /* of the next turn that does something */
    int64_t fire_us;  /* the next that is known to fire; INT64_MAX: none */
    bool changed;     /* what is known of them is old */
    bool looks;       /* a look, or what it began, is under way */
    bool wait;        /* something waits for the end of a run */
    int64_t haste_ns; /* and is not looked for before */
    uint64_t ended;   /* runs that had, when it was looked for last */
    struct acts acts;
    struct due_look look;
    struct backfills_look backfills;
};

/* One that is being begun: its place is the look's. */
struct acting {
    struct schedules *schedules;
    const struct due_one *one;
    size_t nth; /* of its fires */
};

/* ---- what was begun comes back ---- */

static void all_is_over(void *arg)
{
    struct schedules *s = arg;
    bool later = s->acts.later;

    s->looks = false;
    s->changed |= later || s->look.count > 0 || backfills_look_found(&s->backfills);
    s->due_ns = later ? s->env->clock.mono_ns() + SECOND_NS : 0;
    due_look_done(&s->look);
    backfills_look_done(&s->backfills);
}

struct schedules *schedules_new(struct control *ctl, const struct jobs *jobs)
{
    struct schedules *s = mem_new(struct schedules);

    *s = (struct schedules){.ctl = ctl,
                            .env = ctl->env,
                            .jobs = jobs,
                            .changed = true,
                            .acts = {ctl->env, all_is_over, s}};
    return s;
}

void schedules_free(struct schedules *s)
{
    due_look_done(&s->look);
    backfills_look_done(&s->backfills);
    free(s);
}

const struct engine_env *schedules_env(const struct schedules *s)
{
    return s->env;
}

void schedules_changed(struct schedules *s)
{
    s->changed = true;
    s->due_ns = 0;
}

/* ---- what starts nothing ---- */

static void add_firing(struct store_batch *batch, const struct due_one *one, int64_t due_us,
                       const char *outcome, const char *reason)
{
    const struct store_firing row = {.tenant = one->row->tenant,
                                     .schedule_id = one->row->schedule_id,
                                     .due_us = due_us,
                                     .outcome = outcome,
                                     .reason = reason};

    if (one->queued)
        store_batch_firing_take(batch, &row);
    else
        store_batch_firing_note(batch, &row);
}

static int64_t fire_us(const struct store_schedule *row, int64_t due_us)
{
    return due_us != 0 ? due_jitter_us(row->schedule_id, due_us, row->jitter_s) : 0;
}

static void add_move(const struct schedules *s, struct store_batch *batch,
                     const struct due_one *one, int64_t from_us, int64_t next_us)
{
    const struct store_schedule *row = one->row;

    store_batch_schedule_move(batch,
                              &(struct store_schedule_move){.tenant = row->tenant,
                                                            .schedule_id = row->schedule_id,
                                                            .from_us = from_us,
                                                            .next_due_us = next_us,
                                                            .next_fire_us = fire_us(row, next_us)});
    store_batch_firings_purge(batch, row->tenant, row->schedule_id,
                              s->env->clock.wall_us() - s->env->set.firings_keep_us);
}

static void note_missed(struct schedules *s, const struct due_one *one)
{
    const struct plan *plan = &one->plan;
    struct store_batch *batch = store_batch_new();

    for (size_t i = 0; i < plan->missed_count; i++)
        add_firing(batch, one, plan->missed[i], "missed", "not reached in time");
    add_move(s, batch, one, one->row->next_due_us,
             plan->fire_count > 0 ? plan->fires[0] : plan->next_us);
    log_event(LOG_WARN, "schedule.missed", F_STR("scheduleId", one->row->schedule_id),
              F_STR("tenant", one->row->tenant), F_INT("count", (int64_t)plan->missed_count));
    acts_submit(&s->acts, batch);
}

static void note_skipped(struct schedules *s, const struct due_one *one, size_t nth,
                         const char *reason)
{
    struct store_batch *batch = store_batch_new();

    if (reason != NULL)
        add_firing(batch, one, one->plan.fires[nth], one->waits ? "queued" : "skipped", reason);
    if (!one->queued)
        add_move(s, batch, one, one->plan.fires[nth], plan_behind(&one->plan, nth));
    acts_submit(&s->acts, batch);
}

/* ---- what starts a run ---- */

static void started(void *arg, const struct api_outcome *out)
{
    auto_mem struct acting *a = arg;
    struct schedules *s = a->schedules;
    const struct due_one *one = a->one;

    if (out->e != NULL && fire_may_be_later(out)) {
        log_event(LOG_DEBUG, "schedule.later", F_STR("scheduleId", one->row->schedule_id),
                  F_ERR(out->e));
        s->acts.later = true;
    } else if (out->e != NULL) {
        if (!fire_is_skipped(out))
            log_event(LOG_WARN, "schedule.refused", F_STR("scheduleId", one->row->schedule_id),
                      F_STR("tenant", one->row->tenant), F_ERR(out->e));
        note_skipped(s, one, a->nth, fire_reason(out));
    } else if (!out->created) {
        note_skipped(s, one, a->nth, NULL);
    }
    acts_end(&s->acts);
}

static void start(struct schedules *s, const struct due_one *one, size_t nth)
{
    const struct store_schedule *row = one->row;
    int64_t due_us = one->plan.fires[nth], next_us = plan_behind(&one->plan, nth);
    struct acting *a = mem_new(struct acting);

    *a = (struct acting){s, one, nth};
    acts_begin(&s->acts);
    fire_by_itself(s->ctl,
                   &(struct fire_name){DUE_TOKEN, row->schedule_id, "due by its schedule", ""}, row,
                   &(struct api_firing){.schedule_id = row->schedule_id,
                                        .due_us = due_us,
                                        .from_us = one->queued ? 0 : due_us,
                                        .next_due_us = next_us,
                                        .next_fire_us = fire_us(row, next_us),
                                        .again = one->queued},
                   one->cancels, started, a);
}

static void act(struct schedules *s, const struct due_one *one)
{
    if (one->unread) {
        log_event(LOG_WARN, "schedule.unread", F_STR("scheduleId", one->row->schedule_id),
                  F_STR("tenant", one->row->tenant));
        s->acts.later = true;
        return;
    }
    if (one->plan.missed_count > 0)
        note_missed(s, one);
    if (one->plan.fire_count == 0)
        return;
    if (one->known || one->skipped != NULL) {
        note_skipped(s, one, 0, one->known ? NULL : one->skipped);
        return;
    }
    for (size_t i = 0; i < one->plan.fire_count; i++)
        start(s, one, i);
}

/* ---- the look ---- */

static void look_beside(void *arg, struct store_reader *reader)
{
    struct schedules *s = arg;

    due_look(&s->look, reader);
    if (s->look.e.code == ERR_NONE)
        backfills_look(&s->backfills, reader, &s->look.e);
}

/* What is due goes before what is run again: a backfill of a tenant begins nothing in a look that
 * fires something of it. */
static bool is_held(void *arg, const char *tenant)
{
    const struct due_look *look = &((struct schedules *)arg)->look;
    bool held = look->more;

    for (size_t i = 0; i < look->count && !held; i++) {
        const struct due_one *one = &look->ones[i];

        held = !one->unread && !one->known && one->skipped == NULL && one->plan.fire_count > 0 &&
               strcmp(one->row->tenant, tenant) == 0;
    }
    return held;
}

static void was_looked(void *arg)
{
    struct schedules *s = arg;

    bool unread = s->look.e.code != ERR_NONE;

    s->acts.later = unread;
    s->wait = s->look.wait || s->backfills.wait || unread;
    s->fire_us = s->look.next_us != 0 ? s->look.next_us : INT64_MAX;
    acts_begin(&s->acts);
    for (size_t i = 0; i < s->look.count && !unread; i++)
        act(s, &s->look.ones[i]);
    if (!unread)
        backfills_act(&s->backfills, s->ctl, &s->acts, is_held, s);
    acts_end(&s->acts);
}

static void not_looked(void *arg unused_arg)
{
}

static void look(struct schedules *s)
{
    s->looks = true;
    s->changed = false;
    s->ended = runs_removed(s->ctl->runs);
    s->look = (struct due_look){.now_us = s->env->clock.wall_us(),
                                .grace_us = s->env->set.schedule_grace_us};
    beside_give(s->env->beside, &(struct beside_work){look_beside, was_looked, not_looked, s});
}

int64_t schedules_next_timer(const struct schedules *s)
{
    return s->looks ? INT64_MAX : s->due_ns;
}

/* The wall clock may be moved, and another host's client may make one: a second is slept at most,
 * where there is something to wait for. */
static int64_t sleep_ns(const struct schedules *s)
{
    int64_t wait_us = s->fire_us - s->env->clock.wall_us();

    if (s->fire_us == INT64_MAX && !store_shared(s->env->store) && !s->wait)
        return INT64_MAX;
    if (wait_us <= 0) /* by however much: the clock may be put on by ages */
        return 0;
    return wait_us < 1000000 ? wait_us * 1000 : SECOND_NS;
}

/* Of this host's: the others' are seen by the next look, within a second. */
static void hear_ends(struct schedules *s, int64_t now_ns)
{
    if (s->looks || !s->wait || s->ended == runs_removed(s->ctl->runs))
        return;
    if (now_ns < s->haste_ns) {
        s->due_ns = s->haste_ns < s->due_ns ? s->haste_ns : s->due_ns;
        return;
    }
    schedules_changed(s);
    s->haste_ns = now_ns + HASTE_NS;
}

void schedules_turn(struct schedules *s, int64_t now_ns)
{
    bool mine =
        jobs_has(s->jobs, JOB_SCHEDULES) && s->ctl->mode->accepting && !s->ctl->mode->draining;
    int64_t wait_ns;

    hear_ends(s, now_ns);
    if (s->looks || now_ns < s->due_ns)
        return;
    wait_ns = sleep_ns(s);
    if (mine && (s->changed || wait_ns <= 0)) {
        look(s);
        return;
    }
    s->changed |= store_shared(s->env->store) || s->wait;
    if (!mine)
        wait_ns = SECOND_NS;
    s->due_ns = wait_ns == INT64_MAX ? INT64_MAX : now_ns + wait_ns;
}
