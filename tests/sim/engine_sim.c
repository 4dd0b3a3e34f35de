/* engine_sim.c -- random runs through host/engine and its SQLite store, with faults:
 * `engine_sim [--seeds A..B]`.
 *
 * Each seed runs calm; with failing commits (the host ends and starts again), refused ones (the run
 * is built anew in the same host) and crashes between a commit and its acts; with a crash behind
 * every event; with cancels and pauses. Every tenth world runs twice and must leave the same
 * trace. The first broken rule ends the program with the seed that shows it. What run_sim checks
 * is the machine alone, in many more worlds; this checks what stands around it. */
#include "engine_world.h"
#include "seeds.h"

#include "base/clock.h"

#include <inttypes.h>
#include <unistd.h>

struct tally {
    uint64_t worlds, breaks, ends[RUN_STATE_COUNT];
};

static const struct {
    const char *name;
    struct engine_faults faults;
} modes[] = {
    {"calm", {{0}, 0}},
    {"storm",
     {{.commit_fails_percent = 4,
       .crash_percent = 4,
       .breaks_max = 5,
       .infra_percent = 5,
       .stale = true},
      4}},
    {"collapse", {{.crash_percent = 100, .breaks_max = 8}, 0}},
    {"operator",
     {{.commit_fails_percent = 3,
       .crash_percent = 10,
       .breaks_max = 5,
       .controls = true,
       .stale = true},
      2}},
};

static bool report(const struct engine_world *e, const char *mode)
{
    if (e->w.wrong[0] == '\0')
        return true;
    fprintf(stderr, "seed %" PRIu64 " mode %s event %u: %s\n", e->w.seed, mode, e->w.events,
            e->w.wrong);
    return false;
}

/* With infra at random an attempt more may be lost than a node may lose. */
static bool comparable(const struct engine_world *e)
{
    return e->w.calm && e->w.deterministic && !e->faults.faults.controls;
}

static bool run_mode(struct rig *rig, uint64_t seed, size_t mode, const struct world *calm,
                     struct tally *t)
{
    auto_done(engine_world) first;

    engine_world_run(&first, rig, seed, modes[mode].faults);
    t->worlds++;
    t->breaks += first.w.breaks;
    t->ends[first.w.facts.state]++;
    if (first.w.wrong[0] == '\0' && comparable(&first))
        check_same_result(&first.w, calm);
    if (first.w.wrong[0] == '\0' && (seed + mode) % 10 == 0) {
        auto_done(engine_world) second;

        engine_world_run(&second, rig, seed, modes[mode].faults);
        t->worlds++;
        if (second.w.trace != first.w.trace)
            broken(&first.w, "the same seed left another trace");
    }
    return report(&first, modes[mode].name);
}

static bool run_seed(struct rig *rig, uint64_t seed, struct tally *t)
{
    auto_done(engine_world) calm;

    engine_world_run(&calm, rig, seed, modes[0].faults);
    t->worlds++;
    t->ends[calm.w.facts.state]++;
    if (!report(&calm, modes[0].name))
        return false;
    for (size_t i = 1; i < ARRAY_LEN(modes); i++) {
        if (!run_mode(rig, seed, i, &calm.w, t))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    int64_t began = clock_mono_ns();
    struct tally t = {0};
    struct rig rig;
    uint64_t from, to;
    bool ok = true;

    if (!seeds_parse(argc, argv, 100, &from, &to))
        return 2;
    json_setup();
    seeds_use_memory();
    rig_open(&rig, (struct rig_options){.queue_batches_max = 8});
    for (uint64_t seed = from; seed <= to && ok; seed++)
        ok = run_seed(&rig, seed, &t);
    rig_close(&rig);
    if (!ok)
        return 1;
    printf("%" PRIu64 " worlds, %" PRIu64 " breaks;", t.worlds, t.breaks);
    for (unsigned s = RUN_COMPLETED; s < RUN_STATE_COUNT; s++)
        printf(" %" PRIu64 " %s", t.ends[s], run_state_text((enum run_state)s));
    printf(", %.1f s\n", (double)(clock_mono_ns() - began) / 1e9);
    return to - from < 50 || (t.breaks > 0 && t.ends[RUN_COMPLETED] > 0 && t.ends[RUN_FAILED] > 0 &&
                              t.ends[RUN_CANCELLED] > 0)
               ? 0
               : 1;
}
