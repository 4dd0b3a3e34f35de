/* store_bench.c -- what the store costs, beside the floor of the same disk in the same run. It
 * measures and prints; it asserts nothing about speed.
 *
 *     store_bench [FOLDER|postgresql://...] [SECONDS_EACH]
 *
 * floor      4 KiB written into a file that is already there, and fdatasync
 * idle       one step's batch (6 rows) at a time: submit until the callback
 * deep N     N such batches in flight: group commit
 * bulk       batches of 100 steps, 8 in flight
 * runs       batches of a whole run of one step, from its insert to its end, 50 in flight
 *
 * On PostgreSQL also the time on a CPU that the writer's backend took, which is no matter of what
 * else the machine does: for a group (a commit) and for a batch. */
#include "unit/store/samples.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FLOOR_BYTES = 4 * 1024 * 1024, SAMPLES_MAX = 200000 };

struct load {
    const char *name;
    size_t in_flight;
    size_t steps; /* in one batch */
    uint64_t run_steps;
};

struct bench {
    struct store *store;
    long backend; /* 0: the store is a file */
    const struct load *load;
    int64_t until_ns;
    uint64_t run; /* of the step to come */
    uint64_t step;
    size_t flying;
    int64_t *latency_ns;
    size_t samples;
};

struct flight {
    struct bench *bench;
    int64_t start_ns;
};

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "store_bench: %s: %s\n", what, e->msg);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static double at_share_us(int64_t *sorted, size_t count, double share)
{
    return count > 0 ? (double)sorted[(size_t)((double)(count - 1) * share)] / 1000.0 : 0;
}

static double floor_p50_us(const char *folder, int64_t each_ns)
{
    auto_mem char *path = mem_printf("%s/floor", folder);
    auto_mem int64_t *ns = mem_array(SAMPLES_MAX, int64_t);
    auto_fd fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int64_t start = clock_mono_ns(), before = start;
    static char zeros[FLOOR_BYTES];
    char page[4096];
    size_t count = 0;

    memset(page, 7, sizeof page);
    if (fd < 0 || write(fd, zeros, sizeof zeros) != FLOOR_BYTES || fsync(fd) < 0)
        abort();
    while (before < start + each_ns && count < SAMPLES_MAX) {
        off_t at = (off_t)(count * sizeof page % FLOOR_BYTES);

        before = clock_mono_ns();
        if (pwrite(fd, page, sizeof page, at) != (ssize_t)sizeof page || fdatasync(fd) < 0)
            abort();
        ns[count++] = clock_mono_ns() - before;
    }
    unlink(path);
    qsort(ns, count, sizeof *ns, by_value);
    printf("%-10s %8.0f syncs/s   p50 %7.1f us   p99 %7.1f us\n", "floor",
           1e6 / at_share_us(ns, count, 0.5), at_share_us(ns, count, 0.5),
           at_share_us(ns, count, 0.99));
    return at_share_us(ns, count, 0.5);
}

static void submit_one(struct bench *b);

static void on_done(void *arg, const struct store_done *done)
{
    struct flight *f = arg;
    struct bench *b = f->bench;
    int64_t now = clock_mono_ns();

    if (done->err != NULL)
        die("batch", done->err);
    if (b->samples < SAMPLES_MAX)
        b->latency_ns[b->samples++] = now - f->start_ns;
    free(f);
    b->flying--;
    if (now < b->until_ns)
        submit_one(b);
}

static void add_step(struct bench *b, struct store_batch *batch)
{
    char run_id[48], node_id[24];

    snprintf(run_id, sizeof run_id, "%08llx-%04llx-7000-8000-000000000000",
             (unsigned long long)(b->run >> 16), (unsigned long long)(b->run & 0xffff));
    snprintf(node_id, sizeof node_id, "node-%llu", (unsigned long long)b->step);
    if (b->step == 0) {
        const struct store_run run = sample_run(run_id);

        store_batch_run_insert(batch, &run);
    }
    sample_step(batch, run_id, node_id, (int64_t)b->step * 2 + 1);
    if (++b->step < b->load->run_steps)
        return;
    const struct store_run_end end = sample_run_end(run_id);

    store_batch_run_end(batch, &end);
    b->step = 0;
    b->run++;
}

static void submit_one(struct bench *b)
{
    auto_obj(store_batch) batch = store_batch_new();
    struct flight *f = mem_new(struct flight);
    struct err e;

    *f = (struct flight){b, clock_mono_ns()};
    for (size_t i = 0; i < b->load->steps; i++)
        add_step(b, batch);
    if (!store_submit_take(b->store, &batch, on_done, f, &e))
        die("submit", &e);
    b->flying++;
}

static void drain(struct bench *b)
{
    struct pollfd p = {.fd = store_poll_fd(b->store), .events = POLLIN};

    while (b->flying > 0) {
        poll(&p, 1, -1);
        store_turn(b->store);
    }
}

/* Of the writer's backend so far; 0: there is none. */
static double backend_cpu_us(long pid)
{
    auto_mem char *path = mem_printf("/proc/%ld/stat", pid);
    FILE *f = pid > 0 ? fopen(path, "re") : NULL;
    unsigned long user = 0, system = 0;

    if (f == NULL)
        return 0;
    if (fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system) != 2)
        user = system = 0;
    fclose(f);
    return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static void print_cpu(double us, const struct store_stats *before, const struct store_stats *after)
{
    if (us > 0)
        printf("           backend's CPU: %.0f us a group, %.0f us a batch\n",
               us / (double)(after->commits - before->commits),
               us / (double)(after->batches - before->batches));
}

static void run_load(struct bench *b, const struct load *load, int64_t each_ns, double floor_us)
{
    struct store_stats before, after;
    double cpu_us = backend_cpu_us(b->backend), seconds;
    int64_t start = clock_mono_ns();

    b->load = load;
    b->step = 0;
    b->run++;
    b->samples = 0;
    b->until_ns = start + each_ns;
    store_stats(b->store, &before);
    for (size_t i = 0; i < load->in_flight; i++)
        submit_one(b);
    drain(b);
    seconds = (double)(clock_mono_ns() - start) / 1e9;
    store_stats(b->store, &after);
    qsort(b->latency_ns, b->samples, sizeof *b->latency_ns, by_value);
    printf("%-10s %8.0f rows/s %8.0f batches/s %7.0f commits/s   p50 %7.1f us (%.2f floors)   "
           "p99 %8.1f us   %llu checkpoints\n",
           load->name, (double)(after.rows - before.rows) / seconds,
           (double)(after.batches - before.batches) / seconds,
           (double)(after.commits - before.commits) / seconds,
           at_share_us(b->latency_ns, b->samples, 0.5),
           at_share_us(b->latency_ns, b->samples, 0.5) / floor_us,
           at_share_us(b->latency_ns, b->samples, 0.99),
           (unsigned long long)(after.checkpoints - before.checkpoints));
    print_cpu(backend_cpu_us(b->backend) - cpu_us, &before, &after);
}

/* The writer's, of the host "bench". */
static long backend_of(const char *url)
{
    auto_mem char *command = mem_printf("/usr/lib/postgresql/15/bin/psql -X -A -t '%s' -c \"SELECT"
                                        " writer_pid FROM orchestrator.hosts WHERE host_id ="
                                        " 'bench'\"",
                                        url);
    FILE *told = popen(command, "r");
    long pid = 0;

    if (told == NULL || fscanf(told, "%ld", &pid) != 1 || pclose(told) != 0)
        die(command, &(struct err){.msg = "no answer"});
    return pid;
}

static void remove_store(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        auto_mem char *name = mem_printf("%s%s", path, ends[i]);

        unlink(name);
    }
}

int main(int argc, char **argv)
{
    static const struct load loads[] = {
        {"idle", 1, 1, 50},       {"deep 8", 8, 1, 50}, {"deep 50", 50, 1, 50},
        {"deep 500", 500, 1, 50}, {"bulk", 8, 100, 50}, {"runs", 50, 1, 1},
    };
    const char *where = argc > 1 ? argv[1] : ".";
    bool is_file = strstr(where, "://") == NULL;
    int64_t each_ns = (int64_t)((argc > 2 ? atof(argv[2]) : 1.0) * 1e9);
    auto_mem char *path = mem_printf("%s/store_bench.db", where);
    const struct store_options options = {.url = is_file ? path : where,
                                          .host_id = "bench",
                                          .address = ""};
    struct bench b = {.latency_ns = mem_array(SAMPLES_MAX, int64_t),
                      .run = (uint64_t)clock_wall_us() / 1000};
    double floor_us = floor_p50_us(is_file ? where : "/tmp", each_ns);
    struct err e;

    if (is_file)
        remove_store(path);
    if (!store_open(&options, &b.store, &e))
        die("open", &e);
    b.backend = is_file ? 0 : backend_of(where);
    for (size_t i = 0; i < ARRAY_LEN(loads); i++)
        run_load(&b, &loads[i], each_ns, floor_us);
    store_close(b.store);
    if (is_file)
        remove_store(path);
    free(b.latency_ns);
    return 0;
}
