/* takeover.h -- runs that are free (store/hosts.h) are taken for this host and go on here.
 *
 * What always holds: a run is built only from rows that were read behind the commit that claimed
 * it, and that name this opening; of two hosts that want one run the store lets one have it. A host
 * takes what it has room for, in portions, so that others get theirs; and, where there are other
 * hosts, only runs of which it has every agent. One that is alone takes all: what it cannot run is
 * held, as ever.
 *
 * Owns what is on its way. Loop thread. */
#ifndef ORCH_ENGINE_CONTROL_TAKEOVER_H
#define ORCH_ENGINE_CONTROL_TAKEOVER_H

#include "engine/control/control.h"

struct store_run_list;
struct takeover;

struct takeover *takeover_new(void) must_check;
void takeover_free(struct takeover *t); /* accepts NULL; the store is closed, the cache freed */

/* What was found last is still on its way. */
bool takeover_busy(const struct takeover *t);
/* A portion is over: a look is worth it, for orders that came with it and for what else is free. */
bool takeover_over(const struct takeover *t);
void takeover_seen(struct takeover *t);
/* So many runs may be taken now. */
uint32_t takeover_room(const struct control *ctl);
/* Takes those of the page that this host can run. alone: no other host is alive. */
void takeover_consider(struct control *ctl, const struct store_run_list *page, bool alone);
/* The commit that claims the run was made, whether it was free or not: it goes on here if it was.
 */
void takeover_made(struct control *ctl, const char *tenant, const char *run_id);

#endif
