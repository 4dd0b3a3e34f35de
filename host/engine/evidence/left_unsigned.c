/* left_unsigned.c -- see left_unsigned.h. */
#include "engine/evidence/left_unsigned.h"

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/env/env.h"
#include "engine/evidence/statements.h"
#include "engine/runs/load.h"

#include <string.h>
#include <sys/queue.h>

enum { SWEEP_ROWS = 32 };
#define AGAIN_NS (5LL * 1000 * 1000 * 1000)

struct again {
    char *tenant, *run_id;
    STAILQ_ENTRY(again) link;
};

struct left_again {
    STAILQ_HEAD(again_list, again) runs;
    int64_t due_ns; /* of all, while there is one */
};

struct left_again *left_again_new(void)
{
    struct left_again *again = mem_new(struct left_again);

    STAILQ_INIT(&again->runs);
    return again;
}

static struct again *take_first(struct again_list *list)
{
    struct again *x = STAILQ_FIRST(list);

    if (x != NULL)
        STAILQ_REMOVE_HEAD(list, link);
    return x;
}

static void again_free(struct again *x)
{
    free(x->tenant);
    free(x->run_id);
    free(x);
}

void left_again_free(struct left_again *again)
{
    struct again *x;

    if (again == NULL)
        return;
    while ((x = take_first(&again->runs)) != NULL)
        again_free(x);
    free(again);
}

int64_t left_again_next_timer(const struct left_again *again)
{
    return STAILQ_EMPTY(&again->runs) ? INT64_MAX : again->due_ns;
}

/* A store that cannot be asked now is no reason to leave a run for good. */
static void leave(const struct left_unsigned *left, const char *tenant, const char *run_id,
                  const struct err *why)
{
    struct again *x;

    if (!err_code_temporary(why->code)) {
        statements_leave(left->statements, tenant, run_id, why);
        return;
    }
    log_event(LOG_WARN, "statement.not_looked_at", F_STR("runId", run_id), F_ERR(why));
    x = mem_new(struct again);
    *x = (struct again){.tenant = mem_str(tenant), .run_id = mem_str(run_id)};
    if (STAILQ_EMPTY(&left->again->runs))
        left->again->due_ns = left->env->clock.mono_ns() + AGAIN_NS;
    STAILQ_INSERT_TAIL(&left->again->runs, x, link);
}

static enum run_state run_state_of(enum store_run_status status)
{
    static const enum run_state of[STORE_RUN_STATUS_COUNT] = {
        [STORE_RUN_COMPLETED] = RUN_COMPLETED,
        [STORE_RUN_FAILED] = RUN_FAILED,
        [STORE_RUN_CANCELLED] = RUN_CANCELLED,
    };

    return of[status];
}

/* The ended run once more, as the statement's maker wants it; it never enters the table. */
static bool sign_again(const struct left_unsigned *left, struct past *past, struct err *e)
{
    auto_obj(active_run) ar = NULL;
    const struct store_run *row;
    struct sha256_hex chain;
    size_t count;

    if (!load_row(left->env, past, &ar, e))
        return false;
    row = &past->row.rows[0];
    load_machine(ar, row);
    if (!load_past(ar, past, e))
        return false;
    ar->ended_us = row->completed_us;
    ar->final_state = run_state_of(row->status);
    if (row->chain_hash == NULL ||
        !text_copy(ar->chain_hash.text, sizeof ar->chain_hash.text, row->chain_hash))
        return err_set(e, ERR_CORRUPT, "it ended without a chain hash");
    chain = active_run_chain_hash(ar, &count);
    if (strcmp(chain.text, ar->chain_hash.text) != 0)
        return err_set(e, ERR_CORRUPT, "it ended with the chain hash %s, its records have %s",
                       ar->chain_hash.text, chain.text);
    statements_add(left->statements, ar);
    return true;
}

/* A run that is being read. */
struct unsigned_run {
    struct left_unsigned left;
    char *tenant, *run_id;
    int64_t ended_us;
};

static void unsigned_free(void *arg)
{
    struct unsigned_run *u = arg;

    free(u->tenant);
    free(u->run_id);
    free(u);
}

/* Another look may have found it too, and its statement may be on its way or stored by now. */
static bool still_due(const struct unsigned_run *u)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (statements_has(u->left.statements, u->run_id, u->ended_us))
        return false;
    return !store_read_run_head(u->left.env->reader, u->tenant, u->run_id, &rows, &e) ||
           rows.rows[0].statement_due;
}

static void was_read(void *arg, struct past *given)
{
    struct unsigned_run *u = arg;
    auto_obj(past) past = given;
    struct err e = {0};

    if (still_due(u) && !sign_again(&u->left, past, &e))
        leave(&u->left, u->tenant, u->run_id, &e);
    unsigned_free(u);
}

static void sign_or_leave(const struct left_unsigned *left, const struct store_run *row)
{
    struct unsigned_run *u = mem_new(struct unsigned_run);

    *u =
        (struct unsigned_run){*left, mem_str(row->tenant), mem_str(row->run_id), row->completed_us};
    past_await(left->env, left->dags, row, PAST_OVER,
               &(struct past_wait){was_read, unsigned_free, u});
}

bool left_unsigned_add(const struct left_unsigned *left, struct err *e)
{
    auto_mem char *token = NULL;

    do {
        auto_done(store_run_list) rows = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_unsigned(left->env->reader, page, &rows, e))
            return err_wrap(e, "recover statements");
        for (size_t i = 0; i < rows.count; i++)
            sign_or_leave(left, &rows.rows[i]);
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    return true;
}

/* ---- while the host runs ---- */

struct sweep {
    struct left_unsigned left;
    bool *under_way;
    struct store_run_list page;
    struct err e;
};

static void sweep_free(void *arg)
{
    struct sweep *sweep = arg;

    *sweep->under_way = false;
    store_run_list_done(&sweep->page);
    free(sweep);
}

static void read_page(void *arg, struct store_reader *reader)
{
    struct sweep *sweep = arg;
    auto_mem char *token = mem_str(sweep->page.next_page);

    store_run_list_done(&sweep->page);
    (void)!store_read_unsigned(reader, (struct store_page){.token = token, .size = SWEEP_ROWS},
                               &sweep->page, &sweep->e);
}

/* The page may be older than what this host stored meanwhile. What was refused for good is tried by
 * the next start. */
static void sign_now(const struct left_unsigned *left, const struct store_run *found)
{
    if (found->statement_refused == NULL &&
        !statements_has(left->statements, found->run_id, found->completed_us))
        sign_or_leave(left, found);
}

static void page_read(void *arg)
{
    struct sweep *sweep = arg;

    if (sweep->e.code != ERR_NONE)
        log_event(LOG_WARN, "statement.not_looked_at", F_ERR(&sweep->e));
    for (size_t i = 0; i < sweep->page.count; i++)
        sign_now(&sweep->left, &sweep->page.rows[i]);
    if (sweep->e.code == ERR_NONE && sweep->page.next_page != NULL)
        beside_give(sweep->left.env->beside,
                    &(struct beside_work){read_page, page_read, sweep_free, sweep});
    else
        sweep_free(sweep);
}

void left_unsigned_sweep(const struct left_unsigned *left, bool *under_way)
{
    struct sweep *sweep;

    if (*under_way)
        return;
    sweep = mem_new(struct sweep);
    *sweep = (struct sweep){.left = *left, .under_way = under_way};
    *under_way = true;
    beside_give(left->env->beside, &(struct beside_work){read_page, page_read, sweep_free, sweep});
}

void left_unsigned_run(const struct left_unsigned *left, const char *tenant, const char *run_id)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (store_read_run_head(left->env->reader, tenant, run_id, &rows, &e))
        sign_or_leave(left, &rows.rows[0]);
    else
        leave(left, tenant, run_id, &e);
}

/* ---- those that could not be looked at ---- */

/* Somebody may have signed it, or have reopened it, meanwhile. */
static void look_again(const struct left_unsigned *left, const struct again *x)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (!store_read_run_head(left->env->reader, x->tenant, x->run_id, &rows, &e))
        leave(left, x->tenant, x->run_id, &e);
    else if (rows.rows[0].statement_due)
        sign_or_leave(left, &rows.rows[0]);
}

void left_again_turn(const struct left_unsigned *left, int64_t now_ns)
{
    struct again_list due = STAILQ_HEAD_INITIALIZER(due);
    struct again *x;

    if (left_again_next_timer(left->again) > now_ns)
        return;
    STAILQ_CONCAT(&due, &left->again->runs);
    while ((x = take_first(&due)) != NULL) {
        look_again(left, x);
        again_free(x);
    }
}
