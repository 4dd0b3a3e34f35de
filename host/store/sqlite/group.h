/* group.h -- many batches, one transaction (group commit). The writer's thread. Private to
 * host/store. */
#ifndef ORCH_STORE_SQLITE_GROUP_H
#define ORCH_STORE_SQLITE_GROUP_H

#include "store/sqlite/write.h"

/* The driver's commit (store/driver.h). GROUP_BUSY: another process has the file. Nothing of a
 * group that failed was acknowledged, so nothing is lost; whatever of it the disk holds is found,
 * or not, by the next open. */
enum group_end sqlite_group_commit(struct driver_write *write, struct store_batch *group,
                                   atomic_uint_fast64_t *fail_in, bool *ret_synced,
                                   struct err *e) must_check;

#endif
