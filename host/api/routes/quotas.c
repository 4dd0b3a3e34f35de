/* quotas.c -- what an operator lets the tenant have of a lane (LANES_KIT.md 7,
 * contract/stellaops.md 2.3): made, shown, changed, paused, resumed, removed. Every change is for a
 * stated reason. */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "lanes/members.h"

#include <string.h>

/* ---- shown ---- */

static void add_bound(struct buf *b, const char *key, int64_t bound)
{
    if (bound > 0)
        jw_int(b, key, bound);
    else
        jw_raw(b, key, NULL);
}

static bool view_quota(struct buf *b, const void *arg, void *none unused_arg,
                       struct err *e unused_arg)
{
    const struct store_quota *row = arg;

    jw_open(b, NULL, '{');
    jw_str(b, "quotaId", row->quota_id);
    jw_str(b, "tenant", row->tenant);
    jw_str(b, "jobType", row->job_type);
    add_bound(b, "maxActive", row->max_active);
    add_bound(b, "maxPerHour", row->max_per_hour);
    add_bound(b, "burst", row->burst);
    jw_int(b, "weight", row->weight);
    jw_bool(b, "paused", row->paused);
    jw_int(b, "version", row->version);
    jw_str(b, "createdBy", row->created_by);
    jw_time(b, "createdUtc", row->created_us);
    jw_time(b, "updatedUtc", row->updated_us);
    jw_close(b, '}');
    return true;
}

static bool read_quota(const struct api_request *req, struct store_reader *reader, const char *id,
                       struct store_quota_list *ret, const char **ret_code, struct err *e)
{
    if (store_read_quota(reader, req->who.tenant, id, ret, e))
        return true;
    *ret_code = e->code == ERR_NOT_FOUND ? "QUOTA_NOT_FOUND" : NULL;
    return false;
}

static bool make_quota(const struct api_request *req, struct store_reader *reader,
                       struct made *made, struct err *e)
{
    const char *id = made->arg != NULL ? made->arg : api_param(req, "quotaId");
    auto_done(store_quota_list) rows = {0};

    return read_quota(req, reader, id, &rows, &made->code, e) &&
           view_quota(&made->body, &rows.rows[0], NULL, e);
}

bool quota_get(const struct api_request *req, struct store_reader *reader, struct made *made,
               struct err *e)
{
    return make_quota(req, reader, made, e);
}

bool quota_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                struct err *e)
{
    struct store_quota_filter filter = {.tenant = req->who.tenant,
                                        .job_type = api_query(req, "jobType"),
                                        .paused_said = api_query(req, "paused") != NULL};
    auto_done(store_quota_list) rows = {0};
    struct store_page page;

    return query_bool(req, "paused", false, &filter.paused, e) &&
           query_gateway_page(req, &page, e) &&
           store_read_quotas(reader, &filter, page, &rows, e) &&
           VIEW_ITEMS(&made->body, &rows, view_quota, NULL, e);
}

void quota_summary(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    const struct api_shed shed = engine->shed_now(engine->arg);
    json_t *quotas = engine->quotas_owned(engine->arg, req->who.tenant);
    json_t *body = json_pack("{s:o, s:{s:b, s:s?, s:b, s:O}}", "quotas", quotas, "backpressure",
                             "active", shed.on, "reason", shed.reason, "automatic", shed.automatic,
                             "waiting", json_object_get(quotas, "waiting"));

    api_reply_json(req, 200, &body);
}

/* ---- what is asked for ---- */

/* Absent: as it was; null: not bounded, 0 in the row. */
static bool read_bound(const json_t *body, const char *name, int64_t max, int64_t *ret,
                       struct err *e)
{
    const json_t *said = json_object_get(body, name);

    if (said == NULL)
        return true;
    if (json_is_null(said)) {
        *ret = 0;
        return true;
    }
    return json_get_int(body, name, 0, 1, max, ret, e);
}

static bool read_bounds(const json_t *body, struct store_quota *row, struct err *e)
{
    return read_bound(body, "maxActive", LANE_ACTIVE_MAX, &row->max_active, e) &&
           read_bound(body, "maxPerHour", LANE_HOURLY_MAX, &row->max_per_hour, e) &&
           read_bound(body, "burst", LANE_HOURLY_MAX, &row->burst, e) &&
           json_get_int(body, "weight", row->weight, 1, LANE_WEIGHT_MAX, &row->weight, e) &&
           json_get_bool(body, "paused", row->paused, &row->paused, e);
}

/* False: the request was answered. */
static bool has_reason(struct api_request *req)
{
    struct err e = {0};

    if (*req->who.reason != '\0')
        return true;
    (void)err_set(&e, ERR_INVALID, "a change of a quota wants the header X-Stella-Reason");
    api_reply_error(req, &e, "REASON_REQUIRED");
    return false;
}

static void reply_changed(struct api_request *req, const struct api_outcome *out, int status)
{
    if (out->e != NULL)
        api_reply_outcome_error(req, out);
    else
        api_reply_made(req, &(struct make){.fn = make_quota,
                                           .status = status,
                                           .arg = mem_str(out->quota_id),
                                           .free = free,
                                           .owed = true});
}

/* ---- made ---- */

static void on_made(void *arg, const struct api_outcome *out)
{
    reply_changed(request_of(arg), out, 201);
}

void quota_create(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);
    int64_t now_us = clock_wall_us();
    char id[UUID_TEXT_BYTES];
    struct store_quota row = {.tenant = who.tenant,
                              .quota_id = id,
                              .weight = 1,
                              .version = 1,
                              .created_by = who.subject,
                              .created_us = now_us,
                              .updated_us = now_us};
    struct err e = {0};

    if (!has_reason(req))
        return;
    uuid7(now_us, id);
    if (json_get_str(req->json, "jobType", "", &row.job_type, &e) &&
        lane_name_read(row.job_type, &e) && read_bounds(req->json, &row, &e))
        engine->quota_change(engine->arg, &who, &(struct api_quota_change){API_QUOTA_PUT, &row},
                             on_made, req);
    else
        api_reply_error(req, &e, "FIELD_INVALID");
}

/* ---- changed ---- */

struct changing {
    enum api_quota_deed deed;
    struct store_quota_list rows;
    const char *code;
};

static void changing_free(void *arg)
{
    struct changing *c = arg;

    store_quota_list_done(&c->rows);
    free(c);
}

static void on_changed(void *arg, const struct api_outcome *out)
{
    reply_changed(request_of(arg), out, 200);
}

static void on_removed(void *arg, const struct api_outcome *out)
{
    json_t *body;

    if (out->e != NULL) {
        api_reply_outcome_error(request_of(arg), out);
        return;
    }
    body = json_pack("{s:s, s:b}", "quotaId", out->quota_id, "deleted", 1);
    api_reply_json(request_of(arg), 200, &body);
}

static bool look_at(const struct api_request *req, void *arg, struct store_reader *reader,
                    struct err *e)
{
    struct changing *c = arg;

    return read_quota(req, reader, api_param(req, "quotaId"), &c->rows, &c->code, e);
}

/* The row as it is to be; false: the body says what none may. *ret_same: it is so already. */
static bool next_row(const struct api_request *req, const struct changing *c,
                     struct store_quota *ret, bool *ret_same, struct err *e)
{
    bool pause = c->deed == API_QUOTA_PAUSE;
    const char *job_type;

    *ret = c->rows.rows[0];
    *ret_same = false;
    if (c->deed == API_QUOTA_DELETE)
        return true;
    ret->version++;
    ret->updated_us = clock_wall_us();
    if (c->deed != API_QUOTA_CHANGE) {
        *ret_same = ret->paused == pause;
        ret->paused = pause;
        return true;
    }
    if (!json_get_str(req->json, "jobType", ret->job_type, &job_type, e))
        return false;
    if (strcmp(job_type, ret->job_type) != 0)
        return err_set(e, ERR_INVALID, "jobType: it is that of the quota, '%.128s'", ret->job_type);
    return read_bounds(req->json, ret, e);
}

static void change(struct api_request *req, void *arg, const struct err *not_read)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);
    struct changing *c = arg;
    struct store_quota row;
    struct err e = {0};
    bool same;

    if (not_read != NULL)
        api_reply_error(req, not_read, c->code);
    else if (!next_row(req, c, &row, &same, &e))
        api_reply_error(req, &e, "FIELD_INVALID");
    else if (same)
        on_changed(req, &(struct api_outcome){.quota_id = row.quota_id});
    else
        engine->quota_change(engine->arg, &who, &(struct api_quota_change){c->deed, &row},
                             c->deed == API_QUOTA_DELETE ? on_removed : on_changed, req);
    changing_free(c);
}

static void begin(struct api_request *req, enum api_quota_deed deed)
{
    struct changing *c;

    if (!has_reason(req))
        return;
    c = mem_new(struct changing);
    c->deed = deed;
    api_read(req, &(struct read){look_at, change, changing_free, c, false});
}

void quota_put(struct api_request *req)
{
    begin(req, API_QUOTA_CHANGE);
}

void quota_pause_op(struct api_request *req)
{
    begin(req, API_QUOTA_PAUSE);
}

void quota_resume_op(struct api_request *req)
{
    begin(req, API_QUOTA_RESUME);
}

void quota_delete_op(struct api_request *req)
{
    begin(req, API_QUOTA_DELETE);
}
