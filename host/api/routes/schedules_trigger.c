/* schedules_trigger.c -- a due time of a schedule is reached by hand (LANES_KIT.md 12). */
#include "api/routes/handlers.h"
#include "api/routes/schedules.h"
#include "base/clock.h"
#include "base/mem.h"
#include "model/schedule/overlap.h"

/* What is known of the due time, as a thread reads it. */
struct trigger {
    struct store_schedule_list rows;
    int64_t due_us;
    struct store_due due;
    const char *code;
};

static void trigger_free(void *arg)
{
    struct trigger *t = arg;

    store_schedule_list_done(&t->rows);
    free(t);
}

static bool due_said(const struct api_request *req, int64_t *ret, struct err *e)
{
    const char *due = json_text_of(req->json, "dueUtc");

    return clock_parse(due, ret) ||
           err_set(e, ERR_INVALID, "dueUtc: '%.64s' is no time of RFC 3339", due);
}

/* The request is completed by what it did not give, so that its answer can name it. */
static bool due_of(struct api_request *req, int64_t *ret, struct err *e)
{
    char text[DUE_TEXT_BYTES];
    const char *due = NULL;

    if (req->json != NULL && !json_get_str(req->json, "dueUtc", NULL, &due, e))
        return false;
    *ret = clock_wall_us();
    if (due != NULL)
        return due_said(req, ret, e);
    if (req->json == NULL)
        req->json = json_object();
    due_utc_text(&(struct due){.utc_us = *ret}, text);
    json_object_set_new(req->json, "dueUtc", json_string(text));
    return true;
}

/* ---- the answer ---- */

static bool make_firing(const struct api_request *req, struct store_reader *reader,
                        struct made *made, struct err *e)
{
    auto_done(store_firing_list) rows = {0};
    int64_t due_us = 0;

    if (!due_said(req, &due_us, e) ||
        !store_read_firing(reader, req->who.tenant, api_param(req, "scheduleId"), due_us, &rows, e))
        return false;
    if (rows.count == 0)
        return err_set(e, ERR_NOT_FOUND, "the firing went with its schedule");
    firing_view(&made->body, &rows.rows[0]);
    return true;
}

static void reply(struct api_request *req, int status)
{
    api_reply_made(req, &(struct make){.fn = make_firing, .status = status, .owed = true});
}

/* A conflict: whoever reached it meanwhile started nothing, or the DAG was disabled. */
static void on_over(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        reply(request_of(arg), out->created ? 201 : 200);
}

static void on_queued(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        reply(request_of(arg), 202);
}

/* ---- what it comes to ---- */

/* On a thread. */
static bool look(const struct api_request *req, void *arg, struct store_reader *reader,
                 struct err *e)
{
    struct trigger *t = arg;
    const struct store_schedule *row;

    if (!schedule_read(req, reader, &t->rows, &t->code, e))
        return false;
    row = &t->rows.rows[0];
    if (!store_read_due(reader, row, t->due_us, &t->due, e))
        return false;
    if (t->due.known || t->due.dag == STORE_DAG_STARTS)
        return true;
    return err_set(e, ERR_CONFLICT, "DAG '%s' is %s: it starts no run", row->dag_id,
                   t->due.dag == STORE_DAG_IS_DISABLED ? "disabled" : "deleted");
}

static void note(struct api_request *req, const struct trigger *t, const char *outcome,
                 const char *reason, api_done_fn done)
{
    const struct store_schedule *row = &t->rows.rows[0];
    const struct api_engine *engine = req->server->opt.engine;

    engine->schedule_note(engine->arg,
                          &(struct store_firing){.tenant = row->tenant,
                                                 .schedule_id = row->schedule_id,
                                                 .due_us = t->due_us,
                                                 .outcome = outcome,
                                                 .reason = reason},
                          done, req);
}

static void fire(struct api_request *req, const struct trigger *t, bool cancels)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->schedule_fire(engine->arg, &who, &t->rows.rows[0], t->due_us, cancels, on_over, req);
}

static void act(struct api_request *req, const struct trigger *t)
{
    const char *reason;
    enum overlap overlap = overlap_decide(t->rows.rows[0].overlap_policy, t->due.goes_on,
                                          t->due.queued, STORE_QUEUED_MAX, &reason);

    if (overlap == OVERLAP_SKIPS)
        note(req, t, "skipped", reason, on_over);
    else if (overlap == OVERLAP_QUEUES)
        note(req, t, "queued", reason, on_queued);
    else
        fire(req, t, overlap == OVERLAP_CANCELS);
}

static void looked(struct api_request *req, void *arg, const struct err *e)
{
    struct trigger *t = arg;

    if (e != NULL)
        api_reply_error(req, e, t->code);
    else if (t->due.known)
        reply(req, 200);
    else
        act(req, t);
    trigger_free(t);
}

void schedule_trigger_op(struct api_request *req)
{
    struct trigger *t;
    int64_t due_us;
    struct err e = {0};

    if (!due_of(req, &due_us, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    t = mem_new(struct trigger);
    t->due_us = due_us;
    api_read(req, &(struct read){look, looked, trigger_free, t, false});
}
