/* teller.h -- how a backend says something to the host. */
#ifndef ORCH_BRIDGE_WIRE_TELLER_H
#define ORCH_BRIDGE_WIRE_TELLER_H

#include "bridge/wire/protocol.h"

struct bridge_teller {
    /* Takes the bytes of body. */
    void (*say)(void *arg, enum bridge_message type, struct buf *body);
    /* False: the host hears slowly, and entries are better told later. */
    bool (*has_room)(void *arg);
    void *arg;
};

static inline void bridge_tell(const struct bridge_teller *teller, enum bridge_message type,
                               struct buf *body)
{
    teller->say(teller->arg, type, body);
}

static inline bool bridge_has_room(const struct bridge_teller *teller)
{
    return teller->has_room(teller->arg);
}

#endif
