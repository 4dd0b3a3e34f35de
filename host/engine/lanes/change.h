/* change.h -- a client changes a lane: what is kept of it and what is said now is one version more,
 * in one commit with its entry in the ledger; it holds here before the client is answered. Whoever
 * changed the lane meanwhile, here or on another host, is not overruled but read again.
 *
 * done: created says that this host had no such lane. ERR_NOT_FOUND with LANE_NOT_FOUND for one
 * that must be there; ERR_CONFLICT when others change it all the time, or with LANES_MAX when there
 * are as many as there may be. Loop thread. */
#ifndef ORCH_ENGINE_LANES_CHANGE_H
#define ORCH_ENGINE_LANES_CHANGE_H

#include "api/api.h"

struct kept_lanes;

void lane_change(struct kept_lanes *kept, const struct api_actor *who,
                 const struct api_lane_change *what, api_done_fn done, void *done_arg);

#endif
