/* host_row.h -- this host in the table of hosts: its opening, which is alive until the row says
 * otherwise (store/hosts.h). Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_HOST_ROW_H
#define ORCH_STORE_POSTGRES_HOST_ROW_H

#include "base/err.h"
#include "store/store.h"

#include <libpq-fe.h>
#include <stdint.h>

struct host_row {
    char *host_id;
    char epoch_text[24];
    int64_t epoch;
    int64_t token; /* of the last group that it committed */
    int lease_ttl_ms;
};

/* Takes the next epoch, behind whatever an earlier opening of the home has under way. ERR_CONFLICT:
 * a host of a version that has the store alone is there. */
bool host_row_take(PGconn *conn, const struct store_options *options, struct host_row *ret,
                   struct err *e) must_check;
/* The host's writer has another connection. */
bool host_row_note_writer(PGconn *conn, const struct host_row *row, struct err *e) must_check;
/* Of a renewal that was sent then, by clock_boot_us: long before another may fence it. */
int64_t host_row_held_until_us(const struct host_row *row, int64_t sent_us);
/* The host is gone in order: what it has is free at once. What fails, time heals. */
void host_row_leave(PGconn *conn, const struct host_row *row);
void host_row_done(struct host_row *row);

#endif
