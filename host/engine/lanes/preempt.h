/* preempt.h -- attempts that make room for more urgent ones (lanes/lanes.h, lanes_yield): their
 * machines are told, and the ledger of their runs who wanted it. Inside the engine only, but
 * for preempt_by_hand, which clients are given. Loop thread. */
#ifndef ORCH_ENGINE_LANES_PREEMPT_H
#define ORCH_ENGINE_LANES_PREEMPT_H

#include "api/api.h"

struct control;

/* For express ones that wait in vain. Once a turn. */
void preempt_turn(struct control *ctl);

/* As api_engine.lane_preempt says: done comes when it is durable that the attempt is to stop; it
 * may begin again at once. */
void preempt_by_hand(struct control *ctl, const struct api_actor *who, const char *lane,
                     api_done_fn done, void *done_arg);

#endif
