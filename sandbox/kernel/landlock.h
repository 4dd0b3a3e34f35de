/* landlock.h -- Landlock domains up to ABI 7, newer than Debian 12's headers (linux/landlock.h of
 * Linux 6.15). A rule set handles every right that the kernel knows and allows nothing; newer
 * rights stay with the filter and the empty root. */
#ifndef ORCH_SANDBOX_KERNEL_LANDLOCK_H
#define ORCH_SANDBOX_KERNEL_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* 0: none. */
uint32_t landlock_abi(void);
uint32_t landlock_errata(void);
/* From this ABI on, signals and abstract sockets can be scoped. */
enum { LANDLOCK_ABI_SCOPE = 6 };

/* A close-on-exec descriptor, -1 with errno. scoped: signals and abstract sockets end at the
 * domain (asked of kernels that can). */
int landlock_ruleset(bool scoped);
/* Needs no_new_privs. Each call makes a domain of its own, also from one rule set. */
bool landlock_enter(int ruleset);

#endif
