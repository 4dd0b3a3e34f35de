/* sim_world.c -- the world of one run: its clock, its turns, its breaks. */
#include "sim.h"

#include "model/dag/source/parse.h"

#include <assert.h>

static void trace_add(struct world *w, uint64_t value)
{
    struct rng mix = rng_of(w->trace ^ value);

    w->trace = rng_u64(&mix);
}

static void act(struct world *w, const struct run_decision *d)
{
    if (d->kind == DECIDE_START_ATTEMPT)
        worker_start(w, d);
    if (d->kind == DECIDE_STOP_ATTEMPT)
        worker_stop(w, d);
    if (d->kind == DECIDE_RUN_DONE)
        w->ended = true;
}

static void trace_decision(struct world *w, const struct run_decision *d)
{
    trace_add(w, (uint64_t)w->now);
    trace_add(w, (uint64_t)d->kind << 48 | (uint64_t)d->ref.node << 32 |
                     (uint64_t)d->ref.attempt << 1 | d->ref.compensation);
    if (d->kind == DECIDE_NODE_DONE || d->kind == DECIDE_COMPENSATION_DONE)
        trace_add(w, (uint64_t)d->done.state << 32 | d->tally.counted);
}

/* Crash and recovery -------------------------------------------------------------------------- */

static void restore(struct world *w)
{
    struct err e = {0};

    for (uint32_t i = 0; i < w->dag->node_count; i++) {
        const struct fact *n = &w->facts.nodes[i];
        const struct fact *h = &w->facts.handlers[i];
        struct node_past node = {.state = n->state,
                                 .tally = n->tally,
                                 .outputs = n->outputs,
                                 .error = n->error,
                                 .timed_out = n->timed_out};
        struct node_past handler = {.state = h->state,
                                    .tally = h->tally,
                                    .outputs = h->outputs,
                                    .error = h->error,
                                    .timed_out = h->timed_out};

        if (n->known && !run_restore_node(w->run, i, &node, &e))
            broken(w, "restore: %s", e.msg);
        if (h->known && !run_restore_compensation(w->run, i, &handler, &e))
            broken(w, "restore: %s", e.msg);
    }
}

static void new_run(struct world *w, int64_t elapsed_ns)
{
    struct run_options opt = {
        .seed = w->seed,
        .deterministic_mode = w->deterministic,
        .input = w->input,
        .elapsed_ns = elapsed_ns,
        .paused = w->facts.paused,
        .cancelled = w->facts.cancelled,
    };

    run_free(w->run);
    w->run = run_new(w->dag, &opt);
    restore(w);
}

static void crash(struct world *w)
{
    w->breaks++;
    w->down = true;
    workers_kill(w);
    w->now += (int64_t)rng_below(&w->rng, 2000) * MS;
}

static bool commit_breaks(struct world *w)
{
    if (w->commits == w->faults.fail_commit)
        return true;
    return w->breaks < w->faults.breaks_max && chance(w, w->faults.commit_fails_percent);
}

static bool crash_follows(struct world *w)
{
    if (w->commits == w->faults.crash_commit)
        return true;
    return w->breaks < w->faults.breaks_max && chance(w, w->faults.crash_percent);
}

/* Drains into one batch: staged facts, then commit, then the acts, as the engine does. */
static void turn(struct world *w)
{
    struct run_decision all[8 * NODES_MAX + 8];
    struct facts staged;
    uint32_t count = 0;

    facts_copy(&staged, &w->facts);
    for (; run_next(w->run, &all[count]); count++) {
        assert(count + 1 < ARRAY_LEN(all));
        check_decision(w, &staged, &all[count]);
        facts_apply(&staged, &all[count]);
    }
    w->commits += count > 0;
    if (count > 0 && commit_breaks(w)) {
        facts_done(&staged);
        crash(w);
        return;
    }
    facts_done(&w->facts);
    w->facts = staged;
    for (uint32_t i = 0; i < count; i++)
        trace_decision(w, &all[i]);
    bool ends = run_state_final(w->facts.state);
    if (count > 0 && !ends && crash_follows(w)) { /* perhaps half of the acts were done */
        crash(w);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        act(w, &all[i]);
}

/* Events -------------------------------------------------------------------------------------- */

static void stale_end(struct world *w, struct attempt_ref ref)
{
    struct attempt_outcome outcome = {.class = OUTCOME_OK};
    struct err e = {0};

    if (run_attempt_ended(w->run, ref, &outcome, w->now, &e) || e.code != ERR_CONFLICT)
        broken(w, "the end of an attempt that is not open was accepted");
}

static void worker_ends(struct world *w, struct worker *k)
{
    auto_json outputs = k->class == OUTCOME_OK ? worker_outputs_owned(k) : NULL;
    struct attempt_outcome outcome = {.class = k->class, .message = "m", .outputs = outputs};
    struct attempt_ref ref = k->ref;
    struct err e = {0};

    worker_free(k);
    if (!run_attempt_ended(w->run, ref, &outcome, w->now, &e))
        broken(w, "ended: %s", e.msg);
    turn(w);
    if (w->faults.stale && !w->down && chance(w, 20))
        stale_end(w, ref);
}

static void worker_event(struct world *w, struct worker *k)
{
    struct err e = {0};

    if (k->started) {
        worker_ends(w, k);
        return;
    }
    k->started = true;
    if (!run_attempt_started(w->run, k->ref, &e))
        broken(w, "started: %s", e.msg);
    turn(w);
}

/* A refusal is an answer too. */
static void control_event(struct world *w)
{
    uint64_t which = rng_below(&w->rng, 10);
    bool accepted;

    w->control_at = w->now + (int64_t)rng_below(&w->rng, 4000) * MS;
    if (w->facts.paused)
        accepted = run_unpause(w->run, w->now, NULL);
    else if (which < 2)
        accepted = run_cancel(w->run, w->now, NULL);
    else
        accepted = run_pause(w->run, w->now, NULL);
    trace_add(w, accepted);
    turn(w);
}

static void step(struct world *w)
{
    int64_t worker_at;
    struct worker *k = worker_next(w, &worker_at);
    int64_t timer_at = run_next_timer(w->run);
    int64_t at = worker_at < timer_at ? worker_at : timer_at;

    if (w->control_at < at)
        at = w->control_at;
    if (at == NEVER) {
        broken(w, "stuck: no worker, no timer, not at the end");
        return;
    }
    w->now = at > w->now ? at : w->now;
    if (at == w->control_at) {
        control_event(w);
    } else if (at == worker_at) {
        worker_event(w, k);
    } else {
        run_tick(w->run, w->now);
        turn(w);
    }
}

/* What was not committed never happened. A crash before the first commit leaves no run at all, and
 * the client that got no answer starts it once more. */
static void come_back(struct world *w)
{
    struct err e = {0};
    bool ok;

    w->down = false;
    new_run(w, w->now - w->began);
    if (w->facts.state == RUN_INVALID)
        ok = run_start(w->run, w->now, &e);
    else
        ok = run_recover(w->run, w->now, &e);
    if (!ok)
        broken(w, "recover: %s", e.msg);
    check_recovered(w);
    turn(w);
}

static void to_the_end(struct world *w)
{
    while (!w->ended && w->wrong[0] == '\0') {
        if (++w->events > EVENTS_MAX)
            broken(w, "the run does not end");
        else if (w->down)
            come_back(w);
        else
            step(w);
    }
    if (w->wrong[0] == '\0')
        check_end(w);
}

/* As an operator does with a run that failed: once more with what is completed. */
static void resume(struct world *w)
{
    struct err e = {0};

    w->resumes++;
    w->ended = false;
    w->facts.paused = w->facts.cancelled = w->facts.timed_out = false;
    w->facts.state = RUN_ACTIVE;
    w->began = w->now;
    new_run(w, 0);
    if (!run_resume(w->run, w->now, &e))
        broken(w, "resume: %s", e.msg);
    turn(w);
    to_the_end(w);
}

static void world_init(struct world *w, uint64_t seed, struct faults faults)
{
    bool calm;
    auto_json doc = sim_definition_owned(seed, &calm);
    struct err e = {0};

    *w = (struct world){
        .seed = seed,
        .faults = faults,
        .input = json_pack("{s:I}", "seed", (json_int_t)(seed & 0xFFFF)),
        .rng = rng_of(seed * 31 + 7),
        .calm = calm,
        .now = 1000 * MS,
        .control_at = NEVER,
    };
    w->deterministic = seed % 4 != 0;
    w->began = w->now;
    if (!dag_from_json_valid(doc, &w->dag, &e))
        broken(w, "definition: %s", e.msg);
}

void world_run(struct world *w, uint64_t seed, struct faults faults)
{
    struct err e = {0};

    world_init(w, seed, faults);
    if (w->wrong[0] != '\0')
        return;
    if (faults.controls)
        w->control_at = w->now + (int64_t)rng_below(&w->rng, 6000) * MS;
    new_run(w, 0);
    if (!run_start(w->run, w->now, &e))
        broken(w, "start: %s", e.msg);
    turn(w);
    to_the_end(w);
    if (faults.controls && w->wrong[0] == '\0' && w->facts.undone_count == 0 &&
        w->facts.state != RUN_COMPLETED)
        resume(w);
}

void world_done(struct world *w)
{
    workers_kill(w);
    run_free(w->run);
    dag_free(w->dag);
    json_decref(w->input);
    facts_done(&w->facts);
}
