/* race_world.h -- a seeded world in which two operators' commands race: the engine and its store
 * are real, time goes in steps so small that a command falls between any two of them.
 *
 * A step is one of: an attempt begins or ends, what was submitted becomes durable, the engine acts
 * on what is durable, a timer. The store's writer is held in between, so that a commit is in flight
 * for as long as the world wants it to be. One seed gives one scenario, two commands, the step
 * behind which the first falls, how many steps later the second does, and the order of all. */
#ifndef ORCH_TESTS_SIM_RACE_WORLD_H
#define ORCH_TESTS_SIM_RACE_WORLD_H

#include "base/rng.h"
#include "rig.h"

/* What operators ask of a run. */
#define RACE_COMMAND_MAP(XX)                                                                       \
    XX(START, "start") /* once more, with the same token */                                        \
    XX(CANCEL, "cancel")                                                                           \
    XX(PAUSE, "pause")                                                                             \
    XX(UNPAUSE, "unpause")                                                                         \
    XX(RESUME, "resume")                                                                           \
    XX(RESTART, "restart")                                                                         \
    XX(RESTART_FROM, "restart from a node")                                                        \
    XX(CHECKPOINTS_DELETE, "delete checkpoints")

enum race_command {
#define XX(name, text) RACE_##name,
    RACE_COMMAND_MAP(XX)
#undef XX
        RACE_COMMAND_COUNT,
};

enum { RACE_SCENARIOS = 6, RACE_POINTS = 24, RACE_RUNS_MAX = 4 };

struct race_plan {
    uint64_t seed;
    unsigned scenario;
    enum race_command commands[2];
    unsigned point; /* steps before the first command */
    unsigned gap;   /* steps between the two */
    bool crash;     /* behind the second: what was durable by then stays, nothing of it is done */
};

struct race_world {
    struct race_plan plan;
    struct rig *rig;
    struct rng rng;
    char runs[RACE_RUNS_MAX][UUID_TEXT_BYTES]; /* the first is the target */
    size_t run_count;
    struct rig_answer answers[3]; /* of the start and the two commands */
    char token[32];
    int64_t first_seq; /* events behind it are this world's */
    int64_t heard;     /* seq of the newest that was streamed */
    uint64_t streamed;
    unsigned steps;
    char wrong[256]; /* the first rule that was broken; "" none */
};

/* Publishes what the worlds run; once for a rig. */
void race_prepare(struct rig *rig);
void race_run(struct race_world *w, struct rig *rig, const struct race_plan *plan);

const char *race_command_text(enum race_command command);

void race_broken(struct race_world *w, const char *fmt, ...) printf_like(2, 3);

/* race_check.c: at the end, when nothing is in flight. */
void race_check(struct race_world *w);
/* What is to be started is durable, is no repeat, and its node is not completed. */
void race_check_start(struct race_world *w, const struct attempt_spec *spec, uint64_t id);

#endif
