/* engine_world.h -- a seeded world around host/engine and its real store: one run, from its start
 * to its end, with workers from a plan (sim_workers.c) and with breaks.
 *
 * A world believes the store alone: after each turn it reads the run's new events, tells them as
 * decisions to the rules of sim_check.c, and looks whether what the sandbox was asked for and what
 * the streams heard is there. */
#ifndef ORCH_TESTS_SIM_ENGINE_WORLD_H
#define ORCH_TESTS_SIM_ENGINE_WORLD_H

#include "sim.h"

#include "base/uuid.h"
#include "rig.h"

struct engine_faults {
    struct faults faults;    /* fail_commit and crash_commit are not read */
    unsigned refuse_percent; /* the store takes nothing for the length of an event */
};

struct engine_world {
    struct world w;
    struct engine_faults faults;
    struct rig *rig;
    char run_id[UUID_TEXT_BYTES]; /* "" before the start was answered */
    char token[64];               /* of the start: the same for each try */
    char dag_id[32];
    uint64_t ids[ATTEMPTS_OPEN_MAX]; /* of w.workers */
    bool dead[ATTEMPTS_OPEN_MAX];    /* the same: killed */
    bool cancel_asked;               /* and acknowledged, before any timeout of the run */
    bool pause_asked;                /* and acknowledged, and nothing asked since */
    int64_t seen;                    /* seq of the newest event that was read */
    int64_t heard;                   /* seq of the newest event that was streamed */
    uint64_t streamed, stored;       /* since the last start of the host */
};

/* Runs on the rig's store, which keeps the runs of earlier worlds. */
void engine_world_run(struct engine_world *e, struct rig *rig, uint64_t seed,
                      struct engine_faults faults);
void engine_world_done(struct engine_world *e);
DEFINE_AUTO_DONE(engine_world)

/* engine_view.c: what the store holds, as decisions and facts of the world. */
void view_events(struct engine_world *e);
/* What is to be started must be durable: its row says that it runs, and how many came before. */
uint32_t view_started(struct engine_world *e, const struct attempt_spec *spec,
                      struct attempt_ref ref);
struct attempt_ref view_ref(const struct engine_world *e, const char *node_id, uint32_t attempt);
/* At the end: the chain of the run's events, and its signed statement. */
void view_chain(struct engine_world *e);
bool view_statement(struct engine_world *e);

#endif
