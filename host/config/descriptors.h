/* descriptors.h -- how the host shares out the descriptors that it may have. Pure.
 *
 * What holds of every share: all parts together stay below the limit, runs and connections both
 * have theirs, and no setting is exceeded. So the host is never out of descriptors by itself. */
#ifndef ORCH_CONFIG_DESCRIPTORS_H
#define ORCH_CONFIG_DESCRIPTORS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    DESCRIPTORS_MIN = 128,  /* below it nothing could be run */
    DESCRIPTORS_MAX = 65536 /* libwebsockets sizes tables by the limit (USERS.md 3.1) */
};

struct descriptors_share {
    uint32_t attempts;    /* that run at a time */
    uint32_t spares;      /* and wait for an attempt */
    uint32_t connections; /* besides those of the probes */
    uint32_t probes;
};

/* want: what the settings ask for; ret: what the limit allows of it. */
bool descriptors_share(uint32_t limit, const struct descriptors_share *want,
                       struct descriptors_share *ret, struct err *e) must_check;

#endif
