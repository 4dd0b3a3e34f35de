/* letters_replay_many.c -- many dead tasks are made others, by what they have in common.
 *
 * Letters are found first, then made tasks, some at a time: so many payloads are held at once, the
 * loop goes on between them, and the store puts those that come together into one commit. What was
 * replayed is not replayed again: a request that was cut off, or that left some, is said again and
 * goes on behind what it did. */
#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "api/routes/letters.h"
#include "api/routes/tasks.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "lanes/lanes.h"

#include <string.h>

enum { SAMPLE_MAX = 5, SOME_MAX = 32, SOME_BYTES_MAX = 4 * 1024 * 1024 };

struct replays;

/* A letter, and what became of it. */
struct replay {
    struct replays *owner;
    char *dead_letter_id, *task_id, *lane;
    int32_t priority;
    json_t *payload; /* while it is on its way */
    char new_task_id[UUID_TEXT_BYTES];
    char *run_id;    /* NULL: it was not replayed */
    json_t *problem; /* why not */
};

struct replays {
    struct api_request *req; /* which keeps it from the first one on */
    struct letter_filter filter;
    const char *reason;
    int64_t priority, limit; /* 0: as each had */
    bool preview;
    int64_t found;
    struct buf sample; /* of a preview */
    struct replay *all;
    size_t count, cap;
    size_t begun, read; /* of them; the payloads of those between are here */
    size_t on_their_way;
    bool beginning;
};

static void replays_free(void *arg)
{
    struct replays *r = arg;

    for (size_t i = 0; i < r->count; i++) {
        free(r->all[i].dead_letter_id);
        free(r->all[i].task_id);
        free(r->all[i].lane);
        free(r->all[i].run_id);
        json_decref(r->all[i].payload);
        json_decref(r->all[i].problem);
    }
    free(r->all);
    buf_done(&r->sample);
    free(r);
}

/* The request keeps it. */
static void is_kept(void *arg)
{
    (void)arg;
}

/* ---- which ---- */

static void add_sample(struct replays *r, const struct store_dead_letter *row)
{
    jw_open(&r->sample, NULL, '{');
    letter_view(&r->sample, row);
    jw_close(&r->sample, '}');
}

static void add_replay(struct replays *r, const struct store_dead_letter *row)
{
    if (r->count == r->cap) {
        r->cap = r->cap > 0 ? 2 * r->cap : SOME_MAX;
        r->all = mem_resize(r->all, r->cap, sizeof *r->all);
    }
    r->all[r->count++] = (struct replay){
        .owner = r,
        .dead_letter_id = mem_str(row->dead_letter_id),
        .task_id = mem_str(row->task_id),
        .lane = mem_str(row->lane),
        .priority = r->priority > 0 ? (int32_t)r->priority : letter_replay_priority(row),
    };
}

static bool add(void *arg, const struct store_dead_letter *row)
{
    struct replays *r = arg;

    if (*row->replayed_by != '\0')
        return true;
    r->found++;
    if (!r->preview)
        add_replay(r, row);
    else if (r->found <= SAMPLE_MAX)
        add_sample(r, row);
    return r->preview || r->found < r->limit;
}

static bool find(const struct api_request *req, void *arg, struct store_reader *reader,
                 struct err *e)
{
    struct replays *r = arg;

    return letters_each(reader, req->who.tenant, &r->filter, add, r, e);
}

/* ---- the answers ---- */

static void reply_preview(struct replays *r)
{
    struct buf body = {0};

    jw_open(&body, NULL, '{');
    jw_bool(&body, "preview", true);
    jw_int(&body, "count", r->found);
    jw_open(&body, "sample", '[');
    buf_add(&body, r->sample.data, r->sample.len);
    jw_close(&body, ']');
    jw_close(&body, '}');
    api_reply_text(r->req, 200, &body);
}

static json_t *replay_owned(const struct replay *one)
{
    return json_pack("{s:s, s:s, s:s*, s:s*, s:O*}", "deadLetterId", one->dead_letter_id, "taskId",
                     one->task_id, "newTaskId", one->run_id != NULL ? one->new_task_id : NULL,
                     "runId", one->run_id, "error", json_object_get(one->problem, "error"));
}

static void reply(struct replays *r)
{
    json_t *replayed = json_array();
    json_t *refused = json_array();
    json_t *body;

    for (size_t i = 0; i < r->count; i++)
        json_array_append_new(r->all[i].run_id != NULL ? replayed : refused,
                              replay_owned(&r->all[i]));
    body = json_pack("{s:I, s:o, s:o}", "count", (json_int_t)json_array_size(replayed), "replayed",
                     replayed, "refused", refused);
    api_reply_json(r->req, 202, &body);
}

/* ---- some behind the others ---- */

static void go_on(struct replays *r);

static void on_enqueued(void *arg, const struct api_outcome *out)
{
    struct replay *one = arg;
    struct replays *r = one->owner;
    const struct api_request *req = request_of(r->req);
    struct problem problem = {.instance = req->head.path, .trace_id = req->trace.trace_id};
    struct err e = {0};

    json_decref(take(one->payload));
    if (out->e == NULL) {
        one->run_id = mem_str(out->run_id);
    } else {
        task_refusal(out, &e, &problem.code);
        problem.e = &e;
        one->problem = problem_json_owned(&problem);
    }
    r->on_their_way--;
    go_on(r);
}

static void begin(struct replay *one)
{
    struct replays *r = one->owner;
    const struct api_engine *engine = r->req->server->opt.engine;
    struct api_actor who = api_actor(r->req);

    uuid7(clock_wall_us(), one->new_task_id);
    who.reason = r->reason;
    r->on_their_way++;
    engine->task_enqueue(engine->arg, &who,
                         &(struct api_task){.lane = one->lane,
                                            .task_id = one->new_task_id,
                                            .payload = one->payload,
                                            .priority = one->priority,
                                            .replay_of = one->dead_letter_id},
                         on_enqueued, one);
}

/* One at least. */
static bool read_some(const struct api_request *req, void *arg, struct store_reader *reader,
                      struct err *e)
{
    struct replays *r = arg;
    size_t bytes = 0;

    while (r->read < r->count && r->read - r->begun < SOME_MAX && bytes < SOME_BYTES_MAX) {
        struct replay *one = &r->all[r->read];

        if (!letter_payload(reader, req->who.tenant, one->dead_letter_id, &one->payload, &bytes, e))
            return false;
        r->read++;
    }
    return true;
}

/* The engine may answer during the call, which goes on only behind the last of them. */
static void begin_some(struct api_request *req, void *arg, const struct err *e)
{
    struct replays *r = arg;

    if (e != NULL) {
        api_reply_error(req, e, NULL);
        return;
    }
    r->beginning = true;
    while (r->begun < r->read)
        begin(&r->all[r->begun++]);
    r->beginning = false;
    go_on(r);
}

static void go_on(struct replays *r)
{
    if (r->beginning || r->on_their_way > 0)
        return;
    if (r->begun == r->count)
        reply(r);
    else
        api_read(r->req, &(struct read){read_some, begin_some, is_kept, r, true});
}

static void found(struct api_request *req, void *arg, const struct err *e)
{
    struct replays *r = arg;

    req->kept = r;
    req->kept_free = replays_free;
    if (e != NULL)
        api_reply_error(req, e, NULL);
    else if (r->preview)
        reply_preview(r);
    else
        go_on(r);
}

/* ---- what is said ---- */

static bool read_body(const json_t *body, struct replays *r, struct err *e)
{
    return letter_filter(body, &r->filter, e) &&
           json_get_bool(body, "preview", false, &r->preview, e) &&
           json_get_int(body, "limit", LETTERS_AT_ONCE_MAX, 1, LETTERS_AT_ONCE_MAX, &r->limit, e) &&
           json_get_int(body, "priority", 0, 1, LANE_PRIORITY_MAX, &r->priority, e) &&
           (r->preview || letter_reason(body, &r->reason, e));
}

void letter_replay_many_op(struct api_request *req)
{
    struct replays *r = mem_new(struct replays);
    struct err e = {0};

    r->req = req;
    if (!read_body(req->json, r, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        replays_free(r);
        return;
    }
    api_read(req, &(struct read){find, found, replays_free, r, false});
}
