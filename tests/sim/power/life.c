/* life.c -- see life.h. */
#include "life.h"

#include "calls.h"
#include "history.h"

#include "base/mem.h"
#include "base/rng.h"
#include "store/store.h"
#include "store/testing.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sqlite3.h>

enum { GROUPS_MIN = 3, GROUPS_MAX = 12, GROUP_BATCHES_MAX = 3, CHECKPOINT_PAGES_MAX = 60 };

/* ---- promises ---- */

void life_done(struct life *l)
{
    free(l->promises);
    *l = (struct life){0};
}

void life_promise(struct life *l, size_t from, uint32_t told, uint32_t submitted)
{
    l->promises = mem_resize(l->promises, l->count + 1, sizeof *l->promises);
    l->promises[l->count++] = (struct promise){from, told, submitted};
}

const struct promise *life_at(const struct life *l, size_t place)
{
    size_t i = l->count - 1;

    while (i > 0 && l->promises[i].from > place)
        i--;
    return &l->promises[i];
}

/* ---- a store ---- */

/* The numbers that SQLite draws for a WAL. */
static void seed_sqlite(uint64_t seed)
{
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, (int)(seed | 1), (sqlite3 *)NULL);
}

static bool open_store(struct rng *rng, struct store **ret, struct err *e)
{
    const struct store_options options = {
        .url = CALLS_STORE,
        .check = STORE_CHECK_QUICK,
        .checkpoint_pages = 1 + (uint32_t)rng_below(rng, CHECKPOINT_PAGES_MAX),
    };

    return store_open(&options, ret, e);
}

struct group {
    uint32_t waited, refused;
    struct err err;
};

static void take_done(void *arg, const struct store_done *done)
{
    struct group *g = arg;

    g->waited--;
    if (done->err != NULL) {
        g->refused++;
        g->err = *done->err;
    }
}

static bool submit(struct store *s, struct store_batch *batch, struct group *g, struct err *e)
{
    auto_obj(store_batch) b = batch;

    g->waited++;
    return store_submit_take(s, &b, take_done, g, e);
}

static bool wait_for(struct store *s, struct group *g, size_t *ret_told, struct err *e)
{
    struct pollfd p = {.fd = store_poll_fd(s), .events = POLLIN};

    while (poll(&p, 1, -1) != 1)
        assert(errno == EINTR);
    *ret_told = calls_told();
    store_turn(s);
    assert(g->waited == 0); /* one group: all of it is told at once */
    return !store_failed(s, e);
}

/* One group; false when it is not committed as it should be. */
static bool write_group(struct life *l, struct store *s, struct rng *rng, struct err *e)
{
    const struct promise *last = &l->promises[l->count - 1];
    uint32_t next = last->told, count = 1 + (uint32_t)rng_below(rng, GROUP_BATCHES_MAX);
    bool bad = next > 0 && rng_below(rng, 6) == 0;
    struct group g = {0};
    size_t told = 0;
    bool ok = true;

    /* Whatever comes until it is told may have the group. */
    l->promises[l->count - 1].submitted = next + count;
    calls_watch(store_poll_fd(s));
    store_testing_hold(s, 1);
    for (uint32_t i = 0; ok && i < count; i++) {
        if (bad && i == count / 2)
            ok = submit(s, history_bad_batch(), &g, e);
        ok = ok && submit(s, history_batch(next + i), &g, e);
    }
    store_testing_hold(s, 0);
    ok = ok && wait_for(s, &g, &told, e);
    calls_watch(-1);
    if (ok && g.refused != (bad ? 1u : 0u))
        return err_set(e, ERR_CORRUPT, "a batch is refused: %s", g.err.msg);
    if (ok)
        life_promise(l, told, next + count, next + count);
    return ok;
}

static bool begin(struct life *l, struct disk *d, struct rng *rng, struct store **ret,
                  struct err *e)
{
    const struct promise p = l->promises[l->count - 1];
    auto_store s = NULL;
    uint32_t found;

    if (!open_store(rng, &s, e) || !history_check(s, &found, e))
        return false;
    if (found < p.told || found > p.submitted)
        return err_set(e, ERR_CORRUPT, "%u batches are there; %u were told, %u submitted", found,
                       p.told, p.submitted);
    /* Whoever asks sees them now: they are told. */
    life_promise(l, d->op_count, found, found);
    *ret = take(s);
    return true;
}

static bool live(struct life *l, struct disk *d, struct rng *rng, struct err *e)
{
    uint64_t groups = GROUPS_MIN + rng_below(rng, GROUPS_MAX - GROUPS_MIN);
    uint64_t lives = 1 + rng_below(rng, 2);
    bool ok = true;

    for (uint64_t i = 0; ok && i < lives; i++) {
        auto_store s = NULL;

        ok = begin(l, d, rng, &s, e);
        for (uint64_t n = 0; ok && n < groups / lives; n++)
            ok = write_group(l, s, rng, e);
    }
    return ok;
}

bool life_run(struct life *l, struct disk *d, uint64_t seed, struct err *e)
{
    struct rng rng = rng_of(seed);
    bool ok;

    seed_sqlite(seed);
    calls_use(d);
    ok = live(l, d, &rng, e);
    calls_use(NULL);
    return ok;
}

static bool look(uint64_t seed, uint32_t *ret_found, struct err *e)
{
    struct rng rng = rng_of(seed);
    auto_store s = NULL;
    auto_obj(store_batch) more = NULL;

    if (!open_store(&rng, &s, e) || !history_check(s, ret_found, e))
        return false;
    more = history_batch(*ret_found);
    return store_commit_wait(s, &more, NULL, e);
}

bool life_after(struct disk *image, uint64_t seed, uint32_t *ret_found, struct err *e)
{
    bool ok;

    seed_sqlite(seed);
    calls_use(image);
    ok = look(seed, ret_found, e);
    calls_use(NULL);
    return ok;
}
