/* resident.h -- how much memory this process has. Any thread. */
#ifndef ORCH_OBSERVE_RESIDENT_H
#define ORCH_OBSERVE_RESIDENT_H

#include <stdint.h>

int64_t resident_bytes(void); /* 0: the kernel does not say */

#endif
