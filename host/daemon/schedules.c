/* schedules.c -- see schedules.h. */
#include "daemon/schedules.h"

#include "daemon/host.h"
#include "engine/control/control.h"
#include "engine/engine.h"
#include "engine/schedules/fire.h"
#include "engine/schedules/keep.h"

static struct schedules *schedules_of(void *arg)
{
    return engine_control(((struct host *)arg)->engine)->schedules;
}

static void schedule_put(void *arg, const struct api_actor *who,
                         const struct store_schedule *schedule, api_done_fn done, void *done_arg)
{
    keep_put(schedules_of(arg), who, schedule, done, done_arg);
}

static void schedule_pause(void *arg, const struct api_actor *who,
                           const struct store_schedule_move *move, api_done_fn done, void *done_arg)
{
    keep_pause(schedules_of(arg), who, move, done, done_arg);
}

static void schedule_delete(void *arg, const struct api_actor *who, const char *schedule_id,
                            api_done_fn done, void *done_arg)
{
    keep_delete(schedules_of(arg), who, schedule_id, done, done_arg);
}

static void schedule_fire(void *arg, const struct api_actor *who,
                          const struct store_schedule *schedule, int64_t due_us, bool cancels,
                          api_done_fn done, void *done_arg)
{
    fire_due(engine_control(((struct host *)arg)->engine), who, schedule,
             &(struct api_firing){.schedule_id = schedule->schedule_id, .due_us = due_us}, cancels,
             done, done_arg);
}

static void schedule_note(void *arg, const struct store_firing *firing, api_done_fn done,
                          void *done_arg)
{
    keep_note(schedules_of(arg), firing, done, done_arg);
}

static void backfill_put(void *arg, const struct api_actor *who,
                         const struct store_backfill *backfill, api_done_fn done, void *done_arg)
{
    keep_backfill(schedules_of(arg), who, backfill, done, done_arg);
}

static void backfill_mark(void *arg, const struct api_actor *who,
                          const struct store_backfill_mark *mark, api_done_fn done, void *done_arg)
{
    keep_mark(schedules_of(arg), who, mark, done, done_arg);
}

void schedules_serve(struct api_engine *engine)
{
    engine->schedule_put = schedule_put;
    engine->schedule_pause = schedule_pause;
    engine->schedule_delete = schedule_delete;
    engine->schedule_fire = schedule_fire;
    engine->schedule_note = schedule_note;
    engine->backfill_put = backfill_put;
    engine->backfill_mark = backfill_mark;
}
