/* alone.h -- what a process of ours that holds or speaks for something gives up first: what it has
 * inherited, and what others could learn of its memory. Holds for good. */
#ifndef ORCH_SANDBOX_KERNEL_ALONE_H
#define ORCH_SANDBOX_KERNEL_ALONE_H

#include "base/err.h"

#include <stdbool.h>

/* No descriptor is left but the standard ones and this one, which is none of those. */
bool alone_close_others(int keep_fd, struct err *e) must_check;
/* No core file and no new privileges from here on; nor any dump or ptrace by our own user, unless
 * it is to stay dumpable (a sanitizer's runtime looks at its own process). */
bool alone_give_up(bool dumpable, struct err *e) must_check;

#endif
