/* release.h -- at the host's end: the runs that it has and that go on are given to whoever claims
 * them. Inside the engine only. */
#ifndef ORCH_ENGINE_CONTROL_RELEASE_H
#define ORCH_ENGINE_CONTROL_RELEASE_H

#include "engine/control/control.h"

/* Nothing of them runs any more, no commit of them is on its way, and none follows: submits the
 * last one. Nothing where the database is away: then they are free when this opening is not alive.
 */
void release_all(struct control *ctl);

#endif
