/* race_sim.c -- every pair of operators' commands at every point of a run's life, on the real
 * engine and its real store: `race_sim [--seeds A..B]`.
 *
 * The seeds go through all combinations of scenario, first and second command and point before any
 * comes again, then with another order of everything else; in between they leap, so that a few
 * hundred of them meet each command at many points. The first broken rule ends the program with
 * the seed that shows it. */
#include "race_world.h"
#include "seeds.h"

#include "base/clock.h"

#include <inttypes.h>
#include <unistd.h>

#define COMBINATIONS                                                                               \
    ((uint64_t)RACE_SCENARIOS * RACE_COMMAND_COUNT * RACE_COMMAND_COUNT * RACE_POINTS)
#define LEAP 5077u /* has no factor in common with COMBINATIONS */

enum { RIG_WORLDS_MAX = 500 }; /* a store does not grow beyond what so many leave */

static struct race_plan plan_of(uint64_t seed)
{
    uint64_t left = seed * LEAP % COMBINATIONS;
    struct race_plan plan = {.seed = seed, .gap = (unsigned)(seed % 5), .crash = seed % 11 == 0};

    plan.commands[0] = (enum race_command)(left % RACE_COMMAND_COUNT);
    left /= RACE_COMMAND_COUNT;
    plan.commands[1] = (enum race_command)(left % RACE_COMMAND_COUNT);
    left /= RACE_COMMAND_COUNT;
    plan.scenario = (unsigned)(left % RACE_SCENARIOS);
    plan.point = (unsigned)(left / RACE_SCENARIOS);
    return plan;
}

static bool run_seed(struct rig *rig, uint64_t seed, uint64_t *taken)
{
    const struct race_plan plan = plan_of(seed);
    struct race_world w;

    race_run(&w, rig, &plan);
    *taken += (w.answers[1].code == ERR_NONE) + (w.answers[2].code == ERR_NONE);
    if (w.wrong[0] == '\0')
        return true;
    fprintf(stderr, "seed %" PRIu64 ": scenario %u, %s behind step %u, %s %u steps later%s: %s\n",
            seed, plan.scenario, race_command_text(plan.commands[0]), plan.point,
            race_command_text(plan.commands[1]), plan.gap, plan.crash ? ", crash" : "", w.wrong);
    return false;
}

int main(int argc, char **argv)
{
    int64_t began = clock_mono_ns();
    uint64_t from, to, taken = 0;
    struct rig rig;
    bool ok = true;

    if (!seeds_parse(argc, argv, 1000, &from, &to))
        return 2;
    json_setup();
    seeds_use_memory();
    for (uint64_t seed = from; seed <= to && ok;) {
        rig_open(&rig, (struct rig_options){0});
        race_prepare(&rig);
        for (unsigned i = 0; i < RIG_WORLDS_MAX && seed <= to && ok; i++)
            ok = run_seed(&rig, seed++, &taken);
        rig_close(&rig);
    }
    if (!ok)
        return 1;
    printf("%" PRIu64 " worlds, %" PRIu64 " of %" PRIu64 " commands taken, %.1f s\n", to - from + 1,
           taken, 2 * (to - from + 1), (double)(clock_mono_ns() - began) / 1e9);
    return to - from < 50 || taken > (to - from) / 2 ? 0 : 1;
}
