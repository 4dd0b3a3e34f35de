/* due.c -- see due.h. */
#include "engine/schedules/due.h"

#include "base/mem.h"
#include "model/schedule/due_words.h"

#include <string.h>

/* Whoever moves the clock, or another host's client, is seen within it. */
#define HORIZON_US (24LL * 3600 * 1000000)

/* The run that it started last goes on. */
static bool busy(struct store_reader *reader, const struct store_schedule *row, bool *ret,
                 struct err *e)
{
    auto_done(store_run_list) runs = {0};

    *ret = false;
    if (row->last_run_id == NULL || strcmp(row->overlap_policy, "allow") == 0)
        return true;
    if (!store_read_run_head(reader, row->tenant, row->last_run_id, &runs, e)) {
        if (e->code != ERR_NOT_FOUND)
            return false;
        *e = (struct err){0};
        return true;
    }
    *ret = runs.rows[0].completed_us == 0;
    return true;
}

/* What stands against firing it. */
static bool weigh(struct store_reader *reader, struct due_one *one, struct err *e)
{
    const struct store_schedule *row = one->row;
    auto_done(store_firing_list) before = {0};
    enum store_dag_stands stands;
    bool overlaps;

    if (!store_read_firing(reader, row->tenant, row->schedule_id, one->plan.fires[0], &before, e) ||
        !store_read_dag_stands(reader, row->tenant, row->dag_id, row->dag_version, &stands, e) ||
        !busy(reader, row, &overlaps, e))
        return false;
    one->known = before.count > 0;
    if (stands != STORE_DAG_STARTS)
        one->skipped = stands == STORE_DAG_IS_DISABLED ? "dag_disabled" : "dag_deleted";
    else if (overlaps && strcmp(row->overlap_policy, "skip") == 0)
        one->skipped = "overlap";
    one->cancels = overlaps && strcmp(row->overlap_policy, "cancel-previous") == 0;
    return true;
}

static bool plan_one(const struct due_look *look, struct due_one *one, struct err *e)
{
    const struct store_schedule *row = one->row;
    const struct due_words words =
        due_words_kept(row->rule_kind, row->rule, row->timezone, row->dst_policy);
    auto_done(due_read) due = {0};
    const char *code;

    if (!due_words_read(&words, row->anchor_us, &due, &code, e))
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
