/* letters_replay.c -- a dead task is made another one, by its lane as it is now (LANES_KIT.md 5).
 * The original stays as it is, but that its letter names the new one. */
#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "api/routes/letters.h"
#include "api/routes/tasks.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

enum { REPLAY_PRIORITY = 10 };

int32_t letter_replay_priority(const struct store_dead_letter *row)
{
    return (int32_t)(row->priority > REPLAY_PRIORITY ? row->priority : REPLAY_PRIORITY);
}

bool letter_payload(struct store_reader *reader, const char *tenant, const char *id, json_t **ret,
                    size_t *bytes, struct err *e)
{
    auto_done(store_run_list) runs = {0};
    const char *input;

    if (!store_read_run(reader, tenant, id, &runs, e))
        return false;
    input = runs.rows[0].input;
    *bytes += strlen(input);
    return json_parse(input, strlen(input), &json_limits_default, ret, NULL, e);
}

struct replaying {
    struct api_request *req; /* which keeps it until its answer is made */
    struct store_dead_letter_list letter;
    json_t *payload;
    const char *reason;
    struct task_accepted accepted;
    const char *code;
};

static void replaying_free(void *arg)
{
    struct replaying *r = arg;

    store_dead_letter_list_done(&r->letter);
    json_decref(r->payload);
    free(r->accepted.run_id);
    free(r);
}

static bool make_replayed(const struct api_request *req, struct store_reader *reader,
                          struct made *made, struct err *e)
{
    const struct replaying *r = made->arg;

    jw_open(&made->body, NULL, '{');
    if (!task_add_accepted(reader, req->who.tenant, &r->accepted, &made->body, e))
        return false;
    jw_str(&made->body, "replayOf", r->letter.rows[0].task_id);
    jw_close(&made->body, '}');
    return true;
}

static void on_replayed(void *arg, const struct api_outcome *out)
{
    struct replaying *r = arg;
    struct api_request *req = request_of(r->req);
    const char *code;
    struct err e = {0};

    if (out->e != NULL) {
        task_refusal(out, &e, &code);
        api_reply_error(req, &e, code);
        return;
    }
    task_accept(req, out, &r->accepted);
    (void)take(req->kept); /* the answer's from here on */
    api_reply_made(req, &(struct make){.fn = make_replayed,
                                       .status = out->created ? 202 : 200,
                                       .arg = r,
                                       .free = replaying_free,
                                       .owed = true});
}

static bool read_letter(const struct api_request *req, void *arg, struct store_reader *reader,
                        struct err *e)
{
    struct replaying *r = arg;
    const char *id = api_param(req, "deadLetterId");
    size_t bytes = 0;

    return letter_read(reader, req->who.tenant, id, &r->letter, &r->code, e) &&
           letter_payload(reader, req->who.tenant, id, &r->payload, &bytes, e);
}

static void replay(struct api_request *req, void *arg, const struct err *e)
{
    struct replaying *r = arg;
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);
    struct api_task what = {.payload = r->payload};
    char made[TASK_ID_MADE_BYTES];

    if (e != NULL) {
        api_reply_error(req, e, r->code);
        replaying_free(r);
        return;
    }
    req->kept = r;
    req->kept_free = replaying_free;
    what.lane = r->letter.rows[0].lane;
    what.priority = letter_replay_priority(&r->letter.rows[0]);
    what.replay_of = r->letter.rows[0].dead_letter_id;
    who.reason = r->reason;
    task_name(req, 0, &what, made);
    engine->task_enqueue(engine->arg, &who, &what, on_replayed, r);
}

void letter_replay_op(struct api_request *req)
{
    struct replaying *r;
    const char *reason;
    struct err e = {0};

    if (!letter_reason(req->json, &reason, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    r = mem_new(struct replaying);
    r->req = req;
    r->reason = reason;
    api_read(req, &(struct read){read_letter, replay, replaying_free, r, false});
}
