/* tasks_view.c -- a task as clients see it, and those of a lane. */
#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "api/routes/tasks.h"
#include "api/routes/view.h"
#include "api/routes/view_why.h"
#include "base/json.h"
#include "base/mem.h"
#include "lanes/members.h"
#include "lanes/work.h"
#include "model/words/outcomes.h"

#include <string.h>

/* The members that its run's row has. */
static void view_head(struct buf *b, const struct store_run *run, const char *status)
{
    jw_str(b, "task_id", run->run_token);
    jw_str(b, "run_id", run->run_id);
    jw_str(b, "lane", task_lane(run));
    jw_str(b, "type", task_lane(run));
    jw_str(b, "tenant", run->tenant);
    jw_int(b, "priority", run->task_priority);
    jw_str(b, "status", status);
    jw_time(b, "enqueued_at", run->created_us);
    jw_time(b, "completed_at", run->completed_us);
}

/* ---- one ---- */

struct asked_task {
    char *run_id;
    struct why_asked *why;
    struct api_task_now now;
};

static void asked_free(void *arg)
{
    struct asked_task *a = arg;

    why_asked_free(a->why);
    free(a->run_id);
    free(a);
}

/* What its attempts come to. */
struct tried {
    int64_t count;      /* that were started */
    int64_t started_us; /* the first; 0: none was */
    char *worker;       /* of the last; NULL: not known */
};

static void tried_done(struct tried *t)
{
    free(t->worker);
}
DEFINE_AUTO_DONE(tried)

/* 0: it was not. */
static void add_tried(struct tried *t, int64_t started_us)
{
    if (started_us == 0)
        return;
    t->count++;
    if (t->started_us == 0 || started_us < t->started_us)
        t->started_us = started_us;
}

/* What ended with its host, or before a worker had it, counts as no attempt of the node either. */
static int64_t begun_us(const struct store_attempt *row)
{
    return strcmp(row->outcome, outcome_name(OUTCOME_INFRA)) != 0 ? row->started_us : 0;
}

/* As the engine wrote it down of an attempt that has ended (docs/API.md, detail). */
static char *worker_owned(const struct store_attempt *row)
{
    auto_json detail = row->detail != NULL ? json_loads(row->detail, 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(detail, "worker"));

    return name != NULL ? mem_str(name) : NULL;
}

/* Of one that waits: none. */
static void add_worker(struct tried *t, const struct store_run *run, const struct api_task_now *now,
                       const struct store_attempt_list *attempts)
{
    if (run->completed_us == 0)
        t->worker = lane_worker_name_owned(now->worker, task_lane(run));
    else if (attempts->count > 0)
        t->worker = worker_owned(&attempts->rows[attempts->count - 1]);
}

static bool read_tried(struct store_reader *reader, const struct store_run *run,
                       const struct api_task_now *now, struct tried *ret, struct err *e)
{
    auto_done(store_attempt_list) attempts = {0};

    if (!store_read_attempts(reader, run->tenant, run->run_id, LANE_TASK_NODE,
                             (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &attempts, e))
        return false;
    *ret = (struct tried){0};
    for (size_t i = 0; i < attempts.count; i++)
        add_tried(ret, begun_us(&attempts.rows[i]));
    add_worker(ret, run, now, &attempts);
    if (run->completed_us == 0)
        add_tried(ret, now->started_us);
    return true;
}

/* NULL where nothing holds it up: it is the next, or does not wait. */
static json_t *why_of_owned(const json_t *why)
{
    const json_t *first = json_array_get(json_object_get(why, "reasons"), 0);
    json_t *one;

    if (first == NULL || strcmp(json_text_of(first, "reason"), TASK_QUEUED) == 0)
        return NULL;
    one = json_copy((json_t *)first);
    json_object_del(one, "step");
    return one;
}

static void view_waiting(struct buf *b, const struct store_run *run, const struct asked_task *a,
                         const json_t *why)
{
    bool queued = strcmp(task_status(run, &a->now), TASK_QUEUED) == 0;
    auto_json reason = queued ? why_of_owned(why) : NULL;
    bool placed = queued && a->now.position > 0;

    jw_int(b, "effective_priority", placed ? a->now.priority : run->task_priority);
    jw_bool(b, "express", a->now.express);
    if (placed)
        jw_int(b, "position", a->now.position);
    else
        jw_raw(b, "position", NULL);
    jw_json(b, "why", reason);
}

static void view_end(struct buf *b, const struct store_run *run, const struct store_node *node)
{
    bool told = node != NULL && node->error != NULL;

    jw_raw(b, "payload", run->input);
    jw_raw(b, "result", node != NULL && run->status == STORE_RUN_COMPLETED ? node->outputs : NULL);
    if (run->status != STORE_RUN_FAILED) {
        jw_raw(b, "error", NULL);
        return;
    }
    jw_open(b, "error", '{');
    jw_str(b, "class", told ? node->error_class : NULL);
    jw_str(b, "message", told ? node->error : run->error);
    jw_close(b, '}');
}

/* A run that waits for its beginning has no nodes yet. */
static bool read_task_node(struct store_reader *reader, const struct store_run *run,
                           struct store_node_list *ret, struct err *e)
{
    return store_read_node(reader, run->tenant, run->run_id, LANE_TASK_NODE, ret, e) ||
           e->code == ERR_NOT_FOUND;
}

static bool make_task(const struct api_request *req, struct store_reader *reader, struct made *made,
                      struct err *e)
{
    const struct view_source from = {reader, req->who.tenant};
    const struct asked_task *a = made->arg;
    auto_done(store_node_list) nodes = {0};
    auto_done(why_run) of = {0};
    struct buf *body = &made->body;
    const struct store_run *run;
    auto_done(tried) tried = {0};

    if (!why_run_read(&from, a->run_id, a->why, &of, &made->code, e))
        return false;
    run = &of.rows.rows[0];
    if (!read_tried(reader, run, &a->now, &tried, e) || !read_task_node(reader, run, &nodes, e))
        return false;
    jw_open(body, NULL, '{');
    view_head(body, run, task_status(run, &a->now));
    view_waiting(body, run, a, of.why);
    jw_int(body, "attempts", tried.count);
    jw_int(body, "preemptions", 0); /* nothing is preempted */
    jw_str(body, "worker", tried.worker);
    jw_time(body, "started_at", tried.started_us);
    view_end(body, run, nodes.count > 0 ? &nodes.rows[0] : NULL);
    jw_str(body, "replayOf", NULL); /* nothing is replayed */
    jw_str(body, "dead_letter_id", run->is_dead ? run->run_id : NULL);
    jw_close(body, '}');
    return true;
}

static void reply_task(struct api_request *req, const struct store_run *run)
{
    struct asked_task *a = mem_new(struct asked_task);

    a->run_id = mem_str(run->run_id);
    a->why = why_ask_owned(req, run->run_id, 1);
    a->now = task_ask(req, run, true);
    api_reply_made(req, &(struct make){.fn = make_task, .arg = a, .free = asked_free});
}

void task_get(struct api_request *req)
{
    task_find(req, reply_task);
}

/* ---- those of a lane ---- */

/* "" any; which runs may be in it; a task's own word says which of them are. */
static const struct {
    const char *word;
    uint32_t runs;
} statuses[] = {
    {"", 0},
    {TASK_QUEUED, 1u << STORE_RUN_PENDING | 1u << STORE_RUN_RUNNING | 1u << STORE_RUN_PAUSED},
    {"leased", 1u << STORE_RUN_RUNNING},
    {STATUS_RUNNING, 1u << STORE_RUN_RUNNING | 1u << STORE_RUN_PAUSED},
    {STATUS_COMPLETED, 1u << STORE_RUN_COMPLETED},
    {TASK_DEAD, 1u << STORE_RUN_FAILED},
    {STATUS_FAILED, 1u << STORE_RUN_FAILED},
    {STATUS_CANCELLED, 1u << STORE_RUN_CANCELLED},
};

struct listing_tasks {
    const char *status;
    struct store_run_filter filter;
    char *dag_id;
    struct store_run_list rows;
};

static void listing_free(void *arg)
{
    struct listing_tasks *l = arg;

    store_run_list_done(&l->rows);
    free(l->dag_id);
    free(l);
}

static bool read_listed(const struct api_request *req, void *arg, struct store_reader *reader,
                        struct err *e)
{
    struct listing_tasks *l = arg;
    struct store_page page;

    return query_page(req, &page, e) && store_read_runs(reader, &l->filter, page, &l->rows, e);
}

void task_view(const char *name, const struct store_run *run, const struct api_task_now *now,
               struct buf *b)
{
    jw_open(b, name, '{');
    view_head(b, run, task_status(run, now));
    jw_bool(b, "express", now->express);
    jw_close(b, '}');
}

static void add_listed(struct api_request *req, const struct listing_tasks *l,
                       const struct store_run *run, struct buf *b)
{
    struct api_task_now now;

    if (task_lane(run) == NULL)
        return;
    now = task_ask(req, run, false);
    if (*l->status == '\0' || strcmp(task_status(run, &now), l->status) == 0)
        task_view(NULL, run, &now, b);
}

/* A page is of the lane's runs: it may have fewer tasks, or none, and another behind it. */
static void reply_listed(struct api_request *req, void *arg, const struct err *e)
{
    struct listing_tasks *l = arg;
    struct buf body = {0};

    if (e != NULL) {
        api_reply_error(req, e, NULL);
        listing_free(l);
        return;
    }
    jw_open(&body, NULL, '{');
    jw_open(&body, "items", '[');
    for (size_t i = 0; i < l->rows.count; i++)
        add_listed(req, l, &l->rows.rows[i], &body);
    jw_close(&body, ']');
    view_next_page(&body, l->rows.next_page);
    jw_close(&body, '}');
    api_reply_text(req, 200, &body);
    listing_free(l);
}

static bool read_status(const struct api_request *req, size_t *ret, struct err *e)
{
    const char *said = api_query(req, "status");

    for (*ret = 0; said != NULL && *ret < ARRAY_LEN(statuses); ++*ret) {
        if (*ret > 0 && strcmp(statuses[*ret].word, said) == 0)
            return true;
    }
    return said == NULL ||
           err_set(e, ERR_INVALID,
                   "query parameter 'status' must be queued, leased, running, completed, dead, "
                   "failed or cancelled");
}

void task_list(struct api_request *req)
{
    const char *lane = api_query(req, "lane");
    struct listing_tasks *l;
    size_t status = 0;
    struct err e = {0};

    if (lane == NULL)
        (void)err_set(&e, ERR_INVALID,
                      "query parameter 'lane' is wanted: tasks are listed by lane");
    else if (lane_name_read(lane, &e))
        (void)!read_status(req, &status, &e);
    if (e.code != ERR_NONE) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    l = mem_new(struct listing_tasks);
    l->status = statuses[status].word;
    l->dag_id = mem_printf(DAG_OF_LANE "%s", lane);
    l->filter = (struct store_run_filter){.tenant = req->who.tenant,
                                          .dag_id = l->dag_id,
                                          .statuses = statuses[status].runs};
    api_read(req, &(struct read){read_listed, reply_listed, listing_free, l, false});
}
