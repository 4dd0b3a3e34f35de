/* due.c -- see due.h. */
#include "engine/schedules/due.h"

#include "base/mem.h"
#include "model/schedule/due_words.h"

#include <string.h>

/* Whoever moves the clock, or another host's client, is seen within it. */
#define HORIZON_US (24LL * 3600 * 1000000)

/* What stands against firing it. */
static bool weigh(struct store_reader *reader, struct due_one *one, struct err *e)
{
    const struct store_schedule *row = one->row;
    struct store_due due;

    if (!store_read_due(reader, row, one->plan.fires[0], &due, e))
        return false;
    one->known = due.known;
    if (due.dag != STORE_DAG_STARTS)
        one->skipped = due.dag == STORE_DAG_IS_DISABLED ? "dag_disabled" : "dag_deleted";
    else if (due.goes_on && strcmp(row->overlap_policy, "skip") == 0)
        one->skipped = "overlap";
    one->cancels = due.goes_on && strcmp(row->overlap_policy, "cancel-previous") == 0;
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

void due_look(struct due_look *look, struct store_reader *reader)
{
    if (!store_read_schedules_next(reader, look->now_us + HORIZON_US, DUE_ROWS, &look->rows,
                                   &look->e))
        return;
    look->ones = mem_array(look->rows.count + 1, struct due_one);
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
    free(look->ones);
    *look = (struct due_look){0};
}
