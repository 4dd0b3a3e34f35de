/* wire.h -- the seam between the client's engine (client.c: queue, socket, deadlines) and
 * its words (wire.c: one packer a request, one reader a reply). Nobody else includes it. */
#ifndef ORCH_AUTHORITY_CLIENT_WIRE_H
#define ORCH_AUTHORITY_CLIENT_WIRE_H

#include "authority/client/client.h"
#include "authority/wire/protocol.h"

/* Queues one request. Takes body's bytes and *fd (NULL: none), also when it is not accepted. */
bool client_submit(struct authority_client *client, enum authority_message type, struct buf *body,
                   int *fd, struct authority_reply reply, struct err *e) must_check;

/* Reads the fields of a reply that is not an error; the result borrows from the message. */
bool client_read(enum authority_message type, struct unpack *u, struct authority_result *ret,
                 struct err *e) must_check;

#endif
