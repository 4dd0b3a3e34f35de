/* write.h -- the connection that writes: a group of batches is one transaction, sent in
 * one piece that ends with its only Sync (no BEGIN: what fails undoes all, and nothing stays open).
 * The writer's thread. Private to host/store.
 *
 * A group that is refused is halved until the bad batch is alone; that one gets the error. A group
 * whose answer was lost is looked up by its token on the next connection, and never guessed: the
 * token is the first thing that a group writes, and follows the last one, so a group that comes
 * late through a connection that was given up cannot happen any more. */
#ifndef ORCH_STORE_POSTGRES_WRITE_H
#define ORCH_STORE_POSTGRES_WRITE_H

#include "store/driver.h"

struct breaker;
struct herald;

/* Connects, becomes the host of the store and prepares every statement. The herald, which is
 * borrowed, is told what becomes durable. */
bool pg_write_open(const struct store_options *options, struct herald *herald,
                   struct breaker *readers, struct driver_write **ret, struct err *e) must_check;
/* Right after the open: the server's version, "15.18 (Debian ...)"; the connection's. */
const char *pg_write_server(const struct driver_write *base);
int64_t pg_write_epoch(const struct driver_write *base);
/* The calls of a driver (store/driver.h). GROUP_BUSY: the database is away. GROUP_FAILED: another
 * host has followed this one. */
void pg_write_free(struct driver_write *base);
enum group_end pg_write_commit(struct driver_write *base, struct store_batch *group,
                               atomic_uint_fast64_t *fail_in, bool *ret_synced,
                               struct err *e) must_check;
void pg_write_give_up(struct driver_write *base);
bool pg_write_rest(struct driver_write *base, int wake_fd, struct err *e) must_check;

#endif
