/* supply.h -- zygotes for the pools: which one forks next, when another is started, how one is
 * retired and what becomes of the spares it forked. */
#ifndef ORCH_SANDBOX_CLIENT_SUPPLY_H
#define ORCH_SANDBOX_CLIENT_SUPPLY_H

#include "sandbox/client/pool.h"

/* One that can fork now, or NULL; then one may have been started. */
struct zyg *supply_zygote(struct pools *pools, struct domain *domain);
/* No more forks of it, and what it may have told of its address space layout is worth nothing: its
 * spares go with it. Attempts that run go on. */
void supply_spoil(struct pools *pools, struct zyg *z);
/* All zygotes of the domain, and their spares. */
void supply_retire(struct pools *pools, struct domain *domain);
/* It went away: its slots outlive it, they only stop naming it. */
void supply_forget(struct pools *pools, struct zyg *z);

#endif
