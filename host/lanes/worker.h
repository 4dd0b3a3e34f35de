/* worker.h -- a worker of a lane: a place on which one item runs at a time, known by its name
 * (LANES_KIT.md 4). Pure. */
#ifndef ORCH_LANES_WORKER_H
#define ORCH_LANES_WORKER_H

#include "base/auto.h"

#include <stdint.h>

#define LANE_DEFAULT "default"

enum lane_half { LANE_REGULAR, LANE_EXPRESS, LANE_HALVES };

struct lane_worker {
    enum lane_half half;
    uint32_t number; /* from 1; 0: there is none */
};

/* What its worker has done since the host started. */
struct lane_deeds {
    uint64_t well, badly; /* of what it ran */
    uint64_t crashes;     /* of badly */
    int64_t crashed_ns;   /* the last time; 0: it never did */
};
enum lane_deed { LANE_WELL, LANE_BADLY, LANE_CRASHED };

/* pool_<lane>_<n> of a regular one, express_<lane>_<n> of an express one, n from 0; lane NULL: the
 * default. NULL of none; the caller owns it. */
char *lane_worker_name_owned(struct lane_worker worker, const char *lane) must_check;
/* Of its process: pool: <lane> <n> or express_pool: <lane> <n>, which is 32 bytes longer than the
 * lane's name at most. NULL of the default's, and of none; the caller owns it. */
char *lane_worker_title_owned(struct lane_worker worker, const char *lane) must_check;

#endif
