/* due.c -- see due.h. */
#include "engine/schedules/due.h"

#include "base/mem.h"
#include "model/schedule/due_words.h"
#include "model/schedule/overlap.h"

#include <string.h>

/* Whoever moves the clock, or another host's client, is seen within it. */
#define HORIZON_US (24LL * 3600 * 1000000)

/* What stands against firing it. */
static bool weigh(struct store_reader *reader, struct due_one *one, struct err *e)
{
    const struct store_schedule *row = one->row;
    enum overlap overlap;
    const char *reason;
    struct store_due due;

    if (!store_read_due(reader, row, one->plan.fires[0], &due, e))
        return false;
    if (one->queued) { /* it is known, and the first of those that are queued */
        due.known = false;
        due.queued = 0;
    }
    one->known = due.known;
    overlap =
        overlap_decide(row->overlap_policy, due.goes_on, due.queued, STORE_QUEUED_MAX, &reason);
    if (due.dag != STORE_DAG_STARTS)
        reason = due.dag == STORE_DAG_IS_DISABLED ? "dag_disabled" : "dag_deleted";
    one->skipped = reason;
    one->waits = due.dag == STORE_DAG_STARTS && overlap == OVERLAP_QUEUES;
    one->cancels = overlap == OVERLAP_CANCELS;
    return true;
}

static bool plan_one(const struct due_look *look, struct due_one *one, struct err *e)
{
    const struct store_schedule *row = one->row;
    auto_done(due_read) due = {0};

    if (!due_kept_read(row->rule_kind, row->rule, row->timezone, row->dst_policy, row->anchor_us,
                       &due, e))
        return false;
    plan_make(&(struct plan_of){.rule = &due.rule,
                                .name = row->schedule_id,
                                .jitter_s = row->jitter_s,
                                .waits_us = row->next_due_us,
                                .keep = plan_keep(row->missed_policy, row->missed_max),
                                .overlap = strcmp(row->overlap_policy, "allow") == 0,
                                .grace_us = look->grace_us,
                                .now_us = look->now_us},
              &one->plan);
    return true;
}

static bool add_one(struct due_look *look, const struct store_schedule *row,
                    struct store_reader *reader)
{
    struct due_one *one = &look->ones[look->count++];
    struct err e = {0};

    *one = (struct due_one){.row = row};
    one->unread = !plan_one(look, one, &e);
    if (one->unread)
        return true;
    return one->plan.fire_count == 0 || weigh(reader, one, &look->e);
}

/* The first that is queued; none any more, where it was deleted meanwhile. */
static bool add_queued(struct due_look *look, const struct store_schedule *row,
                       struct store_reader *reader)
{
    struct due_one *one = &look->ones[look->count];
    auto_done(store_firing_list) first = {0};

    if (!store_read_firing_queued(reader, row->tenant, row->schedule_id, &first, &look->e))
        return false;
    if (first.count == 0)
        return true;
    *one = (struct due_one){.row = row,
                            .queued = true,
                            .plan = {.fires = {first.rows[0].due_us}, .fire_count = 1}};
    look->count++;
    return weigh(reader, one, &look->e);
}

static bool look_at_queued(struct due_look *look, struct store_reader *reader)
{
    for (size_t i = 0; i < look->queued.count; i++) {
        if (!add_queued(look, &look->queued.rows[i], reader))
            return false;
    }
    return true;
}

void due_look(struct due_look *look, struct store_reader *reader)
{
    if (!store_read_firings_wait(reader, &look->wait, &look->e) ||
        (look->wait && !store_read_schedules_queued(reader, DUE_ROWS, &look->queued, &look->e)) ||
        !store_read_schedules_next(reader, look->now_us + HORIZON_US, DUE_ROWS, &look->rows,
                                   &look->e))
        return;
    look->ones = mem_array(look->rows.count + look->queued.count + 1, struct due_one);
    if (!look_at_queued(look, reader))
        return;
    look->more = look->rows.count == DUE_ROWS;
    for (size_t i = 0; i < look->rows.count; i++) {
        const struct store_schedule *row = &look->rows.rows[i];

        if (row->next_fire_us > look->now_us) {
            look->next_us = row->next_fire_us;
            look->more = false;
            return;
        }
        if (!add_one(look, row, reader))
            return;
    }
}

void due_look_done(struct due_look *look)
{
    store_schedule_list_done(&look->rows);
    store_schedule_list_done(&look->queued);
    free(look->ones);
    *look = (struct due_look){0};
}
