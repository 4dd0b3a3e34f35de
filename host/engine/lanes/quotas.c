/* quotas.c -- see quotas.h. */
#include "engine/lanes/quotas.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "engine/lanes/paged.h"
#include "lanes/lanes.h"
#include "store/hosts.h"

#include <string.h>
#include <uthash.h>

/* A quota that holds here. */
struct held_quota {
    char *key; /* tenant, line end, job type */
    char *tenant, *job_type, *quota_id;
    int64_t version;
    uint64_t pass; /* the last one that saw it */
    struct lane_quota quota;
    UT_hash_handle hh;
};

struct quotas {
    const struct engine_env *env;
    struct lanes *lanes;
    struct held_quota *held;
    uint64_t pass;
    struct paged paged;
};

static void held_free(struct held_quota *held)
{
    free(held->key);
    free(held->tenant);
    free(held->job_type);
    free(held->quota_id);
    free(held);
}

/* ---- what holds ---- */

static struct held_quota *held_of(const struct quotas *q, const char *tenant, const char *job_type)
{
    auto_mem char *key = mem_printf("%s\n%s", tenant, job_type);
    struct held_quota *held;

    HASH_FIND_STR(q->held, key, held);
    return held;
}

static struct held_quota *hold_first(struct quotas *q, const struct store_quota *row)
{
    struct held_quota *held = mem_new(struct held_quota);

    held->key = mem_printf("%s\n%s", row->tenant, row->job_type);
    held->tenant = mem_str(row->tenant);
    held->job_type = mem_str(row->job_type);
    HASH_ADD_KEYPTR(hh, q->held, held->key, strlen(held->key), held);
    return held;
}

static struct lane_quota quota_of(const struct store_quota *row)
{
    return (struct lane_quota){
        .max_active = (uint32_t)row->max_active,
        .rate = lane_hourly((uint32_t)row->max_per_hour, (uint32_t)row->burst),
        .weight = (uint32_t)row->weight,
        .paused = row->paused,
    };
}

static bool is_known(const struct held_quota *held, const struct store_quota *row)
{
    return held->quota_id != NULL && strcmp(held->quota_id, row->quota_id) == 0 &&
           held->version >= row->version;
}

static void hold(struct quotas *q, const struct store_quota *row)
{
    struct held_quota *held = held_of(q, row->tenant, row->job_type);

    if (held == NULL)
        held = hold_first(q, row);
    held->pass = q->pass;
    if (is_known(held, row))
        return;
    free(held->quota_id);
    held->quota_id = mem_str(row->quota_id);
    held->version = row->version;
    held->quota = quota_of(row);
    lanes_bound(q->lanes, held->job_type, held->tenant, &held->quota, q->env->clock.mono_ns());
    log_event(LOG_INFO, "quota.set", F_STR("tenant", held->tenant), F_STR("lane", held->job_type),
              F_INT("version", held->version), F_INT("paused", held->quota.paused));
}

static void drop(struct quotas *q, struct held_quota *held)
{
    lanes_bound(q->lanes, held->job_type, held->tenant, NULL, q->env->clock.mono_ns());
    log_event(LOG_INFO, "quota.removed", F_STR("tenant", held->tenant),
              F_STR("lane", held->job_type));
    HASH_DEL(q->held, held);
    held_free(held);
}

/* ---- what the store has ---- */

static bool read_rows(struct store_reader *reader, struct store_page page, struct store_list *ret,
                      struct err *e)
{
    struct store_quota_list rows = {0};
    bool read = store_read_quotas_of_all(reader, page, &rows, e);

    *ret = rows.list;
    return read;
}

static void pass_begins(void *arg)
{
    ((struct quotas *)arg)->pass++;
}

static void hold_rows(void *arg, const struct store_list *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        hold(arg, (const struct store_quota *)rows->rows + i);
}

static void pass_over(void *arg)
{
    struct quotas *q = arg;
    struct held_quota *held, *next;

    HASH_ITER(hh, q->held, held, next)
    {
        if (held->pass < q->pass)
            drop(q, held);
    }
}

struct quotas *quotas_new(const struct engine_env *env, struct lanes *lanes)
{
    struct quotas *q = mem_new(struct quotas);

    q->env = env;
    q->lanes = lanes;
    q->paged = (struct paged){.env = env,
                              .read = read_rows,
                              .begins = pass_begins,
                              .hold = hold_rows,
                              .over = pass_over,
                              .arg = q};
    return q;
}

void quotas_free(struct quotas *q)
{
    struct held_quota *held, *next;

    if (q == NULL)
        return;
    HASH_ITER(hh, q->held, held, next)
    {
        HASH_DEL(q->held, held);
        held_free(held);
    }
    paged_done(&q->paged);
    free(q);
}

bool quotas_begin(struct quotas *q, struct err *e)
{
    return paged_begin(&q->paged, e);
}

void quotas_heard(struct quotas *q, const struct store_news *news)
{
    if (news->kind == STORE_NEWS_MISSED ||
        (news->kind == STORE_NEWS_KNOWN && news->number == STORE_KNOWN_QUOTAS))
        paged_look(&q->paged);
}

/* ---- a client changes one ---- */

struct changing {
    struct quotas *quotas;
    enum api_quota_deed deed;
    struct store_quota row; /* its texts are the copy's own */
    api_done_fn done;
    void *done_arg;
};

static void changing_free(struct changing *c)
{
    free((char *)c->row.tenant);
    free((char *)c->row.job_type);
    free((char *)c->row.quota_id);
    free(c);
}

static void acts(struct changing *c)
{
    struct quotas *q = c->quotas;
    struct held_quota *held = held_of(q, c->row.tenant, c->row.job_type);

    if (c->deed != API_QUOTA_DELETE)
        hold(q, &c->row);
    else if (held != NULL && strcmp(held->quota_id, c->row.quota_id) == 0)
        drop(q, held);
    if (q->paged.looks) /* which may have read what was before */
        paged_look(&q->paged);
}

static void committed(void *arg, const struct api_outcome *out)
{
    struct changing *c = arg;
    struct api_outcome told = *out;

    told.quota_id = c->row.quota_id;
    if (out->e == NULL)
        acts(c);
    else if (out->e->code == ERR_CONFLICT && c->deed == API_QUOTA_PUT)
        told.code = "QUOTA_EXISTS";
    c->done(c->done_arg, &told);
    changing_free(c);
}

static const char *put_row(struct store_batch *batch, const struct api_quota_change *what)
{
    const struct store_quota *row = what->row;

    switch (what->deed) {
    case API_QUOTA_PUT:
        store_batch_quota_put(batch, row);
        return "audit.quota_made";
    case API_QUOTA_DELETE:
        store_batch_quota_delete(batch, row->tenant, row->quota_id, row->version);
        return "audit.quota_removed";
    default:
        store_batch_quota_change(batch, row);
        return what->deed == API_QUOTA_PAUSE    ? "audit.quota_paused"
               : what->deed == API_QUOTA_RESUME ? "audit.quota_resumed"
                                                : "audit.quota_changed";
    }
}

static uint32_t count_of(const struct quotas *q, const char *tenant)
{
    const struct held_quota *held;
    uint32_t count = 0;

    for (held = q->held; held != NULL; held = held->hh.next)
        count += strcmp(held->tenant, tenant) == 0;
    return count;
}

static bool has_room(const struct quotas *q, const struct api_quota_change *what, struct err *e)
{
    return what->deed != API_QUOTA_PUT || count_of(q, what->row->tenant) < QUOTAS_MAX ||
           err_set(e, ERR_CONFLICT, "the tenant has %d quotas, which is as many as there may be",
                   QUOTAS_MAX);
}

void quotas_change(struct quotas *q, const struct api_actor *who,
                   const struct api_quota_change *what, api_done_fn done, void *done_arg)
{
    const struct store_quota *row = what->row;
    struct store_batch *batch;
    struct changing *c;
    struct err e = {0};
    const char *type;

    if (!has_room(q, what, &e)) {
        done(done_arg, &(struct api_outcome){.e = &e, .code = "QUOTAS_MAX"});
        return;
    }
    batch = store_batch_new();
    c = mem_new(struct changing);
    *c = (struct changing){q, what->deed, *row, done, done_arg};
    c->row.tenant = mem_str(row->tenant);
    c->row.job_type = mem_str(row->job_type);
    c->row.quota_id = mem_str(row->quota_id);
    type = put_row(batch, what);
    audit_append(q->env, batch, who, type,
                 json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:b}", "quota_id", row->quota_id,
                           "job_type", row->job_type, "version", (json_int_t)row->version,
                           "max_active", (json_int_t)row->max_active, "max_per_hour",
                           (json_int_t)row->max_per_hour, "burst", (json_int_t)row->burst, "weight",
                           (json_int_t)row->weight, "paused", row->paused));
    audit_submit(q->env, batch, committed, c);
}

/* ---- what is told of them ---- */

enum { LIMITING_MAX = 100 };

struct telling {
    const struct quotas *quotas;
    json_t *items;
    int64_t now_ns;
    json_int_t total, paused, limiting, waiting;
};

static const char *limit_of(const struct held_quota *held, const struct lane_share_view *view)
{
    if (held->quota.paused)
        return "paused";
    return held->quota.max_active > 0 && view->running >= held->quota.max_active ? "maxActive"
                                                                                 : "maxPerHour";
}

static json_t *until_owned(const struct telling *t, int64_t until_ns)
{
    char text[CLOCK_TEXT_BYTES];

    if (until_ns == INT64_MAX)
        return json_null();
    clock_text(t->quotas->env->clock.wall_us() + (until_ns - t->now_ns) / 1000, text);
    return json_string(text);
}

/* It holds something back. */
static void tell_limiting(struct telling *t, const struct held_quota *held,
                          const struct lane_share_view *view)
{
    t->limiting++;
    t->waiting += view->waiting;
    if (json_array_size(t->items) < LIMITING_MAX)
        json_array_append_new(t->items,
                              json_pack("{s:s, s:s, s:s, s:I, s:I, s:o}", "quotaId", held->quota_id,
                                        "jobType", held->job_type, "by", limit_of(held, view),
                                        "running", (json_int_t)view->running, "waiting",
                                        (json_int_t)view->waiting, "until",
                                        until_owned(t, view->until_ns)));
}

json_t *quotas_owned(const struct quotas *q, const char *tenant)
{
    struct telling t = {q, json_array(), q->env->clock.mono_ns(), 0, 0, 0, 0};
    const struct held_quota *held;
    struct lane_share_view view;

    for (held = q->held; held != NULL; held = held->hh.next) {
        if (strcmp(held->tenant, tenant) != 0)
            continue;
        t.total++;
        t.paused += held->quota.paused;
        if (lanes_see_share(q->lanes, held->job_type, tenant, t.now_ns, &view) && view.held &&
            view.waiting > 0)
            tell_limiting(&t, held, &view);
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:o}", "total", t.total, "paused", t.paused, "limiting",
                     t.limiting, "waiting", t.waiting, "items", t.items);
}

struct counting {
    const struct lanes *lanes;
    const char *tenant;
    int64_t now_ns;
    uint32_t tasks;
};

static void count_lane(void *arg, const struct lane_view *lane)
{
    struct counting *c = arg;
    struct lane_share_view view;

    if (lanes_see_share(c->lanes, lane->name, c->tenant, c->now_ns, &view))
        c->tasks += view.tasks;
}

uint32_t quotas_tasks(const struct quotas *q, const char *tenant, const char *lane)
{
    struct counting c = {q->lanes, tenant, q->env->clock.mono_ns(), 0};
    struct lane_share_view view;

    if (lane != NULL)
        return lanes_see_share(q->lanes, lane, tenant, c.now_ns, &view) ? view.tasks : 0;
    lanes_each(q->lanes, count_lane, &c);
    return c.tasks;
}
