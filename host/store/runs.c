/* runs.c -- questions about runs (reader.h). */
#include "base/buf.h"
#include "base/mem.h"
#include "store/question.h"

#include <string.h>

static struct page_key run_key(const void *row)
{
    const struct store_run *run = row;
    int64_t started = run->started_us != 0 ? run->started_us : run->created_us;

    return (struct page_key){started, run->run_id, "", ""};
}

char *store_runs_behind_owned(const struct store_run *run)
{
    const struct page_key key = run_key(run);
    struct arena *mem = arena_new();
    char *token = mem_str(page_token(mem, &key));

    arena_free(mem);
    return token;
}

static struct page_key by_creation(const void *row)
{
    const struct store_run *run = row;

    return (struct page_key){run->created_us, run->run_id, "", ""};
}

static bool read_one(struct store_reader *r, bool bodies, const char *tenant, const char *run_id,
                     struct store_run_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_RUN, P_INT(bodies), P_TEXT(tenant), P_TEXT(run_id)), "run", run_id,
                    &ret->list, e);
}

bool store_read_run(struct store_reader *r, const char *tenant, const char *run_id,
                    struct store_run_list *ret, struct err *e)
{
    return read_one(r, true, tenant, run_id, ret, e);
}

bool store_read_run_head(struct store_reader *r, const char *tenant, const char *run_id,
                         struct store_run_list *ret, struct err *e)
{
    return read_one(r, false, tenant, run_id, ret, e);
}

bool store_read_run_by_token(struct store_reader *r, const char *tenant, const char *run_token,
                             const char *dag_id, const char *inputs_hash,
                             struct store_run_list *ret, struct err *e)
{
    return read_rows(r,
                     ASK(Q_RUN_BY_TOKEN, P_INT(0), P_TEXT(tenant), P_TEXT(run_token),
                         P_TEXT(dag_id), P_TEXT(inputs_hash)),
                     &ret->list, NULL, e);
}

bool store_read_task(struct store_reader *r, const char *tenant, const char *task_id,
                     struct store_run_list *ret, struct err *e)
{
    return read_rows(r, ASK(Q_TASK, P_INT(0), P_TEXT(tenant), P_TEXT(task_id)), &ret->list, NULL,
                     e);
}

/* ",running,paused," for the statement to look into. */
static void add_words(struct buf *b, uint32_t statuses)
{
    for (int s = STORE_RUN_INVALID + 1; s < STORE_RUN_STATUS_COUNT; s++) {
        if ((statuses & (1u << s)) != 0)
            buf_addf(b, "%s%s,", b->len == 0 ? "," : "",
                     store_run_status_text((enum store_run_status)s));
    }
}

bool store_read_runs(struct store_reader *r, const struct store_run_filter *filter,
                     struct store_page page, struct store_run_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};
    auto_done(buf) words = {0};
    int64_t newest = filter->to_us > 0 ? filter->to_us - 1 : INT64_MAX - 1;
    const char *dag_id = filter->dag_id;

    if ((filter->statuses & ~((1u << STORE_RUN_STATUS_COUNT) - 2)) != 0)
        return err_set(e, ERR_INVALID, "not a set of run statuses: %u", filter->statuses);
    if (!page_begin(page, (struct page_key){INT64_MAX, "", "", ""}, &at, e))
        return false;
    add_words(&words, filter->statuses);
/* What every one of the seven asks for first; the limit is the last of each. */
#define ASK_RUNS(query, ...)                                                                       \
    read_rows(r,                                                                                   \
              ASK_LIST(query, at.rows, run_key, P_INT(0), P_TEXT(filter->tenant),                  \
                       P_TIME(filter->from_us),                                                    \
                       P_TIME(at.key.number < newest ? at.key.number : newest),                    \
                       P_TIME(at.key.number), P_TEXT(at.key.text), __VA_ARGS__),                   \
              &ret->list, NULL, e)
    if (filter->statement != STORE_SIGNED_OR_NOT)
        return ASK_RUNS(Q_RUNS_UNSIGNED, P_TEXT(buf_text(&words)), P_TEXT(dag_id),
                        P_INT(filter->statement == STORE_REFUSED), P_INT(at.rows + 1));
    if (filter->lane != NULL && words.len == 0)
        return ASK_RUNS(Q_RUNS_OF_LANE, P_TEXT(dag_id), P_TEXT(filter->lane), P_INT(at.rows + 1));
    if (filter->lane != NULL)
        return ASK_RUNS(Q_RUNS_OF_LANE_AND_STATUSES, P_TEXT(buf_text(&words)), P_TEXT(dag_id),
                        P_TEXT(filter->lane), P_INT(at.rows + 1));
    if (words.len == 0 && dag_id == NULL)
        return ASK_RUNS(Q_RUNS, P_INT(at.rows + 1));
    if (words.len == 0)
        return ASK_RUNS(Q_RUNS_OF_DAG, P_TEXT(dag_id), P_INT(at.rows + 1));
    if (dag_id == NULL)
        return ASK_RUNS(Q_RUNS_OF_STATUSES, P_TEXT(buf_text(&words)), P_INT(at.rows + 1));
    return ASK_RUNS(Q_RUNS_OF_DAG_AND_STATUSES, P_TEXT(buf_text(&words)), P_TEXT(dag_id),
                    P_INT(at.rows + 1));
#undef ASK_RUNS
}

bool store_read_unfinished(struct store_reader *r, const char *owner, int64_t epoch,
                           struct store_page page, struct store_run_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){INT64_MIN, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_UNFINISHED, at.rows, by_creation, P_INT(0), P_TIME(at.key.number),
                              P_TEXT(at.key.text), P_TEXT(owner), P_INT(epoch), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_free_runs(struct store_reader *r, struct store_page page,
                          struct store_run_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){INT64_MIN, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_LIST(Q_FREE_RUNS, at.rows, by_creation, P_INT(-1), P_TIME(at.key.number),
                              P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_unsigned(struct store_reader *r, struct store_page page, struct store_run_list *ret,
                         struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_UNSIGNED, at.rows, by_creation, P_INT(0), P_TEXT(at.key.text),
                              P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_status_counts(struct store_reader *r, const char *tenant,
                              struct store_status_counts *ret, struct err *e)
{
    return read_status_counts(r, ASK_COUNTS(Q_STATUS_COUNTS, P_TEXT(tenant)), ret, e);
}

bool read_status_counts(struct store_reader *r, const struct question *q,
                        struct store_status_counts *ret, struct err *e)
{
    struct store_list list = {0};

    if (!read_rows(r, q, &list, NULL, e))
        return err_wrap(e, "count runs");
    *ret = (struct store_status_counts){0};
    for (size_t i = 0; i < list.count; i++) {
        const struct status_count *row = (const struct status_count *)list.rows + i;

        ret->of[row->status] = row->count;
    }
    arena_free(list.mem);
    return true;
}

bool store_read_durations(struct store_reader *r, const char *tenant, struct store_durations *ret,
                          struct err *e)
{
    struct store_durations d;

    if (!read_real(r, ASK(Q_RUN_DURATION, P_TEXT(tenant), P_INT(STORE_STATS_RUNS_MAX)),
                   &d.run_avg_ms, e) ||
        !read_real(r, ASK(Q_NODE_DURATION, P_TEXT(tenant), P_INT(STORE_STATS_RUNS_MAX)),
                   &d.node_p99_ms, e))
        return err_wrap(e, "durations");
    *ret = d;
    return true;
}

bool store_read_slow_nodes(struct store_reader *r, const char *tenant,
                           struct store_slow_node_list *ret, struct err *e)
{
    return read_rows(r,
                     ASK_PAGE(Q_SLOW_NODES, 10, NULL, P_TEXT(tenant), P_INT(STORE_STATS_RUNS_MAX)),
                     &ret->list, NULL, e);
}
