/* schedule_steps.c -- see schedule_steps.h. */
#include "schedule_steps.h"

#include "engine/control/control.h"
#include "engine/schedules/keep.h"

#include <string.h>

int64_t anchor_us;

struct store_schedule every_minute(void)
{
    anchor_us = rig_wall_us;
    return (struct store_schedule){.tenant = RIG_TENANT,
                                   .schedule_id = ID,
                                   .dag_id = "chain",
                                   .rule_kind = "every",
                                   .rule = "1m",
                                   .timezone = "UTC",
                                   .dst_policy = "shift",
                                   .missed_policy = "last",
                                   .overlap_policy = "allow",
                                   .inputs = "{}",
                                   .missed_max = 10,
                                   .anchor_us = anchor_us,
                                   .next_due_us = anchor_us + EVERY_US,
                                   .next_fire_us = anchor_us + EVERY_US,
                                   .created_us = anchor_us,
                                   .updated_us = anchor_us};
}

void put_schedule(const struct store_schedule *row)
{
    struct rig_answer answer = {0};

    publish_chain();
    keep_put(engine_control(rig.engine)->schedules, &rig_actor, row, rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_uint_eq(answer.told, 1);
}

void check_firings(const char *want)
{
    auto_done(store_firing_list) rows = {0};
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_assert(store_read_firings(rig.reader, RIG_TENANT, ID, (struct store_page){.size = 100},
                                 &rows, &e));
    for (size_t i = rows.count; i-- > 0;) {
        const struct store_firing *f = &rows.rows[i];

        ck_assert_int_eq(f->run_id != NULL, strcmp(f->outcome, "fired") == 0);
        buf_addf(&text, "%s%lld %s%s%s", text.len > 0 ? ", " : "",
                 (long long)((f->due_us - anchor_us) / EVERY_US), f->outcome,
                 strcmp(f->outcome, "skipped") == 0 ? " " : "",
                 strcmp(f->outcome, "skipped") == 0 ? f->reason : "");
    }
    ck_assert_str_eq(buf_text(&text), want);
}

size_t runs_there(void)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    ck_assert(store_read_runs(rig.reader, &(struct store_run_filter){.tenant = RIG_TENANT},
                              (struct store_page){.size = 100}, &rows, &e));
    return rows.count;
}

void pass_minutes(int count)
{
    for (int i = 0; i < count; i++) {
        rig_pass(MINUTE);
        rig_settle(&rig);
    }
}

void be_away_for(int64_t minutes)
{
    rig_pass(minutes * MINUTE + 30 * RIG_S);
    rig_settle(&rig);
}

void run_ends(void)
{
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    rig_settle(&rig);
    rig_pass(RIG_S);
    rig_settle(&rig);
}
