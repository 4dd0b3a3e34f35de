/* keep.c -- see keep.h. */
#include "engine/schedules/keep.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "engine/schedules/schedules.h"

#include <string.h>

struct keeping {
    struct schedules *schedules;
    char *id;
    api_done_fn done;
    void *done_arg;
};

static void kept(void *arg, const struct store_done *result)
{
    struct keeping *k = arg;

    audit_committed(schedules_env(k->schedules), result);
    schedules_changed(k->schedules);
    k->done(k->done_arg, &(struct api_outcome){.e = result->err, .schedule_id = k->id});
    free(k->id);
    free(k);
}

static void submit(struct schedules *s, struct store_batch *batch, const char *id, api_done_fn done,
                   void *done_arg)
{
    struct keeping *k = mem_new(struct keeping);
    struct err e = {0};

    *k = (struct keeping){s, mem_str(id), done, done_arg};
    if (store_submit_take(schedules_env(s)->store, &batch, kept, k, &e))
        return;
    store_batch_free(batch);
    kept(k, &(struct store_done){.err = &e});
}

void keep_put(struct schedules *s, const struct api_actor *who,
              const struct store_schedule *schedule, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_schedule_put(batch, schedule);
    audit_append(schedules_env(s), batch, who, "audit.schedule_created",
                 json_pack("{s:s, s:s, s:s, s:s}", "schedule_id", schedule->schedule_id, "dag_id",
                           schedule->dag_id, schedule->rule_kind, schedule->rule, "timezone",
                           schedule->timezone));
    submit(s, batch, schedule->schedule_id, done, done_arg);
}

void keep_pause(struct schedules *s, const struct api_actor *who,
                const struct store_schedule_move *move, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_schedule_pause(batch, move);
    audit_append(schedules_env(s), batch, who,
                 move->paused ? "audit.schedule_paused" : "audit.schedule_resumed",
                 json_pack("{s:s}", "schedule_id", move->schedule_id));
    submit(s, batch, move->schedule_id, done, done_arg);
}

void keep_delete(struct schedules *s, const struct api_actor *who, const char *schedule_id,
                 api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_schedule_delete(batch, who->tenant, schedule_id);
    audit_append(schedules_env(s), batch, who, "audit.schedule_deleted",
                 json_pack("{s:s}", "schedule_id", schedule_id));
    submit(s, batch, schedule_id, done, done_arg);
}

void keep_backfill(struct schedules *s, const struct api_actor *who,
                   const struct store_backfill *backfill, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();
    char from[CLOCK_TEXT_BYTES], to[CLOCK_TEXT_BYTES];

    clock_text(backfill->from_us, from);
    clock_text(backfill->to_us, to);
    store_batch_backfill_put(batch, backfill);
    audit_append(schedules_env(s), batch, who, "audit.backfill_created",
                 json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "backfill_id", backfill->backfill_id,
                           "schedule_id", backfill->schedule_id, "from", from, "to", to, "total",
                           (json_int_t)backfill->total, "max_parallel",
                           (json_int_t)backfill->max_parallel));
    submit(s, batch, backfill->backfill_id, done, done_arg);
}

static const char *mark_entry(const char *status)
{
    if (strcmp(status, "paused") == 0)
        return "audit.backfill_paused";
    return strcmp(status, "cancelled") == 0 ? "audit.backfill_cancelled" : "audit.backfill_resumed";
}

void keep_mark(struct schedules *s, const struct api_actor *who,
               const struct store_backfill_mark *mark, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_backfill_mark(batch, mark);
    audit_append(schedules_env(s), batch, who, mark_entry(mark->status),
                 json_pack("{s:s}", "backfill_id", mark->backfill_id));
    submit(s, batch, mark->backfill_id, done, done_arg);
}

void keep_note(struct schedules *s, const struct store_firing *firing, api_done_fn done,
               void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_firing_note(batch, firing);
    submit(s, batch, firing->schedule_id, done, done_arg);
}
