/* put.h -- one bundle on its way into the store: its parts one after the other, each read beside
 * the loop and committed before the next is read; then the row that says that they are all there.
 * Inside catalog only. */
#ifndef ORCH_ENGINE_CATALOG_PUT_H
#define ORCH_ENGINE_CATALOG_PUT_H

#include "base/hash.h"
#include "engine/env/env.h"

struct bundle_to_put {
    const char *path;               /* of its file */
    const struct store_bundle *row; /* bytes is worked out; bundle_hash is what the file must be */
    const char *instead_of;         /* a bundle's hash that is removed with the same commit; NULL */
};
/* why NULL: it is durable. Once, on the loop; never when the store or beside is closed before. */
typedef void bundle_put_fn(void *arg, const struct err *why);

/* Copies what it is given. */
void bundle_put(const struct engine_env *env, const struct bundle_to_put *what, bundle_put_fn *done,
                void *arg);

#endif
