/* tasks_list.c -- the tasks of a lane, or of the tenant, newest first.
 *
 * The store knows runs: which of them are tasks, and which of those wait, is looked at here, from
 * page to page of runs until the client's page is full or enough were looked at. */
#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "api/routes/tasks.h"
#include "api/routes/view.h"
#include "base/mem.h"
#include "lanes/members.h"
#include "lanes/work.h"

#include <string.h>

enum { LOOKS_MAX = 40 }; /* pages of the store for one of a client: 20000 runs */

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
    char *dag_id; /* NULL: of all lanes */
    struct store_run_list rows;
    char *after; /* where the next look begins; NULL: at the client's token */
    uint32_t wanted, found, looks;
    struct buf body;
};

static void listing_free(void *arg)
{
    struct listing_tasks *l = arg;

    store_run_list_done(&l->rows);
    buf_done(&l->body);
    free(l->dag_id);
    free(l->after);
    free(l);
}

/* Mostly the first page is all that is wanted; whoever looks on looks for few among many. */
static bool read_listed(const struct api_request *req, void *arg, struct store_reader *reader,
                        struct err *e)
{
    struct listing_tasks *l = arg;
    const struct store_page page = {
        .token = l->after != NULL ? l->after : api_query(req, "page_token"),
        .size = l->looks == 0 ? l->wanted : STORE_PAGE_ROWS_MAX,
    };

    return store_read_runs(reader, &l->filter, page, &l->rows, e);
}

static bool add_listed(struct api_request *req, struct listing_tasks *l,
                       const struct store_run *run)
{
    struct api_task_now now;

    if (task_lane_of(run) == NULL)
        return false;
    now = task_ask(req, run, false);
    if (*l->status != '\0' && strcmp(task_status(run, &now), l->status) != 0)
        return false;
    task_view(NULL, run, &now, &l->body);
    return true;
}

/* Where the client's page ends: NULL, at the end of all. */
static char *look_at_rows_owned(struct api_request *req, struct listing_tasks *l)
{
    size_t i = 0;

    while (i < l->rows.count && l->found < l->wanted)
        l->found += add_listed(req, l, &l->rows.rows[i++]);
    if (i < l->rows.count)
        return store_runs_behind_owned(&l->rows.rows[i - 1]);
    return l->rows.next_page != NULL ? mem_str(l->rows.next_page) : NULL;
}

static void reply_listed(struct api_request *req, struct listing_tasks *l)
{
    jw_close(&l->body, ']');
    view_next_page(&l->body, l->after);
    jw_close(&l->body, '}');
    api_reply_text(req, 200, &l->body);
    listing_free(l);
}

static void look(struct api_request *req, struct listing_tasks *l);

static void was_listed(struct api_request *req, void *arg, const struct err *e)
{
    struct listing_tasks *l = arg;

    if (e != NULL) {
        api_reply_error(req, e, NULL);
        listing_free(l);
        return;
    }
    free(l->after);
    l->after = look_at_rows_owned(req, l);
    l->looks++;
    if (l->after == NULL || l->found == l->wanted || l->looks == LOOKS_MAX)
        reply_listed(req, l);
    else
        look(req, l);
}

static void look(struct api_request *req, struct listing_tasks *l)
{
    store_run_list_done(&l->rows);
    l->rows = (struct store_run_list){0};
    api_read(req, &(struct read){read_listed, was_listed, listing_free, l, false});
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

static struct listing_tasks *listing_new(const struct api_request *req, const char *lane,
                                         size_t status, uint32_t wanted)
{
    struct listing_tasks *l = mem_new(struct listing_tasks);

    l->status = statuses[status].word;
    l->dag_id = lane != NULL ? mem_printf(DAG_OF_LANE "%s", lane) : NULL;
    l->wanted = wanted;
    l->filter = (struct store_run_filter){.tenant = req->who.tenant,
                                          .dag_id = l->dag_id,
                                          .lane = lane,
                                          .statuses = statuses[status].runs};
    jw_open(&l->body, NULL, '{');
    jw_open(&l->body, "items", '[');
    return l;
}

void task_list(struct api_request *req)
{
    const char *lane = api_query(req, "lane");
    struct store_page page;
    size_t status = 0;
    struct err e = {0};

    if ((lane != NULL && !lane_name_read(lane, &e)) || !read_status(req, &status, &e) ||
        !query_page(req, &page, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    look(req, listing_new(req, lane, status, page.size));
}
