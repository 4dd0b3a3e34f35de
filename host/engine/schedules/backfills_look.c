/* backfills_look.c -- what a look at backfills finds. See backfills.h. */
#include "engine/schedules/backfills.h"

#include "base/mem.h"
#include "model/schedule/due_words.h"

#include <string.h>

enum { ROWS = 100 };

/* ---- runs that ended ---- */

/* One that is gone was not seen to complete. */
static bool look_at_run(struct store_reader *reader, const struct store_backfill_run *row,
                        bool *ret_well, struct err *e)
{
    auto_done(store_run_list) runs = {0};
    struct err missing = {0};

    *ret_well = false;
    if (store_read_run_head(reader, row->tenant, row->run_id, &runs, &missing)) {
        *ret_well = runs.rows[0].status == STORE_RUN_COMPLETED;
        return true;
    }
    if (missing.code == ERR_NOT_FOUND)
        return true;
    *e = missing;
    return false;
}

static bool look_at_runs(struct backfills_look *look, struct store_reader *reader, struct err *e)
{
    if (!store_read_backfill_runs_over(reader, ROWS, &look->over, e))
        return false;
    look->well = mem_array(look->over.count + 1, bool);
    for (size_t i = 0; i < look->over.count; i++) {
        if (!look_at_run(reader, &look->over.rows[i], &look->well[i], e))
            return false;
    }
    return true;
}

/* ---- what may be begun ---- */

/* True in *ret: it has its run, or waits for one. */
static bool is_reached(struct store_reader *reader, const struct store_backfill *row,
                       int64_t due_us, bool *ret, struct err *e)
{
    auto_done(store_firing_list) rows = {0};

    if (!store_read_firing(reader, row->tenant, row->schedule_id, due_us, &rows, e))
        return false;
    *ret = rows.count > 0 && (strcmp(rows.rows[0].outcome, "fired") == 0 ||
                              strcmp(rows.rows[0].outcome, "queued") == 0);
    return true;
}

static int64_t behind(const struct due_rule *rule, const struct store_backfill *row, int64_t due_us)
{
    struct due d;

    return due_next(rule, due_us, &d) && d.utc_us <= row->to_us ? d.utc_us : 0;
}

/* Either due times to skip, or some to begin: one batch or start a due time, in their order. */
static bool walk(struct backfill_one *one, const struct due_rule *rule, size_t room,
                 struct store_reader *reader, struct err *e)
{
    int64_t due_us = one->row->next_due_us;

    while (due_us != 0 && one->begins < room && one->skipped < BACKFILL_SKIPS_MAX) {
        bool reached;

        if (!is_reached(reader, one->row, due_us, &reached, e))
            return false;
        if (reached ? one->begins > 0 : one->skipped > 0)
            break;
        if (reached)
            one->skipped++;
        else
            one->due[one->begins++] = due_us;
        due_us = behind(rule, one->row, due_us);
    }
    one->due[one->begins] = due_us;
    return true;
}

/* Nothing is begun of one whose schedule goes, whose rule cannot be read, or whose DAG starts no
 * run: what GET of it says. */
static bool look_at(struct backfill_one *one, struct store_reader *reader, struct err *e)
{
    const struct store_backfill *row = one->row;
    auto_done(due_read) due = {0};
    enum store_dag_stands stands;
    const struct store_schedule *schedule;
    struct err unread = {0};
    int64_t open;
    size_t room;

    if (!store_read_schedule(reader, row->tenant, row->schedule_id, &one->schedule, &unread)) {
        if (unread.code != ERR_NOT_FOUND)
            *e = unread;
        return unread.code == ERR_NOT_FOUND;
    }
    schedule = &one->schedule.rows[0];
    if (!store_read_dag_stands(reader, row->tenant, schedule->dag_id, schedule->dag_version,
                               &stands, e) ||
        !store_read_backfill_runs(reader, row->tenant, row->backfill_id, &open, e))
        return false;
    if (stands != STORE_DAG_STARTS || open >= row->max_parallel ||
        !due_kept_read(schedule->rule_kind, schedule->rule, schedule->timezone,
                       schedule->dst_policy, schedule->anchor_us, &due, &unread))
        return true;
    room = (size_t)(row->max_parallel - open);
    return walk(one, &due.rule, room < BACKFILL_BEGINS_MAX ? room : BACKFILL_BEGINS_MAX, reader, e);
}

void backfills_look(struct backfills_look *look, struct store_reader *reader, struct err *e)
{
    *look = (struct backfills_look){0};
    if (!store_read_backfills_wait(reader, &look->wait, e) || !look->wait)
        return;
    if (!look_at_runs(look, reader, e) || !store_read_backfills_begin(reader, ROWS, &look->rows, e))
        return;
    look->ones = mem_array(look->rows.count + 1, struct backfill_one);
    for (size_t i = 0; i < look->rows.count; i++) {
        struct backfill_one *one = &look->ones[look->count++];

        *one = (struct backfill_one){.row = &look->rows.rows[i]};
        if (!look_at(one, reader, e))
            return;
    }
}

bool backfills_look_found(const struct backfills_look *look)
{
    bool found = look->over.count > 0;

    for (size_t i = 0; i < look->count; i++)
        found |= look->ones[i].begins > 0 || look->ones[i].skipped > 0;
    return found;
}

void backfills_look_done(struct backfills_look *look)
{
    for (size_t i = 0; i < look->count; i++)
        store_schedule_list_done(&look->ones[i].schedule);
    free(look->ones);
    free(look->well);
    store_backfill_run_list_done(&look->over);
    store_backfill_list_done(&look->rows);
    *look = (struct backfills_look){0};
}
