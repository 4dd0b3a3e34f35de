/* follow.h -- lanes with `autoscale` are looked at, and get the slots that their load wants
 * (lanes/scale.h). Inside the engine only.
 *
 * What was changed is of this host alone and of this process: it is told in the log and in the
 * ledger, as the host's own deed, and no version of the lane says it. Loop thread. */
#ifndef ORCH_ENGINE_LANES_FOLLOW_H
#define ORCH_ENGINE_LANES_FOLLOW_H

#include <stdint.h>

struct engine_env;
struct engine_mode;
struct lanes;
struct runs;

struct follow {
    const struct engine_env *env; /* the four are borrowed */
    const struct engine_mode *mode;
    struct runs *runs;
    struct lanes *lanes;
    int64_t next_ns; /* look */
};

int64_t follow_next_timer(const struct follow *follow); /* INT64_MAX: no lane follows now */
void follow_turn(struct follow *follow, int64_t now_ns);

#endif
