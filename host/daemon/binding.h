/* binding.h -- the store that this home has, its host key, and what the authority remembers of
 * both.
 *
 * A home that never had a store gets one; from then on HOME/authority/store names it. A missing or
 * another store, one that another root key made, or one that has less than the heads that were
 * signed, is refused. --init takes a missing store as new and the one that is there as it is; what
 * the authority remembered is put aside, not lost. Start-up only: it waits for each answer. */
#ifndef ORCH_DAEMON_BINDING_H
#define ORCH_DAEMON_BINDING_H

#include "base/err.h"
#include "store/store.h"

struct host;

/* Makes the home where there is none. ERR_DENIED: others may write it, and with it put another
 * store, other keys and other plugins there. */
bool binding_home(const char *home, struct err *e) must_check;
/* What a missing store file means here. */
enum store_create binding_create(const struct host *host);
/* When store and authority are there: binds one to the other, once, and holds them against each
 * other. */
bool binding_check(struct host *host, struct err *e) must_check;

#endif
