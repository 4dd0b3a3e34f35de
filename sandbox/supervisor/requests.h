/* requests.h -- what the host may ask for, frame by frame. A frame that is not in the table, and
 * the end of the socket, end the supervisor. Owns nothing; runs in the turn in which the frame
 * came. */
#ifndef ORCH_SANDBOX_SUPERVISOR_REQUESTS_H
#define ORCH_SANDBOX_SUPERVISOR_REQUESTS_H

#include "sandbox/supervisor/super.h"

/* Of the host's watch, whose owner is the struct super. */
void requests_on_host(struct watch *w);

#endif
