/* settle.h -- which version a definition is stored under: the one it names, the one that has it
 * already, or the next that is free. Costs the same whatever number of versions there are.
 *
 * Two definitions are the same when hash, description and metadata are: the last two are not in the
 * hash, and a change of them is a change. Inside catalog only. */
#ifndef ORCH_ENGINE_CATALOG_SETTLE_H
#define ORCH_ENGINE_CATALOG_SETTLE_H

#include "base/err.h"
#include "model/dag/dag.h"
#include "store/reader.h"

enum version_rule {
    VERSION_EXACT,     /* the named one, or ERR_CONFLICT */
    VERSION_NEXT_FREE, /* unless it, or the newest, has this definition */
};

/* May replace *dag by the same with another version. *ret_created is false when it is there. */
bool settle_version(struct store_reader *reader, const char *tenant, enum version_rule rule,
                    struct dag **dag, bool *ret_created, struct err *e) must_check;

#endif
