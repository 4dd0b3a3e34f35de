/* writes.h -- the driver's whole list of writes: one statement a kind of operation, for as many of
 * the kind as come, and what a group begins and ends with. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_WRITES_H
#define ORCH_STORE_POSTGRES_WRITES_H

#include "store/ops.h"

/* With the markers of kind.h. That of OP_EVENT_APPEND numbers the events and gives their seqs. */
extern const char *const pg_writes[OP_COUNT];

/* Of a row with lease_owner and lease_epoch: the opening that has it is alive. */
#define WHO_HAS_IT_LIVES(row)                                                                      \
    "EXISTS (SELECT FROM hosts AS h WHERE h.host_id = " row ".lease_owner"                         \
    " AND h.epoch = " row ".lease_epoch AND NOT h.fenced)"
#define GOES_ON "status IN ('pending', 'running', 'paused')"

/* First of a group. $1 host, $2 epoch, $3 the group's token: raises STATE_FENCED unless the host's
 * own row is what it was and the token follows the last one. */
extern const char pg_write_begin[];

#endif
