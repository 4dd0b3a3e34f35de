/* attempts.c -- what one sandboxed attempt costs, all layers on, without store or HTTP: no-op
 * attempts with 50 outstanding, one after the other, and alone on an idle host, beside the floors
 * of the same machine in the same run; in each isolation class, cold without a suffix. Measures,
 * asserts nothing.
 *
 *     bench_attempts [--json] [PLUGIN.so [AGENT]]        (the adversarial suite's canary) */
#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "floor.h"
#include "sandbox/client/client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTSTANDING = 50, CHAIN = 300, IDLE_RUNS = 200, IDLE_PAUSE_MS = 8, RATE_MS = 3000 };
#define SPIN_NS (200 * 1000)
#define MS_NS 1000000LL

struct bench {
    struct sandbox *sb;
    char digest[65];
    const char *agent;
    bool ready, json;
    enum isolation isolation;
    uint64_t started, done, failed;
};

static void report(const struct bench *b, const char *figure, double value, const char *unit)
{
    static const char *const suffixes[ISOLATION_COUNT] = {[ISOLATION_UNSET] = "",
                                                          [ISOLATION_WARM] = "_warm",
                                                          [ISOLATION_COLD] = "",
                                                          [ISOLATION_EXEC] = "_exec"};
    char name[64];

    snprintf(name, sizeof name, "%s%s", figure, suffixes[b->isolation]);
    if (b->json)
        printf("{\"figure\":\"%s\",\"value\":%.4f,\"unit\":\"%s\"}\n", name, value, unit);
    else
        printf("%-28s %12.3f %s\n", name, value, unit);
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void on_ready(void *arg, const struct sandbox_plugin_info *info)
{
    (void)info;
    ((struct bench *)arg)->ready = true;
}

static void on_failed(void *arg, const char *digest, const struct err *why)
{
    (void)arg;
    die(digest, why->msg);
}

static void on_done(void *arg, uint64_t id, const struct attempt_result *r)
{
    struct bench *b = arg;

    (void)id;
    b->done++;
    if (r->outcome == OUTCOME_OK)
        return;
    b->failed++;
    fprintf(stderr, "%s: %s\n", outcome_name(r->outcome), r->error_message);
}

static struct attempt_spec no_op(const struct bench *b)
{
    return (struct attempt_spec){.digest = b->digest,
                                 .agent_id = b->agent,
                                 .tenant = "bench",
                                 .isolation = b->isolation,
                                 .attempt = 1};
}

static void start(struct bench *b)
{
    struct attempt_spec spec = no_op(b);
    struct err e;
    uint64_t id;

    if (!sandbox_attempt_start(b->sb, &spec, &id, NULL, &e))
        die("start", e.msg);
    b->started++;
}

/* One turn of a host's loop: a short spin first where the caller says so. */
static void turn(struct bench *b, int64_t spin_ns, int64_t until_ns)
{
    struct pollfd p = {.fd = sandbox_poll_fd(b->sb), .events = POLLIN};
    int64_t now = clock_mono_ns(), wake = sandbox_next_timer(b->sb);

    wake = wake < until_ns ? wake : until_ns;
    if (spin_ns == 0 || !sandbox_spin(b->sb, spin_ns))
        poll(&p, 1, wake <= now ? 0 : (int)((wake - now) / MS_NS + 1));
    sandbox_turn(b->sb, clock_mono_ns());
}

static void turn_for(struct bench *b, int64_t ms)
{
    int64_t until = clock_mono_ns() + ms * MS_NS;

    while (clock_mono_ns() < until)
        turn(b, 0, until);
}

static double outstanding_rate(struct bench *b, int64_t ms)
{
    int64_t begin = clock_mono_ns(), now = begin;
    uint64_t done = b->done;

    while (now - begin < ms * MS_NS) {
        while (b->started - b->done < OUTSTANDING)
            start(b);
        turn(b, 0, now + 100 * MS_NS);
        now = clock_mono_ns();
    }
    done = b->done - done;
    while (b->done < b->started)
        turn(b, 0, INT64_MAX);
    return (double)done * 1e9 / (double)(now - begin);
}

static double run_one(struct bench *b)
{
    int64_t begin = clock_mono_ns();

    start(b);
    while (b->done < b->started)
        turn(b, SPIN_NS, INT64_MAX);
    return (double)(clock_mono_ns() - begin) / (double)MS_NS;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void bench_idle(struct bench *b)
{
    double ms[IDLE_RUNS];

    for (int i = 0; i < IDLE_RUNS; i++) {
        turn_for(b, IDLE_PAUSE_MS);
        ms[i] = run_one(b);
    }
    qsort(ms, IDLE_RUNS, sizeof ms[0], by_size);
    report(b, "attempt_idle_p50_ms", ms[IDLE_RUNS / 2], "ms");
    report(b, "attempt_idle_p99_ms", ms[IDLE_RUNS * 99 / 100], "ms");
}

static void bench_chain(struct bench *b)
{
    int64_t begin = clock_mono_ns();

    for (int i = 0; i < CHAIN; i++)
        run_one(b);
    report(b, "attempt_chain_ms", (double)(clock_mono_ns() - begin) / (double)MS_NS / CHAIN, "ms");
}

static void add_plugin(struct bench *b, const char *path)
{
    struct sandbox_plugin plugin = {.digest = b->digest, .warm_granted = true};
    auto_done(buf) so = {0};
    struct err e;

    if (!file_read(path, 64 << 20, &so, &e) ||
        !memfd_sealed("plugin", so.data, so.len, true, &plugin.so_fd, &e))
        die("read plugin", e.msg);
    memcpy(b->digest, sha256_hex(so.data, so.len).text, sizeof b->digest);
    if (!sandbox_plugin_add(b->sb, &plugin, &e))
        die("add plugin", e.msg);
    close(plugin.so_fd);
    while (!b->ready)
        turn(b, 0, INT64_MAX);
}

static void begin(struct bench *b, const char *plugin)
{
    struct sandbox_options options = {.supervisor_path = ORCH_SUPERVISOR,
                                      .worker_path = ORCH_WORKER};
    struct sandbox_events events = {.on_plugin_ready = on_ready,
                                    .on_plugin_failed = on_failed,
                                    .on_attempt_done = on_done};
    struct err e;

    if (!sandbox_start(&options, &events, b, &b->sb, &e))
        die("start the sandbox", e.msg);
    add_plugin(b, plugin);
}

static void bench_class(struct bench *b, enum isolation isolation, double forks)
{
    struct attempt_spec spec;
    struct err e;
    double rate;

    b->isolation = isolation;
    spec = no_op(b);
    if (!sandbox_warm(b->sb, &spec, 4, &e))
        die("warm", e.msg);
    turn_for(b, 100);
    bench_idle(b);
    bench_chain(b);
    rate = outstanding_rate(b, RATE_MS);
    report(b, "attempts50_per_s", rate, "1/s");
    report(b, "attempts50_per_forkn", rate / forks, "ratio");
}

int main(int argc, char **argv)
{
    struct bench b = {.agent = "canary"};
    const char *plugin = HOSTILE_PLUGIN;
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    double forks;

    if (argc > 1 && strcmp(argv[1], "--json") == 0) {
        b.json = true;
        argc--;
        argv++;
    }
    plugin = argc > 1 ? argv[1] : plugin;
    b.agent = argc > 2 ? argv[2] : b.agent;
    report(&b, "fork1_per_s", floor_fork(1, 1), "1/s");
    forks = floor_fork(cores, 1);
    report(&b, "forkn_per_s", forks, "1/s");
    begin(&b, plugin);
    bench_class(&b, ISOLATION_COLD, forks);
    bench_class(&b, ISOLATION_WARM, forks);
    bench_class(&b, ISOLATION_EXEC, forks);
    if (b.failed > 0)
        die("bench", "some attempts failed");
    sandbox_free(b.sb);
    return 0;
}
