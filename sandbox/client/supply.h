/* supply.h -- zygotes for the pools: which one forks next, when another is started, how one is
 * retired and what becomes of the spares it forked. */
#ifndef ORCH_SANDBOX_CLIENT_SUPPLY_H
#define ORCH_SANDBOX_CLIENT_SUPPLY_H

#include "sandbox/client/pool.h"

/* One that can fork now, for an attempt that waits or else for a spare; or NULL. Then one may have
 * been started (for exec, as many as are wanted, count, or some of them), and the pools are looked
 * at again soon. */
struct zyg *supply_zygote(struct pools *pools, struct domain *domain, bool waits, uint32_t count);
/* No more forks of it, and what it may have told of its address space layout is worth nothing: the
 * spares that it forked for the pool's plugin and tenant go with it; with NULL those of all.
 * Whoever crashes costs nobody else a spare. Attempts that run go on. */
void supply_spoil(struct pools *pools, struct zyg *z, const struct pool *whose);
/* All zygotes of the domain, and their spares. */
void supply_retire(struct pools *pools, struct domain *domain);
/* It went away: its slots outlive it, they only stop naming it. */
void supply_forget(struct pools *pools, struct zyg *z);

#endif
