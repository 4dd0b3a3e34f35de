/* tasks_view.c -- a task as clients see it. */
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
    jw_str(b, "lane", task_lane_of(run));
    jw_str(b, "type", task_lane_of(run));
    jw_str(b, "tenant", run->tenant);
    jw_int(b, "priority", run->task_priority);
    jw_str(b, "status", status);
    jw_time(b, "enqueued_at", run->created_us);
    jw_time(b, "completed_at", run->completed_us);
}

void task_view(const char *name, const struct store_run *run, const struct api_task_now *now,
               struct buf *b)
{
    bool runs = run->completed_us == 0 && now->started_us != 0;

    jw_open(b, name, '{');
    view_head(b, run, task_status(run, now));
    jw_bool(b, "express", now->express);
    jw_int(b, "attempts", run->task_attempts + (runs ? 1 : 0));
    jw_time(b, "started_at",
            run->task_started_us != 0 || !runs ? run->task_started_us : now->started_us);
    jw_str(b, "dead_letter_id", run->is_dead ? run->run_id : NULL);
    jw_close(b, '}');
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
    int64_t preempted;  /* beside them */
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

/* What ended with its host, before a worker had it, or to make room, counts as no attempt of the
 * node either. */
static int64_t begun_us(const struct store_attempt *row)
{
    enum outcome outcome = outcome_parse(row->outcome);

    return outcome == OUTCOME_INFRA || outcome == OUTCOME_PREEMPTED ? 0 : row->started_us;
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
        t->worker = lane_worker_name_owned(now->worker, task_lane_of(run));
    else if (attempts->count > 0)
        t->worker = worker_owned(&attempts->rows[attempts->count - 1]);
}

/* Of a DAG: all that its nodes had, which the row tells; none of them is the task's own. */
static void add_tried_nodes(struct tried *t, const struct store_run *run,
                            const struct api_task_now *now)
{
    *t = (struct tried){.count = run->task_attempts, .started_us = run->task_started_us};
    if (run->completed_us == 0)
        t->worker = lane_worker_name_owned(now->worker, run->task_lane);
    if (t->started_us == 0)
        t->started_us = now->started_us;
}

static bool read_tried(struct store_reader *reader, const struct store_run *run,
                       const struct api_task_now *now, struct tried *ret, struct err *e)
{
    auto_done(store_attempt_list) attempts = {0};

    if (run->task_lane != NULL) {
        add_tried_nodes(ret, run, now);
        return true;
    }
    if (!store_read_attempts(reader, run->tenant, run->run_id, LANE_TASK_NODE,
                             (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &attempts, e))
        return false;
    *ret = (struct tried){0};
    for (size_t i = 0; i < attempts.count; i++) {
        add_tried(ret, begun_us(&attempts.rows[i]));
        ret->preempted += outcome_parse(attempts.rows[i].outcome) == OUTCOME_PREEMPTED;
    }
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

/* What a run that has ended left of its task. */
struct left {
    struct buf result;     /* JSON; empty: none */
    char *class, *message; /* of the error; NULL: none is known */
};

static void left_done(struct left *l)
{
    buf_done(&l->result);
    free(l->class);
    free(l->message);
}
DEFINE_AUTO_DONE(left)

static void add_error(struct left *l, const struct store_node *node)
{
    if (l->message != NULL || node->error == NULL || node->status == STORE_NODE_COMPLETED)
        return;
    l->class = mem_str(node->error_class);
    l->message = mem_str(node->error);
}

/* The outputs of a lane's agent. */
static bool read_agent_left(struct store_reader *reader, const struct store_run *run,
                            struct left *ret, struct err *e)
{
    auto_done(store_node_list) nodes = {0};

    if (!store_read_node(reader, run->tenant, run->run_id, LANE_TASK_NODE, &nodes, e))
        return e->code == ERR_NOT_FOUND; /* it waits for its beginning, and has no nodes yet */
    if (nodes.rows[0].outputs != NULL)
        buf_adds(&ret->result, nodes.rows[0].outputs);
    add_error(ret, &nodes.rows[0]);
    return true;
}

static void add_nodes(struct left *l, const struct store_node_list *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        const struct store_node *node = &nodes->rows[i];

        add_error(l, node);
        if (node->status == STORE_NODE_COMPLETED)
            jw_raw(&l->result, node->node_id, node->outputs);
    }
}

/* Of a DAG: the outputs of its nodes, each under its name, and the first error by levels. */
static bool read_dag_left(struct store_reader *reader, const struct store_run *run,
                          struct left *ret, struct err *e)
{
    const struct store_node_filter filter = {run->tenant, run->run_id, .outputs = true};
    auto_mem char *token = NULL;

    if (run->completed_us == 0)
        return true;
    jw_open(&ret->result, NULL, '{');
    do {
        auto_done(store_node_list) nodes = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_nodes(reader, &filter, page, &nodes, e))
            return false;
        add_nodes(ret, &nodes);
        free(token);
        token = mem_str(nodes.next_page);
    } while (token != NULL);
    jw_close(&ret->result, '}');
    return true;
}

static void view_end(struct buf *b, const struct store_run *run, const struct left *left)
{
    bool well = run->status == STORE_RUN_COMPLETED && left->result.len > 0;

    jw_raw(b, "payload", run->input);
    jw_raw(b, "result", well ? buf_text(&left->result) : NULL);
    if (run->status != STORE_RUN_FAILED) {
        jw_raw(b, "error", NULL);
        return;
    }
    jw_open(b, "error", '{');
    jw_str(b, "class", left->class);
    jw_str(b, "message", left->message != NULL ? left->message : run->error);
    jw_close(b, '}');
}

/* The dead one that it was made of: none, of most. */
static bool read_original(struct store_reader *reader, const struct store_run *run,
                          struct store_run_list *ret, struct err *e)
{
    bool is = run->parent_kind != NULL && strcmp(run->parent_kind, PARENT_REPLAY) == 0;

    return !is || store_read_run_head(reader, run->tenant, run->parent_run_id, ret, e) ||
           e->code == ERR_NOT_FOUND;
}

static bool make_task(const struct api_request *req, struct store_reader *reader, struct made *made,
                      struct err *e)
{
    const struct view_source from = {reader, req->who.tenant};
    const struct asked_task *a = made->arg;
    auto_done(left) left = {0};
    auto_done(store_run_list) original = {0};
    auto_done(why_run) of = {0};
    struct buf *body = &made->body;
    const struct store_run *run;
    auto_done(tried) tried = {0};

    if (!why_run_read(&from, a->run_id, a->why, &of, &made->code, e))
        return false;
    run = &of.rows.rows[0];
    if (!read_tried(reader, run, &a->now, &tried, e) ||
        !(run->task_lane != NULL ? read_dag_left : read_agent_left)(reader, run, &left, e) ||
        !read_original(reader, run, &original, e))
        return false;
    jw_open(body, NULL, '{');
    view_head(body, run, task_status(run, &a->now));
    view_waiting(body, run, a, of.why);
    jw_int(body, "attempts", tried.count);
    jw_int(body, "preemptions", tried.preempted);
    jw_str(body, "worker", tried.worker);
    jw_time(body, "started_at", tried.started_us);
    view_end(body, run, &left);
    jw_str(body, "replayOf", original.count > 0 ? original.rows[0].run_token : NULL);
    jw_str(body, "dead_letter_id", run->is_dead ? run->run_id : NULL);
    jw_close(body, '}');
    return true;
}

void task_reply(struct api_request *req, const struct store_run *run)
{
    struct asked_task *a = mem_new(struct asked_task);

    a->run_id = mem_str(run->run_id);
    a->why = why_ask_owned(req, run->run_id, 1);
    a->now = task_ask(req, run, true);
    api_reply_made(req, &(struct make){.fn = make_task, .arg = a, .free = asked_free});
}

void task_get(struct api_request *req)
{
    task_find(req, task_reply);
}
