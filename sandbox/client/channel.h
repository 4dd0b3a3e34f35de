/* channel.h -- packets to and from the process of one attempt, by the rules of
 * sandbox/wire/attempt_wire.h. What comes is untrusted: a packet that is not due, not whole or over
 * a cap is refused, and whoever called ends the attempt. Knows no slot: a channel is its watch. */
#ifndef ORCH_SANDBOX_CLIENT_CHANNEL_H
#define ORCH_SANDBOX_CLIENT_CHANNEL_H

#include "sandbox/client/attempt.h"
#include "sandbox/client/events.h"
#include "sandbox/client/loop.h"

#include <sys/types.h>

/* A packet that is only a head: STOP. */
bool channel_send(const struct watch *channel, enum attempt_message type);
/* Sends input as far as the socket takes it, and goes on when it takes more; then the STOP that
 * came meanwhile. */
void channel_send_input(struct loop *loop, struct watch *channel, struct attempt *a);

/* Two at a time: a result and the end behind it are one call. */
enum { CHANNEL_PACKETS = 2 };

struct channel_in {
    size_t count; /* fewer than CHANNEL_PACKETS, none too: there may be more all the same */
    struct attempt_packet packets[CHANNEL_PACKETS];
    size_t bytes[CHANNEL_PACKETS]; /* 0: the end, nothing follows */
};

/* False: there is nothing for now. */
bool channel_read(const struct watch *channel, struct channel_in *in);

/* A packet of a running attempt: its texts join events, its result joins seen. False: a breach. */
bool channel_take(struct attempt *a, const struct attempt_packet *packet, size_t n,
                  struct events *events, struct observed *seen);

#endif
