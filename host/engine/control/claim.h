/* claim.h -- a start takes what is free. Inside control only. */
#ifndef ORCH_ENGINE_CONTROL_CLAIM_H
#define ORCH_ENGINE_CONTROL_CLAIM_H

#include "engine/control/control.h"

struct store_host_list;

/* No other opening is alive. */
bool claim_alone(const struct control *ctl, const struct store_host_list *hosts) must_check;
/* Claims all that is free where no other host is alive, and waits for it; else the first look
 * (look.h) takes what comes. */
bool claim_at_start(struct control *ctl, struct err *e) must_check;

#endif
