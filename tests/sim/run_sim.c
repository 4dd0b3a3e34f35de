/* run_sim.c -- thousands of random runs with faults: `run_sim [--seeds A..B]`.
 *
 * Each seed runs calm, with failing commits and crashes at random, with a crash behind every
 * event, with cancels and pauses; every tenth one also with each single commit failing and each
 * single commit followed by a crash. Every world runs twice and must leave the same trace. The
 * first broken rule ends the program with the seed that shows it. */
#include "seeds.h"
#include "sim.h"

#include "base/clock.h"

#include <inttypes.h>

struct tally {
    uint64_t worlds;
    uint64_t commits;
    uint64_t breaks;
    uint64_t ends[RUN_STATE_COUNT];
    uint64_t trace; /* of all, in order: the same on every machine */
};

static const struct {
    const char *name;
    struct faults faults;
} modes[] = {
    {"calm", {0}},
    {"storm",
     {.commit_fails_percent = 5,
      .crash_percent = 5,
      .breaks_max = 6,
      .infra_percent = 5,
      .stale = true}},
    {"collapse",
     {.crash_percent = 100, .breaks_max = 12}}, /* no restart counts: it ends once they do */
    {"operator",
     {.commit_fails_percent = 2,
      .crash_percent = 2,
      .breaks_max = 4,
      .controls = true,
      .stale = true}},
};

static bool report(const struct world *w, const char *mode)
{
    if (w->wrong[0] == '\0')
        return true;
    fprintf(stderr, "seed %" PRIu64 " mode %s commit %u: %s\n", w->seed, mode, w->commits,
            w->wrong);
    return false;
}

static bool comparable(const struct world *w)
{
    return w->calm && w->deterministic && !w->faults.controls && w->faults.crash_percent < 100;
}

/* Once, once more for the trace, and against the calm world. */
static bool run_both(uint64_t seed, const char *mode, struct faults faults,
                     const struct world *calm, struct tally *t)
{
    auto_done(world) first;
    auto_done(world) second;

    world_run(&first, seed, faults);
    world_run(&second, seed, faults);
    t->worlds += 2;
    t->commits += first.commits;
    t->breaks += first.breaks;
    t->ends[first.facts.state]++;
    t->trace = t->trace * 31 + first.trace;
    if (first.trace != second.trace)
        broken(&first, "the same seed left another trace");
    if (calm != NULL && comparable(&first))
        check_same_result(&first, calm);
    return report(&first, mode);
}

/* Crash and recover at every step. */
static bool run_each_commit(uint64_t seed, const struct world *calm, struct tally *t)
{
    for (uint32_t commit = 1; commit <= calm->commits; commit++) {
        if (!run_both(seed, "fail-one", (struct faults){.fail_commit = commit}, calm, t) ||
            !run_both(seed, "crash-one", (struct faults){.crash_commit = commit}, calm, t))
            return false;
    }
    return true;
}

static bool run_seed(uint64_t seed, struct tally *t)
{
    auto_done(world) calm;

    world_run(&calm, seed, modes[0].faults);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        if (!run_both(seed, modes[i].name, modes[i].faults, &calm, t))
            return false;
    }
    return seed % 10 != 0 || run_each_commit(seed, &calm, t);
}

static void print_tally(const struct tally *t, double seconds)
{
    printf("%" PRIu64 " worlds, %" PRIu64 " commits, %" PRIu64 " breaks;", t->worlds, t->commits,
           t->breaks);
    for (unsigned s = RUN_COMPLETED; s < RUN_STATE_COUNT; s++)
        printf(" %" PRIu64 " %s", t->ends[s], run_state_text((enum run_state)s));
    printf("; trace %016" PRIx64 ", %.1f s\n", t->trace, seconds);
}

/* A simulator in which nothing breaks would prove nothing. */
static bool worth_its_time(const struct tally *t)
{
    return t->breaks > 0 && t->ends[RUN_COMPLETED] > 0 && t->ends[RUN_FAILED] > 0 &&
           t->ends[RUN_CANCELLED] > 0;
}

int main(int argc, char **argv)
{
    struct tally t = {0};
    int64_t began = clock_mono_ns();
    uint64_t from, to;

    if (!seeds_parse(argc, argv, 3000, &from, &to))
        return 2;
    json_setup();
    for (uint64_t seed = from; seed <= to; seed++) {
        if (!run_seed(seed, &t))
            return 1;
    }
    print_tally(&t, (double)(clock_mono_ns() - began) / 1e9);
    return to - from < 100 || worth_its_time(&t) ? 0 : 1;
}
