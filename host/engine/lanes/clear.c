/* clear.c -- see clear.h. */
#include "engine/lanes/clear.h"

#include "engine/env/audit.h"
#include "store/store.h"

void letters_clear(const struct engine_env *env, const struct api_actor *who,
                   const struct api_letters_clear *what, api_done_fn done, void *done_arg)
{
    const struct store_dead_snapshot *snapshot = &what->snapshot;
    struct store_batch *batch = store_batch_new();

    store_batch_dead_snapshot_put(batch, snapshot);
    for (size_t i = 0; i < what->count; i++)
        store_batch_dead_letter_clear(batch, who->tenant, what->letters[i].dead_letter_id,
                                      what->letters[i].deaths);
    audit_append(env, batch, who, "audit.dead_letters_cleared",
                 json_pack("{s:s, s:s, s:I}", "snapshot_id", snapshot->snapshot_id, "sha256",
                           snapshot->sha256, "count", (json_int_t)snapshot->letters));
    audit_submit(env, batch, done, done_arg);
}
