/* backfills.c -- what is begun of backfills. See backfills.h. */
#include "engine/schedules/backfills.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/control/control.h"
#include "engine/env/env.h"
#include "engine/schedules/acts.h"
#include "engine/schedules/fire.h"

/* A run that is being started: its place is the look's. */
struct beginning {
    struct acts *acts;
    const struct backfill_one *one;
    size_t nth; /* of its due times */
};

/* ---- what is counted ---- */

static void add_counted(const struct acts *acts, struct store_batch *batch,
                        const struct store_backfill_run *run, bool well)
{
    store_batch_backfill_run_done(batch, run);
    store_batch_backfill_move(batch, &(struct store_backfill_move){
                                         .tenant = run->tenant,
                                         .backfill_id = run->backfill_id,
                                         .schedule_id = run->schedule_id,
                                         .completed = well,
                                         .failed = !well,
                                         .updated_us = acts->env->clock.wall_us(),
                                     });
}

static void count_runs(const struct backfills_look *look, struct acts *acts)
{
    for (size_t i = 0; i < look->over.count; i++) {
        struct store_batch *batch = store_batch_new();

        add_counted(acts, batch, &look->over.rows[i], look->well[i]);
        acts_submit(acts, batch);
    }
}

/* To its due time next, by what is not started. */
static struct store_backfill_move move_to(const struct acts *acts, const struct store_backfill *row,
                                          int64_t from_us, int64_t next_us)
{
    return (struct store_backfill_move){
        .tenant = row->tenant,
        .backfill_id = row->backfill_id,
        .schedule_id = row->schedule_id,
        .from_us = from_us,
        .next_us = next_us,
        .updated_us = acts->env->clock.wall_us(),
    };
}

static void pass_over(struct acts *acts, const struct store_backfill *row, int64_t from_us,
                      int64_t next_us, int64_t skipped)
{
    struct store_batch *batch = store_batch_new();
    struct store_backfill_move move = move_to(acts, row, from_us, next_us);

    move.skipped = skipped;
    store_batch_backfill_move(batch, &move);
    acts_submit(acts, batch);
}

/* For good: its firing says why. */
static void give_up(struct acts *acts, const struct store_backfill *row, int64_t from_us,
                    int64_t next_us, const struct api_outcome *out)
{
    struct store_batch *batch = store_batch_new();
    struct store_backfill_move move = move_to(acts, row, from_us, next_us);

    if (!fire_is_skipped(out))
        log_event(LOG_WARN, "schedule.refused", F_STR("scheduleId", row->schedule_id),
                  F_STR("tenant", row->tenant), F_ERR(out->e));
    move.skipped = fire_is_skipped(out) ? 1 : 0;
    move.failed = fire_is_skipped(out) ? 0 : 1;
    store_batch_backfill_move(batch, &move);
    store_batch_firing_take(batch, &(struct store_firing){.tenant = row->tenant,
                                                          .schedule_id = row->schedule_id,
                                                          .due_us = from_us,
                                                          .outcome = "skipped",
                                                          .reason = fire_reason(out)});
    acts_submit(acts, batch);
}

/* ---- what is begun ---- */

static void started(void *arg, const struct api_outcome *out)
{
    auto_mem struct beginning *b = arg;
    const struct store_backfill *row = b->one->row;
    const int64_t *due = &b->one->due[b->nth];

    if (out->e != NULL && fire_may_be_later(out)) {
        log_event(LOG_DEBUG, "schedule.later", F_STR("scheduleId", row->schedule_id),
                  F_ERR(out->e));
        b->acts->later = true;
    } else if (out->e != NULL) {
        give_up(b->acts, row, due[0], due[1], out);
    } else if (!out->created) { /* its run is there, and what was told of it is forgotten */
        pass_over(b->acts, row, due[0], due[1], 1);
    }
    acts_end(b->acts);
}

static void begin(const struct backfill_one *one, size_t nth, struct control *ctl,
                  struct acts *acts)
{
    const struct store_backfill *row = one->row;
    struct beginning *b = mem_new(struct beginning);

    *b = (struct beginning){acts, one, nth};
    acts_begin(acts);
    fire_by_itself(ctl,
                   &(struct fire_name){"backfill:", row->backfill_id, row->reason, row->ticket},
                   &one->schedule.rows[0],
                   &(struct api_firing){.schedule_id = row->schedule_id,
                                        .due_us = one->due[nth],
                                        .again = true,
                                        .backfill_id = row->backfill_id,
                                        .backfill_next_us = one->due[nth + 1]},
                   false, started, b);
}

void backfills_act(struct backfills_look *look, struct control *ctl, struct acts *acts,
                   bool (*is_held)(void *arg, const char *tenant), void *arg)
{
    count_runs(look, acts);
    for (size_t i = 0; i < look->count; i++) {
        const struct backfill_one *one = &look->ones[i];

        if (one->skipped > 0)
            pass_over(acts, one->row, one->row->next_due_us, one->due[0], one->skipped);
        for (size_t k = 0; k < one->begins && !is_held(arg, one->row->tenant); k++)
            begin(one, k, ctl, acts);
    }
}
