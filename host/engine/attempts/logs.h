/* logs.h -- what attempts say, on its way to the store. Loop thread only.
 *
 * Entries of a turn are one batch, or several of LOGS_BATCH_BYTES. While the store takes none they
 * wait, up to LOGS_WAITING_BYTES_MAX over all attempts; what comes then is counted in its attempt's
 * log_loss, and the next entry that is taken has a mark before it. */
#ifndef ORCH_ENGINE_ATTEMPTS_LOGS_H
#define ORCH_ENGINE_ATTEMPTS_LOGS_H

#include "engine/attempts/order.h"
#include "engine/env/env.h"

enum { LOGS_BATCH_BYTES = 1024 * 1024, LOGS_WAITING_BYTES_MAX = 4 * 1024 * 1024 };

struct logs {
    const struct engine_env *env;
    struct store_batch *batch; /* NULL: nothing waits */
};

/* What of one attempt was not taken and is not marked yet. */
struct log_loss {
    uint64_t entries, bytes;
};

void logs_init(struct logs *l, const struct engine_env *env);
void logs_done(struct logs *l);
/* The word of a line's level. */
const char *logs_level(enum attempt_stream stream, int32_t level);
/* One entry: UTF-8 without NUL. */
void logs_add(struct logs *l, const struct attempt_order *order, struct log_loss *loss,
              const char *level, const char *text, size_t len);
/* Nothing of the attempt follows. */
void logs_end(struct logs *l, const struct attempt_order *order, struct log_loss *loss);
void logs_flush(struct logs *l);

#endif
