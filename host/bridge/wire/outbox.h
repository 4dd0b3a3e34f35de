/* outbox.h -- messages that one end of the link has still to send, in their order, within a bound.
 */
#ifndef ORCH_BRIDGE_WIRE_OUTBOX_H
#define ORCH_BRIDGE_WIRE_OUTBOX_H

#include "bridge/wire/protocol.h"

#include <sys/queue.h>

enum { OUTBOX_BYTES_MAX = 16 * 1024 * 1024 };

struct outbox {
    STAILQ_HEAD(outbox_list, outbox_message) list;
    size_t bytes;
};

void outbox_init(struct outbox *out);
void outbox_clear(struct outbox *out);
static inline bool outbox_empty(const struct outbox *out)
{
    return STAILQ_EMPTY(&out->list);
}
/* Takes the bytes of body. False: there is no room, it is dropped. */
bool outbox_add(struct outbox *out, enum bridge_message type, struct buf *body) must_check;
/* As many as the socket takes. False: the peer is gone. */
bool outbox_send(struct outbox *out, int sock) must_check;

#endif
