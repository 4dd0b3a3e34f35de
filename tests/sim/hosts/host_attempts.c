/* host_attempts.c -- what a host's sandbox does. */
#include "host_parts.h"

#include "base/mem.h"

#include <string.h>

static struct open_attempt *attempt_of(struct sim_host *h, uint64_t id)
{
    for (size_t i = 0; i < OPEN_MAX; i++) {
        if (h->attempts[i].busy && h->attempts[i].id == id)
            return &h->attempts[i];
    }
    return NULL;
}

static enum outcome planned(struct hosts_world *w, struct rng *plan)
{
    static const enum outcome failures[] = {
        OUTCOME_PLUGIN_TRANSIENT,
        OUTCOME_PLUGIN_TRANSIENT,
        OUTCOME_PLUGIN_FATAL,
        OUTCOME_CRASH,
        OUTCOME_CRASH,
        OUTCOME_BAD_INPUT,
        OUTCOME_OOM,
        OUTCOME_LOST,
    };
    bool fails = rng_below(plan, 100) < 20;
    enum outcome class = failures[rng_below(plan, ARRAY_LEN(failures))];

    if (!w->calm && world_chance(w, 3))
        return OUTCOME_INFRA;
    return fails ? class : OUTCOME_OK;
}

void host_on_start(void *arg, const struct attempt_spec *spec, uint64_t id)
{
    struct sim_host *h = arg;
    struct hosts_world *w = h->world;
    struct open_attempt *a = h->attempts;
    unsigned run = record_run_of_id(w, spec->run_id);
    int64_t begins = world_below(w, 200 * WORLD_MS), takes, limit;
    struct rng plan;

    while (a < h->attempts + OPEN_MAX && a->busy)
        a++;
    if (run == RUNS_MAX || a == h->attempts + OPEN_MAX) {
        world_wrong(w, "an attempt was started of run %s, which is not durable", spec->run_id);
        return;
    }
    *a = (struct open_attempt){.busy = true, .id = id, .run = run};
    a->number = spec->attempt;
    a->epoch = host_link(h)->epoch;
    a->chain = record_chain(w, run, spec->node_id, false);
    plan = rng_of(w->seed ^ run << 16 ^ a->chain << 8 ^ spec->attempt);
    plan = rng_of(rng_u64(&plan));
    takes = (int64_t)rng_below(&plan, 1500) * WORLD_MS;
    a->outcome = planned(w, &plan);
    limit = spec->deadline_ns > 0 ? spec->deadline_ns - host_mono_ns(h) : INT64_MAX;
    if (takes > limit) {
        takes = limit;
        a->outcome = OUTCOME_TIMEOUT;
    }
    a->end_ns = w->now_ns + begins + takes;
    host_at(h, EVENT_BEGINS, begins, id);
    host_at(h, EVENT_ENDS, begins + takes, id);
    world_fact(w, (struct history_fact){.kind = FACT_STARTED,
                                        .host = h->number,
                                        .epoch = a->epoch,
                                        .run = run,
                                        .chain = a->chain,
                                        .number = spec->attempt});
}

/* Two of three listen when asked, a kill always works; what is done by then is done. */
void host_on_stop(void *arg, uint64_t id, bool kill)
{
    struct sim_host *h = arg;
    struct hosts_world *w = h->world;
    struct open_attempt *a = attempt_of(h, id);
    int64_t in_ns = world_below(w, 100 * WORLD_MS);

    if (a == NULL || (!kill && !world_chance(w, 67)) || a->end_ns <= w->now_ns + in_ns)
        return;
    a->end_ns = w->now_ns + in_ns;
    a->outcome = OUTCOME_CANCELLED;
    host_at(h, EVENT_ENDS, in_ns, id);
}

void host_attempt_begins(struct sim_host *h, uint64_t id)
{
    struct open_attempt *a = attempt_of(h, id);

    if (a == NULL || a->begun)
        return;
    a->begun = true;
    engine_on_attempt_started(h->rig.engine, id,
                              &(struct attempt_start){.layers = RIG_LAYERS,
                                                      .layers_said = RIG_LAYERS_SAID,
                                                      .level = RIG_LEVEL,
                                                      .isolation = ISOLATION_COLD});
}

static struct rig_attempt *rig_attempt_of(struct rig *rig, uint64_t id)
{
    for (size_t i = 0; i < rig->sandbox.count; i++) {
        if (rig->sandbox.attempts[i].id == id)
            return &rig->sandbox.attempts[i];
    }
    return NULL;
}

void host_attempt_gone(struct sim_host *h, struct open_attempt *a)
{
    a->busy = false;
    world_fact(h->world, (struct history_fact){.kind = FACT_GONE,
                                               .host = h->number,
                                               .epoch = a->epoch,
                                               .run = a->run,
                                               .chain = a->chain,
                                               .number = a->number});
}

void host_attempt_ends(struct sim_host *h, uint64_t id)
{
    struct open_attempt *a = attempt_of(h, id);
    struct rig_attempt *asked = rig_attempt_of(&h->rig, id);
    auto_mem char *output = NULL;
    enum outcome outcome;

    if (a == NULL || a->end_ns > h->world->now_ns)
        return;
    if (!database_alive(h->number, host_link(h)->epoch))
        world_count(h->world, FAULT_LATE_END);
    host_attempt_begins(h, id);
    outcome = a->outcome;
    host_attempt_gone(h, a);
    output = outcome == OUTCOME_OK ? mem_printf("{\"hash\":\"%016llx\",\"odd\":%s}",
                                                (unsigned long long)history_text(asked->input),
                                                strlen(asked->input) % 2 != 0 ? "true" : "false")
                                   : NULL;
    rig_tell_end(&h->rig, asked, outcome, output);
}
