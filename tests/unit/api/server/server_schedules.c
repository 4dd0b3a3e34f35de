/* server_schedules.c -- the test engine's schedules: kept in the store, fired when a test says so;
 * see server_engine.h. */
#include "server_engine.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/rows.h"

#include <string.h>

static void schedule_put(void *arg, const struct api_actor *who,
                         const struct store_schedule *schedule, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    (void)who;
    store_batch_schedule_put(batch, schedule);
    server_commit(arg, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.schedule_id = schedule->schedule_id});
}

static void schedule_pause(void *arg, const struct api_actor *who,
                           const struct store_schedule_move *move, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    (void)who;
    store_batch_schedule_pause(batch, move);
    server_commit(arg, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.schedule_id = move->schedule_id});
}

static void schedule_delete(void *arg, const struct api_actor *who, const char *schedule_id,
                            api_done_fn done, void *done_arg)
{
    struct server *s = arg;
    auto_done(store_schedule_list) rows = {0};
    struct store_batch *batch;
    struct err e = {0};

    if (!store_read_schedule(s->reader, who->tenant, schedule_id, &rows, &e)) {
        server_fail(done, done_arg, e.code, NULL, "no such schedule");
        return;
    }
    batch = store_batch_new();
    store_batch_schedule_delete(batch, who->tenant, schedule_id);
    server_commit(s, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.schedule_id = schedule_id});
}

static void schedule_note(void *arg, const struct store_firing *firing, api_done_fn done,
                          void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_firing_note(batch, firing);
    server_commit(arg, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.schedule_id = firing->schedule_id});
}

/* A firing whose run is being started. */
struct firing {
    struct server *server;
    const struct store_schedule *schedule;
    int64_t due_us;
    api_done_fn done;
    void *done_arg;
};

static void on_started(void *arg, const struct api_outcome *out)
{
    const struct firing *f = arg;
    const struct store_schedule *schedule = f->schedule;
    struct store_batch *batch;

    if (out->e == NULL) {
        batch = store_batch_new();
        store_batch_schedule_move(batch, &(struct store_schedule_move){.tenant = schedule->tenant,
                                                                       .schedule_id =
                                                                           schedule->schedule_id,
                                                                       .run_id = out->run_id});
        store_batch_firing_put(batch, &(struct store_firing){.tenant = schedule->tenant,
                                                             .schedule_id = schedule->schedule_id,
                                                             .due_us = f->due_us,
                                                             .fired_us = clock_wall_us(),
                                                             .run_id = out->run_id,
                                                             .outcome = "fired"});
        server_commit(f->server, batch, NULL, 0);
    }
    f->done(f->done_arg, out);
}

static void on_cancelled(void *arg, const struct api_outcome *out)
{
    (void)arg;
    (void)out;
}

/* The run starts at once: its inputs have no delay_ms. */
static void schedule_fire(void *arg, const struct api_actor *who,
                          const struct store_schedule *schedule, int64_t due_us, bool cancels,
                          api_done_fn done, void *done_arg)
{
    auto_json inputs = json_loads(schedule->inputs, 0, NULL);
    struct firing f = {arg, schedule, due_us, done, done_arg};

    if (cancels)
        server_run_cancel(arg, who, schedule->last_run_id, on_cancelled, NULL);
    server_run_start(arg, who,
                     &(struct api_run_start){.dag_id = schedule->dag_id, .inputs = inputs},
                     on_started, &f);
}

static void backfill_put(void *arg, const struct api_actor *who,
                         const struct store_backfill *backfill, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    (void)who;
    store_batch_backfill_put(batch, backfill);
    server_commit(arg, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.schedule_id = backfill->backfill_id});
}

static void backfill_mark(void *arg, const struct api_actor *who,
                          const struct store_backfill_mark *mark, api_done_fn done, void *done_arg)
{
    struct server *s = arg;
    auto_done(store_backfill_list) rows = {0};
    struct store_batch *batch;
    struct err e = {0};

    if (!store_read_backfill(s->reader, who->tenant, mark->backfill_id, &rows, &e) ||
        strcmp(rows.rows[0].status, "cancelled") == 0) {
        server_fail(done, done_arg, ERR_CONFLICT, NULL, "the backfill is over");
        return;
    }
    batch = store_batch_new();
    store_batch_backfill_mark(batch, mark);
    server_commit(s, batch, NULL, 0);
    done(done_arg, &(struct api_outcome){.schedule_id = mark->backfill_id});
}

void server_schedules_serve(struct api_engine *engine)
{
    engine->schedule_put = schedule_put;
    engine->schedule_pause = schedule_pause;
    engine->schedule_delete = schedule_delete;
    engine->schedule_fire = schedule_fire;
    engine->schedule_note = schedule_note;
    engine->backfill_put = backfill_put;
    engine->backfill_mark = backfill_mark;
}
