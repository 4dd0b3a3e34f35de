/* wish.h -- what a client wants of a run that goes on, whoever hears it first. Inside control
 * only. */
#ifndef ORCH_ENGINE_CONTROL_WISH_H
#define ORCH_ENGINE_CONTROL_WISH_H

#include "base/err.h"
#include "engine/commit/commit.h"
#include "engine/control/control.h"

enum wish { WISH_CANCEL, WISH_PAUSE, WISH_UNPAUSE };

/* As an order has it: "cancel". */
const char *wish_verb(enum wish wish);
bool wish_parse(const char *verb, enum wish *ret) must_check;

/* "it cannot be cancelled" */
const char *wish_adjective(enum wish wish);

/* {actor, reason, ticket} */
json_t *wish_said_owned(const struct api_actor *who) must_check;
/* That it was asked, among the run's events; said is taken. */
void wish_event(struct commit *c, enum wish wish, json_t *said);
/* All that the machine decides, not submitted yet; NULL with why: it will not. said is taken. */
struct commit *wish_decide(struct control *ctl, struct active_run *ar, enum wish wish, json_t *said,
                           struct err *e) must_check;

#endif
