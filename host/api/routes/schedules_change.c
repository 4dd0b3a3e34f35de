/* schedules_change.c -- schedules are made, paused, resumed, deleted (LANES_KIT.md 12). What a
 * change needs of the store and of the zone's file is read beside the loop. */
#include "api/routes/handlers.h"
#include "api/routes/runs.h"
#include "api/routes/schedules.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/uuid.h"

#include <string.h>

enum { MISSED_MAX_MAX = 1000, JITTER_MAX = 86400, MISSED_DEFAULT = 10 };

/* One that is being made or changed. Its texts are the request's, or its own. */
struct changing {
    struct store_schedule row;
    struct store_schedule_list rows; /* of one that is there */
    struct due_words words;
    char id[UUID_TEXT_BYTES];
    char *inputs;
    const char *code;
    bool paused; /* wanted */
};

static void changing_free(void *arg)
{
    struct changing *c = arg;

    store_schedule_list_done(&c->rows);
    free(c->inputs);
    free(c);
}

static void refuse(struct api_request *req, struct changing *c, const struct err *e)
{
    api_reply_error(req, e, c->code);
    changing_free(c);
}

/* ---- created ---- */

static bool word_of(const json_t *body, const char *name, const char *const *words,
                    const char **ret, struct err *e)
{
    auto_done(buf) known = {0};

    if (!json_get_str(body, name, words[0], ret, e))
        return false;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], *ret) == 0)
            return true;
        buf_addf(&known, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return err_set(e, ERR_INVALID, "%s: '%.32s' is none of %s", name, *ret, buf_text(&known));
}

/* The first of each is what holds where none is given. */
static bool read_policies(const json_t *body, struct store_schedule *row, struct err *e)
{
    static const char *const dst[] = {"shift", "skip", "twice", NULL};
    static const char *const missed[] = {"last", "none", "all", NULL};
    static const char *const overlap[] = {"skip", "allow", "queue", "cancel-previous", NULL};

    return word_of(body, "dstPolicy", dst, &row->dst_policy, e) &&
           word_of(body, "missedPolicy", missed, &row->missed_policy, e) &&
           word_of(body, "overlapPolicy", overlap, &row->overlap_policy, e) &&
           json_get_int(body, "missedMax", MISSED_DEFAULT, 1, MISSED_MAX_MAX, &row->missed_max,
                        e) &&
           json_get_int(body, "jitterSeconds", 0, 0, JITTER_MAX, &row->jitter_s, e) &&
           json_get_bool(body, "paused", false, &row->paused, e);
}

static bool read_rule(const json_t *body, struct changing *c, struct err *e)
{
    struct due_words *words = &c->words;

    if (!json_get_str(body, "cron", NULL, &words->cron, e) ||
        !json_get_str(body, "every", NULL, &words->every, e) ||
        !json_get_str(body, "at", NULL, &words->at, e) ||
        !json_get_str(body, "timezone", "UTC", &words->timezone, e))
        return false;
    c->row.timezone = words->timezone;
    c->row.rule_kind = words->cron != NULL ? "cron" : words->every != NULL ? "every" : "at";
    c->row.rule = words->cron != NULL ? words->cron : words->every;
    if (c->row.rule == NULL)
        c->row.rule = words->at != NULL ? words->at : "";
    return true;
}

static bool read_body(const struct api_request *req, struct changing *c, struct err *e)
{
    auto_json empty = json_object();
    const json_t *inputs;

    c->code = "FIELD_INVALID";
    if (!json_get_str(req->json, "dagId", "", &c->row.dag_id, e) ||
        !json_get_str(req->json, "version", NULL, &c->row.dag_version, e) ||
        !run_object(req->json, "inputs", empty, &inputs, e) ||
        !read_policies(req->json, &c->row, e) || !read_rule(req->json, c, e))
        return false;
    c->words.dst = c->row.dst_policy;
    c->inputs = json_dumps(inputs, JSON_COMPACT);
    c->row.inputs = c->inputs;
    c->code = NULL;
    return true;
}

static bool is_there(const struct changing *c, struct store_reader *reader, const char **ret_code,
                     struct err *e)
{
    enum store_dag_stands stands;

    if (!store_read_dag_stands(reader, c->row.tenant, c->row.dag_id, c->row.dag_version, &stands,
                               e))
        return false;
    if (stands != STORE_DAG_IS_GONE)
        return true;
    *ret_code = "DAG_NOT_FOUND";
    return err_set(e, ERR_NOT_FOUND, "no DAG '%s'%s%s", c->row.dag_id,
                   c->row.dag_version != NULL ? " of version " : "",
                   c->row.dag_version != NULL ? c->row.dag_version : "");
}

/* What it waits for first. On a thread. */
static bool look_ahead(const struct api_request *req unused_arg, void *arg,
                       struct store_reader *reader, struct err *e)
{
    struct changing *c = arg;
    auto_done(due_read) due = {0};

    if (!due_words_read(&c->words, c->row.anchor_us, &due, &c->code, e) ||
        !is_there(c, reader, &c->code, e))
        return false;
    schedule_next(&due.rule, &c->row, c->row.created_us, &c->row.next_due_us, &c->row.next_fire_us);
    if (c->row.next_due_us != 0)
        return true;
    c->code = "SCHEDULE_IN_PAST";
    return err_set(e, ERR_INVALID, "%s: '%.64s' is over", c->row.rule_kind, c->row.rule);
}

static void answer(struct api_request *req, const struct api_outcome *out, int status)
{
    if (out->e != NULL)
        api_reply_outcome_error(req, out);
    else
        schedule_reply(req, out->schedule_id, status);
}

static void on_created(void *arg, const struct api_outcome *out)
{
    answer(request_of(arg), out, 201);
}

static void put(struct api_request *req, void *arg, const struct err *e)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct changing *c = arg;
    struct api_actor who = api_actor(req);

    if (e != NULL) {
        refuse(req, c, e);
        return;
    }
    c->row.created_by = who.subject;
    engine->schedule_put(engine->arg, &who, &c->row, on_created, req);
    changing_free(c);
}

void schedule_create(struct api_request *req)
{
    struct changing *c = mem_new(struct changing);
    int64_t now_us = clock_wall_us();
    struct err e = {0};

    uuid7(now_us, c->id);
    c->row = (struct store_schedule){.tenant = req->who.tenant,
                                     .schedule_id = c->id,
                                     .anchor_us = now_us,
                                     .created_us = now_us,
                                     .updated_us = now_us};
    if (!read_body(req, c, &e)) {
        refuse(req, c, &e);
        return;
    }
    api_read(req, &(struct read){look_ahead, put, changing_free, c, false});
}

/* ---- paused, resumed, deleted ---- */

static void on_changed(void *arg, const struct api_outcome *out)
{
    answer(request_of(arg), out, 200);
}

/* A schedule that goes on waits for what is due from now. On a thread. */
static bool look_at(const struct api_request *req, void *arg, struct store_reader *reader,
                    struct err *e)
{
    struct changing *c = arg;
    auto_done(due_read) due = {0};

    if (!schedule_read(req, reader, &c->rows, &c->code, e))
        return false;
    c->row = c->rows.rows[0];
    if (c->paused)
        return true;
    if (!schedule_rule(&c->row, &due, e))
        return false;
    schedule_next(&due.rule, &c->row, clock_wall_us(), &c->row.next_due_us, &c->row.next_fire_us);
    return true;
}

static void set_paused(struct api_request *req, void *arg, const struct err *e)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct changing *c = arg;
    struct api_actor who = api_actor(req);

    if (e != NULL) {
        refuse(req, c, e);
        return;
    }
    if (c->row.paused == c->paused)
        schedule_reply(req, c->row.schedule_id, 200);
    else
        engine->schedule_pause(engine->arg, &who,
                               &(struct store_schedule_move){
                                   .tenant = who.tenant,
                                   .schedule_id = c->row.schedule_id,
                                   .paused = c->paused,
                                   .next_due_us = c->row.next_due_us,
                                   .next_fire_us = c->row.next_fire_us,
                                   .updated_us = clock_wall_us(),
                               },
                               on_changed, req);
    changing_free(c);
}

static void pause_or_resume(struct api_request *req, bool paused)
{
    struct changing *c = mem_new(struct changing);

    c->paused = paused;
    api_read(req, &(struct read){look_at, set_paused, changing_free, c, false});
}

void schedule_pause_op(struct api_request *req)
{
    pause_or_resume(req, true);
}

void schedule_resume_op(struct api_request *req)
{
    pause_or_resume(req, false);
}

static void on_deleted(void *arg, const struct api_outcome *out)
{
    json_t *body;

    if (out->e != NULL) {
        api_reply_error(request_of(arg), out->e,
                        out->e->code == ERR_NOT_FOUND ? "SCHEDULE_NOT_FOUND" : out->code);
        return;
    }
    body = json_pack("{s:s}", "message", "Schedule deleted");
    api_reply_json(request_of(arg), 200, &body);
}

void schedule_delete_op(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->schedule_delete(engine->arg, &who, api_param(req, "scheduleId"), on_deleted, req);
}
