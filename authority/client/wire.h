/* wire.h -- the seams inside of the client: requests.c packs the words of a request and hands it to
 * client.c (queue, socket, deadlines), which lets replies.c read what comes back. Nobody else
 * includes it but the replies' fuzz target. */
#ifndef ORCH_AUTHORITY_CLIENT_WIRE_H
#define ORCH_AUTHORITY_CLIENT_WIRE_H

#include "authority/client/client.h"
#include "authority/wire/protocol.h"

/* client.c. Queues one request. Takes body's bytes and *fd (NULL: none), also when it is not
 * accepted. */
bool client_submit(struct authority_client *client, enum authority_message type, struct buf *body,
                   int *fd, struct authority_reply reply, struct err *e) must_check;

/* replies.c. Reads the fields of a reply that is not an error; the result borrows from the message.
 */
bool client_read(enum authority_message type, struct unpack *u, struct authority_result *ret,
                 struct err *e) must_check;

#endif
