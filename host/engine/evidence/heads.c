/* heads.c -- see heads.h. */
#include "engine/evidence/heads.h"

#include "authority/trust/dsse.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/env/env.h"
#include "engine/evidence/tenant_trees.h"

#include <assert.h>
#include <string.h>
#include <sys/queue.h>

/* A page is about a millisecond of the loop's time: its rows and two hashes a row. The tenants
 * bound the batch; where there are more, the next pass follows at once. */
enum {
    LEAVES_A_TURN = STORE_PAGE_ROWS_MAX,
    TENANTS_A_PASS = 4096,
    LEAVES_A_PASS = 256 * 1024, /* the authority gets 32 bytes of each */
    WAITERS_MAX = 256,
};

/* One pass at a time. It reads in turns, then waits for the authority (several requests one behind
 * the other), then for the store's writer; each answers once. Events may be committed all through
 * it: those behind `upto` are the next pass's. */
enum pass { PASS_NONE, PASS_READS, PASS_SIGNS, PASS_STORES };

struct waiter {
    int64_t seq; /* waits until this is under a head */
    api_done_fn done;
    void *done_arg;
    TAILQ_ENTRY(waiter) link;
};
TAILQ_HEAD(waiter_list, waiter);

struct heads {
    const struct engine_env *env;
    const struct engine_mode *mode;
    int64_t interval_ns; /* 0: only when asked */
    bool begun;
    enum pass pass;
    int64_t newest; /* seq of the newest committed event */
    int64_t sealed; /* every event up to here is under a stored head */
    int64_t due_ns; /* when the next pass begins */
    struct err failed;
    struct waiter_list waiters;
    unsigned waiter_count;

    /* Of the pass. */
    int64_t goal; /* the newest event when it began */
    int64_t upto; /* the newest that it seals */
    int64_t read;
    size_t leaves; /* as many as were read */
    struct tenant_tree *trees;
    struct tenant_tree *unsigned_yet; /* the first whose head is not in the batch; in trees */
    struct store_batch *batch;
};

struct heads *heads_new(const struct engine_env *env, const struct engine_mode *mode)
{
    struct heads *h = mem_new(struct heads);

    h->env = env;
    h->mode = mode;
    h->interval_ns = env->set.head_interval_ns;
    h->due_ns = INT64_MAX;
    TAILQ_INIT(&h->waiters);
    return h;
}

static void forget_pass(struct heads *h)
{
    tenant_trees_clear(&h->trees);
    store_batch_free(take(h->batch));
    h->unsigned_yet = NULL;
    h->pass = PASS_NONE;
}

void heads_forget_waiters(struct heads *h)
{
    struct waiter *w;

    while ((w = TAILQ_FIRST(&h->waiters)) != NULL) {
        TAILQ_REMOVE(&h->waiters, w, link);
        free(w);
    }
    h->waiter_count = 0;
}

void heads_free(struct heads *h)
{
    if (h == NULL)
        return;
    forget_pass(h);
    heads_forget_waiters(h);
    free(h);
}

bool heads_begin(struct heads *h, struct err *e)
{
    int64_t oldest;

    if (!store_read_ledger_sealed(h->env->reader, &h->sealed, e) ||
        !store_read_event_bounds(h->env->reader, &oldest, &h->newest, e))
        return err_wrap(e, "ledger heads");
    h->begun = true;
    if (h->newest > h->sealed && h->interval_ns > 0)
        h->due_ns = h->env->clock.mono_ns();
    return true;
}

void heads_note(struct heads *h, int64_t seq)
{
    if (seq <= h->newest)
        return; /* a commit without an event */
    h->newest = seq;
    if (h->begun && h->pass == PASS_NONE && h->due_ns == INT64_MAX && h->interval_ns > 0)
        h->due_ns = h->env->clock.mono_ns() + h->interval_ns;
}

int64_t heads_behind(const struct heads *h)
{
    return h->newest - h->sealed;
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

/* ---- who waits ---- */

void heads_seal(struct heads *h, api_done_fn done, void *done_arg)
{
    struct waiter *w;
    struct err e = {0};

    if (h->newest <= h->sealed) {
        done(done_arg, &(struct api_outcome){0});
        return;
    }
    if (h->waiter_count == WAITERS_MAX) {
        err_set(&e, ERR_LIMIT, "%d requests wait for a ledger head", WAITERS_MAX);
        done(done_arg, &(struct api_outcome){.e = &e});
        return;
    }
    w = mem_new(struct waiter);
    *w = (struct waiter){.seq = h->newest, .done = done, .done_arg = done_arg};
    TAILQ_INSERT_TAIL(&h->waiters, w, link);
    h->waiter_count++;
    h->due_ns = 0;
}

/* Answers those whose events are sealed; with an error, all. */
static void answer(struct heads *h, const struct err *e)
{
    struct waiter_list now = TAILQ_HEAD_INITIALIZER(now);
    struct waiter *w;

    while ((w = TAILQ_FIRST(&h->waiters)) != NULL && (e != NULL || w->seq <= h->sealed)) {
        TAILQ_REMOVE(&h->waiters, w, link);
        TAILQ_INSERT_TAIL(&now, w, link);
        h->waiter_count--;
    }
    while ((w = TAILQ_FIRST(&now)) != NULL) { /* it may ask for another head */
        TAILQ_REMOVE(&now, w, link);
        w->done(w->done_arg, &(struct api_outcome){.e = e});
        free(w);
    }
}

/* ---- the end of a pass ---- */

static void pass_over(struct heads *h)
{
    bool cut = h->failed.code == ERR_NONE && h->sealed < h->goal;

    forget_pass(h);
    if (cut || !TAILQ_EMPTY(&h->waiters))
        h->due_ns = 0;
    else if (h->newest > h->sealed && h->interval_ns > 0)
        h->due_ns = h->env->clock.mono_ns() + h->interval_ns;
    else
        h->due_ns = INT64_MAX;
}

static void pass_failed(struct heads *h, const struct err *why)
{
    h->failed = *why;
    if (!h->mode->stopping)
        log_event(LOG_ERROR, "ledger.not_sealed", F_INT("behind", heads_behind(h)), F_ERR(why));
    answer(h, why);
    pass_over(h);
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
              F_INT("events", h->upto - h->sealed));
    h->sealed = h->upto;
    h->failed = (struct err){0};
    answer(h, NULL);
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

static bool read_page(struct heads *h, struct err *e)
{
    auto_done(store_leaf_list) rows = {0};

    if (!store_read_leaves(h->env->reader, h->read, h->upto, LEAVES_A_TURN, &rows, e))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (!tenant_trees_add(&h->trees, h->env->reader, &rows.rows[i], e))
            return false;
    }
    h->leaves += rows.count;
    h->read = rows.count > 0 ? rows.rows[rows.count - 1].seq : h->upto;
    return true;
}

static void pass_begin(struct heads *h)
{
    h->pass = PASS_READS;
    h->due_ns = INT64_MAX;
    h->goal = h->upto = h->newest;
    h->read = h->sealed;
    h->leaves = 0;
    h->batch = store_batch_new();
}

void heads_turn(struct heads *h, int64_t now_ns)
{
    struct err e = {0};

    if (h->pass == PASS_NONE && h->due_ns <= now_ns)
        pass_begin(h);
    if (h->pass != PASS_READS)
        return;
    if (!read_page(h, &e)) {
        pass_failed(h, &e);
        return;
    }
    if (HASH_COUNT(h->trees) >= TENANTS_A_PASS || h->leaves >= LEAVES_A_PASS)
        h->upto = h->read;
    if (h->read < h->upto)
        return;
    h->unsigned_yet = h->trees;
    sign_next(h);
}
