/* group.h -- many batches, one transaction (group commit). The writer's thread. Private to
 * host/store. */
#ifndef ORCH_STORE_SQLITE_GROUP_H
#define ORCH_STORE_SQLITE_GROUP_H

#include "store/ops.h"
#include "store/sqlite/write.h"

#include <stdatomic.h>

enum group_end {
    GROUP_COMMITTED,
    GROUP_BUSY,   /* another process has the file: nothing happened, the group may be tried again */
    GROUP_FAILED, /* the disk's failure: then group_fail */
};

/* Commits the batches that are linked by next. A batch that the database refuses gets its err and
 * leaves nothing; the others are synced together. *ret_synced is false when none was left to sync.
 * fail_in counts commits down to an injected fault (testing.h); 0: none. */
enum group_end group_commit(struct sqlite_write *db, struct store_batch *group,
                            atomic_uint_fast64_t *fail_in, bool *ret_synced,
                            struct err *e) must_check;
/* Gives every batch of the group the error. Nothing of it was acknowledged, so nothing is lost;
 * whatever of it the disk holds is found, or not, by the next open. */
void group_fail(struct sqlite_write *db, struct store_batch *group, const struct err *why);

#endif
