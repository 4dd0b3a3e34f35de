/* store_crash.c -- kills a process that writes to the store, again and again, and looks whether
 * what it had acknowledged is there, whole.
 *
 *     store_crash [SEED [ROUNDS]]
 *
 * Each round forks a child that keeps many batches in flight and prints the number of each one it
 * was told is done. The parent kills it with SIGKILL at a moment drawn from the seed (at times
 * while it still opens the store), opens the store itself and checks:
 *   - every acknowledged batch is there (0 lost);
 *   - every batch that is there is there with all its rows, in every table (0 torn);
 *   - the cursor of events has no hole.
 * All rounds work on one file, with a checkpoint every few commits so that some are hit. */
#include "unit/store/samples.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum {
    ROUNDS = 40,
    IN_FLIGHT = 64,
    STEPS_MAX = 4, /* of a batch, by its number */
    KILL_AFTER_US_MAX = 60000,
    CHECKPOINT_PAGES = 200,
    ROUND_BATCHES_MAX = 100000,
};

struct round {
    char *path;
    uint32_t first; /* number of the round's first batch */
    bool *acknowledged;
    uint32_t acknowledged_count;
    uint32_t found;
};

static uint64_t seed = 1;

static void fail(const char *what, const struct err *e)
{
    printf("store_crash: seed %llu: %s%s%s\n", (unsigned long long)seed, what,
           e != NULL ? ": " : "", e != NULL ? e->msg : "");
    exit(1);
}

static struct store *open_store(const char *path)
{
    const struct store_options options = {.url = path, .checkpoint_pages = CHECKPOINT_PAGES};
    struct store *store;
    struct err e;

    if (!store_open(&options, &store, &e))
        fail("open", &e);
    return store;
}

static int steps_of(uint32_t number)
{
    return 1 + (int)(number % STEPS_MAX);
}

/* The child */

struct child {
    struct store *store;
    int out_fd;
    uint32_t next;
};

struct ticket {
    struct child *child;
    uint32_t number;
};

static void submit(struct child *c);

static void acknowledge(void *arg, const struct store_done *done)
{
    struct ticket *t = arg;

    if (done->err != NULL)
        fail("batch", done->err);
    if (write(t->child->out_fd, &t->number, sizeof t->number) != sizeof t->number)
        _exit(1);
    submit(t->child);
    free(t);
}

static void submit(struct child *c)
{
    auto_obj(store_batch) b = store_batch_new();
    struct ticket *t = mem_new(struct ticket);
    char run_id[32], node_id[16];
    const struct store_run run = sample_run(run_id);
    struct err e;

    *t = (struct ticket){c, c->next++};
    snprintf(run_id, sizeof run_id, "run-%08u", t->number);
    store_batch_run_insert(b, &run);
    for (int i = 0; i < steps_of(t->number); i++) {
        snprintf(node_id, sizeof node_id, "node-%d", i);
        sample_step(b, run_id, node_id, 2 * i + 1);
    }
    if (!store_submit_take(c->store, &b, acknowledge, t, &e))
        fail("submit", &e);
}

static void child_main(const struct round *r, int out_fd)
{
    struct child c = {open_store(r->path), out_fd, r->first};
    struct pollfd p = {.fd = store_poll_fd(c.store), .events = POLLIN};

    for (int i = 0; i < IN_FLIGHT; i++)
        submit(&c);
    while (poll(&p, 1, -1) >= 0 || errno == EINTR)
        store_turn(c.store);
    _exit(1);
}

/* The parent */

static void read_acknowledged(struct round *r, int fd)
{
    uint32_t number;

    while (read(fd, &number, sizeof number) == sizeof number) {
        if (number < r->first || number - r->first >= ROUND_BATCHES_MAX)
            fail("a number out of range", NULL);
        r->acknowledged[number - r->first] = true;
        r->acknowledged_count++;
    }
}

/* Until it acknowledged one: a loaded machine may take longer for that than a round lasts. */
static void await_first(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (poll(&p, 1, -1) < 0)
        abort();
}

/* Runs a child until it is killed. The pipe keeps what the child wrote before. */
static void kill_one(struct round *r, int64_t after_us, bool used)
{
    struct timespec wait = {after_us / 1000000, after_us % 1000000 * 1000};
    int ends[2], status;
    pid_t pid;

    if (pipe(ends) < 0)
        abort();
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child_main(r, ends[1]);
    }
    close(ends[1]);
    if (used)
        await_first(ends[0]);
    nanosleep(&wait, NULL);
    if (kill(pid, SIGKILL) < 0)
        abort();
    read_acknowledged(r, ends[0]);
    close(ends[0]);
    if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
        fail("the child ended by itself", NULL);
}

static void check_whole(struct store_reader *reader, const char *run_id, int steps)
{
    const struct store_page page = {.size = STORE_PAGE_ROWS_MAX};
    const struct store_event_filter filter = {.tenant = SAMPLE_TENANT, .run_id = run_id};
    auto_done(store_node_list) nodes = {0};
    auto_done(store_attempt_list) attempts = {0};
    auto_done(store_checkpoint_list) checkpoints = {0};
    auto_done(store_provenance_list) provenance = {0};
    auto_done(store_event_list) events = {0};
    struct err e;
    int64_t next;
    size_t want = (size_t)steps;

    if (!store_read_nodes(reader, &(struct store_node_filter){SAMPLE_TENANT, run_id, true}, page,
                          &nodes, &e) ||
        !store_read_attempts(reader, SAMPLE_TENANT, run_id, NULL, page, &attempts, &e) ||
        !store_read_checkpoints(reader, SAMPLE_TENANT, run_id, page, &checkpoints, &e) ||
        !store_read_provenance(reader, SAMPLE_TENANT, run_id, page, &provenance, &e) ||
        !store_read_events(reader, &filter, 0, STORE_PAGE_ROWS_MAX, &events, &next, &e))
        fail("read", &e);
    if (nodes.count != want || attempts.count != want || checkpoints.count != want ||
        provenance.count != want || events.count != 2 * want)
        fail("a torn batch", NULL);
    if (events.rows[events.count - 1].seq - events.rows[0].seq != (int64_t)events.count - 1)
        fail("a batch's events are apart", NULL);
}

/* Batches are committed in order, so the first one missing ends what there is. */
static void check(struct round *r)
{
    struct store *store = open_store(r->path);
    auto_obj(store_reader) reader = NULL;
    struct err e;

    if (!store_reader_open(store, &reader, &e))
        fail("open reader", &e);
    r->found = 0;
    for (uint32_t i = 0; i < ROUND_BATCHES_MAX; i++) {
        auto_done(store_run_list) run = {0};
        char run_id[32];
        bool there;

        snprintf(run_id, sizeof run_id, "run-%08u", r->first + i);
        there = store_read_run(reader, SAMPLE_TENANT, run_id, &run, &e);
        if (!there && e.code != ERR_NOT_FOUND)
            fail("read", &e);
        if (!there && r->acknowledged[i])
            fail("an acknowledged batch is lost", NULL);
        if (!there && i > r->found + IN_FLIGHT)
            break;
        if (there && i != r->found)
            fail("a batch is there without the one before it", NULL);
        if (there)
            check_whole(reader, run_id, steps_of(r->first + i));
        r->found += there ? 1 : 0;
    }
    store_reader_free(take(reader));
    store_close(store);
}

static void check_cursor(const char *path)
{
    struct store *store = open_store(path);
    auto_obj(store_reader) reader = NULL;
    const struct store_event_filter all = {.tenant = SAMPLE_TENANT};
    int64_t oldest = 0, newest = 0, next = 0, count = 0;
    struct err e;

    if (!store_reader_open(store, &reader, &e) ||
        !store_read_event_bounds(reader, SAMPLE_TENANT, &oldest, &newest, &e))
        fail("open reader", &e);
    while (next < newest) {
        auto_done(store_event_list) l = {0};

        if (!store_read_events(reader, &all, next, STORE_PAGE_ROWS_MAX, &l, &next, &e))
            fail("read events", &e);
        count += (int64_t)l.count;
    }
    if (oldest != 1 || count != newest)
        fail("the cursor has a hole", NULL);
    store_reader_free(take(reader));
    store_close(store);
}

int main(int argc, char **argv)
{
    const char *base = getenv("TMPDIR");
    auto_mem char *folder = mem_printf("%s/orch-crash-XXXXXX", base != NULL ? base : "/tmp");
    auto_mem char *remove_all = NULL;
    unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : ROUNDS;
    struct round r = {.acknowledged = mem_array(ROUND_BATCHES_MAX, bool)};
    uint64_t acknowledged = 0, found = 0;
    struct rng rng;

    setvbuf(stdout, NULL, _IOLBF, 0);
    seed = argc > 1 ? strtoull(argv[1], NULL, 10) : seed;
    rng = rng_of(seed);
    if (mkdtemp(folder) == NULL)
        abort();
    r.path = mem_printf("%s/orch.db", folder);
    for (unsigned long i = 0; i < rounds; i++) {
        memset(r.acknowledged, 0, ROUND_BATCHES_MAX * sizeof(bool));
        r.acknowledged_count = 0;
        kill_one(&r, (int64_t)rng_below(&rng, KILL_AFTER_US_MAX), i % 2 == 1);
        check(&r);
        r.first += r.found;
        acknowledged += r.acknowledged_count;
        found += r.found;
    }
    check_cursor(r.path);
    if (acknowledged == 0)
        fail("no batch was acknowledged: nothing was tested", NULL);
    printf("store_crash: %lu kills, %llu batches acknowledged, %llu found, 0 lost, 0 torn\n",
           rounds, (unsigned long long)acknowledged, (unsigned long long)found);
    free(r.path);
    free(r.acknowledged);
    remove_all = mem_printf("rm -rf '%s'", folder);
    return system(remove_all) == 0 ? 0 : 1;
}
