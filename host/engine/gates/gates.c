/* gates.c -- see gates.h. */
#include "engine/gates/gates.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/control/control.h"
#include "engine/control/step.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "engine/gates/look.h"
#include "engine/runs/runs.h"

#include <stdio.h>
#include <string.h>

#define SECOND_NS (1000LL * 1000 * 1000)
#define ALL_EVERY_NS (10 * SECOND_NS)
#define HEARD_EVERY_NS (SECOND_NS / 5) /* another host's news */

enum { REASON_BYTES = 160 };

struct gates {
    struct control *ctl;
    struct gated *gated; /* the table's */
    bool looks;          /* a look is under way */
    int64_t again_ns;    /* the store was full, or could not be read: not before */
    int64_t all_ns;      /* when all keys are stirred */
    struct gates_look look;
};

struct gates *gates_new(struct control *ctl)
{
    struct gates *g = mem_new(struct gates);

    g->ctl = ctl;
    g->gated = runs_gated(ctl->runs);
    g->all_ns = INT64_MAX;
    return g;
}

void gates_free(struct gates *g)
{
    if (g == NULL)
        return;
    gates_look_done(&g->look);
    free(g);
}

/* ---- what becomes of a run ---- */

static void nobody_waits(void *arg unused_arg, const struct api_outcome *out unused_arg)
{
}

/* The words say why, and name the run that is meant. */
static void cancel(struct gates *g, const struct gates_key *key, const char *run_id,
                   const char *word, const char *why, const char *other)
{
    char reason[REASON_BYTES], trace[ACTOR_TRACE_BYTES];
    const struct api_actor who = {key->tenant, "orch:gate", reason, "", trace, ""};

    snprintf(reason, sizeof reason, "%s: %s%s", word, why, other);
    actor_trace(g->ctl->env, trace);
    log_event(LOG_INFO, "run.superseded", F_STR("runId", run_id), F_STR("tenant", key->tenant),
              F_STR("reason", reason));
    control_cancel(g->ctl, &who, run_id, nobody_waits, NULL);
}

static void arm(struct gates *g, struct active_run *ar)
{
    const struct engine_clock *clock = &g->ctl->env->clock;
    int64_t wait_us = ar->gate->due_us - clock->wall_us();

    gated_due(g->gated, ar, clock->mono_ns() + (wait_us > 0 ? wait_us : 0) * 1000);
}

static void debounce(struct gates *g, const struct gates_key *key, struct active_run *ar,
                     const struct store_gate *row)
{
    const struct store_gate *newest = key->newest.count > 0 ? &key->newest.rows[0] : NULL;

    if (row == NULL) {
        runs_gate_passed(g->ctl->runs, ar);
        return;
    }
    if (newest != NULL && strcmp(newest->run_id, ar->run_id) != 0) {
        cancel(g, key, ar->run_id, "debounced", "a start that followed is run ", newest->run_id);
        return;
    }
    ar->gate->due_us = row->due_us;
    arm(g, ar);
}

/* Where it stands among those that wait, the newest is 0; the list's count: behind all of it. */
static size_t age_of(const struct gates_key *key, const struct active_run *ar)
{
    size_t i = 0;

    while (i < key->newest.count && strcmp(key->newest.rows[i].run_id, ar->run_id) != 0)
        i++;
    return i;
}

/* The oldest that go on make room, one for each that waits and has none yet. */
static void replace(struct gates *g, const struct gates_key *key, struct active_run *ar, size_t age)
{
    size_t limit = ar->dag->concurrency.limit, held = key->held.count;
    size_t open = limit > held ? limit - held : 0;
    const char *victim;

    if (age < open || age - open >= held)
        return;
    victim = key->held.rows[age - open].run_id;
    if (strcmp(ar->gate->replaces, victim) == 0)
        return;
    memcpy(ar->gate->replaces, victim, strnlen(victim, UUID_TEXT_BYTES - 1) + 1);
    cancel(g, key, victim, "replaced", "a newer run of its concurrency key is ", ar->run_id);
}

static void wait_on(struct gates *g, const struct gates_key *key, struct active_run *ar)
{
    enum on_conflict policy = ar->dag->concurrency.on_conflict;
    size_t age = age_of(key, ar);

    if (policy == ON_CONFLICT_QUEUE)
        return;
    if (policy == ON_CONFLICT_SKIP) {
        cancel(g, key, ar->run_id, "skipped", "as many runs of its concurrency key go on as may",
               "");
        return;
    }
    if (age > 0 && age >= (policy == ON_CONFLICT_REPLACE ? ar->dag->concurrency.limit : 1)) {
        cancel(g, key, ar->run_id, "superseded", "a newer run of its concurrency key is ",
               key->newest.rows[0].run_id);
        return;
    }
    if (policy == ON_CONFLICT_REPLACE)
        replace(g, key, ar, age);
}

static void tell(struct gates *g, const struct gates_key *key, const struct gates_run *run)
{
    struct active_run *ar = runs_find(g->ctl->runs, key->tenant, run->run_id);
    const struct store_gate *row = run->row.count > 0 ? &run->row.rows[0] : NULL;

    if (ar == NULL || ar->place != PLACE_WAITING || !gate_waits(ar->gate) ||
        ar->gate->stage != key->stage || ar->cancelled)
        return;
    if (key->stage == GATE_DEBOUNCE) {
        debounce(g, key, ar, row);
        return;
    }
    ar->gate->there = row != NULL;
    if (row == NULL)
        gated_stir(g->gated, ar->gate->group);
    else if (row->slot > 0)
        runs_gate_opens(g->ctl->runs, ar);
    else
        wait_on(g, key, ar);
}

/* ---- the look ---- */

static void over(struct gates *g, bool failed)
{
    g->looks = false;
    if (failed) { /* whichever these were */
        g->again_ns = g->ctl->env->clock.mono_ns() + SECOND_NS;
        gated_stir_all(g->gated);
    }
    gates_look_done(&g->look);
}

static void read_beside(void *arg, struct store_reader *reader)
{
    gates_look_read(&((struct gates *)arg)->look, reader);
}

static void was_read(void *arg)
{
    struct gates *g = arg;
    bool failed = g->look.failed.code != ERR_NONE;

    if (failed)
        log_event(LOG_DEBUG, "gates.unread", F_ERR(&g->look.failed));
    for (size_t i = 0; i < g->look.count && !failed; i++) {
        for (size_t k = 0; k < g->look.keys[i].count; k++)
            tell(g, &g->look.keys[i], &g->look.keys[i].runs[k]);
    }
    over(g, failed);
    step_admit(g->ctl);
}

static void not_read(void *arg unused_arg)
{
}

/* Of a batch that was refused too: another host was quicker, and the rows say what holds. */
static void written(void *arg, const struct store_done *result)
{
    struct gates *g = arg;

    if (result->err != NULL && result->err->code != ERR_CONFLICT) {
        over(g, true);
        return;
    }
    beside_give(g->ctl->env->beside, &(struct beside_work){read_beside, was_read, not_read, g});
}

static void look(struct gates *g, int64_t now_ns)
{
    auto_obj(store_batch) batch = store_batch_new();
    struct err e = {0};

    g->looks = true;
    gates_look_take(&g->look, g->gated, now_ns, g->ctl->env->clock.wall_us(), batch);
    if (!store_submit_take(g->ctl->env->store, &batch, written, g, &e))
        over(g, true);
}

static bool may_look(const struct gates *g)
{
    const struct engine_mode *mode = g->ctl->mode;

    return !g->looks && !mode->draining && !mode->adrift && !mode->failed && !mode->stopping;
}

int64_t gates_next_timer(const struct gates *g)
{
    int64_t due_ns = gated_next_due(g->gated);

    if (!may_look(g) || gated_count(g->gated) == 0)
        return INT64_MAX;
    if (gated_stirred(g->gated))
        return g->again_ns;
    return due_ns < g->all_ns ? due_ns : g->all_ns;
}

void gates_turn(struct gates *g, int64_t now_ns)
{
    if (gated_count(g->gated) == 0 || !may_look(g))
        return;
    if (g->all_ns == INT64_MAX || now_ns >= g->all_ns) {
        if (g->all_ns != INT64_MAX)
            gated_stir_all(g->gated);
        g->all_ns = now_ns + ALL_EVERY_NS;
    }
    if (now_ns >= g->again_ns && (gated_stirred(g->gated) || gated_next_due(g->gated) <= now_ns))
        look(g, now_ns);
}

void gates_heard(struct gates *g, const struct store_news *news)
{
    int64_t soon_ns = g->ctl->env->clock.mono_ns() + HEARD_EVERY_NS;

    if ((news->kind == STORE_NEWS_MISSED ||
         (news->kind == STORE_NEWS_KNOWN && news->number == STORE_KNOWN_GATES)) &&
        soon_ns < g->all_ns)
        g->all_ns = soon_ns;
}
