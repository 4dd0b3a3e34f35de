/* read.h -- how a reader asks: a statement of the one table, its parameters, and a list that
 * takes the rows. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_READ_H
#define ORCH_STORE_SQLITE_READ_H

#include "store/page.h"
#include "store/reader.h"
#include "store/sqlite/db.h"

enum query {
    Q_RUN,
    Q_RUNS,
    Q_RUNS_OF_DAG,
    Q_RUNS_OF_STATUSES,
    Q_RUNS_OF_DAG_AND_STATUSES,
    Q_RUN_BY_TOKEN,
    Q_RUNS_UNSIGNED,
    Q_UNFINISHED,
    Q_UNSIGNED,
    Q_STATUS_COUNTS,
    Q_RUN_DURATION,
    Q_NODE_DURATION,
    Q_SLOW_NODES,
    Q_NODES,
    Q_NODE,
    Q_ATTEMPTS,
    Q_ATTEMPTS_OF_NODE,
    Q_CHECKPOINTS,
    Q_PROVENANCE,
    Q_LOGS,
    Q_LOGS_OF_NODE,
    Q_EVENTS,
    Q_EVENTS_OF_RUN,
    Q_LAST_EVENT,
    Q_EVENT_OLDEST,
    Q_EVENT_NEWEST,
    Q_STATEMENT,
    Q_LEAVES,
    Q_LEDGER_HEAD,
    Q_LEDGER_HEAD_BEFORE,
    Q_LEDGER_HEAD_FROM,
    Q_LEDGER_SEALED,
    Q_DAGS_LIVE, /* in the order of enum store_dag_state, as are the heads */
    Q_DAGS_ENABLED,
    Q_DAGS_DISABLED,
    Q_DAGS_ANY,
    Q_DAG_HEADS_LIVE,
    Q_DAG_HEADS_ENABLED,
    Q_DAG_HEADS_DISABLED,
    Q_DAG_HEADS_ANY,
    Q_DAG_COUNT,
    Q_DAG,
    Q_SECRETS,
    Q_SECRET,
    Q_PLUGINS,
    Q_IDEMPOTENCY,
    Q_REVOKED_TOKENS,
    Q_TENANTS,
    Q_IDENTITY,
    QUERY_COUNT,
};

extern const struct statement queries[QUERY_COUNT];

struct store_reader {
    sqlite3 *db;
    sqlite3_stmt *stmts[QUERY_COUNT];
};

struct param {
    const char *text; /* NULL: number is the value, or SQL's NULL when null is set */
    int64_t number;
    bool null;
};
#define P_INT(v) ((struct param){NULL, (int64_t)(v), false})
#define P_TEXT(v) param_text(v)
static inline struct param param_text(const char *text)
{
    return (struct param){text, 0, text == NULL};
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

/* The statement with its parameters bound, for a caller that steps and resets it. */
sqlite3_stmt *read_ask(struct store_reader *r, const struct question *q);

/* Fills an empty list. *ret_more, which may be NULL: rows were left. The statement's own LIMIT,
 * where it has one, is the last parameter and one above rows_max, so that there is a row to tell it
 * by. */
bool read_rows(struct store_reader *r, const struct question *q, struct store_list *ret,
               bool *ret_more, struct err *e) must_check;
/* The same for exactly one row; none is ERR_NOT_FOUND, "no <what> '<name>'". */
bool read_row(struct store_reader *r, const struct question *q, const char *what, const char *name,
              struct store_list *ret, struct err *e) must_check;
/* The statement's one row of numbers; NULL reads as 0. */
bool read_real(struct store_reader *r, const struct question *q, double *ret,
               struct err *e) must_check;
bool read_int(struct store_reader *r, const struct question *q, int64_t *ret,
              struct err *e) must_check;

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
