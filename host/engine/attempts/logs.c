/* logs.c -- see logs.h. */
#include "engine/attempts/logs.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/runs/active_run.h"

#include <inttypes.h>

enum { LEVEL_WARN = 2 }; /* ORCH_LOG_WARN; the engine knows no plugin's header */

const char *logs_level(enum attempt_stream stream, int32_t level)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};

    if (stream != STREAM_LOG && level < LEVEL_WARN) /* else it is a mark of the sandbox */
        return stream == STREAM_STDOUT ? "stdout" : "stderr";
    return level >= 0 && level < (int32_t)ARRAY_LEN(levels) ? levels[level] : "info";
}

void logs_init(struct logs *l, const struct engine_env *env)
{
    *l = (struct logs){.env = env};
}

void logs_done(struct logs *l)
{
    store_batch_free(take(l->batch));
}

static void lost(const struct err *why)
{
    log_event(LOG_WARN, "logs.lost", F_ERR(why));
}

static void on_committed(void *arg, const struct store_done *done)
{
    (void)arg;
    if (done->err != NULL)
        lost(done->err);
}

/* A full queue empties; any other refusal is for good. */
void logs_flush(struct logs *l)
{
    struct err e = {0};

    if (l->batch == NULL || store_submit_take(l->env->store, &l->batch, on_committed, NULL, &e) ||
        e.code == ERR_LIMIT)
        return;
    lost(&e);
    store_batch_free(take(l->batch));
}

static void append(struct logs *l, const struct attempt_order *order, const char *level,
                   const char *text)
{
    if (l->batch == NULL)
        l->batch = store_batch_new();
    store_batch_log_append(l->batch, &(struct store_log){
                                         .run_id = order->ar->run_id,
                                         .tenant = order->ar->tenant,
                                         .node_id = order->node_id,
                                         .attempt = order->ref.attempt,
                                         .level = level,
                                         .text = text,
                                         .at_us = l->env->clock.wall_us(),
                                     });
}

static void mark(struct logs *l, const struct attempt_order *order, struct log_loss *loss)
{
    auto_mem char *text = NULL;

    if (loss->entries == 0)
        return;
    text = mem_printf("[%" PRIu64 " entries of %" PRIu64
                      " bytes lost here: the store did not keep up]",
                      loss->entries, loss->bytes);
    append(l, order, "warn", text);
    *loss = (struct log_loss){0};
}

static bool full(const struct logs *l)
{
    return l->batch != NULL && store_batch_bytes(l->batch) >= LOGS_WAITING_BYTES_MAX;
}

void logs_add(struct logs *l, const struct attempt_order *order, struct log_loss *loss,
              const char *level, const char *text, size_t len)
{
    auto_mem char *copy = NULL;

    if (l->batch != NULL && store_batch_bytes(l->batch) >= LOGS_BATCH_BYTES)
        logs_flush(l);
    if (full(l)) {
        loss->entries++;
        loss->bytes += len;
        return;
    }
    mark(l, order, loss);
    copy = mem_strn(text, len);
    append(l, order, level, copy);
}

/* One mark an attempt, over the limit if need be. */
void logs_end(struct logs *l, const struct attempt_order *order, struct log_loss *loss)
{
    mark(l, order, loss);
    logs_flush(l);
}
