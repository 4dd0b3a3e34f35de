/* question.h -- what a reader can ask, whatever the driver: a question of the one list, its
 * parameters, and a list that takes the rows. The driver has the text of each question in its own
 * words (driver.h). Private to host/store. */
#ifndef ORCH_STORE_QUESTION_H
#define ORCH_STORE_QUESTION_H

#include "store/columns.h"
#include "store/page.h"
#include "store/reader.h"

/* A question and the row that answers it; NUMBER: one number. The states of DAGs are in the order
 * of enum store_dag_state. */
#define QUERY_MAP(XX)                                                                              \
    XX(RUN, &row_run)                                                                              \
    XX(RUNS, &row_run)                                                                             \
    XX(RUNS_OF_DAG, &row_run)                                                                      \
    XX(RUNS_OF_STATUSES, &row_run)                                                                 \
    XX(RUNS_OF_DAG_AND_STATUSES, &row_run)                                                         \
    XX(RUNS_OF_LANE, &row_run)                                                                     \
    XX(RUNS_OF_LANE_AND_STATUSES, &row_run)                                                        \
    XX(RUN_BY_TOKEN, &row_run)                                                                     \
    XX(TASK, &row_run)                                                                             \
    XX(RUNS_UNSIGNED, &row_run)                                                                    \
    XX(UNFINISHED, &row_run)                                                                       \
    XX(FREE_RUNS, &row_run)                                                                        \
    XX(ORDERS, &row_order)                                                                         \
    XX(JOBS, &row_job)                                                                             \
    XX(HOSTS, &row_host)                                                                           \
    XX(RUNS_OF_HOST, NUMBER)                                                                       \
    XX(UNSIGNED, &row_run)                                                                         \
    XX(STATUS_COUNTS, &row_status_count)                                                           \
    XX(RUN_DURATION, NUMBER)                                                                       \
    XX(NODE_DURATION, NUMBER)                                                                      \
    XX(SLOW_NODES, &row_slow_node)                                                                 \
    XX(NODES, &row_node)                                                                           \
    XX(NODE, &row_node)                                                                            \
    XX(ATTEMPTS, &row_attempt)                                                                     \
    XX(ATTEMPTS_OF_NODE, &row_attempt)                                                             \
    XX(CHECKPOINTS, &row_checkpoint)                                                               \
    XX(PROVENANCE, &row_provenance)                                                                \
    XX(LOGS, &row_log)                                                                             \
    XX(LOGS_OF_NODE, &row_log)                                                                     \
    XX(EVENTS, &row_event)                                                                         \
    XX(EVENTS_OF_RUN, &row_event)                                                                  \
    XX(LAST_EVENT, &row_event)                                                                     \
    XX(EVENT_OLDEST, NUMBER)                                                                       \
    XX(EVENT_NEWEST, NUMBER)                                                                       \
    XX(STATEMENT, &row_statement)                                                                  \
    XX(LEAVES, &row_leaf)                                                                          \
    XX(LEDGERS, &row_ledger)                                                                       \
    XX(LEDGER_HEAD, &row_ledger_head)                                                              \
    XX(LEDGER_HEAD_BEFORE, &row_ledger_head)                                                       \
    XX(LEDGER_HEAD_FROM, &row_ledger_head)                                                         \
    XX(DAGS_LIVE, &row_dag)                                                                        \
    XX(DAGS_ENABLED, &row_dag)                                                                     \
    XX(DAGS_DISABLED, &row_dag)                                                                    \
    XX(DAGS_ANY, &row_dag)                                                                         \
    XX(DAG_HEADS_LIVE, &row_dag)                                                                   \
    XX(DAG_HEADS_ENABLED, &row_dag)                                                                \
    XX(DAG_HEADS_DISABLED, &row_dag)                                                               \
    XX(DAG_HEADS_ANY, &row_dag)                                                                    \
    XX(DAG_COUNT, NUMBER)                                                                          \
    XX(DAG, &row_dag)                                                                              \
    XX(SECRETS, &row_secret)                                                                       \
    XX(SECRET, &row_secret)                                                                        \
    XX(PLUGINS, &row_plugin)                                                                       \
    XX(BUNDLES, &row_bundle)                                                                       \
    XX(BUNDLE_PART, &row_bundle_part)                                                              \
    XX(IDEMPOTENCY, &row_idempotency)                                                              \
    XX(REVOKED_TOKENS, &row_revoked_token)                                                         \
    XX(TENANTS, &row_tenant)                                                                       \
    XX(IDENTITY, &row_identity)                                                                    \
    XX(SCHEDULES, &row_schedule)                                                                   \
    XX(SCHEDULES_OF_DAG, &row_schedule)                                                            \
    XX(SCHEDULE, &row_schedule)                                                                    \
    XX(SCHEDULES_NEXT, &row_schedule)                                                              \
    XX(FIRINGS, &row_firing)                                                                       \
    XX(FIRING, &row_firing)                                                                        \
    XX(SCHEDULES_QUEUED, &row_schedule)                                                            \
    XX(FIRING_QUEUED, &row_firing)                                                                 \
    XX(FIRINGS_QUEUED, NUMBER)                                                                     \
    XX(FIRINGS_WAIT, NUMBER)                                                                       \
    XX(BACKFILLS, &row_backfill)                                                                   \
    XX(BACKFILL, &row_backfill)                                                                    \
    XX(BACKFILLS_BEGIN, &row_backfill)                                                             \
    XX(BACKFILL_RUNS, NUMBER)                                                                      \
    XX(BACKFILL_RUNS_OVER, &row_backfill_run)                                                      \
    XX(BACKFILLS_WAIT, NUMBER)                                                                     \
    XX(LANES, &row_lane)                                                                           \
    XX(LANE, &row_lane)                                                                            \
    XX(LANE_VERSIONS, &row_lane)                                                                   \
    XX(DEAD_LETTERS, &row_dead_letter)                                                             \
    XX(DEAD_LETTERS_ALIKE, &row_dead_letter)                                                       \
    XX(DEAD_LETTER, &row_dead_letter)                                                              \
    XX(DEAD_SNAPSHOT, &row_dead_snapshot)                                                          \
    XX(DEAD_TOTALS, &row_dead_totals)                                                              \
    XX(DEAD_BY_LANE, &row_dead_count)                                                              \
    XX(DEAD_BY_CLASS, &row_dead_count)                                                             \
    XX(DEAD_GROUPS, &row_dead_group)                                                               \
    XX(DEAD_DEPTHS, &row_dead_count)                                                               \
    XX(QUOTAS, &row_quota)                                                                         \
    XX(QUOTAS_OF_TYPE, &row_quota)                                                                 \
    XX(QUOTAS_OF_ALL, &row_quota)                                                                  \
    XX(QUOTA, &row_quota)                                                                          \
    XX(JOB_COUNTS, &row_status_count)                                                              \
    XX(JOB_COUNTS_OF_LANE, &row_status_count)                                                      \
    XX(GATE, &row_gate)                                                                            \
    XX(GATES_HELD, &row_gate)                                                                      \
    XX(GATES_NEWEST, &row_gate)                                                                    \
    XX(GATES_AHEAD, NULL)

enum query {
#define XX(name, row) Q_##name,
    QUERY_MAP(XX)
#undef XX
        QUERY_COUNT,
};

/* NULL: the answer is one number. */
extern const struct row_type *const query_rows[QUERY_COUNT];

struct param {
    const char *text; /* NULL: number is the value, or SQL's NULL when null is set */
    int64_t number;
    bool null;
    bool time; /* number is one: a database may have a type of its own for it */
};
#define P_INT(v) ((struct param){NULL, (int64_t)(v), false, false})
#define P_TIME(us) ((struct param){NULL, (us), false, true})
#define P_TEXT(v) param_text(v)
static inline struct param param_text(const char *text)
{
    return (struct param){text, 0, text == NULL, false};
}

/* Where the list goes on after a row. */
typedef struct page_key page_key_fn(const void *row);

struct question {
    enum query query;
    const struct param *params;
    size_t param_count;
    uint32_t rows_max;
    uint32_t bytes_max; /* 0: STORE_PAGE_BYTES_MAX */
    page_key_fn *key;   /* NULL: the list does not page */
};
/* ASK(Q_RUN, P_INT(1), P_TEXT(tenant)) names a question for one row at most. */
#define PARAMS(...)                                                                                \
    .params = (const struct param[]){__VA_ARGS__},                                                 \
    .param_count = sizeof((const struct param[]){__VA_ARGS__}) / sizeof(struct param)
#define ASK(q, ...) (&(const struct question){.query = (q), PARAMS(__VA_ARGS__), .rows_max = 1})
#define ASK_PAGE(q, rows, key_fn, ...)                                                             \
    (&(const struct question){                                                                     \
        .query = (q), PARAMS(__VA_ARGS__), .rows_max = (rows), .key = (key_fn)})
/* The same for a list that many ask for: a page of it is answered in one piece. */
#define ASK_LIST(q, rows, key_fn, ...)                                                             \
    (&(const struct question){.query = (q),                                                        \
                              PARAMS(__VA_ARGS__),                                                 \
                              .rows_max = (rows),                                                  \
                              .bytes_max = STORE_LIST_BYTES_MAX,                                   \
                              .key = (key_fn)})

/* A list that fills, for the driver that reads the rows. */
struct answer {
    const struct question *question;
    struct store_list *list;
    size_t cap;
    bool more; /* rows were left */
};
/* The next row's place; its texts go into list->mem. NULL: there is no room for it. Rows move as
 * the list grows, their texts do not. */
void *answer_row(struct answer *a) must_check;
/* What came so far was not the answer: it begins anew. */
void answer_restart(struct answer *a);

/* Fills an empty list. *ret_more, which may be NULL: rows were left. The question's own limit,
 * where it has one, is the last parameter and one above rows_max, so that there is a row to tell it
 * by. */
bool read_rows(struct store_reader *r, const struct question *q, struct store_list *ret,
               bool *ret_more, struct err *e) must_check;
/* The same for exactly one row; none is ERR_NOT_FOUND, "no <what> '<name>'". */
bool read_row(struct store_reader *r, const struct question *q, const char *what, const char *name,
              struct store_list *ret, struct err *e) must_check;
/* Behind a question that failed: true, and no error, where only the row was not there. */
bool not_found_is_none(struct err *e);
/* The answer's one number; NULL reads as 0. */
bool read_real(struct store_reader *r, const struct question *q, double *ret,
               struct err *e) must_check;
bool read_int(struct store_reader *r, const struct question *q, int64_t *ret,
              struct err *e) must_check;
#define ASK_COUNTS(q, ...)                                                                         \
    (&(const struct question){.query = (q),                                                        \
                              PARAMS(__VA_ARGS__),                                                 \
                              .rows_max = STORE_RUN_STATUS_COUNT})
/* Runs by their status. */
bool read_status_counts(struct store_reader *r, const struct question *q,
                        struct store_status_counts *ret, struct err *e) must_check;
/* Of a query without parameters, whether that is not 0; false beside an error. */
bool read_flag(struct store_reader *r, enum query query, bool *ret, struct err *e) must_check;

/* A page's start: rows and the key to go on from; without a token the key is as given. */
struct page_start {
    uint32_t rows;
    struct page_key key;
    struct arena *mem;
};
void page_start_done(struct page_start *s);
DEFINE_AUTO_DONE(page_start)
bool page_begin(struct store_page page, struct page_key first, struct page_start *ret,
                struct err *e) must_check;
/* page.size within its bounds. */
uint32_t page_rows(uint32_t size);

#endif
