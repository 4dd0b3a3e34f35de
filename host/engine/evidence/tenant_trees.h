/* tenant_trees.h -- the Merkle trees of the tenants whose heads a pass renews (heads.c). Each
 * begins where the tenant's newest stored head ends. Inside this room only. */
#ifndef ORCH_ENGINE_EVIDENCE_TENANT_TREES_H
#define ORCH_ENGINE_EVIDENCE_TENANT_TREES_H

#include "base/buf.h"
#include "base/err.h"
#include "model/ledger/head.h"
#include "store/reader.h"

#include <stdint.h>
#include <uthash.h>

struct tenant_tree {
    struct ledger_head head;
    int64_t created_us; /* of the old head until the new one is made */
    char *before;       /* the old head's envelope; NULL: there is none */
    struct buf leaves;  /* the events' hashes since, SHA256_BYTES each */
    UT_hash_handle hh;  /* by head.tenant */
};

/* The tenant's tree; loaded first where it is not in the table. */
bool tenant_trees_find(struct tenant_tree **trees, struct store_reader *reader, const char *tenant,
                       struct tenant_tree **ret, struct err *e) must_check;
/* Puts the tenant's next event behind its tree. ERR_CORRUPT: the head is over this event already.
 */
bool tenant_tree_add(struct tenant_tree *t, const struct store_leaf *leaf,
                     struct err *e) must_check;
/* Frees every tree; *trees is NULL afterwards. */
void tenant_trees_clear(struct tenant_tree **trees);

#endif
