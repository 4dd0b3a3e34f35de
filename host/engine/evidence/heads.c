/* heads.c -- see heads.h. */
#include "engine/evidence/heads.h"

#include "authority/trust/dsse.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/env/env.h"
#include "engine/evidence/behind.h"
#include "engine/evidence/tenant_trees.h"
#include "engine/jobs/jobs.h"

#include <assert.h>
#include <string.h>

/* A page is about a millisecond of the loop's time: its rows and two hashes a row. The tenants
 * bound the batch; where there are more, the next pass follows at once. */
enum {
    LEAVES_A_TURN = STORE_PAGE_ROWS_MAX,
    TENANTS_A_TURN = 32,
    TENANTS_A_PASS = 4096,
    LEAVES_A_PASS = 256 * 1024, /* the authority gets 32 bytes of each */
};

#define LOOK_AGAIN_NS (30LL * 1000 * 1000 * 1000)
#define ADRIFT_NS (1000LL * 1000 * 1000) /* until it is known whether the job stays this host's */

/* One pass at a time. It reads in turns, then waits for the authority (several requests one behind
 * the other), then for the store's writer; each answers once. Events may be committed all through
 * it: those behind `upto` are the next pass's. */
enum pass { PASS_NONE, PASS_READS, PASS_SIGNS, PASS_STORES };

/* Every tenant's ledger, a page at a time. */
struct look {
    struct store_ledger_list page;
    struct err e;
};

struct heads {
    const struct engine_env *env;
    const struct engine_mode *mode;
    const struct jobs *jobs;
    int64_t interval_ns; /* 0: only when asked */
    bool looks;          /* a page is read beside the loop */
    struct look look;
    int64_t looked_ns;
    enum pass pass;
    struct behind *behind;
    int64_t due_ns; /* when the next pass begins */
    struct err failed;
    bool over;   /* a pass is, and it was not told */
    bool wanted; /* since it began, somebody asked for another */

    /* Of the pass. */
    bool cut;          /* more waits than one pass takes */
    struct behind *at; /* whose events are read; NULL: no more */
    size_t leaves;     /* as many as were read */
    struct tenant_tree *trees;
    struct tenant_tree *unsigned_yet; /* the first whose head is not in the batch; in trees */
    struct store_batch *batch;
};

struct heads *heads_new(const struct engine_env *env, const struct engine_mode *mode,
                        const struct jobs *jobs)
{
    struct heads *h = mem_new(struct heads);

    h->env = env;
    h->mode = mode;
    h->jobs = jobs;
    h->interval_ns = env->set.head_interval_ns;
    h->due_ns = INT64_MAX;
    return h;
}

static void forget_pass(struct heads *h)
{
    tenant_trees_clear(&h->trees);
    store_batch_free(take(h->batch));
    h->unsigned_yet = NULL;
    h->pass = PASS_NONE;
}

void heads_free(struct heads *h)
{
    if (h == NULL)
        return;
    while (h->behind != NULL)
        behind_drop(&h->behind, h->behind);
    forget_pass(h);
    store_ledger_list_done(&h->look.page);
    free(h);
}

static void due_in(struct heads *h, int64_t wait_ns)
{
    int64_t due_ns = h->env->clock.mono_ns() + wait_ns;

    if (h->pass == PASS_NONE && due_ns < h->due_ns)
        h->due_ns = due_ns;
}

/* ---- what the store has behind its heads ---- */

/* The page behind the one that is there. */
static bool look_at_page(struct heads *h, struct store_reader *reader)
{
    auto_mem char *token = mem_str(h->look.page.next_page);

    store_ledger_list_done(&h->look.page);
    return store_read_ledgers(reader,
                              (struct store_page){.token = token, .size = STORE_PAGE_ROWS_MAX},
                              &h->look.page, &h->look.e);
}

/* False: it was the last. */
static bool take_page(struct heads *h)
{
    for (size_t i = 0; i < h->look.page.count; i++) {
        const struct store_ledger *ledger = &h->look.page.rows[i];

        if (ledger->newest > ledger->sealed)
            behind_note(&h->behind, ledger->tenant, ledger->sealed, ledger->newest);
    }
    if (h->look.page.next_page != NULL)
        return true;
    store_ledger_list_done(&h->look.page);
    if (h->behind != NULL && h->interval_ns > 0)
        due_in(h, 0);
    return false;
}

bool heads_begin(struct heads *h, struct err *e)
{
    if (!jobs_has(h->jobs, JOB_HEADS))
        return true;
    do {
        if (!look_at_page(h, h->env->reader)) {
            *e = h->look.e;
            return err_wrap(e, "ledger heads");
        }
    } while (take_page(h));
    return true;
}

static void look_beside(void *arg, struct store_reader *reader)
{
    struct heads *h = arg;

    h->look.e = (struct err){0};
    (void)look_at_page(h, reader);
}

static void give_look(struct heads *h);

static void was_looked(void *arg)
{
    struct heads *h = arg;

    h->looks = false;
    if (h->look.e.code != ERR_NONE)
        log_event(LOG_WARN, "ledger.not_looked_at", F_ERR(&h->look.e));
    else if (take_page(h))
        give_look(h);
}

static void not_looked(void *arg unused_arg)
{
}

static void give_look(struct heads *h)
{
    h->looks = true;
    beside_give(h->env->beside, &(struct beside_work){look_beside, was_looked, not_looked, h});
}

void heads_look(struct heads *h)
{
    h->looked_ns = h->env->clock.mono_ns();
    if (!h->looks && jobs_has(h->jobs, JOB_HEADS))
        give_look(h);
}

void heads_missed(struct heads *h)
{
    if (h->env->clock.mono_ns() - h->looked_ns > LOOK_AGAIN_NS)
        heads_look(h);
}

/* ---- what is told ---- */

void heads_note(struct heads *h, const char *tenant, int64_t first, int64_t last)
{
    if (!jobs_has(h->jobs, JOB_HEADS))
        return;
    behind_note(&h->behind, tenant, first - 1, last);
    if (h->interval_ns > 0)
        due_in(h, h->interval_ns);
}

void heads_want(struct heads *h, const char *tenant, int64_t sealed, int64_t newest)
{
    behind_note(&h->behind, tenant, sealed, newest);
    h->wanted = true;
    if (h->pass == PASS_NONE)
        h->due_ns = 0;
}

int64_t heads_behind(const struct heads *h)
{
    return behind_events(h->behind);
}

const struct err *heads_failed(const struct heads *h)
{
    return h->failed.code != ERR_NONE ? &h->failed : NULL;
}

int64_t heads_next_timer(const struct heads *h)
{
    if (h->pass == PASS_READS)
        return 0;
    return h->pass == PASS_NONE ? h->due_ns : INT64_MAX; /* the others wait for an answer */
}

/* ---- the end of a pass ---- */

static void pass_over(struct heads *h)
{
    bool cut = h->failed.code == ERR_NONE && h->cut;

    forget_pass(h);
    h->over = true;
    if (cut || h->wanted)
        h->due_ns = 0;
    else if (h->behind != NULL && h->interval_ns > 0)
        h->due_ns = h->env->clock.mono_ns() + h->interval_ns;
    else
        h->due_ns = INT64_MAX;
}

static void pass_failed(struct heads *h, const struct err *why)
{
    h->failed = *why;
    if (!h->mode->stopping)
        log_event(LOG_ERROR, "ledger.not_sealed", F_INT("behind", heads_behind(h)), F_ERR(why));
    h->wanted = false; /* who asked is told why, and asks again */
    pass_over(h);
}

bool heads_next_over(struct heads *h, const struct err **ret)
{
    bool over = h->over;

    h->over = false;
    *ret = heads_failed(h);
    return over;
}

static void is_sealed(struct heads *h, const struct tenant_tree *t)
{
    struct behind *b = behind_find(h->behind, t->head.tenant);

    if (b == NULL) /* the job went, and came back, meanwhile */
        return;
    b->sealed = t->head.last_seq;
    if (b->sealed >= b->newest)
        behind_drop(&h->behind, b);
}

static void stored(void *arg, const struct store_done *done)
{
    struct heads *h = arg;

    assert(h->pass == PASS_STORES);
    if (done->err != NULL) {
        pass_failed(h, done->err);
        return;
    }
    log_event(LOG_INFO, "ledger.sealed", F_INT("heads", HASH_COUNT(h->trees)),
              F_INT("events", h->leaves));
    for (const struct tenant_tree *t = h->trees; t != NULL; t = t->hh.next)
        is_sealed(h, t);
    h->failed = (struct err){0};
    pass_over(h);
}

static void store_heads(struct heads *h)
{
    struct err e = {0};

    h->pass = PASS_STORES;
    if (!store_submit_take(h->env->store, &h->batch, stored, h, &e))
        pass_failed(h, &e);
}

/* ---- signing ---- */

static void sign_next(struct heads *h);

static void put_head(struct heads *h, const struct tenant_tree *t, const char *envelope)
{
    store_batch_ledger_head_put(h->batch, &(struct store_ledger_head){
                                              .tenant = t->head.tenant,
                                              .tree_size = (int64_t)t->head.tree.leaves,
                                              .last_seq = t->head.last_seq,
                                              .root_hash = ledger_tree_root(&t->head.tree).text,
                                              .envelope = envelope,
                                              .created_us = t->created_us,
                                          });
}

static void is_signed(void *arg, const struct authority_result *result, const struct err *e)
{
    struct heads *h = arg;

    assert(h->pass == PASS_SIGNS);
    if (e != NULL) {
        pass_failed(h, e);
        return;
    }
    for (unsigned i = 0; i < result->signatures.count; i++) {
        const struct authority_bytes *envelope = &result->signatures.envelopes[i];
        auto_mem char *text = mem_strn(envelope->data, envelope->len);

        assert(h->unsigned_yet != NULL);
        put_head(h, h->unsigned_yet, text);
        h->unsigned_yet = h->unsigned_yet->hh.next;
    }
    sign_next(h);
}

/* What is signed is the clock's own time. The row's time rises with the tree, whatever the clock
 * does: by it an export finds its heads. */
static void payload_of(struct tenant_tree *t, int64_t wall_us, struct buf *ret)
{
    const struct ledger_head before = t->head;

    t->created_us = wall_us > t->created_us ? wall_us : t->created_us + 1;
    ledger_head_date(&t->head, t->before != NULL ? &before : NULL, wall_us);
    ledger_head_write(&t->head, ret);
}

/* The next heads go to the authority; without any, all are signed. */
static void sign_next(struct heads *h)
{
    const struct engine_authority *authority = &h->env->authority;
    struct authority_sign_item items[AUTHORITY_SIGN_MAX];
    struct buf payloads[AUTHORITY_SIGN_MAX] = {0};
    int64_t wall_us = h->env->clock.wall_us();
    unsigned count = 0;
    struct err e = {0};
    bool sent;

    if (h->unsigned_yet == NULL) {
        store_heads(h);
        return;
    }
    h->pass = PASS_SIGNS;
    for (struct tenant_tree *t = h->unsigned_yet; t != NULL && count < AUTHORITY_SIGN_MAX;
         t = t->hh.next, count++) {
        payload_of(t, wall_us, &payloads[count]);
        items[count] = (struct authority_sign_item){
            .purpose = PURPOSE_LEDGER_HEAD,
            .type = DSSE_TYPE_LEDGER_HEAD,
            .payload = buf_text(&payloads[count]),
            .len = payloads[count].len,
            .before = {t->before, t->before != NULL ? strlen(t->before) : 0},
            .leaves = {t->leaves.data, t->leaves.len},
        };
    }
    sent = authority->sign(authority->client, items, count, (struct authority_reply){is_signed, h},
                           &e);
    for (unsigned i = 0; i < count; i++)
        buf_done(&payloads[i]);
    if (!sent)
        pass_failed(h, &e);
}

/* ---- reading ---- */

static bool add_leaves(struct tenant_tree *t, const struct store_leaf_list *rows, struct err *e)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (!tenant_tree_add(t, &rows->rows[i], e))
            return false;
    }
    return true;
}

/* A page of one tenant's events. */
static bool read_page(struct heads *h, struct err *e)
{
    auto_done(store_leaf_list) rows = {0};
    struct behind *b = h->at;
    struct tenant_tree *t;

    if (!tenant_trees_find(&h->trees, h->env->reader, b->tenant, &t, e) ||
        !store_read_leaves(h->env->reader, b->tenant, t->head.last_seq, b->goal, LEAVES_A_TURN,
                           &rows, e))
        return false;
    if (rows.count == 0)
        return err_set(e, ERR_CORRUPT, "tenant '%s': the events behind %lld are gone", b->tenant,
                       (long long)t->head.last_seq);
    if (!add_leaves(t, &rows, e))
        return false;
    h->leaves += rows.count;
    if (t->head.last_seq >= b->goal)
        h->at = b->hh.next;
    return true;
}

static bool pass_has_room(struct heads *h)
{
    if (h->at == NULL || h->at->goal == 0)
        return false;
    if (h->leaves < LEAVES_A_PASS)
        return true;
    h->cut = true;
    return false;
}

/* *ret_over: nothing more is to be read. */
static bool read_some(struct heads *h, bool *ret_over, struct err *e)
{
    size_t enough = h->leaves + LEAVES_A_TURN;

    for (unsigned i = 0; i < TENANTS_A_TURN && h->leaves < enough; i++) {
        *ret_over = !pass_has_room(h);
        if (*ret_over)
            return true;
        if (!read_page(h, e))
            return false;
    }
    *ret_over = !pass_has_room(h);
    return true;
}

/* Who comes to the table later stands behind those of this pass in its order. */
static void pass_begin(struct heads *h)
{
    unsigned taken = 0;

    for (struct behind *b = h->behind; b != NULL; b = b->hh.next, taken++)
        b->goal = taken < TENANTS_A_PASS ? b->newest : 0;
    h->pass = PASS_READS;
    h->wanted = false;
    h->due_ns = INT64_MAX;
    h->cut = taken > TENANTS_A_PASS;
    h->at = h->behind;
    h->leaves = 0;
    h->batch = store_batch_new();
}

void heads_turn(struct heads *h, int64_t now_ns)
{
    bool over = false;
    struct err e = {0};

    if (h->pass == PASS_NONE && h->due_ns <= now_ns && !jobs_has(h->jobs, JOB_HEADS))
        h->due_ns = now_ns + ADRIFT_NS;
    else if (h->pass == PASS_NONE && h->due_ns <= now_ns)
        pass_begin(h);
    if (h->pass != PASS_READS)
        return;
    if (!read_some(h, &over, &e)) {
        pass_failed(h, &e);
        return;
    }
    if (!over)
        return;
    h->unsigned_yet = h->trees;
    sign_next(h);
}
